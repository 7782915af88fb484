"""How much a full frame's height is off because some normals are wrong, and are known to be.

Poisson's equation believes all normals alike, so a mirror or a shadow at one end tilts the surface at the other. What
it does is smooth, so it is put right in small: with normals that count as far as they can be trusted.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn, idctn

from tetherlight.photometric.arrays import Floats

Values = NDArray[np.float64]
PIXELS = 150_000
"""Of the small image at most."""
TYPICAL = 1.3
"""A normal counts half where its predicted error is so many times that of the median one."""
LEAST_DEG = 0.3
STEEPEST = 0.05
"""The smallest z of a normal: what is steeper says little of the slope."""
STEPS = 80
SETTLED = 1e-4


@dataclass(frozen=True)
class Correction:
    """What is to be added to a height map, on a coarse grid."""

    grid: NDArray[np.float32]
    """(h, w), in pixels of the whole image, mean 0."""
    step: int
    """Pixels of the whole image per pixel of the grid."""

    def rows(self, start: int, stop: int, width: int) -> NDArray[np.float32]:
        """Return the correction of some rows (stop - start, width) of the whole image, linear between grid points."""
        lines = _between(self.grid, _places(start, stop, self.step, len(self.grid)))
        columns = _places(0, width, self.step, self.grid.shape[1])
        return np.ascontiguousarray(_between(lines.T, columns).T)


def correction(found: Floats, normals: Floats, error_deg: Floats) -> Correction:
    """Return what a height (H, W) lacks, by its normals (H, W, 3) and their predicted errors (H, W) in degrees.

    Where it is NaN it counts as 0. All may lie in files: they are read by rows. An error of 90 stands for no normal.
    """
    height, width = error_deg.shape
    step = max(1, int(np.ceil(np.sqrt(height * width / PIXELS))))
    right, down, weight = _reduced(normals, error_deg, step)
    across, along = np.minimum(weight[:, 1:], weight[:, :-1]), np.minimum(weight[1:], weight[:-1])
    dx, dy = (right[:, 1:] + right[:, :-1]) / 2, (down[1:] + down[:-1]) / 2
    small = _means(found, step)
    lacks = step * _weighted(dx, dy, across, along, small / step) - small
    return Correction((lacks - lacks.mean()).astype(np.float32), step)


def _means(values: Floats, step: int) -> Values:
    """Return the mean of each square."""
    columns = np.arange(0, values.shape[1], step)
    rows = [
        np.add.reduceat(np.nan_to_num(values[top : top + step]).mean(axis=0, dtype=np.float64), columns)
        for top in range(0, len(values), step)
    ]
    return np.stack(rows) / np.diff(np.append(columns, values.shape[1]))


def _reduced(normals: Floats, error_deg: Floats, step: int) -> tuple[Values, Values, Values]:
    """Return slopes to the right and down, and weights: one of each for a square.

    Slopes are weighted means. Weights are harmonic ones: a line of wrong normals, such as the rim of a shadow, still
    parts what is on its sides.
    """
    every = max(1, int(np.sqrt(error_deg.size / 100_000)))
    # Weights by the variance alone leave outliers too much: they are more wrong than is predicted.
    half = max(LEAST_DEG, TYPICAL * float(np.median(error_deg[::every, ::every])))
    columns = np.arange(0, error_deg.shape[1], step)
    parts = []
    for top in range(0, len(error_deg), step):
        rows = slice(top, top + step)
        steep = np.maximum(normals[rows, :, 2], np.float32(STEEPEST))
        weight = 1 / (1 + (error_deg[rows].astype(np.float64) / half) ** 4) + 1e-6
        sums = [weight, -normals[rows, :, 0] / steep * weight, normals[rows, :, 1] / steep * weight, 1 / weight]
        parts.append([np.add.reduceat(one.sum(axis=0), columns) for one in sums])
    weight, right, down, inverse = (np.stack([part[number] for part in parts]) for number in range(4))
    area = np.diff(np.append(columns, error_deg.shape[1])) * step
    return right / weight, down / weight, area / inverse


def _divergence(dx: Values, dy: Values) -> Values:
    found = np.zeros((dx.shape[0], dy.shape[1]))
    found[:, :-1] -= dx
    found[:, 1:] += dx
    found[:-1] -= dy
    found[1:] += dy
    return found


def _preconditioned(field: Values) -> Values:
    """Return the height of a divergence where all slopes count alike."""
    rows, columns = (4 * np.sin(np.arange(size) * (np.pi / 2 / size)) ** 2 for size in field.shape)
    wave = rows[:, None] + columns[None]
    wave[0, 0] = np.inf
    found: Values = idctn(dctn(field, norm="ortho") / wave, norm="ortho")
    return found


def _weighted(dx: Values, dy: Values, across: Values, along: Values, start: Values) -> Values:
    """Return the height whose slopes deviate least, each by its weight: conjugate gradients."""

    def product(height: Values) -> Values:
        return _divergence(across * np.diff(height, axis=1), along * np.diff(height, axis=0))

    found = start.copy()
    residual = _divergence(across * dx, along * dy) - product(found)
    conditioned = _preconditioned(residual)
    direction, now = conditioned.copy(), float((residual * conditioned).sum())
    enough = SETTLED**2 * now
    for _ in range(STEPS):
        if now <= enough:
            break
        image = product(direction)
        along_it = now / float((direction * image).sum())
        found += along_it * direction
        residual -= along_it * image
        conditioned = _preconditioned(residual)
        before, now = now, float((residual * conditioned).sum())
        direction = conditioned + direction * (now / before)
    return found


def _places(start: int, stop: int, step: int, size: int) -> Values:
    """Return where pixels lie on the grid, whose points are the centres of squares."""
    found: Values = np.clip((np.arange(start, stop) + 0.5) / step - 0.5, 0, size - 1)
    return found


def _between(values: NDArray[np.float32], places: Values) -> NDArray[np.float32]:
    low = np.minimum(places.astype(np.intp), max(0, len(values) - 2))
    part = (places - low).astype(np.float32)[:, None]
    high = np.minimum(low + 1, len(values) - 1)
    return np.asarray(values[low] * (1 - part) + values[high] * part, np.float32)
