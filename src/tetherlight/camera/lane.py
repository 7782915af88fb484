"""One thing at a time, in the order in which it was asked for; and a job may have the lane to itself."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Self, TypeVar

from tetherlight.errors import CameraBusy, held

T = TypeVar("T")


class Place:
    """A place in the order of the calls to a camera, from the moment in which it is taken until it is left.

    Who keeps a place (`with lane.place():`) makes all its calls in it: whatever it awaits before, between and after
    them, nobody who came later comes between. Tasks that it starts meanwhile share the place.
    """

    def __init__(self, lane: "Lane", *, ordered: bool, kept: bool) -> None:
        self.lane = lane
        self.ordered = ordered
        self.kept = kept
        self.turns: deque[asyncio.Future[None]] = deque()
        """Calls that wait for their turn."""
        self.is_first = asyncio.Event()
        self._outer: list[Token[Place | None]] = []

    async def first(self) -> None:
        """Wait until everything that was asked for earlier is done."""
        await self.is_first.wait()

    def leave(self) -> None:
        """Let those behind come on, when the calls that were made in this place are done; once is enough."""
        self.kept = False
        self.lane.settle(self)

    def __enter__(self) -> Self:
        """Make this the place in which the calls of the running task are made."""
        self._outer.append(_PLACE.set(self))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leave the place."""
        _PLACE.reset(self._outer.pop())
        self.leave()


_PLACE: ContextVar[Place | None] = ContextVar("the place in a lane in which a task makes its calls", default=None)


class Lane:
    """The order of calls to one camera.

    A call under way cannot be cancelled: libgphoto2 cannot be interrupted, and the next caller must not get its
    answer. So each call runs in a task of the lane, and a caller who gives up only stops waiting.

    Calls that nobody waits for in an order, such as previews, are made while who has the first place makes none.
    """

    def __init__(self, thing: str = "the camera") -> None:
        """Make an order of calls to what refusals name `thing`."""
        self.owner: str | None = None
        self._thing = thing
        self._places: dict[Place, None] = {}
        self._running: tuple[Place, asyncio.Future[None]] | None = None
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
        return self._running is not None

    def allow(self, owner: str | None) -> None:
        """Raise CameraBusy where a job owns the lane and `owner` is not it; who has a place already came earlier."""
        if self._held() is None:
            self._refuse_others(owner)

    def _refuse_others(self, owner: str | None) -> None:
        if self.owner is not None and owner != self.owner:
            raise held(CameraBusy, self._thing, self.owner)

    def place(self) -> Place:
        """Take a place behind all that was asked for until now, at once; the one that the task has where it has one."""
        return self._held() or self._take(ordered=True, kept=True)

    async def run(self, work: Callable[[], Awaitable[T]], *, ordered: bool = True) -> T:
        """Do the work when everything earlier is done; it goes on when the caller is cancelled."""
        loop = asyncio.get_running_loop()
        place = self._held() or self._take(ordered=ordered, kept=False)
        turn: asyncio.Future[None] = loop.create_future()
        outcome: asyncio.Future[T] = loop.create_future()
        place.turns.append(turn)
        task = loop.create_task(self._in_turn(place, turn, work, outcome))
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._ended(done, place, turn, outcome))
        self._advance()
        return await outcome

    async def _in_turn(
        self,
        place: Place,
        turn: "asyncio.Future[None]",
        work: Callable[[], Awaitable[T]],
        outcome: "asyncio.Future[T]",
    ) -> None:
        try:
            try:
                await turn
                result = await work()
            finally:
                self._passed(place, turn)
        except Exception as error:  # noqa: BLE001 - handed on to who asked; after a caller who gave up it is nobody's
            if not outcome.done():
                outcome.set_exception(error)
        else:
            if not outcome.done():
                outcome.set_result(result)

    def _ended(
        self, task: "asyncio.Task[None]", place: Place, turn: "asyncio.Future[None]", outcome: "asyncio.Future[T]"
    ) -> None:
        self._tasks.discard(task)
        # A task that was cancelled before its first step has not done this itself.
        self._passed(place, turn)
        if task.cancelled():
            outcome.cancel()

    def _held(self) -> Place | None:
        place = _PLACE.get()
        return place if place is not None and place.lane is self and place.kept else None

    def _take(self, *, ordered: bool, kept: bool) -> Place:
        place = Place(self, ordered=ordered, kept=kept)
        self._places[place] = None
        self._advance()
        return place

    def _advance(self) -> None:
        """Let the next call begin: of the first place in the order, or one that has none if it came before."""
        behind = False
        for place in self._places:
            if place.ordered:
                if behind:
                    continue
                behind = True
                place.is_first.set()
            while place.turns and self._running is None:
                turn = place.turns.popleft()
                if not turn.done():  # else its caller was cut off
                    self._running = (place, turn)
                    turn.set_result(None)
            if self._running is not None and behind:
                return

    def _passed(self, place: Place, turn: "asyncio.Future[None]") -> None:
        if self._running is not None and self._running[1] is turn:
            self._running = None
        elif turn in place.turns:
            place.turns.remove(turn)
        self.settle(place)

    def settle(self, place: Place) -> None:
        """Forget a place that nobody keeps and in which nothing is left to do, and go on."""
        running = self._running is not None and self._running[0] is place
        if not place.kept and not place.turns and not running:
            self._places.pop(place, None)
        self._advance()

    def claim(self, owner: str) -> None:
        """Give the lane to a job from now on; raise CameraBusy where another one has it."""
        self._refuse_others(owner)
        self.owner = owner
        self._rests.clear()

    def release(self, owner: str) -> None:
        """Take the lane back from a job; where it has it no more, nothing changes."""
        if self.owner == owner:
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
        """Wait until no job owns the lane, or the one that does rests; who has a place in it came before the job."""
        while not self.at_rest and self._held() is None:
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
