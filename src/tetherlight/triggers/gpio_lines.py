"""Lines of the rig's GPIO chip, held in one request of the kernel so that they change together."""

import asyncio
import contextlib
import errno
import os
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial

import gpiod
from gpiod import EdgeEvent
from gpiod.line import Bias, Clock, Direction, Value
from gpiod.line import Edge as EdgeDetection

from tetherlight.errors import InvalidSetting, TriggerFailed
from tetherlight.lights.drivers.gpiod_lamps import Chip, Chips, LineRequest, consumer, find_header, holder, open_named
from tetherlight.rigfile.triggers import TriggerTable
from tetherlight.triggers.lines import Fired, Lines, Wired, half_press_s, trigger_failed
from tetherlight.triggers.sync import Edge, Held

DEBOUNCE = timedelta(milliseconds=1)
"""In which a contact may bounce; the shortest that a shutter is fully open is some milliseconds."""
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
        self._contacts: LineRequest | None = None

    def take(self) -> None:
        """Take all lines, inactive; raise TriggerFailed where that cannot be."""
        if self._request is not None:
            return
        names = list(self._triggers)
        try:
            # The request outlives the chip's own descriptor.
            with contextlib.closing(self._open(names)) as chip:
                self._refuse_held(chip)
                request = chip.request_lines(config=self._config(), consumer=consumer())
                if self._syncs:
                    try:
                        self._contacts = chip.request_lines(config=self._sync_config(), consumer=consumer())
                    except OSError:
                        request.release()
                        raise
                self._request = request
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

    @contextlib.asynccontextmanager
    async def hold(self, name: str, trigger: TriggerTable, camera: Wired) -> AsyncIterator[Held]:  # noqa: ARG002
        """Listen to the contact: the kernel notes the time of each edge."""
        self.take()
        listening = self._contacts
        assert listening is not None, "lines that are listened to were taken"  # noqa: S101
        held = _GpioHeld(name, trigger, self._set)
        loop = asyncio.get_running_loop()
        try:
            if listening.wait_edge_events(0):  # what happened before
                listening.read_edge_events()
            loop.add_reader(listening.fd, held.read, listening)
        except OSError as error:
            raise self._lost([name], error) from None
        try:
            yield held
        finally:
            loop.remove_reader(listening.fd)
            if self._request is not None:
                await held.let_go()

    def sync_fault(self, name: str, trigger: TriggerTable) -> str | None:
        """Say whether the contact seems closed at rest."""
        if self._contacts is None or trigger.sync is None:
            return None
        try:
            closed = self._contacts.get_value(trigger.sync) is Value.ACTIVE
        except OSError as error:
            return f"Sync line {trigger.sync} of trigger '{name}' cannot be read: {_reason(error)}."
        if not closed:
            return None
        return f"Sync line {trigger.sync} of trigger '{name}' is closed all the time, as if the shutter were open."

    async def close(self) -> None:
        """Give the lines back, inactive."""
        contacts, self._contacts = self._contacts, None
        if contacts is not None:
            with contextlib.suppress(OSError):
                contacts.release()
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
            for pin in trigger.all_pins:
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

    @property
    def _syncs(self) -> dict[int, TriggerTable]:
        return {one.sync: one for one in self._triggers.values() if one.sync is not None}

    def _sync_config(self) -> dict[Iterable[int | str] | int | str, gpiod.LineSettings | None]:
        return {
            pin: gpiod.LineSettings(
                direction=Direction.INPUT,
                edge_detection=EdgeDetection.BOTH,
                bias=Bias.PULL_UP if one.sync_active_low else Bias.PULL_DOWN,
                active_low=one.sync_active_low,
                debounce_period=DEBOUNCE,
                event_clock=Clock.MONOTONIC,
            )
            for pin, one in self._syncs.items()
        }

    def _lost(self, names: Sequence[str], error: OSError) -> TriggerFailed:
        """Forget lines that cannot be driven any more, so that they are taken anew, and return the error."""
        for request in filter(None, (self._request, self._contacts)):
            with contextlib.suppress(OSError):  # of a chip that is gone
                request.release()
        self._request = self._contacts = None
        return trigger_failed(names, f"The GPIO chip says: {_reason(error)}.")

    def _set(self, names: Sequence[str], pins: Sequence[int], value: Value) -> None:
        assert self._request is not None, "lines that are set were taken"  # noqa: S101
        try:
            self._request.set_values(dict.fromkeys(pins, value))
        except OSError as error:
            raise self._lost(names, error) from None


class _GpioHeld(Held):
    def __init__(
        self, name: str, trigger: TriggerTable, set_lines: Callable[[Sequence[str], Sequence[int], Value], None]
    ) -> None:
        super().__init__()
        self._names = [name]
        self._trigger = trigger
        self._set = set_lines
        self._pressed = False

    def read(self, listening: LineRequest) -> None:
        """Hear what the kernel has noted."""
        try:
            events = listening.read_edge_events()
        except OSError:
            return  # the chip is gone, which the next press tells
        for event in events:
            if event.line_offset == self._trigger.sync:
                closed = event.event_type is EdgeEvent.Type.RISING_EDGE
                self.hear(Edge(event.timestamp_ns / 1e9, closed))

    async def press(self) -> None:
        self._pressed = True
        if self._trigger.half_press is not None:
            self._set(self._names, [self._trigger.half_press], Value.ACTIVE)
            await asyncio.sleep(self._trigger.half_press_s)
        self._set(self._names, [self._trigger.full_press], Value.ACTIVE)

    async def let_go(self) -> None:
        if self._pressed:
            self._pressed = False
            self._set(self._names, self._trigger.pins, Value.INACTIVE)


def _reason(error: OSError) -> str:
    if error.errno == errno.EBUSY:
        return "another program holds it"
    return os.strerror(error.errno) if error.errno else str(error)
