"""Lamps behind a small web server of their own, such as relays and dimmers in a plug.

Each is told to go off by itself after some time, and told again at a third of it while it shall shine.
"""

import asyncio
import logging
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from tetherlight.lights.lamps import OFF, LampDriver, Levels, lamp_failed
from tetherlight.rigfile.lights import RigLight

if TYPE_CHECKING:
    import httpx

logger = logging.getLogger(__name__)

ANSWER_S = 2.0
SEEK_S = 3.0
"""Seconds between two looks for a device that is lost."""
AT_ONCE = 16

SILENT = "Its device does not answer."


class DeviceFailed(Exception):
    """A device did not do what it was asked; says why, as a sentence without its address."""


@dataclass(frozen=True)
class Outlet:
    """Where a lamp hangs: a host, which of its outputs, and whether that dims."""

    host: str
    number: int
    dims: bool


class HttpLamps(LampDriver):
    """Lamps at HOST/NUMBER or HOST/light/NUMBER, which dims; devices work side by side."""

    real: ClassVar[bool] = True
    deadline_s: ClassVar[float] = 2 * ANSWER_S + 2

    def __init__(self, watchdog_s: float) -> None:
        # Loaded here, so that a server without such lamps does without it.
        import httpx  # noqa: PLC0415

        # It tells of each request, address and all.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self.watchdog_s = watchdog_s
        self._http = httpx.AsyncClient(timeout=ANSWER_S, trust_env=False)
        self._failures: tuple[type[Exception], ...] = (httpx.HTTPError, httpx.InvalidURL, ValueError)
        self._lights: dict[str, RigLight] = {}
        self._outlets: dict[str, Outlet] = {}
        self._wrong: dict[str, str] = {}
        self._lost: dict[str, str] = {}
        self._levels: dict[str, float] = {}
        self._keeper: asyncio.Task[None] | None = None
        self._using: dict[str, asyncio.Lock] = {}
        self._tell: Callable[[Levels], None] = lambda _: None

    @abstractmethod
    async def put(self, outlet: Outlet, level: float) -> None:
        """Switch one output, on for `watchdog_s` at most; raise DeviceFailed, or what httpx raises."""

    @abstractmethod
    def off_request(self, outlet: Outlet) -> str:
        """Return the URL that switches an output off."""

    def auth_of(self, host: str) -> Any:  # noqa: ARG002 - for those that have one
        """Return how a device is told the password, as httpx takes it; None where it wants none."""
        return None

    def can_dim(self, light: str) -> bool:
        """Tell whether the light hangs on a dimmer."""
        return light in self._outlets and self._outlets[light].dims

    def on_change(self, tell: Callable[[Levels], None]) -> None:
        """Tell when a device is lost, and when it is back, off."""
        self._tell = tell

    @property
    def unavailable(self) -> Mapping[str, str]:
        """The lights without a usable address, and those whose device does not answer."""
        return self._wrong | self._lost

    async def define(self, lights: Sequence[RigLight]) -> None:
        """Take these lights and switch each off."""
        await self._end_keeper()
        self._lights = {light.name: light for light in lights}
        self._outlets, self._wrong, self._lost = {}, {}, {}
        for light in lights:
            outlet = self._outlet(light.address)
            if outlet is None:
                self._wrong[light.name] = "In the rig file its address is no HOST/NUMBER, such as 10.0.0.9/0."
            else:
                self._outlets[light.name] = outlet
        self._using = {name: asyncio.Lock() for name in self._outlets}
        self._levels = {}
        await self._put_all(dict.fromkeys(self._outlets, OFF))
        if self._keeper is None and self._outlets:
            self._keeper = asyncio.get_running_loop().create_task(self._keep(), name=f"lamps of {self.name}")

    def _outlet(self, address: str | None) -> Outlet | None:
        host, *kind, number = (address or "").split("/") if "/" in (address or "") else ("", "")
        right = bool(host) and number.isdigit() and kind in ([], ["light"], ["relay"])
        return Outlet(host, int(number), kind == ["light"]) if right else None

    async def switch(self, levels: Levels) -> None:
        """Ask each device, all at once."""
        failed = {name: self._wrong[name] for name in levels if name in self._wrong}
        failed |= await self._put_all({name: level for name, level in levels.items() if name in self._outlets})
        if failed:
            raise lamp_failed({name: failed[name] for name in levels if name in failed})

    async def _put_all(self, levels: Levels) -> dict[str, str]:
        """Switch outputs; return why those failed that did."""
        names = list(levels)
        ends = await asyncio.gather(*(self._put(name, levels[name]) for name in names))
        return {name: end for name, end in zip(names, ends, strict=True) if end is not None}

    async def _put(self, name: str, level: float) -> str | None:
        """Switch one output and take note of it; return why it failed."""
        async with self._using[name]:
            return await self._put_now(name, level)

    async def _put_now(self, name: str, level: float) -> str | None:
        signal = self._lights[name].signal(level) if level > OFF else OFF
        try:
            await self.put(self._outlets[name], signal)
        except DeviceFailed as error:
            self._lost.pop(name, None)
            return str(error)
        except self._failures as error:
            logger.debug("Light %s: %s", name, error)
            self._lost[name] = SILENT
            return SILENT
        self._lost.pop(name, None)
        self._levels[name] = level
        return None

    async def _keep(self) -> None:
        """Let lamps shine on that are on, and look for devices that are lost."""
        loop = asyncio.get_running_loop()
        again_at = loop.time() + self.watchdog_s / 3
        while True:
            await asyncio.sleep(min(self.watchdog_s / 3, SEEK_S))
            names = list(self._lost)
            if loop.time() >= again_at:
                again_at = loop.time() + self.watchdog_s / 3
                names = list(self._outlets)
            told = await asyncio.gather(*(self._keep_one(name) for name in names))
            changed = [name for name, one in zip(names, told, strict=True) if one]
            if changed:
                logger.warning("Lamps whose device does not answer: %s", ", ".join(self._lost) or "none")
                # What is lost goes off by itself soon; what is back was switched off.
                self._tell(dict.fromkeys(changed, OFF))

    async def _keep_one(self, name: str) -> bool:
        """Tell a device again what it shall do where it is lit or lost; say whether it was lost or came back."""
        async with self._using[name]:
            was_lost, level = name in self._lost, self._levels.get(name, OFF)
            if not was_lost and level <= OFF:
                return False
            await self._put_now(name, OFF if was_lost else level)
            if name in self._lost:
                self._levels[name] = OFF
            return (name in self._lost) is not was_lost

    def off_now(self) -> frozenset[str]:
        """Ask every device over a connection of its own, side by side."""
        import httpx  # noqa: PLC0415 - as above

        def off(name: str) -> bool:
            try:
                url, auth = self.off_request(self._outlets[name]), self.auth_of(self._outlets[name].host)
                return bool(httpx.get(url, timeout=ANSWER_S / 2, trust_env=False, auth=auth).is_success)
            except self._failures:
                return False

        names = [name for name in self._outlets if name not in self._lost or self._levels.get(name)]
        if not names:
            return frozenset()
        with ThreadPoolExecutor(min(AT_ONCE, len(names))) as pool:
            done = dict(zip(names, pool.map(off, names), strict=True))
        self._levels |= {name: OFF for name, off in done.items() if off}
        return frozenset(name for name, off in done.items() if not off)

    async def close(self) -> None:
        """Keep no lamp on any more, and close the connections."""
        await self._end_keeper()
        await self._http.aclose()

    async def _end_keeper(self) -> None:
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)

    async def ask(self, url: str, params: Mapping[str, Any] | None = None, *, auth: Any = None) -> dict[str, Any]:
        """Return a device's answer; raise DeviceFailed where it refuses, and what httpx raises where it is silent."""
        answer: httpx.Response = await self._http.get(url, params=params, auth=auth)
        if answer.status_code == 401:
            raise DeviceFailed("Its device wants a password that the rig file does not give.")
        if not answer.is_success:
            raise DeviceFailed(f"Its device refuses with HTTP status {answer.status_code}.")
        told = answer.json()
        if told is None:
            return {}  # it did so, and has nothing to tell
        if not isinstance(told, dict):
            raise DeviceFailed("Its device answers something else than such devices do.")
        return told
