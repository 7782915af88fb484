"""The action that measures lamps through the live view, and what it tells."""

from datetime import datetime

from pydantic import Field

from tetherlight import errors
from tetherlight.protocol.action import Action, Payload
from tetherlight.protocol.models import Model
from tetherlight.protocol.names import Feature


class MeasureLights(Payload):
    """Lights that are to be measured, one after the other, and what shall be done with what they tell."""

    lights: list[str] | None = Field(
        default=None, min_length=1, max_length=1000, description="All where none is named."
    )
    camera_id: str | None = None
    levels: int = Field(
        default=8, ge=0, le=32, description="Steps of the curve of a light that dims; 0 or 1 for no curve."
    )
    apply: bool = Field(
        default=False, description="Write it into the rig file; this needs the right `settings` as well."
    )


class MeasuredLight(Model):
    """What the live view tells of a lamp."""

    light: str
    settle_s: float | None = Field(
        description="From its switch to the first frame from which it stays as bright, with the delay of the live view."
    )
    off_s: float | None = Field(description="The same where it goes off; null where it was not seen to go off.")
    frame_s: float | None = Field(description="Time between two frames: so exactly the times are known.")
    flicker: float | None = Field(
        description="How much it goes up and down while it is on: (most - least) / (most + least) of the frames."
    )
    curve: list[tuple[float, float]] | None = Field(
        description="Pairs of signal and light, from 0 to 1; null for a lamp that only switches."
    )
    problem: str | None = Field(default=None, description="Why it, or a part of it, was not measured.")


class LightMeasurement(Model):
    """What the live view tells of lamps."""

    message: str
    job_id: str
    camera_id: str
    measured_at: datetime
    lights: list[MeasuredLight]
    applied: bool = Field(description="Whether the rig file has it now.")


MEASUREMENT = Feature("light_measurement", "How lamps follow their signal is measured through the live view.")

MEASURE_LIGHTS = Action(
    "MEASURE_LIGHTS", MeasureLights, LightMeasurement,
    right="control",
    summary=(
        "Watch by the live view how bright lights become after they are switched: how long they take, how they "
        "flicker, and their curve; with `apply` the rig file has it from then on. It runs as a job, told by "
        "job_changed; the answer comes at its end, and all lights are off then."
    ),
    errors=(errors.NoCameraSelected, errors.CameraBusy, errors.PreviewUnsupported, errors.PreviewFailed,
            errors.UnknownLight, errors.LightsBusy, errors.LightLimited, errors.LampFailed, errors.LightNotMeasured,
            errors.StoreError, errors.InvalidSetting, errors.JobError),
    timeout_s=None,
    example={"lights": ["light_front"], "apply": True},
    example_result={
        "message": "1 light is measured.", "job_id": "job-1", "camera_id": "usb:001,004",
        "measured_at": "2023-10-27T13:05:00Z",
        "lights": [{"light": "light_front", "settle_s": 0.21, "off_s": 0.18, "frame_s": 0.033, "flicker": 0.004,
                    "curve": [[0.25, 0.047], [0.5, 0.218], [0.75, 0.531]], "problem": None}],
        "applied": True},
    feature=MEASUREMENT,
)  # fmt: skip
