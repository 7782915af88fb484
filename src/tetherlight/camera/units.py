"""The units of PTP's own properties, which libgphoto2 shows as bare numbers where it has no name for them."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tetherlight.camera.worker.widgets import number
from tetherlight.protocol.models import ConfigEntry, ConfigType, ConfigValue


@dataclass(frozen=True)
class Unit:
    """How a property counts, and how people write what it counts."""

    scale: float
    """How much one of the property's steps is."""
    written: Callable[[float], str]
    words: Mapping[int, str]
    """Numbers that mean no amount."""


_OPEN_END = {0xFFFFFFFF: "Bulb", -1: "Bulb", 0xFFFFFFFD: "Time", -3: "Time"}
UNITS: Mapping[str, Unit] = {
    "500d": Unit(1e-4, lambda seconds: f"{seconds:.4f}s", _OPEN_END),
    "5007": Unit(1e-2, lambda stop: f"f/{stop:g}", {}),
}
"""By the property's code; written as libgphoto2 writes them where it knows the name."""


def written(entry: ConfigEntry) -> ConfigEntry:
    """Return an entry with its value and options in their unit; one without a unit as it is."""
    unit = UNITS.get(entry.name)
    if unit is None:
        return entry
    if entry.type is ConfigType.RANGE:
        told = {
            name: round(float(told) * unit.scale, 9)
            for name in ("value", "min", "max", "step")
            if isinstance(told := getattr(entry, name), int | float) and not isinstance(told, bool)
        }
        return entry.model_copy(update=told)
    value = entry.value if entry.value is None else _written(unit, str(entry.value))
    return entry.model_copy(update={"value": value, "options": [_written(unit, one) for one in entry.options]})


def bare(entry: ConfigEntry, wanted: ConfigValue) -> ConfigValue:
    """Return what the camera shall be given for a value in its unit; `entry` is as the camera gave it."""
    unit = UNITS.get(entry.name)
    if unit is None:
        return wanted
    if entry.type is ConfigType.RANGE:
        return wanted if wanted is None else float(round(float(wanted) / unit.scale))
    text = str(wanted)
    for option in entry.options:
        if _written(unit, option) == text:
            return option
    amount = number(text)
    return text if amount is None else str(round(amount / unit.scale))


def _written(unit: Unit, text: str) -> str:
    try:
        count = float(text)
    except ValueError:
        return text
    if not math.isfinite(count):
        return text
    word = unit.words.get(int(count))
    return word if word is not None else unit.written(count * unit.scale)
