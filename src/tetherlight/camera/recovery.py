"""The ladder by which a camera that stopped answering is brought back."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from typing import Literal

from tetherlight.camera import usb
from tetherlight.camera.calls import Deadlines, Opened
from tetherlight.camera.detection import find_cameras, network_ports
from tetherlight.camera.identity import FoundCamera
from tetherlight.camera.link import Link
from tetherlight.errors import CameraError, TetherlightError
from tetherlight.settings import Settings

logger = logging.getLogger(__name__)
Tell = Callable[[Literal["lost", "recovering"], str, str, int], None]
"""Called with what happened, why, what is done next, and the number of the attempt."""
Adopt = Callable[[Opened], Awaitable[None]]
"""Takes an opened camera over; where it raises a camera error, the camera counts as not back yet."""


class Recovery:
    """Brings one camera back: reopen, restart the worker, then look for it wherever it may reappear."""

    def __init__(
        self,
        link: Link,
        settings: Settings,
        deadlines: Deadlines,
        ports_in_use: Callable[[], Collection[str]],
    ) -> None:
        self._link = link
        self._settings = settings
        self._deadlines = deadlines
        self._ports_in_use = ports_in_use
        self._look = asyncio.Event()
        self.attempts = 0
        """How often the camera was tried since it was lost."""

    def look_now(self) -> None:
        """End the pause before the next look: something was plugged in."""
        self._look.set()

    async def run(self, found: FoundCamera, cause: str, tell: Tell, adopt: Adopt) -> FoundCamera:
        """Climb the ladder until the camera is back; return it with the port where it is now."""
        self.attempts = 0
        if self._link.alive:
            tell("recovering", cause, "The camera is closed and opened again.", self._next())
            if await self._try(found, found.port, adopt):
                return found
        tell("recovering", cause, "The camera's worker process is started again.", self._next())
        await self._link.kill()
        await asyncio.to_thread(usb.reset, found.port)
        if await self._try(found, found.port, adopt):
            return found
        tell("lost", cause, "The server keeps looking for the camera.", self._next())
        return await self._search(found, adopt)

    def _next(self) -> int:
        self.attempts += 1
        return self.attempts

    async def _search(self, found: FoundCamera, adopt: Adopt) -> FoundCamera:
        on_network = found.port.startswith("ptpip:")
        longest = self._deadlines.look_most_network if on_network else self._deadlines.look_most
        pause = self._deadlines.look_first
        while True:
            await self._rest(pause)
            pause = min(2 * pause, longest)
            self._next()
            for place in await self._places(found):
                if await self._try(found, place.port, adopt):
                    return place

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._look.wait()
        except TimeoutError:
            return
        finally:
            self._look.clear()

    async def _places(self, found: FoundCamera) -> list[FoundCamera]:
        """Return where the camera may be now, the likeliest first."""
        in_use = set(self._ports_in_use()) - {found.port}
        if found.port.startswith("ptpip:"):
            ports = dict.fromkeys([found.port, *network_ports(self._settings)])
            return [
                FoundCamera(found.model, port, found.serial, found.camera_id) for port in ports if port not in in_use
            ]
        try:
            seen = await find_cameras(self._settings, skip_ports=[*in_use, *network_ports(self._settings)])
        except TetherlightError as error:
            logger.warning("%s: %s", self._link.name, error)
            return []
        return [
            FoundCamera(found.model, camera.port, found.serial, found.camera_id)
            for camera in seen
            if camera.model == found.model and (found.serial is None or camera.serial in {None, found.serial})
        ]

    async def _try(self, found: FoundCamera, port: str, adopt: Adopt) -> bool:
        try:
            await adopt(await self._link.open(found.model, port))
        except CameraError as error:
            logger.debug("%s is not back at %s: %s", found.camera_id, port, error)
            return False
        return True
