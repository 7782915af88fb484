"""Connections of somebody who does not know the token and only wants to be in the way."""

import asyncio
import contextlib
import itertools
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

HOST = "127.0.0.1"
SOURCES = tuple(f"127.{n}.{n + 1}.{n + 2}" for n in range(1, 6))
"""Addresses of this machine that look like those of five others."""
END_S = 120.0


def _post(*headers: str, body: bytes = b"") -> bytes:
    lines = ("POST /login HTTP/1.1", f"Host: {HOST}", *headers, "", "")
    return "\r\n".join(lines).encode() + body


_GET = f"GET /health HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
_LARGE = f"GET /login HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()

SAYS: Mapping[str, bytes] = {
    "nothing": b"",
    "half a header": b"GET /health HTTP/1.1\r\nHost: 127",
    "a length without a body": _post("Content-Length: 100"),
    "half a body": _post("Content-Length: 100", body=b"token="),
    "a body without end": _post("Transfer-Encoding: chunked", body=b"6\r\ntoken=\r\n"),
    "a question": _post("Content-Length: 100", "Expect: 100-continue"),
    "a body for what takes none": _post("Content-Length: 100").replace(b"/login", b"/health"),
    "many requests and then half of one": _GET * 20 + _GET[:30],
    "too many requests at once": _LARGE * 2000,
    "many requests whose answers it does not read": _LARGE * 30,
}
TRICKLES = {
    "half a header": b"x",
    "half a body": b"x",
    "a body without end": b"1\r\nx\r\n",
    "a length without a body": b"x",
}
"""What may follow, a little at a time."""


@dataclass
class Stranger:
    """One connection, and what it says."""

    kind: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def trickle(self) -> None:
        """Say a little more, where that keeps the request going."""
        if self.kind in TRICKLES and not self.writer.is_closing():
            self.writer.write(TRICKLES[self.kind])

    async def ended(self) -> bytes:
        """Read until the server ends it, and return what it said."""
        heard = b""
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            async with asyncio.timeout(END_S):
                while piece := await self.reader.read(65536):
                    heard += piece
        return heard


@asynccontextmanager
async def strangers(
    port: int,
    count: int,
    *,
    kinds: Sequence[str] = tuple(SAYS),
    sources: Sequence[str] = SOURCES,
    header: str = "",
    half_closed: bool = False,
) -> AsyncIterator[list[Stranger]]:
    """Let so many come, from several addresses and with all kinds of words; they stay as long as the server lets them.

    `header` stands in each of their requests.
    """
    there: list[Stranger] = []
    trickling = asyncio.create_task(_trickle(there))
    try:
        for kind, source, _ in zip(itertools.cycle(kinds), itertools.cycle(sources), range(count), strict=False):
            try:
                reader, writer = await asyncio.open_connection(HOST, port, local_addr=(source, 0))
            except ConnectionError:
                continue  # dropped before it was there
            if kind.endswith("does not read"):
                writer.transport.pause_reading()  # type: ignore[attr-defined]
            writer.write(SAYS[kind].replace(b"Host:", f"{header}\r\nHost:".encode()) if header else SAYS[kind])
            if half_closed and writer.can_write_eof():
                writer.write_eof()
            there.append(Stranger(kind, reader, writer))
        yield there
    finally:
        trickling.cancel()
        await asyncio.gather(trickling, return_exceptions=True)
        for one in there:
            one.writer.transport.abort()
        await asyncio.gather(*(one.writer.wait_closed() for one in there), return_exceptions=True)


async def _trickle(there: list[Stranger]) -> None:
    while True:
        for one in tuple(there):
            one.trickle()
        await asyncio.sleep(0.5)
