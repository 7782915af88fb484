"""The connection to one camera over its whole life: calls in turn, faults noticed, and the way back."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Literal, Protocol, TypeVar

from tetherlight.camera import calls
from tetherlight.camera.calls import Call, Deadlines, Opened
from tetherlight.camera.faults import lost, repeatable, suspicious, worded
from tetherlight.camera.identity import FoundCamera
from tetherlight.camera.lane import Lane
from tetherlight.camera.link import Link
from tetherlight.camera.recovery import Recovery
from tetherlight.errors import CameraBusy, CameraError, CameraNotFound, CameraNotOpen
from tetherlight.models import CameraState
from tetherlight.settings import Settings

T = TypeVar("T")
BUSY_PAUSE = 0.05
"""Seconds between two offers to a busy camera."""


class Keeper(Protocol):
    """Who takes an opened camera over and hears what happens to it."""

    async def adopt(self) -> None:
        """Read what must be known of the camera; a camera error means that it is not back yet."""

    def tell(
        self, kind: Literal["lost", "recovering", "ready"], cause: str, next_step: str | None, attempt: int
    ) -> None:
        """Hear of a fault, of a step to mend it, or that it is mended."""


class Session:
    """Keeps one camera open.

    OPENING → READY → RECOVERING → READY, or → LOST → READY; CLOSED from anywhere, and for good.
    """

    def __init__(
        self,
        found: FoundCamera,
        settings: Settings,
        deadlines: Deadlines,
        ports_in_use: Callable[[], Collection[str]],
        keeper: Keeper,
    ) -> None:
        self.found = found
        self.serial = found.serial
        self.libgphoto2: str | None = None
        """The version of the library through which the camera is open."""
        self.state = CameraState.OPENING
        self.cause: str | None = None
        """Why the camera is being recovered or lost."""
        self.lane = Lane()
        self.recovery: asyncio.Task[None] | None = None
        self._deadlines = deadlines
        self._keeper = keeper
        self._link = Link(found.camera_id, settings, deadlines)
        self._ladder = Recovery(self._link, settings, deadlines, ports_in_use)
        self._settled = asyncio.Event()

    @property
    def worker_pid(self) -> int | None:
        """The process id of the camera's worker; None while there is none."""
        return self._link.pid

    async def open(self) -> None:
        """Open the camera for the first time; raise where that fails, leaving nothing behind."""
        try:
            await self._adopt(await self._link.open_patiently(self.found.model, self.found.port))
        except BaseException:
            self.state = CameraState.CLOSED
            await self._link.kill()
            raise
        self.state = CameraState.READY
        self._settled.set()

    async def close(self, patience: float | None = None) -> None:
        """Leave the camera and end its worker; calls get `patience` seconds to end. Closing twice changes nothing."""
        if self.state is CameraState.CLOSED:
            return
        self.state = CameraState.CLOSED
        self._settled.set()
        if self.recovery is not None:
            self.recovery.cancel()
            await asyncio.gather(self.recovery, return_exceptions=True)
            # It may have been in the middle of a call, whose answer must not be taken for another's.
            await self._link.kill()
        if not await self.lane.drain(self._deadlines.close / 2 if patience is None else patience):
            await self._link.kill()
        await self._link.close()

    def look_now(self) -> None:
        """Look for a lost camera at once."""
        self._ladder.look_now()

    async def request(self, call: Call[T]) -> T:
        """Make a call from within work that has its turn."""
        return await self._link.request(call)

    async def queued(self, work: Callable[[], Awaitable[T]], *, again: bool = False, ordered: bool = True) -> T:
        """Do the work in its turn; where `again` is set, doing it twice is harmless, so a fault is tried once more."""
        self._require_open()
        return await self.lane.run(lambda: self._attempt(work, again=again), ordered=ordered)

    async def patiently(self, call: Call[T]) -> T:
        """Make a call from within work that has its turn, again and again for a moment while the camera is busy."""
        give_up = time.monotonic() + self._deadlines.busy
        while True:
            try:
                return await self._link.request(call)
            except CameraBusy:
                if time.monotonic() >= give_up:
                    raise
            await asyncio.sleep(BUSY_PAUSE)

    async def _attempt(self, work: Callable[[], Awaitable[T]], *, again: bool) -> T:
        await self._until_ready()
        try:
            return await work()
        except CameraError as error:
            there = await self._still_there(error)
            if not again or not repeatable(error):
                raise error if there else worded(error) from None
            first = error
        await self._until_ready(worded(first))
        try:
            return await work()
        except CameraError as error:
            raise error if await self._still_there(error) else worded(error) from None

    def _require_open(self) -> None:
        if self.state is CameraState.CLOSED:
            raise CameraNotOpen("The camera is not open.")

    async def _until_ready(self, error: CameraError | None = None) -> None:
        """Wait a little for a camera that is being recovered; raise where it is lost."""
        if self.state is CameraState.RECOVERING:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._deadlines.settle):
                    await self._settled.wait()
        self._require_open()
        if self.state is not CameraState.READY:
            raise error or lost(self.cause or "it does not answer.")

    async def _still_there(self, error: CameraError) -> bool:
        """Find out whether the connection outlived an error; begin the recovery where it did not."""
        if not suspicious(error):
            return True
        if await self.answers():
            return True
        if self.state is CameraState.READY:
            self.state, self.cause = CameraState.RECOVERING, error.message
            self._settled.clear()
            self.recovery = asyncio.create_task(self._recover(error.message), name=f"recovery of {self._link.name}")
        return False

    async def answers(self) -> bool:
        """Ask the camera something that no cache can answer."""
        if not self._link.alive:
            return False
        try:
            await self._link.request(calls.probe(self._deadlines.probe))
        except CameraError:
            return False
        return True

    async def _recover(self, cause: str) -> None:
        self.found = await self._ladder.run(self.found, cause, self._tell, self._adopt)
        self.state, self.cause, self.recovery = CameraState.READY, None, None
        self._settled.set()
        self._keeper.tell("ready", cause, None, self._ladder.attempts)

    def _tell(self, kind: Literal["lost", "recovering"], cause: str, next_step: str, attempt: int) -> None:
        if kind == "lost":
            self.state = CameraState.LOST
            self._settled.set()
        self._keeper.tell(kind, cause, next_step, attempt)

    async def _adopt(self, opened: Opened) -> None:
        self.libgphoto2 = opened.libgphoto2
        if self.serial is None or self.state is CameraState.OPENING:
            self.serial = opened.serial or self.serial
        elif opened.serial != self.serial:
            await self._link.request(calls.close_camera(self._deadlines.close))
            raise CameraNotFound(f"Another camera is at that port: {opened.model}, serial number {opened.serial}.")
        await self._keeper.adopt()
