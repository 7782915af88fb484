"""What the checks keep of a frame: a few numbers, a grid of its values, and patches in which movement shows.

What a frame costs depends on its size alone, and what is kept of it is some kilobytes.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from math import isfinite
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Levels = NDArray[np.uint8]

CLIPPED = 254
"""The lowest level of a channel that counts as clipped: JPEG does not always reach 255."""
BLACK = 3
"""The highest level of luma that counts as black where no dark frame says more."""
GRID = (24, 36)
"""Rows and columns of the grid of values: coarse enough that noise averages out."""


@dataclass(frozen=True)
class Look:
    """One frame as the checks see it; shares are from 0 to 1, levels from 0 to 255."""

    mean: float
    """Mean level of luma."""
    clipped: float
    """Share of pixels that are clipped in any channel."""
    black: float
    """Share of pixels that are black."""
    percentiles: tuple[float, float, float]
    """Levels of luma below which 1, 50 and 99 percent of the pixels lie."""
    grid: Floats
    """Means of linear luma, 1 for white, in the fields of a grid; (24, 36)."""
    sharpness: float
    """How much of the contrast is in the finest detail, from 0 to 1; NaN where there is none."""

    @property
    def signal(self) -> float:
        """Mean linear luma, 1 for white."""
        return float(self.grid.mean())

    def facts(self) -> dict[str, Any]:
        """Return the look as what JSON can hold."""
        sharpness = self.sharpness if isfinite(self.sharpness) else None
        return {**asdict(self), "grid": self.grid.round(6).tolist(), "sharpness": sharpness}

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Self:
        """Return the look that `facts` gave."""
        sharpness = float("nan") if facts["sharpness"] is None else facts["sharpness"]
        known = {"grid": np.array(facts["grid"], np.float32), "sharpness": sharpness}
        return cls(**{**facts, "percentiles": tuple(facts["percentiles"]), **known})


def look_at(gray: Levels, brightest: Levels) -> Look:
    """Measure a frame by its luma and by the brightest of its channels; 8 bit sRGB, (H, W), reduced or not.

    Every second row is enough for what is a mean. Raise ValueError for a frame that is too small.
    """
    if gray.ndim != 2 or min(gray.shape) < 2 * max(GRID):
        raise ValueError(f"a frame of {' x '.join(map(str, gray.shape))} values is too small to be checked")
    rows = np.ascontiguousarray(gray[::2])
    counts = np.bincount(rows.ravel(), minlength=256)
    below = np.cumsum(counts) / rows.size
    first, middle, last = (int(np.searchsorted(below, share)) for share in (0.01, 0.5, 0.99))
    return Look(
        mean=float(counts @ np.arange(256) / rows.size),
        clipped=float(np.count_nonzero(brightest >= CLIPPED)) / brightest.size,
        black=float(below[BLACK]),
        percentiles=(first, middle, last),
        grid=_grid(rows),
        sharpness=_sharpness(rows[::2]),
    )


@cache
def linear_levels() -> Floats:
    """Return the linear value of each of the 256 levels of sRGB, 1 for white."""
    levels = np.arange(256) / 255
    bent = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    return np.asarray(bent, np.float32)


def _grid(gray: Levels) -> Floats:
    rows, columns = (np.linspace(0, side, parts + 1).astype(int) for side, parts in zip(gray.shape, GRID, strict=True))
    light = linear_levels()[gray]
    sums = np.add.reduceat(np.add.reduceat(light, rows[:-1], axis=0), columns[:-1], axis=1)
    return np.asarray(sums / np.outer(np.diff(rows), np.diff(columns)), np.float32)


@cache
def _logarithms() -> Floats:
    return np.asarray(np.log(np.arange(8, 264)), np.float32)


def _sharpness(gray: Levels) -> float:
    """Compare the bends between neighbours with differences of pixels four apart: blur takes the bends away.

    Both grow alike with the light, so that the share says little about it. Only pixels with some contrast count.
    """
    part = _logarithms()[gray]
    far = np.abs(part[:, 4:] - part[:, :-4])
    clear = far > np.float32(0.05)
    if np.count_nonzero(clear) < 0.002 * clear.size:
        return float("nan")
    bends = np.abs(part[:, 3:-1] + part[:, 1:-3] - 2 * part[:, 2:-2])
    return float(bends[clear].mean() / far[clear].mean())
