"""The way to the compiled solvers in `compiled.py`.

numba is optional, and loading it takes half a second: `available` looks for it, `solve_fast` loads and compiles.
"""

import importlib.util
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
    from tetherlight.photometric.compiled import colours_all  # noqa: PLC0415

    out = np.zeros((colours.shape[1], 3), np.float32)
    directions = np.ascontiguousarray(lights.T, np.float32)
    colours_all(np.ascontiguousarray(colours), directions, usable, normals, gray, np.float32(near), out)
    return out


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
