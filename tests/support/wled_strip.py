"""A strip of LEDs shaped like WLED: live data for as long as each datagram says, then its own state again.

What it does with datagrams, brightness and `lor` is that of the firmware's wled00/udp.cpp and json.cpp.
"""

import asyncio
from typing import Any

from support.lamp_http import Answer, HttpDevice, Refused


class Strip(HttpDevice, asyncio.DatagramProtocol):
    """As it comes out of its box: on, at half of its brightness."""

    def __init__(self, count: int = 30) -> None:
        super().__init__()
        self.brightness = 128
        """The last one, which it keeps while it is off."""
        self.live = False
        self.override = 0
        self.receives = True
        """Whether its settings let live data in."""
        self.uptime = 100
        self.datagrams: list[bytes] = []
        self.udp_port = 0
        self.closed = asyncio.Event()
        self._pixels = bytearray(3 * count)

    @property
    def leds(self) -> bytes:
        """What shines: three bytes for each LED."""
        if self.live:
            return bytes(value * self.brightness // 255 for value in self._pixels)
        return bytes([self.brightness if self.on else 0]) * len(self._pixels)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - as asyncio calls it
        self.closed.set()

    def answer(self, path: str, query: dict[str, Any]) -> Answer:
        told: dict[str, Answer] = {
            "/json": {"state": self._state(), "info": self._info(), "effects": ["Solid"], "palettes": ["Default"]},
            "/json/si": {"state": self._state(), "info": self._info()},
            "/json/info": self._info(),
            "/json/effects": ["Solid"],
            "/json/palettes": ["Default"],
            "/json/fxdata": [""],
            "/json/cfg": {"hw": {"led": {"total": len(self._pixels) // 3, "ins": []}}},
            "/presets.json": {"0": {}},
        }
        if path in told:
            return told[path]
        if path != "/json/state":
            raise Refused(404)
        self._obey(query)
        return self._state() if query.get("v") else {"success": True}

    def _obey(self, wanted: dict[str, Any]) -> None:
        self.brightness = int(wanted.get("bri") or self.brightness)
        self.on = bool(wanted.get("on", self.on or bool(wanted.get("bri"))))
        self.override = int(wanted.get("lor", self.override))

    def _state(self) -> dict[str, Any]:
        segment = {
            "id": 0, "start": 0, "stop": len(self._pixels) // 3, "len": len(self._pixels) // 3, "grp": 1, "spc": 0,
            "of": 0, "on": True, "frz": False, "bri": 255, "cct": 127, "col": [[255, 160, 0], [0, 0, 0], [0, 0, 0]],
            "fx": 0, "sx": 128, "ix": 128, "pal": 0, "sel": True, "rev": False, "mi": False,
        }  # fmt: skip
        return {
            "on": self.on, "bri": self.brightness, "transition": 7, "ps": -1, "pl": -1, "lor": self.override,
            "nl": {"on": False, "dur": 60, "mode": 1, "tbri": 0, "rem": -1},
            "udpn": {"send": False, "recv": True, "sgrp": 1, "rgrp": 1}, "mainseg": 0, "seg": [segment],
        }  # fmt: skip

    def _info(self) -> dict[str, Any]:
        leds = {
            "count": len(self._pixels) // 3,
            "pwr": 0,
            "fps": 42,
            "maxpwr": 850,
            "maxseg": 16,
            "lc": 1,
            "rgbw": False,
        }
        return {
            "ver": "0.15.0", "vid": 2412100, "leds": leds, "name": "lamps", "udpport": self.udp_port, "live": self.live,
            "lm": "UDP" if self.live else "", "lip": "127.0.0.1" if self.live else "", "ws": -1, "fxcount": 1,
            "palcount": 1, "wifi": {"bssid": "00:00:00:00:00:00", "rssi": -50, "signal": 100, "channel": 1},
            "fs": {"u": 12, "t": 983, "pmt": 0}, "arch": "esp32", "core": "v4.4.8", "uptime": self.uptime,
            "brand": "WLED", "product": "FOSS", "mac": "a8032ab12345", "freeheap": 168000, "ip": "127.0.0.1",
        }  # fmt: skip

    def datagram_received(self, data: bytes, addr: Any) -> None:  # noqa: ARG002 - as asyncio calls it
        self.datagrams.append(data)
        kind, seconds, start = data[0], data[1], int.from_bytes(data[2:4])
        assert kind == 4
        if self.receives:
            if not self.live:
                self._pixels = bytearray(len(self._pixels))
            self.live = True
            # One LED alone is no message for later versions of the firmware.
            if not self.override and len(data) > 7:
                room = self._pixels[3 * start : 3 * start + len(data) - 4]
                self._pixels[3 * start : 3 * start + len(room)] = data[4 : 4 + len(room)]
            if self._timer:
                self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_later(seconds, self._own_state)
        self._news.set()

    def _own_state(self) -> None:
        self.live = False
        self.went_off += 1
        self._news.set()

    def restart(self) -> None:
        """Lose power for a moment: it is on then, at half of its brightness."""
        self.live, self.on, self.brightness, self.uptime = False, True, 128, 1
        self.end()
        self._news.set()
