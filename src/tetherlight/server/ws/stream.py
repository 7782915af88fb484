"""One live view of one connection: how its frames are encoded and how fast they may come."""

import asyncio
from functools import partial
from typing import Literal, Protocol

from tetherlight.errors import TetherlightError
from tetherlight.liveview.liveview import Frame, Liveview, Pace
from tetherlight.liveview.sizes import SIZES, Size, smaller, widest
from tetherlight.server.link import Link, websocket_message
from tetherlight.server.ws.adapting import Adapter
from tetherlight.server.ws.fanout import Encoder, Outbox

Encoding = Literal["base64", "binary", "raw", "multipart"]

BOUNDARY = b"tetherlight-frame"
PART = b"--" + BOUNDARY + b"\r\nContent-Type: image/jpeg\r\n\r\n"
NEXT_PART = b"\r\n" + PART
"""Browsers show a picture when the header of the next one arrives: so that header follows each picture at once."""


class FrameSink(Protocol):
    """Where frames of a stream go."""

    outbox: Outbox
    link: Link

    def stream_ended(self, stream: "Stream", error: TetherlightError, *, resumes: bool) -> None:
        """Hear that the stream ended without being asked to."""


class Stream:
    """A viewer that puts the newest frame into its connection's outbox.

    A paced stream puts a frame only when the client has drawn the one before; meanwhile the newest one is kept. So it
    is while a frame is made smaller: no wider than `max_width`, and where the stream is adaptive as small as the way to
    the client wants it.
    """

    def __init__(
        self,
        connection: FrameSink,
        order: int,
        liveview: Liveview,
        encoding: Encoding,
        max_fps: float | None,
        *,
        paced: bool,
        max_width: int | None = None,
        adaptive: bool = False,
    ) -> None:
        self.order = order
        """Which of the connection's requests for a live view this is."""
        self.number = 1
        """What its frames carry, chosen before the first one."""
        self.liveview = liveview
        self.encoding = encoding
        self.paced = paced
        self.last_seq = 0
        self._connection = connection
        self._pace = Pace(max_fps)
        self._drawn = True
        self._kept: Frame | None = None
        first = None if max_width is None else widest(max_width)
        self._size = None if first is None else SIZES[first]
        self._adapter = Adapter(first) if adaptive else None
        self._shrinking: asyncio.Task[None] | None = None

    def frame(self, frame: Frame) -> None:
        """Put the frame into the outbox, if the pace allows it."""
        if not self._pace.admits(asyncio.get_running_loop().time()):
            return
        if self._shrinking or (self.paced and not self._drawn and not self._connection.outbox.waits(self.number)):
            self._kept = frame
            return
        self._send(frame)

    def ready(self) -> None:
        """Let the next frame come: the one that was kept, or else the next one from the camera."""
        # A frame that still waits in the outbox was not drawn: the client confirms an earlier one twice.
        if self._shrinking or self._connection.outbox.waits(self.number):
            return
        self._drawn = True
        if self._adapter:
            self._adapter.drawn(asyncio.get_running_loop().time())
        if self._kept is not None:
            self._send(self._kept)

    def ended(self, error: TetherlightError, *, resumes: bool) -> None:
        """Tell the client; after a pause it need not confirm what it may never have seen."""
        self._drawn, self._kept = True, None
        if self._shrinking:
            self._shrinking.cancel()
            self._shrinking = None
        if self._adapter:
            self._adapter.interrupted()
        self._connection.stream_ended(self, error, resumes=resumes)

    def _send(self, frame: Frame) -> None:
        """Put the frame into the outbox, in the size that it shall have now."""
        self._drawn, self._kept = False, None
        size = self._adapter.size if self._adapter else self._size
        if size is None or frame.width <= size.width:
            self._put(frame, frame)
        else:
            self._shrinking = asyncio.create_task(self._put_smaller(frame, size))

    async def _put_smaller(self, frame: Frame, size: Size) -> None:
        small = await smaller(frame, size)
        self._shrinking = None
        if not self.liveview.is_watched_by(self):
            return
        self._put(frame, small)
        if self._kept is not None and not self.paced:
            self._send(self._kept)

    def _put(self, whole: Frame, frame: Frame) -> None:
        self.last_seq = frame.seq
        if self._adapter:
            self._adapter.sent(whole, frame, asyncio.get_running_loop().time())
        sink, encoding, number = self._connection, self.encoding, self.number
        # Most clients keep up: their frames need neither the outbox nor a task that wakes up for each of them.
        if (
            sink.outbox.idle
            and encoding != "multipart"
            and sink.link.write_now(partial(_whole, frame, encoding, number))
        ):
            return
        sink.outbox.put_frame(number, _encoder(frame, encoding, number))


def _whole(frame: Frame, encoding: Encoding, number: int) -> bytes:
    """Return the frame as a WebSocket message, header and all; all viewers with equal streams share it."""
    match encoding:
        case "base64":
            return frame.shared("base64", lambda: websocket_message(frame.base64_message.encode(), text=True))
        case "raw":
            return frame.shared("raw", lambda: websocket_message(frame.jpeg))
        case _:
            return frame.shared(("binary", number), lambda: websocket_message(frame.header(number), frame.jpeg))


def _encoder(frame: Frame, encoding: Encoding, number: int) -> Encoder:
    match encoding:
        case "base64":
            return lambda: frame.base64_message
        case "binary":
            return partial(frame.binary, number)
        case "raw":
            return lambda: frame.jpeg
        case "multipart":
            return partial(frame.followed_by, NEXT_PART)
