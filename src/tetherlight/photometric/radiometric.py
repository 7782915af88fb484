"""How a camera bent the light in its files, found from a set itself.

The light of a matte pixel under K known lights has three unknowns, so K - 3 of its samples can be told from the
others, whatever the surface. That holds for light, not for values that were bent: the curve that undoes the bend is the
one with which each pixel explains its own samples best (after the rank constraint of Shi, Matsushita, Wei, Xu and Tan,
CVPR 2010). It needs no second exposure and no chart, only that most of the object is matte.

What is left unexplained is counted in the values of the files, so that no curve gains by making everything flat, or
steep. The curve is sRGB's with another slope: the logarithm of their ratio is straight between a few knots.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from tetherlight.photometric.arrays import Floats, Mask

KNOTS = (0.0, 0.25, 0.55, 0.7, 0.85, 1.0)
"""Values between which the slope changes; below the second it is sRGB's, for light from other parts is much there."""
BOUNDS = (-1.5, 3.5)
"""Of the logarithm of the slope against sRGB's: a third to 33 times."""
STRAIGHT = 0.02
"""What a bend costs: its slope must bring more than it changes from knot to knot."""
ROUNDS, STEPS = 4, 8
LIT = 0.15
"""Cosine from which a sample counts: below, shadows and light from other parts are much of it."""
LEAST = 5
"""Lit samples from which a pixel tells something of the curve."""
LEVELS = 257


@dataclass(frozen=True, eq=False)
class Bent:
    """Values of N pixels in K images as a file has them, from 0 to 1, 1 for the largest."""

    values: Floats
    """(K, N)"""
    usable: Mask
    """(K, N): false where a sample is clipped, or below the noise."""
    scales: Floats
    """(K, N) or (K, 1): how much the image shows of one unit of light."""
    dark: Floats | None = None
    """(N,): the same pixels without a light."""
    share: Floats | None = None
    """(K,): how much of the light of the dark image is in each of them."""


@dataclass(frozen=True, eq=False)
class Unbent:
    """The curve from values to light."""

    levels: NDArray[np.float64]
    """(M,): values, from 0 to 1."""
    light: NDArray[np.float64]
    """(M,): the light of each, rising; in the dark that of sRGB."""
    slopes: NDArray[np.float64]
    """(M,): of the light by the values."""

    @property
    def shown(self) -> NDArray[np.float64]:
        """The light of each level, 1 for the last."""
        return np.asarray(self.light / self.light[-1])

    def bend(self, value: float) -> float:
        """Return how much more light there is at a value than sRGB says."""
        plain = _curve(np.zeros(len(KNOTS) - 2))
        return float(np.interp(value, self.levels, self.light) / np.interp(value, plain.levels, plain.light))


def unbent(bent: Bent, lights: Floats) -> Unbent | None:
    """Find the curve; lights are (K, 3). It rather tells too little of a bend than too much.

    None where too little of the object is lit by enough lights.
    """
    vectors = np.asarray(lights, np.float64)
    found, weights, spread = np.zeros(len(KNOTS) - 2), bent.usable.astype(np.float64), 0.0
    for number in range(ROUNDS):
        albedo, facing, off = _explained(_curve(found), bent, vectors, weights)
        lit = bent.usable & (facing > LIT) & (albedo > 0)
        lit &= lit.sum(axis=0) >= LEAST
        if not lit.any():
            return None
        weights = lit.astype(np.float64)
        if number:
            typical = 2 * float(np.median(np.abs(off[lit])))
            weights *= np.minimum(1, typical / np.maximum(np.abs(off), 1e-9))
        else:
            spread = float(np.sqrt((off[lit] ** 2).mean()))
        found = _bends(found, bent, vectors, weights, STRAIGHT * spread)
    return _curve(found)


def _curve(bends: NDArray[np.float64]) -> Unbent:
    """Return the curve whose slope is so much, as a logarithm, above sRGB's at the knots after the second."""
    levels = np.arange(LEVELS) / (LEVELS - 1)
    plain = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    times = np.exp(np.interp(levels, KNOTS, np.concatenate([[0, 0], bends])))
    light = np.concatenate([[0], np.cumsum(np.diff(plain) * (times[1:] + times[:-1]) / 2)])
    return Unbent(levels, light, np.gradient(light, levels))


def _explained(
    curve: Unbent, bent: Bent, lights: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the albedo (N,), the cosines (K, N), and what is unexplained of the samples (K, N), in their values."""
    light = np.interp(bent.values, curve.levels, curve.light)
    if bent.dark is not None and bent.share is not None:
        light -= bent.share[:, None] * np.interp(bent.dark, curve.levels, curve.light)
    light /= bent.scales
    slopes = np.maximum(np.interp(bent.values, curve.levels, curve.slopes) / bent.scales, 1e-9)
    # A value that stands for much light is known the less well.
    g = _fit(light, lights, weights / slopes**2)
    seen = lights @ g.T
    albedo = np.linalg.norm(g, axis=1)
    return albedo, seen / np.maximum(albedo, 1e-9), (light - seen) / slopes


def _fit(light: NDArray[np.float64], lights: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weighted least squares of each pixel, (N, 3)."""
    products = (lights[:, :, None] * lights[:, None, :]).reshape(len(lights), 9)
    moments = (weights.T @ products).reshape(-1, 3, 3)
    sizes = np.trace(moments, axis1=1, axis2=2)[:, None, None]
    found = np.linalg.solve(moments + (1e-6 * sizes + 1e-30) * np.eye(3), ((weights * light).T @ lights)[..., None])
    return np.asarray(found[..., 0])


def _bends(
    before: NDArray[np.float64],
    bent: Bent,
    lights: NDArray[np.float64],
    weights: NDArray[np.float64],
    straight: float,
) -> NDArray[np.float64]:
    """Return the bends with which the weighted samples are explained best."""
    roots = np.sqrt(weights / max(float(weights.sum()), 1.0))

    def off(bends: NDArray[np.float64]) -> NDArray[np.float64]:
        *_, rest = _explained(_curve(bends), bent, lights, weights)
        return np.concatenate([(rest * roots).ravel(), straight * np.diff(bends, prepend=0.0)])

    return np.asarray(least_squares(off, before, bounds=BOUNDS, max_nfev=STEPS, diff_step=1e-3).x)
