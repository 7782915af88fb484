"""Small devices with lamps on loopback: relays and dimmers that speak HTTP, and a strip of LEDs with UDP as well."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from support.lamp_http import Answer, HttpDevice
from support.serving import serving
from support.shelly_device import FirstGeneration, LaterGeneration
from support.wled_strip import Strip

__all__ = ["Device", "Strip", "device", "strip"]
Device = HttpDevice


class Tasmota(HttpDevice):
    """An output with the words of Tasmota."""

    pulse_s: float | None = None

    def answer(self, path: str, query: dict[str, Any]) -> Answer:
        assert path == "/cm"
        word, _, value = query["cmnd"].partition(" ")
        if word == "PulseTime1":
            self.pulse_s = int(value) - 100
            return {"PulseTime1": {"Set": int(value)}}
        if word == "Dimmer1":
            self.brightness = int(value)
            return {"Dimmer": self.brightness}
        if word != "Power1":
            return {"Command": "Unknown"}
        self.switch(value == "On", self.pulse_s if value == "On" else None)
        return {"POWER": "ON" if self.on else "OFF"}


def _made(kind: str, *, dims: bool) -> HttpDevice:
    if kind == "tasmota":
        return Tasmota()
    return (FirstGeneration if kind == "gen1" else LaterGeneration)(dims=dims)


@asynccontextmanager
async def device(kind: str, *, dims: bool = False) -> AsyncIterator[Any]:
    """Serve a device on a free port of loopback: gen1 and gen2 of Shelly, or tasmota."""
    async with _served(_made(kind, dims=dims)) as one:
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
