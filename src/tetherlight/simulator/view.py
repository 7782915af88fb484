"""The scene at one image size: what is rendered of it, kept within a bound of memory, and the sum of its lights."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Lock, RLock
from typing import Any, TypeVar, cast

import numpy as np

from tetherlight.simulator.cache import Cache, Shapes
from tetherlight.simulator.depth import Blur, Depth, defocus
from tetherlight.simulator.dial import draw_hand
from tetherlight.simulator.layer import SHADING_SCALE, SHEEN_SCALE, Layer
from tetherlight.simulator.objects import DIAL_THICKNESS, Box, Plan, World, coverage, surface
from tetherlight.simulator.sensor import ONE_LIGHT, bands
from tetherlight.simulator.texture import Floats

Direction = tuple[float, float, float]
Part = TypeVar("Part")

AMBIENT = 0.0014
"""Light of the room on a white surface at the reference exposure, with all lights off: about 0.3 % of one light."""


@dataclass(frozen=True)
class Mix:
    """All lights that are on: light on a white surface (H, W), highlights and reflections in their boxes."""

    shading: Floats
    sheen: Floats
    mirror: Floats


class View:
    """All that is rendered for one image size, each part on first need or out of the cache.

    `lock` is held for drawing. It is never needed for rendering, so a picture whose parts are there waits for no other.
    """

    def __init__(self, width: int, height: int, viewpoint: int, layer_bytes: int, cache: Cache | None = None) -> None:
        self.size = width, height
        self.plan = Plan.draw(width, height, viewpoint)
        self.lock = RLock()
        self._viewpoint = viewpoint
        self._layer_bytes = layer_bytes
        self._cache = cache
        self._parts = Lock()
        self._under_way: dict[object, Future[Any]] = {}
        self._world: World | None = None
        self._layers: OrderedDict[Direction | None, Layer] = OrderedDict()
        self._mirror_cover = coverage(self.plan.grid, self.plan.layout.mirror, self.plan.mirror_box)
        self._made_depth: Depth | None = None
        self._mix: tuple[Mapping[Direction | None, float], Mix] | None = None
        self.room = 1.0
        """How bright the room is, where 1 is usual."""

    @property
    def world(self) -> World:
        """The scene without light, built on first use."""
        return self._world or self._once("world", self._make_world)

    @property
    def nbytes(self) -> int:
        """Memory that layers, depth and sum take now."""
        mix, depth = self._mix, self._made_depth
        parts = [] if mix is None else [mix[1].shading, mix[1].sheen, mix[1].mirror]
        with self._parts:
            layers = sum(layer.nbytes for layer in self._layers.values())
        return layers + sum(part.nbytes for part in parts) + (0 if depth is None else depth.nbytes)

    def layer(self, direction: Direction | None) -> Layer:
        """Return the scene under one light of intensity 1, or under the light of the room if None.

        The layers used last are kept, as many as fit.
        """
        with self._parts:
            layer = self._layers.get(direction)
            if layer is not None:
                self._layers.move_to_end(direction)
                return layer
        return self._once(direction, lambda: self._make_layer(direction))

    def prepare(self, intensities: Mapping[Direction, float]) -> None:
        """Make all that a picture under these lights needs before it is drawn."""
        _ = self.world
        for direction in (None, *intensities):
            self.layer(direction)
        self.mix(intensities)

    def is_ready(self, intensities: Mapping[Direction, float]) -> bool:
        """Tell whether a picture under these lights needs nothing rendered first."""
        mix = self._mix
        with self._parts:
            layers = {None, *intensities} <= self._layers.keys()
        return self._world is not None and (layers or (mix is not None and mix[0] == self._wanted(intensities)))

    def has(self, direction: Direction | None) -> bool:
        """Tell whether a layer, and what it lies on, is in memory or on the disk."""
        with self._parts:
            if direction in self._layers:
                return True
        return self._is_cached("world", self._world_shapes) and self._is_cached(direction, self._layer_shapes)

    def may_grow(self) -> bool:
        """Tell whether a further layer can be kept without pushing another one out."""
        if self._cache is not None and self._cache.usable:
            return True
        with self._parts:
            largest = max((layer.nbytes for layer in self._layers.values()), default=0)
            return (len(self._layers) + 1) * largest <= self._layer_bytes

    def mix(self, intensities: Mapping[Direction, float]) -> Mix:
        """Return the sum of the given lights and of the room's faint light; kept while the lights stay the same."""
        with self.lock:
            wanted = self._wanted(intensities)
            if self._mix is None or self._mix[0] != wanted:
                reusable = None if self._mix is None else self._mix[1]
                self._mix = None
                self._mix = wanted, self._sum(intensities, reusable)
            return self._mix[1]

    def _wanted(self, intensities: Mapping[Direction, float]) -> dict[Direction | None, float]:
        """Return how bright everything is that shines, the room included."""
        return {None: self.room, **dict[Direction | None, float](intensities.items())}

    def light(self, mix: Mix, blur: Blur | None) -> Iterator[tuple[slice, Floats]]:
        """Yield some rows after the other, and the linear light (h, W, 3) that they send, without the clock's hand.

        Without `blur` everything is sharp.
        """
        width, height = self.size
        if blur is None or not self._depth.degrees(blur):
            for rows in bands(height):
                yield rows, self._rows(mix, rows)
            return
        whole = np.empty((height, width, 3), np.float32)
        for rows in bands(height):
            whole[rows] = self._rows(mix, rows)
        defocus(whole, self._depth, blur)
        for rows in bands(height):
            yield rows, whole[rows]

    def draw_hand(self, light: Floats, rows: slice, mix: Mix, blur: Blur | None, t: float) -> None:
        """Draw the clock's hand at time `t` into some rows (h, W, 3) of light, in place, as sharp as the dial is."""
        box = self.plan.dial_box
        top, bottom = max(rows.start, box.top), min(rows.stop, box.bottom)
        if top < bottom:
            part = Box(box.left, top, box.right, bottom)
            inside = light[top - rows.start : bottom - rows.start, box.left : box.right]
            draw_hand(self.world, inside, mix.shading[part.slices], t, part, disc=self.dial_disc(blur))

    def dial_disc(self, blur: Blur | None) -> float:
        """Return the diameter in pixels of the disc to which a point of the dial is blurred."""
        return 0.0 if blur is None else blur.disc(DIAL_THICKNESS)

    @property
    def _depth(self) -> Depth:
        """How near each pixel is, made on first use."""
        if self._made_depth is None:
            self._made_depth = self._once("depth", lambda: Depth(surface(self.world)))
        return self._made_depth

    def _rows(self, mix: Mix, rows: slice) -> Floats:
        """Return the linear light (h, W, 3) of some rows when everything is sharp."""
        albedo = self.world.albedo[rows]
        light = np.multiply(albedo, albedo, dtype=np.float32)
        shading = mix.shading[rows] * np.float32(1 / 255**2)
        # A channel at a time: arrays of other shapes are multiplied at a third of the speed.
        for channel in range(3):
            light[..., channel] *= shading
        self._add_sheen(light, mix, rows)
        self._add_mirror(light, mix, rows)
        return light

    def _once(self, part: object, make: Callable[[], Part]) -> Part:
        """Make a part on the first of the threads that need it now; the others wait for that one."""
        with self._parts:
            future = self._under_way.get(part)
            mine = future is None
            if future is None:
                future = self._under_way[part] = Future()
        if mine:
            try:
                future.set_result(make())
            except BaseException as error:
                future.set_exception(error)
                raise
            finally:
                with self._parts:
                    del self._under_way[part]
        return cast("Part", future.result())

    def _make_world(self) -> World:
        shapes = self._world_shapes
        arrays = self._cache.load(self._key("world"), shapes) if self._cache else None
        if arrays is None:
            # Needs libraries that take as long to load as all the rest of the simulator.
            from tetherlight.simulator.build import build_world  # noqa: PLC0415

            built = build_world(*self.size, self._viewpoint)
            arrays = {name: getattr(built, name) for name in shapes}
            if self._cache:
                arrays = self._cache.keep(self._key("world"), shapes, arrays)
        self._world = World(**(vars(self.plan) | dict(arrays)))
        return self._world

    def _make_layer(self, direction: Direction | None) -> Layer:
        shapes, key = self._layer_shapes, self._key(direction)
        arrays = self._cache.load(key, shapes) if self._cache else None
        if arrays is None:
            from tetherlight.simulator.render import render_ambient, render_light  # noqa: PLC0415 - see _make_world

            world = self.world
            arrays = vars(render_ambient(world) if direction is None else render_light(world, direction))
            if self._cache:
                arrays = self._cache.keep(key, shapes, arrays)
        layer = Layer(**arrays)
        with self._parts:
            self._layers[direction] = layer
            while len(self._layers) > max(1, self._layer_bytes // layer.nbytes):
                self._layers.popitem(last=False)
        return layer

    def _key(self, part: object) -> str:
        return f"{self.size} {self.plan.layout.variant} {part}"

    def _is_cached(self, part: object, shapes: Shapes) -> bool:
        return self._cache is not None and self._cache.has(self._key(part), shapes)

    @property
    def _world_shapes(self) -> Shapes:
        size, medallion = (self.size[1], self.size[0]), self.plan.medallion_box.shape
        return {
            "height": (np.float32, size),
            "albedo": (np.uint8, (*size, 3)),
            "gloss": (np.uint8, medallion),
            "inside": (np.bool_, medallion),
        }

    @property
    def _layer_shapes(self) -> Shapes:
        return {
            "shading": (np.uint16, (self.size[1], self.size[0])),
            "sheen": (np.uint8, self.plan.medallion_box.shape),
            "mirror": (np.float16, (*self.plan.mirror_box.shape, 3)),
        }

    def _sum(self, intensities: Mapping[Direction, float], reusable: Mix | None) -> Mix:
        room = self.layer(None)
        mix = reusable or Mix(
            np.empty(room.shading.shape, np.float32),
            np.empty(room.sheen.shape, np.float32),
            np.empty(room.mirror.shape, np.float32),
        )
        for part in (mix.shading, mix.sheen, mix.mirror):
            part[:] = 0
        _add(mix, room, AMBIENT * self.room)
        # Layers already there come first: rendering another one may drop them.
        for direction in sorted(intensities, key=lambda direction: direction not in self._layers):
            _add(mix, self.layer(direction), intensities[direction] * ONE_LIGHT)
        return mix

    def _add_sheen(self, light: Floats, mix: Mix, rows: slice) -> None:
        box = self.plan.medallion_box
        top, bottom = max(rows.start, box.top), min(rows.stop, box.bottom)
        if top < bottom:
            part = light[top - rows.start : bottom - rows.start, box.left : box.right]
            for channel in range(3):
                part[..., channel] += mix.sheen[top - box.top : bottom - box.top]

    def _add_mirror(self, light: Floats, mix: Mix, rows: slice) -> None:
        box = self.plan.mirror_box
        top, bottom = max(rows.start, box.top), min(rows.stop, box.bottom)
        if top < bottom:
            part = light[top - rows.start : bottom - rows.start, box.left : box.right]
            inside = slice(top - box.top, bottom - box.top)
            part += (mix.mirror[inside] - part) * self._mirror_cover[inside, :, None]


def _add(mix: Mix, layer: Layer, intensity: float) -> None:
    """Add a layer to a sum in place, a few rows at a time to stay inside the cache."""
    for first in range(0, mix.shading.shape[0], 32):
        rows = slice(first, first + 32)
        mix.shading[rows] += layer.shading[rows] * np.float32(intensity / SHADING_SCALE)
    for first in range(0, mix.sheen.shape[0], 32):
        rows = slice(first, first + 32)
        mix.sheen[rows] += layer.sheen[rows] * np.float32(intensity / SHEEN_SCALE)
    mix.mirror[:] += layer.mirror * np.float32(intensity)
