"""HTTP as bytes on a socket: it can say what a proper client would refuse to."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from support.patience import stretched

ANSWER_S = 60.0


@dataclass(frozen=True)
class Answer:
    """A response as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def exchange(port: int, method: str, path: str, headers: Mapping[str, str]) -> Answer:
    """Send one request on a connection of its own and read until the server closes it.

    Of the path only what would end the request line is escaped; header values go as Latin-1.
    """
    target = quote(path.encode("utf-8", "surrogatepass"), safe="/%?#&=;:@!$'()*+,\\\"<>[]^`{|}~")
    wanted = {"Host": f"127.0.0.1:{port}", "Connection": "close"} | dict(headers)
    head = "".join(f"{name}: {value}\r\n" for name, value in wanted.items())
    async with asyncio.timeout(stretched(ANSWER_S)):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode("latin-1", "replace"))
            await writer.drain()
            whole = await reader.read()
        finally:
            writer.close()
            await writer.wait_closed()
    return _parsed(whole)


def _parsed(whole: bytes) -> Answer:
    head, _, body = whole.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        body = _joined(body)
    return Answer(int(first.split()[1]), headers, body)


def _joined(chunked: bytes) -> bytes:
    pieces = []
    while chunked:
        size, _, rest = chunked.partition(b"\r\n")
        length = int(size, 16)
        if length == 0:
            break
        pieces.append(rest[:length])
        chunked = rest[length + 2 :]
    return b"".join(pieces)
