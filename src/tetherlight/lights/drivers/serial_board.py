"""Lamps on boards with a serial line, such as an Arduino with the sketch of deploy/arduino."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from tetherlight.lights.board import HELLO_S, Board, BoardFailed
from tetherlight.lights.extras import need
from tetherlight.lights.lamps import OFF, LampDriver, LampKind, Levels, Setup, lamp_failed
from tetherlight.protocol.models import Model
from tetherlight.rigfile.lights import RigLight


class SerialSettings(Model):
    """The table `drivers.serial` of the rig file."""

    baud: int = Field(default=115200, ge=1200, le=4_000_000)


class SerialLamps(LampDriver):
    """Lamps at PORT/CHANNEL, such as /dev/ttyACM0/3; those of one board change with one line."""

    name: ClassVar[str] = "serial"
    real: ClassVar[bool] = True
    dims: ClassVar[bool] = True
    deadline_s: ClassVar[float] = HELLO_S + 6

    def __init__(self, settings: SerialSettings) -> None:
        self._settings = settings
        self._boards: dict[str, Board] = {}
        self._places: dict[str, tuple[Board, int]] = {}
        self._lights: dict[str, RigLight] = {}
        self._wrong: dict[str, str] = {}
        self._tell: Callable[[Levels], None] = lambda _: None

    def on_change(self, tell: Callable[[Levels], None]) -> None:
        """Tell when a board is lost, whose lamps go off by themselves, and when it is back."""
        self._tell = tell

    def holds(self, light: str) -> bool:
        """Tell whether the light's board stays as it is when it hears nothing."""
        place = self._places.get(light)
        return place is not None and place[0].watchdog_s == 0

    @property
    def unavailable(self) -> Mapping[str, str]:
        """The lights without a usable address, and those whose board is not there."""
        lost = {
            name: board.problem or (None if channel <= len(board.channels) else _too_few(board))
            for name, (board, channel) in self._places.items()
        }
        return self._wrong | {name: problem for name, problem in lost.items() if problem is not None}

    async def define(self, lights: Sequence[RigLight]) -> None:
        """Take these lights and greet their boards, all off."""
        self._lights = {light.name: light for light in lights}
        self._places, self._wrong = {}, {}
        for light in lights:
            port, _, channel = (light.address or "").rpartition("/")
            if not port or not channel.isdigit() or not 1 <= int(channel) <= 512:
                self._wrong[light.name] = "In the rig file its address is no PORT/CHANNEL, such as /dev/ttyACM0/3."
                continue
            board = self._boards.setdefault(port, Board(port, self._settings.baud, self._board_changed))
            self._places[light.name] = (board, int(channel))
        used = {board.port for board, _ in self._places.values()}
        for port in [port for port in self._boards if port not in used]:
            self._boards[port].dark_now()
            await self._boards.pop(port).end()
        await asyncio.gather(*(board.begin() for board in self._boards.values()))

    def _board_changed(self, board: Board) -> None:
        """Tell that a board was lost or is back: either way its lamps are off, unless it never goes dark by itself."""
        dark = board.problem is None or board.watchdog_s > 0
        self._tell({name: OFF for name, (one, _) in self._places.items() if one is board and dark})

    async def switch(self, levels: Levels) -> None:
        """Send each board one line."""
        parts: dict[Board, dict[str, int]] = {}
        gone = self.unavailable
        failed = {name: gone[name] for name in levels if name in gone}
        for name, level in levels.items():
            if name not in failed:
                signal = self._lights[name].signal(level) if level > OFF else 0.0
                # The faintest light is not dark.
                parts.setdefault(self._places[name][0], {})[name] = max(round(255 * signal), int(level > OFF))
        ends = await asyncio.gather(*(self._put(board, part) for board, part in parts.items()))
        for end in ends:
            failed |= end
        if failed:
            raise lamp_failed({name: failed[name] for name in levels if name in failed})

    async def _put(self, board: Board, values: Mapping[str, int]) -> dict[str, str]:
        try:
            await board.put({self._places[name][1]: value for name, value in values.items()})
        except BoardFailed as error:
            return dict.fromkeys(values, str(error))
        return {}

    def off_now(self) -> frozenset[str]:
        """Send every board the word for all off."""
        silent = {board for board in self._boards.values() if not board.dark_now()}
        return frozenset(name for name, (board, _) in self._places.items() if board in silent)

    async def close(self) -> None:
        """Switch off and let go of the ports."""
        for board in self._boards.values():
            board.dark_now()
            await board.end()


def _too_few(board: Board) -> str:
    return f"Its board has {len(board.channels)} channels."


def _open(setup: Setup) -> LampDriver:
    need("serial", SerialLamps.name, "serial")
    return SerialLamps(setup.settings(SerialLamps.name, SerialSettings))


KIND = LampKind(SerialLamps.name, _open)
