"""The axis of repetition: the same again, to average or as a burst."""

from collections.abc import Sequence
from typing import Self

from pydantic import JsonValue

from tetherlight.capture.axes.axis import Axis, Stage
from tetherlight.protocol.axes import AxisPlan
from tetherlight.protocol.manifest import AxisRecord


class RepeatAxis(Axis):
    """Numbers from 1; nothing is done for any of them."""

    name = "repeat"
    letter = "r"
    uses_camera = False

    @classmethod
    def planned(cls, wanted: AxisPlan) -> Self:
        """Read how often."""
        if wanted.count is None or wanted.values is not None:
            raise cls.invalid("it needs a count")
        return cls(AxisRecord(axis=cls.name, values=tuple(range(1, wanted.count + 1))))

    async def apply(self, stage: Stage, value: JsonValue) -> Sequence[str]:  # noqa: ARG002 - the same again
        """Do nothing."""
        return ()
