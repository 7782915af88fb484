"""A surface as the page shows it: small enough for any browser, and without loss.

Each pixel is the mean of a square of valid ones. `view.json` says what the pictures mean; the alpha of normals and
height is the mask, and 16 bits of height lie in red (high) and green (low). Of what is larger come tiles, too.
"""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tetherlight.files.durable import make_folder, store_errors, write_atomically
from tetherlight.pixels.png import PngWriter, png_rows, write_png
from tetherlight.reconstruct.view_tiles import Pyramid, coded_for_tiles, steps_of, told_of

Floats = NDArray[np.float32]
FOLDER, INDEX = "view", "view.json"
VERSION = 2
LONGEST = 2048
"""Pixels of the longer edge of what is looked at first: a texture of this size is there in every browser."""
_DEEP = 65535
_SPIKES = 0.01
"""Share of the pixels at either end of the height that the colours leave out: a few spikes would take all of them."""


class Views:
    """Takes the rows of a surface as they are solved, and writes them small at once: nothing is kept in memory."""

    def __init__(self, into: Path, size: tuple[int, int], *, colour: bool, files: ExitStack) -> None:
        self._size = size
        folder = into / FOLDER
        self._first = _Level(folder, size, colour=colour, files=files)
        self._steps = steps_of(max(size), LONGEST)
        names = ("normals", "albedo") if self._steps else ()
        self._tiles = {name: Pyramid(folder, name, size, self._steps) for name in names}

    def take(
        self,
        normals: Floats,
        albedo: NDArray[np.uint8],
        residual: NDArray[np.uint8],
        valid: Any,
        deep: NDArray[np.uint16],
    ) -> None:
        """Take the next rows: normals (h, W, 3), coded albedo and residual, where they are valid (h, W).

        `deep` are the normals as 16 bits.
        """
        self._first.take(normals, albedo, residual, valid)
        if self._tiles:
            self._tiles["normals"].take(coded_for_tiles(deep, valid))
            self._tiles["albedo"].take(albedo)

    def write(self, into: Path, height: Floats, *, shrunk: int, unit: str, factor: float) -> None:
        """Write the height and what all of it means; raise StoreError and DiskFull.

        `height` (H, W) times `factor` is in its `unit`, and the images were `shrunk` times as large.
        """
        first = self._first
        middle = first.step // 2
        small = height[middle :: first.step, middle :: first.step][: first.shape[0], : first.shape[1]]
        low, high = _ends(small)
        write_png(into / FOLDER / "height.png", coded_height(small, low, high))
        told = {
            "version": VERSION,
            "width": first.shape[1],
            "height": first.shape[0],
            "step": first.step * shrunk,
            "image_width": self._size[1] * shrunk,
            "image_height": self._size[0] * shrunk,
            "height_low": low * factor,
            "height_high": high * factor,
            "height_unit": unit,
            "height_shown": [round(share, 5) for share in _shown(small, low, high)],
            "tiles": told_of(self._steps, self._size),
        }
        with store_errors("The pictures for the page could not be written"):
            write_atomically(into / FOLDER / INDEX, json.dumps(told, indent=2).encode() + b"\n")


class _Level:
    """The pictures of the first look."""

    def __init__(self, folder: Path, size: tuple[int, int], *, colour: bool, files: ExitStack) -> None:
        self.step = max(1, min(-(-max(size) // LONGEST), *size))
        # What is left of a last square belongs to no pixel.
        self.shape = size[0] // self.step, size[1] // self.step
        with store_errors("The pictures for the page could not be written"):
            make_folder(folder)

        def png(name: str, channels: int) -> PngWriter:
            path = folder / f"{name}.png"
            return files.enter_context(png_rows(path, self.shape[1], self.shape[0], channels=channels, deep=False))

        self._normals, self._albedo = png("normals", 4), png("albedo", 3 if colour else 1)
        self._residual = png("residual", 1)
        self._row = 0
        self._waiting: list[tuple[NDArray[Any], ...]] = []

    def take(self, *rows: NDArray[Any]) -> None:
        self._waiting.append(rows)
        count = sum(len(part[0]) for part in self._waiting)
        whole = min(count // self.step, self.shape[0] - self._row)
        if whole == 0:
            return
        parts = [np.concatenate(part) if len(part) > 1 else part[0] for part in zip(*self._waiting, strict=True)]
        end = whole * self.step
        self._waiting = [tuple(part[end:].copy() for part in parts)] if end < count else []
        self._row += whole
        self._shrink(*(part[:end] for part in parts))

    def _shrink(self, normals: Floats, albedo: NDArray[np.uint8], residual: NDArray[np.uint8], valid: Any) -> None:
        counted = squares(valid, self.step, self.shape[1])
        found = counted * 2 >= self.step**2
        sums = squares(normals, self.step, self.shape[1])
        length = np.maximum(np.linalg.norm(sums, axis=-1, keepdims=True), np.float32(1e-6))
        coded = np.empty((*found.shape, 4), np.uint8)
        coded[..., :3] = np.rint((sums / length + 1) * np.float32(127.5))
        coded[..., 3] = 255
        coded[~found] = (128, 128, 255, 0)
        self._normals.write(coded)
        # What is not valid is zero in both, and only those that are count.
        share = np.maximum(counted, 1)
        colours = squares(albedo, self.step, self.shape[1])
        self._albedo.write(np.rint(colours / (share[..., None] if albedo.ndim == 3 else share)).astype(np.uint8))
        self._residual.write(np.rint(squares(residual, self.step, self.shape[1]) / share).astype(np.uint8))


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
