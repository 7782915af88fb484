"""The scenes in front of the simulated cameras, all under the same lights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tetherlight.simulator.cache import Cache
from tetherlight.simulator.device import PREVIEW_SIZE
from tetherlight.simulator.lamp import Lamp
from tetherlight.simulator.scene import Scene, SceneLight
from tetherlight.simulator.sensor import Exposure
from tetherlight.simulator.shot import Shot


class Stage:
    """One scene for each camera; what is rendered of them is kept in the user's cache."""

    def __init__(self, count: int, size: tuple[int, int], seed: int | None) -> None:
        self.size = size
        self._cache = Cache.usual()
        self._scenes = [Scene(*size, viewpoint=index, seed=seed, cache=self._cache) for index in range(count)]

    @property
    def missing(self) -> int:
        """How much `prepare` would have to render."""
        return sum(scene.missing(PREVIEW_SIZE, self.size) for scene in self._prepared())

    def prepare(self) -> None:
        """Render what the cameras will show, so that no client has to wait for it."""
        for scene in self._prepared():
            scene.prepare(PREVIEW_SIZE, self.size)

    def scene(self, index: int = 0) -> Scene:
        """Give the scene of a camera."""
        return self._scenes[index]

    def lights(self) -> dict[str, bool]:
        """Tell which lights are switched on."""
        return dict(self.scene().light_states)

    def levels(self) -> dict[str, float]:
        """Tell how bright the lights are switched."""
        return dict(self.scene().light_levels)

    def define_lights(self, lights: Mapping[str, SceneLight]) -> None:
        """Replace the lights everywhere."""
        for scene in self._scenes:
            scene.define_lights(lights)

    def set_lights(self, levels: Mapping[str, float]) -> None:
        """Switch the named lights; raise KeyError for an unknown one."""
        for scene in self._scenes:
            scene.set_lights(levels)

    def kill_light(self, name: str, dead: bool, times: int | None = None) -> None:
        """Make a lamp fail, for ever or so many times, or work again; raise KeyError for an unknown one."""
        for scene in self._scenes:
            scene.kill_light(name, dead, times)

    def set_lamp(self, name: str, lamp: Lamp | None) -> None:
        """Let a lamp follow its signal in its own way, or with None its level; raise KeyError for an unknown one."""
        for scene in self._scenes:
            scene.set_lamp(name, lamp)

    def set_room(self, brightness: float) -> None:
        """Make the room so many times as bright as usual."""
        for scene in self._scenes:
            scene.set_room(brightness)

    def export_truth(self, folder: Path, index: int = 0) -> None:
        """Write what a camera's scene really is like."""
        self.scene(index).export_truth(folder)

    def _prepared(self) -> list[Scene]:
        """List the scenes that are rendered ahead: all where that is kept, else one, for it is all in memory."""
        return self._scenes if self._cache is not None and self._cache.usable else self._scenes[:1]


class SceneOutlook:
    """One camera's look at its scene; see developing.Outlook."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def ready(self, size: tuple[int, int], seconds: float) -> bool:
        """Tell whether a live picture would be there at once, and work on it for some seconds if not."""
        return self._scene.ready(size, seconds)

    def capture(self, shot: Shot, size: tuple[int, int]) -> NDArray[np.uint8]:
        """Give the still picture of a shot in sRGB."""
        return self._scene.capture(_exposure(shot), size, focus=shot.focus)

    def linear(self, shot: Shot, size: tuple[int, int]) -> NDArray[np.uint16]:
        """Give the linear sensor values of a shot."""
        return self._scene.linear(_exposure(shot), size, focus=shot.focus)

    def preview(self, shot: Shot, moment: float, size: tuple[int, int]) -> NDArray[np.uint8]:
        """Give the live picture at a time."""
        return self._scene.preview(_exposure(shot), moment, size, shot.focus)

    def height_at(self, point: tuple[float, float], size: tuple[int, int]) -> float:
        """Give the height above the table that is seen at a point."""
        return self._scene.height_at(point, size)


def _exposure(shot: Shot) -> Exposure:
    return Exposure(shutter_s=shot.shutter_s, aperture=shot.aperture, iso=shot.iso)
