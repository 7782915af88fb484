"""A turntable as an axis. This one only writes where it would turn to: put the words of your table into `_turn`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from pydantic import JsonValue

from tetherlight.capture.axes.axis import Axis, Stage
from tetherlight.errors import CameraError
from tetherlight.protocol.axes import AxisPlan
from tetherlight.protocol.manifest import AxisRecord, Plan


class AngleAxis(Axis):
    """Angles of the table in degrees; it turns back to 0 in the end."""

    name = "angle"
    letter = "a"
    uses_camera = False

    @classmethod
    def planned(cls, wanted: AxisPlan) -> Self:
        """Read angles, and the device of the table."""
        angles = wanted.values or []
        if not angles or any(isinstance(one, bool) or not isinstance(one, int | float) for one in angles):
            raise cls.invalid("its values are angles in degrees")
        device = wanted.options.get("device", "/dev/ttyACM0")
        return cls(AxisRecord(axis=cls.name, values=tuple(angles), options={"device": device}))

    async def check(self, stage: Stage) -> None:  # noqa: ARG002 - the table is no part of the rig
        """Make sure that the table is there, before anything moves."""
        if not self._device.exists():
            raise CameraError(f"There is no turntable at {self._device}.", hint="Plug it in, or name its device.")

    async def apply(self, stage: Stage, value: JsonValue) -> Sequence[str]:  # noqa: ARG002 - the table is its own
        """Turn the table."""
        self._turn(f"{value}")
        return ()

    def settle_s(self, value: JsonValue, plan: Plan) -> float:  # noqa: ARG002 - alike for all
        """Let the object come to rest."""
        return 0.1

    async def restore(self, stage: Stage) -> None:  # noqa: ARG002 - the table is its own
        """Turn the table back."""
        self._turn("0")

    @property
    def _device(self) -> Path:
        return Path(str(self.options["device"]))

    def _turn(self, angle: str) -> None:
        with self._device.open("a", encoding="ascii") as device:
            device.write(f"{angle}\n")
