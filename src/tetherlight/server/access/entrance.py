"""Raw connections under `tetherlight serve`: how many there may be, and how long each may take for what it does.

uvicorn bounds neither, and every connection costs a file descriptor that a capture would need.
"""

import asyncio
import contextlib
import logging
import os
import socket
import ssl
from collections.abc import Coroutine
from functools import partial
from typing import Any, Literal, cast

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from tetherlight.server.access.proxies import Proxies
from tetherlight.server.access.visitors import VISITOR, Visitor, Visitors, counted_address

logger = logging.getLogger(__name__)

FURTHER_CONNECTIONS = 256
"""Connections beside the WebSockets that MAX_CONNECTIONS allows: pages, images, and those that have not asked yet."""

LOOK_SECONDS = 1.0
"""Seconds between two looks at a connection."""

UNKNOWN_REQUESTS = 32
"""Requests that a connection may bring without showing the token. More of them sent at once would keep the loop busy,
which takes only one new connection in each of its turns."""

HANDSHAKE_SECONDS = 10.0
"""Seconds for the handshake of TLS."""

Phase = Literal["waits", "body", "response", "closes"]

SECONDS: dict[Phase, float] = {"waits": 10.0, "body": 15.0, "response": 30.0, "closes": 10.0}
"""How long a connection may take: until the head of its first or next request is there, until the whole body is (the
application answers 408 before that), until it has taken the response, and until it has taken what is left at its end.
The last two hold for who has not shown the token; others only have to take something now and then (`Clients`)."""


class Reception:
    """What the connections of one server share: who is there, and how they come in."""

    def __init__(self, most: int, proxies: Proxies) -> None:
        self.visitors = Visitors(most)
        self.proxies = proxies
        self.tls: ssl.SSLContext | None = None
        """How connections are encrypted; the handshake is ours, so that it counts from its first moment."""
        self._handshakes: set[asyncio.Task[None]] = set()

    def look_after(self, handshake: Coroutine[Any, Any, None]) -> None:
        """Let a handshake go on; it has a deadline."""
        task = asyncio.get_running_loop().create_task(handshake)
        self._handshakes.add(task)
        task.add_done_callback(self._handshakes.discard)

    def protocol(self, **options: Any) -> asyncio.Protocol:
        """Return what receives a new connection."""
        return Entrance(self, **options) if self.tls is None else Handshake(self, self.tls, options)

    def address(self, transport: asyncio.BaseTransport) -> str | None:
        """Return what a connection is counted under; a proxy's only when it has said for whom it asks."""
        peer = transport.get_extra_info("peername")
        address = peer[0] if isinstance(peer, tuple) else None
        return None if self.proxies.trusts(address) else counted_address(address)


class Entrance(H11Protocol):
    """uvicorn's own protocol with these bounds."""

    def __init__(self, reception: Reception, visitor: Visitor | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._reception = reception
        self._entered = visitor is not None
        self._visitor = visitor or Visitor(reception.visitors)
        self._phase: tuple[Phase, object] = ("waits", None)
        self._since = self.loop.time()
        self.app = _introduced(self.app, self._visitor)
        self.ws_protocol_class = partial(Upgraded, self._visitor)  # type: ignore[assignment]  # called and no more

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Let a connection in while there is room."""
        super().connection_made(transport)
        self._visitor.drop, self._visitor.rests = transport.abort, self._rests
        if self._entered or self._visitor.enter(self._reception.address(transport)):
            self.loop.call_later(LOOK_SECONDS, self._look)
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room for another one."""
        self._visitor.leave()
        super().connection_lost(exc)

    def _rests(self) -> bool:
        return self._phase_now()[0] == "waits"

    def _look(self) -> None:
        """Drop the connection if what it is about takes too long."""
        if self not in self.connections:  # it has ended, or became a WebSocket
            return
        phase, now = self._phase_now(), self.loop.time()
        if phase != self._phase:
            self._phase, self._since = phase, now
        patient = self._visitor.known and phase[0] in {"response", "closes"}
        if now - self._since >= SECONDS[phase[0]] and not patient:
            logger.debug("A connection was dropped: it %s for too long", phase[0])
            self.transport.abort()
            return
        self.loop.call_later(LOOK_SECONDS, self._look)

    def _phase_now(self) -> tuple[Phase, object]:
        """Return what the connection is about, and which request that concerns."""
        cycle: Any = self.cycle  # None before the first request
        if self.transport.is_closing():
            return "closes", None
        if cycle is None or cycle.response_complete:
            return ("response" if self.transport.get_write_buffer_size() else "waits"), cycle
        return ("body" if cycle.more_body else "response"), cycle


class Upgraded(WebSocketsSansIOProtocol):
    """uvicorn's own protocol for a connection that became a WebSocket; it counts as before."""

    def __init__(self, visitor: Visitor, **options: Any) -> None:
        super().__init__(**options)
        self._visitor = visitor
        self._visitor.rests = lambda: False
        self.app = _introduced(self.app, visitor)

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room for another one."""
        self._visitor.leave()
        super().connection_lost(exc)


class Handshake(asyncio.Protocol):
    """Counts an encrypted connection from its first moment, and hands it on when its handshake is done."""

    def __init__(self, reception: Reception, context: ssl.SSLContext, options: dict[str, Any]) -> None:
        self._reception = reception
        self._context = context
        self._options = options

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let a connection in while there is room."""
        # Nothing was read from it yet; only on a socket of its own both kinds of loop can begin with a handshake.
        found = socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno()))
        found.setblocking(False)
        visitor = Visitor(self._reception.visitors, drop=partial(_end, found))
        entered = visitor.enter(self._reception.address(transport))
        cast("asyncio.Transport", transport).abort()
        if entered:
            self._reception.look_after(self._shake_hands(found, visitor))
        else:
            found.close()

    async def _shake_hands(self, found: socket.socket, visitor: Visitor) -> None:
        entrance = Entrance(self._reception, visitor, **self._options)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: entrance, found, ssl=self._context, ssl_handshake_timeout=HANDSHAKE_SECONDS
            )
        except (OSError, TimeoutError) as error:
            logger.debug("A handshake failed: %s", error)
            visitor.leave()
            found.close()


def _end(found: socket.socket) -> None:
    """Break a connection off whose transport is not known yet."""
    with contextlib.suppress(OSError):
        found.shutdown(socket.SHUT_RDWR)


def _introduced(app: ASGIApp, visitor: Visitor) -> ASGIApp:
    """Return the application, told with each request whose it is; who stays unknown may not go on for ever."""

    async def introduced(scope: Scope, receive: Receive, send: Send) -> None:
        scope[VISITOR] = visitor
        visitor.requests += 1

        async def send_or_end(message: Message) -> None:
            if message["type"] == "http.response.start" and visitor.requests >= UNKNOWN_REQUESTS:
                if visitor.known:
                    visitor.requests = 0
                else:
                    message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
            await send(message)

        await app(scope, receive, send_or_end if scope["type"] == "http" else send)

    return introduced
