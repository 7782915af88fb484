"""Lines of the rig's GPIO chip, held in one request of the kernel so that they change together."""

import asyncio
import contextlib
import errno
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

import gpiod
from gpiod.line import Direction, Value

from tetherlight.errors import InvalidSetting
from tetherlight.lights.drivers.gpiod_lamps import Chip, Chips, LineRequest, consumer, find_header, holder, open_named
from tetherlight.rigfile.triggers import TriggerTable
from tetherlight.triggers.lines import Fired, Lines, Wired, half_press_s, trigger_failed

HINT = "gpioinfo shows who holds which line."


class GpioLines(Lines):
    """The lines of all triggers, held from the start so that nobody else presses a release by them.

    Where they could not be had, or their chip was unplugged, they are asked for again at each press.
    """

    def __init__(self, triggers: Mapping[str, TriggerTable], chip: str | None, chips: Chips | None = None) -> None:
        """Take the lines from the chip of this path, name or label, else from a Raspberry Pi's header."""
        self._triggers = dict(triggers)
        self._wanted = chip
        self._chips = chips or Chips()
        self._request: LineRequest | None = None

    def take(self) -> None:
        """Take all lines, inactive; raise TriggerFailed where that cannot be."""
        if self._request is not None:
            return
        names = list(self._triggers)
        try:
            # The request outlives the chip's own descriptor.
            with contextlib.closing(self._open(names)) as chip:
                self._refuse_held(chip)
                self._request = chip.request_lines(config=self._config(), consumer=consumer())
        except InvalidSetting as error:
            raise trigger_failed(names, error.message, error.hint) from None
        except OSError as error:
            raise trigger_failed(names, f"Its lines cannot be had: {_reason(error)}.", HINT) from None

    async def fire(self, triggers: Mapping[str, TriggerTable], cameras: Sequence[Wired]) -> Fired:  # noqa: ARG002
        """Press them: each step is one call of the kernel for all lines."""
        self.take()
        half = [one.half_press for one in triggers.values() if one.half_press is not None]
        full = [one.full_press for one in triggers.values()]
        set_lines = partial(self._set, list(triggers))
        try:
            if half:
                set_lines(half, Value.ACTIVE)
                await asyncio.sleep(half_press_s(triggers))
            at, began = time.time(), time.perf_counter()
            set_lines(full, Value.ACTIVE)
            spread = time.perf_counter() - began
            await asyncio.sleep(max(one.press_s for one in triggers.values()))
        finally:
            if self._request is not None:
                set_lines([*half, *full], Value.INACTIVE)
        return Fired(at, spread)

    async def close(self) -> None:
        """Give the lines back, inactive."""
        request, self._request = self._request, None
        if request is not None:
            pins: dict[int | str, Value] = dict.fromkeys(self._pins, Value.INACTIVE)
            with contextlib.suppress(OSError):
                request.set_values(pins)
            with contextlib.suppress(OSError):
                request.release()

    @property
    def _pins(self) -> list[int]:
        return [pin for one in self._triggers.values() for pin in one.pins]

    def _open(self, names: Sequence[str]) -> Chip:
        if self._wanted is not None:
            return open_named(self._chips, self._wanted)
        found = find_header(self._chips)
        if found.chip is None:
            raise trigger_failed(names, f"{found.obstacle.problem}.", found.obstacle.hint)
        return found.chip

    def _refuse_held(self, chip: Chip) -> None:
        """Raise TriggerFailed where a line is missing or somebody else has it."""
        info = chip.get_info()
        for name, trigger in self._triggers.items():
            for pin in trigger.pins:
                if pin >= info.num_lines:
                    last = info.num_lines - 1
                    raise trigger_failed([name], f"Chip {info.label} has no line {pin}, only 0 to {last}.")
                line = chip.get_line_info(pin)
                if line.used:
                    who = holder(line) or "a light of this rig"
                    raise trigger_failed([name], f"Line {pin} of {info.label} is held by {who}.", HINT)

    def _config(self) -> dict[Iterable[int | str] | int | str, gpiod.LineSettings | None]:
        return {
            pin: gpiod.LineSettings(direction=Direction.OUTPUT, active_low=one.active_low, output_value=Value.INACTIVE)
            for one in self._triggers.values()
            for pin in one.pins
        }

    def _set(self, names: Sequence[str], pins: Sequence[int], value: Value) -> None:
        assert self._request is not None, "lines that are set were taken"  # noqa: S101
        try:
            self._request.set_values(dict.fromkeys(pins, value))
        except OSError as error:
            request, self._request = self._request, None
            with contextlib.suppress(OSError):  # of a chip that is gone
                request.release()
            raise trigger_failed(names, f"The GPIO chip says: {_reason(error)}.") from None


def _reason(error: OSError) -> str:
    if error.errno == errno.EBUSY:
        return "another program holds it"
    return os.strerror(error.errno) if error.errno else str(error)
