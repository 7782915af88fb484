"""The lines of a rig that fire cameras, as its file describes them; only the file says it."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from tetherlight.protocol.models import Model

Pin = Annotated[int, Field(ge=0, le=4095)]
Seconds = Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)]


class TriggerTable(Model):
    """The lines at the remote release of one camera, or of several that are wired together."""

    model_config = ConfigDict(strict=True)

    cameras: tuple[str, ...] = Field(min_length=1)
    """The camera_id of each camera that these lines fire."""
    full_press: Pin
    """The line of the rig's GPIO chip that releases the shutter."""
    half_press: Pin | None = None
    """The line that wakes the body and lets it meter and focus, where that is wired."""
    sync: Pin | None = None
    """The line that the contact for a flash pulls while the shutter is open, where that is wired."""
    sync_active_low: bool = True
    """Whether the contact pulls its line low."""
    active_low: bool = False
    half_press_s: Seconds = 0.5
    """How long the release is half pressed before it is pressed fully."""
    press_s: Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)] = 0.1
    """How long it is pressed fully."""
    deadline_s: Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)] = 10.0
    """How long after the end of the exposure the camera may take to announce its picture."""

    @model_validator(mode="after")
    def _two_lines(self) -> Self:
        if self.half_press == self.full_press:
            raise ValueError("half_press and full_press are two lines")
        if self.sync in self.pins:
            raise ValueError("sync is a line of its own")
        return self

    @property
    def pins(self) -> tuple[int, ...]:
        """Its lines that are driven."""
        return (self.full_press,) if self.half_press is None else (self.half_press, self.full_press)

    @property
    def all_pins(self) -> tuple[int, ...]:
        """Its lines, with that of the contact."""
        return self.pins if self.sync is None else (*self.pins, self.sync)


def trigger_problem(triggers: Mapping[str, TriggerTable], lights: Iterable[tuple[str, int | None]]) -> str | None:
    """Say which line or camera is there twice, or None; `lights` are names with their lines of the same chip."""
    pins = {pin: f"light '{name}'" for name, pin in lights if pin is not None}
    cameras: dict[str, str] = {}
    for name, trigger in triggers.items():
        for pin in trigger.all_pins:
            if pin in pins:
                return f"pin {pin} is used by both {pins[pin]} and trigger '{name}'"
            pins[pin] = f"trigger '{name}'"
        for camera in trigger.cameras:
            if camera in cameras:
                return f"camera '{camera}' is fired by both trigger '{cameras[camera]}' and trigger '{name}'"
            cameras[camera] = name
    return None
