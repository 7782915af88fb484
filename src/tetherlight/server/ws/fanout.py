"""What waits to be sent to one client: every message in order, but only the newest frame of each stream.

A slow client skips frames; it never delays others and never grows memory. Text messages are `str`, binary ones `bytes`.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from tetherlight.errors import ClientTooSlow
from tetherlight.measures import FRAMES_DROPPED

LIMIT = 512
"""Messages that may wait for one client."""

BULK = 1_000_000
"""Bytes above which a message waits until the one before it of that size was sent."""

Encoded = str | bytes
Encoder = Callable[[], Encoded]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message on its way, and what to call once it was handed to the network."""

    message: Encoded
    sent: Callable[[], None] | None = None


class Outbox:
    """The ordered messages and the newest frames of one client."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._messages: deque[Outgoing] = deque()
        self._frames: dict[int, Encoder] = {}
        self._filled = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()
        self._bulk = asyncio.Lock()
        self._closed = False
        self._resting = False

    def __len__(self) -> int:
        return len(self._messages)

    def put(self, message: str, *, sent: Callable[[], None] | None = None) -> None:
        """Queue a message behind the others; raise ClientTooSlow when too many wait already."""
        if self._closed:
            if sent is not None:
                sent()
            return
        if len(self._messages) >= self._limit:
            raise ClientTooSlow(f"The client left {self._limit} messages unread.")
        self._messages.append(Outgoing(message, sent))
        if len(self._messages) > self._limit // 2:
            self._drained.clear()
        self._filled.set()

    def put_frame(self, stream: int, encode: Encoder) -> None:
        """Make this the stream's frame that goes next; an older one that still waits is skipped unencoded."""
        if not self._closed:
            if stream in self._frames:
                FRAMES_DROPPED.add()
            self._frames[stream] = encode
            self._filled.set()

    def waits(self, stream: int) -> bool:
        """Say whether a frame of the stream has not been sent yet."""
        return stream in self._frames

    def drop(self, stream: int) -> None:
        """Forget the frame of a stream that ended."""
        self._frames.pop(stream, None)

    @property
    def idle(self) -> bool:
        """Whether nothing waits and the writer rests: what is written past the outbox now overtakes nothing."""
        return self._resting and not self._messages and not self._frames

    async def filled(self) -> bool:
        """Wait until something can be taken; return whether it can, or the outbox was closed."""
        while not self._messages and not self._frames:
            if self._closed:
                return False
            self._filled.clear()
            self._resting = True
            try:
                await self._filled.wait()
            finally:
                self._resting = False
        return True

    def take(self) -> Outgoing | None:
        """Take what goes next: messages first, then the streams in turn; None where what waited was forgotten."""
        if self._messages:
            outgoing = self._messages.popleft()
            if len(self._messages) <= self._limit // 2:
                self._drained.set()
            return outgoing
        if not self._frames:
            return None
        stream = next(iter(self._frames))
        return Outgoing(self._frames.pop(stream)())

    async def get(self) -> Outgoing | None:
        """Wait for what goes next and take it; None when the outbox was closed."""
        return self.take() if await self.filled() else None

    def close(self, *, forget: bool = True) -> None:
        """Take nothing more; what waits is forgotten, or only the frames are."""
        self._closed = True
        while forget and self._messages:
            outgoing = self._messages.popleft()
            if outgoing.sent is not None:
                outgoing.sent()
        self._frames.clear()
        self._drained.set()
        self._filled.set()

    async def drained(self) -> None:
        """Wait until at most half of the messages that may wait do: then the client's next request is read."""
        await self._drained.wait()

    @property
    def bulk(self) -> asyncio.Lock:
        """Held by the one large reply that is being made or sent."""
        return self._bulk
