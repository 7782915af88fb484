"""Lamps on channels of DMX universes that are sent over the network: what Art-Net and sACN have in common.

A receiver holds its last look: who stops sending leaves lamps burning. So a change is sent at once, every frame again
about once a second, and darkness several times.
"""

import asyncio
import contextlib
import logging
import re
import socket
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from tetherlight.lights.lamps import OFF, LampDriver, Levels, lamp_failed
from tetherlight.rigfile.lights import RigLight

logger = logging.getLogger(__name__)

SLOTS = 512
REFRESH_S = 0.8
"""Seconds between two frames of a universe in which nothing changes; receivers give up after 2.5 to 10."""
DARK_TIMES = 3
"""How often darkness is sent, for datagrams get lost."""
RESOLVE_S = 3.0
ADDRESS = re.compile(
    r"(?P<host>[^/:]+)(?::(?P<port>\d{1,5}))?/(?P<universe>\d{1,5})/(?P<slot>\d{1,3})(?:-(?P<fine>\d{1,3}))?"
)


@dataclass(frozen=True)
class Slot:
    """Where a lamp is: a universe at a host, and its channel, with one for the finer half of 16 bits or without."""

    host: str
    port: int
    universe: int
    slot: int
    fine: int | None = None

    @classmethod
    def of(cls, address: str | None, port: int, universes: range) -> "Slot":
        """Read HOST/UNIVERSE/CHANNEL or HOST/UNIVERSE/COARSE-FINE; raise ValueError with what is wrong."""
        found = ADDRESS.fullmatch(address or "")
        if found is None:
            raise ValueError("its address is no HOST/UNIVERSE/CHANNEL, such as 10.0.0.7/1/12")
        universe, slot = int(found["universe"]), int(found["slot"])
        fine = None if found["fine"] is None else int(found["fine"])
        if universe not in universes:
            raise ValueError(f"its universe is not from {universes.start} to {universes.stop - 1}")
        if not all(1 <= one <= SLOTS for one in (slot, fine or 1)) or slot == fine:
            raise ValueError(f"its channel is not from 1 to {SLOTS}")
        return cls(found["host"], int(found["port"] or port), universe, slot, fine)

    @property
    def channels(self) -> list[tuple[str, int, int, int]]:
        """What no other lamp may have: host, port, universe and channel."""
        return [(self.host, self.port, self.universe, one) for one in (self.slot, self.fine) if one is not None]


@dataclass
class Universe:
    """What is sent to one universe of one host."""

    host: str
    port: int
    number: int
    frame: bytearray = field(default_factory=bytearray)
    sequence: int = 0
    place: tuple[str, int] | None = None
    """Where the datagrams go; None as long as the host's name is not known."""
    problem: str | None = None

    def give_room(self, slot: int) -> None:
        """Let the frame reach to a channel; its length stays even."""
        if len(self.frame) < slot:
            self.frame.extend(bytes(slot + slot % 2 - len(self.frame)))

    def get(self, slot: Slot) -> float:
        """Return what a lamp's channel, or both of its channels, are set to."""
        if slot.fine is None:
            return self.frame[slot.slot - 1] / 255
        return (self.frame[slot.slot - 1] * 256 + self.frame[slot.fine - 1]) / 65535

    def put(self, slot: Slot, signal: float) -> None:
        """Set a lamp's channel, or both of its channels."""
        if slot.fine is None:
            self.frame[slot.slot - 1] = round(signal * 255)
        else:
            self.frame[slot.slot - 1], self.frame[slot.fine - 1] = divmod(round(signal * 65535), 256)


class DmxLamps(LampDriver):
    """Lamps on universes; all of one universe change with one datagram."""

    real: ClassVar[bool] = True
    dims: ClassVar[bool] = True
    port: ClassVar[int]
    universes: ClassVar[range]

    def __init__(self, refresh_s: float = REFRESH_S) -> None:
        self._refresh_s = refresh_s
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self._lights: dict[str, RigLight] = {}
        self._slots: dict[str, Slot] = {}
        self._universes: dict[tuple[str, int, int], Universe] = {}
        self._wrong: dict[str, str] = {}
        self._refreshing: asyncio.Task[None] | None = None
        self._tell: Callable[[Levels], None] = lambda _: None
        self._closed = False

    @abstractmethod
    def packet(self, universe: Universe, *, last: bool = False) -> bytes:
        """Return the datagram for a universe; `last` says that no other one follows."""

    @abstractmethod
    def place_of(self, host: str, universe: int) -> str | None:
        """Return the address of a host that stands for something else, such as a multicast group."""

    def holds(self, light: str) -> bool:  # noqa: ARG002 - all of them
        """Tell that receivers of DMX keep their last look."""
        return True

    def on_change(self, tell: Callable[[Levels], None]) -> None:
        """Tell when a network is lost or back."""
        self._tell = tell

    @property
    def unavailable(self) -> Mapping[str, str]:
        """The lights without a usable address, and those whose network cannot be reached."""
        lost = {name: self._universe(slot).problem for name, slot in self._slots.items()}
        return self._wrong | {name: problem for name, problem in lost.items() if problem is not None}

    def _universe(self, slot: Slot) -> Universe:
        return self._universes[slot.host, slot.port, slot.universe]

    async def define(self, lights: Sequence[RigLight]) -> None:
        """Take these lights, and send darkness to all their universes."""
        self.off_now()
        self._lights = {light.name: light for light in lights}
        self._slots, self._universes, self._wrong = {}, {}, {}
        taken: dict[tuple[str, int, int, int], str] = {}
        for light in lights:
            try:
                slot = Slot.of(light.address, self.port, self.universes)
            except ValueError as error:
                self._wrong[light.name] = f"In the rig file {error}."
                continue
            if others := {taken[channel] for channel in slot.channels if channel in taken}:
                self._wrong[light.name] = f"In the rig file light '{min(others)}' has its channel, too."
                continue
            taken |= dict.fromkeys(slot.channels, light.name)
            self._slots[light.name] = slot
            key = slot.host, slot.port, slot.universe
            universe = self._universes.setdefault(key, Universe(*key))
            universe.give_room(max(slot.slot, slot.fine or 0))
        await asyncio.gather(*(self._find(universe) for universe in self._universes.values()))
        for _ in range(DARK_TIMES):
            self._send(self._universes.values())
        if self._refreshing is None and self._universes:
            self._refreshing = asyncio.get_running_loop().create_task(self._refresh(), name=f"refresh of {self.name}")

    async def _find(self, universe: Universe) -> None:
        place = self.place_of(universe.host, universe.number)
        try:
            async with asyncio.timeout(RESOLVE_S):
                found = await asyncio.get_running_loop().getaddrinfo(
                    place or universe.host, universe.port, family=socket.AF_INET, type=socket.SOCK_DGRAM
                )
        except (OSError, TimeoutError):
            universe.problem = "The name of its host in the rig file is not known."
        else:
            universe.place, universe.problem = found[0][4][:2], None  # type: ignore[assignment]

    async def switch(self, levels: Levels) -> None:
        """Send one datagram to each universe in which something changes."""
        changed: dict[int, Universe] = {}
        before: dict[str, float] = {}
        for name, level in levels.items():
            if name in self._slots:
                universe = self._universe(self._slots[name])
                before[name] = universe.get(self._slots[name])
                universe.put(self._slots[name], self._lights[name].signal(level) if level > OFF else 0.0)
                changed[id(universe)] = universe
        self._send(changed.values())
        if not any(levels.values()):
            # One lost datagram must not leave a lamp on until the next refresh.
            self._send(changed.values())
        gone = self.unavailable
        failed = {name: gone[name] for name in levels if name in gone}
        for name in failed.keys() & before.keys():
            if levels[name] > OFF:
                # It must not go on by itself when its network is back; going off is still right then.
                self._universe(self._slots[name]).put(self._slots[name], before[name])
        if failed:
            raise lamp_failed(failed)

    def _send(self, universes: Iterable[Universe], *, last: bool = False) -> None:
        """Send frames; what cannot be sent is the universe's problem until it can."""
        for universe in universes:
            if universe.place is None:
                continue
            universe.sequence = universe.sequence % 255 + 1
            try:
                self._socket.sendto(self.packet(universe, last=last), universe.place)
            except BlockingIOError:
                continue  # the network takes no more just now; the next refresh brings it
            except OSError as error:
                universe.problem = f"Its network cannot be reached: {error.strerror}."
            else:
                universe.problem = None

    async def _refresh(self) -> None:
        """Send every frame again and again, and notice networks that come and go."""
        while True:
            await asyncio.sleep(self._refresh_s)
            before = self.unavailable
            for universe in self._universes.values():
                if universe.place is None:
                    await self._find(universe)
            self._send(self._universes.values())
            if self.unavailable != before:
                logger.warning(
                    "Lamps of %s that cannot be reached: %s", self.name, ", ".join(self.unavailable) or "none"
                )
                self._tell({})

    def off_now(self) -> frozenset[str]:
        """Send darkness several times."""
        for universe in self._universes.values():
            universe.frame[:] = bytes(len(universe.frame))
        for _ in range(DARK_TIMES):
            self._send(self._universes.values())
        gone = self.unavailable
        return frozenset(name for name in self._slots if name in gone)

    async def close(self) -> None:
        """Send darkness, say that it was the last, and refresh no more."""
        if self._closed:
            return
        self._closed = True
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.gather(self._refreshing, return_exceptions=True)
        self.off_now()
        for _ in range(DARK_TIMES):
            with contextlib.suppress(OSError):
                self._send(self._universes.values(), last=True)
        self._socket.close()
