"""How soon a fresh server answers and shows a picture, and what it weighs when idle."""

import time
from dataclasses import dataclass

from bench.figures import cpu_seconds, median, own_mb, resident_mb
from bench.processes import Helper, Simulator, free_port, server, simulator, until_open
from bench.table import Plan, Row, at_most
from bench.wire import Wire


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
    answer, frame = median([each.answer_s for each in found]), median([each.frame_s for each in found])
    cpu, echo_cpu = (median([each.cpu_s for each in several]) for several in (found, echoes))
    resident, own = median([each.resident_mb for each in found]), median([each.own_mb for each in found])
    return [
        Row("start to first answer", f"{answer:.2f} s", f"{median([each.answer_s for each in echoes]):.2f} s, echo on "
            "FastAPI", answer, at_most(1, " s")),
        Row("the same in processor time", f"{cpu:.2f} s", f"{echo_cpu:.2f} s, echo on FastAPI", cpu / echo_cpu),
        Row("start to first frame", f"{frame:.2f} s", "", frame, at_most(2, " s")),
        Row("memory, idle with one camera, server and worker", f"{resident:.0f} MB",
            f"{median([each.resident_mb for each in echoes]):.0f} MB, echo on FastAPI", resident, at_most(120, " MB")),
        Row("the same, shared pages divided", f"{own:.0f} MB", "", own, at_most(120, " MB")),
    ]  # fmt: skip


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
