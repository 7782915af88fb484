"""Whether the rig has moved since its lights were measured: seen in a mirror sphere that a set happens to show."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tetherlight.errors import CalibrationError
from tetherlight.photometric.circles import Circle
from tetherlight.photometric.highlights import highlights
from tetherlight.photometric.positions import moved
from tetherlight.photometric.spheres import (
    AROUND,
    SEARCHED,
    TOO_SMALL,
    Sphere,
    directions,
    error_degrees,
    find_spheres,
    refine,
)
from tetherlight.reconstruct.frames import Floats, Window
from tetherlight.reconstruct.inputs import Frame
from tetherlight.reconstruct.spool import Stack, gray_of
from tetherlight.reconstruct.survey import Finding

LEAST_SAMPLES = 200_000_000
"""Pixels of all images below which nothing is looked for: it would take more than a tenth of the time."""
LEAST_DEGREES = 2.0
"""A smaller angle is no move."""
SURE = 2.0
"""Of its own error, an angle that is one."""
FINE = 110.0
"""Radius in pixels that is enough: a pixel is a degree."""
CONFIDENT = 0.3
"""A circle that is less sure is no sphere."""
LOOKED_AT, SEARCHED_FOR = 16, 8
"""Images at most: for highlights, and for the sphere."""
_SAMPLES = 3
"""That a pixel of a smaller image is the mean of, in each direction."""


def moves(stack: Stack, frames: Sequence[Frame]) -> list[Finding]:
    """Return what is found where a sphere in the images shows lights elsewhere than their frames have them."""
    if len(stack.kept) * stack.size[0] * stack.size[1] < LEAST_SAMPLES:
        return []
    try:
        numbers = _spread(stack.kept, LOOKED_AT)
        found = _sphere(stack, numbers)
        return [] if found is None else _compared(*found, [frames[number] for number in numbers])
    except CalibrationError:
        return []  # a circle at the images' edge tells nothing


def _compared(sphere: Sphere, place: Circle, frames: Sequence[Frame]) -> list[Finding]:
    clear = [one if one is not None and one.clear else None for one in sphere.highlights]
    seen, errors = directions(sphere.circle, clear), error_degrees(sphere.circle, clear)
    known = np.array([frame.vector for frame in frames])
    angles = np.array([moved(one[None], other[None]) for one, other in zip(seen, known, strict=True)])
    off = angles > np.maximum(LEAST_DEGREES, SURE * errors)
    if not off.any():
        return []
    most = int(np.argmax(np.where(off, angles, 0)))
    share = f"{np.count_nonzero(off)} of {np.count_nonzero(np.isfinite(angles))} lights"
    where = f"The mirror sphere at ({place.x:.0f}, {place.y:.0f}) shows {share} elsewhere than the rig has them"
    said = (
        f"{where}, light '{frames[most].light}' by {angles[most]:.1f} degrees: the rig has moved. Calibrate it again."
    )
    limit = max(LEAST_DEGREES, SURE * float(errors[most]))
    angle = round(float(angles[most]), 2)
    return [Finding("rig_moved", said, light=frames[most].light, figure=angle, limit=round(limit, 2), unit="degrees")]


def _sphere(stack: Stack, numbers: Sequence[int]) -> tuple[Sphere, Circle] | None:
    """Return the surest mirror sphere with its highlights in these images, and where in the images it is.

    The sphere is in pixels of what was looked at, by one of which a highlight may be off.
    """
    height, width = stack.size
    factor = max(1, round(max(height, width) / SEARCHED[0]))
    whole = Window(0, 0, width // factor, height // factor, factor)
    found = find_spheres(np.stack([_part(stack, number, whole) for number in _spread(numbers, SEARCHED_FOR)]))
    if not found or found[0].confidence < CONFIDENT:
        return None
    circle = found[0].circle.scaled(factor)
    window = _window(circle, AROUND, stack.size)
    parts = np.stack([_part(stack, number, window) for number in _spread(numbers, SEARCHED_FOR)])
    circle = window.outside(refine(parts, window.inside(circle)))
    if circle.r < TOO_SMALL:
        return None
    window = _window(circle, 1.02, stack.size)
    inside = window.inside(circle)
    parts = np.stack([_part(stack, number, window) for number in numbers])
    sphere = Sphere(inside, tuple(highlights(parts, inside)))
    return (sphere, circle) if sphere.is_mirror else None


def _window(circle: Circle, reach: float, shape: tuple[int, int]) -> Window:
    """Return the part of images around a circle, made smaller so that it is not finer than it needs to be."""
    shrink = max(1, int(circle.r / FINE))
    small = Window.around(circle.scaled(1 / shrink), reach, (shape[0] // shrink, shape[1] // shrink))
    return replace(small, shrink=shrink)


def _part(stack: Stack, number: int, window: Window) -> Floats:
    """Return a part of an image as linear gray, a pixel the mean of a few of the image."""
    rows = _samples(window.top, window.bottom, window.shrink, stack.size[0])
    columns = _samples(window.left, window.right, window.shrink, stack.size[1])
    coded = stack.frames[number][rows.ravel()[:, None], columns.ravel()[None]]
    gray = gray_of(stack.response.linear(coded)[None])[0]
    return np.asarray(gray.reshape(*rows.shape, *columns.shape).mean(axis=(1, 3)), np.float32)


def _samples(first: int, last: int, shrink: int, end: int) -> NDArray[np.intp]:
    """Return which rows, or columns, (n, m) make up those from `first` to `last` of an image that is smaller."""
    stride = max(1, shrink // _SAMPLES)
    within = (stride - 1) // 2 + stride * np.arange(shrink // stride)
    starts = np.arange(first, min(last, end // shrink)) * shrink
    return np.asarray(starts[:, None] + within, np.intp)


def _spread(numbers: Sequence[int] | NDArray[np.intp], most: int) -> list[int]:
    chosen = np.unique(np.linspace(0, len(numbers) - 1, most).round().astype(int))
    return [int(numbers[index]) for index in chosen]
