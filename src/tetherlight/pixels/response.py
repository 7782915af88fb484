"""From the values of a file to values proportional to light.

Values that are left gamma-coded turn the normals by 10 degrees, so this is the first thing that is done to a picture.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tetherlight.errors import InvalidSetting
from tetherlight.files.durable import read_regular

Floats = NDArray[np.float32]
MAX_CURVE_BYTES = 10_000_000
FULL: Mapping[str, float] = MappingProxyType({"uint8": 255.0, "uint16": 65535.0})
"""The value of a file that is full light, by type; floats are light already."""
_FORM = (
    "A line for each level, from dark to bright: the level (0 to 1, 0 to 255 or 0 to 65535), then the light, one "
    "number or one each for red, green and blue."
)


def srgb_to_linear(values: NDArray[Any]) -> Floats:
    """Return the light of sRGB values, both from 0 to 1 (IEC 61966-2-1)."""
    given = np.asarray(values, np.float64)
    linear = np.where(given <= 0.04045, given / 12.92, ((np.maximum(given, 0) + 0.055) / 1.055) ** 2.4)
    return linear.astype(np.float32)


def linear_to_srgb(values: NDArray[Any]) -> Floats:
    """Return the sRGB values of light, both from 0 to 1; what is beyond is cut."""
    given = np.clip(np.asarray(values, np.float32), 0, 1)
    low = given * np.float32(12.92)
    high = np.float32(1.055) * np.power(given, np.float32(1 / 2.4)) - np.float32(0.055)
    return np.where(given <= 0.0031308, low, high).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Response:
    """How a camera or a program coded the light."""

    name: str
    """`srgb`, `linear`, or the name of a file."""
    levels: NDArray[np.float64] | None = None
    """(N,) of coded values, from 0 to 1; None for the two that need no table."""
    light: NDArray[np.float64] | None = None
    """(N, 1) or (N, 3): the light of each level, 1 for the last."""

    def linear(self, pixels: NDArray[Any], *, colour: bool | None = None) -> Floats:
        """Return the light (same shape, 1 is full) of values of a file: uint8, uint16, or floats from 0 to 1.

        With `colour` the last axis are red, green and blue; by default it is that of a picture (H, W, 3).
        """
        colour = pixels.ndim == 3 and pixels.shape[2] == 3 if colour is None else colour
        if pixels.dtype.name not in FULL:
            return self._of_floats(pixels, colour)
        tables = self.tables(pixels.dtype, colour=colour)
        if len(tables) == 1:
            return np.asarray(np.take(tables[0], pixels))
        result = np.empty(pixels.shape, np.float32)
        for channel in range(3):
            result[..., channel] = tables[channel][pixels[..., channel]]
        return result

    def coded(self, light: Floats) -> Floats:
        """Return the values, from 0 to 1, that stand for light; what is beyond is cut."""
        if self.levels is None or self.light is None:
            return linear_to_srgb(light) if self.name == "srgb" else np.clip(light, 0, 1)
        return np.asarray(np.interp(light, self.light.mean(axis=1), self.levels), np.float32)

    def tables(self, dtype: np.dtype[Any], *, colour: bool) -> Floats:
        """Return the light of each value of uint8 or uint16: (1, size), or (3, size) where the channels differ."""
        tables = self._of_bytes if dtype.name == "uint8" else self._of_words
        return tables if colour or len(tables) == 1 else tables.mean(axis=0, keepdims=True, dtype=np.float32)

    @cached_property
    def _of_bytes(self) -> Floats:
        return self._table(256)

    @cached_property
    def _of_words(self) -> Floats:
        return self._table(65536)

    def _table(self, size: int) -> Floats:
        """Return the light of each value: (1, size), or (3, size) where the channels differ."""
        coded = np.arange(size) / (size - 1)
        channels = 1 if self.light is None else self.light.shape[1]
        return np.stack([self._coded(coded, channel) for channel in range(channels)])

    def _of_floats(self, values: NDArray[Any], colour: bool) -> Floats:
        if colour and self.light is not None and self.light.shape[1] == 3:
            return np.stack([self._coded(values[..., channel], channel) for channel in range(3)], axis=-1)
        return self._coded(values)

    def _coded(self, values: NDArray[Any], channel: int | None = None) -> Floats:
        if self.levels is None or self.light is None:
            return srgb_to_linear(values) if self.name == "srgb" else np.asarray(values, np.float32)
        light = self.light.mean(axis=1) if channel is None else self.light[:, channel]
        return np.asarray(np.interp(values, self.levels, light), np.float32)


def written(response: Response) -> str:
    """Return a response of 8-bit files as `response_of_file` reads it."""
    values = np.arange(256)
    light = response.tables(np.dtype(np.uint8), colour=False)[0]
    lines = [f"{level} {part:.6f}" for level, part in zip(values.tolist(), light.tolist(), strict=True)]
    return "\n".join([f"# The light that each level of the files stands for, {response.name}", *lines, ""])


SRGB, LINEAR = Response("srgb"), Response("linear")


def response_of_file(path: Path) -> Response:
    """Read a measured response curve; raise InvalidSetting.

    A text file with a line for each level, from dark to bright: the level (from 0 to 1, 255 or 65535) and the light
    that gives it, one number or three (red, green, blue), in any unit. Behind a `#` stands what is for people.
    """
    try:
        text = read_regular(path, most=MAX_CURVE_BYTES, follow=True).decode()
        rows = [line.partition("#")[0].replace(",", " ").split() for line in text.splitlines()]
        table = np.array([[float(word) for word in row] for row in rows if row])
    except OSError as error:
        raise InvalidSetting(f"The response curve {path.name} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise InvalidSetting(f"The response curve {path.name} is no table of numbers.", hint=_FORM) from error
    if table.ndim != 2 or table.shape[0] < 2 or table.shape[1] not in {2, 4} or not np.isfinite(table).all():
        raise InvalidSetting(f"The response curve {path.name} needs two lines or more of 2 or 4 numbers.", hint=_FORM)
    levels, light = table[:, 0], table[:, 1:]
    if (np.diff(levels) <= 0).any() or (np.diff(light, axis=0) < 0).any() or (light[-1] <= light[0]).any():
        raise InvalidSetting(f"The response curve {path.name} does not rise.", hint=_FORM)
    full = 1.0 if levels[-1] <= 1 else 255.0 if levels[-1] <= 255 else 65535.0
    return Response(path.name, levels / full, light / light[-1])
