"""What small devices with a web server of their own have in common: how they listen, and a timer that switches off."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from support.patience import stretched

Answer = dict[str, Any] | list[Any] | None


class Refused(Exception):
    """A device refuses a request."""

    def __init__(self, status: int, **headers: str) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers


class HttpDevice:
    """One output with a brightness, which goes off by itself in time."""

    def __init__(self) -> None:
        self.port = 0
        self.on = True
        """As somebody left it."""
        self.brightness = 100
        self.asked: list[str] = []
        self.silent = False
        self.status = 200
        self.stuck = False
        self.went_off = 0
        self._timer: asyncio.TimerHandle | None = None
        self._news = asyncio.Event()

    def answer(self, path: str, query: dict[str, Any]) -> Answer:
        """Do what a request asks, and answer; raise Refused."""
        raise NotImplementedError

    def admit(self, method: str, where: str, headers: dict[str, str]) -> None:
        """Raise Refused where a request lacks the password."""

    async def upgraded(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Go on as a WebSocket."""
        raise NotImplementedError

    def switch(self, on: bool, seconds: float | None) -> None:
        """Switch the output, off again after some seconds where that is asked."""
        if self._timer:
            self._timer.cancel()
        if not self.stuck:
            self.on = on
        if seconds is not None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._off)

    def _off(self) -> None:
        self.on = False
        self.went_off += 1
        self._news.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk with one client, until it hangs up."""
        try:
            while line := await reader.readline():
                head, headers = line, {}
                while (header := await reader.readline()).strip():
                    head += header
                    name, _, value = header.decode().partition(":")
                    headers[name.lower()] = value.strip()
                if "upgrade" in headers:
                    return await self.upgraded(head + b"\r\n", reader, writer)
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                method, where, _ = line.decode().split()
                self.asked.append(where)
                self._news.set()
                if self.silent:
                    return None
                writer.write(self._reply(method, where, headers, body))
        finally:
            writer.close()
        return None

    def _reply(self, method: str, where: str, headers: dict[str, str], body: bytes) -> bytes:
        target = urlsplit(where)
        query: dict[str, Any] = {name: values[0] for name, values in parse_qs(target.query).items()}
        try:
            self.admit(method, where, headers)
            answer = self.answer(target.path, query | (json.loads(body) if body else {}))
            status, more = self.status, {}
        except Refused as refused:
            answer, status, more = None, refused.status, refused.headers
        text = json.dumps(answer).encode()
        more |= {"content-type": "application/json", "content-length": str(len(text))}
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in more.items())
        return f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + text

    async def until(self, matches: Callable[[], bool]) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(stretched(30)):
            while not matches():
                self._news.clear()
                await self._news.wait()

    async def listen_at(self, place: Path) -> asyncio.Server:
        """Listen on a socket of the file system as well, where a client wants a port that only root may use."""
        return await asyncio.start_unix_server(self.serve, place)

    def end(self) -> None:
        """Stop the timer."""
        if self._timer:
            self._timer.cancel()
