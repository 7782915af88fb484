"""Depth of field: what is off the plane of focus is blurred by its circle of confusion.

A picture is blurred at once to all degrees, each half the size of the one before, and every pixel is mixed from the
two degrees next to its own. From box averages on the way down and linear interpolation on the way up degree k spreads
light by (4**k - 1) / 3 pixels squared, on average, and a disc of diameter c by c**2 / 16.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tetherlight.simulator.lens import DISTANCE, FOCAL_LENGTH
from tetherlight.simulator.sensor import bands
from tetherlight.simulator.texture import Floats

UNSEEN = 0.6
"""A disc of fewer pixels than this blurs nothing."""
_SMALLEST = 8


@dataclass(frozen=True)
class Blur:
    """How a lens sees: the height that is sharp, the aperture as f-number, `scale` pixels per unit of the scene."""

    focus: float
    aperture: float
    scale: float

    def disc(self, height: float) -> float:
        """Return the diameter in pixels of the disc to which a point at a height is blurred."""
        off = (DISTANCE - self.focus) / (DISTANCE - height) - 1
        return abs(off) * self.scale * FOCAL_LENGTH / self.aperture

    @property
    def strength(self) -> float:
        """How the variance of a point's disc grows with the square of `off`, three times over: see `Depth.amount`."""
        return 3 / 16 * (self.scale * FOCAL_LENGTH / self.aperture) ** 2


class Depth:
    """How near each pixel of a picture is, at full size and at each smaller one."""

    def __init__(self, height: Floats) -> None:
        """Take the height (H, W) of what is seen, in units of the scene."""
        self._nearness = [np.asarray(np.float32(1) / (np.float32(DISTANCE) - height), np.float32)]
        while min(self._nearness[-1].shape) >= 2 * _SMALLEST:
            self._nearness.append(_halved(self._nearness[-1][None])[0])
        self._range = float(self._nearness[0].min()), float(self._nearness[0].max())

    @property
    def nbytes(self) -> int:
        """Memory that it takes."""
        return sum(part.nbytes for part in self._nearness)

    def degrees(self, blur: Blur) -> int:
        """Return how many smaller pictures it takes; none where every pixel is sharp."""
        worst = max(abs((DISTANCE - blur.focus) * nearness - 1) for nearness in self._range)
        excess = blur.strength * worst * worst
        if excess <= 3 * (UNSEEN / 4) ** 2:
            return 0
        count = 1
        while 4**count < 1 + excess and count < len(self._nearness) - 1:
            count += 1
        return count

    def amount(self, blur: Blur, degree: int, rows: slice) -> Floats:
        """Return how much of the next degree's blur each pixel (h, W) of some rows of this degree gets, 0 to 1."""
        share = self._nearness[degree][rows] * np.float32(DISTANCE - blur.focus)
        share -= np.float32(1)
        share *= share
        share *= np.float32(blur.strength / (3 * 4**degree))
        share -= np.float32((4**degree - 1) / (3 * 4**degree))
        return np.asarray(np.clip(share, 0, 1, out=share), np.float32)


def defocus(light: Floats, depth: Depth, blur: Blur) -> None:
    """Blur a picture (H, W, 3) of linear light in place."""
    count = depth.degrees(blur)
    # Channels first: arrays whose last axis is short are worked on at a fraction of the speed.
    pictures = [light.transpose(2, 0, 1)]
    for _ in range(count):
        pictures.append(_halved(pictures[-1]))
    for degree in reversed(range(count)):
        _mix(pictures[degree], pictures[degree + 1], depth, blur, degree)


def _mix(fine: Floats, coarse: Floats, depth: Depth, blur: Blur, degree: int) -> None:
    """Let each pixel of `fine` have as much of `coarse` as it is out of focus, some rows at a time."""
    for rows in bands(fine.shape[1]):
        amount = depth.amount(blur, degree, rows)
        columns = np.flatnonzero(amount.max(axis=0) > (UNSEEN / 4) ** 2)
        if columns.size == 0:
            continue
        left, right = int(columns[0]) & ~1, int(columns[-1]) + 1
        amount = amount[:, left:right]
        for channel, softer in zip(fine, coarse, strict=True):
            here = channel[rows, left:right]
            soft = _doubled(softer, rows, left, right)
            soft -= here
            soft *= amount
            here += soft


def _halved(picture: Floats) -> Floats:
    """Return a picture (n, H, W) at half its size, an odd row or column doubled."""
    count, height, width = picture.shape
    if height % 2 or width % 2:
        picture = np.pad(picture, ((0, 0), (0, height % 2), (0, width % 2)), mode="edge")
    result = np.empty((count, (height + 1) // 2, (width + 1) // 2), np.float32)
    for rows in bands(result.shape[1]):
        pairs = picture[:, 2 * rows.start : 2 * rows.stop : 2] + picture[:, 2 * rows.start + 1 : 2 * rows.stop : 2]
        for channel, out in zip(pairs, result, strict=True):
            np.add(channel[:, 0::2], channel[:, 1::2], out=out[rows])
        result[:, rows] *= np.float32(0.25)
    return result


def _doubled(picture: Floats, rows: slice, left: int, right: int) -> Floats:
    """Return some rows and columns of a picture (H, W) at twice its size; both begin at even numbers."""
    height, width = picture.shape
    quarter, rest = np.float32(0.25), np.float32(0.75)
    source = np.take(picture, _around(rows, height), axis=0)[:, _around(slice(left, right), width)]
    near, far = source * rest, source * quarter
    tall = np.empty((2 * (source.shape[0] - 2), source.shape[1]), np.float32)
    np.add(near[1:-1], far[:-2], out=tall[0::2])
    np.add(near[1:-1], far[2:], out=tall[1::2])
    near, far = tall * rest, tall * quarter
    wide = np.empty((tall.shape[0], 2 * (source.shape[1] - 2)), np.float32)
    np.add(near[:, 1:-1], far[:, :-2], out=wide[:, 0::2])
    np.add(near[:, 1:-1], far[:, 2:], out=wide[:, 1::2])
    return wide[: rows.stop - rows.start, : right - left]


def _around(fine: slice, size: int) -> NDArray[np.intp]:
    """Return the pixels under some of twice the number, and one more at each side, doubled where there is none."""
    return np.clip(np.arange(fine.start // 2 - 1, (fine.stop + 1) // 2 + 1), 0, size - 1)
