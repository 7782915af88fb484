"""A release that stays pressed, and the contact for a flash, which tells when the shutter opened and closed."""

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass


@dataclass(frozen=True)
class Edge:
    """The contact closed, with the shutter open, or opened again."""

    at: float
    """Seconds on the monotonic clock."""
    closed: bool


class Held(ABC):
    """A release that can be kept pressed, with the edges of its contact from the beginning; used by one task."""

    def __init__(self) -> None:
        self._edges: asyncio.Queue[Edge] = asyncio.Queue()
        self._again: Edge | None = None

    def hear(self, edge: Edge) -> None:
        """Take note of an edge."""
        self._edges.put_nowait(edge)

    async def edge(self, seconds: float) -> Edge:
        """Return the next edge; raise TimeoutError where none comes within so many seconds."""
        if self._again is not None:
            edge, self._again = self._again, None
            return edge
        async with asyncio.timeout(max(0.0, seconds)):
            return await self._edges.get()

    def put_back(self, edge: Edge) -> None:
        """Let an edge be the next one once more."""
        self._again = edge

    @abstractmethod
    async def press(self) -> None:
        """Press the release, half where that is wired and then fully, until it is let go; raise TriggerFailed."""

    @abstractmethod
    async def let_go(self) -> None:
        """Let go of it; once is enough."""
