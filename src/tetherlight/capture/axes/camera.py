"""The axis of cameras: one picture with each, at the same time."""

from collections.abc import Mapping, Sequence
from typing import Self

from pydantic import JsonValue

from tetherlight.capture.axes.axis import Axis, Stage
from tetherlight.capture.locked import LOCKED, locked_values
from tetherlight.protocol.axes import AxisPlan
from tetherlight.protocol.manifest import AxisRecord, Plan


class CameraAxis(Axis):
    """Ids of open cameras, each of which keeps its own exposure; the engine lets them expose together."""

    name = "camera"
    letter = "c"
    uses_camera = False

    @classmethod
    def planned(cls, wanted: AxisPlan) -> Self:
        """Read ids of cameras."""
        ids = wanted.values or []
        if not ids or any(not isinstance(one, str) or not one for one in ids) or len({*map(str, ids)}) < len(ids):
            raise cls.invalid("its values are ids of cameras, each once")
        return cls(AxisRecord(axis=cls.name, values=tuple(ids)))

    def locked(self, value: JsonValue, plan: Plan) -> Mapping[str, str]:  # noqa: ARG002 - each camera has its own
        """Let the frames of a camera have the exposure that it had when the plan began."""
        exposures = self.options.get("exposure")
        own = exposures.get(str(value)) if isinstance(exposures, dict) else None
        return {name: str(setting) for name, setting in own.items()} if isinstance(own, dict) else {}

    async def check(self, stage: Stage) -> None:
        """Keep the exposure and the model of each camera, where that was not done when the plan began."""
        if "exposure" in self.options:
            return
        exposures: dict[str, JsonValue] = {}
        for camera in stage.cameras:
            await camera.refresh(LOCKED, owner=stage.owner)
            exposures[camera.camera_id] = dict(locked_values(await camera.get_config()))
        models: dict[str, JsonValue] = {camera.camera_id: camera.model for camera in stage.cameras}
        self.options = {"exposure": exposures, "models": models}

    async def apply(self, stage: Stage, value: JsonValue) -> Sequence[str]:  # noqa: ARG002 - all expose together
        """Do nothing: the step is taken with its camera."""
        return ()
