"""One hook: its queue, and the task that tells what is in there."""

import asyncio
import itertools
import logging
from collections import Counter
from collections.abc import Callable
from typing import Literal

from tetherlight.bridges.hooks.command import Command
from tetherlight.bridges.hooks.events import Happened
from tetherlight.bridges.hooks.telling import NotNow, NotTold, Way
from tetherlight.errors import unexpected
from tetherlight.rigfile.hooks import HookTable

logger = logging.getLogger(__name__)

WAITING = 100
"""Events that may wait for one hook; what comes then is dropped and counted."""
PAUSES_S = (1.0, 5.0, 30.0, 120.0)
"""Seconds before each further try of one event; after the last one it is given up."""

Outcome = Literal["told", "failed", "dropped"]


def way_of(table: HookTable) -> Way:
    """Return how a hook tells. Blocking: for an address it loads what that needs."""
    if table.command is not None:
        return Command(table.command, table.timeout_s)
    from tetherlight.bridges.hooks.webhook import Webhook  # noqa: PLC0415 - costs memory that commands do not need

    return Webhook(table)


class Hook:
    """Tells events one after the other, in the order in which they happened."""

    def __init__(
        self,
        name: str,
        table: HookTable,
        way: Way,
        *,
        changed: Callable[[], None] = lambda: None,
        most: int = WAITING,
        pauses: tuple[float, ...] = PAUSES_S,
    ) -> None:
        self.name = name
        self._changed = changed
        self.events = frozenset(table.on)
        self.counts: Counter[Outcome] = Counter()
        self.trouble: str | None = None
        """Why the last event was not told; None where it was."""
        self._way = way
        self._waiting: asyncio.Queue[Happened] = asyncio.Queue(most)
        self._pauses = pauses
        self._lost = 0

    def take(self, happened: Happened) -> None:
        """Tell an event soon; where too many wait it is dropped. It never waits."""
        if happened.event not in self.events:
            return
        try:
            self._waiting.put_nowait(happened)
        except asyncio.QueueFull:
            self._lost += 1
            self._count("dropped", self.trouble)
            if self._lost == 1:
                logger.warning("Hook '%s' lags: %d events wait, and more are dropped", self.name, self._waiting.qsize())

    async def run(self) -> None:
        """Tell what comes until cancelled."""
        try:
            while True:
                await self._tell(await self._waiting.get())
                if self._lost and self._waiting.empty():
                    logger.warning("Hook '%s' has caught up; %d events were dropped", self.name, self._lost)
                    self._lost = 0
        finally:
            if left := self._waiting.qsize():
                logger.warning("The server ends before hook '%s' was told of %d events", self.name, left)

    async def _tell(self, happened: Happened) -> None:
        """Tell one event, in several tries where that may help."""
        for pause in itertools.chain(self._pauses, (None,)):
            try:
                await self._way.tell(happened)
            except NotTold as error:
                self._failed(happened, str(error), pause if isinstance(error, NotNow) else None)
                if not isinstance(error, NotNow) or pause is None:
                    return
                await asyncio.sleep(pause)
            except Exception as error:
                logger.exception("Hook '%s' broke", self.name)
                self._failed(happened, unexpected(error).message.rstrip("."), None)
                return
            else:
                self._count("told", None)
                logger.debug("Hook '%s' was told of %s", self.name, happened.event)
                return

    def _failed(self, happened: Happened, why: str, pause: float | None) -> None:
        if pause is None:
            self._count("failed", why)
            logger.warning("Hook '%s' was not told of %s: %s", self.name, happened.event, why)
        else:
            logger.info("Hook '%s' is told of %s again in %g s: %s", self.name, happened.event, pause, why)

    def _count(self, outcome: Outcome, trouble: str | None) -> None:
        self.counts[outcome] += 1
        self.trouble = trouble
        self._changed()
