"""What the simulated cameras look at: a medallion, two balls and a small clock under the lights that are on."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from tetherlight.simulator import dial, truth
from tetherlight.simulator.cache import Cache
from tetherlight.simulator.depth import Blur
from tetherlight.simulator.label import Label
from tetherlight.simulator.lamp import Lamp, LitLamp, Signals, signal_of
from tetherlight.simulator.liveimage import LiveImage
from tetherlight.simulator.objects import World, surface
from tetherlight.simulator.sensor import REFERENCE_EXPOSURE, Exposure, Sensor
from tetherlight.simulator.texture import Floats
from tetherlight.simulator.view import Direction, Mix, View

logger = logging.getLogger(__name__)

__all__ = ["DEFAULT_LIGHTS", "REFERENCE_EXPOSURE", "Exposure", "Scene", "SceneLight"]

Size = tuple[int, int]
"""Width and height in pixels."""

LAYER_BYTES = 160 * 2**20
"""Memory for the rendered lights of one image size: nine lights and the room at 6 megapixels."""
LARGEST_PREVIEW = 1_300_000
"""Images of at most this many pixels count as previews when views are dropped."""
MOST_RENDERERS = 4
"""Each light that is being rendered needs some 100 MB at 6 megapixels."""
MOST_AHEAD = 24
"""Lights that are rendered ahead: so many fit into the cache at 6 megapixels."""

Part = tuple[View, Direction | None]
"""One layer of one image size."""
Value = TypeVar("Value", np.uint8, np.uint16)
_Record = Callable[[Floats, Exposure, int, int], NDArray[Value]]


@dataclass(frozen=True)
class SceneLight:
    """A distant lamp: direction from the object (x right, y up, z to the camera), brightness where 1 is usual.

    `signals` are what its lamp is sent for levels, where that has a law of its own; see `Scene.set_lamp`.
    """

    direction: tuple[float, float, float]
    intensity: float = 1.0
    signals: Signals = ()


DEFAULT_LIGHTS: Mapping[str, SceneLight] = MappingProxyType(
    {
        "lights_top": SceneLight((0.0, 0.0995, 0.995), 0.8),
        "light_front": SceneLight((0.0, -0.7071, 0.7071)),
        "light_front_left": SceneLight((-0.5, -0.5, 0.7071)),
        "light_left": SceneLight((-0.7071, 0.0, 0.7071)),
        "light_rear_left": SceneLight((-0.5, 0.5, 0.7071)),
        "light_rear": SceneLight((0.0, 0.7071, 0.7071)),
        "light_rear_right": SceneLight((0.5, 0.5, 0.7071)),
        "light_right": SceneLight((0.7071, 0.0, 0.7071)),
        "light_front_right": SceneLight((0.5, -0.5, 0.7071)),
    }
)
"""The nine lights of the usual rig, where the server's default rig has them: what is rendered ahead is then used."""


class Scene:
    """A rendered scene whose pictures follow the lights, the exposure and the time; safe to use from several threads.

    Nothing is rendered until it is asked for; `prepare` does it ahead, and from then on new lights are rendered in the
    background as they are defined. What a `cache` has is not rendered at all. `viewpoint` chooses among a few
    arrangements, so that two cameras do not show the same; with `seed` None pictures have no noise.
    """

    def __init__(
        self,
        width: int,
        height: int,
        lights: Mapping[str, SceneLight] | None = None,
        *,
        viewpoint: int = 0,
        seed: int | None = 0,
        cache: Cache | None = None,
    ) -> None:
        self.size = width, height
        self._cache = cache
        self._viewpoint = viewpoint
        self._sensor = Sensor(seed)
        self._lock = threading.RLock()
        self._lights = dict(DEFAULT_LIGHTS if lights is None else lights)
        self._levels: dict[str, float] = dict.fromkeys(self._lights, 0.0)
        self._dead: dict[str, int | None] = {}
        """Lamps that do not fire, and how often they still fail; None is for ever."""
        self._lamps: dict[str, LitLamp] = {}
        """Those that do not simply follow their level."""
        self._room = 1.0
        self._moved = 0, 0
        self._label: Label | None = None
        self._views: dict[Size, View] = {}
        self._live: dict[Size, LiveImage] = {}
        self._frames = 0
        self._ahead: tuple[Size, ...] = ()
        self._warmer: threading.Thread | None = None
        self._helpers: dict[Size, threading.Thread] = {}
        self._closing = threading.Event()

    @property
    def light_states(self) -> Mapping[str, bool]:
        """Which lights are switched on, dead ones included; a copy."""
        with self._lock:
            return {name: level > 0 for name, level in self._levels.items()}

    @property
    def light_levels(self) -> Mapping[str, float]:
        """How bright the lights are switched, from 0 to 1, dead ones included; a copy."""
        with self._lock:
            return dict(self._levels)

    @property
    def lights(self) -> Mapping[str, SceneLight]:
        """The lights of the scene by name; a copy."""
        with self._lock:
            return dict(self._lights)

    @property
    def world(self) -> World:
        """The scene's geometry and reflectance at capture size."""
        return self._view(self.size).world

    def define_lights(self, lights: Mapping[str, SceneLight]) -> None:
        """Replace the lights; those that keep their name stay on or off, and dead if they were."""
        with self._lock:
            self._lights = dict(lights)
            self._levels = {name: self._levels.get(name, 0.0) for name in lights}
            self._dead = {name: times for name, times in self._dead.items() if name in lights}
            self._lamps = {name: lamp for name, lamp in self._lamps.items() if name in lights}
            self._follow(self._lamps)
            if self._ahead and self._warmer is None:
                self._warmer = threading.Thread(target=self._catch_up, name="scene-warmer", daemon=True)
                self._warmer.start()

    def set_lights(self, levels: Mapping[str, float]) -> None:
        """Switch the named lights to levels from 0 to 1, linear in light, and leave the others.

        True and False are such levels. Raises KeyError, and changes nothing, if one is unknown.
        """
        with self._lock:
            for name in levels:
                if name not in self._lights:
                    raise KeyError(name)
            for name in [name for name, level in levels.items() if self._levels[name] and not level]:
                times = self._dead.get(name)
                if times is not None:
                    self._dead[name] = times - 1
                    if times <= 1:
                        del self._dead[name]
            self._levels.update({name: float(level) for name, level in levels.items()})
            self._follow(levels)

    def set_lamp(self, name: str, lamp: Lamp | None) -> None:
        """Let a light's lamp follow its signal so from now on, or with None its level; KeyError if it is unknown."""
        with self._lock:
            if name not in self._lights:
                raise KeyError(name)
            self._lamps.pop(name, None)
            if lamp is not None:
                self._lamps[name] = LitLamp(lamp)
                self._follow([name])

    def _follow(self, names: Iterable[str]) -> None:
        now = time.monotonic()
        for name in names:
            if (lit := self._lamps.get(name)) is not None:
                light = lit.lamp.light(signal_of(self._levels[name], self._lights[name].signals))
                if light != lit.after:
                    lit.switch(light, now)

    def kill_light(self, name: str, dead: bool, times: int | None = None) -> None:
        """Make a lamp fail or work again: a dead one stays dark when switched on; raise KeyError if it is unknown.

        With `times` it works again when it was switched on and off so often.
        """
        with self._lock:
            if name not in self._lights:
                raise KeyError(name)
            self._dead.pop(name, None)
            if dead:
                self._dead[name] = times

    def set_room(self, brightness: float) -> None:
        """Make the light of the room so many times as bright as usual."""
        with self._lock:
            self._room = brightness

    def lay(self, label: Label | None) -> None:
        """Lay a label in front of the camera, or take it away."""
        self._label = label

    def move(self, right: int, down: int) -> None:
        """Let still pictures show everything so many pixels to the right and down of where it was at first."""
        with self._lock:
            self._moved = right, down

    def capture(
        self, exposure: Exposure, size: Size | None = None, t: float = 0.0, focus: float | None = None
    ) -> NDArray[np.uint8]:
        """Return a still picture (H, W, 3) in sRGB, of capture size unless `size` (width, height) says otherwise.

        `t` is the time in seconds that the clock shows; it stands at the top by default. `focus` is the height in units
        of the scene that is sharp, as far as the aperture lets anything be blurred; None is everything.
        """
        return self._expose(exposure, size, t, focus=focus, record=self._sensor.encode, kind=np.uint8)

    def linear(
        self, exposure: Exposure, size: Size | None = None, t: float = 0.0, focus: float | None = None
    ) -> NDArray[np.uint16]:
        """Return linear sensor values (H, W, 3) as for a RAW file: 14 bits, black 0, `sensor.RAW_WHITE` when full."""
        return self._expose(exposure, size, t, focus=focus, record=self._sensor.raw, kind=np.uint16)

    def preview(
        self, exposure: Exposure, t: float, size: Size = (1024, 680), focus: float | None = None
    ) -> NDArray[np.uint8]:
        """Return a live-view picture (H, W, 3) in sRGB at `t` seconds; the clock's hand is always at another place."""
        view, intensities, _ = self._look(size)
        view.prepare(intensities)
        with view.lock:
            live = self._live.get(size)
            if live is None or live.view is not view:
                live = self._live[size] = LiveImage(view, self._sensor)
            picture = live.draw(intensities, exposure, _blur(view, exposure, focus), t)
            self._draw_label(picture, view, exposure, view.mix(intensities), self._sensor.encode)
            return picture

    def _draw_label(
        self, picture: NDArray[Value], view: View, exposure: Exposure, mix: Mix, record: _Record[Value]
    ) -> None:
        """Draw the label that lies there, if any, into a picture; it is as sharp as can be."""
        if (label := self._label) is not None:
            place = label.place(view.size)
            picture[place] = record(label.light(mix.shading[place]), exposure, 0, place[0].start)

    def height_at(self, point: tuple[float, float], size: Size) -> float:
        """Return the height to focus on at a point of a picture of this size: shares of its width and height."""
        x, y = (min(int(share * side), side - 1) for share, side in zip(point, size, strict=True))
        return float(surface(self._view(size).world)[y, x])

    def _expose(
        self,
        exposure: Exposure,
        size: Size | None,
        t: float,
        *,
        focus: float | None,
        record: _Record[Value],
        kind: type[Value],
    ) -> NDArray[Value]:
        view, intensities, frame = self._look(size or self.size)
        view.prepare(intensities)
        width, height = view.size
        values = np.empty((height, width, 3), kind)
        blur = _blur(view, exposure, focus)
        with view.lock:
            mix = view.mix(intensities)
            for rows, light in view.light(mix, blur):
                view.draw_hand(light, rows, mix, blur, t)
                values[rows] = record(light, exposure, frame, rows.start)
            self._draw_label(values, view, exposure, mix, record)
        right, down = self._moved
        return np.roll(values, (down, right), (0, 1)) if right or down else values

    def moving_box(self, size: Size | None = None) -> tuple[int, int, int, int]:
        """Return left, top, right and bottom (ends excluded) in pixels of the part of the picture that moves."""
        box = self._view(size or self.size).plan.dial_box
        return box.left, box.top, box.right, box.bottom

    @staticmethod
    def phase(t: float) -> float:
        """Return the part of a turn, 0 to 1, that the clock's hand has made at time `t`."""
        return dial.phase(t)

    def export_truth(self, folder: Path) -> None:
        """Write the scene's geometry, reflectance, lights and balls at capture size; see `truth.export`."""
        lights = {
            name: {"direction": list(_normalised(light)), "intensity": light.intensity}
            for name, light in self.lights.items()
        }
        truth.export(self.world, lights, folder)

    def memory(self) -> int:
        """Return how many bytes the rendered lights take now."""
        with self._lock:
            views = list(self._views.values())
        return sum(view.nbytes for view in views)

    def ready(self, size: Size, seconds: float) -> bool:
        """Tell whether a picture of this size needs nothing rendered first, and if not, see to it for some seconds.

        What is not done then goes on in the background, so asking again is worth while.
        """
        view, intensities, _ = self._look(size)
        if view.is_ready(intensities):
            return True
        with self._lock:
            helper = self._helpers.get(size)
            if helper is None or not helper.is_alive():
                helper = threading.Thread(target=view.prepare, args=(intensities,), name="scene-helper", daemon=True)
                self._helpers[size] = helper
                helper.start()
        helper.join(seconds)
        return view.is_ready(intensities)

    def missing(self, *sizes: Size) -> int:
        """Count what `prepare` would have to render."""
        return len(self._missing(sizes))

    def prepare(self, *sizes: Size) -> None:
        """Render all lights at these sizes, as far as the cache does not have them, on all processors."""
        self._ahead = sizes
        missing = self._missing(sizes)
        # Simulators that start at once begin at different ends, and find what the others have rendered by then.
        first = os.getpid() % max(len(missing), 1)
        parts = iter(missing[first:] + missing[:first])
        # Daemons, so that a process that is told to end while they render does not wait for them.
        threads = [
            threading.Thread(target=self._render_in_turn, args=(parts,), name="scene-renderer", daemon=True)
            for _ in range(min(len(missing), os.cpu_count() or 1, MOST_RENDERERS))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def close(self) -> None:
        """Stop rendering ahead and wait until the thread has ended: at most about the time of one light."""
        self._closing.set()
        warmer = self._warmer
        if warmer is not None:
            warmer.join()

    def _render_in_turn(self, parts: Iterator[Part]) -> None:
        while True:
            with self._lock:
                part = next(parts, None)
            if part is None:
                return
            self._render_ahead(part)

    def _catch_up(self) -> None:
        """Render one after the other what new lights need: each once, for where room is short one pushes others out."""
        done: set[Part] = set()
        while True:
            with self._lock:
                part = next((part for part in self._missing(self._ahead) if part not in done), None)
                if part is None or self._closing.is_set():
                    self._warmer = None
                    return
            done.add(part)
            try:
                self._render_ahead(part)
            except Exception:
                logger.exception("a light could not be rendered ahead")

    def _missing(self, sizes: Iterable[Size]) -> list[Part]:
        """List the layers that are neither in memory nor on the disk."""
        lit = dict.fromkeys(_normalised(light) for light in self.lights.values())
        directions = (None, *islice(lit, MOST_AHEAD))
        views = [self._view(size) for size in sizes]
        return [(view, direction) for view in views for direction in directions if not view.has(direction)]

    def _render_ahead(self, part: Part) -> None:
        """Render one layer, unless that would push another one out of memory."""
        view, direction = part
        if view.may_grow():
            view.layer(direction)

    def _look(self, size: Size) -> tuple[View, dict[Direction, float], int]:
        """Return the view of a size, the lights that shine now with their intensities, and a number for this frame."""
        view = self._view(size)
        with self._lock:
            view.room = self._room
            self._frames += 1
            intensities: dict[Direction, float] = {}
            now = time.monotonic()
            for name, light in self._lights.items():
                lit = self._lamps.get(name)
                level = self._levels[name] if lit is None else lit.light(now)
                if level and name not in self._dead:
                    direction = _normalised(light)
                    intensities[direction] = intensities.get(direction, 0.0) + level * light.intensity
            return view, intensities, self._frames

    def _view(self, size: Size) -> View:
        """Return the view of a size; of large sizes only the one used last is kept, of small ones two."""
        with self._lock:
            view = self._views.pop(size, None) or View(*size, self._viewpoint, LAYER_BYTES, self._cache)
            small = [other for other in self._views if other[0] * other[1] <= LARGEST_PREVIEW]
            large = [other for other in self._views if other not in small]
            stale = small[:-1] if size[0] * size[1] <= LARGEST_PREVIEW else large
            for other in stale:
                del self._views[other]
                self._live.pop(other, None)
            self._views[size] = view
            return view


def _blur(view: View, exposure: Exposure, focus: float | None) -> Blur | None:
    return None if focus is None else Blur(focus, exposure.aperture, view.plan.grid.scale)


def _normalised(light: SceneLight) -> Direction:
    """Return a light's direction with length 1, so that equal directions are equal however they were written."""
    x, y, z = (round(float(value), 7) for value in np.asarray(light.direction) / np.linalg.norm(light.direction))
    return x, y, z
