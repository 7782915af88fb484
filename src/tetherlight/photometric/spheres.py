"""Mirror balls: found by themselves in a stack of images under different lights, and what they tell of the lights.

Orthographic view, as usual in the field: `n` is the ball's normal at the highlight, `v = (0, 0, 1)`, and the light
stands in the direction `l = 2 (n . v) n - v`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tetherlight.errors import SphereTooSmall
from tetherlight.photometric.circles import REAL, Circle, Doubles, candidates, outermost, outlined, settled, views_of
from tetherlight.photometric.highlights import CLEAR, Highlight, highlights

TOO_SMALL = 40.0
"""Radius in pixels below which directions are worth nothing."""
SMALL = 150.0
"""Radius in pixels below which one pixel is about a degree or more."""
SHOWN = 0.8
"""A mirror ball shows a point-like highlight under this share of the lights."""
TRIED = 16
"""Circles that are looked at closely."""
SEARCHED = (320, 640)
"""Pixels: balls are found in images whose longer side is about this; small ones in the larger size alone."""
AROUND = 1.8
"""The part of an image that is cut out around a ball, in radii: it may be larger than what was found first."""


@dataclass(frozen=True)
class Sphere:
    """A mirror ball and its highlights, one per image, None where none was found."""

    circle: Circle
    highlights: tuple[Highlight | None, ...]

    @property
    def shown(self) -> float:
        """Share of the images with a clear highlight."""
        return sum(one is not None and one.clear for one in self.highlights) / len(self.highlights)

    @property
    def is_mirror(self) -> bool:
        """Whether nearly all lights have a highlight that stands out, in several places, as several lights do."""
        places = np.array([(one.x, one.y) for one in self.highlights if one is not None])
        if self.shown < SHOWN:
            return False
        spread = np.sqrt(np.sum(np.var(places, axis=0)))
        clearness = np.median([one.clearness for one in self.highlights if one is not None])
        return bool(spread > 0.04 * self.circle.r and clearness > 2 * CLEAR)

    @property
    def confidence(self) -> float:
        """From 0 to 1: how much agrees with a mirror ball being there; below 0.3 look at it yourself."""
        return float(self.shown * min(1.0, self.circle.score / 0.3) * min(1.0, self.circle.coverage / 0.6))


def find_spheres(stack: NDArray[np.generic], most: int = 4) -> list[Sphere]:
    """Find mirror balls in linear images (K, H, W), K >= 3, of a size that is SEARCHED; the surest first.

    A circle is one where its highlights are point-like and not all in one place. Empty where none is found.
    """
    views = views_of(stack)
    found: list[Sphere] = []
    for circle in _looked_at(candidates(views), views):
        sphere = Sphere(circle, tuple(highlights(stack, circle, int((1 - SHOWN) * len(stack)))))
        if sphere.is_mirror:
            found.append(sphere)
    found.sort(key=lambda one: (-one.confidence, -one.circle.r))
    kept: list[Sphere] = []
    for one in found:
        if not any(_overlap(one.circle, other.circle) for other in kept):
            kept.append(one)
    return kept[:most]


def refine(stack: NDArray[np.generic], circle: Circle, *, outer: bool = True) -> Circle:
    """Return the exact outline of a ball that is roughly known, in full images or in parts AROUND it (K, H, W).

    With `outer` a larger circle around it that is as real is taken for the outline.
    """
    views = views_of(stack)
    # A ball of 30 pixels in a small image is known by two of them.
    near = outlined(views, outlined(views, circle, 0.08), 0.03)
    if outer:
        near = outermost(views, near)
    return settled(views, outlined(views, near, 0.015))


def directions(circle: Circle, found: Sequence[Highlight | None]) -> Doubles:
    """Return unit vectors (K, 3) from the object to the lights, x right, y up, z to the camera; NaN without highlight.

    Raises SphereTooSmall below a radius of TOO_SMALL pixels.
    """
    if circle.r < TOO_SMALL:
        raise SphereTooSmall(
            f"The sphere at ({circle.x:.0f}, {circle.y:.0f}) has a radius of {circle.r:.0f} pixels; directions need "
            f"{TOO_SMALL:.0f}, good ones {SMALL:.0f}.",
            hint="Use a larger sphere, go nearer, or take larger pictures.",
        )
    result = np.full((len(found), 3), np.nan)
    for index, one in enumerate(found):
        if one is not None:
            normal = _normal(circle, one.x, one.y)
            light = 2 * normal[2] * normal - (0, 0, 1)
            result[index] = light / np.linalg.norm(light)
    return result


def error_degrees(circle: Circle, found: Sequence[Highlight | None]) -> Doubles:
    """Return by how many degrees each direction (K,) is off where its highlight is off by a pixel; NaN without one."""
    return np.array([np.nan if one is None else _degrees_per_pixel(circle, one) for one in found])


def _degrees_per_pixel(circle: Circle, one: Highlight) -> float:
    return float(np.degrees(2 / (circle.r * max(_normal(circle, one.x, one.y)[2], 0.1))))


def _normal(circle: Circle, x: float, y: float) -> Doubles:
    """Return the ball's unit normal at a pixel; beyond the outline it lies in the image plane."""
    nx, ny = (x - circle.x) / circle.r, -(y - circle.y) / circle.r
    out = max(1.0, float(np.hypot(nx, ny)))
    nx, ny = nx / out, ny / out
    return np.array([nx, ny, np.sqrt(max(0.0, 1 - nx * nx - ny * ny))])


def _looked_at(found: Sequence[Circle], views: Sequence[NDArray[np.float32]]) -> list[Circle]:
    """Return the real ones of roughly found circles, each once, with their centre and radius."""
    kept: list[Circle] = []
    for rough in found:
        if len(kept) == TRIED:
            break
        near = outlined(views, rough)
        if near.score < 0.6 * REAL or any(_same(near, other) for other in kept):
            continue
        near = outlined(views, near, 0.03)
        if near.score >= REAL and not any(_same(near, other) for other in kept):
            kept.append(near)
    return kept


def _same(one: Circle, other: Circle) -> bool:
    return bool(np.hypot(one.x - other.x, one.y - other.y) + abs(one.r - other.r) < 0.05 * max(one.r, other.r))


def _overlap(one: Circle, other: Circle) -> bool:
    return bool(np.hypot(one.x - other.x, one.y - other.y) < 0.9 * max(one.r, other.r))
