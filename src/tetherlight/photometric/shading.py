"""One shading curve for an object that is not quite Lambertian.

X = albedo f(n . l) with f(c) = c - a (1 - c) - b c (1 - c): f(1) = 1, and Lambert's law at a = b = 0.
"""

from dataclasses import dataclass

import numpy as np

from tetherlight.photometric.arrays import Floats

LIMIT_A = 0.3
LIMIT_B = 0.6
LEAST_B = -0.02
"""What is left of noise in a fit of b = 0."""
BINS = 20
IN_BIN = 30
"""As few samples a bin needs for its median to count."""


@dataclass(frozen=True)
class Curve:
    """How bright the surface is by the cosine between normal and light."""

    a: float = 0.0
    b: float = 0.0

    @property
    def lambert(self) -> bool:
        """Whether this is Lambert's law."""
        return self.a == 0 and self.b == 0

    @property
    def at_limit(self) -> bool:
        """Whether the fit ended at a limit."""
        return abs(self.a) >= LIMIT_A or abs(self.b) >= LIMIT_B

    @property
    def applies(self) -> bool:
        """Whether a fitted curve is one of brightness by cosine alone.

        At a limit it is not. Neither is one with b below 0: rough surfaces (clay, plaster; Oren and Nayar 1994) give
        such curves, and their shading depends on the camera's direction, too. There the curve predicts images better
        and turns the normals away.
        """
        return not self.lambert and not self.at_limit and self.b >= LEAST_B

    @property
    def terminator(self) -> float:
        """The cosine below which the surface is dark."""
        return max(0.0, float(self.undo(np.zeros(1))[0]))

    def of(self, cosine: Floats) -> Floats:
        """Return the brightness, as a share of the albedo; never negative."""
        bent: Floats = cosine - self.a * (1 - cosine) - self.b * cosine * (1 - cosine)
        return np.maximum(bent, 0)

    def undo(self, brightness: Floats) -> Floats:
        """Return the cosine of a brightness; above 1 the curve goes on straight."""
        slope = 1 + self.a - self.b
        inner = np.clip(brightness, -self.a, 1)
        root = np.sqrt(np.maximum(slope * slope + 4 * self.b * (self.a + inner), 0))
        cosine: Floats = 2 * (self.a + inner) / (slope + root)
        return cosine + (brightness - inner) / (slope + 2 * self.b)


LAMBERT = Curve()


def fit_curve(cosines: Floats, brightness: Floats) -> Curve:
    """Fit a and b to the medians of brightness in bins of the cosine; both are flat arrays of equal length.

    The scale is fitted with them, for an albedo found by Lambert's law is a little off. With too few bins the answer is
    Lambert's law.
    """
    place = np.minimum((cosines * BINS).astype(np.intp), BINS - 1)
    middles, medians, sizes = [], [], []
    for number in range(BINS):
        inside = place == number
        if np.count_nonzero(inside) >= IN_BIN:
            middles.append(float(np.median(cosines[inside])))
            medians.append(float(np.median(brightness[inside])))
            sizes.append(float(np.sqrt(np.count_nonzero(inside))))
    if len(middles) < 4:
        return LAMBERT
    c, weight = np.array(middles), np.array(sizes)
    terms = np.stack([c, c - 1, c * (c - 1)], axis=1)
    scale, a, b = np.linalg.lstsq(terms * weight[:, None], np.array(medians) * weight, rcond=None)[0]
    if scale <= 0:
        return LAMBERT
    return Curve(float(np.clip(a / scale, -LIMIT_A, LIMIT_A)), float(np.clip(b / scale, -LIMIT_B, LIMIT_B)))
