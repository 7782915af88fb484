"""In which order cameras are chosen and used: requests that mean a camera wait for those before them that choose it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeVar

T = TypeVar("T")


class Chosen(Protocol):
    """What must be known of an open camera."""

    model: str

    @property
    def port(self) -> str:
        """Where the camera is."""


@dataclass(eq=False)
class Choice:
    """A request that opens, selects or closes a camera, from its arrival until it is done."""

    kind: Literal["open", "close"]
    camera_id: str | None = None
    model: str | None = None
    port: str | None = None
    selects: bool = True
    followers: list[Callable[[], None]] = field(default_factory=list)
    """Requests that came later and wait for this one, in their order."""

    def names(self, camera: Chosen) -> bool:
        """Say whether model and port may mean this camera."""
        return self.kind == "open" and self.model in {None, camera.model} and self.port in {None, camera.port}


class Choices:
    """The choices under way: made one after the other, each heard by the requests behind it and by no other.

    `cameras` are the open ones by camera_id, `selected` gives the id of the selected one.
    """

    def __init__(self, cameras: Mapping[str, Chosen], selected: Callable[[], str | None]) -> None:
        self._cameras = cameras
        self._selected = selected
        self._under_way: list[Choice] = []
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def make(self, choice: Choice) -> AsyncIterator[None]:
        """Make a choice in its turn, which it takes at once; requests behind it go on when the block ends."""
        self._under_way.append(choice)
        try:
            async with self._turn:
                yield
        finally:
            place = self._under_way.index(choice)
            del self._under_way[place]
            if place > 0:
                # Given up before its turn: who waited for it waits for the one before it.
                self._under_way[place - 1].followers += choice.followers
            else:
                for follow in choice.followers:
                    follow()

    async def after(
        self, camera_ids: Collection[str | None] | None, take: Callable[[], T], give_back: Callable[[T], None]
    ) -> T:
        """Take something of cameras, None being the selected one: at once, or when what chooses them is done.

        Without `camera_ids` all cameras are meant.
        `take` is called without anything in between, so that the order of the requests is the order of the takers.
        What it returns is given back where its caller has given up meanwhile.
        """
        choices = self._under_way if camera_ids is None else self._that_concern(camera_ids)
        choice = max(choices, key=self._under_way.index, default=None)
        if choice is None:
            return take()
        taken: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        choice.followers.append(lambda: _settle(taken, take))
        try:
            return await taken
        except asyncio.CancelledError:
            if taken.done() and not taken.cancelled() and taken.exception() is None:
                give_back(taken.result())
            raise

    def _that_concern(self, camera_ids: Collection[str | None]) -> list[Choice]:
        return [choice for one in camera_ids if (choice := self._last_that_concerns(one)) is not None]

    def _last_that_concerns(self, camera_id: str | None) -> Choice | None:
        last: Choice | None = None
        for choice in self._under_way:
            follows = last is not None and choice.camera_id is None
            if follows or (self._changes_selected(choice) if camera_id is None else self._touches(choice, camera_id)):
                last = choice
        return last

    def _changes_selected(self, choice: Choice) -> bool:
        if choice.kind == "open":
            return choice.selects
        return choice.camera_id in {None, self._selected()} or len(self._under_way) > 1

    def _touches(self, choice: Choice, camera_id: str) -> bool:
        if choice.camera_id is not None:
            return choice.camera_id == camera_id
        camera = self._cameras.get(camera_id)
        if camera is None:
            return choice.kind == "open"
        return camera_id == self._selected() or choice.names(camera)


def _settle(taken: "asyncio.Future[T]", take: Callable[[], T]) -> None:
    if taken.done():
        return
    try:
        taken.set_result(take())
    except Exception as error:  # noqa: BLE001 - handed on to who asked
        taken.set_exception(error)
