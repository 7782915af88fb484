"""All clients of the server: who hears an event, and how everybody is sent home."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator
from typing import Protocol

from starlette.types import Scope

from tetherlight.protocol.closing import CloseCode
from tetherlight.publisher import Publication
from tetherlight.server.access.grants import Grant
from tetherlight.server.access.strangers import Strangers
from tetherlight.server.link import Link

logger = logging.getLogger(__name__)

SWEEP_INTERVAL = 5.0
"""Seconds between two looks for clients that take nothing."""

ORPHANS = 128
"""Requests of clients that left which may still be under way."""


class Client(Protocol):
    """A WebSocket connection or an endless HTTP response."""

    id: str
    link: Link

    def hear(self, publication: Publication) -> None:
        """Take an event if it concerns this client."""

    def close(self, code: CloseCode, reason: str) -> None:
        """Begin to end; the client leaves `Clients` when it has ended."""


class Clients:
    """The clients that are connected now, and the HTTP responses that others are being sent."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._clients: dict[Client, None] = {}
        self._strangers = Strangers[Client]()
        self._responses: dict[object, Link] = {}
        """The last response on each connection, until its client has taken it."""
        self._empty = asyncio.Event()
        self._empty.set()
        self._count = 0
        self._orphans: dict[asyncio.Task[None], None] = {}
        self._sweeper: asyncio.Task[None] | None = None
        self.stopping = False

    def __len__(self) -> int:
        return len(self._clients) + len(self._strangers)

    def __iter__(self) -> Iterator[Client]:
        return iter((*self._clients, *self._strangers))

    @property
    def full(self) -> bool:
        """Whether no further client is taken; who has not shown the token yet takes no place."""
        return len(self._clients) >= self._limit

    def next_id(self) -> str:
        """Return a short name for a new client, for the log and the jobs."""
        self._count += 1
        return f"c{self._count}"

    def add(self, client: Client) -> None:
        """Let the client hear events from now on."""
        self._strangers.remove(client)
        self._clients[client] = None
        self._empty.clear()

    def wait_for_token(self, client: Client, address: str | None) -> None:
        """Let a client stay until it has shown the token; another one may have to go for it."""
        leaves = self._strangers.add(client, address)
        self._empty.clear()
        if leaves is not None:
            leaves.close(CloseCode.TOO_MANY, "Too many connections have not shown the token.")

    def remove(self, client: Client) -> None:
        """Forget a client that ended."""
        self._clients.pop(client, None)
        self._strangers.remove(client)
        if not len(self):
            self._empty.set()

    @contextlib.contextmanager
    def response(self, scope: Scope) -> Iterator[Link]:
        """Watch a response until its client has taken all of it; who takes nothing for too long is dropped."""
        link = Link(scope)
        self._responses[link.identity] = link
        try:
            yield link
        finally:
            link.complete = True
            self._forget_taken(link)

    def hear(self, publication: Publication) -> None:
        """Hand an event to everybody whom it concerns."""
        for client in tuple(self._clients):
            client.hear(publication)

    def adopt(self, request: asyncio.Task[None]) -> None:
        """Let a request finish whose client has left: a camera half selected or a picture half taken helps nobody."""
        self._orphans[request] = None
        request.add_done_callback(lambda done: self._orphans.pop(done, None))
        if len(self._orphans) > ORPHANS:
            next(iter(self._orphans)).cancel()

    def start(self) -> None:
        """Begin to look for clients that take nothing."""
        self._sweeper = asyncio.create_task(self._sweep(), name="sweep of stalled clients")

    async def stop(self, within: float) -> None:
        """Send everybody home and wait for it for at most `within` seconds; a second call changes nothing."""
        self.stopping = True
        for client in self:
            client.close(CloseCode.STOPPING, CloseCode.STOPPING.sentence)
        try:
            async with asyncio.timeout(within):
                await self._empty.wait()
        except TimeoutError:
            for client in self:
                client.link.abort()
        finally:
            tasks = [*self._orphans, *([self._sweeper] if self._sweeper is not None else [])]
            self._sweeper = None
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def dismiss(self, holds: Callable[[Grant], bool]) -> None:
        """End all that was let in by what does not hold any more: a token was revoked, or the first one made."""
        for client in self:
            if client.link.grant is not None and not holds(client.link.grant):
                client.close(CloseCode.UNAUTHORIZED, "The token that was shown here is not valid any more.")
        for link in tuple(self._responses.values()):
            if link.grant is not None and not holds(link.grant):
                link.abort()

    async def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SWEEP_INTERVAL)
            self.sweep(loop.time())

    def sweep(self, now: float) -> None:
        """End those that take nothing; to be done regularly."""
        for client in self:
            if client.link.stalled(now):
                client.close(CloseCode.TOO_SLOW, "The client reads nothing.")
        for link in tuple(self._responses.values()):
            if link.stalled(now):
                link.abort()
            self._forget_taken(link)

    def _forget_taken(self, link: Link) -> None:
        if link.complete and not link.buffered and self._responses.get(link.identity) is link:
            del self._responses[link.identity]
