"""One connection to a server, made again whenever it breaks.

A request that was under way when the connection broke fails with ServerUnreachable, unless its action only reads:
then it is asked again. New requests wait a while for the connection to come back.
"""

import asyncio
import contextlib
import itertools
import logging
import random
import secrets
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic_core import from_json, to_json
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from tetherlight.client.address import Address
from tetherlight.client.replies import error_of, value_of
from tetherlight.errors import ServerError, ServerUnreachable, TetherlightError, Unauthorized
from tetherlight.protocol.action import Action, P, Payload, R
from tetherlight.protocol.cameras import NoPayload
from tetherlight.protocol.closing import CloseCode, close_code
from tetherlight.protocol.server import GET_SERVER_INFO, ServerInfo

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 10.0
CLOSE_SECONDS = 2.0
PATIENCE_SECONDS = 30.0
"""How long a request waits for a connection that is being made again."""

PAUSES = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
"""Seconds between attempts to connect again; each is shortened at random, so that clients do not come all at once."""

Message = dict[str, Any]


class Part(Protocol):
    """Something that listens to a session; all but `restore` are called on the event loop and must not block."""

    def message(self, message: Message) -> None:
        """Take a message that is no reply."""

    def frame(self, message: bytes) -> None:
        """Take a binary message."""

    def broken(self) -> None:
        """Hear that the connection broke and is made again."""

    async def restore(self) -> None:
        """Ask the server again for what this part had asked of it, since the connection is a new one."""

    def ended(self, error: TetherlightError) -> None:
        """Hear that nothing comes any more."""


@dataclass(eq=False)
class _Pending:
    action: Action[Any, Any]
    text: str
    reply: "asyncio.Future[Any]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Session:
    """Sends requests, matches replies, and hands everything else to its parts.

    connecting → open → (broken → connecting → restoring → open)* → ended
    """

    def __init__(self, address: Address, *, reconnect: bool = True, tls: ssl.SSLContext | None = None) -> None:
        self.address = address
        self.parts: list[Part] = []
        self.before_requests: Callable[[], Awaitable[None]] | None = None
        self._info: ServerInfo | None = None
        self._reconnect = reconnect
        self._tls = tls if tls is not None or not address.secure else ssl.create_default_context()
        # Progress of other clients' requests may be heard as well: ids must differ between clients.
        self._ids = (f"{prefix}-{number}" for prefix in (secrets.token_hex(4),) for number in itertools.count(1))
        self._pending: dict[str, _Pending] = {}
        self._socket: ClientConnection | None = None
        self._open = asyncio.Event()
        self._ending: TetherlightError | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def tls(self) -> ssl.SSLContext | None:
        """How the server's certificate is checked; None where nothing is encrypted."""
        return self._tls

    @property
    def info(self) -> ServerInfo:
        """What the server said of itself when the connection was made."""
        if self._info is None:
            raise ServerUnreachable("The client is not connected; enter it with `with` first.")
        return self._info

    @property
    def connected(self) -> bool:
        """Whether requests go out at once."""
        return self._open.is_set() and self._ending is None

    async def start(self) -> None:
        """Connect; raise ServerUnreachable, Unauthorized or Forbidden at once where that is impossible."""
        self._socket = await self._connect()
        self._open.set()
        self._task = asyncio.create_task(self._run(), name=f"connection to {self.address.http}")

    async def stop(self) -> None:
        """Close the connection; what still waits for it fails."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._end(ServerUnreachable("The client was closed."))
        if self._socket is not None:
            await self._socket.close()

    async def request(
        self, action: Action[P, R], payload: P, *, request_id: str | None = None, gated: bool = True
    ) -> R:
        """Send a request and return its result; raise the server's error, or ServerUnreachable."""
        if gated:
            await self._wait_open(action)
        elif self._ending is not None:
            raise self._ending.again()
        identity, pending = request_id or self.next_id(), _Pending(action, "")
        pending.text = _encoded(action, payload, identity)
        self._pending[identity] = pending
        patience = None if action.timeout_s is None else action.timeout_s + payload.takes_s
        try:
            async with asyncio.timeout(patience):
                await self._send(pending.text)
                data = await pending.reply
        except TimeoutError:
            sentence = f"The server did not answer {action.name} within {patience:g} s."
            raise ServerUnreachable(sentence, hint="Whether it was done is unknown.") from None
        except TetherlightError as error:
            if isinstance(error.data, dict):
                with contextlib.suppress(ServerError):
                    error.data = value_of(action.result, error.data)
            raise
        finally:
            del self._pending[identity]
        return value_of(action.result, data)

    async def post(self, action: Action[P, Any], payload: P) -> None:
        """Send a message that needs no answer; without a connection it is dropped."""
        await self._send(_encoded(action, payload, None))

    def next_id(self) -> str:
        """Return an id that no other request has."""
        return next(self._ids)

    async def _send(self, text: str) -> None:
        # Whether it arrived is told by the reply, or by the reader when it finds the connection broken.
        if self._socket is not None:
            with contextlib.suppress(ConnectionClosed):
                await self._socket.send(text)

    async def _wait_open(self, action: Action[Any, Any]) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not self._open.is_set():
                    await self._open.wait()
        except TimeoutError:
            raise ServerUnreachable(f"{action.name} was not sent: {no_server(self.address)}") from None
        if self._ending is not None:
            raise self._ending.again()

    async def _connect(self) -> ClientConnection:
        try:
            socket = await connect(
                self.address.websocket, additional_headers=self.address.headers, ssl=self._tls, compression=None,
                max_size=None, open_timeout=CONNECT_SECONDS, close_timeout=CLOSE_SECONDS,
                proxy=None, user_agent_header="tetherlight-client",
            )  # fmt: skip
        except (OSError, TimeoutError, InvalidHandshake, InvalidMessage, EOFError) as error:
            raise _unreachable(self.address, error) from error
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                self._info = await self._greet(socket)
        except TimeoutError:
            await socket.close()
            raise ServerUnreachable(f"The server at {self.address.http} accepts connections but is silent.") from None
        except BaseException:
            await socket.close()
            raise
        return socket

    async def _greet(self, socket: ClientConnection) -> ServerInfo:
        """Ask who is there: a server that does not let us in says so only now."""
        request_id = self.next_id()
        try:
            await socket.send(_encoded(GET_SERVER_INFO, NoPayload(), request_id))
            while True:
                message = _decoded(await socket.recv())
                if message.get("request_id") == request_id:
                    break
        except ConnectionClosed as closed:
            raise _refusal(self.address, closed) from closed
        if not message.get("success"):
            error = error_of(message)
            raise _token_wanted() if self.address.token is None and isinstance(error, Unauthorized) else error
        return value_of(ServerInfo, message.get("data"))

    async def _run(self) -> None:
        try:
            while True:
                await self._talk()
                self._break()
                await self._connect_again()
        except TetherlightError as error:
            self._end(error)
        except Exception:
            logger.exception("The connection to %s failed unexpectedly", self.address.http)
            self._end(ServerError("The client made a mistake; the log says more."))

    async def _talk(self) -> None:
        assert self._socket is not None  # noqa: S101 - _run is only reached with a connection
        restoring = None if self._open.is_set() else asyncio.create_task(self._restore())
        try:
            while True:
                self._take(await self._socket.recv())
        except ConnectionClosed as closed:
            logger.info("The connection to %s was lost: %s", self.address.http, closed)
        finally:
            if restoring is not None:
                restoring.cancel()
                await asyncio.gather(restoring, return_exceptions=True)

    def _take(self, received: str | bytes) -> None:
        if isinstance(received, bytes):
            for part in self.parts:
                part.frame(received)
            return
        message = _decoded(received)
        pending = self._pending.get(message.get("request_id") or "")
        if pending is None:
            for part in self.parts:
                part.message(message)
        elif not pending.reply.done():
            if message.get("success"):
                pending.reply.set_result(message.get("data"))
            else:
                pending.reply.set_exception(error_of(message))

    def _break(self) -> None:
        self._socket = None
        self._open.clear()
        for part in self.parts:
            part.broken()
        for pending in self._pending.values():
            if not pending.action.repeatable and not pending.reply.done():
                sentence = f"The connection to {self.address.http} was lost before {pending.action.name} was answered."
                pending.reply.set_exception(ServerUnreachable(sentence, hint="Whether it was done is unknown."))

    async def _connect_again(self) -> None:
        if not self._reconnect:
            raise ServerUnreachable(f"The connection to {self.address.http} was lost.")
        for attempt in itertools.count():
            pause = PAUSES[min(attempt, len(PAUSES) - 1)]
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load, hides nothing
            try:
                self._socket = await self._connect()
            except TetherlightError as error:
                if not error.retryable:
                    raise
                logger.debug("Attempt %d to connect again failed: %s", attempt + 1, error.message)
            else:
                logger.info("Connected to %s again", self.address.http)
                return

    async def _restore(self) -> None:
        try:
            if self.before_requests is not None:
                await self.before_requests()
            repeated = [pending.text for pending in self._pending.values() if not pending.reply.done()]
            self._open.set()
            for text in repeated:
                await self._send(text)
            for outcome in await asyncio.gather(*(part.restore() for part in self.parts), return_exceptions=True):
                if isinstance(outcome, Exception):
                    logger.warning("Not everything could be restored: %s", outcome)
        except Exception:
            logger.exception("Restoring the connection to %s failed unexpectedly", self.address.http)

    def _end(self, error: TetherlightError) -> None:
        if self._ending is not None:
            return
        self._ending = error
        self._open.set()
        for pending in self._pending.values():
            if not pending.reply.done():
                pending.reply.set_exception(error.again())
        for part in self.parts:
            part.ended(error)


def no_server(address: Address) -> str:
    """Say that nobody answers."""
    return f"No server answers at {address.http}."


def _token_wanted() -> Unauthorized:
    return Unauthorized(
        "The server wants a token.", hint="Pass it as `token`; the commands take --token or TETHERLIGHT_TOKEN."
    )


def _encoded(action: Action[Any, Any], payload: Payload, request_id: str | None) -> str:
    message: Message = {"action": action.name, "payload": payload.model_dump(mode="json", exclude_none=True)}
    if request_id is not None:
        message["request_id"] = request_id
    return to_json(message).decode()


def _decoded(received: str | bytes) -> Message:
    message = from_json(received) if isinstance(received, str) else None
    return message if isinstance(message, dict) else {}


def _refusal(address: Address, closed: ConnectionClosed) -> TetherlightError:
    code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd is not None else (CloseCode.BROKEN, "")
    row = close_code(code)
    if row is not None and row.error is not None:
        return row.error(reason or row.sentence)
    why = reason or (str(code) if row is None else row.sentence)
    return ServerUnreachable(f"The server at {address.http} closed the connection: {why.rstrip('.')}.")


def _unreachable(address: Address, error: Exception) -> ServerUnreachable:
    if isinstance(error, ssl.SSLCertVerificationError):
        sentence = f"The certificate of {address.http} is not trusted: {error.verify_message}."
        return ServerUnreachable(sentence, hint="SSL_CERT_FILE names a file with the certificates to trust.")
    if isinstance(error, InvalidHandshake | InvalidMessage | EOFError | ssl.SSLError):
        other = f"{'http' if address.secure else 'https'}://{address.http.partition('://')[2]}"
        sentence = f"What answers at {address.http} is no Tetherlight server."
        return ServerUnreachable(sentence, hint=f"It may be another program, or the address is {other}.")
    hint = None
    if "//127.0.0.1" in address.http or "//localhost" in address.http:
        hint = "Start one with `tetherlight serve`, or with `tetherlight serve --simulate` for a simulated rig."
    return ServerUnreachable(no_server(address), hint=hint)
