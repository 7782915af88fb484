"""The action that calibrates lights, and what it tells."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from tetherlight import errors
from tetherlight.protocol.action import Action, Payload
from tetherlight.protocol.jobs import COMPUTING
from tetherlight.protocol.models import Direction, Model
from tetherlight.protocol.names import Feature

Pixels = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]


Length = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]


class BallCircle(Payload):
    """The outline of a ball in pixels: x right, y down, the centre of the first pixel 0,0."""

    x: Pixels
    y: Pixels
    r: Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]


class DomeLamp(Payload):
    """Where a lamp of a dome is, by its drawing."""

    light: str = Field(min_length=1, max_length=200)
    place: tuple[Length, Length, Length] = Field(description="From the middle of the dome, in any unit.")


class CalibrateLights(Payload):
    """A set with mirror spheres in it, and what shall be done with what they tell."""

    set_name: str
    spheres: list[BallCircle] | None = Field(
        default=None, min_length=1, max_length=8, description="Mirror spheres; found by themselves where none is named."
    )
    matte: BallCircle | None = Field(default=None, description="A matte sphere, which tells how strong the lights are.")
    flat_set_name: str | None = Field(
        default=None, description="A set of a matte plane under the same lights, which tells that likewise."
    )
    dome: list[DomeLamp] | None = Field(
        default=None,
        min_length=3,
        max_length=1000,
        description="Known places of all lamps of a dome, turned in any way: the sphere tells how.",
    )
    apply: bool = Field(
        default=False,
        description="Write it into the rig file and the set's manifest; this needs the right `settings` as well.",
    )


class FoundSphere(Model):
    """A mirror sphere, and how sure it is that it is one."""

    x: float
    y: float
    r: float
    given: bool = Field(description="Whether somebody named it.")
    confidence: float | None = Field(description="From 0 to 1; below 0.3 look at it. Null where it was named.")
    outline_coverage: float | None = Field(description="Share of its outline that was seen.")
    outline_rms: float | None = Field(description="How far that is from a circle, in pixels.")
    highlights_share: float = Field(description="Share of the images with a clear highlight on it.")


class FoundHighlight(Model):
    """Where a lamp is mirrored, in pixels."""

    x: float
    y: float
    clearness: float = Field(description="How many times stronger it is than the next peak.")


class FormerLight(Model):
    """What the rig file said of a light before."""

    direction: Direction | None = None
    position: tuple[float, float, float] | None = None
    intensity: float | None = None
    calibrated_at: datetime | None = None


class CalibratedLight(Model):
    """What the spheres tell of a light."""

    filename: str
    light: str | None = Field(description="Null in a set whose manifest does not name its lights.")
    direction: Direction | None = Field(description="Unit vector from the object; null where no highlight was sure.")
    error_deg: float | None = Field(description="How far it is off where the highlight is off by a pixel.")
    spheres_apart_deg: float | None = Field(description="How much two spheres differ; null with one.")
    highlights: list[FoundHighlight | None] = Field(description="One for each sphere.")
    position: tuple[float, float, float] | None = Field(
        description="In image widths from the image's centre, of two spheres or more; null where they do not tell it."
    )
    position_error: float | None = Field(description="In image widths.")
    position_mm: tuple[float, float, float] | None = Field(
        default=None, description="In millimetres, where the set's scale is known."
    )
    intensity: float | None = Field(description="How strong it is against the others; their mean is 1.")
    intensity_spread: float | None = Field(description="Relative spread of the pixels that tell it.")
    matte_off_deg: float | None = Field(description="What the matte sphere's shading differs from the direction.")
    dome_off_deg: float | None = Field(default=None, description="Angle to where a dome of known geometry has it.")
    off_deg: float | None = Field(default=None, description="Angle to the direction in the rig file.")
    former: FormerLight | None = Field(default=None, description="Null for a light that the rig file has not.")


class LightCalibration(Model):
    """What a set tells of its lights."""

    message: str
    set_name: str
    job_id: str
    calibrated_at: datetime
    width: int
    height: int
    spheres: list[FoundSphere]
    matte: BallCircle | None
    lights: list[CalibratedLight]
    mean_error_deg: float | None
    largest_error_deg: float | None
    moved_deg: float | None = Field(description="Largest angle to a direction in the rig file; null without any.")
    applied: bool = Field(description="Whether the rig file has it now.")
    warnings: list[str]


CALIBRATION = Feature("calibration", "Lights are calibrated by mirror spheres in a set.")
_SET = "balls_20231027-150000"

CALIBRATE_LIGHTS = Action(
    "CALIBRATE_LIGHTS", CalibrateLights, LightCalibration,
    right="control",
    summary=(
        "Tell where lights are and how strong, from mirror spheres in a set; with `apply` the rig file has it from "
        "then on. It runs as a job, told by job_changed; the answer comes at its end."
    ),
    errors=(*COMPUTING, errors.SphereNotFound, errors.SphereTooSmall, errors.CalibrationError, errors.InvalidSetting),
    timeout_s=None,
    example={"set_name": _SET, "apply": True},
    example_result={
        "message": f"3 lights of set '{_SET}' are calibrated.", "set_name": _SET, "job_id": "job-1",
        "calibrated_at": "2023-10-27T13:05:00Z", "width": 6000, "height": 4000,
        "spheres": [{"x": 4977.5, "y": 2417.5, "r": 500.2, "given": False, "confidence": 0.97,
                     "outline_coverage": 0.93, "outline_rms": 0.5, "highlights_share": 1.0}],
        "matte": None, "lights": [], "mean_error_deg": 0.25, "largest_error_deg": 0.3, "moved_deg": 0.8,
        "applied": True, "warnings": []},
    feature=CALIBRATION,
)  # fmt: skip
