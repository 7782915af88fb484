"""Strike a camera with every fault, with the deadlines that users get, and measure what a client sees of it.

`python tests/endurance/faults.py --rounds 1` prints a table in Markdown; `--only unplug` runs the rows whose title
contains that word; `--replugs 100` unplugs and plugs so often at the end and looks for leaks.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.fault_rig import LIGHTS, PATIENCE_S, Bystander, FaultRig, Outcome, fault_rig
from support.patience import stretched
from support.process_figures import children, figures
from support.turns import turns

Script = Callable[[FaultRig, Outcome], Awaitable[None]]
VIEW = {"encoding": "binary", "max_fps": 20}
EXPOSED_S = 1.0
"""How long the shutter is open when something has to happen meanwhile, on a quiet machine."""
SEEN_BY_NOBODY = {"hang while it is left", "worker killed at idle, then a capture"}
"""What the server is expected to hide from its clients altogether."""


def request(action: str, kind: str, when: str, count: int | None = 1) -> Script:
    """Return the script of a fault that strikes a request."""

    async def strike(rig: FaultRig, outcome: Outcome) -> None:
        payload = {"config_name": "aperture", "value": await rig.other("aperture")} if action == "SET_CONFIG" else None
        await rig.fault(kind, when, count)
        await rig.ask(outcome, action, payload)

    return strike


def view(kind: str, count: int | None = None) -> Script:
    """Return the script of a fault that strikes previews while somebody watches."""

    async def strike(rig: FaultRig, outcome: Outcome) -> None:
        await watch(rig)
        heard, since = len(rig.client.events), time.monotonic()
        await rig.fault(kind, "preview", count)
        if count is None:
            rig.note(outcome, await rig.heard("stop_liveview", heard), since)
        else:
            await rig.client.frames(3)
            outcome.saw, outcome.told_s = "a pause", time.monotonic() - since

    return strike


async def watch(rig: FaultRig) -> None:
    """Begin to watch the camera that will be struck."""
    await rig.client.do("START_LIVEVIEW", {"camera_id": rig.camera_id, **VIEW})
    await rig.client.frames(3)


async def unplug_idle(rig: FaultRig, outcome: Outcome) -> None:
    """Pull the cable while nothing happens."""
    heard, since = len(rig.client.events), time.monotonic()
    await rig.control("unplug")
    event = await rig.heard("camera_lost", heard)
    outcome.told_s, outcome.saw, outcome.sentence = (
        time.monotonic() - since,
        "camera_lost event",
        event["data"]["cause"],
    )


async def unplug_preview(rig: FaultRig, outcome: Outcome) -> None:
    """Pull the cable while somebody watches."""
    await watch(rig)
    heard, since = len(rig.client.events), time.monotonic()
    await rig.control("unplug")
    rig.note(outcome, await rig.heard("stop_liveview", heard), since)


async def power_preview(rig: FaultRig, outcome: Outcome) -> None:
    """Switch the camera off while somebody watches."""
    await watch(rig)
    heard, since = len(rig.client.events), time.monotonic()
    await rig.control("power", on=False)
    rig.note(outcome, await rig.heard("stop_liveview", heard), since)


async def unplug_download(rig: FaultRig, outcome: Outcome) -> None:
    """Pull the cable while a picture crosses it."""
    await rig.control("set_speed", bandwidth_bytes_per_s=3_000)
    taken = await rig.next("capture")
    reply = await rig.client.send("CAPTURE_IMAGE")
    await rig.reached(taken, reply)
    await asyncio.sleep(0.3)
    since = time.monotonic()
    await rig.control("unplug")
    rig.note(outcome, await reply, since)


async def during_exposure(rig: FaultRig, outcome: Outcome, blow: Callable[[], Awaitable[object]]) -> None:
    """Do something to the camera while its shutter is open, long enough to be in time on a busy machine."""
    await rig.expose(stretched(EXPOSED_S))
    exposing = await rig.next("exposure")
    reply = await rig.client.send("CAPTURE_IMAGE")
    await rig.reached(exposing, reply)
    since = time.monotonic()
    await blow()
    rig.note(outcome, await reply, since)


async def unplug_capture(rig: FaultRig, outcome: Outcome) -> None:
    """Pull the cable while the shutter is open."""
    await during_exposure(rig, outcome, lambda: rig.control("unplug"))


async def kill_capture(rig: FaultRig, outcome: Outcome) -> None:
    """Kill the worker while the shutter is open."""
    await during_exposure(rig, outcome, rig.kill_worker)


async def in_sequence(
    rig: FaultRig,
    outcome: Outcome,
    blow: Callable[[], Awaitable[object]],
    exposures: int = 2,
    ends: tuple[str, list[str]] = ("failed", ["done", "failed", "pending"]),
) -> None:
    """Do something to the camera at the second light of a set, which ends in a state with states of its steps."""
    await rig.expose(stretched(EXPOSED_S))
    second = await rig.next("exposure", exposures)
    reply = await rig.client.send("CAPTURE_PHOTOMETRIC_SET", {"light_sequence": LIGHTS, "set_name_prefix": "struck"})
    await rig.reached(second, reply)
    since = time.monotonic()
    await blow()
    ended = await asyncio.wait_for(reply, stretched(PATIENCE_S))
    rig.note(outcome, ended, since)
    job = next(job for job in await rig.client.do("GET_JOBS") if job["job_id"] == ended["data"]["job_id"])
    states = [step["state"] for step in job["steps"]]
    if (job["state"], states) != ends:
        outcome.problems.append(f"the job is {job['state']} with steps {states}")
    told = job["error_code"] or next((one["warning"] for one in job["steps"] if one["warning"]), None)
    outcome.saw += f" ({told})"


async def unplug_sequence(rig: FaultRig, outcome: Outcome) -> None:
    """Pull the cable in the middle of a set, which waits in the dark and then gives up."""
    await in_sequence(rig, outcome, lambda: rig.control("unplug"))


async def kill_sequence(rig: FaultRig, outcome: Outcome) -> None:
    """Kill the worker in the middle of a set, which takes the picture again and says so."""
    await in_sequence(rig, outcome, rig.kill_worker, ends=("completed", ["done"] * 3))


async def full_sequence(rig: FaultRig, outcome: Outcome) -> None:
    """Let the camera have no room for the second picture of a set."""
    await rig.fault("store_full", "capture", None, after=1)
    await in_sequence(rig, outcome, turns, exposures=1)


async def kill_idle(rig: FaultRig, outcome: Outcome) -> None:
    """Kill the worker while nothing happens, and ask for a picture."""
    await rig.kill_worker()
    await rig.ask(outcome, "CAPTURE_IMAGE")


async def kill_preview(rig: FaultRig, outcome: Outcome) -> None:
    """Kill the worker while somebody watches."""
    await watch(rig)
    since = time.monotonic()
    await rig.kill_worker()
    await rig.client.frames(3)
    outcome.saw, outcome.told_s = "a pause", time.monotonic() - since


async def card_full(rig: FaultRig, outcome: Outcome) -> None:
    """Ask for a picture on a card without room."""
    await rig.control("card", free_bytes=0)
    await rig.ask(outcome, "CAPTURE_IMAGE", {"download": False})


async def hang_all(rig: FaultRig, outcome: Outcome) -> None:
    """Let no operation be answered any more."""
    await rig.fault("hang", "*", None)
    await rig.ask(outcome, "CAPTURE_IMAGE")


def reopen(kind: str, when: str, count: int | None) -> Script:
    """Return the script of a fault that strikes the opening of the camera."""

    async def strike(rig: FaultRig, outcome: Outcome) -> None:
        await rig.client.do("DESELECT_CAMERA", {"camera_id": rig.camera_id})
        await rig.fault(kind, when, count)
        await rig.ask(outcome, "SELECT_CAMERA", {"camera_id": rig.camera_id})
        await rig.control("clear_faults")
        await rig.client.do("SELECT_CAMERA", {"camera_id": rig.camera_id})

    return strike


async def hang_exit(rig: FaultRig, outcome: Outcome) -> None:
    """Let the camera not answer while it is left."""
    await rig.fault("hang", "exit", None)
    await rig.ask(outcome, "DESELECT_CAMERA", {"camera_id": rig.camera_id})
    await rig.control("clear_faults")
    await rig.client.do("SELECT_CAMERA", {"camera_id": rig.camera_id})


ROWS: tuple[tuple[str, Script], ...] = (
    ("unplug at idle", unplug_idle),
    ("unplug in live view", unplug_preview),
    ("unplug in a download", unplug_download),
    ("unplug in an exposure", unplug_capture),
    ("unplug in a sequence", unplug_sequence),
    ("power off and on, in live view", power_preview),
    ("connection cut in live view, once", view("close", 1)),
    ("connection reset in live view, once", view("rst", 1)),
    ("connection cut inside a preview, once", view("close_mid_payload", 1)),
    ("connection cut in a capture", request("CAPTURE_IMAGE", "close", "capture")),
    ("connection cut inside a download", request("CAPTURE_IMAGE", "close_mid_payload", "get_object")),
    ("hang in live view, once", view("hang", 1)),
    ("hang in live view, for ever", view("hang")),
    ("hang in a capture", request("CAPTURE_IMAGE", "hang", "capture")),
    ("hang in a download, once", request("CAPTURE_IMAGE", "hang", "get_object")),
    ("hang in a download, for ever", request("CAPTURE_IMAGE", "hang", "get_object", None)),
    ("hang in a setting, once", request("SET_CONFIG", "hang", "set_config")),
    ("hang in a setting, for ever", request("SET_CONFIG", "hang", "set_config", None)),
    ("hang in waiting for events, for ever", request("CAPTURE_IMAGE", "hang", "get_event", None)),
    ("hang on everything, for ever", hang_all),
    ("hang while it is opened", reopen("hang", "open_session", None)),
    ("hang in the handshake", reopen("hang_handshake", "*", None)),
    ("hang while it is left", hang_exit),
    ("connection refused while it is opened", reopen("refuse_connect", "*", None)),
    ("session busy while it is opened", reopen("session_busy", "*", None)),
    ("busy in live view, for ever", view("busy")),
    ("busy in a capture, for ever", request("CAPTURE_IMAGE", "busy", "capture", None)),
    ("error in a capture", request("CAPTURE_IMAGE", "error", "capture")),
    ("error in a download, once", request("CAPTURE_IMAGE", "error", "get_object")),
    ("zero-length live view, once", view("zero_blob", 1)),
    ("live view without a picture, for ever", view("empty_preview")),
    ("no data, in live view, once", view("no_data", 1)),
    ("picture never announced", request("CAPTURE_IMAGE", "no_object", "capture")),
    ("garbage in live view, once", view("garbage", 1)),
    ("garbage in a capture", request("CAPTURE_IMAGE", "garbage", "capture")),
    ("absurd length in live view, once", view("bad_length", 1)),
    ("card full, picture left on it", card_full),
    ("camera's memory full in a sequence", full_sequence),
    ("worker killed at idle, then a capture", kill_idle),
    ("worker killed in live view", kill_preview),
    ("worker killed in an exposure", kill_capture),
    ("worker killed in a sequence", kill_sequence),
    ("worker crashes in live view, once", view("crash_blob", 1)),
)
COLUMNS = (
    "fault", "what the client saw", "told after", "usable after", "live view back", "others' longest gap",
    "others' slowest reply",
)  # fmt: skip
HEAD = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|"


async def run(rig: FaultRig, title: str, script: Script, bystander: Bystander) -> Outcome:
    """Run one row from a rig in order to a rig in order again."""
    outcome = Outcome(title)
    await rig.client.do("STOP_LIVEVIEW")
    await rig.expose(1 / 125)
    bystander.begin()
    try:
        await script(rig, outcome)
    except (TimeoutError, AssertionError) as error:
        outcome.problems.append(f"{type(error).__name__}: {error}")
    if outcome.saw in {"nothing", "success"} and title not in SEEN_BY_NOBODY:
        outcome.problems.append("nobody noticed it: it came too late, or never")
    since = await rig.mended()
    watched = any(one["liveview_viewers"] for one in await watching(rig))
    if watched:
        await rig.client.frames(2, timeout=PATIENCE_S)
        outcome.resumed_s = time.monotonic() - since
    outcome.usable_s = await rig.usable(since)
    outcome.gap_ms = 1000 * bystander.longest_gap
    outcome.slowest_ms = 1000 * bystander.slowest_reply
    await rig.expose(1 / 125)
    await rig.check(outcome)
    return outcome


async def watching(rig: FaultRig) -> list[dict[str, object]]:
    """Return the struck camera where somebody watches it."""
    info = await rig.client.do("GET_SERVER_INFO")
    return [one for one in info["cameras"] if one["camera_id"] == rig.camera_id]


def row(outcome: Outcome) -> str:
    """Return an outcome as a row of the table."""
    told = "-" if outcome.told_s is None else f"{outcome.told_s:.1f} s"
    resumed = "-" if outcome.resumed_s is None else f"{outcome.resumed_s:.1f} s"
    saw = f"`{outcome.saw}`" if "_" in outcome.saw else outcome.saw
    cells = (
        outcome.title, saw, told, f"{outcome.usable_s:.1f} s", resumed,
        f"{outcome.gap_ms:.0f} ms", f"{outcome.slowest_ms:.0f} ms",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |" + (f" **{'; '.join(outcome.problems)}**" if outcome.problems else "")


async def replug(rig: FaultRig, rounds: int) -> str:
    """Unplug and plug so often, and return what the server's processes hold before and after."""
    await rig.client.do("STOP_LIVEVIEW")
    await watch(rig)
    longest, before, kids = 0.0, figures(rig.server.pid), len(children(rig.server.pid))
    for number in range(rounds):
        heard = len(rig.client.events)
        await rig.control("unplug")
        await rig.heard("stop_liveview", heard)
        since = time.monotonic()
        await rig.control("plug", move=number % 2 == 0)
        await rig.client.frames(2)
        longest = max(longest, time.monotonic() - since)
        rig.client.events.clear()
        rig.client.binary.clear()
    after = figures(rig.server.pid)
    return (
        f"{rounds} replugs in live view: frames back after at most {longest:.2f} s; the server before: {before}, "
        f"{kids} processes; after: {after}, {len(children(rig.server.pid))} processes"
    )


async def strike_all(folder: Path, wanted: argparse.Namespace) -> bool:
    """Run the rows and print the table; say whether everything was in order."""
    good, struck = True, 0
    async with fault_rig(folder, wanted.vendor) as (rig, bystander):
        before = figures(rig.server.pid)
        print(HEAD, flush=True)
        for _ in range(wanted.rounds):
            for title, script in ROWS:
                if wanted.only in title:
                    outcome = await run(rig, title, script, bystander)
                    good, struck = good and not outcome.problems, struck + 1
                    print(row(outcome), flush=True)
                    if wanted.sentences:
                        print(f"    {outcome.sentence}", flush=True)
        print(f"\nThe server before: {before}; after: {figures(rig.server.pid)}")
        if wanted.replugs:
            print(await replug(rig, wanted.replugs))
        log = rig.server.log.read_text()
        mistakes = [line for line in log.splitlines() if "Traceback" in line or "unexpectedly" in line]
        mistakes = [line for line in mistakes if "worker process ended unexpectedly" not in line]
        print("\n".join(mistakes))
    if not struck:
        print(f"No fault is called anything with '{wanted.only}': nothing was found out.")
    return good and not mistakes and struck > 0


def main() -> None:
    """Run from the command line and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--replugs", type=int, default=0)
    parser.add_argument("--vendor", choices=["canon", "nikon"], default="canon")
    parser.add_argument("--only", default="")
    parser.add_argument("--sentences", action="store_true")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tetherlight-faults-") as folder:
        sys.exit(0 if asyncio.run(strike_all(Path(folder), wanted)) else 1)


if __name__ == "__main__":
    main()
