"""The live view as motion JPEG, for players and browsers that know nothing of our protocol."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable

from starlette.datastructures import QueryParams
from starlette.types import Receive, Scope, Send

from tetherlight.errors import InvalidPayload, ServerStopping, TetherlightError, TooManyRequests
from tetherlight.liveview.liveview import Liveview
from tetherlight.protocol.closing import CloseCode
from tetherlight.publisher import Publication
from tetherlight.server.clients import Clients
from tetherlight.server.gate import peer_of
from tetherlight.server.link import Link
from tetherlight.server.replies import error_response
from tetherlight.server.state import server_state
from tetherlight.server.ws.connection import CLOSE_GRACE
from tetherlight.server.ws.fanout import Outbox
from tetherlight.server.ws.starting import Starting
from tetherlight.server.ws.stream import BOUNDARY, PART, Stream

logger = logging.getLogger(__name__)

HEADERS = [
    (b"content-type", b"multipart/x-mixed-replace; boundary=" + BOUNDARY),
    (b"cache-control", b"no-store"),
    # A reverse proxy that collects the response would show it late.
    (b"x-accel-buffering", b"no"),
]
SELECTED = "selected"
"""Stands in the path for the camera that is selected."""


class MjpegClient:
    """An endless response: a client with one stream."""

    def __init__(self, client_id: str, peer: str, link: Link) -> None:
        self.id = client_id
        self.peer = peer
        self.link = link
        self.outbox = Outbox()
        self.starting = Starting(None)

    def hear(self, publication: Publication) -> None:
        """Events have no place in a picture stream."""

    def close(self, code: CloseCode, reason: str) -> None:
        """End the response after the frame under way."""
        logger.info("%s closes: %d %s", self.id, code, reason)
        self.end()
        asyncio.get_running_loop().call_later(CLOSE_GRACE, self.link.abort_if_stuck)

    def end(self) -> None:
        """Send nothing more; a live view that has not begun is not waited for."""
        self.outbox.close()
        self.starting.stop()

    def stream_ended(self, stream: Stream, error: TetherlightError, *, resumes: bool) -> None:
        """End the response where no more frames will come; through a pause the last picture stands still."""
        self.outbox.drop(stream.number)
        if not resumes:
            logger.info("%s ends: %s", self.id, error.message)
            self.outbox.close()


class LiveviewMjpg:
    """The ASGI application at /cameras/{camera_id}/liveview.mjpg."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer GET and HEAD, optionally with ?max_fps=."""
        state = server_state(scope)
        try:
            max_fps = _max_fps(scope)
            _check_room(state.clients)
            if scope["method"] == "HEAD":
                await state.rig.cameras.find_liveview(_camera_id(scope))
                await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
                await send({"type": "http.response.body"})
                return
            client = MjpegClient(state.clients.next_id(), peer_of(scope), Link(scope))
            async with _present(client, state.clients, receive):
                await _watch(client, state.rig.cameras.find_liveview(_camera_id(scope)), max_fps, send)
        except TetherlightError as error:
            await error_response(error)(scope, receive, send)


def _camera_id(scope: Scope) -> str | None:
    camera_id: str = scope["path_params"]["camera_id"]
    return None if camera_id == SELECTED else camera_id


def _check_room(clients: Clients) -> None:
    if clients.stopping:
        raise ServerStopping
    if clients.full:
        raise TooManyRequests("Too many connections; MAX_CONNECTIONS bounds them.")


@contextlib.asynccontextmanager
async def _present(client: MjpegClient, clients: Clients, receive: Receive) -> AsyncIterator[None]:
    """Count the client from its request on, and notice when it leaves, also before the first frame."""
    clients.add(client)
    departure = asyncio.create_task(_departure(client, receive))
    try:
        yield
    finally:
        clients.remove(client)
        departure.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await departure


async def _watch(client: MjpegClient, finding: Awaitable[Liveview], max_fps: float | None, send: Send) -> None:
    async with client.starting:
        liveview = await finding
        stream = Stream(client, 1, liveview, "multipart", max_fps, paced=False)
        await client.starting.watch(stream)
    logger.info("%s watches %s as motion JPEG from %s", client.id, liveview.camera_id, client.peer)
    try:
        await _respond(client, send)
    finally:
        liveview.unwatch(stream)
        logger.info("%s left", client.id)


async def _respond(client: MjpegClient, send: Send) -> None:
    client.link.tune()
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": PART, "more_body": True})
    while (outgoing := await client.outbox.get()) is not None:
        await send({"type": "http.response.body", "body": outgoing.message, "more_body": True})
        await client.link.writable()
    await send({"type": "http.response.body"})


async def _departure(client: MjpegClient, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    client.end()


def _max_fps(scope: Scope) -> float | None:
    text = QueryParams(scope["query_string"]).get("max_fps")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 120:
        raise InvalidPayload("max_fps must be a number above 0 and at most 120.")
    return value
