"""A paced viewer behind a narrow way: a proxy lets so many bytes a second through to it. A helper."""

import asyncio
import contextlib
import json
import socket
import time
from typing import Any

import uvloop
from websockets.asyncio.client import connect

from bench.figures import percentile
from bench.processes import obey
from tetherlight.protocol.frames import HEADER, FrameHeader

PIECE = 1400
"""Bytes that go at once, as in a packet."""
BUFFER = 8192
"""Bytes that the proxy's socket takes in beforehand."""
CREDIT_S = 0.05
DRAWING_S = 0.006


async def watch(
    port: int, seconds: float, *, bytes_per_s: float, delay_s: float, settle_s: float, adaptive: bool
) -> dict[str, float]:
    """Watch a live view through the narrow way; return frames per second, their ages in ms, their bytes and width."""
    async with (
        _narrowed(port, bytes_per_s, delay_s) as narrow,
        connect(f"ws://127.0.0.1:{narrow}/ws", max_size=None, compression=None) as client,
    ):
        await client.send(_message("START_LIVEVIEW", encoding="binary", paced=True, adaptive=adaptive))
        await _frames(client, settle_s)
        frames = await _frames(client, seconds)
    ages = [age * 1000 for age, *_ in frames]
    return {
        "fps": len(frames) / seconds,
        "p50_ms": percentile(ages, 50),
        "p90_ms": percentile(ages, 90),
        "bytes": percentile([size for _, size, _ in frames], 50),
        "width": percentile([width for *_, width in frames], 50),
    }


async def _frames(client: Any, seconds: float) -> list[tuple[float, int, int]]:
    found = []
    until = time.monotonic() + seconds
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while time.monotonic() < until:
                message = await client.recv()
                if isinstance(message, str):
                    continue
                header = FrameHeader.unpack(message[: HEADER.size])
                found.append((time.time() - header.captured_at, len(message), header.width))
                await asyncio.sleep(DRAWING_S)
                await client.send(_message("READY"))
    return found


def _message(action: str, **payload: Any) -> str:
    return json.dumps({"action": action, "payload": payload})


@contextlib.asynccontextmanager
async def _narrowed(port: int, bytes_per_s: float, delay_s: float) -> Any:
    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        found.setblocking(False)
        await asyncio.get_running_loop().sock_connect(found, ("127.0.0.1", port))
        there, back = await asyncio.open_connection(sock=found, limit=BUFFER)
        with contextlib.suppress(ConnectionError):
            await asyncio.gather(_pieces(there, writer, bytes_per_s, delay_s), _pieces(reader, back, 1e9, delay_s))

    server = await asyncio.start_server(pass_on, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def _pieces(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, rate: float, delay_s: float) -> None:
    loop = asyncio.get_running_loop()
    free_at = loop.time()
    while piece := await reader.read(PIECE):
        # What a busy machine has let go late is made good, or the way would be narrower than it says.
        free_at = max(free_at, loop.time() - CREDIT_S) + len(piece) / rate
        await asyncio.sleep(max(0.0, free_at - loop.time()))
        loop.call_later(delay_s, _write, writer, piece)
    loop.call_later(delay_s, writer.close)


def _write(writer: asyncio.StreamWriter, piece: bytes) -> None:
    if not writer.is_closing():
        writer.write(piece)


def main() -> None:
    """Do what stdin tells."""

    def watch_now(**arguments: Any) -> dict[str, float]:
        return uvloop.run(watch(**arguments))

    obey({"watch": watch_now})


if __name__ == "__main__":
    main()
