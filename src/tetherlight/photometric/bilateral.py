"""Height of a surface with depth jumps from its normals: bilateral normal integration (Cao et al., ECCV 2022).

Each pixel has a difference to either side. Where they disagree, the surface jumps on one side, and the weight of that
one goes to zero: a sigmoid of the two squared differences, found again after each solution of the linear system.
The sides' weights make one weight per edge between two pixels, so the system is the Laplacian of a graph.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from tetherlight.photometric.arrays import Mask
from tetherlight.photometric.slopes import Camera, facing

Values = NDArray[np.float64]
Indices = NDArray[np.intp]

SHARPNESS = 2.0
"""k of the paper: how sharply one side is preferred to the other."""
ROUNDS = 150
SETTLED = 1e-4
"""Of the energy: a smaller change between two rounds ends the work."""
PRECISION = 1e-3
"""Of the residual of the linear system, relative to its right side. A smaller one gains nothing (decision 22)."""
STEPS = 5000
_FLAT = 1e-5


@dataclass(frozen=True)
class Anchors:
    """Mean heights that squares of the image should have, and how strongly they are held against the normals."""

    square: Indices
    """(H, W), the number of a pixel's square; -1 for none."""
    heights: NDArray[np.float32]
    """One per square."""
    strength: float


@dataclass(frozen=True)
class Side:
    """The equations along one axis, two per pixel: `scale` times a one-sided difference is `change`."""

    low: Indices
    """Of each edge, the pixel at its left or upper end; the other one is `high`."""
    high: Indices
    scale: Values
    change: Values

    def differences(self, heights: Values) -> tuple[Values, Values]:
        """Return scale times the differences to the next and from the one before, 0 where there is none."""
        steps = heights[self.high] - heights[self.low]
        ahead, behind = np.zeros_like(heights), np.zeros_like(heights)
        ahead[self.low] = steps
        behind[self.high] = steps
        return self.scale * ahead, self.scale * behind


def bilateral(
    normals: NDArray[np.float32],
    inside: Mask,
    *,
    camera: Camera | None = None,
    anchors: Anchors | None = None,
    rounds: int = ROUNDS,
) -> NDArray[np.float32]:
    """Return heights (H, W) in pixels, towards the camera, of unit normals (H, W, 3); 0 outside the mask.

    Without anchors each connected part has a height of its own, near 0. With a camera it is -fx log(depth). All is in
    memory, about 500 bytes per pixel of the mask.
    """
    sides = _equations(normals, inside, camera)
    heights = np.zeros(int(inside.sum()))
    hold = _Hold(anchors, inside)
    weights = [np.full_like(heights, 0.5) for _ in sides]
    energy = _energy(sides, weights, heights)
    for _ in range(rounds):
        heights = _solved(sides, weights, heights, hold)
        weights = [_sigmoid(side, heights) for side in sides]
        before, energy = energy, _energy(sides, weights, heights)
        if abs(before - energy) <= SETTLED * before:
            break
    found = np.zeros(inside.shape, np.float32)
    found[inside] = heights
    return found


def _equations(normals: NDArray[np.float32], inside: Mask, camera: Camera | None) -> tuple[Side, Side]:
    """Write the equations along rows and columns; y goes down here."""
    number: Indices = np.full(inside.shape, -1, np.intp)
    number[inside] = np.arange(int(inside.sum()))
    right, up = (normals[..., axis][inside].astype(np.float64) for axis in (0, 1))
    along = np.maximum(facing(normals, camera)[inside], _FLAT)
    across = along if camera is None else along * (camera.fy / camera.fx)
    beside, below = inside[:, 1:] & inside[:, :-1], inside[1:] & inside[:-1]
    return (
        Side(number[:, :-1][beside], number[:, 1:][beside], along, -right),
        Side(number[:-1][below], number[1:][below], across, up),
    )


def _sigmoid(side: Side, heights: Values) -> Values:
    """Return each pixel's weight of its difference to the next; that from the one before has the rest."""
    ahead, behind = side.differences(heights)
    exponent = np.clip(SHARPNESS * (ahead * ahead - behind * behind), -60, 60)
    weight: Values = 1 / (1 + np.exp(exponent))
    return weight


def _energy(sides: tuple[Side, Side], weights: list[Values], heights: Values) -> float:
    total = 0.0
    for side, weight in zip(sides, weights, strict=True):
        ahead, behind = side.differences(heights)
        total += float(weight @ (ahead - side.change) ** 2 + (1 - weight) @ (behind - side.change) ** 2)
    return total


def _solved(sides: tuple[Side, Side], weights: list[Values], start: Values, hold: "_Hold") -> Values:
    """Solve the weighted least squares for the heights, from a start on."""
    count = len(start)
    stiffness, wanted = np.zeros(count), np.zeros(count)
    rows: list[Indices] = []
    columns: list[Indices] = []
    values: list[Values] = []
    for side, weight in zip(sides, weights, strict=True):
        ahead, behind = weight[side.low], 1 - weight[side.high]
        a, b = side.scale[side.low], side.scale[side.high]
        edge = ahead * a * a + behind * b * b
        pull = ahead * a * side.change[side.low] + behind * b * side.change[side.high]
        stiffness += np.bincount(side.low, edge, count) + np.bincount(side.high, edge, count)
        wanted += np.bincount(side.high, pull, count) - np.bincount(side.low, pull, count)
        rows += [side.low, side.high]
        columns += [side.high, side.low]
        values += [-edge, -edge]
    every = np.arange(count)
    entries = np.concatenate([*values, stiffness])
    matrix = csr_matrix((entries, (np.concatenate([*rows, every]), np.concatenate([*columns, every]))), (count, count))

    def product(heights: Values) -> Values:
        found: Values = matrix @ heights
        return found + hold.pull(heights)

    return conjugate_gradients(product, wanted + hold.wanted, start, np.maximum(stiffness + hold.strength, _FLAT))


def conjugate_gradients(product: Callable[[Values], Values], wanted: Values, start: Values, diagonal: Values) -> Values:
    """Solve a symmetric positive (semi)definite system, preconditioned by its diagonal."""
    found = start.copy()
    residual = wanted - product(found)
    enough = PRECISION * float(np.sqrt(wanted @ wanted))
    direction = np.zeros_like(found)
    before = 1.0
    for _ in range(STEPS):
        if float(np.sqrt(residual @ residual)) <= enough:
            break
        conditioned = residual / diagonal
        now = float(residual @ conditioned)
        direction = conditioned + direction * (now / before)
        image = product(direction)
        curvature = float(direction @ image)
        if curvature <= 0:  # nothing is left but rounding
            break
        found += direction * (now / curvature)
        residual -= image * (now / curvature)
        before = now
    return found


class _Hold:
    """Anchors as a part of the linear system: each pixel is pulled as its square's mean is off."""

    def __init__(self, anchors: Anchors | None, inside: Mask) -> None:
        self.strength = 0.0 if anchors is None else anchors.strength
        self.wanted: Values | float = 0.0
        if anchors is None:
            return
        square = anchors.square[inside]
        self._held = square >= 0
        self._square = square[self._held]
        self._count = np.maximum(np.bincount(self._square, minlength=len(anchors.heights)), 1)
        wanted = np.zeros(len(square))
        wanted[self._held] = self.strength * anchors.heights[self._square]
        self.wanted = wanted

    def pull(self, heights: Values) -> Values | float:
        """Return what the anchors add to the product of the matrix with heights."""
        if not self.strength:
            return 0.0
        means = np.bincount(self._square, heights[self._held], len(self._count)) / self._count
        pulled = np.zeros_like(heights)
        pulled[self._held] = self.strength * means[self._square]
        return pulled
