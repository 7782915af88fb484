"""The scenes in front of the simulated cameras, loaded and rendered in the background to start fast."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from tetherlight.simulator.scene import Exposure, Scene, SceneLight
    from tetherlight.simulator.shot import Shot


class Stage:
    """One scene for each camera, all under the same lights; everything waits until they are loaded."""

    def __init__(self, count: int, size: tuple[int, int], seed: int | None) -> None:
        self._count = count
        self._size = size
        self._seed = seed
        self._scenes: Future[list[Scene]] = Future()
        self._thread = threading.Thread(target=self._load, name="stage", daemon=True)

    def start(self, *, warm: bool) -> None:
        """Begin to load the scenes, and with `warm` to render the first one's lights ahead."""
        self._thread.start()
        if warm:
            self._scenes.add_done_callback(lambda scenes: scenes.result()[0].warm())

    def scene(self, index: int = 0) -> Scene:
        """Give the scene of a camera."""
        return self._scenes.result()[index]

    def lights(self) -> dict[str, bool]:
        """Tell which lights are switched on."""
        return dict(self.scene().light_states)

    def define_lights(self, lights: Mapping[str, SceneLight]) -> None:
        """Replace the lights everywhere."""
        for scene in self._scenes.result():
            scene.define_lights(lights)

    def set_lights(self, states: Mapping[str, bool]) -> None:
        """Switch the named lights; raise KeyError for an unknown one."""
        for scene in self._scenes.result():
            scene.set_lights(states)

    def kill_light(self, name: str, dead: bool) -> None:
        """Make a lamp fail or work again; raise KeyError for an unknown one."""
        for scene in self._scenes.result():
            scene.kill_light(name, dead)

    def export_truth(self, folder: Path, index: int = 0) -> None:
        """Write what a camera's scene really is like."""
        self.scene(index).export_truth(folder)

    def _load(self) -> None:
        try:
            # The renderer's libraries take about half a second to import.
            from tetherlight.simulator.scene import Scene  # noqa: PLC0415

            scenes = [Scene(*self._size, viewpoint=index, seed=self._seed) for index in range(self._count)]
        except BaseException as error:
            self._scenes.set_exception(error)
            raise
        self._scenes.set_result(scenes)


class SceneOutlook:
    """One camera's look at its scene; see developing.Outlook."""

    def __init__(self, scene: Callable[[], Scene]) -> None:
        self._scene = scene

    def capture(self, shot: Shot, size: tuple[int, int]) -> NDArray[np.uint8]:
        """Give the still picture of a shot in sRGB."""
        return self._scene().capture(_exposure(shot), size)

    def linear(self, shot: Shot, size: tuple[int, int]) -> NDArray[np.uint16]:
        """Give the linear sensor values of a shot."""
        return self._scene().linear(_exposure(shot), size)

    def preview(self, shot: Shot, moment: float, size: tuple[int, int]) -> NDArray[np.uint8]:
        """Give the live picture at a time."""
        return self._scene().preview(_exposure(shot), moment, size)


def _exposure(shot: Shot) -> Exposure:
    from tetherlight.simulator.sensor import Exposure  # noqa: PLC0415 - see Stage._load

    return Exposure(shutter_s=shot.shutter_s, aperture=shot.aperture, iso=shot.iso)
