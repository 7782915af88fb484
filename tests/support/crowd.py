"""Clients that a server meets when there are many of them, and when some behave badly."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import websockets.asyncio.client
from websockets.asyncio.client import ClientConnection

from support.patience import stretched
from support.wire_client import CONNECT_S, WireClient
from tetherlight.protocol.frames import FrameHeader

SMALL_BUFFER = 8192


class Watcher(WireClient):
    """Watches a live view and keeps of each frame only its number."""

    def __init__(self, url: str, **options: Any) -> None:
        super().__init__(url, **options)
        self.seen: list[int] = []

    def _take(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self.seen.append(FrameHeader.unpack(message).seq)
        else:
            super()._take(message)

    async def watch(self, **wanted: Any) -> None:
        """Start the live view and wait for its first frame."""
        await self.do("START_LIVEVIEW", {"encoding": "binary", **wanted})
        await self.see(1)

    async def see(self, count: int, within: float = 60.0) -> float:
        """Wait for so many more frames; return which part they are of all that the camera gave meanwhile."""
        before = len(self.seen)
        async with asyncio.timeout(stretched(within)), self._arrived:
            await self._arrived.wait_for(lambda: len(self.seen) >= before + count)
        first, last = self.seen[max(0, before - 1)], self.seen[-1]
        return (len(self.seen) - max(1, before)) / max(1, last - first)


@asynccontextmanager
async def watchers(url: str, count: int, **wanted: Any) -> AsyncIterator[list[Watcher]]:
    """Let so many clients watch."""
    async with AsyncExitStack() as stack:
        entered = [await stack.enter_async_context(Watcher(url)) for _ in range(count)]
        await asyncio.gather(*(one.watch(**wanted) for one in entered))
        yield entered


@asynccontextmanager
async def silent_client(port: int) -> AsyncIterator[ClientConnection]:
    """Connect a client that reads nothing beyond its handshake unless it is told to, with little room for it."""
    link = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
    link.setblocking(False)
    await asyncio.get_running_loop().sock_connect(link, ("127.0.0.1", port))
    connection = await websockets.asyncio.client.connect(
        f"ws://127.0.0.1:{port}/ws",
        sock=link,
        max_size=None,
        max_queue=1,
        compression=None,
        ping_interval=None,
        open_timeout=stretched(CONNECT_S),
    )
    try:
        yield connection
    finally:
        connection.transport.abort()
        await connection.wait_closed()


def request(action: str, payload: Any = None, request_id: Any = None) -> str:
    """Return a request as text."""
    return json.dumps({"action": action, "payload": payload, "request_id": request_id})
