"""How much light each image of a set caught, by what the camera wrote into it, or else by what was planned."""

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from tetherlight.protocol.manifest import StepRecord
from tetherlight.store.exif import exposure_number

_PARTS = (("exposure_time_s", "shutterspeed", 1), ("f_number", "aperture", -2), ("iso_speed", "iso", 1))
"""As the image says it, as it was planned, and the power with which the light grows with it."""


def by_image(steps: Sequence[StepRecord]) -> dict[str, Mapping[str, Any]]:
    """Return what is known of the exposure of each file of these steps, by its name."""
    return {file.filename: _held(step) | step.exposure for step in steps for file in step.files}


def _held(step: StepRecord) -> dict[str, Any]:
    """Return for how long the shutter was held open, where the plan said that."""
    planned = step.at.get("exposure")
    return {"exposure_time_s": planned["exposure_s"]} if isinstance(planned, dict) and "exposure_s" in planned else {}


def relative_exposures(
    names: Sequence[str], known: Mapping[str, Mapping[str, Any]]
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Return the exposure of each of these images, the median 1, and what is to be said of it.

    The light that is caught is in proportion to it: exposure time x ISO / aperture squared. A part that no image tells
    is taken for the same in all; where some tell it, those that do not are taken for the median of the others.
    """
    found, silent = dict.fromkeys(names, 1.0), set[str]()
    for told, planned, power in _PARTS:
        values = {name: _value(known.get(name, {}), told, planned) for name in names}
        sure = [value for value in values.values() if value is not None]
        if not sure:
            continue
        usual = median(sure)
        silent |= {name for name, value in values.items() if value is None}
        for name, value in values.items():
            # One value divided by itself is exactly 1: images of one exposure stay as they are.
            found[name] *= ((value or usual) / usual) ** power
    if not silent:
        return found, ()
    first = next(name for name in names if name in silent)
    said = f"The exposure of {len(silent)} of {len(names)} images is not fully known, first '{first}'"
    return found, (f"{said}; that of the others was taken for it.",)


def _value(exposure: Mapping[str, Any], told: str, planned: str) -> float | None:
    return _number(exposure.get(told)) or _number(exposure.get(planned))


def _number(value: Any) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if math.isfinite(value) and value > 0 else None
    return exposure_number(value)
