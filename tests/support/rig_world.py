"""A whole rig inside the test's process, with a simulated camera and lit scene behind it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from support.patience import stretched
from support.simulator_process import SimulatorProcess
from tetherlight.protocol.events import PhotometricProgress
from tetherlight.protocol.models import Job
from tetherlight.protocol.sets import CapturePhotometricSet
from tetherlight.publisher import Publication
from tetherlight.rig.rig import Rig
from tetherlight.settings import Settings

WAIT_S = 60.0
LIGHTS = ["light_left", "light_right", "lights_top"]


class Hearing:
    """Everything that a rig publishes, in order, and a way to wait for it."""

    def __init__(self, rig: Rig) -> None:
        self.heard: list[Publication] = []
        self._news = asyncio.Event()
        rig.publisher.listen(self._hear)

    def _hear(self, publication: Publication) -> None:
        self.heard.append(publication)
        self._news.set()

    async def wait(self, name: str, matches: Callable[[Any], bool] = lambda _: True) -> Any:
        """Give the data of the first event of this name that matches, now or when it comes."""
        async with asyncio.timeout(stretched(WAIT_S)):
            while True:
                self._news.clear()
                for one in self.heard:
                    if one.event.name == name and matches(one.data):
                        return one.data
                await self._news.wait()

    def statuses(self) -> list[str]:
        """Give the statuses of all progress so far."""
        return [one.data.status for one in self.heard if isinstance(one.data, PhotometricProgress)]


class World:
    """A rig with its simulator and what it says."""

    def __init__(self, rig: Rig, simulator: SimulatorProcess) -> None:
        self.rig = rig
        self.simulator = simulator
        self.hearing = Hearing(rig)

    async def start(self, *lights: str, **wanted: Any) -> Any:
        """Start a set over these lights."""
        return await self.rig.start_set(CapturePhotometricSet(light_sequence=list(lights or LIGHTS), **wanted))

    async def job_state(self, state: str) -> Job:
        """Wait until a job is in this state."""
        job: Job = await self.hearing.wait("job_changed", lambda one: one.state == state)
        return job

    async def lit(self) -> list[str]:
        """Give the lights that the simulator's scene says are on."""
        states = (await self.simulator.control("status"))["lights"]
        return [name for name, on in states.items() if on]


def world_settings(simulator: SimulatorProcess, folder: Path, **settings: Any) -> Settings:
    """Return settings for a rig on this simulator that keeps everything below `folder`."""
    chosen: dict[str, Any] = {
        "cameras": tuple(simulator.addresses),
        "simulator_control": simulator.control_path,
        "photometric_capture_delay": 0.01,
        "captures_base_dir": folder / "captures",
        "state_dir": folder / "state",
        "min_free_bytes": 0,
    }
    return Settings(**(chosen | settings))


@asynccontextmanager
async def open_world(folder: Path, *arguments: str, select: bool = True, **settings: Any) -> AsyncIterator[World]:
    """Run a simulator and a rig on it, its first camera selected."""
    async with (
        SimulatorProcess(*arguments) as simulator,
        Rig.open(world_settings(simulator, folder, **settings)) as rig,
    ):
        world = World(rig, simulator)
        if select:
            await rig.cameras.select(None, None, None)
        yield world
