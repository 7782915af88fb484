"""The reflection of a lamp on a mirror ball: a point-like peak, told from the reflections of table and things."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tetherlight.photometric.circles import Circle, Floats

WITHIN = 0.71
"""Of the radius: where a lamp above the table is mirrored."""
SLACK = 0.03
"""The same, for an outline that is not exact."""
PEAKS = 8
"""So many of the highest peaks are looked at."""
WIDEST = 0.02
"""Share of the disc that a lamp's reflection has at most: one of 16 degrees."""
POINTED = 0.5
"""How much of a peak is gone in a ring around it, at least."""
PLATEAU = 12
"""Pixels within 5 % of a peak, from which on it is flat: clipped, mostly."""
CLEAR = 1.5
"""A highlight that is not so many times stronger than the next peak may be the wrong one."""


@dataclass(frozen=True)
class Highlight:
    """Where a lamp is mirrored, in pixels of the image, and how sure that is."""

    x: float
    y: float
    size: float
    """Radius of its half height, in pixels."""
    strength: float
    """Light above what is around, of its half height."""
    clearness: float
    """How many times stronger it is than the next peak on the ball."""

    @property
    def clear(self) -> bool:
        """Whether no other peak comes near it."""
        return self.clearness >= CLEAR


@dataclass(frozen=True)
class _Ball:
    """The part of an image around a ball, and the distance of each pixel from its centre in radii."""

    image: Floats
    left: int
    top: int
    r: float
    away: Floats


def highlight(
    image: NDArray[np.generic], circle: Circle, everywhere: NDArray[np.generic] | None = None
) -> Highlight | None:
    """Return where a lamp is mirrored on a ball in a linear image (H, W); None where nothing there is point-like.

    `everywhere` (H, W) is what all images of the stack show, such as their minimum: it is taken off first. The place is
    the centroid of the plateau where the peak is flat, else that of its upper half, weighted by the light.
    """
    ball = _around(image, circle, everywhere)
    found = sorted(_peaks(ball), key=lambda one: -one.strength)
    if not found:
        return None
    best = found[0]
    others = [one for one in found[1:] if np.hypot(one.x - best.x, one.y - best.y) > 0.1 * circle.r]
    clearness = best.strength / max(others[0].strength, 1e-9 * best.strength) if others else np.inf
    return Highlight(best.x + ball.left, best.y + ball.top, best.size, best.strength, float(min(clearness, 1e3)))


def highlights(stack: NDArray[np.generic], circle: Circle, misses: int | None = None) -> list[Highlight | None]:
    """Return a highlight per image of a linear stack (K, H, W); what all images show is no lamp's reflection.

    After more than so many `misses`, images without a clear one, the others are not looked at: there is no mirror.
    """
    everywhere = stack.min(axis=0) if len(stack) > 2 else None
    found: list[Highlight | None] = []
    missed = 0
    for image in stack:
        if misses is not None and missed > misses:
            return [*found, *([None] * (len(stack) - len(found)))]
        one = highlight(image, circle, everywhere)
        missed += one is None or not one.clear
        found.append(one)
    return found


def _around(image: NDArray[np.generic], circle: Circle, everywhere: NDArray[np.generic] | None) -> _Ball:
    reach = circle.r + 2
    left, top = max(0, int(circle.x - reach)), max(0, int(circle.y - reach))
    part = (slice(top, max(int(circle.y + reach) + 1, top)), slice(left, max(int(circle.x + reach) + 1, left)))
    values = image[part].astype(np.float32)
    if everywhere is not None:
        values -= everywhere[part].astype(np.float32)
    rows, columns = np.ogrid[: values.shape[0], : values.shape[1]]
    away = np.hypot(columns + (left - circle.x), rows + (top - circle.y)) / circle.r
    return _Ball(values, left, top, circle.r, away.astype(np.float32))


def _peaks(ball: _Ball) -> Iterator[Highlight]:
    """Give the point-like peaks on a ball, as places of its part of the image."""
    fine = ndimage.gaussian_filter(ball.image, max(0.7, ball.r / 100))
    # What is wider than a lamp's reflection goes.
    above = fine - ndimage.grey_opening(fine, max(5, round(ball.r / 4)))
    # A flat top is one peak and not as many as it has pixels.
    above += np.linspace(0, 1e-5 * float(above.max(initial=0.0)), above.size, dtype=np.float32).reshape(above.shape)
    above[ball.away > WITHIN + SLACK] = -1
    wide = 2 * max(1, round(ball.r / 24)) + 1
    rows, columns = np.nonzero((above == ndimage.maximum_filter(above, wide)) & (above > 0))
    order = np.argsort(-above[rows, columns])[: 8 * PEAKS]
    tallest = 0.0
    for row, column in _apart(rows[order].tolist(), columns[order].tolist(), ball.r / 10)[:PEAKS]:
        found = _peak(ball, row, column)
        if found is not None:
            one, height = found
            tallest = max(tallest, height)
            yield Highlight(one.x, one.y, one.size, one.strength * height / tallest, 0.0)


def _apart(rows: list[int], columns: list[int], distance: float) -> list[tuple[int, int]]:
    """Return the first of all places that are near to each other."""
    kept: list[tuple[int, int]] = []
    for place in zip(rows, columns, strict=True):
        if not any(math.dist(place, other) < distance for other in kept):
            kept.append(place)
    return kept


def _peak(ball: _Ball, row: int, column: int) -> tuple[Highlight, float] | None:
    """Measure a peak: its place, its size, its light, and its height above what is around; None for no point."""
    reach = max(4, round(ball.r / 4))
    top, left = max(0, row - reach), max(0, column - reach)
    part = (slice(top, row + reach + 1), slice(left, column + reach + 1))
    values, away = ball.image[part], ball.away[part]
    rows, columns = np.ogrid[: values.shape[0], : values.shape[1]]
    apart = np.hypot(columns + (left - column), rows + (top - row))
    ring = values[(apart > ball.r / 8) & (apart < ball.r / 5) & (away < 1)]
    around = float(np.median(ring)) if len(ring) else 0.0
    height = float(values[apart < ball.r / 40 + 1.5].max()) - around
    if height <= 0:
        return None
    pointed = 1 - (float(np.quantile(ring, 0.9)) - around) / height if len(ring) else 1.0
    half = _piece(values >= around + 0.5 * height, apart)
    share = np.count_nonzero(half) / (np.pi * ball.r**2)
    if pointed < POINTED or (share > WIDEST and np.count_nonzero(half) > PLATEAU):
        return None
    flat = half & (values >= around + 0.95 * height)
    light = np.where(half, values - around, 0)
    weight = flat.astype(np.float32) if np.count_nonzero(flat) >= PLATEAU else np.maximum(light - 0.5 * height, 0)
    weight = weight if weight.any() else half.astype(np.float32)
    x, y = (float(np.sum(weight * axis) / weight.sum()) for axis in (columns + left, rows + top))
    strength = float(light.sum()) * pointed**2
    return Highlight(x, y, float(np.sqrt(np.count_nonzero(half) / np.pi)), strength, 0.0), height


def _piece(mask: NDArray[np.bool_], apart: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Return the piece of a mask that is nearest to the peak."""
    pieces, _ = ndimage.label(mask)
    nearest = pieces.flat[np.argmin(np.where(mask, apart, np.inf))]
    return np.asarray(pieces == nearest, np.bool_)
