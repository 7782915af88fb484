"""Pictures of a surface for people: what each number looks like, small enough for a page."""

from collections.abc import Iterable
from html import escape
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tetherlight.pixels.response import linear_to_srgb

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
DEGREES = 10
"""Levels of gray per degree in the map of the predicted error; residuals have as many per thousand of the albedo."""
SUN = (-0.5, 0.5, 0.7071)
"""Where the light of the shaded relief stands: upper left, as on maps."""
QUALITY = 88
_HEAT = np.array([[13, 8, 60], [110, 25, 110], [200, 60, 70], [250, 150, 40], [252, 250, 170]], np.float32)


def coded_normals(normals: Floats, valid: NDArray[np.bool_]) -> NDArray[np.uint16]:
    """Return normals (..., 3) as 16-bit values, round((n + 1) / 2 * 65535), (0, 0, 0) where they are not valid."""
    coded: NDArray[np.uint16] = np.rint((np.clip(normals, -1, 1) + 1) * np.float32(32767.5)).astype(np.uint16)
    coded[~valid] = 0
    return coded


def coded_albedo(albedo: Floats, scale: float) -> Bytes:
    """Return linear albedo, times a scale, as sRGB of 8 bits."""
    return np.rint(linear_to_srgb(albedo * np.float32(scale)) * 255).astype(np.uint8)


def coded_error(degrees: Floats) -> Bytes:
    """Return an error in degrees, or a share in per cent, as gray: ten levels each, at most 255."""
    return np.rint(np.clip(degrees * DEGREES, 0, 255)).astype(np.uint8)


def relief(height: Floats, step: float = 1.0) -> Bytes:
    """Return a height map (H, W) as a shaded relief; NaN is white. `step` is the distance of pixels in its unit."""
    filled = np.where(np.isfinite(height), height, np.float32(np.nan))
    down, right = np.gradient(filled, step)
    x, y, z = SUN
    shade = (-right * x + down * y + z) / np.sqrt(1 + right * right + down * down)
    gray = np.where(np.isfinite(shade), 30 + 215 * np.clip(shade, 0, 1), 255)
    return np.asarray(np.rint(gray), np.uint8)


def heat(values: Floats, most: float, valid: NDArray[np.bool_]) -> Bytes:
    """Return values (h, w) from 0 to `most` as colours from dark to bright; white where they are not valid."""
    place = np.clip(np.nan_to_num(values) / max(most, 1e-9), 0, 1) * (len(_HEAT) - 1)
    low = np.minimum(place.astype(np.intp), len(_HEAT) - 2)
    part = (place - low)[..., None].astype(np.float32)
    colours: Floats = _HEAT[low] * (1 - part) + _HEAT[low + 1] * part
    colours[~valid] = 255
    return np.asarray(np.rint(colours), np.uint8)


def jpeg(pixels: NDArray[Any]) -> bytes:
    """Return a picture of 8 bits as a JPEG."""
    content = BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(content, "JPEG", quality=QUALITY)
    return content.getvalue()


class Thumb:
    """Keeps every so many of the rows that go by, as a small array."""

    def __init__(self, step: int) -> None:
        self.step = step
        self._rows: list[NDArray[Any]] = []

    def keep(self, start: int, rows: NDArray[Any]) -> None:
        """Take of rows from row `start` on what belongs into the small array."""
        first = -start % self.step
        self._rows.append(rows[first :: self.step, :: self.step].copy())

    def whole(self) -> NDArray[Any]:
        """Return the small array."""
        return np.concatenate(self._rows)


def polar_plot(lights: Iterable[tuple[float, float, float]], names: Iterable[str]) -> str:
    """Draw where lights stand as SVG: seen from the camera, the zenith in the middle, the horizon at the edge."""
    rings = "".join(
        f'<circle cx="0" cy="0" r="{np.sin(np.radians(angle)) * 100:.1f}" fill="none" stroke="#ccc"/>'
        for angle in (30, 60, 90)
    )
    dots = "".join(
        f'<circle cx="{100 * x:.1f}" cy="{-100 * y:.1f}" r="3.2" fill="#c60"><title>{escape(name)}</title></circle>'
        for (x, y, _), name in zip(lights, names, strict=True)
    )
    return f'<svg viewBox="-108 -108 216 216" role="img" aria-label="Directions of the lights">{rings}{dots}</svg>'
