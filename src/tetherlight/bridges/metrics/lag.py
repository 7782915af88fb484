"""How late the event loop is: everything that runs on it is late by as much."""

import asyncio

EVERY_S = 0.5
FORGOTTEN_S = 120.0
"""Seconds after which a lag that nobody has asked for is measured no more."""


class Lag:
    """The longest lag since it was last asked for; it is measured while somebody asks now and then."""

    def __init__(self) -> None:
        self._longest = 0.0
        self._until = 0.0
        self._next: asyncio.TimerHandle | None = None

    def read(self) -> float:
        """Return the longest lag since the last call, in seconds; 0 at the first."""
        loop = asyncio.get_running_loop()
        found, self._longest = self._longest, 0.0
        self._until = loop.time() + FORGOTTEN_S
        if self._next is None:
            self._wait(loop)
        return found

    def end(self) -> None:
        """Measure no more."""
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        due = loop.time() + EVERY_S
        self._next = loop.call_at(due, self._look, loop, due)

    def _look(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        self._longest = max(self._longest, loop.time() - due)
        self._next = None
        if due < self._until:
            self._wait(loop)
