"""Small devices with lamps on loopback: relays and dimmers that speak HTTP, and a strip of LEDs with UDP as well."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from support.patience import stretched
from support.serving import serving

Answer = dict[str, Any]


class Device:
    """One output, as a Shelly of the first or a later generation, or as Tasmota; it goes off by itself in time."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.port = 0
        self.on = True
        """As somebody left it."""
        self.brightness = 100
        self.asked: list[str] = []
        self.silent = False
        self.status = 200
        self.stuck = False
        self.went_off = 0
        self.pulse_s: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._news = asyncio.Event()

    def answer(self, path: str, query: dict[str, str]) -> Answer:
        if path == "/shelly":
            return {"gen": 2, "app": "Plus1"} if self.kind == "gen2" else {"type": "SHSW-1"}
        if self.kind == "tasmota":
            return self._tasmota(query["cmnd"])
        if self.kind == "gen2":
            if path.endswith("GetStatus"):
                return {"id": 0, "output": self.on}
            self._switch(query["on"] == "true", float(query["toggle_after"]) if "toggle_after" in query else None)
        else:
            self._switch(query["turn"] == "on", float(query["timer"]) if "timer" in query else None)
        self.brightness = int(query.get("brightness", self.brightness))
        return {"ison": self.on, "brightness": self.brightness, "was_on": True}

    def _tasmota(self, command: str) -> Answer:
        word, _, value = command.partition(" ")
        if word == "PulseTime1":
            self.pulse_s = int(value) - 100
            return {"PulseTime1": {"Set": int(value)}}
        if word == "Dimmer1":
            self.brightness = int(value)
            return {"Dimmer": self.brightness}
        if word != "Power1":
            return {"Command": "Unknown"}
        self._switch(value == "On", self.pulse_s if value == "On" else None)
        return {"POWER": "ON" if self.on else "OFF"}

    def _switch(self, on: bool, seconds: float | None) -> None:
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
        try:
            while line := await reader.readline():
                length = 0
                while (header := (await reader.readline()).strip()) != b"":
                    if header.lower().startswith(b"content-length:"):
                        length = int(header.split(b":")[1])
                body = await reader.readexactly(length)
                self.asked.append(line.decode().split()[1])
                self._news.set()
                if self.silent:
                    return
                where = urlsplit(self.asked[-1])
                query = {name: values[0] for name, values in parse_qs(where.query).items()}
                if body:
                    query |= {name: json.dumps(value) for name, value in json.loads(body).items()}
                text = json.dumps(self.answer(where.path, query)).encode()
                head = (
                    f"HTTP/1.1 {self.status} X\r\ncontent-type: application/json\r\ncontent-length: {len(text)}\r\n\r\n"
                )
                writer.write(head.encode() + text)
        finally:
            writer.close()

    async def until(self, matches: Callable[[], bool]) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(stretched(30)):
            while not matches():
                self._news.clear()
                await self._news.wait()

    def end(self) -> None:
        if self._timer:
            self._timer.cancel()


class Strip(Device, asyncio.DatagramProtocol):
    """A strip of LEDs shaped like WLED: live data for as long as each datagram says, then its own state."""

    def __init__(self, count: int = 30) -> None:
        super().__init__("wled")
        self.leds = bytearray(3 * count)
        self.live = False
        self.datagrams: list[bytes] = []
        self.udp_port = 0
        self.closed = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - as asyncio calls it
        self.closed.set()

    def answer(self, path: str, query: dict[str, str]) -> Answer:
        if path == "/json/info":
            return {"leds": {"count": len(self.leds) // 3}, "live": self.live}
        self.on = query["on"] == "true"
        return {"success": True}

    def datagram_received(self, data: bytes, addr: Any) -> None:  # noqa: ARG002 - as asyncio calls it
        self.datagrams.append(data)
        kind, seconds, start = data[0], data[1], int.from_bytes(data[2:4])
        assert kind == 4
        self.live = True
        self.leds[3 * start : 3 * start + len(data) - 4] = data[4:]
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._own_state)
        self._news.set()

    def _own_state(self) -> None:
        self.live = False
        self.leds[:] = (b"\xff" if self.on else b"\0") * len(self.leds)
        self.went_off += 1
        self._news.set()


@asynccontextmanager
async def device(kind: str) -> AsyncIterator[Device]:
    """Serve a device on a free port of loopback."""
    async with _served(Device(kind)) as one:
        yield one


@asynccontextmanager
async def strip() -> AsyncIterator[Strip]:
    """Serve a strip on two free ports of loopback."""
    one = Strip()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: one, local_addr=("127.0.0.1", 0))
    one.udp_port = transport.get_extra_info("sockname")[1]
    async with _served(one):
        yield one
    transport.close()
    await one.closed.wait()


@asynccontextmanager
async def _served(one: Any) -> AsyncIterator[Any]:
    async with serving(one.serve) as port:
        one.port = port
        try:
            yield one
        finally:
            one.end()
