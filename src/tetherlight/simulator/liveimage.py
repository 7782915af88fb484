"""Live view that costs next to nothing while nothing but the clock changes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tetherlight.simulator.depth import Blur
from tetherlight.simulator.dial import draw_hand
from tetherlight.simulator.sensor import Exposure, Sensor
from tetherlight.simulator.texture import Floats
from tetherlight.simulator.view import Direction, Mix, View

GRAINS = 4
"""Pictures with different noise that take turns while lights and exposure stay the same."""


class LiveImage:
    """The live view of one image size: a few noisy pictures, and over them the clock's hand, drawn anew each time."""

    def __init__(self, view: View, sensor: Sensor) -> None:
        self.view = view
        self._sensor = sensor
        self._key: tuple[Mapping[Direction, float], Exposure, Blur | None] | None = None
        self._pictures: list[NDArray[np.uint8]] = []
        self._dial: Floats = np.empty((*view.plan.dial_box.shape, 3), np.float32)
        self._drawn = 0

    def draw(
        self, intensities: Mapping[Direction, float], exposure: Exposure, blur: Blur | None, t: float
    ) -> NDArray[np.uint8]:
        """Return the picture (H, W, 3) at time `t`; the caller holds the view's lock."""
        key = dict(intensities), exposure, blur
        if key != self._key:
            self._key = key
            self._pictures.clear()
        mix = self.view.mix(intensities)
        self._drawn += 1
        if len(self._pictures) < GRAINS:
            self._pictures.append(self._render(mix, exposure, blur))
        picture = self._pictures[self._drawn % len(self._pictures)].copy()
        box = self.view.plan.dial_box
        light = self._dial.copy()
        draw_hand(self.view.world, light, mix.shading[box.slices], t, disc=self.view.dial_disc(blur))
        picture[box.slices] = self._sensor.encode(light, exposure, self._drawn, -1)
        return picture

    def _render(self, mix: Mix, exposure: Exposure, blur: Blur | None) -> NDArray[np.uint8]:
        """Return the picture without the clock's hand, and remember the light of the dial."""
        width, height = self.view.size
        box = self.view.plan.dial_box
        picture = np.empty((height, width, 3), np.uint8)
        for rows, light in self.view.light(mix, blur):
            top, bottom = max(rows.start, box.top), min(rows.stop, box.bottom)
            if top < bottom:
                inside = light[top - rows.start : bottom - rows.start, box.left : box.right]
                self._dial[top - box.top : bottom - box.top] = inside
            picture[rows] = self._sensor.encode(light, exposure, self._drawn, rows.start)
        return picture
