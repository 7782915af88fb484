"""Which cameras are there, and which of them are which: what the rig knows of those that it has not opened."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Protocol

from tetherlight.camera.camera import Camera
from tetherlight.camera.detection import find_cameras, network_ports
from tetherlight.camera.identity import FoundCamera
from tetherlight.camera.known import KnownCameras
from tetherlight.camera.search import Look
from tetherlight.camera.surroundings import Surroundings
from tetherlight.errors import CameraError
from tetherlight.protocol.models import CameraState
from tetherlight.settings import Settings

CHECK_SECONDS = 5.0
"""Seconds that an open camera gets to show that it is there, in its turn."""
LOOK_SECONDS = 0.1
"""Seconds between two looks whether a camera that a job has gave a sign by itself."""


class Roster:
    """All cameras that a rig knows, open or not, in an order that is the same after each start and each replug."""

    def __init__(self, settings: Settings, opened: Mapping[str, Camera], look: Look = find_cameras) -> None:
        self._settings = settings
        self._look = look
        self._opened = opened
        self._known = KnownCameras(opened.values)
        self._looking = asyncio.Lock()
        self.around = Surroundings(self._ports, self._known.trusts, self._known.alone)
        """What each camera of the rig needs to know of the others."""

    def __contains__(self, camera_id: str) -> bool:
        return camera_id in self._known

    def __iter__(self) -> Iterator[FoundCamera]:
        """Give those that are open or were there when last looked for, each in its place."""
        return iter(sorted(self._known, key=self._place))

    def _place(self, found: FoundCamera) -> tuple[int, int, str]:
        """Return what the order goes by: on USB the ids, for numbers of devices change; then as CAMERAS has them."""
        if not found.port.startswith("ptpip:"):
            return 0, 0, found.camera_id
        addresses = network_ports(self._settings)
        return 1, addresses.index(found.port) if found.port in addresses else len(addresses), found.camera_id

    async def look(self) -> bool:
        """Look for cameras and say whether others are there than before; raise DetectionFailed."""
        async with self._looking:
            before, began = self._known.there(), time.monotonic()
            found = await self._find()
            for camera in tuple(self._opened.values()):
                if self._known.rivals(camera, found) and await is_there(camera, began):
                    self._known.doubled(camera, found)
            self._known.look(found)
        return self._known.there() != before

    def opened(self, camera: Camera) -> None:
        """Take note of a camera that was opened, or came back, maybe elsewhere."""
        self._known.opened(camera.found, camera.serial)

    def closed(self, camera: Camera) -> None:
        """Take note of a camera that is about to be closed."""
        self._known.closed(camera)

    async def _find(self) -> list[FoundCamera]:
        found = await self._look(self._settings, skip_ports=self._ports())
        if self._known.newly_doubled(found):
            # The addresses are not asked in one moment: a camera that moved meanwhile is seen at both.
            found = await self._look(self._settings, skip_ports=self._ports())
        return found

    def _ports(self) -> tuple[str, ...]:
        return tuple(camera.port for camera in self._opened.values())


class Asked(Protocol):
    """What is asked of an open camera."""

    @property
    def owner(self) -> str | None:
        """The job that has it."""

    @property
    def state(self) -> CameraState:
        """Whether it is there, as far as is known."""

    @property
    def proven_at(self) -> float:
        """When it gave a sign of its own last, on the monotonic clock."""

    @property
    def opened_at(self) -> float:
        """When it was opened or taken back last, on the same clock."""

    async def check(self) -> None:
        """Ask it for a sign, in its turn."""


async def is_there(camera: Asked, began: float) -> bool:
    """Tell whether an open camera shows from now on that it is where it was when others were first looked for.

    One that is silent has shown nothing. One that was taken back since then may have been seen on its way.
    """
    seen = time.monotonic()
    with suppress(TimeoutError):
        async with asyncio.timeout(CHECK_SECONDS):
            if camera.owner is None:
                with suppress(CameraError):
                    await camera.check()
            else:
                # A job is not disturbed; while it works, the camera gives signs by itself.
                while camera.proven_at <= seen and camera.state is CameraState.READY:  # noqa: ASYNC110
                    await asyncio.sleep(LOOK_SECONDS)
    return camera.opened_at <= began and camera.proven_at > seen and camera.state is CameraState.READY
