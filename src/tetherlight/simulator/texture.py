"""Patterns that look the same at each resolution, and reflectance in a byte."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

_STRIP_ROWS = 96


def strips(height: int) -> Iterator[slice]:
    """Yield slices of rows to work on one after the other, so that what lies between stays small."""
    for first in range(0, height, _STRIP_ROWS):
        yield slice(first, min(first + _STRIP_ROWS, height))


def smoothstep(low: float, high: float, value: Floats) -> Floats:
    """Return 0 below `low`, 1 above `high` and a smooth cubic between; `low` may be greater than `high`."""
    t = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def pack(reflectance: Floats) -> Bytes:
    """Return linear reflectance as the square root in 255ths: a byte each, with finer steps in the dark."""
    return np.asarray(np.sqrt(np.clip(reflectance, 0, 1)) * 255 + np.float32(0.5)).astype(np.uint8)


def unpack(packed: Bytes) -> Floats:
    """Return the linear reflectance that `pack` stored."""
    return np.asarray(np.multiply(packed, packed, dtype=np.float32) * np.float32(1 / 255**2), np.float32)


def blend(colour: Floats, other: Floats | tuple[float, ...], amount: Floats) -> None:
    """Mix another reflectance into (h, w, 3) in place, by `amount` (h, w) per pixel."""
    colour += (np.asarray(other, np.float32) - colour) * amount[..., None]
