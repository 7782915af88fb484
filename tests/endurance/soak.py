"""Use a rig for as long as one likes, with everything at once and faults in between, and look for what wears out.

`python tests/endurance/soak.py --minutes 30` prints a line for each minute and what was done and found at the end.
"""

import argparse
import asyncio
import contextlib
import hashlib
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.crowd import Watcher
from support.fault_rig import LIGHTS, PATIENCE_S, Bystander, FaultRig, fault_rig
from support.patience import stretched
from support.process_figures import Figures, children, figures, workers
from support.wire_client import WireClient

BUSY = {"camera_busy", "lights_busy", "set_busy"}
"""What may be answered at any time: somebody else was quicker."""
STRUCK = BUSY | {
    "camera_lost", "camera_timeout", "camera_crashed", "camera_error", "camera_not_found", "capture_failed",
    "card_full", "preview_failed", "config_rejected", "sequence_failed", "config_not_found",
}  # fmt: skip
"""What may be answered while a fault strikes."""
FAULTS = (
    ("close", "preview"), ("rst", "preview"), ("garbage", "preview"), ("empty_preview", "preview"),
    ("close_mid_payload", "preview"), ("hang", "preview"), ("zero_blob", "preview"), ("crash_blob", "preview"),
    ("busy", "capture"), ("error", "capture"), ("close", "capture"), ("hang", "capture"), ("garbage", "capture"),
    ("error", "get_object"), ("close_mid_payload", "get_object"), ("close", "get_event"), ("hang", "set_config"),
)  # fmt: skip
EVERYTHING = {
    "CAPTURE_IMAGE",
    "CAPTURE_SERIES",
    "CAPTURE_PHOTOMETRIC_SET",
    "SET_CONFIG",
    "frames",
    "motion JPEG frames",
    "clients",
}
"""What a soak must have done to have found anything out."""
KEPT_SETS = 5
SETTLED_S = 15.0
"""Seconds until the memory at the start is read: by then everything was used once."""


@dataclass
class Notes:
    """What was done and found."""

    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    unexplained: list[str] = field(default_factory=list)
    recoveries: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)


class Soak:
    """One rig, and everybody who uses it."""

    def __init__(self, rig: FaultRig, bystander: Bystander, seed: int) -> None:
        self.rig = rig
        self.bystander = bystander
        self.notes = Notes()
        self.random = random.Random(seed)
        self._over = False
        self._struck_at = 0.0
        self._mended_at = 0.0

    async def run(self, seconds: float) -> None:
        """Let everybody work for so long."""
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self.forever(work))
                for work in (
                    self.watch_binary, self.watch_paced, self.watch_motion_jpeg, self.come_and_go, self.set_config,
                    self.capture, self.take_a_series, self.take_a_set, self.read, self.strike,
                )
            ]  # fmt: skip
            end = time.monotonic() + seconds
            at_last = end + stretched(60)
            await asyncio.sleep(min(SETTLED_S, seconds / 2))
            self.tell("at the start")
            while (left := (at_last if self.undone() else end) - time.monotonic()) > 0:
                self.bystander.begin()
                await asyncio.sleep(min(60.0, left) if end > time.monotonic() else 1.0)
                self.notes.gaps.append(self.bystander.longest_gap)
                self.tell("now")
            # A cancellation may get lost in the moment in which an answer comes.
            self._over = True
            for task in tasks:
                task.cancel()

    def undone(self) -> set[str]:
        """Return what was not done even once."""
        return EVERYTHING - set(self.notes.done) | ({"faults"} if not self.notes.faults else set())

    async def forever(self, work: Callable[[], Awaitable[None]]) -> None:
        """Repeat a piece of work; what it trips over is written down."""
        while not self._over:
            since = time.monotonic()
            try:
                await work()
            except (AssertionError, TimeoutError, OSError, KeyError, httpx.HTTPError) as error:
                if not self.striking(since):
                    self.notes.unexplained.append(f"{work.__name__}: {type(error).__name__}: {str(error)[:300]}")
            await asyncio.sleep(0.05)

    def striking(self, since: float) -> bool:
        """Say whether a fault was there at any time since then."""
        return self._mended_at < self._struck_at or self._mended_at >= since

    async def ask(self, client: WireClient, action: str, payload: Any = None) -> Any:
        """Make a request; give its data, or None where it was refused for a reason that can be explained."""
        since = time.monotonic()
        reply = await client.request(action, payload, timeout=PATIENCE_S)
        if reply["success"]:
            self.notes.done[action] += 1
            return reply["data"]
        code = reply["error_code"]
        self.notes.refused[code] += 1
        if code not in (STRUCK if self.striking(since) else BUSY):
            self.notes.unexplained.append(f"{action}: {code}: {reply['error']}")
        return None

    @contextlib.asynccontextmanager
    async def client(self) -> AsyncIterator[WireClient]:
        """Connect for a while."""
        async with self.rig.server.client() as client:
            yield client

    # Who uses the rig

    async def watch_binary(self) -> None:
        """Watch for some frames, with another client's connection cut in between."""
        async with Watcher(f"ws://127.0.0.1:{self.rig.server.port}/ws") as viewer:
            if await self.ask(viewer, "START_LIVEVIEW", {"camera_id": self.rig.camera_id, "encoding": "binary"}):
                await viewer.see(200, within=PATIENCE_S)
                self.notes.done["frames"] += len(viewer.seen)

    async def watch_paced(self) -> None:
        """Watch as browsers do, confirming each frame."""
        async with Watcher(f"ws://127.0.0.1:{self.rig.server.port}/ws") as viewer:
            wanted = {"camera_id": self.rig.camera_id, "encoding": "binary", "paced": True}
            if await self.ask(viewer, "START_LIVEVIEW", wanted):
                for _ in range(100):
                    await viewer.see(1, within=PATIENCE_S)
                    await viewer.send_text('{"action": "READY"}')
                self.notes.done["frames"] += len(viewer.seen)

    async def watch_motion_jpeg(self) -> None:
        """Watch as players do."""
        url = f"{self.rig.server.url}/cameras/{self.rig.camera_id}/liveview.mjpg"
        since = time.monotonic()
        async with self.rig.server.http() as http, http.stream("GET", url) as response:
            if response.status_code == httpx.codes.OK:
                parts = 0
                async for piece in response.aiter_bytes():
                    parts += piece.count(b"--tetherlight-frame")
                    if parts > 100:
                        break
                self.notes.done["motion JPEG frames"] += parts
            elif not self.striking(since):
                self.notes.unexplained.append(f"motion JPEG: {response.status_code}")

    async def come_and_go(self) -> None:
        """Connect, look around, and leave in one way or another."""
        async with self.client() as client:
            await self.ask(client, "GET_SERVER_INFO")
            await self.ask(client, "SUBSCRIBE", {"topics": ["camera", "job", "lights", "sets", "config", "storage"]})
            if self.random.random() < 0.5:
                await client.send("START_LIVEVIEW", {"camera_id": self.rig.camera_id})
            if self.random.random() < 0.3:
                await client.send("CAPTURE_IMAGE", {"camera_id": self.rig.camera_id})
            await asyncio.sleep(self.random.uniform(0, 0.5))
            if self.random.random() < 0.5:
                client.socket.transport.abort()
        self.notes.done["clients"] += 1

    async def set_config(self) -> None:
        """Change a setting and read it back."""
        async with self.client() as client:
            for _ in range(20):
                wanted = {"config_name": "whitebalance", "camera_id": self.rig.camera_id}
                entry = await self.ask(client, "GET_CONFIG", wanted)
                if entry:
                    value = self.random.choice(entry["options"])
                    await self.ask(client, "SET_CONFIG", wanted | {"value": value})
                await asyncio.sleep(0.2)

    async def capture(self) -> None:
        """Take a picture, and look whether it is the one that was acknowledged."""
        async with self.client() as client:
            taken = await self.ask(client, "CAPTURE_IMAGE", {"camera_id": self.rig.camera_id})
            for image in taken["files"] if taken else ():
                path = self.rig.server.folder / image["path"]
                if hashlib.sha256(path.read_bytes()).hexdigest() != image["sha256"]:
                    self.notes.unexplained.append(f"{path} is not what was acknowledged")
                path.unlink()
        await asyncio.sleep(self.random.uniform(0.2, 2))

    async def take_a_series(self) -> None:
        """Take a bracket; rate one of its pictures, delete it and bring it back."""
        async with self.client() as client:
            entry = await self.ask(client, "GET_CONFIG", {"config_name": "iso", "camera_id": self.rig.camera_id})
            if not entry:
                return
            bracket = {"config_name": "iso", "values": self.random.sample(entry["options"], 3)}
            wanted = {"bracket": bracket, "count": self.random.choice((1, 2)), "camera_id": self.rig.camera_id}
            taken = await self.ask(client, "CAPTURE_SERIES", wanted)
            images = taken["files"] if taken else []
            for image in images[:1]:
                named = {"image_path": image["path"]}
                await self.ask(client, "ANNOTATE_IMAGE", named | {"rating": self.random.randint(1, 5)})
                await self.ask(client, "DELETE_IMAGE", named)
                back = await client.request("RESTORE_IMAGE", named, timeout=PATIENCE_S)
                if back["success"]:
                    self.notes.done["RESTORE_IMAGE"] += 1
                elif "There is already" in back["error"]:
                    # A capture of the same second got the name meanwhile; it is not overwritten.
                    self.notes.refused[back["error_code"]] += 1
                    images.remove(image)
                else:
                    self.notes.unexplained.append(f"RESTORE_IMAGE: {back['error']}")
            for image in images:
                path = self.rig.server.folder / image["path"]
                if hashlib.sha256(path.read_bytes()).hexdigest() != image["sha256"]:
                    self.notes.unexplained.append(f"{path} is not what was acknowledged")
                path.unlink()
                path.with_suffix(".xmp").unlink(missing_ok=True)
        await asyncio.sleep(self.random.uniform(0.5, 4))

    async def take_a_set(self) -> None:
        """Take a set, sometimes cancel it, look whether it is told truly, and delete old ones."""
        async with self.client() as client:
            wanted = {"light_sequence": LIGHTS, "set_name_prefix": "soak", "camera_id": self.rig.camera_id}
            request = asyncio.create_task(self.ask_for_a_set(client, wanted))
            if self.random.random() < 0.2:
                begun = await client.event("photometric_progress")
                await client.request("CANCEL_JOB", {"job_id": begun["data"]["job_id"]}, timeout=PATIENCE_S)
                self.notes.done["sets cancelled"] += 1
            await request
            self.notes.unexplained += self.rig.untruths(running=False)
            listed = await self.ask(client, "LIST_IMAGE_SETS") or []
            for old in listed[KEPT_SETS:]:
                await self.ask(client, "DELETE_IMAGE_SET", {"set_name": old["name"]})
        await asyncio.sleep(self.random.uniform(0.5, 4))

    async def ask_for_a_set(self, client: WireClient, wanted: dict[str, Any]) -> None:
        """Take a set; being cancelled is no surprise."""
        since = time.monotonic()
        reply = await client.request("CAPTURE_PHOTOMETRIC_SET", wanted, timeout=PATIENCE_S)
        code = "" if reply["success"] else reply["error_code"]
        if not code:
            self.notes.done["CAPTURE_PHOTOMETRIC_SET"] += 1
        elif "cancelled" not in reply["error"] and code not in (STRUCK if self.striking(since) else BUSY):
            self.notes.unexplained.append(f"CAPTURE_PHOTOMETRIC_SET: {code}: {reply['error']}")
        lit = [name for name, on in (await self.rig.simulator.control("status"))["lights"].items() if on]
        if lit:
            self.notes.unexplained.append(f"after a set these lights are on: {lit}")

    async def read(self) -> None:
        """Look at everything that can be looked at."""
        async with self.client() as client, self.rig.server.http() as http:
            for action in ("GET_CAMERAS", "GET_JOBS", "LIST_CAPTURES", "LIST_IMAGE_SETS", "DESCRIBE"):
                await self.ask(client, action)
            for one in (await self.ask(client, "LIST_IMAGE_SETS") or [])[:2]:
                # It may be deleted at any moment.
                for url in (f"/sets/{one['name']}.zip", f"/thumbnails/{one['cover'] or 'none'}", "/health"):
                    status = (await http.get(url)).status_code
                    if status not in {httpx.codes.OK, httpx.codes.NOT_FOUND}:
                        self.notes.unexplained.append(f"{url}: {status}")
        await asyncio.sleep(0.5)

    async def strike(self) -> None:
        """Let something go wrong, end it, and measure how long it takes until a setting can be written again."""
        await asyncio.sleep(self.random.uniform(2, 8))
        self._struck_at = time.monotonic()
        choice = self.random.choice(("wire", "wire", "unplug", "power", "kill"))
        self.notes.faults[choice] += 1
        match choice:
            case "wire":
                kind, when = self.random.choice(FAULTS)
                await self.rig.fault(kind, when, self.random.choice((1, 1, 3)))
                await asyncio.sleep(self.random.uniform(0.5, 6))
            case "unplug":
                await self.rig.control("unplug")
                await asyncio.sleep(self.random.uniform(0, 4))
            case "power":
                await self.rig.control("power", on=False)
                await asyncio.sleep(self.random.uniform(0, 4))
            case "kill":
                await self.rig.kill_worker()
        since = await self.rig.mended()
        try:
            usable = await self.rig.usable(since)
        except TimeoutError:
            self.notes.unexplained.append(f"not usable again after {choice}")
            return
        if choice in {"unplug", "power"}:
            self.notes.recoveries.append(usable)
        # What was asked for before this moment may still fail for what was the matter.
        self._mended_at = time.monotonic() + stretched(0.2)

    # What is told

    def stand(self) -> dict[str, Figures]:
        """Return how the processes stand."""
        server = self.rig.server.pid
        pids = {"server": server, "simulator": self.rig.simulator.pid}
        pids |= {f"worker {number}": pid for number, pid in enumerate(sorted(workers(server)), 1)}
        stands = {}
        for name, pid in pids.items():
            # A worker may have been killed a moment ago.
            with contextlib.suppress(ProcessLookupError):
                stands[name] = figures(pid)
        return stands

    def tell(self, when: str) -> None:
        """Print how everything stands."""
        stands = "; ".join(f"{name} {one}" for name, one in self.stand().items())
        done = sum(self.notes.done.values())
        kids = len(children(self.rig.server.pid))
        print(f"{when}: {stands}; {kids} child processes; {done} things done", flush=True)

    def summary(self) -> str:
        """Return what was done and found."""
        times = sorted(self.notes.recoveries) or [0.0]
        lines = [
            "done: " + ", ".join(f"{count} {name}" for name, count in sorted(self.notes.done.items())),
            "refused with: " + ", ".join(f"{count} {name}" for name, count in sorted(self.notes.refused.items())),
            "faults: " + ", ".join(f"{count} {name}" for name, count in sorted(self.notes.faults.items())),
            f"usable again after unplug or power off: median {times[len(times) // 2]:.2f} s, longest {times[-1]:.2f} s",
            f"longest gap in the other camera's live view: {max(self.notes.gaps, default=0.0):.2f} s",
            f"errors unexplained: {len(self.notes.unexplained)}",
            *(f"  {count} x {one}" for one, count in Counter(self.notes.unexplained).most_common(20)),
        ]
        return "\n".join(lines)


def complaints(log: str) -> list[str]:
    """Return the lines of the server's log that it should never write."""
    lines = [line for line in log.splitlines() if "Traceback" in line or "unexpectedly" in line or "never" in line]
    return [line for line in lines if "worker process ended unexpectedly" not in line]


async def soak(folder: Path, minutes: float, seed: int) -> bool:
    """Run the soak and print what there is to tell; say whether all was well."""
    async with fault_rig(folder, log_level="WARNING") as (rig, bystander):
        test = Soak(rig, bystander, seed)
        await test.run(60 * minutes)
        try:
            await rig.usable(await rig.mended())
        except TimeoutError:
            test.notes.unexplained.append("the struck camera never came back")
        test.notes.unexplained += [f"never done: {name}" for name in sorted(test.undone())]
        test.notes.unexplained += complaints(rig.server.log.read_text())
        print(f"seed {seed}\n{test.summary()}")
        return not test.notes.unexplained


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tetherlight-soak-") as folder:
        sys.exit(0 if asyncio.run(soak(Path(folder), wanted.minutes, wanted.seed)) else 1)


if __name__ == "__main__":
    main()
