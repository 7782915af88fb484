"""Looks after an open camera in the gaps: what happens on its body, and how old the config cache is."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

from tetherlight.camera.config import ConfigCache
from tetherlight.errors import TetherlightError

logger = logging.getLogger(__name__)
REST = 0.15
"""Seconds between two looks for events: they wait in the camera, so looking often gains nothing."""
REST_LIVEVIEW = 0.25
"""The same while previews are taken; one look takes a few milliseconds of the camera's time."""
LIVEVIEW_OVER = 1.0
"""Seconds after the last preview in which live view still counts as running."""
UNPROVEN = 1.0
"""Seconds after which a camera that gave no sign of its own is asked whether it is there."""
ROOM_S = 60.0
"""Seconds for which the room on the cards counts as known, where somebody wants to know it."""
SLOWEST_ROUND = 0.2
"""Seconds between two single entries that are read again while live view keeps the camera busy."""


class Watch:
    """The idle pump of one camera.

    The order of freshness: entries that the camera says have changed, one at a time; the whole tree when it is older
    than the refresh interval and nobody else uses the camera; one entry after another while live view runs.
    """

    def __init__(
        self,
        cache: ConfigCache,
        interval: float,
        *,
        idle: Callable[[], bool],
        poll: Callable[[], Awaitable[object]],
        read_entry: Callable[[str], Awaitable[None]],
        read_all: Callable[[], Awaitable[None]],
        rest: Callable[[], Awaitable[None]],
        check: Callable[[], Awaitable[None]],
        proven_at: Callable[[], float],
    ) -> None:
        self._cache = cache
        self._interval = interval
        self._idle = idle
        self._poll = poll
        self._read_entry = read_entry
        self._read_all = read_all
        self._rest = rest
        self._check = check
        self._proven_at = proven_at
        self._pending: dict[str, None] = {}
        self._round: list[str] = []
        self._round_at = time.monotonic()
        self._task: asyncio.Task[None] | None = None
        self._checked_at = -float("inf")
        self._room_wanted = False
        self.last_preview_at = -float("inf")
        """When the last preview came, on the monotonic clock."""

    def start(self) -> None:
        """Begin to watch."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="camera watch")

    async def stop(self) -> None:
        """End watching; a call under way goes on in the camera's lane."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def changed(self, names: Sequence[str]) -> None:
        """Take note of entries that the camera says have changed."""
        for name in names:
            # A property that no entry stands for is left to the next reading of the whole tree.
            if (known := self._cache.name_of(name)) is not None:
                self._pending[known] = None

    def want_room(self) -> None:
        """Let the camera be asked for the room on its cards when it is at rest, unless that was done just now."""
        self._room_wanted = True

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(REST_LIVEVIEW if self._in_liveview() else REST)
            if not self._idle():
                continue
            try:
                await self._look()
            except TetherlightError as error:
                logger.debug("The camera was not watched this time: %s", error)
            except Exception:
                logger.exception("Watching the camera failed")

    def _in_liveview(self) -> bool:
        return time.monotonic() - self.last_preview_at < LIVEVIEW_OVER

    async def _look(self) -> None:
        await self._poll()
        now = time.monotonic()
        if now - self._proven_at() >= UNPROVEN or (self._room_wanted and now - self._checked_at >= ROOM_S):
            self._room_wanted, self._checked_at = False, now
            await self._check()
        await self._rest()
        while self._pending and self._idle():
            name = next(iter(self._pending))
            del self._pending[name]
            await self._read_entry(name)
            if self._in_liveview():
                return
        if not self._idle():
            return
        if self._in_liveview():
            await self._next_of_round()
        elif time.monotonic() - self._cache.filled_at >= self._interval:
            await self._read_all()

    async def _next_of_round(self) -> None:
        names = self._cache.names()
        pause = max(SLOWEST_ROUND, self._interval / max(1, len(names)))
        if not names or time.monotonic() - self._round_at < pause:
            return
        self._round_at = time.monotonic()
        self._round = self._round or names[::-1]
        await self._read_entry(self._round.pop())
