"""Raw connections before they have said anything: how many there may be, and how long each may be silent.

uvicorn bounds neither, and every connection costs a file descriptor that a capture would need.
"""

import asyncio
import logging
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

logger = logging.getLogger(__name__)

FURTHER_CONNECTIONS = 256
"""Connections beside the WebSockets that MAX_CONNECTIONS allows: pages, images, and those that have not asked yet."""

SILENT_SECONDS = 10.0
"""Seconds in which a connection must bring a whole request, the first or the next."""


class Entrance(H11Protocol):
    """uvicorn's own protocol with these two bounds."""

    def __init__(self, *arguments: Any, most: int, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._most = most
        self._answered: object = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Let a connection in while there is room."""
        super().connection_made(transport)
        if len(self.connections) > self._most:
            logger.warning("A connection was dropped: %d are open already", self._most)
            transport.abort()
        else:
            self.loop.call_later(SILENT_SECONDS, self._look)

    def _look(self) -> None:
        """Close the connection if nothing was asked since the last look."""
        if self not in self.connections:  # it has ended, or became a WebSocket
            return
        cycle: Any = self.cycle  # None before the first request
        waits = cycle is None or cycle.response_complete
        if waits and cycle is self._answered:
            self.transport.close()
            return
        self._answered = cycle if waits else None
        self.loop.call_later(SILENT_SECONDS, self._look)
