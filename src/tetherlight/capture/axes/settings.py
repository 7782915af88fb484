"""Axes that set entries of the camera's config: any entry, and the exposure in steps of EV."""

import logging
import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Self

from pydantic import JsonValue

from tetherlight.camera.release import refusal
from tetherlight.camera.values import checked
from tetherlight.camera.worker.widgets import ACTIONS_SECTION, number
from tetherlight.capture.axes.axis import Axis, Stage
from tetherlight.errors import ConfigInvalid, ConfigReadonly, TetherlightError
from tetherlight.protocol.axes import LEAST_HELD_S, MOST_HELD_S, AxisPlan
from tetherlight.protocol.manifest import AxisRecord, Plan
from tetherlight.protocol.models import ConfigEntry, ConfigValue

logger = logging.getLogger(__name__)

EXPOSURE = ("shutterspeed", "aperture", "iso")
"""What makes a frame brighter or darker, by its common names."""
HELD = "exposure_s"
"""In the place of a shutter time: the seconds for which the shutter is held open."""
NEAR_EV = 0.2
"""How far the nearest value of a camera may lie from the exposure that is wanted; its steps are a third or a half."""


def check_bracket(entry: ConfigEntry, values: Sequence[ConfigValue]) -> list[ConfigValue]:
    """Return the values in the entry's own type.

    Raises ConfigReadonly or ConfigInvalid where the entry cannot have each of them, and then its own one again, and
    CaptureRefused where no picture could be taken with one.
    """
    beginning = f"Config '{entry.name}' cannot be bracketed."
    if entry.path.startswith(ACTIONS_SECTION):
        raise ConfigInvalid(f"{beginning} It makes the camera do something and holds no value.")
    try:
        *found, _ = [checked(entry, value) for value in (*values, entry.value)]
    except (ConfigReadonly, ConfigInvalid) as error:
        raise type(error)(f"{beginning} {error.message}", hint=error.hint, details=error.details) from None
    for value in found:
        if (refused := refusal({entry.alias or entry.name: str(value)}.get)) is not None:
            raise refused
    return found


async def _entry(stage: Stage, name: str) -> ConfigEntry:
    """Return an entry as the camera has it now; raise ConfigNotFound."""
    await stage.camera.get_config(name)
    await stage.camera.refresh([name], owner=stage.owner)
    return (await stage.camera.get_config(name))[0]


class _Settings(Axis):
    """An axis whose values are settings of the camera, which are put back in the end."""

    def __init__(self, record: AxisRecord) -> None:
        super().__init__(record)
        self._before: dict[str, ConfigValue] = {}
        self._found: JsonValue = self.options.get("before")
        """What the entry had before the plan began, where a server that ended in the middle wrote that down."""

    @abstractmethod
    def names(self) -> Sequence[str]:
        """Return the entries that the axis sets."""

    @property
    def entries(self) -> Sequence[str]:
        """Return the entries that the axis sets, after `check`."""
        return self.names()

    @abstractmethod
    def settings(self, value: JsonValue) -> Mapping[str, ConfigValue]:
        """Return what a value sets."""

    async def begin(self, stage: Stage) -> None:
        """Remember what the camera has now, or had before the plan where that is written down."""
        for name in self.names():
            entry = await _entry(stage, name)
            found = entry.value if self._found is None else _plain(self._found)
            self._before[entry.name] = stage.plan.exposure.get(entry.alias or entry.name, found)
        self._found = None

    async def apply(self, stage: Stage, value: JsonValue) -> Sequence[str]:
        """Set it; the camera reads it back."""
        for name, wanted in self.settings(value).items():
            await stage.camera.set_config(name, wanted, owner=stage.owner)
        return ()

    async def restore(self, stage: Stage) -> None:
        """Give every entry the value back that it had."""
        for name, value in self._before.items():
            # A camera that is lost gets the value when it is opened again; it must not get the axis's last one then.
            stage.camera.choose(name, value)
            try:
                await stage.camera.set_config(name, value, owner=stage.owner)
            except TetherlightError as error:
                warning = f"{name} could not be set back to {value}: {error.message}"
                logger.warning("Job %s: %s", stage.owner, warning)
                stage.keeper.warn(warning)


class SettingAxis(_Settings):
    """Any entry of the camera's config, and its values."""

    name = "setting"
    letter = "s"

    def __init__(self, record: AxisRecord) -> None:
        super().__init__(record)
        self._alias = ""
        self._checked: list[ConfigValue] = []

    @classmethod
    def planned(cls, wanted: AxisPlan) -> Self:
        """Read the name of an entry and its values."""
        if wanted.name is None or wanted.values is None:
            raise cls.invalid("it needs the name of a config entry and values")
        if any(not isinstance(one, str | bool | int | float) for one in wanted.values):
            raise cls.invalid("its values are texts, numbers or true and false")
        return cls(AxisRecord(axis=cls.name, values=tuple(wanted.values), options={"name": wanted.name}))

    @property
    def entry(self) -> str:
        """The name of the config entry, as the request has it."""
        return str(self.options.get("name"))

    def names(self) -> Sequence[str]:
        """Return the one entry."""
        return (self.entry,)

    @property
    def entries(self) -> Sequence[str]:
        """Return its common name, after `check`."""
        return (self._alias,)

    def settings(self, value: JsonValue) -> Mapping[str, ConfigValue]:
        """Return the entry's value."""
        return {self.entry: self._checked[self.values.index(value)]}

    def locked(self, value: JsonValue, plan: Plan) -> Mapping[str, str]:
        """Let the frames of the value have it, whatever the others have."""
        return {self._alias: str(self._checked[self.values.index(value)])} if self._alias in plan.exposure else {}

    def label(self, value: JsonValue) -> str:
        """Name the entry and its value."""
        return f"{self.entry} {value}"

    async def check(self, stage: Stage) -> None:
        """Make sure that the camera takes every value, and its own one again."""
        entry = await _entry(stage, self.entry)
        self._alias = entry.alias or entry.name
        self.options = {"before": entry.value} | dict(self.options)
        self._checked = check_bracket(entry, [_plain(value) for value in self.values])


class ExposureAxis(_Settings):
    """EV offsets from the exposure that the plan found, or settings of shutter, aperture and ISO."""

    name = "exposure"
    letter = "e"

    def __init__(self, record: AxisRecord) -> None:
        super().__init__(record)
        self._by = str(self.options.get("by", "shutterspeed"))
        self._resolved: dict[int, dict[str, str]] = {}

    @classmethod
    def planned(cls, wanted: AxisPlan) -> Self:
        """Read EV offsets or settings by alias."""
        values = wanted.values or []
        if not values or not all(_is_ev(one) or _is_exposure(one) for one in values):
            raise cls.invalid(f"its values are EV offsets, or objects of {', '.join(EXPOSURE)}, {HELD}")
        by = wanted.options.get("by", "shutterspeed")
        if by not in EXPOSURE:
            raise cls.invalid(f"what changes ('by') is one of {', '.join(EXPOSURE)}")
        return cls(AxisRecord(axis=cls.name, values=tuple(values), options={"by": by}))

    def names(self) -> Sequence[str]:
        """Return what any of the values sets."""
        return list(dict.fromkeys(name for value in self._resolved.values() for name in value))

    def settings(self, value: JsonValue) -> Mapping[str, ConfigValue]:
        """Return the settings that `check` has found for a value."""
        return self._resolved.get(self.values.index(value), {})

    def locked(self, value: JsonValue, plan: Plan) -> Mapping[str, str]:  # noqa: ARG002 - the settings tell it
        """Let the frames of the value have its exposure."""
        return self._resolved.get(self.values.index(value), {})

    @property
    def holds_shutter(self) -> bool:
        """Whether the shutter is held open for a known time in each step."""
        return all(_held(value) is not None for value in self.values)

    def label(self, value: JsonValue) -> str:
        """Name the offset or the settings."""
        if isinstance(value, dict):
            return ", ".join(
                f"{setting:g} s" if isinstance(setting, int | float) else f"{name} {setting}"
                for name, setting in value.items()
            )
        return f"{value:+g} EV" if isinstance(value, int | float) else str(value)

    async def check(self, stage: Stage) -> None:
        """Find the settings of every value, counted from the plan's exposure; raise where the camera has them not."""
        if any(_held(value) is not None for value in self.values):
            stage.camera.check_release(EXPOSURE, held=True)
        for index, value in enumerate(self.values):
            if isinstance(value, dict):
                self._resolved[index] = {name: str(setting) for name, setting in value.items() if name != HELD}
            else:
                entry = await _entry(stage, self._by)
                base = str(stage.plan.exposure.get(self._by, entry.value))
                self._resolved[index] = {self._by: shifted(entry, base, float(str(value)))}
        for name in self.names():
            entry = await _entry(stage, name)
            # What one value changes, another one that does not name it gets back.
            own = str(stage.plan.exposure.get(name, entry.value))
            for found in self._resolved.values():
                found.setdefault(name, own)
            taken = check_bracket(entry, [found[name] for found in self._resolved.values()])
            # As the camera writes it: what it says later is held against that.
            for found, value in zip(self._resolved.values(), taken, strict=True):
                found[name] = str(value)


def _plain(value: JsonValue) -> ConfigValue:
    return value if isinstance(value, str | bool | int | float) else str(value)


def _is_ev(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -20 <= value <= 20


def _is_exposure(value: JsonValue) -> bool:
    if not isinstance(value, dict) or not value or {HELD, "shutterspeed"} <= value.keys():
        return False
    seconds = value.get(HELD, LEAST_HELD_S)
    return (
        isinstance(seconds, int | float)
        and not isinstance(seconds, bool)
        and LEAST_HELD_S <= seconds <= MOST_HELD_S
        and all(name == HELD or (name in EXPOSURE and isinstance(setting, str)) for name, setting in value.items())
    )


def _held(value: JsonValue) -> float | None:
    seconds = value.get(HELD) if isinstance(value, dict) else None
    return float(seconds) if isinstance(seconds, int | float) else None


def held_seconds(at: Mapping[str, JsonValue]) -> float | None:
    """Return for how long the shutter is held open in a step; None where the camera times the exposure."""
    return _held(at.get(ExposureAxis.name))


def shifted(entry: ConfigEntry, base: str, ev: float) -> str:
    """Return the option that lies so many EV from a base; raise ConfigInvalid where none lies there."""
    start = number(base)
    if not start or start <= 0:
        raise ConfigInvalid(
            f"Config '{entry.name}' is '{base}', from which no exposure can be counted.",
            hint="Set it to a number first, such as 1/60.",
        )
    stops = -2.0 if entry.alias == "aperture" else 1.0  # light goes with the inverse square of the f-number
    found = [
        (_ev(value / start) * stops - ev, option) for option in entry.options if (value := number(option) or 0) > 0
    ]
    distance, option = min(((abs(away), option) for away, option in found), default=(math.inf, ""))
    if distance > NEAR_EV:
        raise ConfigInvalid(
            f"Config '{entry.name}' has no value {ev:+g} EV from '{base}'.",
            hint=f"It can be {', '.join(entry.options[:1] + entry.options[-1:])} and what lies between.",
        )
    return base if ev == 0 else option


def _ev(ratio: float) -> float:
    return math.log2(ratio)
