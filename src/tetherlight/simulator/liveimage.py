"""Live view that costs next to nothing while nothing but the clock changes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tetherlight.simulator.dial import draw_hand
from tetherlight.simulator.sensor import Exposure, Sensor, bands
from tetherlight.simulator.view import Direction, Mix, View

GRAINS = 4
"""Pictures with different noise that take turns while lights and exposure stay the same."""


class LiveImage:
    """The live view of one image size: a few noisy pictures, and over them the clock's hand, drawn anew each time."""

    def __init__(self, view: View, sensor: Sensor) -> None:
        self.view = view
        self._sensor = sensor
        self._key: tuple[Mapping[Direction, float], Exposure] | None = None
        self._pictures: list[NDArray[np.uint8]] = []
        self._drawn = 0

    def draw(self, intensities: Mapping[Direction, float], exposure: Exposure, t: float) -> NDArray[np.uint8]:
        """Return the picture (H, W, 3) at time `t`; the caller holds the view's lock."""
        key = dict(intensities), exposure
        if key != self._key:
            self._key = key
            self._pictures.clear()
        mix = self.view.mix(intensities)
        self._drawn += 1
        if len(self._pictures) < GRAINS:
            self._pictures.append(self._render(mix, exposure))
        picture = self._pictures[self._drawn % len(self._pictures)].copy()
        self._draw_clock(picture, mix, exposure, t)
        return picture

    def _render(self, mix: Mix, exposure: Exposure) -> NDArray[np.uint8]:
        width, height = self.view.size
        picture = np.empty((height, width, 3), np.uint8)
        for rows in bands(height):
            picture[rows] = self._sensor.encode(self.view.light(mix, rows, 0.0), exposure, self._drawn, rows.start)
        return picture

    def _draw_clock(self, picture: NDArray[np.uint8], mix: Mix, exposure: Exposure, t: float) -> None:
        world = self.view.world
        box = world.dial_box
        shading = mix.shading[box.slices]
        albedo = world.albedo[box.slices]
        light = np.multiply(albedo, albedo, dtype=np.float32)
        light *= (shading * np.float32(1 / 255**2))[..., None]
        draw_hand(world, light, shading, t)
        picture[box.slices] = self._sensor.encode(light, exposure, self._drawn, -1)
