"""Lamps without electricity: those that are only remembered, and those that light the simulator's scene."""

import asyncio
import contextlib
import json
import logging
import re
import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from tetherlight.lights.lamps import OFF, ON, LampDriver, LampKind, Levels, Setup, lamp_failed
from tetherlight.protocol.models import Direction
from tetherlight.rigfile.lights import RigLight

logger = logging.getLogger(__name__)

OVERHEAD: Direction = (0.0, 0.0, 1.0)
"""Where a light without a stated direction stands in the scene."""

ANSWER_DEADLINE_S = 3.0
DEFINE_DEADLINE_S = 30.0
"""A simulator that is being started on a busy machine takes its time."""

IMPATIENT_DEADLINE_S = 0.5
"""For a simulator that has just let a deadline pass, so that the server still stops in time."""

FIRST_LOOK_S, LONGEST_LOOK_S = 0.1, 2.0
"""Pauses between two looks for a simulator that is lost; a look at a socket that is not there costs nothing."""

SIGNALS = 32
"""Steps of the table by which the scene knows the signals of a light."""

SILENT = "The simulator does not answer."


class RememberedLamps(LampDriver):
    """Lamps that exist in the rig's state alone."""

    name: ClassVar[str] = "simulated"
    real: ClassVar[bool] = False
    dims: ClassVar[bool] = True

    @property
    def unavailable(self) -> Mapping[str, str]:
        """None: what is only remembered cannot fail."""
        return {}

    async def define(self, lights: Sequence[RigLight]) -> None:
        """Take any lights."""

    async def switch(self, levels: Levels) -> None:
        """Do nothing: the levels are the rig's."""

    def off_now(self) -> frozenset[str]:
        """Do nothing."""
        return frozenset()

    async def close(self) -> None:
        """Do nothing."""


class SceneLamps(LampDriver):
    """Lamps of the simulator's scene, switched over its control socket.

    A simulator that is lost is looked for until another one listens at the socket; that one is told everything anew,
    so that it goes on where the lost one was.
    """

    name: ClassVar[str] = "simulated"
    real: ClassVar[bool] = False
    dims: ClassVar[bool] = True
    deadline_s: ClassVar[float] = 2 * DEFINE_DEADLINE_S

    def __init__(self, control: Path, *, deadline_s: float = ANSWER_DEADLINE_S) -> None:
        self._control = control
        self._deadline = deadline_s
        self._lights: tuple[RigLight, ...] = ()
        self._levels: dict[str, float] = {}
        self._link: _Link | None = None
        self._hangs = False
        self._using = asyncio.Lock()
        self._lost = asyncio.Event()
        self._seeker: asyncio.Task[None] | None = None
        self._tell_change: Callable[[Levels], None] = lambda _: None

    def on_change(self, tell: Callable[[Levels], None]) -> None:
        """Tell when the simulator is lost, and when it or another one is back with our lights as they stand."""
        self._tell_change = tell

    @property
    def unavailable(self) -> Mapping[str, str]:
        """All lights, as long as there is no simulator."""
        return {} if self._link and not self._link.ended else dict.fromkeys(self._levels, SILENT)

    async def define(self, lights: Sequence[RigLight]) -> None:
        """Replace the lights of the scene, all off."""
        async with self._using:
            self._lights = tuple(lights)
            self._levels = {light.name: OFF for light in lights}
            await self._drop()
            try:
                await self._connect(DEFINE_DEADLINE_S)
            except (OSError, ValueError) as error:
                logger.warning("The simulator at %s does not take the lights: %s", self._control, error)
                self._lost.set()
        if self._seeker is None:
            self._seeker = asyncio.get_running_loop().create_task(self._seek(), name="simulated lamps")

    async def switch(self, levels: Levels) -> None:
        """Switch lights in one request; a lost simulator is looked for once."""
        async with self._using:
            before = self._levels
            self._levels = before | dict(levels)
            try:
                await self._tell(levels)
            except (OSError, ValueError) as error:
                self._levels = before
                self._hangs = isinstance(error, TimeoutError)
                if self._link is None:
                    self._lost.set()
                cause = str(error) if isinstance(error, _Refused) else SILENT
                raise lamp_failed(dict.fromkeys(levels, cause)) from error

    async def _tell(self, levels: Levels) -> None:
        if self._link:
            try:
                await self._link.ask({"op": "set_lights", "lights": _plain(levels)})
            except ConnectionError:
                await self._drop()
            except (TimeoutError, ValueError) as error:
                if not isinstance(error, _Refused):
                    await self._drop()
                raise
            else:
                return
        await self._connect(DEFINE_DEADLINE_S)

    async def _connect(self, patience: float) -> None:
        """Open the socket and tell the scene our lights and how they stand."""
        patience = min(self._deadline, IMPATIENT_DEADLINE_S) if self._hangs else patience
        link = await _Link.open(self._control, self._deadline, self._lost)
        try:
            scene = {light.name: _scene(light) for light in self._lights}
            await link.ask({"op": "define_lights", "lights": scene}, patience)
            await link.ask({"op": "set_lights", "lights": _plain(self._levels)})
        except BaseException:
            await link.close()
            raise
        self._link = link
        self._hangs = False

    async def _drop(self) -> None:
        link, self._link = self._link, None
        if link:
            await link.close()

    async def _seek(self) -> None:
        """Whenever the simulator is lost, look until there is one again."""
        while True:
            await self._lost.wait()
            self._lost.clear()
            async with self._using:
                if self._link and not self._link.ended:
                    continue
                await self._drop()
            self._tell_change({})
            pause = FIRST_LOOK_S
            while not await self._find_again():
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_LOOK_S)
            self._tell_change(self._levels)

    async def _find_again(self) -> bool:
        async with self._using:
            if self._link and not self._link.ended:
                return True
            try:
                await self._connect(self._deadline)
            except (OSError, ValueError) as error:
                self._hangs = isinstance(error, TimeoutError)
                return False
            logger.info("The simulator at %s is back and has the lights as they stand.", self._control)
            return True

    def off_now(self) -> frozenset[str]:
        """Ask over a connection of its own, since the other one may be in use."""
        self._levels = dict.fromkeys(self._levels, OFF)
        message = json.dumps({"op": "set_lights", "lights": _plain(self._levels)}) + "\n"
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(IMPATIENT_DEADLINE_S)
                connection.connect(str(self._control))
                connection.sendall(message.encode())
                answer = connection.recv(4096)
        except OSError:
            answer = b""
        return frozenset() if re.search(rb'"ok":\s*true', answer) else frozenset(self._levels)

    async def close(self) -> None:
        """Close the connection and look for it no more."""
        seeker, self._seeker = self._seeker, None
        if seeker:
            seeker.cancel()
            await asyncio.gather(seeker, return_exceptions=True)
        async with self._using:
            await self._drop()


class _Refused(ValueError):
    """The simulator answered that it will not."""


class _Reader(asyncio.StreamReader):
    """Tells of the other side's end even while nobody reads."""

    def __init__(self, lost: asyncio.Event) -> None:
        super().__init__()
        self.lost = lost

    def feed_eof(self) -> None:
        super().feed_eof()
        self.lost.set()

    def set_exception(self, exc: Exception) -> None:
        super().set_exception(exc)
        self.lost.set()


class _Link:
    """One connection to the control socket, asking one thing at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, deadline: float) -> None:
        self._reader = reader
        self._writer = writer
        self._deadline = deadline

    @classmethod
    async def open(cls, control: Path, deadline: float, lost: asyncio.Event) -> "_Link":
        """Connect; `lost` is set when the other side closes."""
        loop, reader = asyncio.get_running_loop(), _Reader(lost)
        protocol = asyncio.StreamReaderProtocol(reader)
        async with asyncio.timeout(deadline):
            transport, _ = await loop.create_unix_connection(lambda: protocol, str(control))
        return cls(reader, asyncio.StreamWriter(transport, protocol, reader, loop), deadline)

    @property
    def ended(self) -> bool:
        """Whether the other side has closed."""
        return self._reader.at_eof() or self._reader.exception() is not None

    async def ask(self, request: dict[str, Any], deadline: float | None = None) -> None:
        """Send a request and wait for its answer; raise _Refused, ConnectionError, TimeoutError or ValueError."""
        async with asyncio.timeout(deadline or self._deadline):
            self._writer.write(json.dumps(request).encode() + b"\n")
            await self._writer.drain()
            line = await self._reader.readline()
        if not line.endswith(b"\n"):
            raise ConnectionResetError("the simulator closed its control socket")
        answer = json.loads(line)
        if not isinstance(answer, dict) or answer.get("ok") is not True:
            error = answer.get("error") if isinstance(answer, dict) else None
            raise _Refused(str(error or "The simulator refused."))

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(self._deadline):
                await self._writer.wait_closed()


def _plain(levels: Levels) -> dict[str, bool | float]:
    """Say true and false of lamps at full power and off, as the control socket's oldest users do."""
    return {name: level if OFF < level < ON else level > OFF for name, level in levels.items()}


def _scene(light: RigLight) -> dict[str, Any]:
    told: dict[str, Any] = {"direction": list(light.unit_direction or OVERHEAD), "intensity": 1.0}
    if light.gamma is not None or light.curve is not None:
        # Only a lamp that the simulator was given one of (its operation `lamp`) looks at what it would be sent.
        levels = [number / SIGNALS for number in range(SIGNALS + 1)]
        told["signals"] = [(level, light.signal(level)) for level in levels]
    return told


def _open(setup: Setup) -> LampDriver:
    return RememberedLamps() if setup.simulator is None else SceneLamps(setup.simulator)


KIND = LampKind(RememberedLamps.name, _open)
