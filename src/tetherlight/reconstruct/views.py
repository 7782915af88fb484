"""A surface as the page shows it: small enough for any browser, and without loss.

Each pixel is the mean of a square of valid ones. `view.json` says what the pictures mean; the alpha of normals and
height is the mask, and 16 bits of height lie in red (high) and green (low).
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tetherlight.files.durable import make_folder, store_errors, write_atomically
from tetherlight.pixels.png import write_png

Floats = NDArray[np.float32]
FOLDER, INDEX = "view", "view.json"
VERSION = 1
LONGEST = 2048
"""Pixels of the longer edge: phones take 4096, and a page with several layers has to load them."""
_DEEP = 65535
_SPIKES = 0.01
"""Share of the pixels at either end of the height that the colours leave out: a few spikes would take all of them."""


class Views:
    """Takes the rows of a surface as they are solved, and writes them small at the end."""

    def __init__(self, size: tuple[int, int], *, colour: bool) -> None:
        self.step = max(1, -(-max(size) // LONGEST))
        self._size = size
        # What is left of a last square belongs to no pixel.
        self.shape = max(1, size[0] // self.step), max(1, size[1] // self.step)
        channels = (3,) if colour else ()
        self._normals = np.zeros((*self.shape, 4), np.uint8)
        self._albedo = np.zeros((*self.shape, *channels), np.uint8)
        self._residual = np.zeros(self.shape, np.uint8)
        self._row = 0
        self._waiting: list[tuple[NDArray[Any], ...]] = []

    def take(self, normals: Floats, albedo: NDArray[np.uint8], residual: NDArray[np.uint8], valid: Any) -> None:
        """Take the next rows: normals (h, W, 3), coded albedo and residual, where they are valid (h, W)."""
        self._waiting.append((normals, albedo, residual, valid))
        rows = sum(len(part[0]) for part in self._waiting)
        whole = min(rows // self.step, self.shape[0] - self._row)
        if whole == 0:
            return
        parts = [np.concatenate(part) if len(part) > 1 else part[0] for part in zip(*self._waiting, strict=True)]
        end = whole * self.step
        self._waiting = [tuple(part[end:].copy() for part in parts)] if end < rows else []
        self._shrink(whole, *(part[:end] for part in parts))

    def _shrink(
        self, count: int, normals: Floats, albedo: NDArray[np.uint8], residual: NDArray[np.uint8], valid: Any
    ) -> None:
        rows = slice(self._row, self._row + count)
        self._row += count
        counted = squares(valid.astype(np.float32), self.step, self.shape[1])
        found = counted * 2 >= self.step**2
        sums = squares(normals, self.step, self.shape[1])
        length = np.maximum(np.linalg.norm(sums, axis=-1, keepdims=True), np.float32(1e-6))
        self._normals[rows, :, :3] = np.rint((sums / length + 1) * np.float32(127.5))
        self._normals[rows][~found] = (128, 128, 255, 0)
        self._normals[rows, :, 3] = found * np.uint8(255)
        # What is not valid is zero in both, and only those that are count.
        share = np.maximum(counted, 1)
        colours = squares(albedo, self.step, self.shape[1])
        self._albedo[rows] = np.rint(colours / (share[..., None] if albedo.ndim == 3 else share))
        self._residual[rows] = np.rint(squares(residual, self.step, self.shape[1]) / share)

    def write(self, into: Path, height: Floats, *, shrunk: int, unit: str, factor: float) -> None:
        """Write all of it; raise StoreError and DiskFull.

        `height` (H, W) times `factor` is in its `unit`, and the images were `shrunk` times as large.
        """
        folder = into / FOLDER
        with store_errors("The pictures for the page could not be written"):
            make_folder(folder)
        write_png(folder / "normals.png", self._normals)
        write_png(folder / "albedo.png", self._albedo)
        write_png(folder / "residual.png", self._residual)
        middle = self.step // 2
        small = height[middle :: self.step, middle :: self.step][: self.shape[0], : self.shape[1]]
        low, high = _ends(small)
        write_png(folder / "height.png", coded_height(small, low, high))
        told = {
            "version": VERSION,
            "width": self.shape[1],
            "height": self.shape[0],
            "step": self.step * shrunk,
            "image_width": self._size[1] * shrunk,
            "image_height": self._size[0] * shrunk,
            "height_low": low * factor,
            "height_high": high * factor,
            "height_unit": unit,
            "height_shown": [round(share, 5) for share in _shown(small, low, high)],
        }
        with store_errors("The pictures for the page could not be written"):
            write_atomically(folder / INDEX, json.dumps(told, indent=2).encode() + b"\n")


def squares(values: NDArray[Any], step: int, width: int) -> Floats:
    """Return the sums (h, width, ...) of squares of `step` x `step` values."""
    if step == 1:
        return np.asarray(values, np.float32)
    count = len(values) // step
    sums = np.zeros((count, width, *values.shape[2:]), np.float32)
    for down in range(step):
        for right in range(step):
            sums += values[down : count * step : step, right : width * step : step]
    return sums


def coded_height(height: Floats, low: float, high: float) -> NDArray[np.uint8]:
    """Return height (h, w) as 16 bits from `low` to `high`: red, green, nothing, and the mask; NaN is outside of it."""
    inside = np.isfinite(height)
    share = np.where(inside, (height - np.float32(low)) / np.float32(max(high - low, 1e-9)), 0)
    deep = np.rint(np.clip(share, 0, 1) * _DEEP).astype(np.uint16)
    coded = np.zeros((*height.shape, 4), np.uint8)
    coded[..., 0], coded[..., 1], coded[..., 3] = deep >> 8, deep & 255, inside * np.uint8(255)
    return coded


def _shown(height: Floats, low: float, high: float) -> tuple[float, float]:
    """Return from where to where colours go, as shares of what lies between `low` and `high`."""
    inside = height[np.isfinite(height)]
    if inside.size == 0 or high <= low:
        return 0.0, 1.0
    first, last = np.quantile(inside, (_SPIKES, 1 - _SPIKES))
    return (float(first) - low) / (high - low), (float(last) - low) / (high - low)


def _ends(height: Floats) -> tuple[float, float]:
    low, high = float(np.nanmin(height, initial=np.inf)), float(np.nanmax(height, initial=-np.inf))
    return (low, high) if high >= low else (0.0, 0.0)
