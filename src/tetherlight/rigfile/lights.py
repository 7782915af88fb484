"""The lights of a rig as its file describes them."""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, ConfigDict, Field, field_validator, model_validator

from tetherlight.naming.rules import is_of_letters, length_on_disk
from tetherlight.protocol.models import Direction, LightInfo, Model

Finite = Annotated[float, Field(allow_inf_nan=False)]
Vector = tuple[Finite, Finite, Finite]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]

LIMITS = ("max_level", "max_on_s", "min_off_s", "duty", "duty_s", "watts")
"""The keys of `Limits`."""
LAW = ("gamma", "curve")
"""The keys that say how a lamp's light follows its signal."""

MAX_NAME = 64
"""Characters of a light's name, which becomes a part of file names: image_01_<name>.jpg."""
MAX_NAME_BYTES = 3 * MAX_NAME
"""As many as letters of nearly every script need; the name of a file has at most 255."""


class GpioLine(Model):
    """The line of the rig's GPIO chip on which a lamp hangs; other lamps have none."""

    model_config = ConfigDict(strict=True)

    pin: int | None = Field(default=None, ge=0, le=4095)
    active_low: bool = False


class GuardTable(Model):
    """The limits of the rig as a whole; only the file says them."""

    model_config = ConfigDict(strict=True)

    max_watts: Finite | None = Field(default=None, gt=0)
    max_lamps: int | None = Field(default=None, ge=1)
    idle_off_s: Finite | None = Field(default=None, ge=1, le=604800)
    """All lights go off when nobody was there and no job ran for so long."""


NO_GUARD = GuardTable()


class Limits(Model):
    """What a lamp can bear; no limit is active that is not stated."""

    model_config = ConfigDict(strict=True)

    max_level: Finite | None = Field(default=None, gt=0, le=1)
    max_on_s: Finite | None = Field(default=None, gt=0, le=604800)
    """Longest time that it is on without a break."""
    min_off_s: Finite | None = Field(default=None, gt=0, le=86400)
    duty: Finite | None = Field(default=None, gt=0, lt=1)
    """Share of the time, at full power, that it may be on, over `duty_s`; a dimmed lamp warms less."""
    duty_s: Finite | None = Field(default=None, gt=0, le=86400)
    watts: Finite | None = Field(default=None, gt=0, le=1e6)
    """What it takes at full power."""


class LightTable(GpioLine, Limits):
    """The keys that a light has in the rig file."""

    direction: Vector | None = None
    position: Vector | None = None
    intensity: Finite | None = Field(default=None, gt=0, le=1000)
    """How strong it is against the others."""
    calibrated_at: AwareDatetime | None = None
    """When direction and intensity were measured."""
    settle_s: Finite | None = Field(default=None, ge=0, le=600)
    group: str | None = Field(default=None, min_length=1, max_length=64)
    gamma: Finite | None = Field(default=None, ge=0.2, le=5)
    """Its light is the lamp's signal to this power; 1, where nothing is said, is linear."""
    curve: tuple[tuple[Share, Share], ...] | None = Field(default=None, min_length=1, max_length=256)
    """Instead of gamma what was measured: pairs of signal and light, each from 0 to 1 and growing."""
    flicker: Share | None = None
    """How much its light goes up and down while it is on: (most - least) / (most + least)."""
    measured_at: AwareDatetime | None = None
    """When `settle_s`, the curve and the flicker were measured."""
    driver: str | None = Field(default=None, min_length=1, max_length=64)
    """What switches this lamp, where that is not the rig's own driver; only the file says it."""
    address: str | None = Field(default=None, min_length=1, max_length=256)
    """Where that driver reaches it, on the network or on a serial line; only the file says it and only we read it."""

    allow_hold: bool = False
    """Whether jobs may use it though it stays as it is when the server dies; only the file says it."""

    @field_validator("direction", "position")
    @classmethod
    def _somewhere(cls, value: Vector | None) -> Vector | None:
        if value is not None and not any(value):
            raise ValueError("must not be [0, 0, 0]")
        return value

    @field_validator("curve")
    @classmethod
    def _grows(cls, value: tuple[tuple[float, float], ...] | None) -> tuple[tuple[float, float], ...] | None:
        for (signal, light), (next_signal, next_light) in itertools.pairwise(whole_curve(value or ())):
            if next_signal <= signal or next_light <= light:
                raise ValueError("its pairs of signal and light must both grow, from [0, 0] to [1, 1]")
        return value

    @model_validator(mode="after")
    def _one_law(self) -> Self:
        if self.gamma is not None and self.curve is not None:
            raise ValueError("it has a gamma or a curve, not both")
        return self

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.pin is not None and self.address is not None:
            raise ValueError("its lamp hangs on no line of the GPIO chip, so it has no pin")
        return self


class RigLight(LightTable):
    """A light with its name."""

    name: str

    @property
    def unit_direction(self) -> Direction | None:
        """The unit vector from the object to the light: as stated, else from the position."""
        return unit(self.direction or self.position)

    def measured(self, edited: Mapping[str, Any]) -> dict[str, Any]:
        """Return what was measured of the light and is still true of it as somebody has edited it."""
        stands = all(_alike(edited.get(key), getattr(self, key)) for key in ("direction", "position"))
        kept = {"intensity": self.intensity, "calibrated_at": self.calibrated_at if stands else None}
        untold = all(edited.get(key) is None for key in LAW)
        law = {"gamma": self.gamma, "curve": self.curve} if untold else {}
        # Who writes a law or a time by hand has not measured it.
        curve = tuple((signal, light) for signal, light in edited.get("curve") or ()) or None
        same = untold or (edited.get("gamma") == self.gamma and curve == self.curve)
        timed = same and edited.get("settle_s") == self.settle_s
        kept |= {"flicker": self.flicker, "measured_at": self.measured_at if timed else None}
        limits = {key: getattr(self, key) for key in LIMITS}
        return {key: value for key, value in (kept | limits).items() if edited.get(key) is None} | law

    def signal(self, level: float) -> float:
        """Return the signal from 0 to 1 that makes the lamp as bright as this level, which is linear in light."""
        if self.curve is None:
            return float(level ** (1 / (self.gamma or 1.0)))
        points = whole_curve(self.curve)
        for (signal, light), (next_signal, next_light) in itertools.pairwise(points):
            if level <= next_light:
                return signal + (level - light) / (next_light - light) * (next_signal - signal)
        return 1.0

    def light(self, signal: float) -> float:
        """Return how bright the lamp is by a signal: what `signal` turns round."""
        if self.curve is None:
            return float(signal ** (self.gamma or 1.0))
        for (low, light), (high, next_light) in itertools.pairwise(whole_curve(self.curve)):
            if signal <= high:
                return light + (signal - low) / (high - low) * (next_light - light)
        return 1.0

    @property
    def own_driver(self) -> dict[str, Any]:
        """The keys that only the file says."""
        return {"driver": self.driver, "address": self.address, "allow_hold": self.allow_hold}

    def changed(self, values: Mapping[str, Any]) -> Self:
        """Return the light with other values; raise ValidationError."""
        return type(self).model_validate(self.model_dump() | dict(values))

    def info(self, *, state: bool, fault: str | None, dims: bool, on_level: float) -> LightInfo:
        """Describe the light to clients, who learn neither its driver nor its address."""
        return LightInfo(
            name=self.name,
            pin=self.pin,
            active_low=self.active_low,
            state=state,
            dims=dims,
            on_level=on_level,
            group=self.group,
            direction=self.unit_direction,
            position=self.position,
            settle_s=self.settle_s,
            fault=fault,
            intensity=self.intensity,
            calibrated_at=self.calibrated_at,
            **{key: getattr(self, key) for key in LIMITS},
            gamma=self.gamma,
            curve=None if self.curve is None else list(self.curve),
            flicker=self.flicker,
            measured_at=self.measured_at,
        )


def whole_curve(curve: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return a curve from [0, 0] to [1, 1], whose ends need not be said."""
    points = [(float(signal), float(light)) for signal, light in curve]
    begin = [] if points and points[0] == (0.0, 0.0) else [(0.0, 0.0)]
    end = [] if points and points[-1] == (1.0, 1.0) else [(1.0, 1.0)]
    return [*begin, *points, *end]


def _alike(one: Sequence[float] | None, other: Sequence[float] | None) -> bool:
    """Say whether two vectors point the same way; clients are told unit vectors, which are rounded."""
    if one is None or other is None or not any(one):
        return one is other
    return math.dist(unit(one) or one, unit(other) or other) < 1e-6


def light_problem(lights: Iterable[tuple[str, GpioLine]]) -> str | None:
    """Say what is wrong with these names and lines together, or None."""
    names: set[str] = set()
    pins: dict[int, str] = {}
    for name, line in lights:
        if not is_light_name(name):
            return name_problem(name)
        if name in names:
            return f"light '{name}' is there twice"
        names.add(name)
        if line.pin is not None and line.pin in pins:
            return f"pin {line.pin} is used by both '{pins[line.pin]}' and '{name}'"
        if line.pin is not None:
            pins[line.pin] = name
    return None


def address_problem(lights: Mapping[str, LightTable], driver: str) -> str | None:
    """Say which two lights have the same driver and address, or None; `driver` is that of lights that name none."""
    seen: dict[tuple[str, str], str] = {}
    for name, light in lights.items():
        if light.address is not None:
            other = seen.setdefault((light.driver or driver, light.address), name)
            if other != name:
                return f"lights '{other}' and '{name}' have the same address"
    return None


def is_light_name(name: str) -> bool:
    """Say whether a light may be called so."""
    return 0 < len(name) <= MAX_NAME and is_of_letters(name) and length_on_disk(name) <= MAX_NAME_BYTES


def name_problem(name: str) -> str:
    """Say why this is no light name."""
    return f"'{name[:80]}' is no light name: up to 64 letters, digits, '-', '_' and '.' are allowed"


def unit(vector: Sequence[float] | None) -> Direction | None:
    """Scale a vector to length 1."""
    if vector is None:
        return None
    length = math.hypot(*vector)
    x, y, z = (value / length for value in vector)
    return x, y, z


# A ring of eight at 45 degrees, seen from the camera above: the front is down in the picture. The ninth lamp hangs
# beside the lens, which stands where the zenith is.
_DEFAULTS: Mapping[str, tuple[int, Vector]] = MappingProxyType(
    {
        "lights_top": (24, (0.0, 0.0995, 0.995)),
        "light_front": (4, (0.0, -0.7071, 0.7071)),
        "light_front_left": (18, (-0.5, -0.5, 0.7071)),
        "light_left": (27, (-0.7071, 0.0, 0.7071)),
        "light_rear_left": (22, (-0.5, 0.5, 0.7071)),
        "light_rear": (3, (0.0, 0.7071, 0.7071)),
        "light_rear_right": (17, (0.5, 0.5, 0.7071)),
        "light_right": (23, (0.7071, 0.0, 0.7071)),
        "light_front_right": (2, (0.5, -0.5, 0.7071)),
    }
)

DEFAULT_LIGHTS = tuple(
    RigLight(name=name, pin=pin, direction=direction) for name, (pin, direction) in _DEFAULTS.items()
)
"""The lights of a rig without a rig file; their pins mean a Raspberry Pi's header only."""
