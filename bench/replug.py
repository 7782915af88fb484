"""How soon live view is back when a camera was pulled out and plugged in again."""

import time

from bench.figures import median
from bench.processes import helper, server, simulator
from bench.table import Plan, Row, at_most
from bench.wire import Wire

AWAY_S = 1.5


def run(plan: Plan) -> list[Row]:
    """Pull the server's camera and that of a bare program which tries again and again, in turn."""
    ours, theirs = [], []
    with simulator(cameras=2) as simulated, server(simulated) as serving, helper("bench.bare") as bare:
        simulated.light_up()
        with Wire(serving.url) as wire:
            wire.do("SELECT_CAMERA")
            wire.do("START_LIVEVIEW", encoding="binary")
            for number in range(plan.rounds):
                plan.say(f"replug, {number + 1} of {plan.rounds}")
                simulated.control("unplug", camera="camera1")
                _until(wire, "camera_lost")
                time.sleep(AWAY_S)
                simulated.control("plug", camera="camera1", move=bool(number % 2))
                began = time.perf_counter()
                _until(wire, None)
                ours.append(time.perf_counter() - began)
                simulated.control("unplug", camera="camera2")
                simulated.control("plug", camera="camera2", move=False)
                theirs.append(bare.ask("reconnect", port=simulated.port(1), seconds=20))
    return [
        Row("live view back after the camera was plugged in again", f"{median(ours):.2f} s",
            f"{median(theirs):.2f} s, bare open and preview", median(ours), at_most(2, " s")),
    ]  # fmt: skip


def _until(wire: Wire, action: str | None) -> None:
    """Wait for an event; None is for a frame."""
    while True:
        message = wire.next_message()
        if isinstance(message, bytes):
            if action is None:
                return
        elif message["action"] == action:
            return
