"""The way to the compiled solvers in `compiled.py`.

numba is optional, and loading it takes half a second: `available` looks for it, `solve_fast` loads and compiles.
"""

import importlib.util
import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tetherlight.photometric.arrays import Floats, Mask

LARGE = 1 << 20
"""As many samples make it worth to load and compile."""


@cache
def available() -> bool:
    """Whether numba is installed."""
    return importlib.util.find_spec("numba") is not None


def solve_fast(
    values: NDArray[np.float32], lights: Floats, usable: Mask, noise: float, *, robust: bool
) -> dict[str, Any]:
    """Return the fields of a Solution for values (K, N), lights (K, 3) and usable (K, N).

    `robust` is `lit-huber`, else `least-squares`. Values are finite, and shapes fit.
    """
    count = values.shape[1]
    out = {
        "normals": np.zeros((count, 3), np.float32),
        "albedo": np.zeros(count, np.float32),
        "residual": np.zeros(count, np.float32),
        "predicted_error": np.full(count, 90, np.float32),
        "used": np.zeros(count, np.int32),
        "valid": np.zeros(count, np.bool_),
    }
    from tetherlight.photometric.compiled import solve_all  # noqa: PLC0415 - half a second, only where it pays

    directions = np.ascontiguousarray(lights.T, np.float32)
    pairs = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
    products = np.stack([directions[i] * directions[j] for i, j in pairs])
    network = comparisons(len(values))
    solve_all(
        np.ascontiguousarray(values), directions, products, usable, np.float32(noise), robust, network, *out.values()
    )
    return out


def colours_fast(
    colours: NDArray[np.float32], lights: Floats, usable: Mask, normals: Floats, gray: Floats, *, near: float
) -> NDArray[np.float32]:
    """Return the albedo (N, 3) of colours (K, N, 3); see `normals.colour_albedo`. Lights are (K, 3)."""
    from tetherlight.photometric.compiled_samples import colours_all  # noqa: PLC0415

    out = np.zeros((colours.shape[1], 3), np.float32)
    directions = np.ascontiguousarray(lights.T, np.float32)
    planes = np.ascontiguousarray(np.moveaxis(colours, 2, 1))
    colours_all(planes, directions, usable, normals, gray, np.float32(near), out)
    return out


@dataclass(frozen=True, eq=False)
class Coded:
    """A strip of P pixels of K images in the values of their files, looked up by what is compiled."""

    frames: NDArray[np.unsignedinteger[Any]]
    """(images, H, W) or (images, H, W, 3)."""
    kept: NDArray[np.intp]
    """(K,): which of the images count."""
    rows: slice
    tables: NDArray[np.float32]
    """(channels, size): the light of each value."""
    dark: NDArray[np.float32] | None
    """(h, W) or (h, W, 3): the light that is taken off, None for none."""
    share: NDArray[np.float32]
    """(K,): how much of it each image has."""
    over: NDArray[np.float32]
    """(K,): what light is multiplied with."""

    def _given(self) -> tuple[Any, Any, int, Any, Any, Any, Any]:
        images, _, width = self.frames.shape[:3]
        channels = self.frames.shape[3] if self.frames.ndim == 4 else 1
        size = (self.rows.stop - self.rows.start) * width * channels
        dark = np.zeros(size, np.float32) if self.dark is None else np.ascontiguousarray(self.dark).ravel()
        tables = np.ascontiguousarray(np.broadcast_to(self.tables, (channels, self.tables.shape[1])))
        first = self.rows.start * width * channels
        return self.frames.reshape(images, -1), self.kept, first, tables, dark, self.share, self.over

    def gray(self, full: float, weights: NDArray[np.float32]) -> tuple[NDArray[np.float32], Mask]:
        """Return the gray light (K, P), that of channels weighted, and which samples are below `full` in all."""
        from tetherlight.photometric.compiled_samples import gray_all, luma_all  # noqa: PLC0415

        pixels = (self.rows.stop - self.rows.start) * self.frames.shape[2]
        gray, usable = np.empty((len(self.kept), pixels), np.float32), np.empty((len(self.kept), pixels), np.bool_)
        if self.frames.ndim == 4:
            luma_all(*self._given(), math.ceil(full), weights, gray, usable)
        else:
            gray_all(*self._given(), math.ceil(full), gray, usable)
        return gray, usable

    def colours(self, weights: NDArray[np.float32], places: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return the colours (K, N, 3) of some places of the strip, each channel times its weight."""
        from tetherlight.photometric.compiled_samples import colours_at  # noqa: PLC0415

        # A plane for each channel, as `colours_fast` wants them.
        out = np.empty((len(self.kept), 3, len(places)), np.float32)
        colours_at(*self._given(), weights, places, out)
        return np.moveaxis(out, 1, 2)


@cache
def comparisons(count: int) -> NDArray[np.int64]:
    """Return the pairs (M, 2) that order `count` rows, smallest first (Batcher's merge exchange, Knuth 5.2.2 M)."""
    pairs = []
    top = 1 << max(0, (count - 1).bit_length() - 1)
    step = top
    while step > 0:
        far, bit, apart = top, 0, step
        while True:
            pairs += [(i, i + apart) for i in range(count - apart) if i & step == bit]
            if far == step:
                break
            apart, far, bit = far - step, far >> 1, step
        step >>= 1
    return np.array(pairs, np.int64).reshape(-1, 2)
