"""The limits of lamps: asked before any of them is switched, and watching those that shine.

No limit is active unless the rig file states it. Switching off is never refused.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tetherlight.errors import LightLimited
from tetherlight.lights.lamps import OFF, Levels
from tetherlight.rigfile.lights import NO_GUARD, GuardTable, RigLight

Now = Callable[[], float]
WINDOW_S = 60.0
"""Over which a duty cycle counts where the rig file does not say."""


@dataclass(frozen=True)
class Trip:
    """A light that has to go off."""

    light: str
    limit: str
    """The key of the rig file."""
    message: str


@dataclass
class _Lamp:
    """What is known of one lamp: how it stands, since when, and how warm it is."""

    light: RigLight
    at: float
    level: float = OFF
    since: float | None = None
    """When it went on; None while it is off."""
    off_at: float | None = None
    room: float = field(init=False)
    """Seconds at full power that its duty cycle still allows."""
    cooling: bool = False

    def __post_init__(self) -> None:
        self.room = self.most

    @property
    def most(self) -> float:
        """Seconds at full power that a cold lamp may have."""
        return (self.light.duty or 0.0) * self.window

    @property
    def window(self) -> float:
        return WINDOW_S if self.light.duty_s is None else self.light.duty_s

    def stand(self, level: float, now: float) -> None:
        """Count the time until now, then take note of the level from now on."""
        self.room = min(self.most, self.room + (now - self.at) * self._gain)
        self.cooling = self.cooling and self.room < self.most / 2
        self.at = now
        if level > OFF and self.since is None:
            self.since = now
        elif level <= OFF and self.since is not None:
            self.since, self.off_at = None, now
        self.level = level

    @property
    def _gain(self) -> float:
        return (self.light.duty or 0.0) - self.level

    def cooled_in(self) -> float:
        """Return the seconds until a lamp that was too warm may shine again."""
        return max(0.0, self.most / 2 - self.room) / self.light.duty if self.cooling and self.light.duty else 0.0

    def limits(self) -> Iterable[tuple[float, str, str]]:
        """Give the limits that end its light: the seconds from the last note, the key, and why."""
        if self.since is not None and self.light.max_on_s is not None:
            yield self.since + self.light.max_on_s - self.at, "max_on_s", f"It was on for {self.light.max_on_s:g} s."
        if self.level > OFF and self.light.duty is not None and self._gain < 0:
            why = f"It may shine {self.light.duty:.0%} of {self.window:g} s, and has to cool."
            yield self.room / -self._gain, "duty", why


def _went_off(light: str) -> str:
    return f"Light '{light}' was switched off. "


def is_trip(light: str, fault: str) -> bool:
    """Tell whether what is said of a light is that it has reached a limit, and no fault of its lamp."""
    return fault.startswith(_went_off(light))


class Guard:
    """Says whether lights may shine as asked, and which of those that shine have to go off."""

    def __init__(self, table: GuardTable = NO_GUARD, now: Now = time.monotonic) -> None:
        self._table = table
        self._now = now
        self._lamps: dict[str, _Lamp] = {}
        self.trips = 0
        """How often a light had to go off."""

    def define(self, lights: Iterable[RigLight]) -> None:
        """Take the limits of these lights, which are off; a lamp that was known stays as warm as it is."""
        now, former = self._now(), self._lamps
        self._lamps = {}
        for light in lights:
            lamp = _Lamp(light, now)
            if (old := former.get(light.name)) is not None:
                old.stand(OFF, now)
                lamp.off_at, lamp.cooling, lamp.room = old.off_at, old.cooling, min(lamp.most, old.room)
            self._lamps[light.name] = lamp

    def note(self, levels: Levels) -> None:
        """Take note of how all lights stand now."""
        now = self._now()
        for name, level in levels.items():
            if name in self._lamps:
                self._lamps[name].stand(level, now)

    def check(self, levels: Levels) -> None:
        """Raise LightLimited where the lights must not stand like this; `levels` has every light of the rig."""
        now = self._now()
        for name, level in levels.items():
            lamp = self._lamps.get(name)
            if lamp is not None and level > lamp.level:
                lamp.stand(lamp.level, now)
                _check_lamp(lamp, level, now)
        self._check_rig(levels)

    def _check_rig(self, levels: Levels) -> None:
        lit = [name for name, level in levels.items() if level > OFF]
        if self._table.max_lamps is not None and len(lit) > self._table.max_lamps:
            raise _limited(
                lit,
                "max_lamps",
                f"{len(lit)} lights would be on, and the rig file allows {self._table.max_lamps} at once.",
                hint="Switch others off first, or say others_off.",
            )
        watts = sum(levels[name] * (self._lamps[name].light.watts or 0.0) for name in lit if name in self._lamps)
        if self._table.max_watts is not None and watts > self._table.max_watts * (1 + 1e-9):
            raise _limited(
                lit,
                "max_watts",
                f"The lights would take {watts:g} W, and the rig file allows {self._table.max_watts:g} W.",
                hint="Switch others off first, or dim them.",
            )

    def due(self) -> float | None:
        """Return the seconds until the first light has to go off; None where none has."""
        now = self._now()
        ends = (end - (now - lamp.at) for lamp in self._lamps.values() for end, _, _ in lamp.limits())
        return min((max(0.0, end) for end in ends), default=None)

    def tripped(self) -> list[Trip]:
        """Return the lights that have to go off now; those that are too warm have to cool from now on."""
        now = self._now()
        found: dict[str, Trip] = {}
        for name, lamp in self._lamps.items():
            for end, limit, why in lamp.limits():
                if end <= now - lamp.at + 1e-6 and name not in found:
                    found[name] = Trip(name, limit, _went_off(name) + why)
                    lamp.cooling = lamp.cooling or limit == "duty"
        self.trips += len(found)
        return list(found.values())


def _check_lamp(lamp: _Lamp, level: float, now: float) -> None:
    light = lamp.light
    if light.max_level is not None and level > light.max_level + 1e-9:
        raise _limited(
            [light.name],
            "max_level",
            f"Light '{light.name}' may be at most {light.max_level:.0%} bright.",
            hint=f"Say a level up to {light.max_level:g}.",
        )
    if lamp.level > OFF:
        return
    if light.min_off_s is not None and lamp.off_at is not None and (rest := lamp.off_at + light.min_off_s - now) > 0:
        raise _limited(
            [light.name],
            "min_off_s",
            f"Light '{light.name}' went off a moment ago and stays off for {light.min_off_s:g} s.",
            wait_s=rest,
        )
    if (rest := lamp.cooled_in()) > 0:
        raise _limited([light.name], "duty", f"Light '{light.name}' was on for too long and has to cool.", wait_s=rest)


def _limited(
    lights: list[str], limit: str, message: str, *, hint: str | None = None, wait_s: float | None = None
) -> LightLimited:
    if wait_s is not None:
        hint = f"Try again in {wait_s:.1f} s."
    return LightLimited(message, hint=hint, details={"lights": lights, "limit": limit, "wait_s": wait_s})
