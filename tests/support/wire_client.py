"""A raw WebSocket client for tests: it knows JSON and nothing of Tetherlight's own client."""

import asyncio
import itertools
import json
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import websockets.asyncio.client
from websockets.exceptions import ConnectionClosed

from support.patience import stretched

ANSWER_S = 60.0
CONNECT_S = 30.0

Message = dict[str, Any]


class WireClient:
    """One connection: sends requests, matches replies by request_id, and keeps every other message in order."""

    def __init__(self, url: str, **options: Any) -> None:
        self._url = url
        self._options = {"max_size": None, "compression": None, "open_timeout": stretched(CONNECT_S)} | options
        self._ids = itertools.count(1)
        self._replies: dict[Any, asyncio.Future[Message]] = {}
        self._arrived = asyncio.Condition()
        self.events: list[Message] = []
        self.binary: list[bytes] = []

    async def __aenter__(self) -> Self:
        self.socket = await websockets.asyncio.client.connect(self._url, **self._options)
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.socket.close()
        await self._reader

    async def request(self, action: str, payload: Any = None, timeout: float = ANSWER_S) -> Message:  # noqa: ASYNC109
        """Send a request and give its reply."""
        return await asyncio.wait_for(await self.send(action, payload), stretched(timeout))

    async def do(self, action: str, payload: Any = None, timeout: float = ANSWER_S) -> Any:  # noqa: ASYNC109
        """Send a request, insist on success and give its data."""
        reply = await self.request(action, payload, timeout)
        assert reply["success"] is True, reply
        return reply["data"]

    async def send(self, action: str, payload: Any = None) -> "asyncio.Future[Message]":
        """Send a request and give the future of its reply."""
        request_id = f"request-{next(self._ids)}"
        future = self._replies[request_id] = asyncio.get_running_loop().create_future()
        message = {"action": action, "request_id": request_id}
        if payload is not None:
            message["payload"] = payload
        await self.socket.send(json.dumps(message))
        return future

    async def send_text(self, text: str) -> None:
        """Send any text as it is."""
        await self.socket.send(text)

    async def event(
        self,
        matches: str | Callable[[Message], bool],
        *,
        after: int = 0,
        timeout: float = ANSWER_S,  # noqa: ASYNC109
    ) -> Message:
        """Wait for a message without a matching request: by its action, or by what it holds."""
        test = (lambda message: message["action"] == matches) if isinstance(matches, str) else matches
        async with asyncio.timeout(stretched(timeout)), self._arrived:
            while True:
                for message in self.events[after:]:
                    if test(message):
                        return message
                await self._arrived.wait()

    async def frames(self, count: int, *, after: int | None = None, timeout: float = ANSWER_S) -> list[bytes]:  # noqa: ASYNC109
        """Give so many binary messages, those behind the first `after` ones or else those that come from now on."""
        before = len(self.binary) if after is None else after
        async with asyncio.timeout(stretched(timeout)), self._arrived:
            await self._arrived.wait_for(lambda: len(self.binary) >= before + count)
        return self.binary[before:]

    async def closed(self) -> tuple[int | None, str]:
        """Wait until the server has closed the connection and give code and reason."""
        await asyncio.wait_for(asyncio.shield(self._reader), stretched(ANSWER_S))
        return self.socket.close_code, self.socket.close_reason or ""

    async def _read(self) -> None:
        try:
            async for message in self.socket:
                async with self._arrived:
                    self._take(message)
                    self._arrived.notify_all()
        except ConnectionClosed:
            pass
        finally:
            for future in self._replies.values():
                if not future.done():
                    future.cancel()

    def _take(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self.binary.append(message)
            return
        parsed: Message = json.loads(message)
        future = self._replies.pop(parsed.get("request_id"), None)
        if future is None:
            self.events.append(parsed)
        elif not future.done():
            future.set_result(parsed)
