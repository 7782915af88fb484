"""How a vector g = albedo times normal is found of one pixel's samples, for many pixels at once.

Shapes: values (K, N) float32; lights (K, 3), or (K, N, 3) where they are near; usable (K, N) bool; g (N, 3) float64.
A solver returns g and its weights (K, N), 0 for a sample that it left out. A pixel that cannot be solved has g = 0.

Sources: least squares, Woodham 1980; L1 by reweighting, Ikehata et al. 2012; the lit mask and the windows of ranks
are described in `docs/explanations/accuracy.md`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tetherlight.photometric.arrays import Floats, Mask, divided, median_where, quantile_where
from tetherlight.photometric.shading import LAMBERT, Curve

ENOUGH = 4
"""As few samples a robust solver keeps."""
DARK = 0.1
"""A sample below this share of the median of its pixel is taken for a shadow."""
STEPS = 8
NEAR_ZERO = 1e-3
"""The residual, as a share of the albedo, below which all samples weigh the same."""
SINGULAR = 1e-7
WINDOWS = ((0.3, 0.7), (0.2, 0.8), (0.1, 0.6), (0.4, 0.9), (0.5, 0.95), (0.0, 1.0))
"""The shares of the samples, ordered by brightness, between which each window lies."""
HUBER = 2.0
HUBER_STEPS = 5
"""More bring less than 0.05 degrees on all sets that were tried."""
AT_REST = 5e-3
"""The change of a pixel's vector, as a share of its length, at which it is not moved any more."""
CAUCHY = 2.385
CAUCHY_STEPS = 4
OWN_NOISE = 0.35


@dataclass(frozen=True)
class Samples:
    """What one solver gets: values (K, N), lights, which samples are usable, and the level of noise."""

    values: Floats
    lights: Floats
    usable: Mask
    noise: float = 0.0
    curve: Curve = LAMBERT

    def of(self, pixels: NDArray[np.intp]) -> "Samples":
        """Return those of some pixels."""
        lights = self.lights if self.lights.ndim == 2 else self.lights[:, pixels]
        return Samples(self.values[:, pixels], lights, self.usable[:, pixels], self.noise, self.curve)


Solver = Callable[[Samples], tuple[Floats, Floats]]


def predict(lights: Floats, g: Floats) -> Floats:
    """Return l . g for each light and pixel, (K, N); negative where the surface turns away."""
    if lights.ndim == 2:
        return np.asarray(lights.astype(np.float32) @ g.T.astype(np.float32))
    return np.asarray(np.einsum("knc,nc->kn", lights, g.astype(np.float32)))


def moments(lights: Floats, weights: Floats) -> Floats:
    """Return L^T W L of each pixel as (N, 6): xx, xy, xz, yy, yz, zz."""
    pairs = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
    products = np.stack([lights[..., i] * lights[..., j] for i, j in pairs], axis=-1).astype(np.float32)
    if lights.ndim == 2:
        return np.asarray(weights.T @ products, np.float64)
    return np.asarray(np.einsum("kn,knj->nj", weights, products), np.float64)


def cofactors(  # noqa: PLR0917 - the six parts of a symmetric matrix
    xx: Any, xy: Any, xz: Any, yy: Any, yz: Any, zz: Any
) -> tuple[Any, Any, Any, Any, Any, Any, Any, Any]:
    """Return those of a symmetric matrix in the same order, its determinant, and from which on it has an inverse."""
    a, b, c = yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy
    d, e, f = xx * zz - xz * xz, xy * xz - xx * yz, xx * yy - xy * xy
    trace = (xx + yy + zz) / 3.0
    return a, b, c, d, e, f, xx * a + xy * b + xz * c, SINGULAR * trace * trace * trace


def inverse(matrix: Floats) -> Floats:
    """Invert symmetric matrices given as (N, 6); 0 where one has no inverse."""
    *parts, determinant, least = cofactors(*matrix.T)
    return divided(np.stack(parts), np.where(determinant > least, determinant, 0.0)[None]).T


def times(matrix: Floats, vector: Floats) -> Floats:
    """Multiply symmetric matrices (N, 6) with vectors (N, 3)."""
    xx, xy, xz, yy, yz, zz = matrix.T
    x, y, z = vector.T
    return np.stack([xx * x + xy * y + xz * z, xy * x + yy * y + yz * z, xz * x + yz * y + zz * z], axis=1)


def weighted(values: Floats, lights: Floats, weights: Floats) -> Floats:
    """Return g = (L^T W L)^-1 L^T W I of each pixel."""
    lit = weights * values
    right = lit.T @ lights.astype(np.float32) if lights.ndim == 2 else np.einsum("kn,knc->nc", lit, lights)
    return times(inverse(moments(lights, weights)), right.astype(np.float64))


def length(g: Floats) -> Floats:
    """Return the albedo |g| of each pixel."""
    return np.asarray(np.sqrt(np.einsum("nc,nc->n", g, g)))


def clear_samples(samples: Samples) -> Mask:
    """Return the samples that are neither noise nor deep shadow; all usable ones where fewer than four are."""
    above = samples.usable & (samples.values > samples.noise)
    clear = above & (samples.values >= DARK * median_where(samples.values, above))
    return np.where(clear.sum(axis=0) >= ENOUGH, clear, samples.usable)


def facing(lights: Floats, g: Floats, chosen: Mask, curve: Curve) -> Mask:
    """Return the chosen samples whose light the surface faces; the four that face it most where fewer do."""
    towards = predict(lights, g)
    lit = chosen & (towards > curve.terminator * length(g).astype(np.float32))
    few = (lit.sum(axis=0) < ENOUGH) & (chosen.sum(axis=0) >= ENOUGH)
    if few.any():
        ranked = np.where(chosen[:, few], towards[:, few], -np.inf)
        least = np.sort(ranked, axis=0)[-ENOUGH]
        lit[:, few] = chosen[:, few] & (ranked >= least)
    return lit


def straightened(samples: Samples, g: Floats) -> Floats:
    """Return the values that a Lambert surface with the same normals would have, by curve and present albedo."""
    if samples.curve.lambert:
        return samples.values
    albedo = length(g).astype(np.float32)
    return samples.curve.undo(divided(samples.values, albedo[None])) * albedo


def least_squares(samples: Samples) -> tuple[Floats, Floats]:
    """Solve with all usable samples."""
    weights = samples.usable.astype(np.float32)
    g = weighted(samples.values, samples.lights, weights)
    for _ in range(0 if samples.curve.lambert else STEPS):
        g = weighted(straightened(samples, g), samples.lights, weights)
    return g, weights


def _absolute(samples: Samples, chosen: Mask, g: Floats, *, lit: bool) -> tuple[Floats, Floats]:
    """Go on from g towards the smallest sum of absolute residuals."""
    weights = chosen.astype(np.float32)
    for _ in range(STEPS):
        kept = facing(samples.lights, g, chosen, samples.curve) if lit else chosen
        values = straightened(samples, g)
        least = np.maximum(NEAR_ZERO * length(g), 1e-12).astype(np.float32)
        weights = kept / np.maximum(np.abs(values - predict(samples.lights, g)), least) * least
        g = weighted(values, samples.lights, weights)
    return g, weights


def l1(samples: Samples) -> tuple[Floats, Floats]:
    """Minimise the sum of absolute residuals over the usable samples above noise and deep shadow."""
    chosen = clear_samples(samples)
    first = weighted(samples.values, samples.lights, chosen.astype(np.float32))
    return _absolute(samples, chosen, first, lit=False)


def lit_l1(samples: Samples) -> tuple[Floats, Floats]:
    """As `l1`, and in each step without the lights from which the present normal turns away."""
    chosen = clear_samples(samples)
    first = weighted(samples.values, samples.lights, chosen.astype(np.float32))
    return _absolute(samples, chosen, first, lit=True)


def lit_huber(samples: Samples) -> tuple[Floats, Floats]:
    """As `lit_l1`, but samples whose residual is below twice the pixel's own noise weigh the same (Huber's weights).

    So it loses little to least squares where there is nothing but noise. A pixel whose first residuals are all below
    the level of noise is done at once; each other one when its vector comes to rest.
    """
    chosen = clear_samples(samples)
    weights = chosen.astype(np.float32)
    g = weighted(samples.values, samples.lights, weights)
    if samples.curve.lambert:
        off = np.abs(samples.values - predict(samples.lights, g)) * chosen
        active = np.flatnonzero(off.max(axis=0, initial=0) > samples.noise)
    else:
        active = np.arange(len(g))
    for _ in range(HUBER_STEPS):
        if not len(active):
            break
        some, before = samples.of(active), g[active]
        kept = facing(some.lights, before, chosen[:, active], some.curve)
        values = straightened(some, before)
        residuals = np.abs(values - predict(some.lights, before))
        size = length(before)
        level = np.maximum(HUBER * quantile_where(residuals, kept, OWN_NOISE), NEAR_ZERO * size).astype(np.float32)
        level = np.maximum(level, np.float32(1e-12))
        found = kept * (level / np.maximum(residuals, level))
        after = weighted(values, some.lights, found)
        g[active], weights[:, active] = after, found
        active = active[length(after - before) > AT_REST * size]
    return g, weights


def lit_cauchy(samples: Samples) -> tuple[Floats, Floats]:
    """As `lit_l1`, then by Cauchy's weights with the pixel's own noise, the 35 % quantile of its lit residuals."""
    chosen = clear_samples(samples)
    g, weights = lit_l1(samples)
    for _ in range(CAUCHY_STEPS):
        kept = facing(samples.lights, g, chosen, samples.curve)
        values = straightened(samples, g)
        residuals = np.abs(values - predict(samples.lights, g))
        own = quantile_where(residuals, kept, OWN_NOISE)
        scale = CAUCHY * np.maximum(own, NEAR_ZERO * length(g))
        weights = kept / (1 + np.minimum(divided(residuals, scale.astype(np.float32)[None]), 1e6) ** 2)
        g = weighted(values, samples.lights, weights)
    return g, weights


def misfit(samples: Samples, g: Floats, chosen: Mask) -> Floats:
    """Return the median |seen - predicted| / albedo of each pixel over the chosen samples that its normal faces."""
    lit = facing(samples.lights, g, chosen, samples.curve)
    albedo = length(g).astype(np.float32)
    towards = divided(predict(samples.lights, g), albedo[None])
    seen = divided(samples.values, albedo[None])
    return median_where(np.abs(seen - samples.curve.of(towards)), lit)


def windows(samples: Samples) -> tuple[Floats, Floats]:
    """Solve with the samples in a window of ranks, and keep of several windows the one that fits each pixel best.

    Each sample's rank is its place among the usable samples of its pixel. Fit is the median residual over the samples
    that the window's own normal calls lit.
    """
    usable = samples.usable
    count = usable.sum(axis=0)
    order = np.argsort(np.where(usable, samples.values, np.inf), axis=0, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(len(order))[:, None], axis=0)
    best = np.full(count.shape, np.inf)
    g = np.zeros((len(count), 3))
    weights = np.zeros(samples.values.shape, np.float32)
    for low, high in WINDOWS:
        first = np.floor(low * count)
        last = np.maximum(np.ceil(high * count), first + ENOUGH)
        first = np.minimum(first, np.maximum(last.clip(max=count) - ENOUGH, 0))
        mine = (usable & (rank >= first) & (rank < last)).astype(np.float32)
        found = weighted(samples.values, samples.lights, mine)
        for _ in range(0 if samples.curve.lambert else STEPS):
            found = weighted(straightened(samples, found), samples.lights, mine)
        fit = np.where(length(found) > 0, misfit(samples, found, usable), np.inf)
        better = fit < best
        best[better] = fit[better]
        g[better] = found[better]
        weights[:, better] = mine[:, better]
    return g, weights
