"""From light to numbers: exposure, noise and encoding, as a camera's sensor and its JPEG engine do it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tetherlight.simulator.texture import Floats

REFERENCE_ISO = 400
REFERENCE_APERTURE = 5.6
REFERENCE_SHUTTER_S = 1 / 60
"""At this exposure one light of intensity 1 is exposed right: a white card that faces it gives `ONE_LIGHT`."""

ONE_LIGHT = 0.62
"""Linear value of a white surface under one light of intensity 1 at the reference exposure."""
EXACT_BELOW = 0.5
"""Up to this linear value pixels are exact sRGB; above, a shoulder keeps detail up to `SATURATION`."""
SATURATION = 4.0
"""Linear value at which the sensor is full."""
RAW_WHITE = 16383
"""Number that a full pixel has in RAW data: 14 bits, black at 0."""

_SHOULDER = 6.3
"""Bend of the shoulder, chosen so that it leaves the exact part without a kink."""
_FULL_WELL = 160_000.0
_READ_NOISE = 0.00009
_TILE = 1 << 18
_CODES = 65535 / SATURATION
_ROWS = 16


@dataclass(frozen=True)
class Exposure:
    """Shutter time in seconds, aperture as the f-number, sensitivity as ISO."""

    shutter_s: float
    aperture: float
    iso: int

    @property
    def factor(self) -> float:
        """How much brighter than at the reference exposure."""
        gain = self.shutter_s * self.iso / self.aperture**2
        return gain * REFERENCE_APERTURE**2 / (REFERENCE_SHUTTER_S * REFERENCE_ISO)


REFERENCE_EXPOSURE = Exposure(REFERENCE_SHUTTER_S, REFERENCE_APERTURE, REFERENCE_ISO)


class Sensor:
    """Turns linear light into pixel values, with shot and read noise that grow with ISO.

    The noise comes from one table drawn with `seed`, read from elsewhere for each frame; without a seed there is none.
    """

    def __init__(self, seed: int | None) -> None:
        self._noise = None if seed is None else _noise_table(seed)
        self._seed = seed
        self._curve = _tone_curve()

    def expose(self, light: Floats, exposure: Exposure, frame: int, row: int = 0) -> NDArray[np.uint16]:
        """Return sensor values, `SATURATION` as 65535, of a band of rows (h, W, 3); overwrites `light`.

        `frame` and `row` choose the noise, so the same frame comes out the same again.
        """
        light *= np.float32(exposure.factor * _CODES)
        if self._noise is not None:
            shot = np.float32(exposure.iso / 100 / _FULL_WELL * _CODES)
            read = np.float32((_READ_NOISE * (exposure.iso / 100) * _CODES) ** 2)
            spread = light * shot
            spread += read
            np.sqrt(spread, out=spread)
            spread *= _excerpt(self._noise, light.size, hash((self._seed, frame, row)) % _TILE).reshape(light.shape)
            light += spread
        np.clip(light, 0, 65535, out=light)
        return light.astype(np.uint16)

    def encode(self, light: Floats, exposure: Exposure, frame: int, row: int = 0) -> NDArray[np.uint8]:
        """Return 8-bit sRGB values of a band of rows (h, W, 3) of linear light; overwrites `light`."""
        return np.take(self._curve, self.expose(light, exposure, frame, row))

    def raw(self, light: Floats, exposure: Exposure, frame: int, row: int = 0) -> NDArray[np.uint16]:
        """Return linear 14-bit values of a band of rows (h, W, 3) of linear light; overwrites `light`."""
        values = self.expose(light, exposure, frame, row).astype(np.float32)
        return (values * np.float32(RAW_WHITE / 65535) + np.float32(0.5)).astype(np.uint16)


def bands(height: int) -> Iterator[slice]:
    """Yield slices of a few rows each, small enough to be worked on inside the processor's cache."""
    for first in range(0, height, _ROWS):
        yield slice(first, min(first + _ROWS, height))


def _noise_table(seed: int) -> Floats:
    """Return normal deviates, twice over, so that a band of an image is one slice wherever it starts."""
    table = np.random.default_rng(seed).standard_normal(_TILE, dtype=np.float32)
    return np.concatenate((table, table))


def _excerpt(table: Floats, count: int, start: int) -> Floats:
    """Return `count` values of a table from `start` on, beginning anew at its end."""
    if start + count <= table.size:
        return table[start : start + count]
    return np.resize(np.roll(table, -start), count)


def _tone_curve() -> NDArray[np.uint8]:
    """Return the 8-bit value of each 16-bit sensor value: sRGB with a soft shoulder above `EXACT_BELOW`."""
    linear = np.arange(65536) / _CODES
    rest = np.clip(linear - EXACT_BELOW, 0, None)
    room = 1 - EXACT_BELOW
    rolled = EXACT_BELOW + room * np.log1p(_SHOULDER * rest) / np.log1p(_SHOULDER * (SATURATION - EXACT_BELOW))
    shown = np.where(linear <= EXACT_BELOW, linear, rolled)
    encoded = np.where(shown <= 0.0031308, 12.92 * shown, 1.055 * np.maximum(shown, 1e-9) ** (1 / 2.4) - 0.055)
    return np.asarray(np.clip(np.rint(encoded * 255), 0, 255), np.uint8)
