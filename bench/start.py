"""How soon a fresh server answers and shows a picture, and what it weighs when idle."""

import os
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass

from bench.figures import cpu_seconds, median, own_mb, resident_mb
from bench.processes import ROOT, STOP_S, Helper, Simulator, free_port, server, simulator, until_open
from bench.table import Plan, Row, at_most
from bench.wire import Wire

DEMO_S = 900.0
"""Once the packages may have to be fetched, and the pages to be built."""


@dataclass(frozen=True)
class Start:
    """What one start gave; the processor time is up to the first answer."""

    answer_s: float
    cpu_s: float
    frame_s: float
    resident_mb: float
    own_mb: float


def run(plan: Plan) -> list[Row]:
    """Start the server and an echo on the same stack in turn."""
    found: list[Start] = []
    echoes: list[Start] = []
    with simulator(cameras=1) as simulated:
        simulated.light_up()
        for number in range(plan.rounds + 1):
            plan.say(f"start, {number + 1} of {plan.rounds + 1}")
            echo, ours = _echo(), _server(simulated)
            if number or plan.quick:  # the first time, the disk's cache is cold
                found.append(ours)
                echoes.append(echo)
    demo = _demo(plan)
    answer, frame = median([each.answer_s for each in found]), median([each.frame_s for each in found])
    cpu, echo_cpu = (median([each.cpu_s for each in several]) for several in (found, echoes))
    resident, own = median([each.resident_mb for each in found]), median([each.own_mb for each in found])
    return [
        Row("start to first answer", f"{answer:.2f} s", f"{median([each.answer_s for each in echoes]):.2f} s, echo on "
            "FastAPI", answer, at_most(1, " s")),
        Row("the same in processor time", f"{cpu:.2f} s", f"{echo_cpu:.2f} s, echo on FastAPI", cpu / echo_cpu),
        Row("`make demo`, not the first one, to first answer", f"{demo:.2f} s", "", demo, at_most(2, " s")),
        Row("start to first frame", f"{frame:.2f} s", "", frame, at_most(2, " s")),
        Row("memory, idle with one camera, server and worker", f"{resident:.0f} MB",
            f"{median([each.resident_mb for each in echoes]):.0f} MB, echo on FastAPI", resident, at_most(120, " MB")),
        Row("the same, shared pages divided", f"{own:.0f} MB", "", own, at_most(120, " MB")),
    ]  # fmt: skip


def _demo(plan: Plan) -> float:
    """Type the first command of the README again and again; what it has to build is built the first time."""
    found: list[float] = []
    for number in range(plan.rounds + 1):
        plan.say(f"make demo, {number + 1} of {plan.rounds + 1}")
        with tempfile.TemporaryDirectory() as folder:
            port, began = free_port(), time.perf_counter()
            making = subprocess.Popen(
                ["make", "demo", f"PORT={port}"], cwd=ROOT, env=os.environ | {"CAPTURES_BASE_DIR": folder},
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
            try:
                until_open(port, DEMO_S)
                found.append(time.perf_counter() - began)
            finally:
                os.killpg(making.pid, signal.SIGTERM)
                making.wait(STOP_S)
    return median(found[1:] or found)


def _echo() -> Start:
    port, began = free_port(), time.perf_counter()
    echoing = Helper("bench.echo", "uvicorn", "100", str(port))
    try:
        until_open(port)
        with Wire(f"ws://127.0.0.1:{port}/ws") as wire:
            wire.echo("hello")
            answer_s = time.perf_counter() - began
            return Start(answer_s, cpu_seconds([echoing.pid]), 0.0, resident_mb([echoing.pid]), own_mb([echoing.pid]))
    finally:
        echoing.close()


def _server(simulated: Simulator) -> Start:
    began = time.perf_counter()
    with server(simulated, wait=False) as serving:
        until_open(serving.port)
        with Wire(serving.url) as wire:
            wire.do("GET_SERVER_INFO")
            answer_s, cpu_s = time.perf_counter() - began, cpu_seconds(serving.pids)
            wire.do("SELECT_CAMERA")
            wire.do("START_LIVEVIEW", encoding="binary")
            while not isinstance(wire.next_message(), bytes):
                pass
            frame_s = time.perf_counter() - began
            wire.do("STOP_LIVEVIEW")
            time.sleep(0.5)
            return Start(answer_s, cpu_s, frame_s, resident_mb(serving.pids), own_mb(serving.pids))
