"""A GPIO chip in memory with the parts of gpiod's classes that the lamp driver uses, and RPi.GPIO's the same."""

import errno
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial

import gpiod
from gpiod.line import Direction, Value

from tetherlight.lights.choice import Find
from tetherlight.lights.drivers.gpiod_lamps import KIND, Chips, open_lamps
from tetherlight.lights.lamps import LampKind
from tetherlight.lights.registry import find_kind


@dataclass(frozen=True)
class FakeChipInfo:
    name: str
    label: str
    num_lines: int


@dataclass
class FakeLine:
    used: bool = False
    consumer: str = ""
    active_low: bool = False
    value: Value = Value.INACTIVE
    broken: bool = False

    @property
    def level(self) -> int:
        """The electric level, 0 or 1."""
        return int((self.value is Value.ACTIVE) != self.active_low)


class FakeRequest:
    def __init__(self, chip: "FakeChip", offsets: list[int]) -> None:
        self._chip = chip
        self._offsets = offsets
        self.released = False

    def set_values(self, values: dict[int | str, Value]) -> None:
        assert not self.released
        assert set(values) <= set(self._offsets)
        self._chip.writes.append({int(offset): value is Value.ACTIVE for offset, value in values.items()})
        if self._chip.gone:
            raise OSError(errno.ENODEV, "No such device")
        if any(self._chip.lines[int(offset)].broken for offset in values):
            raise OSError(errno.EIO, "Input/output error")
        for offset, value in values.items():
            self._chip.lines[int(offset)].value = value

    @property
    def fd(self) -> int:
        return self._chip.edges[0].fileno()

    def get_value(self, line: int | str) -> Value:
        return self._chip.lines[int(line)].value

    def wait_edge_events(self, timeout: float | None = None) -> bool:
        assert timeout == 0
        return bool(self._chip.noted)

    def read_edge_events(self) -> list[gpiod.EdgeEvent]:
        if self._chip.gone:
            raise OSError(errno.ENODEV, "No such device")
        self._chip.edges[0].recv(4096)
        noted, self._chip.noted = self._chip.noted, []
        return noted

    def release(self) -> None:
        self.released = True
        self._chip.forget_edges()
        for offset in self._offsets:
            self._chip.lines[offset].used = False
            self._chip.lines[offset].consumer = ""


@dataclass
class FakeChip:
    label: str = "pinctrl-bcm2711"
    name: str = "gpiochip0"
    num_lines: int = 58
    writes: list[dict[int, bool]] = field(default_factory=list)
    requests: list[list[int]] = field(default_factory=list)
    closed: bool = False
    gone: bool = False
    """As when it was unplugged: nothing can be asked of it, and its lines are free."""
    hides_holders: bool = False
    """As when another program takes a line just after we looked."""

    noted: list[gpiod.EdgeEvent] = field(default_factory=list)
    """Edges that nobody has read yet."""

    def __post_init__(self) -> None:
        self._pair: tuple[socket.socket, socket.socket] | None = None
        self.lines = [FakeLine() for _ in range(self.num_lines)]

    def get_info(self) -> FakeChipInfo:
        if self.gone:
            raise OSError(errno.ENODEV, "No such device")
        return FakeChipInfo(self.name, self.label, self.num_lines)

    def get_line_info(self, line: int | str) -> FakeLine:
        return FakeLine() if self.hides_holders else self.lines[int(line)]

    def request_lines(
        self,
        config: dict[Iterable[int | str] | int | str, gpiod.LineSettings | None],
        consumer: str | None = None,
    ) -> FakeRequest:
        offsets = [offset for offset in config if isinstance(offset, int)]
        self.requests.append(offsets)
        if any(self.lines[offset].used for offset in offsets):
            raise OSError(errno.EBUSY, "Device or resource busy")
        for offset in offsets:
            settings = config[offset]
            assert settings is not None
            line = self.lines[offset]
            line.used, line.consumer, line.active_low = True, consumer or "", settings.active_low
            if settings.direction is Direction.OUTPUT:
                line.value = settings.output_value
        return FakeRequest(self, offsets)

    def close(self) -> None:
        self.closed = True

    def hold(self, offset: int, consumer: str) -> None:
        """Let another program hold a line."""
        self.lines[offset].used, self.lines[offset].consumer = True, consumer

    def turn(self, offset: int, *, active: bool, at: float | None = None) -> None:
        """Let what hangs on an input become active or not, as its settings say; `at` is on the monotonic clock."""
        self.lines[offset].value = Value.ACTIVE if active else Value.INACTIVE
        kind = gpiod.EdgeEvent.Type.RISING_EDGE if active else gpiod.EdgeEvent.Type.FALLING_EDGE
        at_ns = int(1e9 * (time.monotonic() if at is None else at))
        self.noted.append(gpiod.EdgeEvent(kind.value, at_ns, offset, 0, 0))
        self.edges[1].send(b"e")

    @property
    def edges(self) -> tuple[socket.socket, socket.socket]:
        """What becomes readable with an edge, and its other end."""
        if self._pair is None:
            self._pair = socket.socketpair()
        return self._pair

    def forget_edges(self) -> None:
        """Leave nothing open, as with the end of a request."""
        for end in self._pair or ():
            end.close()
        self._pair = None

    def free(self, offset: int) -> None:
        """Let the other program go."""
        self.lines[offset].used, self.lines[offset].consumer = False, ""

    @property
    def lit(self) -> set[int]:
        """The lines that are on."""
        return {offset for offset, line in enumerate(self.lines) if line.value is Value.ACTIVE}


def chips(*present: FakeChip, forbidden: bool = False) -> Chips:
    """Give a machine these chips."""
    by_path = {f"/dev/{chip.name}": chip for chip in present}

    def paths() -> list[str]:
        return [path for path, chip in by_path.items() if not chip.gone]

    def open_chip(path: str) -> FakeChip:
        if forbidden:
            raise PermissionError(errno.EACCES, "Permission denied")
        return by_path[path]

    return Chips(paths=paths, open=open_chip)


def on_chips(*present: FakeChip, forbidden: bool = False) -> Find:
    """Give the kinds of lamps of a machine with these chips."""
    kind = LampKind(KIND.name, partial(open_lamps, chips=chips(*present, forbidden=forbidden)))
    return lambda name: kind if name == KIND.name else find_kind(name)


class FakeRpiGpio:
    BCM = 11
    OUT = 0

    def __init__(self) -> None:
        self.levels: dict[int, int] = {}
        self.cleaned: list[int] = []
        self.broken: set[int] = set()

    def setmode(self, mode: int, /) -> None:
        assert mode == self.BCM

    def setwarnings(self, on: bool, /) -> None:
        pass

    def setup(self, pin: int, direction: int, *, initial: int) -> None:
        assert direction == self.OUT
        if pin in self.broken:
            raise RuntimeError("Failed to add edge detection")
        self.levels[pin] = initial

    def output(self, pins: list[int], levels: list[int], /) -> None:
        if self.broken & set(pins):
            raise RuntimeError("Not running as root")
        self.levels |= dict(zip(pins, levels, strict=True))

    def cleanup(self, pins: list[int], /) -> None:
        self.cleaned += pins
