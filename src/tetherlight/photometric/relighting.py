"""Pictures that can be lit anew: planes of coefficients per pixel, and what they are worth.

Values are as a screen shows them, from 0 to 1 (K, N, 3): viewers show the sum of the planes as it is. Leave-one-out
means: the planes are made without one light, its image is predicted and compared with the real one.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from tetherlight.errors import TooFewLights
from tetherlight.photometric.light_terms import (
    RESOLUTION,
    Doubles,
    best_between,
    best_ridge,
    fit,
    harmonic_terms,
    node_weights,
    nodes,
    polynomial_terms,
    psnr,
)

Floats = NDArray[np.float32]
Kind = Literal["ptm", "lptm", "hsh", "rbf"]
KINDS: tuple[Kind, ...] = ("ptm", "lptm", "hsh", "rbf")
LEAST: Mapping[Kind, int] = {"ptm": 6, "lptm": 6, "hsh": 4, "rbf": 4}
"""Lights that a basis needs."""
MANY_LIGHTS = 14
"""From which on nine harmonics are of use, else four."""
PLANES = 9
_PER_LIGHT = 255.0
_HALF = 127.0


class Basis(Protocol):
    """What makes planes of images, and a picture of planes and a light."""

    @property
    def count(self) -> int:
        """How many planes there are."""

    def planes(self, values: Floats) -> Floats:
        """Return the coefficients (P, N) of values (K, N, 3)."""

    def relit(self, planes: Floats, lights: Doubles) -> Floats:
        """Return the values (E, N, 3) under some lights (E, 3)."""


@dataclass(frozen=True, eq=False)
class Terms:
    """A sum of terms for each colour: PTM of 18 planes, HSH of 12 or 27. Planes are term by term, in it R, G, B."""

    kind: Kind
    matrix: Floats
    """(T, K)"""

    @property
    def count(self) -> int:
        """How many planes there are."""
        return 3 * len(self.matrix)

    def planes(self, values: Floats) -> Floats:
        """Return the coefficients (3 T, N) of values (K, N, 3)."""
        flat = self.matrix @ values.reshape(len(values), -1)
        return np.ascontiguousarray(flat.reshape(len(self.matrix), -1, 3).transpose(0, 2, 1)).reshape(self.count, -1)

    def relit(self, planes: Floats, lights: Doubles) -> Floats:
        """Return the values (E, N, 3) under some lights (E, 3)."""
        terms = terms_of(self.kind, lights, len(self.matrix)).astype(np.float32)
        found = np.einsum("et,tcn->enc", terms, planes.reshape(len(self.matrix), 3, -1), optimize=True)
        return np.asarray(found, np.float32)


@dataclass(frozen=True, eq=False)
class Luminance:
    """A colour per pixel times a polynomial: PTM of 9 planes, the first three of them the colour."""

    matrix: Floats
    """(6, K)"""
    count = 9

    def planes(self, values: Floats) -> Floats:
        """Return colour (3, N), at most 1, and the six coefficients of the luminance (6, N)."""
        light = values.mean(axis=2)
        power = np.maximum((light * light).sum(axis=0), np.float32(1e-6))
        colour = np.einsum("knc,kn->cn", values, light) / power
        most = np.maximum(colour.max(axis=0), np.float32(1e-6))
        return np.concatenate([colour / most, self.matrix @ light * most])

    def relit(self, planes: Floats, lights: Doubles) -> Floats:
        """Return the values (E, N, 3) under some lights (E, 3)."""
        shine = polynomial_terms(lights).astype(np.float32) @ planes[3:]
        return np.asarray(shine[:, :, None] * planes[:3].T[None], np.float32)


@dataclass(frozen=True, eq=False)
class Principal:
    """The principal components of what the lights show, interpolated between the lights: 8 bits of each, as viewers."""

    mean: Floats
    """(3 K,)"""
    axes: Floats
    """(P, 3 K), light by light, in it R, G, B."""
    table: NDArray[np.uint8]
    """(1 + P, R * R, 3): mean and components at the nodes, as `basis` of a viewer's file has them."""
    ranges: Doubles
    """(P,)"""
    resolution: int = RESOLUTION

    @property
    def count(self) -> int:
        """How many planes there are."""
        return len(self.axes)

    def planes(self, values: Floats) -> Floats:
        """Return the coefficients (P, N) of values (K, N, 3)."""
        flat = values.transpose(0, 2, 1).reshape(len(self.mean), -1)
        return np.asarray(self.axes @ (flat - self.mean[:, None]), np.float32)

    def relit(self, planes: Floats, lights: Doubles) -> Floats:
        """Return the values (E, N, 3) under some lights (E, 3)."""
        at = node_weights(lights, self.resolution)
        shown = np.einsum("er,prc->pec", at, self._decoded(), optimize=True).astype(np.float32)
        return np.asarray(shown[0][:, None] + np.einsum("pec,pn->enc", shown[1:], planes, optimize=True), np.float32)

    def _decoded(self) -> Doubles:
        coded = self.table.astype(np.float64)
        return np.concatenate([coded[:1] / _PER_LIGHT, (coded[1:] - _HALF) / self.ranges[:, None, None]])


def terms_of(kind: Kind, lights: Doubles, count: int) -> Doubles:
    """Return the terms of lights (K, T)."""
    return harmonic_terms(lights, count) if kind == "hsh" else polynomial_terms(lights)


Maker = Callable[[Floats, Doubles], Basis]
"""Makes a basis of a sample of values (K, N, 3) and their lights (K, 3)."""


def maker(kind: Kind, values: Floats, lights: Doubles, planes: int = PLANES) -> Maker:
    """Return what makes bases of a kind, with what is chosen on all lights chosen already; raise TooFewLights."""
    if len(lights) < LEAST[kind]:
        raise TooFewLights(
            f"There are {len(lights)} usable lights; relighting by {kind} needs at least {LEAST[kind]}.",
            details={"lights": len(lights), "needed": LEAST[kind]},
        )
    flat = values.reshape(len(values), -1).astype(np.float64)
    if kind == "rbf":
        between = best_between(lights, flat)
        return lambda some, at: _principal(some, at, lambda to: between.weights(at, to), planes)
    count = 6 if kind != "hsh" else 9 if len(lights) >= MANY_LIGHTS else 4
    ridge = best_ridge(terms_of(kind, lights, count), flat)

    def made(_: Floats, at: Doubles) -> Basis:
        matrix = fit(terms_of(kind, at, count), ridge).astype(np.float32)
        return Luminance(matrix) if kind == "lptm" else Terms(kind, matrix)

    return made


def _principal(values: Floats, lights: Doubles, weights: Callable[[Doubles], Doubles], planes: int) -> Principal:
    flat = values.transpose(0, 2, 1).reshape(3 * len(values), -1)
    mean = flat.mean(axis=1)
    off = (flat - mean[:, None]).astype(np.float64)
    _, vectors = np.linalg.eigh(off @ off.T)
    axes = np.ascontiguousarray(vectors[:, ::-1][:, : min(planes, len(vectors))].T)
    to = weights(nodes(lights))
    at_nodes = np.einsum("rk,pkc->prc", to, np.concatenate([mean[None], axes]).reshape(-1, len(lights), 3))
    most = np.maximum(np.abs(at_nodes[1:]).max(axis=(1, 2)), 1e-9)
    # A viewer divides by the range what is left of 127.
    ranges = _HALF / most
    table = np.empty(at_nodes.shape, np.uint8)
    table[0] = np.rint(np.clip(at_nodes[0], 0, 1) * _PER_LIGHT)
    table[1:] = np.rint(at_nodes[1:] * ranges[:, None, None] + _HALF)
    return Principal(mean.astype(np.float32), axes.astype(np.float32), table, ranges)


def left_out(make: Maker, values: Floats, lights: Doubles) -> Iterator[float]:
    """Give the mean square error of each light's predicted image, made without it."""
    for number in range(len(lights)):
        kept = np.arange(len(lights)) != number
        basis = make(values[kept], lights[kept])
        seen = np.clip(basis.relit(basis.planes(values[kept]), lights[number : number + 1])[0], 0, 1)
        yield float(((seen - values[number]) ** 2).mean())


def worth(kind: Kind, values: Floats, lights: Doubles, planes: int = PLANES) -> float:
    """Return the PSNR in dB of images of left-out lights; raise TooFewLights."""
    return psnr(list(left_out(maker(kind, values, lights, planes), values, lights)))


# Planes as bytes


@dataclass(frozen=True, eq=False)
class Coding:
    """How coefficients become bytes: coefficient = (byte / 255 - bias) * scale."""

    scale: Doubles
    bias: Doubles

    @classmethod
    def of(cls, planes: Floats) -> "Coding":
        """Look at the coefficients (P, N) of a sample; what lies outside of nearly all of them is cut."""
        low, high = np.quantile(planes, [0.0005, 0.9995], axis=1)
        least, most = planes.min(axis=1), planes.max(axis=1)
        room = 0.25 * (high - low)
        low, high = np.maximum(low - room, least), np.minimum(high + room, most)
        scale = np.maximum(high - low, 1e-4).astype(np.float64)
        return cls(scale, -low / scale)

    def coded(self, planes: Floats) -> NDArray[np.uint8]:
        """Return the coefficients (P, N) as bytes."""
        scale, bias = (part.astype(np.float32)[:, None] for part in (255 / self.scale, 255 * self.bias))
        return np.asarray(np.rint(np.clip(planes * scale + bias, 0, 255)), np.uint8)

    def decoded(self, coded: NDArray[np.uint8]) -> Floats:
        """Return the coefficients of bytes (P, N), as a viewer has them."""
        return np.asarray((coded / 255 - self.bias[:, None]) * self.scale[:, None], np.float32)
