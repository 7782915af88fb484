"""What a long computation costs those who watch: frames and their age, with it and without it."""

import signal
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from bench.figures import cpu_seconds, family, median
from bench.liveview import FPS
from bench.processes import ROOT, Server, helper, server, simulator
from bench.table import Plan, Row, at_least
from bench.wire import Wire

CHILD = b"tetherlight.process.child\0"
COMMAND = ("-m", "bench.computing")
VIEWERS = (1, 16)
WAIT_S = 60.0


def run(plan: Plan) -> list[Row]:
    """Watch a live view in turn while the server computes nothing, and while it computes all the time."""
    found: dict[tuple[bool, int], list[dict[str, Any]]] = defaultdict(list)
    counts = VIEWERS[:1] if plan.quick else VIEWERS
    with (
        simulator("--fps", str(FPS), cameras=1) as simulated,
        server(simulated, command=COMMAND, settings={"PYTHONPATH": str(ROOT)}) as serving,
        helper("bench.viewers") as viewers,
        Wire(serving.url) as wire,
    ):
        wire.do("SELECT_CAMERA")
        simulated.light_up()
        for number in range(2 * plan.rounds):
            plan.say(f"live view beside a computation, round {number + 1} of {2 * plan.rounds}")
            # In turns: what else the machine does falls on both alike.
            for computing in (False, True) if number % 2 else (True, False):
                _compute(serving, wire, wanted=computing)
                for count in counts:
                    found[computing, count].append(_watch(viewers, serving, count, 2 * plan.seconds))
        _compute(serving, wire, wanted=False)
    return [_row(found[True, count], found[False, count], count) for count in counts]


def _watch(viewers: Any, serving: Server, count: int, seconds: float) -> dict[str, Any]:
    children = [pid for pid in family(serving.process.pid) if CHILD in Path("/proc", str(pid), "cmdline").read_bytes()]
    began, used = time.monotonic(), cpu_seconds(children)
    watched: dict[str, Any] = viewers.ask(
        "watch", port=serving.port, kind="binary", viewers=count, seconds=seconds, pids=[serving.process.pid]
    )
    return watched | {"computed": (cpu_seconds(children) - used) / (time.monotonic() - began)}


def _compute(serving: Server, wire: Wire, *, wanted: bool) -> None:
    """Begin or end the computation, and wait until that is so."""
    give_up = time.monotonic() + WAIT_S
    if _computing(wire) is not wanted:
        serving.process.send_signal(signal.SIGUSR1 if wanted else signal.SIGUSR2)
    while _computing(wire) is not wanted:
        if time.monotonic() > give_up:
            raise TimeoutError("the computation did not begin or end")
        time.sleep(0.05)


def _computing(wire: Wire) -> bool:
    """Whether a child computes now: a job that runs and has told something."""
    jobs: list[dict[str, Any]] = wire.do("GET_JOBS")
    return any(job["state"] == "running" and job["progress"] for job in jobs)


def _row(busy: list[dict[str, Any]], idle: list[dict[str, Any]], count: int) -> Row:
    with_it, without = (median([min(each["fps"]) for each in several]) for several in (busy, idle))
    ages = [median([each["p99_ms"] for each in several]) for several in (busy, idle)]
    computed = median([each["computed"] for each in busy])
    return Row(
        f"frames per viewer beside a computation, binary, {count} viewer{'s' if count > 1 else ''}",
        f"{with_it:.1f} fps, the slowest; 99 of 100 within {ages[0]:.1f} ms ({computed:.2f} cores computed)",
        f"{without:.1f} fps and {ages[1]:.1f} ms without it", with_it / without, at_least(0.98),
    )  # fmt: skip
