"""The ladder by which a camera is opened, and brought back when it stopped answering."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Literal, Protocol

from tetherlight.camera.calls import Deadlines, Opened
from tetherlight.camera.identity import FoundCamera
from tetherlight.camera.reset import Reset, reset
from tetherlight.camera.search import Search
from tetherlight.camera.surroundings import Surroundings
from tetherlight.errors import (
    CameraBusy,
    CameraClaimed,
    CameraCrashed,
    CameraError,
    CameraForbidden,
    CameraLost,
    CameraTimeout,
)
from tetherlight.settings import Settings

logger = logging.getLogger(__name__)
SILENT = 5.0
"""Seconds after which an opening that failed is not simply tried again: a body that was silent so long stays so."""
FRESH_AFTER = 60
"""Looks after which a worker gives way to a new one: libgphoto2 keeps some memory of each camera that did not open."""
Tell = Callable[[Literal["lost", "recovering"], str, str, int], None]
"""Called with what happened, why, what is done next, and the number of the attempt."""
Adopt = Callable[[Opened], Awaitable[None]]
"""Takes an opened camera over; where it raises a camera error, the camera counts as not back yet."""


class Opener(Protocol):
    """What the ladder needs of the link to one camera."""

    @property
    def name(self) -> str:
        """What the log calls the camera."""

    @property
    def alive(self) -> bool:
        """Whether there is a worker that can be asked."""

    async def open(self, model: str, port: str) -> Opened:
        """Open the camera at a port, starting a worker where there is none."""

    async def kill(self) -> None:
        """End the worker at once."""


class Recovery:
    """Opens one camera and brings it back: reopen, restart the worker and reset the USB device, then look for it."""

    def __init__(
        self,
        link: Opener,
        settings: Settings,
        deadlines: Deadlines,
        around: Surroundings,
    ) -> None:
        self._link = link
        self._settings = settings
        self._deadlines = deadlines
        self._around = around
        self._look = asyncio.Event()
        self.attempts = 0
        """How often the camera was tried since it was lost, or beyond the first time since it is to be opened."""
        self.question: str | None = None
        """What a person must do or say before the camera can come back; None where it comes back by itself."""
        self._hindrance: CameraError | None = None
        """Why it could not be opened where it is, if only a person can change that."""
        self._sent: tuple[str, asyncio.Future[None]] | None = None

    def look_now(self) -> None:
        """End the pause before the next look: something was plugged in."""
        self._look.set()

    async def open(self, found: FoundCamera, tell: Tell, adopt: Adopt) -> FoundCamera:
        """Open a camera for the first time; return it with the port where it is then.

        A server that was killed, or another program, may have left it in the middle of something. Raises the error of
        the last try, which says what was tried.
        """
        self.attempts = 0
        began = time.monotonic()
        try:
            return await self._at(found, adopt)
        except CameraError as error:
            if not _curable(error):
                raise
            first = error
        on_usb = self._around.bus.node(found.port) is not None
        if not on_usb or time.monotonic() - began < SILENT:
            tell("recovering", first.message, "The camera is closed and opened again.", self._next())
            # The worker goes as well: libgphoto2 leaks descriptors when a camera refuses the session.
            await self._link.kill()
            try:
                return await self._at(found, adopt)
            except CameraError as error:
                if not on_usb or not _curable(error):
                    raise
        place, done = await self._restart(found)
        tell("recovering", first.message, done.sentence, self._next())
        try:
            return await self._at(place, adopt)
        except CameraError as error:
            raise done.explain(error) from None

    async def run(self, found: FoundCamera, serial: str | None, cause: str, tell: Tell, adopt: Adopt) -> FoundCamera:
        """Climb the ladder until the camera is back; return it with the port where it is now.

        `serial` is the number that it states itself, by which it is recognised elsewhere.
        """
        self.attempts = 0
        self._forget_hindrance()
        if self._link.alive:
            tell("recovering", cause, "The camera is closed and opened again.", self._next())
            if await self._try(found, adopt):
                return found
        if self._hindrance is None:  # a device that another program uses must not be reset
            place, done = await self._restart(found)
            tell("recovering", cause, done.sentence, self._next())
            if await self._try(place, adopt):
                return place
        search = Search(found, serial, self._settings, self._around)
        self._next()
        self._tell_lost(search, cause, tell)
        try:
            return await self._search(search, cause, tell, adopt)
        finally:
            self.question = None
            if self._sent is not None and not self._sent[1].done():
                self._sent[1].set_exception(CameraLost("The camera was closed meanwhile."))

    def _tell_lost(self, search: Search, cause: str, tell: Tell) -> None:
        """Tell that the camera is lost, why, and what a person can do about that."""
        stands_in = self._hindrance
        self.question = search.question if stands_in is None else stands_in.hint
        now = cause if stands_in is None else stands_in.message
        tell("lost", now, self.question or "The server keeps looking for the camera.", self.attempts)

    def _forget_hindrance(self) -> CameraError | None:
        before, self._hindrance = self._hindrance, None
        return before

    async def send(self, port: str) -> None:
        """Open the lost camera at a port where it is, as somebody says; raise the camera's error."""
        self._sent = port, asyncio.get_running_loop().create_future()
        self._look.set()
        try:
            async with asyncio.timeout(2 * self._deadlines.open):
                await self._sent[1]
        except TimeoutError:
            raise CameraTimeout(f"The camera at {port} was not opened in time.") from None
        finally:
            self._sent = None

    async def _restart(self, found: FoundCamera) -> tuple[FoundCamera, Reset]:
        """End the worker and reset the USB device, where there is one; return the camera with its port after that."""
        await self._link.kill()
        done = await reset(self._around.bus, found.port)
        logger.log(done.level, "%s: %s", self._link.name, done.sentence)
        return replace(found, port=done.port), done

    def _next(self) -> int:
        self.attempts += 1
        return self.attempts

    async def _search(self, search: "Search", cause: str, tell: Tell, adopt: Adopt) -> FoundCamera:
        longest = self._deadlines.look_most_network if search.on_network else self._deadlines.look_most
        pause = self._deadlines.look_first
        while True:
            await self._rest(pause)
            pause = min(2 * pause, longest)
            if self._next() % FRESH_AFTER == 0:
                await self._link.kill()
            if self._sent is not None and (place := await self._where_sent(search.found, *self._sent, adopt)):
                return place
            before = self._forget_hindrance()
            for place in await search.places():
                if await self._try(place, adopt):
                    return place
            stands_in = self._hindrance
            if _said(stands_in) != _said(before) or (stands_in is None and search.question != self.question):
                self._tell_lost(search, cause, tell)

    async def _where_sent(
        self, found: FoundCamera, port: str, answer: "asyncio.Future[None]", adopt: Adopt
    ) -> FoundCamera | None:
        """Try the port that somebody named, and tell them how that went."""
        path = await asyncio.to_thread(self._around.bus.path, port)
        try:
            place = await self._at(replace(found, port=port, path=path), adopt)
        except CameraError as error:
            if not answer.done():
                answer.set_exception(error)
            return None
        if not answer.done():
            answer.set_result(None)
        return place

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._look.wait()
        except TimeoutError:
            return
        finally:
            self._look.clear()

    async def _at(self, place: FoundCamera, adopt: Adopt) -> FoundCamera:
        await adopt(await self._link.open(place.model, place.port))
        return place

    async def _try(self, place: FoundCamera, adopt: Adopt) -> bool:
        try:
            await self._at(place, adopt)
        except CameraError as error:
            logger.debug("%s is not back at %s: %s", place.camera_id, place.port, error)
            if isinstance(error, CameraClaimed | CameraForbidden):
                self._hindrance = error
            return False
        return True


def _said(error: CameraError | None) -> tuple[str, str | None] | None:
    return None if error is None else (error.message, error.hint)


def _curable(error: CameraError) -> bool:
    """Tell whether opening the camera once more, or after a reset, may succeed."""
    return isinstance(error, CameraBusy | CameraTimeout | CameraCrashed | CameraLost) or type(error) is CameraError
