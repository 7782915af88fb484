"""Lines that release the cameras of a set, once for each of its exposures."""

from collections.abc import Sequence

from tetherlight.camera.camera import Camera
from tetherlight.capture.moment import Moment, OfMoment, new_exposure_id
from tetherlight.protocol.manifest import Plan
from tetherlight.triggers.lines import Wired
from tetherlight.triggers.triggers import Triggers


class Firing:
    """One press of the lines of some cameras: when all of them are ready, or never."""

    def __init__(self, triggers: Triggers, cameras: Sequence[Camera]) -> None:
        """Raise TriggerMissing where lines do not fire just these cameras."""
        self._triggers = triggers
        self._cameras = cameras
        self._patience = triggers.patience([camera.camera_id for camera in cameras])
        self._moment = Moment(len(cameras), self._fire)
        self.exposure_id = new_exposure_id()

    @property
    def released(self) -> bool:
        """Whether the lines were pressed."""
        return self._moment.released

    def start(self, camera: Camera) -> OfMoment:
        """Return how one of the cameras begins its exposure."""
        return OfMoment(self._moment, self._patience[camera.camera_id])

    def never(self) -> None:
        """Let those that are ready go without a picture, where nothing was pressed yet."""
        self._moment.never()

    async def _fire(self) -> float:
        fired = await self._triggers.fire([Wired(camera.camera_id, camera.port) for camera in self._cameras])
        return fired.at


def fired_by_lines(plan: Plan | None) -> bool:
    """Tell whether lines release the cameras of a plan."""
    return plan is not None and plan.trigger in {"line", "burst"}


def check_lines(triggers: Triggers, plan: Plan | None, cameras: Sequence[Camera]) -> None:
    """Raise TriggerMissing where lines shall fire cameras that they do not, or fire others too."""
    if plan is None or not fired_by_lines(plan):
        return
    triggers.patience([camera.camera_id for camera in cameras])
    if plan.trigger == "burst" and len(cameras) == 1:
        triggers.require_sync(cameras[0].camera_id)
