"""The connection to one camera over its whole life: calls in turn, faults noticed, and the way back."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Literal, Protocol, TypeVar

from tetherlight.camera import calls
from tetherlight.camera.calls import Deadlines, Opened
from tetherlight.camera.faults import lost, repeatable, suspicious, worded
from tetherlight.camera.identity import FoundCamera
from tetherlight.camera.lane import Lane
from tetherlight.camera.link import Link
from tetherlight.camera.recovery import Recovery
from tetherlight.camera.surroundings import Surroundings
from tetherlight.errors import CameraBusy, CameraError, CameraLost, CameraNotFound, CameraNotOpen
from tetherlight.process.call import Call
from tetherlight.protocol.models import CameraState
from tetherlight.settings import Settings

logger = logging.getLogger(__name__)
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
        around: Surroundings,
        keeper: Keeper,
    ) -> None:
        self.found = found
        self.serial = found.serial
        self._stated: tuple[str, str | None] = found.model, None
        """The model and the serial number that the camera states itself."""
        self.libgphoto2: str | None = None
        """The version of the library through which the camera is open."""
        self.state = CameraState.OPENING
        self.cause: str | None = None
        """Why the camera is being recovered or lost."""
        self.proven_at = -float("inf")
        """When the camera itself last answered, on the monotonic clock."""
        self.opened_at = -float("inf")
        """When it was opened last, or taken back after a fault, on the same clock."""
        self.free_bytes: int | None = None
        """The room on its cards when it was last asked whether it is there; None where it does not say."""
        self.lane = Lane(f"camera '{found.camera_id}'")
        self.recovery: asyncio.Task[None] | None = None
        self._deadlines = deadlines
        self._keeper = keeper
        self._bus = around.bus
        self._link = Link(found.camera_id, settings, deadlines)
        self._ladder = Recovery(self._link, settings, deadlines, around)
        self._settled = asyncio.Event()
        self._doubt = asyncio.Event()
        """Set while it is not certain that the camera is there."""
        self._back = asyncio.Event()
        """Set while it is, and when the session has ended."""

    @property
    def worker_pid(self) -> int | None:
        """The process id of the camera's worker; None while there is none."""
        return self._link.pid

    async def open(self) -> None:
        """Open the camera for the first time; raise where that fails, leaving nothing behind."""
        causes: list[str] = []

        def tell(kind: Literal["lost", "recovering"], cause: str, next_step: str, attempt: int) -> None:
            causes.append(cause)
            logger.warning("%s cannot be opened yet: %s %s", self._link.name, cause, next_step)
            self._keeper.tell(kind, cause, next_step, attempt)

        try:
            self.found = await self._ladder.open(self.found, tell, self._adopt)
        except BaseException:
            self.state = CameraState.CLOSED
            await self._link.kill()
            raise
        self.state = CameraState.READY
        self._settled.set()
        self._back.set()
        if causes:
            logger.info("%s is open, after %d further tries.", self._link.name, self._ladder.attempts)
            self._keeper.tell("ready", causes[-1], None, self._ladder.attempts)

    async def close(self, patience: float | None, leave: Callable[[float], Call[None]]) -> None:
        """Leave the camera and end its worker; calls get `patience` seconds to end. Closing twice changes nothing.

        `leave` makes the call by which the camera is left, of its deadline.
        """
        if self.state is CameraState.CLOSED:
            return
        self.state = CameraState.CLOSED
        self._settled.set()
        self._back.set()
        if self.recovery is not None:
            self.recovery.cancel()
            await asyncio.gather(self.recovery, return_exceptions=True)
            # It may have been in the middle of a call, whose answer must not be taken for another's.
            await self._link.kill()
        if not await self.lane.drain(self._deadlines.close / 2 if patience is None else patience):
            await self._link.kill()
        await self._link.close(leave(self._deadlines.close / 2))

    def look_now(self) -> None:
        """Look for a lost camera at once."""
        self._ladder.look_now()

    async def find_at(self, port: str) -> None:
        """Open the lost camera at this port, where somebody says that it is; raise the camera's error."""
        await self._ladder.send(port)

    @property
    def question(self) -> str | None:
        """What a person must say before a lost camera can come back; None where it comes back by itself."""
        return self._ladder.question

    async def request(self, call: Call[T]) -> T:
        """Make a call from within work that has its turn."""
        answer = await self._link.request(call)
        if call.proves(answer):
            self.proven_at = time.monotonic()
        return answer

    async def check(self) -> None:
        """Make sure, from within work that has its turn, that the camera is there; raise where it is not."""
        if await self._unplugged():
            raise CameraLost("The camera was unplugged.")
        self.free_bytes = await self.request(calls.probe(self._deadlines.probe))

    async def _unplugged(self) -> bool:
        """Tell whether the kernel says so, whatever libgphoto2 answers from its cache."""
        path = self.found.path
        return path is not None and await asyncio.to_thread(self._bus.port, path) != self.found.port

    async def queued(self, work: Callable[[], Awaitable[T]], *, again: bool = False, ordered: bool = True) -> T:
        """Do the work in its turn; where `again` is set, doing it twice is harmless, so a fault is tried once more."""
        self._require_open()
        return await self.lane.run(lambda: self._attempt(work, again=again), ordered=ordered)

    async def patiently(self, call: Call[T]) -> T:
        """Make a call from within work that has its turn, again and again for a moment while the camera is busy."""
        give_up = time.monotonic() + self._deadlines.busy
        while True:
            try:
                return await self.request(call)
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
            raise error or lost(self.cause or "it does not answer.", self.question)

    async def _still_there(self, error: CameraError) -> bool:
        """Find out whether the connection outlived an error; begin the recovery where it did not."""
        if not suspicious(error):
            return True
        self._doubt.set()
        if await self.answers():
            if self.state is CameraState.READY:
                self._doubt.clear()
            return True
        if self.state is CameraState.READY:
            self.state, self.cause = CameraState.RECOVERING, error.message
            self._settled.clear()
            self._back.clear()
            self.recovery = asyncio.create_task(self._recover(error.message), name=f"recovery of {self._link.name}")
        return False

    async def in_doubt(self) -> None:
        """Wait until it is not certain any more that the camera is there."""
        await self._doubt.wait()

    async def back(self, seconds: float) -> bool:
        """Wait so long at most until the camera is there; return whether it is."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._back.wait()
        return self.state is CameraState.READY

    async def answers(self) -> bool:
        """Ask the camera something that no cache can answer."""
        if not self._link.alive:
            return False
        try:
            await self.check()
        except CameraError:
            return False
        return True

    async def _recover(self, cause: str) -> None:
        self.found = await self._ladder.run(self.found, self._stated[1], cause, self._tell, self._adopt)
        self.state, self.cause, self.recovery = CameraState.READY, None, None
        self._doubt.clear()
        self._settled.set()
        self._back.set()
        self._keeper.tell("ready", cause, None, self._ladder.attempts)

    def _tell(self, kind: Literal["lost", "recovering"], cause: str, next_step: str, attempt: int) -> None:
        if kind == "lost":
            self.state, self.cause = CameraState.LOST, cause
            self._settled.set()
        self._keeper.tell(kind, cause, next_step, attempt)

    async def _adopt(self, opened: Opened) -> None:
        self.libgphoto2 = opened.libgphoto2
        self.proven_at = self.opened_at = time.monotonic()
        stated = opened.model, opened.serial
        if self.state is CameraState.OPENING:
            self._stated, self.serial = stated, opened.serial or self.found.serial
        elif stated != self._stated:
            await self._link.request(calls.close_camera(self._deadlines.close))
            number = f"serial number {opened.serial}" if opened.serial else "without a serial number"
            raise CameraNotFound(f"Another camera is at that port: {opened.model}, {number}.")
        await self._keeper.adopt()
