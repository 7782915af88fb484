"""What the ASGI interface hides: the transport under a connection, and how uvicorn was configured.

Everything here is found through the `receive` callable that uvicorn passes, which is a method of its own objects. The
application keeps it in the scope before anything wraps it. Under another ASGI server nothing is found, and the callers
do without.
"""

import logging
import socket
from collections.abc import Callable
from typing import Any

from starlette.types import Receive, Scope
from websockets.protocol import State

from tetherlight.server.access.grants import grant_of
from tetherlight.server.access.visitors import VISITOR

logger = logging.getLogger(__name__)

RECEIVE = "tetherlight.receive"

UNSENT_BYTES = 128 * 1024
"""Bytes that the kernel holds back for a slow reader."""

UNSENT_STREAM_BYTES = 16 * 1024
"""The same where frames go: more would be stale ones. Whole files are sent faster with more."""

STALLED_AFTER = 30.0
"""Seconds after which a client that takes no byte of what waits for it is given up."""


class Link:
    """The transport under one connection."""

    def __init__(self, scope: Scope) -> None:
        protocol = _server_object(scope)
        transport = getattr(protocol, "transport", None)
        self._transport = transport if hasattr(transport, "get_write_buffer_size") else None
        # WebSocket protocols have an event, HTTP ones an object with a method.
        wait = getattr(getattr(protocol, "writable", None), "wait", None)
        self._conversation = getattr(protocol, "conn", None)
        self._wait_writable = wait or getattr(getattr(protocol, "flow", None), "drain", None)
        self._stuck_since: float | None = None
        self._last_buffered = 0
        self._passed = self._last_passed = 0
        self._visitor = scope.get(VISITOR)
        self.grant = grant_of(scope)
        """What the other end is let in as; None as long as it is a stranger."""
        self.complete = False
        """Whether all that there is to send was handed over."""

    def tune(self) -> None:
        """Keep stale frames out of the buffers between us and the client."""
        if self._transport is None:
            return
        # A frame may wait in the transport, but not a second one behind it, which would be stale when it goes. One byte
        # and not none: encrypted transports take a buffer of the limit's size for a full one, an empty buffer as well.
        self._transport.set_write_buffer_limits(high=1, low=0)
        found = self._transport.get_extra_info("socket")
        if found is not None:
            tune_socket(found, UNSENT_STREAM_BYTES)

    @property
    def identity(self) -> object:
        """What stands for the connection, however many responses go over it."""
        return self if self._transport is None else self._transport

    def recognise(self) -> None:
        """Take note that the client has shown the token."""
        if self._visitor is not None:
            self._visitor.shows(known=True)

    def progress(self) -> None:
        """Take note that something could be sent."""
        self._passed += 1

    async def writable(self) -> None:
        """Wait until the transport takes more without growing its buffer."""
        if self._wait_writable is not None:
            await self._wait_writable()
        self.progress()

    def write_now(self, message: Callable[[], bytes]) -> bool:
        """Write a whole WebSocket message past the ASGI server, or return False: it must go the usual way.

        Only where nothing waits in the transport, and where uvicorn's own state of the conversation is found and open.
        """
        transport = self._transport
        if transport is None or getattr(self._conversation, "state", None) is not State.OPEN:
            return False
        if transport.is_closing() or transport.get_write_buffer_size():
            return False
        transport.write(message())
        self._passed += 1
        return True

    @property
    def buffered(self) -> int:
        """Bytes that the kernel has not taken yet."""
        return self._transport.get_write_buffer_size() if self._transport is not None else 0

    def stalled(self, now: float) -> bool:
        """Say whether the peer has taken nothing for too long; to be asked regularly."""
        buffered = self.buffered
        # What uvicorn adds by itself, such as pings, makes the buffer grow and is no sign of life.
        moving = buffered < self._last_buffered or self._passed != self._last_passed
        self._last_buffered, self._last_passed = buffered, self._passed
        if buffered == 0 or moving:
            self._stuck_since = None
        elif self._stuck_since is None:
            self._stuck_since = now
        return self._stuck_since is not None and now - self._stuck_since >= STALLED_AFTER

    def abort(self) -> None:
        """Drop the connection with all that waits in it."""
        if self._transport is not None:
            self._transport.abort()

    def abort_if_stuck(self) -> None:
        """Drop the connection if the peer does not take what was sent to it."""
        if self.buffered > 0:
            self.abort()


def websocket_message(*parts: bytes, text: bool = False) -> bytes:
    """Put the header of an unmasked, uncompressed message in front of its parts (RFC 6455, section 5.2)."""
    size = sum(map(len, parts))
    length = (
        bytes((size,)) if size < 126 else b"\x7e" + size.to_bytes(2) if size < 65536 else b"\x7f" + size.to_bytes(8)
    )
    return b"".join((b"\x81" if text else b"\x82", length, *parts))


def tune_socket(found: Any, unsent: int = UNSENT_BYTES) -> None:
    """Bound the unsent bytes in the kernel and send small messages at once; a no-op on sockets that know neither."""
    if found.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    try:
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, unsent)
    except OSError as error:
        logger.debug("The socket could not be tuned: %s", error)


def keep_receive(scope: Scope, receive: Receive) -> None:
    """Remember the server's own `receive` before a middleware wraps it."""
    scope[RECEIVE] = receive


def other_end(scope: Scope) -> tuple[str, int] | None:
    """Return address and port at the other end of the connection itself, whatever a header says; None if unknown."""
    transport = getattr(_server_object(scope), "transport", None)
    found = transport.get_extra_info("peername") if transport is not None else None
    return (str(found[0]), int(found[1])) if isinstance(found, tuple) else None


def server_config(scope: Scope) -> Any:
    """Return the uvicorn configuration behind a lifespan, None under another server."""
    return getattr(_server_object(scope), "config", None)


def _server_object(scope: Scope) -> Any:
    return getattr(scope.get(RECEIVE), "__self__", None)
