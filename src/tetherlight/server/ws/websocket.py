"""The WebSocket endpoint: one reader and one writer per connection, requests in flight together.

The reader takes the next message only while few requests are under way and few replies wait, so that a client which
asks faster than it reads is slowed down by TCP instead of growing memory.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from tetherlight.errors import InvalidMessage, TetherlightError, TooManyRequests, Unauthorized
from tetherlight.process.threads import failure_of
from tetherlight.protocol.closing import CloseCode
from tetherlight.protocol.messages import BadRequest, Request, failure_reply, parse_request, success_reply
from tetherlight.protocol.routes import WEBSOCKET
from tetherlight.protocol.server import AUTH
from tetherlight.server.access.grants import grant_of
from tetherlight.server.access.security import AUTH_SECONDS, Guard
from tetherlight.server.access.visitors import counted_address
from tetherlight.server.clients import Clients
from tetherlight.server.gate import peer_of, require_right
from tetherlight.server.link import Link
from tetherlight.server.state import ServerState, server_state
from tetherlight.server.ws.connection import Connection
from tetherlight.server.ws.fanout import BULK

logger = logging.getLogger(__name__)

IN_FLIGHT = 64
"""Requests of one connection under way together."""

NO_ROOM = "Too many connections; MAX_CONNECTIONS bounds them."

Answer = Callable[[Connection, Request], Awaitable[bytes | None]]
Dispatch = Callable[[Any, Connection, Request], Awaitable[bytes | None]]


class Conversation:
    """One accepted connection: reads requests, has each answered in a task of its own, writes what the outbox holds."""

    def __init__(
        self, connection: Connection, answer: Answer, *, bulky: frozenset[str], receive: Receive, send: Send
    ) -> None:
        self._connection = connection
        self._answer = answer
        self._bulky = bulky
        self._receive = receive
        self._send = send
        self._slots = asyncio.Semaphore(IN_FLIGHT)
        self._requests: set[asyncio.Task[None]] = set()

    async def run(self, clients: Clients, guard: Guard) -> None:
        """Talk until the client leaves or the connection is closed; requests under way are left to finish."""
        writer = asyncio.create_task(self._write())
        reader = asyncio.create_task(self._listen(clients, guard))
        try:
            await asyncio.wait((reader, writer), return_when=asyncio.FIRST_COMPLETED)
            if self._connection.closing is not None:
                await asyncio.wait((writer,))
        finally:
            self._connection.end()
            for task in (reader, writer):
                task.cancel()
            await asyncio.gather(reader, writer, return_exceptions=True)
            for request in tuple(self._requests):
                clients.adopt(request)

    async def _listen(self, clients: Clients, guard: Guard) -> None:
        try:
            if self._connection.authenticated or await self._admit(clients, guard):
                await self._read()
        except Exception:
            logger.exception("Reading from %s failed unexpectedly", self._connection.id)

    async def _admit(self, clients: Clients, guard: Guard) -> bool:
        action, request_id = AUTH.name, None
        try:
            async with asyncio.timeout(AUTH_SECONDS):
                event = await self._receive()
            if event["type"] == "websocket.disconnect":
                return False
            request = _parse(event)
            action, request_id = request.action, request.request_id
            if action.upper() != AUTH.name:
                raise Unauthorized("The first message must be AUTH with the server's token.")
            grant = guard.check_token(AUTH.parse(request.payload).token, self._connection.peer)
            require_right(grant, WEBSOCKET.right)
        except TimeoutError:
            self._connection.close(CloseCode.UNAUTHORIZED, f"No AUTH came within {AUTH_SECONDS:.0f} s.")
            return False
        except BadRequest as wrong:
            self._turn_away(wrong.error, wrong.action, wrong.request_id)
            return False
        except TetherlightError as error:
            self._turn_away(error, action, request_id)
            return False
        if clients.full:
            self._turn_away(TooManyRequests(NO_ROOM), action, request_id, CloseCode.TOO_MANY)
            return False
        clients.add(self._connection)
        self._connection.admit(grant)
        self._connection.link.recognise()
        self._connection.send(success_reply(action, {"message": "Authenticated."}, request_id))
        return True

    def _turn_away(
        self, error: TetherlightError, action: str, request_id: str | int | None, code: CloseCode | None = None
    ) -> None:
        self._connection.send(failure_reply(action, error, request_id))
        self._connection.close(code or CloseCode.of(error), error.message[:100])

    async def _read(self) -> None:
        while True:
            event = await self._receive()
            if event["type"] == "websocket.disconnect":
                return
            await self._slots.acquire()
            await self._connection.outbox.drained()
            task = asyncio.create_task(self._serve(event))
            self._requests.add(task)
            task.add_done_callback(self._served)
            # One request a turn: of many that have come already each would else hold up everybody's live view.
            await asyncio.sleep(0)

    def _served(self, task: asyncio.Task[None]) -> None:
        self._requests.discard(task)
        self._slots.release()
        if (error := failure_of(task)) is not None:
            logger.error("A request of %s failed unexpectedly", self._connection.id, exc_info=error)

    async def _serve(self, event: Message) -> None:
        try:
            request = _parse(event)
        except BadRequest as wrong:
            logger.info("%s %s refused: %s", self._connection.id, wrong.action, wrong.error.code)
            self._connection.send(failure_reply(wrong.action, wrong.error, wrong.request_id))
            return
        bulk = self._connection.outbox.bulk
        if request.action.upper() in self._bulky:
            # Its reply may be large: it is not even made before the one before it was sent.
            async with bulk:
                reply = await self._reply(request)
                if reply is not None:
                    await self._connection.send_bulk(reply)
            return
        reply = await self._reply(request)
        if reply is None:
            return
        if len(reply) < BULK:
            self._connection.send(reply)
            return
        async with bulk:
            await self._connection.send_bulk(reply)

    async def _reply(self, request: Request) -> bytes | None:
        if self._connection.ended:
            return None
        return await self._answer(self._connection, request)

    async def _write(self) -> None:
        link, outbox = self._connection.link, self._connection.outbox
        try:
            while await outbox.filled():
                # What goes next is chosen when it can go: a frame that was chosen earlier would be an older one.
                await link.writable()
                outgoing = outbox.take()
                if outgoing is None:
                    continue
                kind = "text" if isinstance(outgoing.message, str) else "bytes"
                try:
                    await self._send({"type": "websocket.send", kind: outgoing.message})
                    await link.writable()
                finally:
                    if outgoing.sent is not None:
                        outgoing.sent()
            if self._connection.closing is not None:
                code, reason = self._connection.closing
                await self._send({"type": "websocket.close", "code": code, "reason": reason})
        except (OSError, RuntimeError) as error:
            # uvicorn raises the second where it has closed the connection itself, as after a ping without an answer.
            logger.debug("%s left while it was written to: %s", self._connection.id, error)
        except Exception:
            logger.exception("Writing to %s failed unexpectedly", self._connection.id)


class WebSocketEndpoint:
    """The ASGI application at /ws."""

    def __init__(self, dispatch: Dispatch, bulky: frozenset[str] = frozenset()) -> None:
        self._dispatch = dispatch
        self._bulky = bulky

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Accept a connection and talk until it ends."""
        state = server_state(scope)
        await receive()
        await send({"type": "websocket.accept"})
        known = grant_of(scope) is not None
        refusal = _no_room(state, known=known)
        if refusal is not None:
            await send({"type": "websocket.close", "code": refusal[0], "reason": refusal[1]})
            return
        link = Link(scope)
        link.tune()
        connection = Connection(state.clients.next_id(), peer_of(scope), link)
        logger.info("%s connected from %s", connection.id, connection.peer)
        answer = partial(self._dispatch, state.rig)
        if known:
            state.clients.add(connection)
        else:
            state.clients.wait_for_token(connection, counted_address(connection.peer))
        try:
            conversation = Conversation(connection, answer, bulky=self._bulky, receive=receive, send=send)
            await conversation.run(state.clients, state.guard)
        finally:
            state.clients.remove(connection)
            logger.info("%s left", connection.id)


def _no_room(state: ServerState, *, known: bool) -> tuple[CloseCode, str] | None:
    if state.clients.stopping:
        return CloseCode.STOPPING, CloseCode.STOPPING.sentence
    if known and state.clients.full:
        return CloseCode.TOO_MANY, NO_ROOM
    return None


def _parse(event: Message) -> Request:
    text = event.get("text")
    if text is None:
        raise BadRequest(InvalidMessage("Binary messages are not read; send JSON as text."))
    return parse_request(text)
