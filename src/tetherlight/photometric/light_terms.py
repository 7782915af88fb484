"""How the look of a pixel depends on where its light is: polynomials, harmonics, and what lies between known lights.

All of it is linear in the images: the image under a new light is a sum of the images under the known ones. So a basis
is a matrix, and leaving one light out is arithmetic with it. Lights are unit vectors (K, 3): x right, y up, z to the
camera.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
GRAZING = 0.15
"""Radians above the horizon below which harmonics are not evaluated: they rise without measure there."""
RIDGES = (0.0, 1e-3, 1e-2, 1e-1)
"""What keeps the coefficients of many terms small where lights are few, as shares of the mean square of the terms."""
REACHES = (0.3, 0.6, 1.2)
"""Distances of unit vectors within which lights look alike: the candidates of a Gaussian."""
SMOOTHINGS = (1e-6, 1e-2, 1e-1, 1.0, 10.0)
BEYOND = 0.15
"""How much further from the middle than the outermost known light nodes may lie; further out nothing is known."""
RESOLUTION = 16
"""Nodes of the octahedron's square in each direction."""


def polynomial_terms(lights: Doubles) -> Doubles:
    """Return 1, u, v, u^2, uv, v^2 of each light, (K, 6): those of a PTM (Malzbender et al., SIGGRAPH 2001)."""
    u, v = lights[:, 0], lights[:, 1]
    return np.stack([np.ones(len(lights)), u, v, u * u, u * v, v * v], axis=1)


def harmonic_terms(lights: Doubles, count: int) -> Doubles:
    """Return the first 4 or 9 hemispherical harmonics of each light, (K, count) (Gautron et al., EGSR 2004)."""
    around = np.arctan2(lights[:, 1], lights[:, 0])
    cos = np.cos(np.minimum(np.arccos(np.clip(lights[:, 2], 0, 1)), np.pi / 2 - GRAZING))
    lean = np.sqrt(np.maximum(cos - cos * cos, 0))
    rise, pi = 2 * cos - 1, np.pi
    terms = [
        np.full(len(lights), 1 / np.sqrt(2 * pi)),
        np.sqrt(6 / pi) * np.cos(around) * lean,
        np.sqrt(3 / (2 * pi)) * rise,
        np.sqrt(6 / pi) * np.sin(around) * lean,
        -np.sqrt(30 / pi) * np.cos(2 * around) * lean**2,
        np.sqrt(30 / pi) * np.cos(around) * rise * lean,
        np.sqrt(5 / (2 * pi)) * (1 - 6 * cos + 6 * cos * cos),
        np.sqrt(30 / pi) * np.sin(around) * rise * lean,
        -np.sqrt(30 / pi) * np.sin(2 * around) * lean**2,
    ]
    return np.stack(terms[:count], axis=1)


def fit(terms: Doubles, ridge: float = 0.0) -> Doubles:
    """Return the matrix (T, K) that makes coefficients of images: least squares, the first term free of the ridge."""
    mean = float((terms**2).mean()) * len(terms)
    damping = np.full(terms.shape[1], ridge * mean)
    damping[0] = 0
    return np.asarray(np.linalg.pinv(terms.T @ terms + np.diag(damping), hermitian=True) @ terms.T)


def best_ridge(terms: Doubles, images: Doubles) -> float:
    """Return the ridge with which images (K, N) of left-out lights are predicted best."""

    def error(ridge: float) -> float:
        hat = terms @ fit(terms, ridge)
        off = (images - hat @ images) / np.maximum(1 - np.diag(hat), 1e-6)[:, None]
        return float((off**2).mean())

    return min(RIDGES, key=error)


@dataclass(frozen=True)
class Between:
    """Interpolation between known lights: a trend, and Gaussians for what differs from it (universal kriging)."""

    reach: float
    smoothing: float
    terms: int
    """Of the trend: 1, u, v, and so on."""

    def weights(self, known: Doubles, wanted: Doubles) -> Doubles:
        """Return the matrix (E, K) that makes images under the wanted lights of those under the known ones."""
        inverse = self._inverse(known)
        at = np.concatenate([self._near(wanted, known), polynomial_terms(wanted)[:, : self.terms]], axis=1)
        return np.asarray(at @ inverse[:, : len(known)])

    def differences(self, known: Doubles, images: Doubles) -> Doubles:
        """Return by how much each image (K, N) is missed where its light is left out."""
        part = self._inverse(known)[: len(known), : len(known)]
        return np.asarray(part @ images / np.where(np.abs(np.diag(part)) > 1e-12, np.diag(part), np.nan)[:, None])

    def _near(self, one: Doubles, other: Doubles) -> Doubles:
        square = ((one[:, None] - other[None]) ** 2).sum(axis=-1)
        return np.asarray(np.exp(-square / self.reach**2))

    def _inverse(self, known: Doubles) -> Doubles:
        count, trend = len(known), polynomial_terms(known)[:, : self.terms]
        whole = np.zeros((count + self.terms, count + self.terms))
        whole[:count, :count] = self._near(known, known) + self.smoothing * np.eye(count)
        whole[:count, count:], whole[count:, :count] = trend, trend.T
        return np.asarray(np.linalg.pinv(whole, hermitian=True))


def best_between(known: Doubles, images: Doubles) -> Between:
    """Return the interpolation with which images (K, N) of left-out lights are predicted best."""
    trends = [count for count in (1, 3, 6) if count + 2 <= len(known)] or [1]
    candidates = [Between(*one) for one in product(REACHES, SMOOTHINGS, trends)]

    def error(one: Between) -> float:
        off = float((one.differences(known, images) ** 2).mean())
        return off if np.isfinite(off) else np.inf

    return min(candidates, key=error)


# Nodes over all directions: the upper half of an octahedron as a square, as viewers read it


def nodes(known: Doubles, resolution: int = RESOLUTION) -> Doubles:
    """Return the directions of the nodes (R * R, 3), x fastest; none is much lower than the lowest known light."""
    steps = np.linspace(-1, 1, resolution)
    right, up = np.meshgrid(steps, steps)
    x, y = (right - up).ravel() / 2, (right + up).ravel() / 2
    found = np.stack([x, y, np.maximum(1 - np.abs(x) - np.abs(y), 0)], axis=1)
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    widest = min(float(np.hypot(known[:, 0], known[:, 1]).max()) + BEYOND, 1.0)
    flat = np.hypot(found[:, 0], found[:, 1])
    shrink = np.minimum(1, widest / np.maximum(flat, 1e-9))
    found[:, :2] *= shrink[:, None]
    found[:, 2] = np.sqrt(np.maximum(1 - (found[:, :2] ** 2).sum(axis=1), 0))
    return found


def node_weights(lights: Doubles, resolution: int = RESOLUTION) -> Doubles:
    """Return what each node counts for each light, (E, R * R): bilinear, as viewers interpolate."""
    total = np.abs(lights).sum(axis=1)
    right = ((lights[:, 0] + lights[:, 1]) / total + 1) / 2 * (resolution - 1)
    up = ((lights[:, 1] - lights[:, 0]) / total + 1) / 2 * (resolution - 1)
    found = np.zeros((len(lights), resolution * resolution))
    column = np.clip(np.floor(right), 0, resolution - 2).astype(int)
    row = np.clip(np.floor(up), 0, resolution - 2).astype(int)
    each = np.arange(len(lights))
    for dy, dx in ((0, 0), (0, 1), (1, 0), (1, 1)):
        share = (right - column if dx else 1 - right + column) * (up - row if dy else 1 - up + row)
        found[each, (row + dy) * resolution + column + dx] += share
    return found


def psnr(errors: Sequence[float]) -> float:
    """Return the peak signal to noise ratio in dB of mean square errors of values from 0 to 1, one of each image."""
    return float(-10 * np.log10(max(float(np.mean(errors)), 1e-12)))
