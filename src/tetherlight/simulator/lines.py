"""Lines that release the cameras, as opto-couplers at their remote sockets do."""

import itertools
import time
from collections.abc import Sequence

from tetherlight.simulator.camera import SimulatedCamera
from tetherlight.simulator.request import Answer, Fields, Refused, number

PRESSES = ("half", "full", "hold", "off")
_LONGEST_WAIT_S = 60.0


class Lines:
    """Presses the releases of several cameras in one moment."""

    def __init__(self, cameras: Sequence[SimulatedCamera]) -> None:
        self._cameras = cameras
        self._numbers = itertools.count(1)

    def press(self, fields: Fields) -> Answer:
        """Press the releases of these cameras, half or fully, and tell when which shutter opens.

        With `hold` they stay pressed until `off`.
        """
        press = fields.get("press", "full")
        if press not in PRESSES:
            raise Refused(f"press must be {', '.join(PRESSES[:-1])} or {PRESSES[-1]}.")
        meant = self._meant(fields.get("cameras"))
        if press in {"half", "off"}:
            for camera in meant:
                if press == "half":
                    camera.body.autofocus()
                else:
                    camera.body.let_go()
            return {}
        press_number = next(self._numbers)
        # What each body does then takes longer than the edge needs to reach them all.
        moments = [time.monotonic() for _ in meant]
        held = press == "hold"
        opened = {
            camera.name: camera.body.fire(press_number, moment, held=held) if camera.responder.powered else None
            for camera, moment in zip(meant, moments, strict=True)
        }
        return {
            "line": press_number,
            "opened": {name: moment for name, moment in opened.items() if moment is not None},
            "missed": [name for name, moment in opened.items() if moment is None],
        }

    def sync(self, fields: Fields) -> Answer:
        """Tell what a camera's contact for a flash did after an edge, or without one how many edges there were."""
        contact = self._find(str(fields.get("camera"))).body.sync
        if fields.get("after") is None:
            return {"count": contact.count}
        timeout = min(number(fields, "timeout", default=0), _LONGEST_WAIT_S)
        edges = contact.wait(int(number(fields, "after")), timeout)
        return {"edges": [{"number": edge, "at": at, "closed": closed} for edge, at, closed in edges]}

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
