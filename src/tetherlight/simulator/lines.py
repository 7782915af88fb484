"""Lines that release the cameras, as opto-couplers at their remote sockets do."""

import itertools
import time
from collections.abc import Sequence

from tetherlight.simulator.camera import SimulatedCamera
from tetherlight.simulator.request import Answer, Fields, Refused

PRESSES = ("half", "full")


class Lines:
    """Presses the releases of several cameras in one moment."""

    def __init__(self, cameras: Sequence[SimulatedCamera]) -> None:
        self._cameras = cameras
        self._numbers = itertools.count(1)

    def press(self, fields: Fields) -> Answer:
        """Press the releases of these cameras, half or fully, and tell when which shutter opens."""
        press = fields.get("press", "full")
        if press not in PRESSES:
            raise Refused("press must be half or full.")
        meant = self._meant(fields.get("cameras"))
        if press == "half":
            for camera in meant:
                camera.body.autofocus()
            return {}
        number = next(self._numbers)
        # What each body does then takes longer than the edge needs to reach them all.
        moments = [time.monotonic() for _ in meant]
        opened = {
            camera.name: camera.body.fire(number, moment) if camera.responder.powered else None
            for camera, moment in zip(meant, moments, strict=True)
        }
        return {
            "line": number,
            "opened": {name: moment for name, moment in opened.items() if moment is not None},
            "missed": [name for name, moment in opened.items() if moment is None],
        }

    def _meant(self, names: object) -> list[SimulatedCamera]:
        if isinstance(names, str):
            names = names.split(",")
        if not isinstance(names, list) or not names:
            raise Refused("cameras must be a list of names or addresses, or a text with commas between them.")
        return [self._find(str(name)) for name in names]

    def _find(self, name: str) -> SimulatedCamera:
        for camera in self._cameras:
            if name == camera.name or name in camera.responder.addresses:
                return camera
        raise Refused(f"There is no camera {name!r}; there are {', '.join(one.name for one in self._cameras)}.")
