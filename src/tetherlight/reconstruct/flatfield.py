"""A flat field for the images of a set: which of its images belongs to which light."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tetherlight.errors import CalibrationError, ShapesDiffer
from tetherlight.photometric.falloff import Falloff, falloff
from tetherlight.reconstruct.frames import Frames, LitImage
from tetherlight.reconstruct.inputs import Frame, Inputs
from tetherlight.reconstruct.spool import Plan

ALIKE = 0.01
"""By how much the sides of a flat field may differ in proportion from those of the set."""


def falloff_of(inputs: Inputs, plan: Plan, flat: Path, within: Path | None) -> Falloff:
    """Return how the light of each of the set's lamps falls off, by the images of a folder.

    Raises CalibrationError where they are not of the same lights, ShapesDiffer, ImageUnreadable and SetNotFound.
    """
    field = Frames.of(flat, within)
    height, width = plan.shape[:2]
    if abs(field.shape[1] * height / (field.shape[0] * width) - 1) > ALIKE:
        raise ShapesDiffer(
            f"The flat field '{flat.name}' has {field.shape[1]} x {field.shape[0]} pixels, which are no images of the "
            "same frame."
        )
    chosen = _matching(field, inputs.frames, inputs.folder.name)
    lights = np.array([frame.vector for frame in inputs.frames])
    shrink = field.shrinks[0]
    return falloff([field.whole(one, shrink) for one in chosen], [one.exposure for one in chosen], lights)


def _matching(field: Frames, frames: Sequence[Frame], name: str) -> list[LitImage]:
    """Return the image of each frame's light: by name where both have names, else in their order."""
    by_light = {one.light: one for one in field.images}
    named = None not in by_light and all(frame.light is not None for frame in frames)
    if not named and len(field.images) == len(frames):
        return list(field.images)
    missing = next((frame for frame in frames if not named or frame.light not in by_light), None)
    if missing is not None:
        light = missing.light or missing.name
        raise CalibrationError(
            f"The flat field '{field.folder.name}' has no image of light '{light}' of '{name}'.",
            hint="Capture it with the same lights.",
        )
    return [by_light[frame.light] for frame in frames]
