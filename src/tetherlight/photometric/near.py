"""Lights so near that their direction and strength differ from pixel to pixel.

    t_k(x) = (X_k - x) ((x - X_k) . d_k)^mu / |X_k - x|^(3 + mu),   I_k = rho max(0, n . t_k(x))

for a light at X_k that points to d_k; mu 0 shines alike to all sides, 1 is a Lambertian LED (Quéau et al., JMIV 2018).
Positions are in image widths, the origin at the image's centre, x right, y up, z to the camera, which is far away.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tetherlight.errors import ShapesDiffer, TooFewLights
from tetherlight.photometric.arrays import Floats, Mask
from tetherlight.photometric.normals import DEFAULT, Method, Solution, needed, solve
from tetherlight.photometric.shading import LAMBERT, Curve

STEP = 8
"""Pixels between the places at which the vectors are evaluated."""
ROUNDS = 1
"""How often height is integrated and the set solved again: a second time brings nothing."""

Integrate = Callable[[NDArray[np.float32], Mask], Floats]
"""Makes heights (H, W) in pixels of normals (H, W, 3) and a mask (H, W)."""


@dataclass(frozen=True)
class NearLights:
    """Where the lights are, (K, 3); where they point, (K, 3), needed where mu is not 0."""

    positions: Floats
    pointing: Floats | None = None
    mu: float = 0.0

    def vectors(self, points: Floats) -> NDArray[np.float32]:
        """Return t_k at points (N, 3) as (K, N, 3), scaled so that the mean light has length 1 at the origin."""
        towards = self.positions[:, None, :].astype(np.float64) - points[None]
        distance = np.sqrt((towards**2).sum(axis=-1, keepdims=True))
        if not distance.min() > 0:
            raise ShapesDiffer(
                "A light lies in the surface.", hint="Positions are in image widths, from the image's centre."
            )
        found = towards / distance**3
        if self.mu and self.pointing is not None:
            along = -(towards * self.pointing[:, None, :]).sum(axis=-1, keepdims=True) / distance
            found *= np.maximum(along, 0) ** self.mu
        return np.asarray(found * float((self.positions**2).sum(axis=1).mean()), np.float32)


@dataclass(frozen=True)
class VectorField:
    """The vectors t_k of an image, evaluated on a coarse grid: rows are interpolated as they are needed."""

    grid: NDArray[np.float32]
    """(K, h, w, 3): each `step` pixels, from pixel (0, 0)."""
    shape: tuple[int, int]
    step: int

    def rows(self, start: int, stop: int) -> NDArray[np.float32]:
        """Return the vectors of the pixels of some rows, (K, (stop - start) * W, 3)."""
        y, x = np.arange(start, stop) / self.step, np.arange(self.shape[1]) / self.step
        above, left = y.astype(np.intp), x.astype(np.intp)
        down, right = (y - above).astype(np.float32), (x - left).astype(np.float32)
        lines = self.grid[:, above] * (1 - down)[:, None, None] + self.grid[:, above + 1] * down[:, None, None]
        found = lines[:, :, left] * (1 - right)[:, None] + lines[:, :, left + 1] * right[:, None]
        return np.asarray(found.reshape(len(self.grid), -1, 3), np.float32)


def vector_field(
    lights: NearLights, shape: tuple[int, int], height: Floats | None = None, step: int = STEP
) -> VectorField:
    """Evaluate the vectors for an image of a shape (H, W), on the plane z = 0 or on a height map.

    `height` is in units of its own pixels and may be smaller than the image (that of a preview will do); where it is
    NaN it counts as its median, which lies at z = 0.
    """
    rows, columns = shape
    y, x = np.mgrid[0 : rows + step : step, 0 : columns + step : step].astype(np.float64)
    z = np.zeros(y.shape)
    if height is not None and np.isfinite(height).any():
        level = np.where(np.isfinite(height), height - np.nanmedian(height), 0.0)
        at_y = (y * (height.shape[0] / rows)).round().clip(0, height.shape[0] - 1).astype(np.intp)
        at_x = (x * (height.shape[1] / columns)).round().clip(0, height.shape[1] - 1).astype(np.intp)
        z = level[at_y, at_x] / height.shape[1]
    points = np.stack([(x - (columns - 1) / 2) / columns, ((rows - 1) / 2 - y) / columns, z], axis=-1)
    found = lights.vectors(points.reshape(-1, 3))
    return VectorField(found.reshape(len(found), *y.shape, 3), shape, step)


def solve_near(
    values: Floats,
    lights: NearLights,
    shape: tuple[int, int],
    integrate: Integrate,
    *,
    mask: Mask | None = None,
    method: Method = DEFAULT,
    curve: Curve = LAMBERT,
    usable: Mask | None = None,
    noise: float = 0.0,
    rounds: int = ROUNDS,
) -> tuple[Solution, VectorField]:
    """Solve on a plane, integrate, and solve again with the lights as that height sees them.

    values (K, H * W); mask (H, W) says what belongs to the object. Returns the solution and the field of its vectors,
    with which a larger image of the same set can be solved row by row. All is in memory: give a preview-size image.
    """
    least = needed(method)
    if len(values) != len(lights.positions) or values.shape[1] != shape[0] * shape[1]:
        raise ShapesDiffer(f"There are {len(values)} images and {len(lights.positions)} positions of lights.")
    if len(values) < least:
        raise TooFewLights(f"There are {len(values)} usable lights; at least {least} are needed.")
    inside = np.ones(shape, bool) if mask is None else mask
    field = vector_field(lights, shape)
    for last in [False] * rounds + [True]:
        solution = solve(values, field.rows(0, shape[0]), method=method, usable=usable, noise=noise, curve=curve)
        if not last:
            known = inside & solution.valid.reshape(shape)
            field = vector_field(lights, shape, integrate(solution.normals.reshape(*shape, 3), known))
    return solution, field
