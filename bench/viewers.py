"""Many viewers in one process, as cheap as possible: they count frames and their age and decode nothing. A helper."""

import asyncio
import json
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import uvloop

from bench.figures import cpu_seconds, percentile, resident_mb
from bench.processes import obey
from tetherlight.protocol.frames import HEADER, FrameHeader

Kind = Literal["base64", "binary", "mjpeg"]

ROOM = bytearray(1 << 18)
"""Where all connections read into: of a frame nothing is kept but its first and last bytes."""
LITTLE_ROOM = bytearray(1 << 14)
TAIL = 200
SHORTEST = 2000
"""Bytes below which a message is a reply and no frame."""
FIRST_FRAMES_S = 20.0
WARM_S = 0.5
STAMP = b'"captured_at":"'


def message_length(head: bytearray) -> int | None:
    """Return the length in a WebSocket message's header, None while bytes of that header are missing."""
    if len(head) < 2:
        return None
    short = head[1] & 127
    size = {126: 4, 127: 10}.get(short, 2)
    if len(head) < size:
        return None
    return short if size == 2 else int.from_bytes(head[2:size], "big")


def chunk_length(head: bytearray) -> int | None:
    """Return the length in front of a chunk of an HTTP response, with the line end behind the chunk."""
    return int(head, 16) + 2 if len(head) > 2 and head.endswith(b"\r\n") else None


class Viewer(asyncio.BufferedProtocol):
    """One connection that asks for frames and takes note of each; a slow one rests after each frame."""

    def __init__(self, kind: Kind, rest_s: float = 0.0) -> None:
        self._kind = kind
        self._length = chunk_length if kind == "mjpeg" else message_length
        self._rest_s = rest_s
        self._room = LITTLE_ROOM if rest_s else ROOM
        self._opening: bytearray | None = bytearray()
        self._head = bytearray()
        self._start = bytearray()
        self._tail = b""
        self._size = 0
        self._left = 0
        self._transport: Any = None
        self.frames = 0
        self._first_at = self._last_at = 0.0
        self.ages: list[float] = []
        self.first = asyncio.Event()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        if self._kind == "mjpeg":
            transport.write(b"GET /cameras/selected/liveview.mjpg HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return
        transport.write(
            b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )

    def get_buffer(self, _sizehint: int) -> bytearray:
        return self._room

    def buffer_updated(self, nbytes: int) -> None:
        with memoryview(self._room) as room:
            at = 0 if self._opening is None else self._past_opening(bytes(room[:nbytes]))
            while at < nbytes:
                at = self._inside(room, at, nbytes) if self._left else self._between(room, at, nbytes)

    def _past_opening(self, data: bytes) -> int:
        """Pass over the answer to the request; return where in `data` it ends."""
        assert self._opening is not None
        before = len(self._opening)
        self._opening += data
        end = self._opening.find(b"\r\n\r\n")
        if end < 0:
            return len(data)
        self._opening = None
        if self._kind != "mjpeg":
            request = json.dumps({"action": "START_LIVEVIEW", "payload": {"encoding": self._kind}}).encode()
            # A mask of zeros leaves the text as it is.
            self._transport.write(bytes((0x81, 0x80 | len(request))) + bytes(4) + request)
        return end + 4 - before

    def _between(self, room: memoryview, at: int, end: int) -> int:
        """Collect what stands in front of a message until it tells the message's length."""
        while at < end:
            self._head.append(room[at])
            at += 1
            length = self._length(self._head)
            if length is not None:
                self._size = self._left = length
                break
        return at

    def _inside(self, room: memoryview, at: int, end: int) -> int:
        """Pass over the message, and take note of it at its end."""
        upto = min(end, at + self._left)
        if len(self._start) < HEADER.size:
            self._start += room[at : min(upto, at + HEADER.size - len(self._start))]
        self._left -= upto - at
        if self._kind == "base64" and self._left < TAIL:
            self._tail = (self._tail + bytes(room[max(at, upto - TAIL) : upto]))[-TAIL:]
        if self._left == 0:
            self._arrived()
            self._head.clear()
            self._start.clear()
            self._tail = b""
        return upto

    def _arrived(self) -> None:
        if self._size < SHORTEST:
            return
        self._last_at = time.perf_counter()
        if self.frames == 0:
            self._first_at = self._last_at
        self.frames += 1
        self.first.set()
        if self._kind == "binary":
            self.ages.append(time.time() - FrameHeader.unpack(bytes(self._start)).captured_at)
        elif self._kind == "base64":
            stamp = self._tail.partition(STAMP)[2].partition(b'"')[0]
            self.ages.append(time.time() - datetime.fromisoformat(stamp.decode()).timestamp())
        if self._rest_s:
            self._transport.pause_reading()
            asyncio.get_running_loop().call_later(self._rest_s, self._transport.resume_reading)

    @property
    def fps(self) -> float:
        """Frames per second from the first to the last one, so that the window's edges do not count."""
        return (self.frames - 1) / (self._last_at - self._first_at) if self.frames > 1 else 0.0

    def forget(self) -> None:
        """Count anew."""
        self.frames = 0
        self.ages.clear()

    def close(self) -> None:
        self._transport.abort()


async def watch(
    port: int, kind: Kind, viewers: int, seconds: float, *, pids: Sequence[int], slow: int = 0, slow_fps: float = 5.0
) -> dict[str, Any]:
    """Watch a live view for a while.

    Returns frames per second of each viewer, the slow ones last; `cpu_us`: what the processes `pids` used for each
    frame that was delivered; `own_us`: what this process used; ages of the frames in ms when they were read whole.
    """
    loop = asyncio.get_running_loop()
    everybody = [Viewer(kind) for _ in range(viewers)] + [Viewer(kind, 1 / slow_fps) for _ in range(slow)]
    try:
        for viewer in everybody:
            await loop.create_connection(lambda viewer=viewer: viewer, "127.0.0.1", port)  # type: ignore[misc]
        async with asyncio.timeout(FIRST_FRAMES_S):
            for viewer in everybody:
                await viewer.first.wait()
        await asyncio.sleep(WARM_S)
        for viewer in everybody:
            viewer.forget()
        used, own, memory = cpu_seconds(pids), time.process_time(), resident_mb(pids)
        await asyncio.sleep(seconds)
        used, own, memory = cpu_seconds(pids) - used, time.process_time() - own, resident_mb(pids) - memory
        delivered = max(1, sum(viewer.frames for viewer in everybody))
        ages = [age * 1000 for viewer in everybody[:viewers] for age in viewer.ages]
        slow_ages = [age * 1000 for viewer in everybody[viewers:] for age in viewer.ages]
        return {
            "fps": [viewer.fps for viewer in everybody],
            "cpu_us": used / delivered * 1e6,
            "own_us": own / delivered * 1e6,
            "p50_ms": percentile(ages, 50),
            "p99_ms": percentile(ages, 99),
            "slow_ms": percentile(slow_ages, 99),
            "grown_mb": memory,
        }
    finally:
        for viewer in everybody:
            viewer.close()


def main() -> None:
    """Do what stdin tells."""

    def watch_now(**arguments: Any) -> dict[str, Any]:
        return uvloop.run(watch(**arguments))

    obey({"watch": watch_now})


if __name__ == "__main__":
    main()
