"""How well a set is understood, without knowing the truth: leave each light out and predict its image."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tetherlight.photometric.arrays import Floats, Mask, divided
from tetherlight.photometric.normals import Method, needed, solve
from tetherlight.photometric.shading import LAMBERT, Curve
from tetherlight.photometric.solvers import predict

PERFECT = 99.0
"""The PSNR of a prediction without error, in decibels: a number, so that a report can hold it."""


@dataclass(frozen=True)
class LeftOut:
    """Each light's prediction by the others; 0 samples where it could not be told."""

    psnr: NDArray[np.float64]
    """(K,): decibels."""
    residual: NDArray[np.float64]
    """(K,): median |predicted - seen| / albedo."""
    samples: NDArray[np.int64]
    """(K,): how many pixels were compared."""

    @property
    def mean_psnr(self) -> float:
        """The PSNR of all compared samples together, in decibels; 0 where there are none."""
        told = self.samples > 0
        if not told.any():
            return 0.0
        squares = np.average(10 ** (-self.psnr[told] / 10), weights=self.samples[told])
        return float(-10 * np.log10(squares))


def leave_one_out(
    values: Floats,
    lights: Floats,
    *,
    method: Method,
    curve: Curve = LAMBERT,
    usable: Mask | None = None,
    noise: float = 0.0,
    peak: float = 1.0,
) -> LeftOut:
    """Predict each light's image from the others, over pixels that are usable and that the surface turns to the light.

    Shapes and errors are those of `solve`; `peak` is the value of full scale. Takes K solutions: some thousand
    pixels are enough.
    """
    usable = np.isfinite(values) if usable is None else usable & np.isfinite(values)
    count = len(values)
    psnr, residual, samples = np.zeros(count), np.zeros(count), np.zeros(count, np.int64)
    for light in range(count):
        others = np.arange(count) != light
        rest = lights[others]
        spread = np.linalg.svd((rest if rest.ndim == 2 else rest.mean(axis=1)).astype(np.float64), compute_uv=False)
        if len(rest) < needed(method) or spread[-1] < 1e-3 * spread[0]:
            continue
        solution = solve(values[others], rest, method=method, curve=curve, usable=usable[others], noise=noise)
        cosine = predict(lights[light : light + 1], solution.normals)[0]
        lit = usable[light] & solution.valid & (cosine > curve.terminator)
        off = (solution.albedo * curve.of(cosine) - values[light])[lit]
        if off.size:
            square = float(np.mean(off.astype(np.float64) ** 2)) / peak**2
            psnr[light] = min(PERFECT, -10 * np.log10(max(square, 1e-12)))
            residual[light] = np.median(np.abs(divided(off, solution.albedo[lit])))
            samples[light] = off.size
    return LeftOut(psnr, residual, samples)
