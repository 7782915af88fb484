"""What a rig does when something is plugged in or out."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, cast

from support.turns import turns
from tetherlight.camera.hotplug import HotplugMonitor
from tetherlight.errors import CameraLost, DetectionFailed
from tetherlight.lights.lights import Lights
from tetherlight.publisher import Publisher
from tetherlight.rig.cameras import Cameras
from tetherlight.rig.watch import CameraWatch


class FakeCamera:
    """An open camera that counts what it is asked, and answers when the test lets it."""

    def __init__(self, port: str) -> None:
        self.camera_id = self.port = port
        self.looks = 0
        self.checks = 0
        self.answer = asyncio.Event()

    def look_now(self) -> None:
        self.looks += 1

    async def check(self) -> None:
        self.checks += 1
        await self.answer.wait()
        raise CameraLost("Gone.")


class FakeLights:
    """Lights that count how often they are looked at."""

    looks = 0

    async def look(self) -> None:
        self.looks += 1


class FakeCameras:
    """These cameras are open, and a scan fails."""

    def __init__(self, *cameras: FakeCamera) -> None:
        self.open = cameras
        self.scans = asyncio.Semaphore(0)
        self.tasks: set[asyncio.Task[None]] = set()

    def background(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.add(asyncio.create_task(work))

    async def scan(self) -> bool:
        self.scans.release()
        raise DetectionFailed("No.")


async def test_each_change_asks_every_open_usb_camera_at_once_and_the_lamps(tmp_path: Path) -> None:
    """A camera that has something to do is asked once, in its turn; nobody waits for it."""
    usb, network = FakeCamera("usb:001,004"), FakeCamera("ptpip:10.0.0.1")
    cameras, lights = FakeCameras(usb, network), FakeLights()
    monitor = HotplugMonitor(tmp_path, poll=0.02, chips=tmp_path / "none")
    watch = CameraWatch(
        cast("Cameras", cameras),
        cast("Lights", lights),
        Publisher(),
        captures=None,
        background=cameras.background,
        monitor=monitor,
    )
    task = asyncio.create_task(watch.run())
    async with asyncio.timeout(20):
        await turns()
        for number in (2, 3):
            (tmp_path / "1-1").mkdir(exist_ok=True)
            (tmp_path / "1-1" / "devnum").write_text(f"{number}\n")
            await cameras.scans.acquire()
        assert (usb.looks, usb.checks, network.looks, network.checks) == (2, 1, 2, 0)
        assert lights.looks == 2
        usb.answer.set()
        await asyncio.gather(*cameras.tasks)
        (tmp_path / "1-1" / "devnum").write_text("4\n")
        await cameras.scans.acquire()
        await asyncio.gather(*cameras.tasks)
    assert usb.checks == 2
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
