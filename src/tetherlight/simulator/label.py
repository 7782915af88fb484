"""A printed label that lies in front of a camera, such as one with a QR code: a picture, lit as what is around it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tetherlight.simulator.texture import Floats

WIDTH = 0.26
"""Of the picture's width."""
PLACE = 0.04, 0.94
"""Where its lower left corner lies, in shares of the picture."""
INK, PAPER = 0.04, 0.85
"""Reflectance of black and white."""
MOST_PIXELS = 4_000_000


class Label:
    """A label as its picture shows it."""

    def __init__(self, file: Path) -> None:
        with Image.open(file) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise ValueError(f"it has more than {MOST_PIXELS} pixels")
            self._picture = opened.convert("L")

    def place(self, size: tuple[int, int]) -> tuple[slice, slice]:
        """Return the rows and columns that it covers of a picture of this size (width, height)."""
        width = max(1, round(WIDTH * size[0]))
        height = min(max(1, round(width * self._picture.height / self._picture.width)), size[1])
        left, bottom = round(PLACE[0] * size[0]), max(height, round(PLACE[1] * size[1]))
        return slice(bottom - height, bottom), slice(left, left + width)

    def light(self, shading: NDArray[np.floating]) -> Floats:
        """Return the light (h, W, 3) that it sends, under the light that falls on where it lies."""
        shown = self._picture.resize((shading.shape[1], shading.shape[0]), Image.Resampling.BOX)
        reflectance = INK + (PAPER - INK) * np.asarray(shown, np.float32) / 255
        return np.repeat((reflectance * shading).astype(np.float32)[..., np.newaxis], 3, axis=2)
