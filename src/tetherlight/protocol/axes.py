"""The axes of a plan, as a request names them: each step of the plan has one value of each axis."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, JsonValue, model_validator

from tetherlight.protocol.action import Payload

MAX_VALUES = 1000
"""Values of an axis, and steps of a plan."""

LEAST_HELD_S, MOST_HELD_S = 1.0, 3600.0
"""Seconds for which a shutter can be held open; below them the times of the camera are more exact."""

Ev = Annotated[float, Field(ge=-20, le=20, allow_inf_nan=False)]
Exposed = Ev | dict[Literal["shutterspeed", "aperture", "iso", "exposure_s"], str | float]
"""An exposure: EV offset from the one that the plan finds, or settings by alias; exposure_s are seconds of bulb."""
OnLevel = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
"""How bright a light is that is on: linear in its light."""
Step = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]


class AxisPlan(Payload):
    """One axis: its values, or how many there are and how far apart they lie."""

    axis: str = Field(
        min_length=1,
        max_length=64,
        description="light, exposure, focus, setting, time, repeat, camera, or one that a plug-in brings.",
    )
    values: list[JsonValue] | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_VALUES,
        description=(
            "light: names, null for a frame with every light off; exposure: EV offsets, or settings by alias, or "
            "exposure_s for seconds that the shutter is held open; focus: places, in drives from where the lens "
            "stands; setting: values of the entry; camera: ids."
        ),
    )
    count: int | None = Field(
        default=None, ge=1, le=MAX_VALUES, description="Instead of values for focus, time and repeat: so many of them."
    )
    step: Step | None = Field(
        default=None,
        description="focus: size of a drive, 1 to 3, negative towards near; time: seconds from start to start.",
    )
    name: str | None = Field(default=None, max_length=200, description="setting: the config entry.")
    levels: dict[str, OnLevel] = Field(
        default_factory=dict, description="light: how bright, above 0 to 1; the others as bright as they were last."
    )
    options: dict[str, JsonValue] = Field(default_factory=dict, description="What an axis of a plug-in needs to know.")


def exposure_axis(exposures: Sequence[Exposed]) -> AxisPlan:
    """Return the axis of these exposures."""
    values: list[JsonValue] = [dict(one.items()) if isinstance(one, dict) else one for one in exposures]
    return AxisPlan(axis="exposure", values=values)


class FocusPlaces(Payload):
    """Places of focus, counted from where the lens stands, to which it comes back in the end."""

    count: int | None = Field(default=None, ge=1, le=MAX_VALUES, description="So many places, one drive apart.")
    step: int = Field(default=1, ge=-3, le=3, description="Size of a drive, 1 to 3; negative towards near.")
    values: list[int] | None = Field(
        default=None, min_length=1, max_length=MAX_VALUES, description="Instead of `count`: places, in drives."
    )

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> "FocusPlaces":
        if self.step == 0:
            raise ValueError("a drive of size 0 does not move the lens")
        if (self.count is None) == (self.values is None):
            raise ValueError("it needs either count or values")
        return self

    def axis(self) -> AxisPlan:
        """Return the axis that is meant."""
        values = list[JsonValue](self.values) if self.values is not None else None
        return AxisPlan(axis="focus", count=self.count, step=self.step, values=values)
