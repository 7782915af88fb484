"""Lamps on the lines of a GPIO chip, through the kernel's character device and its official bindings."""

import asyncio
import contextlib
import errno
import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

import gpiod
from gpiod.line import Direction, Value

from tetherlight.errors import InvalidSetting
from tetherlight.lights.gpio import NO_PIN, gpio_failed
from tetherlight.lights.lamps import OFF, LampDriver, LampKind, Levels, NothingToDrive, Setup
from tetherlight.rigfile.lights import RigLight

logger = logging.getLogger(__name__)

PI_HEADER_LABELS = ("pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1")
"""What the kernel calls the chip of a Raspberry Pi's header: models 0 to 3, 4, and 5. Chip numbers change."""

CONSUMER = "tetherlight"
"""How our names begin as holders of lines; the number of the process follows."""
ANOTHER_SERVER = "another Tetherlight server"
FORBIDDEN_HINT = (
    "Install deploy/60-tetherlight.rules, and add the user who runs the server to the group 'gpio': "
    "sudo groupadd --system --force gpio && sudo usermod -aG gpio $USER, then log in again."
)


def consumer() -> str:
    """Return the name under which this process holds lines."""
    return f"{CONSUMER}-{os.getpid()}"


def holder(line: "LineInfo") -> str | None:
    """Say who holds a line beside this process; None where nobody does."""
    if not line.used or line.consumer == consumer():
        return None
    name, _, process = line.consumer.partition("-")
    if name == CONSUMER and process.isdigit():
        return f"{ANOTHER_SERVER} (process {process})"
    return line.consumer or "the kernel"


class LineRequest(Protocol):
    """The part of `gpiod.LineRequest` that is used."""

    @property
    def fd(self) -> int:
        """What becomes readable with an edge."""

    def set_values(self, values: dict[int | str, Value]) -> None:
        """Set several lines of this request at once."""

    def get_value(self, line: int | str) -> Value:
        """Read a line."""

    def wait_edge_events(self, timeout: float | None = None) -> bool:
        """Tell whether edges are there, or come within so many seconds."""

    def read_edge_events(self) -> Sequence[gpiod.EdgeEvent]:
        """Return the edges that were noted; wait where there are none."""

    def release(self) -> None:
        """Give the lines back."""


class ChipInfo(Protocol):
    """The part of `gpiod.ChipInfo` that is used."""

    @property
    def name(self) -> str:
        """What the kernel calls the chip: gpiochip0."""

    @property
    def label(self) -> str:
        """What the chip's driver calls it."""

    @property
    def num_lines(self) -> int:
        """How many lines it has."""


class LineInfo(Protocol):
    """The part of `gpiod.LineInfo` that is used."""

    @property
    def used(self) -> bool:
        """Whether anybody holds the line."""

    @property
    def consumer(self) -> str:
        """Who says to hold the line."""


class Chip(Protocol):
    """The part of `gpiod.Chip` that is used."""

    def get_info(self) -> ChipInfo:
        """Describe the chip."""

    def get_line_info(self, line: int | str) -> LineInfo:
        """Describe a line."""

    def request_lines(
        self,
        config: dict[Iterable[int | str] | int | str, gpiod.LineSettings | None],
        consumer: str | None = None,
    ) -> LineRequest:
        """Take lines for exclusive use."""

    def close(self) -> None:
        """Close the chip; requests outlive it."""


def _device_paths() -> list[str]:
    # Some systems keep an old name as a link to the same chip.
    found = {str(path.resolve()): None for path in sorted(Path("/dev").glob("gpiochip*"))}
    return [path for path in found if gpiod.is_gpiochip_device(path)]


@dataclass(frozen=True)
class Chips:
    """The machine's GPIO chips: where they are and how one is opened."""

    paths: Callable[[], Sequence[str]] = _device_paths
    open: Callable[[str], Chip] = gpiod.Chip


@dataclass(frozen=True)
class HeaderSearch:
    """A Raspberry Pi's header chip, if there is one, and else the chips that may not be opened, or may all be it."""

    chip: Chip | None
    forbidden: tuple[str, ...] = ()
    several: tuple[str, ...] = ()

    @property
    def obstacle(self) -> NothingToDrive:
        """Why no chip was found."""
        if self.several:
            several = f"The GPIO chips {' and '.join(self.several)} may all be that of the header"
            return NothingToDrive(several, hint="Name the right one in the rig file (chip).")
        if self.forbidden:
            return NothingToDrive(f"No permission to open {', '.join(self.forbidden)}", hint=FORBIDDEN_HINT)
        return NothingToDrive("No GPIO chip of a Raspberry Pi was found")


def find_header(chips: Chips) -> HeaderSearch:
    """Look for a Raspberry Pi's header chip by its label."""
    forbidden: list[str] = []
    found: dict[str, Chip] = {}
    for path in chips.paths():
        try:
            chip = chips.open(path)
        except PermissionError:
            forbidden.append(path)
            continue
        except OSError as error:
            logger.warning("The GPIO chip %s cannot be opened: %s", path, error)
            continue
        info = chip.get_info()
        if info.label in PI_HEADER_LABELS:
            found[info.name] = chip
        else:
            chip.close()
    if len(found) == 1:
        return HeaderSearch(next(iter(found.values())))
    for chip in found.values():
        chip.close()
    return HeaderSearch(None, tuple(forbidden), tuple(found))


def open_named(chips: Chips, wanted: str) -> Chip:
    """Open the chip with this path, name or label; raise InvalidSetting naming those that there are.

    Numbers change with kernels and boards: one that does not mean a Raspberry Pi's header is refused where that header
    is there under another number, and a label where two chips have it.
    """
    with contextlib.ExitStack() as others:
        found, present = _look_for(chips, wanted, others)
        if not found:
            known = f"there are {', '.join(present)}" if present else "this machine has no GPIO chip"
            raise InvalidSetting(f"GPIO chip '{wanted}' of the rig file was not found: {known}.")
        if len(found) > 1:
            names = " and ".join(chip.get_info().name for chip in found)
            hint = "Name the one that the lamps hang on by its name or path."
            raise InvalidSetting(f"GPIO chip '{wanted}' of the rig file may be any of {names}.", hint=hint)
        chip = found[0]
        _check_number(chips, wanted, chip)
        # Whoever asked closes it.
        others.pop_all()
        return chip


def _look_for(chips: Chips, wanted: str, opened: contextlib.ExitStack) -> tuple[list[Chip], list[str]]:
    """Open all chips that this may mean, and return with them the names of all others."""
    present: list[str] = []
    found: list[Chip] = []
    for path in chips.paths():
        try:
            chip = chips.open(path)
        except OSError as error:
            if wanted in {path, Path(path).name}:
                hint = FORBIDDEN_HINT if isinstance(error, PermissionError) else None
                raise InvalidSetting(f"GPIO chip '{wanted}' cannot be opened: {error.strerror}.", hint=hint) from None
            present.append(f"{path} (not readable)")
            continue
        info = chip.get_info()
        if wanted in {path, info.name, info.label}:
            found.append(chip)
            opened.callback(chip.close)
        else:
            present.append(f"{info.name} ({info.label})")
            chip.close()
    return found, present


def _check_number(chips: Chips, wanted: str, chip: Chip) -> None:
    info = chip.get_info()
    if wanted == info.label or info.label in PI_HEADER_LABELS:
        return
    header = find_header(chips).chip
    if header is None:
        return
    other = header.get_info()
    header.close()
    raise InvalidSetting(
        f"GPIO chip '{wanted}' of the rig file is {info.label}, whose lines belong to the board itself; the header's "
        f"chip is {other.name} here.",
        hint=f'Name it by its label, which stays: chip = "{other.label}".',
    )


def named_if_there(chips: Chips, wanted: str) -> Chip | None:
    """Open the chip with this path, name or label where there is one now."""
    try:
        return open_named(chips, wanted)
    except InvalidSetting:
        return None


class GpiodLamps(LampDriver):
    """Lamps on one chip; all lines that are free are held in one request and so switch together.

    A line that was busy gets a request of its own once it is free, and then follows the others after some microseconds.
    """

    name: ClassVar[str] = "gpiod"
    real: ClassVar[bool] = True

    def __init__(self, chip: Chip, find: Callable[[], Chip | None]) -> None:
        self._chip = chip
        self._find = find
        self._gone = False
        self._info = chip.get_info()
        self._lights: dict[str, RigLight] = {}
        self._requests: dict[str, LineRequest] = {}
        self._unavailable: dict[str, str] = {}
        self._closed = False

    @property
    def unavailable(self) -> Mapping[str, str]:
        """The lights whose line is missing, or held by another program."""
        return self._unavailable

    async def define(self, lights: Sequence[RigLight]) -> None:
        """Give back the former lines and take these as outputs that are off."""
        self.off_now()
        self._release()
        self._lights = {light.name: light for light in lights}
        self._unavailable = {}
        for name in self._lights:
            cause = self._obstacle(name)
            if cause:
                self._unavailable[name] = cause
        free = [name for name in self._lights if name not in self._unavailable]
        try:
            self._take(free)
        except OSError:
            # One line spoils the whole request: find out which, and go without it.
            for name in free:
                self._take_alone(name)
        for name, cause in self._unavailable.items():
            logger.warning("Light %s cannot be driven: %s", name, cause)

    async def switch(self, levels: Levels) -> None:
        """Set all lines of a request with one call of the kernel."""
        failed: dict[str, str] = {}
        groups: dict[int, tuple[LineRequest, dict[str, float]]] = {}
        for name, level in levels.items():
            if name not in self._requests:
                self._take_alone(name)
            if name in self._requests:
                request = self._requests[name]
                groups.setdefault(id(request), (request, {}))[1][name] = level
            else:
                failed[name] = self._unavailable[name]
        for request, group in groups.values():
            try:
                request.set_values({self._pin(name): _value(level) for name, level in group.items()})
            except OSError as error:
                failed |= dict.fromkeys(group, f"The GPIO chip says: {_reason(error)}.")
        if failed:
            raise gpio_failed(failed, hint="gpioinfo shows who holds which line.")

    async def look(self) -> bool:
        """Notice that the chip was unplugged, whose lines are then free, and take a chip that is there again."""
        was_gone = self._gone
        if not was_gone and _answers(self._chip):
            return False
        if not was_gone:
            logger.warning("The GPIO chip %s is gone.", self._info.label)
            self._gone = True
            self._release()
            self._unavailable = dict.fromkeys(self._lights, self._missing())
            with contextlib.suppress(OSError):
                self._chip.close()
        chip = await asyncio.to_thread(self._find)
        if chip is not None:
            self._chip, self._info, self._gone = chip, chip.get_info(), False
            logger.info("The GPIO chip %s is there again.", self._info.label)
            await self.define(list(self._lights.values()))
        return chip is not None or not was_gone

    def _missing(self) -> str:
        return f"The GPIO chip {self._info.label} is gone."

    def off_now(self) -> frozenset[str]:
        """Set each line inactive, going on where one fails."""
        failed: set[str] = set()
        for name, request in self._requests.items():
            try:
                request.set_values({self._pin(name): Value.INACTIVE})
            except OSError as error:
                logger.error("Light %s cannot be switched off: %s", name, _reason(error))  # noqa: TRY400
                failed.add(name)
        return frozenset(failed)

    async def close(self) -> None:
        """Give back the lines; what level they take then is the board's affair."""
        if not self._closed:
            self._closed = True
            self.off_now()
            self._release()
            if not self._gone:
                self._chip.close()

    def _release(self) -> None:
        for request in {id(request): request for request in self._requests.values()}.values():
            with contextlib.suppress(OSError):  # of a chip that is gone
                request.release()
        self._requests = {}

    def _pin(self, name: str) -> int:
        pin = self._lights[name].pin
        assert pin is not None, "a light without a pin is never requested"  # noqa: S101
        return pin

    def _obstacle(self, name: str) -> str | None:
        """Say why a light's line cannot be had, or None."""
        if self._gone:
            return self._missing()
        pin = self._lights[name].pin
        if pin is None:
            return NO_PIN
        if pin >= self._info.num_lines:
            return f"Chip {self._info.label} has no line {pin}, only 0 to {self._info.num_lines - 1}."
        try:
            line = self._chip.get_line_info(pin)
        except OSError as error:
            return f"Line {pin} of {self._info.label} cannot be read: {_reason(error)}."
        if line.used:
            return f"Line {pin} of {self._info.label} is held by {holder(line) or 'another light'}."
        return None

    def _take(self, names: Sequence[str]) -> None:
        """Request these lights' lines together; raise OSError where one of them cannot be had."""
        if not names:
            return
        config: dict[Iterable[int | str] | int | str, gpiod.LineSettings | None] = {
            self._pin(name): gpiod.LineSettings(
                direction=Direction.OUTPUT,
                active_low=self._lights[name].active_low,
                output_value=Value.INACTIVE,
            )
            for name in names
        }
        request = self._chip.request_lines(config=config, consumer=consumer())
        self._requests |= dict.fromkeys(names, request)

    def _take_alone(self, name: str) -> None:
        """Request one light's line, or note why not."""
        cause = self._obstacle(name)
        if not cause:
            try:
                self._take([name])
            except OSError as error:
                cause = f"Line {self._pin(name)} of {self._info.label} cannot be had: {_reason(error)}."
        if cause:
            self._unavailable[name] = cause
        else:
            self._unavailable.pop(name, None)


def _answers(chip: Chip) -> bool:
    """Tell whether the chip is there: the kernel knows a descriptor of one that was unplugged, and nothing more."""
    try:
        chip.get_info()
    except OSError:
        return False
    return True


def _value(level: float) -> Value:
    return Value.ACTIVE if level > OFF else Value.INACTIVE


def _reason(error: OSError) -> str:
    if error.errno == errno.EBUSY:
        return "another program holds it"
    return os.strerror(error.errno) if error.errno else str(error)


def open_lamps(setup: Setup, chips: Chips | None = None) -> LampDriver:
    """Take the chip that the rig file names, else a Raspberry Pi's header; `chips` are the machine's."""
    chips = chips or Chips()
    rig = setup.rig
    if rig.chip is not None:
        chip = open_named(chips, rig.chip)
        label = chip.get_info().label
        if rig.default_lights and label not in PI_HEADER_LABELS:
            chip.close()
            raise InvalidSetting(
                f"The rig file {rig.path} names the GPIO chip '{rig.chip}' but no lights: "
                "the default pins are those of a Raspberry Pi's header."
            )
        again = _stays(chips, rig.chip, label)
        return GpiodLamps(chip, lambda: named_if_there(chips, again))
    search = find_header(chips)
    if search.chip is not None:
        return GpiodLamps(search.chip, lambda: find_header(chips).chip)
    raise search.obstacle


def _stays(chips: Chips, wanted: str, label: str) -> str:
    """Return the name by which a chip is found when it comes back: its label, unless two chips have that."""
    alike = named_if_there(chips, label)
    if alike is None:
        return wanted
    alike.close()
    return label


KIND = LampKind(GpiodLamps.name, open_lamps)
