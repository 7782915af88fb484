"""The scene at one image size: the layers of its lights, kept within a bound of memory, and their sum."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from threading import RLock

import numpy as np

from tetherlight.simulator.dial import draw_hand
from tetherlight.simulator.objects import World, build_world, coverage
from tetherlight.simulator.render import SHADING_SCALE, SHEEN_SCALE, Layer, render_ambient, render_light
from tetherlight.simulator.sensor import ONE_LIGHT
from tetherlight.simulator.texture import Floats

Direction = tuple[float, float, float]

AMBIENT = 0.0014
"""Light of the room on a white surface at the reference exposure, with all lights off: about 0.3 % of one light."""


@dataclass(frozen=True)
class Mix:
    """All lights that are on: light on a white surface (H, W), highlights and reflections in their boxes."""

    shading: Floats
    sheen: Floats
    mirror: Floats


class View:
    """All that is rendered for one image size, each part on first need."""

    def __init__(self, width: int, height: int, viewpoint: int, layer_bytes: int) -> None:
        self.size = width, height
        self.lock = RLock()
        self._viewpoint = viewpoint
        self._layer_bytes = layer_bytes
        self._world: World | None = None
        self._layers: OrderedDict[Direction | None, Layer] = OrderedDict()
        self._mix: tuple[Mapping[Direction, float], Mix] | None = None

    @property
    def world(self) -> World:
        """The scene without light, built on first use."""
        with self.lock:
            if self._world is None:
                self._world = build_world(*self.size, self._viewpoint)
            return self._world

    @property
    def nbytes(self) -> int:
        """Memory that layers and sum take now."""
        with self.lock:
            parts = [] if self._mix is None else [self._mix[1].shading, self._mix[1].sheen, self._mix[1].mirror]
            return sum(layer.nbytes for layer in self._layers.values()) + sum(part.nbytes for part in parts)

    @property
    def full(self) -> bool:
        """Whether another layer would push out one that is kept."""
        with self.lock:
            largest = max((layer.nbytes for layer in self._layers.values()), default=0)
            return (len(self._layers) + 1) * largest > self._layer_bytes

    def layer(self, direction: Direction | None) -> Layer:
        """Return the scene under one light of intensity 1, or under the light of the room if None.

        The layers used last are kept, as many as fit.
        """
        with self.lock:
            if direction not in self._layers:
                world = self.world
                self._layers[direction] = render_ambient(world) if direction is None else render_light(world, direction)
            self._layers.move_to_end(direction)
            room = self._layer_bytes // self._layers[direction].nbytes
            while len(self._layers) > max(1, room):
                self._layers.popitem(last=False)
            return self._layers[direction]

    def mix(self, intensities: Mapping[Direction, float]) -> Mix:
        """Return the sum of the given lights and of the room's faint light; kept while the lights stay the same."""
        with self.lock:
            if self._mix is None or self._mix[0] != intensities:
                reusable = None if self._mix is None else self._mix[1]
                self._mix = None
                self._mix = dict(intensities), self._sum(intensities, reusable)
            return self._mix[1]

    def light(self, mix: Mix, rows: slice, t: float) -> Floats:
        """Return the linear light (h, W, 3) that some rows send to the camera, with the clock's hand at time `t`."""
        world = self.world
        albedo = world.albedo[rows]
        light = np.multiply(albedo, albedo, dtype=np.float32)
        light *= (mix.shading[rows] * np.float32(1 / 255**2))[..., None]
        self._add_sheen(light, mix, rows)
        self._add_mirror(light, mix, rows)
        box = world.dial_box
        top, bottom = max(rows.start, box.top), min(rows.stop, box.bottom)
        if top < bottom:
            part = type(box)(box.left, top, box.right, bottom)
            columns = slice(box.left, box.right)
            draw_hand(world, light[top - rows.start : bottom - rows.start, columns], mix.shading[part.slices], t, part)
        return light

    def _sum(self, intensities: Mapping[Direction, float], reusable: Mix | None) -> Mix:
        room = self.layer(None)
        mix = reusable or Mix(
            np.empty(room.shading.shape, np.float32),
            np.empty(room.sheen.shape, np.float32),
            np.empty(room.mirror.shape, np.float32),
        )
        for part in (mix.shading, mix.sheen, mix.mirror):
            part[:] = 0
        _add(mix, room, AMBIENT)
        # Layers already there come first: rendering another one may drop them.
        for direction in sorted(intensities, key=lambda direction: direction not in self._layers):
            _add(mix, self.layer(direction), intensities[direction] * ONE_LIGHT)
        return mix

    def _add_sheen(self, light: Floats, mix: Mix, rows: slice) -> None:
        box = self.world.medallion_box
        top, bottom = max(rows.start, box.top), min(rows.stop, box.bottom)
        if top < bottom:
            light[top - rows.start : bottom - rows.start, box.left : box.right] += mix.sheen[
                top - box.top : bottom - box.top, :, None
            ]

    def _add_mirror(self, light: Floats, mix: Mix, rows: slice) -> None:
        world = self.world
        box = world.mirror_box
        top, bottom = max(rows.start, box.top), min(rows.stop, box.bottom)
        if top < bottom:
            part = light[top - rows.start : bottom - rows.start, box.left : box.right]
            amount = coverage(world.grid, world.layout.mirror, type(box)(box.left, top, box.right, bottom))
            part += (mix.mirror[top - box.top : bottom - box.top] - part) * amount[..., None]


def _add(mix: Mix, layer: Layer, intensity: float) -> None:
    """Add a layer to a sum in place, a few rows at a time to stay inside the cache."""
    for first in range(0, mix.shading.shape[0], 32):
        rows = slice(first, first + 32)
        mix.shading[rows] += layer.shading[rows] * np.float32(intensity / SHADING_SCALE)
    for first in range(0, mix.sheen.shape[0], 32):
        rows = slice(first, first + 32)
        mix.sheen[rows] += layer.sheen[rows] * np.float32(intensity / SHEEN_SCALE)
    mix.mirror[:] += layer.mirror * np.float32(intensity)
