"""One thing at a time, first come, first served; and a job may have the lane to itself."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar

from tetherlight.errors import CameraBusy

T = TypeVar("T")


class Lane:
    """The order of calls to one camera.

    A call under way cannot be cancelled: libgphoto2 cannot be interrupted, and the next caller must not get its
    answer. So each call runs in a task of the lane, and a caller who gives up only stops waiting.
    """

    def __init__(self) -> None:
        self.owner: str | None = None
        self._turn = asyncio.Lock()
        self._rests = asyncio.Event()
        self._rests.set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def at_rest(self) -> bool:
        """Whether no job owns the lane, or the one that does rests."""
        return self._rests.is_set()

    @property
    def busy(self) -> bool:
        """Whether a call is under way."""
        return self._turn.locked()

    def allow(self, owner: str | None) -> None:
        """Raise CameraBusy where a job owns the lane and `owner` is not it."""
        if self.owner is not None and owner != self.owner:
            raise CameraBusy(
                f"A job owns the camera: {self.owner}.",
                hint="Wait until it is done, or cancel it.",
                details={"job_id": self.owner},
            )

    async def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do the work when everything earlier is done; it goes on when the caller is cancelled."""
        outcome: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._in_turn(work, outcome))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await outcome

    async def _in_turn(self, work: Callable[[], Awaitable[T]], outcome: asyncio.Future[T]) -> None:
        try:
            async with self._turn:
                result = await work()
        except asyncio.CancelledError:
            outcome.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - handed on to who asked; after a caller who gave up it is nobody's
            if not outcome.done():
                outcome.set_exception(error)
        else:
            if not outcome.done():
                outcome.set_result(result)

    @asynccontextmanager
    async def reserve(self, owner: str) -> AsyncIterator[None]:
        """Give the lane to a job; raise CameraBusy where another one has it."""
        self.allow(owner)
        self.owner = owner
        self._rests.clear()
        try:
            yield
        finally:
            self.owner = None
            self._rests.set()

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Let those through who wait until the lane is free; the owner still keeps others from what `allow` guards."""
        self._rests.set()
        try:
            yield
        finally:
            self._rests.clear()

    async def free(self) -> None:
        """Wait until no job owns the lane, or the one that does rests."""
        while not self.at_rest:
            await self._rests.wait()

    async def drain(self, seconds: float) -> bool:
        """Wait for the calls that are under way or in the queue, at most `seconds`; return whether none was cut off."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        return not left
