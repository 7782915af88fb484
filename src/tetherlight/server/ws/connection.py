"""One client: what waits to be sent to it, its live views and its topics."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Literal

from tetherlight.errors import ClientTooSlow, InvalidPayload, TetherlightError
from tetherlight.liveview.liveview import Liveview, stopped
from tetherlight.measures import SLOW_CLIENTS
from tetherlight.protocol.action import Right
from tetherlight.protocol.closing import CloseCode
from tetherlight.protocol.events import LIVEVIEW_ENDED, PREVIEW_ENDED, StreamEnd
from tetherlight.protocol.messages import event_message
from tetherlight.protocol.names import Topic
from tetherlight.protocol.roles import Role
from tetherlight.publisher import Publication
from tetherlight.server.access.grants import OPEN, Grant
from tetherlight.server.link import Link, websocket_message
from tetherlight.server.ws.fanout import BULK, Outbox
from tetherlight.server.ws.starting import Starting
from tetherlight.server.ws.stream import Encoding, Stream

logger = logging.getLogger(__name__)

CLOSE_GRACE = 2.0
"""Seconds in which a client must take what was sent before it is dropped."""

StreamKey = tuple[str, Literal["frames", "raw"]]


class Connection:
    """A client of the server, from its handshake to its last message."""

    def __init__(self, connection_id: str, peer: str, link: Link) -> None:
        self.id = self.name = connection_id
        self.peer = peer
        self.link = link
        self.rights: frozenset[Right] = frozenset()
        self.role: Role | None = None
        if link.grant is not None:
            self.admit(link.grant)
        self.topics: frozenset[Topic] = frozenset()
        self.outbox = Outbox()
        self.closing: tuple[CloseCode, str] | None = None
        self.ended = False
        self._streams: dict[StreamKey, Stream] = {}
        self._starting: dict[Starting, None] = {}
        self._started = 0

    def admit(self, grant: Grant) -> None:
        """Let the client in as what it has shown."""
        self.link.grant = grant
        self.rights = grant.rights
        self.role = None if grant == OPEN else grant.role
        if grant.name is not None:
            self.name = f"{self.id} '{grant.name}'"

    @property
    def authenticated(self) -> bool:
        """Whether the client is in."""
        return self.link.grant is not None

    def send(self, message: bytes) -> None:
        """Queue a message; a client that leaves too many unread is closed."""
        if self.closing is not None:
            return
        if self.outbox.idle and self.link.write_now(lambda: websocket_message(message, text=True)):
            return
        try:
            self.outbox.put(message.decode())
        except ClientTooSlow as error:
            self.close(CloseCode.TOO_SLOW, error.message, forget=True)

    def hear(self, publication: Publication) -> None:
        """Queue an event if it concerns this connection."""
        if "read" in self.rights and publication.concerns(self.id, self.topics):
            self.send(publication.message)

    def close(self, code: CloseCode, reason: str, *, forget: bool = False) -> None:
        """End the connection with a close code, after what waits or at once; the first reason given counts."""
        if self.closing is None and not self.ended:
            self.closing = (code, reason)
            logger.info("%s closes: %d %s", self.id, code, reason)
            if code is CloseCode.TOO_SLOW:
                SLOW_CLIENTS.add()
            self.stop_liveview()
            self.outbox.close(forget=forget)
            # A writer that waits for a client which does not read would never get to the close frame.
            asyncio.get_running_loop().call_later(CLOSE_GRACE, self.link.abort_if_stuck)

    def end(self) -> None:
        """Stop the live views and forget what waits: the client has left or shall leave."""
        self.ended = True
        self.stop_liveview()
        self.outbox.close()

    async def send_bulk(self, message: bytes) -> None:
        """Queue a large message and wait until it was sent; the caller holds the outbox's `bulk` lock."""
        text = message.decode() if len(message) < BULK else await asyncio.to_thread(message.decode)
        sent = asyncio.Event()
        try:
            self.outbox.put(text, sent=sent.set)
        except ClientTooSlow as error:
            self.close(CloseCode.TOO_SLOW, error.message, forget=True)
        else:
            await sent.wait()

    async def start_liveview(
        self,
        camera_id: str | None,
        find: Callable[[str | None], Awaitable[Liveview]],
        encoding: Encoding = "base64",
        max_fps: float | None = None,
        *,
        paced: bool = False,
        max_width: int | None = None,
        adaptive: bool = False,
    ) -> Stream:
        """Watch a camera; a stream that runs already goes on as asked now.

        From the call on it can be stopped; then it raises LiveviewStopped.
        """
        if self.closing is not None or self.ended:
            raise stopped()
        self._started += 1
        starting, order = Starting(camera_id), self._started
        self._starting[starting] = None
        try:
            async with starting:
                liveview = await find(camera_id)
                stream = Stream(
                    self, order, liveview, encoding, max_fps, paced=paced, max_width=max_width, adaptive=adaptive
                )
                await starting.watch(stream)
        finally:
            del self._starting[starting]
        self._put(stream)
        return stream

    def _put(self, stream: Stream) -> None:
        """Let a stream flow in the place of the one that ran before; of two that began together the later one flows."""
        key = self._key(stream.liveview.camera_id, stream.encoding)
        running = self._streams.get(key)
        stream.number = running.number if running is not None else self._next_number()
        if running is not None and running.order > stream.order:
            stream.liveview.unwatch(stream)
            return
        if running is not None:
            running.liveview.unwatch(running)
        self._streams[key] = stream

    def stop_liveview(self, camera_id: str | None = None) -> None:
        """End this connection's live views of a camera, or of all, and forget their waiting frames.

        Those that are about to begin end as well: no frame comes after this.
        """
        for starting in self._starting:
            starting.stop(camera_id)
        for key in [key for key in self._streams if camera_id in {None, key[0]}]:
            stream = self._streams.pop(key)
            stream.liveview.unwatch(stream)
            self.outbox.drop(stream.number)

    def ready(self, camera_id: str | None, seq: int | None) -> None:
        """Let the next frame of the paced live views come; raise InvalidPayload where there is nothing to confirm."""
        paced = [one for key, one in self._streams.items() if one.paced and camera_id in {None, key[0]}]
        if not paced:
            raise InvalidPayload("No paced live view runs on this connection.")
        if seq is not None and all(seq > stream.last_seq for stream in paced):
            raise InvalidPayload(f"Frame {seq} was never sent.")
        for stream in paced:
            stream.ready()

    def stream_ended(self, stream: Stream, error: TetherlightError, *, resumes: bool) -> None:
        """Tell the client that a live view ended without being asked to."""
        self.outbox.drop(stream.number)
        camera_id = stream.liveview.camera_id
        if not resumes:
            key = self._key(camera_id, stream.encoding)
            if self._streams.get(key) is stream:
                del self._streams[key]
        event = PREVIEW_ENDED if stream.encoding == "raw" else LIVEVIEW_ENDED
        self.send(event_message(event.name, StreamEnd(camera_id=camera_id, resumes=resumes), error=error))

    @staticmethod
    def _key(camera_id: str, encoding: Encoding) -> StreamKey:
        return (camera_id, "raw" if encoding == "raw" else "frames")

    def _next_number(self) -> int:
        used = {stream.number for stream in self._streams.values()}
        # Small numbers are used again: viewers whose numbers are equal share one encoded frame.
        return next(number for number in range(1, 65536) if number not in used)
