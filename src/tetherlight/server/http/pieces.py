"""A response that is sent piece by piece and gives back what it holds, however it ends."""

import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing

import anyio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tetherlight.errors import TetherlightError

logger = logging.getLogger(__name__)


class Pieces(Response):
    """Sends what an iterator gives until it ends or the client leaves, then calls `close`.

    The next piece is made only when the one before is on its way, so a slow client holds back the reading.
    """

    def __init__(
        self, pieces: AsyncGenerator[bytes], status: int, headers: Mapping[str, str], close: Callable[[], None]
    ) -> None:
        self.status_code = status
        self.background = None
        self.body = b""
        self.raw_headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()
        ]
        self._pieces = pieces
        self._close = close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send all of it, watching for the client to leave."""
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(_until_gone, receive, group.cancel_scope)
                await self._send(send)
                group.cancel_scope.cancel()
        finally:
            self._close()

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        try:
            async with aclosing(self._pieces) as pieces:
                async for piece in pieces:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
        except TetherlightError as error:
            # The status is sent already. Without an end the server closes the connection, and the client sees the tear.
            logger.warning("A download was cut short: %s", error.message)
            return
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_gone(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()
