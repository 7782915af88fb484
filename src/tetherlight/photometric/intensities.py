"""How strong the lights are relative to each other, found from the set itself where nobody measured it.

Semi-calibrated photometric stereo (Cho, Matsushita, Tai, Kweon, ECCV 2016), weighted so that shadows and highlights do
not count. Plain alternation (solve, compare, divide) stops early: a strength that rises across the rig looks almost as
a tilt of the surface does.
"""

from dataclasses import dataclass

import numpy as np

from tetherlight.photometric import solvers
from tetherlight.photometric.arrays import Floats, Mask, divided
from tetherlight.photometric.choice import object_curve, prediction_error, sample
from tetherlight.photometric.normals import DEFAULT, METHODS, Method, needed

PIXELS = 2000
ROUNDS = 6
SETTLED = 1e-3
LEAST_LIGHTS = 6
"""With fewer lights an error of strength cannot be told from one of the surface."""
WORTH = 0.5
LEAST_SPREAD = 0.01
"""A smaller spread of the strengths (standard deviation of their logarithm) is left alone."""
LEAST_PIXELS = 30
"""A light that fewer pixels show keeps strength 1."""


@dataclass(frozen=True)
class Intensities:
    """Relative strengths of the lights (K,), geometric mean 1, and whether dividing by them is of use."""

    strengths: Floats
    useful: bool
    why: str
    before: float
    """Median prediction error of left-out lights, as a share of the albedo, without them, also by a shading curve."""
    after: float
    """The same with the values divided by them."""


def estimate(
    values: Floats, lights: Floats, *, usable: Mask | None = None, noise: float = 0.0, method: Method = DEFAULT
) -> Intensities:
    """Estimate the strengths of the lights from some pixels of a set; shapes and errors are those of `solve`.

    They are of use where they differ by more than 1 % and left-out lights are predicted twice as well with them: wrong
    directions and surfaces that are not matte can look like them, and then they cost more than they bring.
    """
    count = len(values)
    if count < max(LEAST_LIGHTS, needed(method)):
        return Intensities(np.ones(count), useful=False, why="Too few lights to tell.", before=0.0, after=0.0)
    usable = np.isfinite(values) if usable is None else usable & np.isfinite(values)
    some = sample((values > noise) & usable, PIXELS)
    values, usable = values[:, some], usable[:, some]
    lights = lights if lights.ndim == 2 else lights[:, some]
    strengths = relative(values, lights, usable=usable, noise=noise)
    before = _without(values, lights, method, usable, noise)
    after = prediction_error(values / strengths[:, None], lights, method, usable=usable, noise=noise)
    spread = float(np.log(strengths).std())
    useful = spread > LEAST_SPREAD and after < before * WORTH
    why = (
        f"The strengths differ by {spread:.1%}; divided by them, left-out lights are predicted to {after:.2%} of the "
        f"albedo instead of {before:.2%}{', so they are used.' if useful else ', too little to use them.'}"
    )
    return Intensities(strengths, useful, why, before, after)


def _without(values: Floats, lights: Floats, method: Method, usable: Mask, noise: float) -> float:
    """Return the smallest median prediction error with the values as they are.

    Also by a shading curve, for a surface that is not quite Lambertian looks like lights of unequal strength.
    """
    errors = [prediction_error(values, lights, method, usable=usable, noise=noise)]
    for bent in METHODS[-2:]:
        curve = object_curve(values, lights, bent, usable=usable, noise=noise)
        if curve.applies:
            errors.append(prediction_error(values, lights, bent, usable=usable, noise=noise, curve=curve))
    return min(errors)


def relative(values: Floats, lights: Floats, *, usable: Mask, noise: float = 0.0) -> Floats:
    """Return the strengths (K,), geometric mean 1; 1 for a light that too few pixels show.

    With e = 1 / strength and a pixel's vector g eliminated, the squared error of all pixels is e^T M e: its smallest
    eigenvector is the answer in one step. Weights, albedo and M are made anew with the values divided by the strengths.
    """
    shown = (usable & (values > noise)).sum(axis=1) >= LEAST_PIXELS
    strengths = np.ones(len(values))
    if np.count_nonzero(shown) < LEAST_LIGHTS:
        return strengths
    values, usable, lights = values[shown], usable[shown], lights[shown]
    known = np.ones(len(values))
    for _ in range(ROUNDS):
        level = (values / known[:, None]).astype(np.float32)
        g, weights = solvers.lit_l1(solvers.Samples(level, lights, usable, noise))
        step = _inverse_strengths(level, lights, g, weights)
        known = known / step
        known /= np.exp(np.log(known).mean())
        if np.abs(np.log(step)).max() < SETTLED:
            break
    strengths[shown] = known
    return np.asarray(strengths / np.exp(np.log(strengths).mean()))


def _inverse_strengths(level: Floats, lights: Floats, g: Floats, weights: Floats) -> Floats:
    """Return e (K,), geometric mean 1, that minimises the weighted sum of (e_k I_k - l_k . g)^2 over pixels and g."""
    albedo = solvers.length(g)
    share = divided(level, albedo[None].astype(np.float32)).astype(np.float64)
    weights = weights.astype(np.float64)
    inverse = solvers.inverse(solvers.moments(lights, weights))
    xx, xy, xz, yy, yz, zz = inverse.T
    full = np.stack([np.stack([xx, xy, xz], -1), np.stack([xy, yy, yz], -1), np.stack([xz, yz, zz], -1)], -2)
    spread = np.broadcast_to(lights[:, None] if lights.ndim == 2 else lights, (*level.shape, 3))
    scaled = spread * (weights * share)[..., None]
    matrix = np.diag((weights * share * share).sum(axis=1))
    matrix -= np.einsum("knc,ncd,mnd->km", scaled, full, scaled, optimize=True)
    e = np.linalg.eigh(matrix)[1][:, 0]
    e = np.maximum(e * np.sign(e.sum()), 1e-3)
    return np.asarray(e / np.exp(np.log(e).mean()))
