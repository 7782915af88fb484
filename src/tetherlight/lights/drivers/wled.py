"""Lamps that are LEDs of a strip with the firmware WLED: live over UDP, one LED or a range of them for each light.

WLED goes back to its own state when it has heard nothing for the time that each datagram says; that state is made off.
What it shows live is dimmed by its last brightness, so that is made full.
"""

import asyncio
import contextlib
import logging
import re
import socket
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

from pydantic import Field

from tetherlight.lights.lamps import OFF, LampDriver, LampKind, Levels, Setup, lamp_failed
from tetherlight.protocol.models import Model
from tetherlight.rigfile.lights import RigLight

logger = logging.getLogger(__name__)

PORT = 21324
DNRGB = 4
MOST_LEDS = 489
"""LEDs in one datagram of the protocol DNRGB."""
ADDRESS = re.compile(r"(?P<host>[^/]+)/(?P<first>\d{1,4})(?:-(?P<last>\d{1,4}))?")
LEAST_LEDS = 2
"""Later versions of the firmware take a datagram with one LED for none."""
ANSWER_S, SEEK_S = 2.0, 5.0
LIVE_S, LIVE_TRIES = 0.1, 5
SILENT = "Its strip does not answer."
DEAF = "Its strip takes no live data."
OWN_STATE: Mapping[str, Any] = MappingProxyType({"on": False, "bri": 255, "lor": 0})
"""Off, at its full brightness where live data come, and those are not overridden by somebody."""


def dnrgb(start: int, colours: bytes, timeout_s: int) -> bytes:
    """Return a datagram: LEDs from `start` get three bytes each, for `timeout_s` whole seconds."""
    return struct.pack(">BBH", DNRGB, timeout_s, start) + colours


class WledSettings(Model):
    """The table `drivers.wled` of the rig file."""

    watchdog_s: int = Field(default=2, ge=1, le=250)
    colour: tuple[int, int, int] = (255, 255, 255)
    port: int = Field(default=PORT, ge=1, le=65535)
    """Of the datagrams."""


@dataclass
class Strip:
    """One strip: where it is, and what its LEDs show."""

    host: str
    leds: bytearray = field(default_factory=bytearray)
    place: tuple[str, int] | None = None
    problem: str | None = SILENT
    uptime_s: int = 0
    """As it was told last."""


class WledLamps(LampDriver):
    """Lamps at HOST/LED or HOST/FIRST-LAST, counted from 0."""

    name: ClassVar[str] = "wled"
    real: ClassVar[bool] = True
    dims: ClassVar[bool] = True

    def __init__(self, settings: WledSettings) -> None:
        # Loaded here, so that a server without such lamps does without it.
        import httpx  # noqa: PLC0415

        # It tells of each request, address and all.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self._settings = settings
        self._failures = (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError)
        self._http = httpx.AsyncClient(timeout=ANSWER_S, trust_env=False)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._lights: dict[str, RigLight] = {}
        self._ranges: dict[str, tuple[Strip, int, int]] = {}
        self._strips: dict[str, Strip] = {}
        self._wrong: dict[str, str] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._tell: Callable[[Levels], None] = lambda _: None

    def on_change(self, tell: Callable[[Levels], None]) -> None:
        """Tell when a strip is lost, and when it is back, off."""
        self._tell = tell

    @property
    def unavailable(self) -> Mapping[str, str]:
        """The lights without a usable address, and those whose strip is not there or too short."""
        lost = {name: strip.problem for name, (strip, _, _) in self._ranges.items()}
        return self._wrong | {name: problem for name, problem in lost.items() if problem is not None}

    async def define(self, lights: Sequence[RigLight]) -> None:
        """Take these lights and make their strips' own state off."""
        await self._end_tasks()
        self._lights = {light.name: light for light in lights}
        self._ranges, self._strips, self._wrong = {}, {}, {}
        for light in lights:
            found = ADDRESS.fullmatch(light.address or "")
            first, last = (int(found["first"]), int(found["last"] or found["first"])) if found else (1, 0)
            if found is None or last < first:
                self._wrong[light.name] = "In the rig file its address is no HOST/LED or HOST/FIRST-LAST."
                continue
            strip = self._strips.setdefault(found["host"], Strip(found["host"]))
            if (other := self._owner(strip, first, last)) is not None:
                self._wrong[light.name] = f"In the rig file light '{other}' has some of its LEDs, too."
                continue
            strip.leds.extend(bytes(max(0, 3 * (last + 1) - len(strip.leds))))
            self._ranges[light.name] = (strip, first, last)
        await asyncio.gather(*(self._greet(strip) for strip in self._strips.values()))
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(work(), name="lamps of wled") for work in (self._keep, self._seek)]

    def _owner(self, strip: Strip, first: int, last: int) -> str | None:
        """Return the light that has one of these LEDs already."""
        ours = ((name, start, end) for name, (one, start, end) in self._ranges.items() if one is strip)
        return next((name for name, start, end in ours if start <= last and first <= end), None)

    async def _greet(self, strip: Strip) -> None:
        """See that a strip is there, long enough and live, and make its own state off."""
        told = await self._info(strip)
        if told is None or not await self._made_off(strip):
            strip.problem = SILENT
            return
        needed, count = len(strip.leds) // 3, int(told["leds"]["count"])
        if count < needed:
            strip.problem = f"Its strip has {count} LEDs, and the rig file names LED {needed - 1}."
            self._send(strip)
        else:
            strip.problem = None
            if not await self._is_live(strip) and strip.problem is None:
                strip.problem = DEAF

    async def _info(self, strip: Strip) -> dict[str, Any] | None:
        """Ask a strip what it is; None where it does not answer as WLED does. Takes note of how long it is up."""
        try:
            told: dict[str, Any] = (await self._http.get(f"http://{strip.host}/json/info")).raise_for_status().json()
            int(told["leds"]["count"])
            strip.uptime_s = int(told.get("uptime", 0))
        except (*self._failures, KeyError, TypeError) as error:
            logger.debug("A strip does not answer: %s", error)
            return None
        return told

    async def _made_off(self, strip: Strip) -> bool:
        host = strip.host.partition(":")[0]
        try:
            (await self._http.post(f"http://{strip.host}/json/state", json=dict(OWN_STATE))).raise_for_status()
            found = await asyncio.get_running_loop().getaddrinfo(host, self._settings.port, family=socket.AF_INET)
        except self._failures as error:
            logger.debug("A strip does not answer: %s", error)
            return False
        strip.place = (str(found[0][4][0]), self._settings.port)
        return True

    async def _is_live(self, strip: Strip) -> bool:
        """Send darkness, and see that the strip shows what it is sent; a datagram may be lost."""
        for _ in range(LIVE_TRIES):
            self._send(strip)
            told = await self._info(strip)
            if told is None or told.get("live", True):
                return True
            await asyncio.sleep(LIVE_S)
        return False

    async def switch(self, levels: Levels) -> None:
        """Send each strip what its LEDs show now."""
        gone = self.unavailable
        failed = {name: gone[name] for name in levels if name in gone}
        changed: dict[str, Strip] = {}
        for name, level in levels.items():
            if name in self._ranges and (name not in failed or level <= OFF):
                self._put(name, level)
                changed[self._ranges[name][0].host] = self._ranges[name][0]
        for strip in changed.values():
            self._send(strip)
        failed |= {name: why for name, why in self.unavailable.items() if name in levels}
        if failed:
            raise lamp_failed({name: failed[name] for name in levels if name in failed})

    def _put(self, name: str, level: float) -> None:
        strip, first, last = self._ranges[name]
        signal = self._lights[name].signal(level) if level > OFF else 0.0
        colour = bytes(max(round(part * signal), int(level > OFF and part > 0)) for part in self._settings.colour)
        strip.leds[3 * first : 3 * (last + 1)] = colour * (last + 1 - first)

    def _send(self, strip: Strip) -> None:
        if strip.place is None:
            return
        try:
            for start in range(0, len(strip.leds) // 3, MOST_LEDS):
                part = bytes(strip.leds[3 * start : 3 * (start + MOST_LEDS)]).ljust(3 * LEAST_LEDS, b"\0")
                self._socket.sendto(dnrgb(start, part, self._settings.watchdog_s), strip.place)
        except BlockingIOError:
            return  # the next one brings it
        except OSError as error:
            strip.problem = f"Its network cannot be reached: {error.strerror}."

    async def _keep(self) -> None:
        """Send what shines again, before the strip goes back to its own state."""
        while True:
            await asyncio.sleep(self._settings.watchdog_s / 3)
            for strip in self._strips.values():
                if any(strip.leds):
                    self._send(strip)

    async def _seek(self) -> None:
        """Look whether each strip is there."""
        while True:
            await asyncio.sleep(SEEK_S)
            await asyncio.gather(*(self._look_at(strip) for strip in self._strips.values()))

    async def _look_at(self, strip: Strip) -> None:
        before, up_s = strip.problem, strip.uptime_s
        told = None if before is not None else await self._info(strip)
        # After a loss of power it is as it was set up to be, which may be lit.
        anew = told is not None and strip.uptime_s < up_s
        if before is not None or anew:
            strip.leds[:] = bytes(len(strip.leds))
            await self._greet(strip)
        elif told is None:
            strip.problem = SILENT
        elif any(strip.leds) and not told.get("live", True):
            strip.problem = DEAF
        if strip.problem != before or anew:
            logger.warning("A strip of LEDs %s.", "is there, off" if strip.problem is None else "is lost")
            self._tell({name: OFF for name, (one, _, _) in self._ranges.items() if one is strip})

    def off_now(self) -> frozenset[str]:
        """Send every strip darkness."""
        for strip in self._strips.values():
            strip.leds[:] = bytes(len(strip.leds))
            for _ in range(2):
                self._send(strip)
        return frozenset(name for name in self._ranges if name in self.unavailable)

    async def close(self) -> None:
        """Send darkness; the strips go back to their own state, which is off."""
        await self._end_tasks()
        self.off_now()
        with contextlib.suppress(OSError):
            self._socket.close()
        await self._http.aclose()

    async def _end_tasks(self) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _open(setup: Setup) -> LampDriver:
    return WledLamps(setup.settings(WledLamps.name, WledSettings))


KIND = LampKind(WledLamps.name, _open)
