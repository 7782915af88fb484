"""What the worker process costs: Tetherlight's camera at full speed beside a bare preview loop."""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

import uvloop

from bench.figures import median
from bench.processes import helper, obey, simulator
from bench.table import Plan, Row, at_least
from tetherlight.camera.camera import Camera
from tetherlight.camera.detection import find_cameras
from tetherlight.settings import Settings

FASTEST = 1000.0
"""Frames per second that no simulator reaches: each preview is made as soon as it is asked for."""


def run(plan: Plan) -> list[Row]:
    """Take previews at full speed, and at a rate that cameras have, in turn with a bare loop."""
    return [
        *_rows(plan, FASTEST, "as fast as the simulator can"),
        *_rows(plan, 60.0, "from a camera with 60 fps"),
    ]


def _rows(plan: Plan, fps: float, how: str) -> list[Row]:
    ours: list[float] = []
    bare: list[float] = []
    apart: list[float] = []
    with (
        simulator("--fps", str(fps), "--bandwidth", "1e9", cameras=3) as simulated,
        helper("bench.bare") as looping,
        helper("bench.apart", simulated.port(2)) as looping_apart,
        helper("bench.worker", simulated.port(0)) as worker,
    ):
        simulated.light_up()
        looping.ask("open", port=simulated.port(1))
        worker.answer()
        looping_apart.answer()
        for number in range(2 * plan.rounds):
            plan.say(f"worker {how}, round {number + 1} of {2 * plan.rounds}")
            bare.append(looping.ask("previews", port=simulated.port(1), seconds=plan.seconds / 2)["fps"])
            apart.append(looping_apart.ask("previews", seconds=plan.seconds / 2))
            ours.append(worker.ask("previews", seconds=plan.seconds / 2))
    return [_row(how, ours, bare, "bare loop"), _row(how, ours, apart, "the same with its camera apart")]


def _row(how: str, ours: list[float], theirs: list[float], whose: str) -> Row:
    ratio = median([our / their for our, their in zip(ours, theirs, strict=True)])
    return Row(
        f"previews through the worker, {how}", f"{median(ours):.1f} fps", f"{median(theirs):.1f} fps, {whose}",
        ratio, at_least(0.95),
    )  # fmt: skip


class Looping:
    """Tetherlight's camera without a server, driven from outside the event loop."""

    def __init__(self, runner: asyncio.Runner, port: str, folder: Path) -> None:
        self._runner = runner
        self._camera = runner.run(_opened(port, folder))

    def previews(self, seconds: float) -> float:
        """Take previews for a while; return how many came in a second."""
        return self._runner.run(self._previews(seconds))

    async def _previews(self, seconds: float) -> float:
        count = 0
        await self._camera.preview()
        began = time.perf_counter()
        while (took := time.perf_counter() - began) < seconds:
            await self._camera.preview()
            count += 1
        return count / took

    def close(self) -> None:
        """Leave the camera."""
        self._runner.run(self._camera.close())


async def _opened(port: str, folder: Path) -> Camera:
    settings = Settings(state_dir=folder, cameras=(port,))
    return await Camera.open((await find_cameras(settings))[0], settings)


def main() -> None:
    """Open the camera at a port and do what stdin tells."""
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        looping = Looping(runner, sys.argv[1], Path(folder))
        print("true", flush=True)
        try:
            obey({"previews": looping.previews})
        finally:
            looping.close()


if __name__ == "__main__":
    main()
