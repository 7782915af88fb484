"""One camera opened on a simulator, and everything it tells its listener."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import fields, replace
from pathlib import Path

from support.patience import stretched
from support.simulator_process import SimulatorProcess
from tetherlight.camera.calls import Deadlines
from tetherlight.camera.camera import Camera, Change
from tetherlight.camera.detection import find_cameras
from tetherlight.protocol.models import ConfigEntry
from tetherlight.settings import Settings

WAIT_S = 60.0
SHORT = Deadlines(
    preview=1.5,
    entry=4.0,
    probe=4.0,
    close=3.0,
    open=8.0,
    events=4.0,
    capture=2.0,
    read_back=0.5,
    stands=0.5,
    busy=0.2,
    settle=1.0,
)
"""Cut short where libgphoto2's own 2.5 s are not what is tested; a slow machine may miss them where all is well."""
PATIENT = replace(SHORT, preview=12.0, entry=12.0, probe=12.0, open=30.0, events=12.0, capture=5.0, settle=4.0)
"""Leaves libgphoto2 its own 2.5 s, so that its errors are seen and not ours."""
LIBGPHOTO2_S = 2.5
"""How long libgphoto2 waits for each answer on the network, however slow the machine is."""
PAUSES = {"look_first", "look_most", "look_most_network"}
"""What is no deadline among the camera's: nothing is expected between two looks."""


class Recorder:
    """Keeps what a camera tells, and lets a test wait for it."""

    def __init__(self) -> None:
        self.changes: list[tuple[Change, str | None, str | None, int]] = []
        self.entries: list[ConfigEntry] = []
        self.body_captures: list[tuple[str, ...]] = []
        self._news = asyncio.Event()

    def camera_changed(
        self, _camera: Camera, kind: Change, cause: str | None, next_step: str | None, attempt: int
    ) -> None:
        self.changes.append((kind, cause, next_step, attempt))
        self._news.set()

    def config_changed(self, _camera: Camera, entries: list[ConfigEntry]) -> None:
        self.entries += entries
        self._news.set()

    def body_capture(self, _camera: Camera, camera_paths: tuple[str, ...]) -> None:
        self.body_captures.append(camera_paths)
        self._news.set()

    def kinds(self) -> list[Change]:
        """Return what happened to the connection, in order."""
        return [kind for kind, *_ in self.changes if kind != "status"]

    async def until(self, happened: Callable[[], bool]) -> None:
        """Wait until the camera has told enough for `happened` to hold."""
        async with asyncio.timeout(stretched(WAIT_S)):
            while not happened():
                self._news.clear()
                await self._news.wait()

    async def ready_again(self, times: int = 1) -> None:
        """Wait until the camera was recovered so many times."""
        await self.until(lambda: self.kinds().count("ready") >= times)


class OpenCamera:
    """An open camera, its simulator, its listener and a folder for its pictures."""

    def __init__(self, camera: Camera, simulator: SimulatorProcess, recorder: Recorder, folder: Path) -> None:
        self.camera = camera
        self.simulator = simulator
        self.recorder = recorder
        self.folder = folder

    async def fault(self, kind: str, when: str = "*", count: int | None = 1, **fields: object) -> None:
        """Make something go wrong."""
        await self.simulator.control("fault", kind=kind, when=when, count=count, **fields)

    def files(self) -> list[str]:
        """Return the names of all files in the pictures' folder, temporary ones too."""
        return sorted(path.name for path in self.folder.iterdir()) if self.folder.exists() else []


def patient(deadlines: Deadlines) -> Deadlines:
    """Stretch deadlines for this machine, except one for previews that has to pass before libgphoto2's own."""
    lengths = {field.name: float(getattr(deadlines, field.name)) for field in fields(deadlines)}
    kept = PAUSES | ({"preview"} if deadlines.preview < LIBGPHOTO2_S else set())
    return replace(deadlines, **{name: stretched(length) for name, length in lengths.items() if name not in kept})


def make_settings(folder: Path, *addresses: str, **fields: object) -> Settings:
    """Return settings that keep everything in `folder`."""
    values = {"state_dir": folder / "state", "captures_base_dir": folder / "captures", "cameras": addresses, **fields}
    return Settings(**values)  # type: ignore[arg-type]


@asynccontextmanager
async def open_camera(
    folder: Path, *arguments: str, deadlines: Deadlines = PATIENT, **fields: object
) -> AsyncIterator[OpenCamera]:
    """Run a simulator and open its first camera; afterwards nothing of either is left."""
    async with SimulatorProcess(*arguments) as simulator:
        settings = make_settings(folder, *simulator.addresses, **fields)
        async with asyncio.timeout(stretched(60)):
            # libgphoto2 waits for 2.5 s for a camera to say who it is, and a busy machine may need longer.
            while not (found := await find_cameras(settings)):
                pass
        recorder = Recorder()
        camera = await Camera.open(found[0], settings, recorder, deadlines=patient(deadlines))
        try:
            yield OpenCamera(camera, simulator, recorder, folder / "pictures")
        finally:
            await camera.close()


def worker_count() -> int:
    """Return how many worker processes this process has."""
    found = 0
    for children in Path("/proc/self/task").glob("*/children"):
        for pid in children.read_text().split():
            command = Path("/proc", pid, "cmdline")
            found += command.exists() and b"tetherlight.camera.worker\0" in command.read_bytes()
    return found


def descriptor_count() -> int:
    """Return how many descriptors this process has open."""
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - pathlib would open one more
