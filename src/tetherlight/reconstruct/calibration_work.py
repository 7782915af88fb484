"""The calibration of lights as work for a child: what it is told. Whoever asks for it loads no numbers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

FUNCTION = "tetherlight.reconstruct.calibration:calibrate"
DEADLINE_S = 3600.0
MEMORY = 1_500_000_000
"""Bytes for one folder."""
Given = Sequence[float]
"""A circle: x, y and radius in pixels."""


def work_of(
    folder: Path,
    spheres: Sequence[Given],
    matte: Given | None,
    *,
    flat: Path | None = None,
    dome: Path | None = None,
    places: Mapping[str, Sequence[float]] | None = None,
    within: Path | None = None,
) -> Mapping[str, Any]:
    """Return the arguments of `calibrate` as a child gets them."""
    return {
        "folder": str(folder),
        "spheres": [list(one) for one in spheres],
        "matte": None if matte is None else list(matte),
        "flat": None if flat is None else str(flat),
        "dome": None if dome is None else str(dome),
        "places": None if places is None else {name: list(place) for name, place in places.items()},
        "within": None if within is None else str(within),
    }
