"""How soon a fresh server answers and shows a picture, and what it weighs when idle."""

import time

from bench.figures import median, own_mb, resident_mb
from bench.processes import Helper, Simulator, free_port, server, simulator, until_open
from bench.table import Plan, Row, at_most
from bench.wire import Wire


def run(plan: Plan) -> list[Row]:
    """Start the server and an echo on the same stack in turn."""
    answers, frames, echoes = [], [], []
    resident, own, echo_resident = [], [], []
    with simulator(cameras=1) as simulated:
        simulated.light_up()
        for number in range(plan.rounds + 1):
            plan.say(f"start, {number + 1} of {plan.rounds + 1}")
            echo_s, echo_mb = _echo()
            answer_s, frame_s, memory = _server(simulated)
            if number == 0 and not plan.quick:
                continue  # the disk's cache was cold
            echoes.append(echo_s)
            echo_resident.append(echo_mb)
            answers.append(answer_s)
            frames.append(frame_s)
            resident.append(memory[0])
            own.append(memory[1])
    return [
        Row("start to first answer", f"{median(answers):.2f} s", f"{median(echoes):.2f} s, echo on FastAPI",
            median(answers), at_most(1, " s")),
        Row("start to first frame", f"{median(frames):.2f} s", "", median(frames), at_most(2, " s")),
        Row("memory, idle with one camera, server and worker", f"{median(resident):.0f} MB",
            f"{median(echo_resident):.0f} MB, echo on FastAPI", median(resident), at_most(120, " MB")),
        Row("the same, shared pages divided", f"{median(own):.0f} MB", "", median(own), at_most(120, " MB")),
    ]  # fmt: skip


def _echo() -> tuple[float, float]:
    port, began = free_port(), time.perf_counter()
    echoing = Helper("bench.echo", "uvicorn", "100", str(port))
    try:
        until_open(port)
        with Wire(f"ws://127.0.0.1:{port}/ws") as wire:
            wire.echo("hello")
            return time.perf_counter() - began, resident_mb([echoing.pid])
    finally:
        echoing.close()


def _server(simulated: Simulator) -> tuple[float, float, tuple[float, float]]:
    began = time.perf_counter()
    with server(simulated, wait=False) as serving:
        until_open(serving.port)
        with Wire(serving.url) as wire:
            wire.do("GET_SERVER_INFO")
            answer_s = time.perf_counter() - began
            wire.do("SELECT_CAMERA")
            wire.do("START_LIVEVIEW", encoding="binary")
            while not isinstance(wire.next_message(), bytes):
                pass
            frame_s = time.perf_counter() - began
            wire.do("STOP_LIVEVIEW")
            time.sleep(0.5)
            return answer_s, frame_s, (resident_mb(serving.pids), own_mb(serving.pids))
