"""An exposure of any length: the shutter is opened, held open for a time, and closed again whatever happens."""

import asyncio
import time
from collections.abc import Callable

from tetherlight.camera import calls
from tetherlight.camera.calls import Deadlines, Request
from tetherlight.camera.config import ConfigCache
from tetherlight.camera.worker.widgets import ACTIONS_SECTION, BULB
from tetherlight.errors import CameraCrashed, CameraError, CameraTimeout, CaptureRefused
from tetherlight.process.call import Call
from tetherlight.protocol.models import ConfigEntry, ConfigValue

LISTEN = 0.5
"""Seconds of one look at a body whose shutter is open; so soon its end, and that of its worker, is noticed."""
TRIES = 3
PAUSE = 0.2
"""Seconds between two tries to close the shutter."""


class Bulb:
    """The shutter of one body, opened and closed by libgphoto2's entry of that name."""

    def __init__(self, request: Request, cache: ConfigCache, deadlines: Deadlines) -> None:
        self._request = request
        self._cache = cache
        self._deadlines = deadlines
        self._enough = False
        self.open = False
        """Whether the shutter was opened through us and is not known to be closed."""

    def require(self) -> None:
        """Raise CaptureRefused where the body cannot be told to hold its shutter open."""
        if ACTIONS_SECTION + BULB not in self._cache:
            raise CaptureRefused(
                "This camera cannot be told to hold its shutter open.",
                hint="Leave 'exposure_s' out, and set the longest shutter time that it has.",
                details={"kind": BULB},
            )

    def speed(self) -> tuple[ConfigEntry, ConfigValue] | None:
        """Return the entry of the shutter time and its value for bulb; None where it has it, or has no such value."""
        if "shutterspeed" not in self._cache:
            return None
        entry = self._cache.find("shutterspeed")
        bulb = next((option for option in entry.options if option.casefold() == BULB), None)
        return None if bulb is None or entry.readonly or entry.value == bulb else (entry, bulb)

    def enough(self) -> None:
        """End the exposure under way before its time, and let none begin any more: the camera is about to be left."""
        self._enough = True

    async def expose(self, seconds: float, heard: Callable[[calls.Happened], None]) -> float:
        """Hold the shutter open for so long; return when it was opened, in Unix seconds.

        Raises what the connection raises. `open` stays true where nobody knows whether the shutter is closed.
        """
        released_at = time.time()
        self.open = True  # already: where the answer is lost, it may be
        try:
            await self._request(self._turn(on=True))
        except CameraError as error:
            self.open = isinstance(error, CameraCrashed | CameraTimeout)
            raise
        began = time.monotonic()  # rather a little longer than asked for than shorter
        try:
            while not self._enough and (left := began + seconds - time.monotonic()) > 0:
                happened = await self._request(calls.events(min(LISTEN, left), self._deadlines.events))
                heard(happened)
                if happened.files:
                    break  # the body ended it by itself
        finally:
            await self.close()
        return released_at

    async def close(self) -> None:
        """Close the shutter; raise what the camera raises where it does not take that."""
        for number in range(1, TRIES + 1):
            try:
                await self._request(self._turn(on=False))
            except CameraError as error:
                if number == TRIES or isinstance(error, CameraCrashed | CameraTimeout):
                    raise
                await asyncio.sleep(PAUSE)
            else:
                self.open = False
                return

    async def close_if_left_open(self) -> None:
        """Close the shutter that a worker before this one, or a server, may have left open; it does no harm if not."""
        on_bulb = (self._cache.text("shutterspeed") or "").casefold() == BULB
        if self.open or (on_bulb and ACTIONS_SECTION + BULB in self._cache):
            try:
                await self._request(self._turn(on=False))
            except (CameraCrashed, CameraTimeout):
                raise
            except CameraError:
                pass  # so bodies answer whose shutter is closed
            self.open = False

    def _turn(self, *, on: bool) -> Call[tuple[ConfigEntry, bool]]:
        return calls.set_config(BULB, on, 0.0, self._deadlines.entry)
