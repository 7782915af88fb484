"""The manifest of an image set: what was planned, what was captured, and how it ended.

It is written anew, atomically, after each step, so that it tells the truth at every moment. Fields and values that
this version does not know survive a read and a write; one whose `schema_version` is newer is read and never written.
"""

from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from tetherlight.files.types import standing_for
from tetherlight.protocol.models import UNITS, ConfigEntry, Direction, JobState, StepState, measure

MANIFEST = "manifest.json"
SCHEMA_VERSION = 2
LIGHT = "light"
"""The axis of lights, the only one that a set of version 1 has."""
NOTED = ("notes", "rating", "ratings", "catalogue_number", "scale_mm_per_pixel")
"""What people note, which only they change."""
ADDED = ("results", "copies")
"""What others than the job that fills a set add to it, meanwhile and later."""
RATINGS = range(-1, 6)

_DAY = timedelta(days=1)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC) + _DAY, datetime.max.replace(tzinfo=UTC) - _DAY


def in_utc(when: datetime) -> datetime:
    """Return a time in UTC; raise ValueError for one that some time zone could not show."""
    try:
        utc = when.astimezone(UTC)
    except OverflowError:
        utc = None
    if utc is None or not _FIRST <= utc <= _LAST:
        raise ValueError("there is no such time")
    return utc


Moment = Annotated[AwareDatetime, AfterValidator(in_utc)]
"""A time with its zone, kept in UTC."""

E = TypeVar("E")
OrNewer = Annotated[E | str, Field(union_mode="left_to_right")]
"""One of the known values; one of a newer version is kept as it is."""
OnFailure = Literal["fail", "pause"]
MeteredFor = Literal["set", "light"]
SetTrigger = Literal["line", "burst", "software"]
"""What releases the cameras of a set."""
Severity = Literal["warning", "error"]


class Record(BaseModel):
    """A frozen part of a manifest; fields that this version does not know are kept."""

    model_config = ConfigDict(
        frozen=True, extra="allow", ser_json_inf_nan="null", json_schema_serialization_defaults_required=True
    )


class Software(Record):
    """The program that wrote the manifest."""

    name: str = "tetherlight"
    version: str = Field(default_factory=lambda: version("tetherlight"))


class CameraRecord(Record):
    """The camera that took the images."""

    model: str
    camera_id: str
    serial: str | None = None
    port: str | None = None
    lens: str | None = None


class ConfigRecord(Record):
    """One setting of the camera as it was at the start."""

    name: str
    path: str
    value: str | bool | int | float | None
    label: str | None = None
    alias: str | None = None

    @classmethod
    def of(cls, entry: ConfigEntry) -> Self:
        """Keep of a config entry what it was, not what it could have been."""
        return cls(name=entry.name, path=entry.path, value=entry.value, label=entry.label, alias=entry.alias)


class PlannedLight(Record):
    """A light of the plan as the rig knew it at the start."""

    name: str
    direction: Direction | None = None
    position: tuple[float, float, float] | None = Field(default=None, description="Millimetres from the object.")
    settle_s: float | None = None
    level: float | None = Field(default=None, description="How bright it is in each frame, from 0 to 1; null is 1.")
    pin: int | None = None
    intensity: float | None = Field(default=None, description="How strong it is against the others; their mean is 1.")
    calibrated_at: Moment | None = Field(default=None, description="When direction and intensity were measured.")


class AxisRecord(Record):
    """One axis of a plan: its name and its values, of which each step has one."""

    axis: str = Field(description="light, exposure, focus, setting, time, repeat, camera, or one of a plug-in.")
    values: tuple[JsonValue, ...] = ()
    options: dict[str, JsonValue] = Field(default_factory=dict, description="What else the axis needs to know.")


class MeteredRecord(Record):
    """The exposure time that test shots found for a light."""

    light: str
    shutterspeed: str = Field(description="As the camera writes it; the ambient frame has the longest of them.")
    seconds: float
    clipped: float | None = Field(default=None, description="Share of clipped pixels of a test shot with it.")
    shots: int = Field(default=0, description="Test shots that were taken.")


class Plan(Record):
    """What was asked for: a step for each combination of the axes' values, the last axis changing fastest."""

    axes: tuple[AxisRecord, ...] = Field(default=(), description="Outermost first.")
    lights: tuple[PlannedLight, ...] = ()
    ambient: bool = False
    settle_s: float | None = Field(default=None, description="Of lights that have no settle time of their own.")
    on_failure: OrNewer[OnFailure] = "fail"
    retakes: int = Field(default=0, description="How often a frame without its light is taken again by itself.")
    trigger: OrNewer[SetTrigger] | None = Field(
        default=None, description="What releases the cameras; null is software."
    )
    metering: OrNewer[MeteredFor] | None = Field(default=None, description="For what test shots find the exposure.")
    metered: tuple[MeteredRecord, ...] = Field(default=(), description="What they found, by light.")
    exposure: dict[str, Any] = Field(default_factory=dict, description="Values by alias that every frame shall have.")


class FileRecord(Record):
    """A file of an exposure as it was when it reached the disk."""

    filename: str
    size: int
    sha256: str
    mimetype: str
    camera_name: str | None = Field(default=None, description="What the camera called it.")


class PlaceRecord(Record):
    """Where something stands that can only be moved by steps, such as the focus; written before each move."""

    at: float = Field(description="In steps from where the plan found it.")
    towards: float | None = Field(default=None, description="Where it was on its way to; null after it arrived.")
    doubt: str | None = Field(default=None, description="Why the place is not sure any more: a warning of each step.")


class FindingRecord(Record):
    """Something about a frame that should be looked at; its sentence is among the step's warnings, too."""

    code: str
    severity: OrNewer[Severity] = "warning"
    message: str
    figure: float | None = Field(default=None, description="The measure that it was found by.")
    limit: float | None = Field(default=None, description="What the measure should not be beyond.")
    unit: str | None = Field(default=None, description=f"Of both: {UNITS}.")


class ReplacedRecord(Record):
    """A frame in whose place another one was taken."""

    files: tuple[FileRecord, ...] = ()
    captured_at: Moment | None = None
    findings: tuple[FindingRecord, ...] = Field(default=(), description="What was wrong with it.")


class StepRecord(Record):
    """One step: one exposure, all its files, at one value of each axis."""

    index: int = Field(description="From 1, in the order of the plan; 0 where it begins with the ambient frame.")
    light: str | None
    at: dict[str, JsonValue] = Field(default_factory=dict, description="The step's value of each axis.")
    state: OrNewer[StepState] = StepState.PENDING
    direction: Direction | None = None
    position: tuple[float, float, float] | None = None
    intensity: float | None = None
    level: float | None = Field(default=None, description="How bright its light was switched, from 0 to 1; null is 1.")
    settle_s: float | None = None
    on_at: Moment | None = None
    off_at: Moment | None = None
    captured_at: Moment | None = None
    trigger: OrNewer[SetTrigger] | None = Field(default=None, description="What released it; null is software.")
    exposure_id: str | None = Field(
        default=None, description="What the frames have in common that one press of trigger lines gave; null without."
    )
    exposure: dict[str, Any] = Field(default_factory=dict, description="Shutter, aperture, ISO and more, by alias.")
    files: tuple[FileRecord, ...] = ()
    attempts: int = 0
    warnings: tuple[str, ...] = ()
    findings: tuple[FindingRecord, ...] = Field(default=(), description="What checks of the frame found, by codes.")
    replaced: tuple[ReplacedRecord, ...] = Field(default=(), description="Earlier frames of the step, oldest first.")
    error: str | None = None
    error_code: str | None = None

    @property
    def image(self) -> FileRecord | None:
        """The file that stands for the step: the JPEG, else the first one."""
        return standing_for(self.files, lambda file: file.filename)


class ResultFile(Record):
    """A file of a result as it was when it was made."""

    filename: str = Field(description="Relative to the set's folder.")
    size: int


class ResultFinding(Record):
    """Something about a result, or about an image of it, that should be looked at; its sentence is a warning, too."""

    code: str = Field(
        description="image_black, image_white, clipped, ambient_strong, rig_moved, response_estimated, response_bent, "
        "or note."
    )
    message: str
    filename: str | None = Field(default=None, description="The image that it is about.")
    light: str | None = None
    figure: float | None = Field(default=None, description="The measure that it was found by.")
    limit: float | None = Field(default=None, description="What the measure should not be beyond.")
    unit: str | None = Field(default=None, description=f"Of both: {UNITS}.")

    @property
    def sentence(self) -> str:
        """The message, with the measure behind it."""
        told = measure(self.figure, self.limit, self.unit)
        return f"{self.message} [{told}]" if told else self.message


class ResultRecord(Record):
    """Something that was made of the images."""

    kind: str = Field(default="", description="surface, preview, relight, merged, export, or one of a newer version.")
    folder: str = Field(default="", description="Where its files lie, relative to the set's folder.")
    made_at: Moment | None = None
    software: Software | None = None
    method: str | None = None
    why: str | None = Field(default=None, description="Why this method, in words.")
    figures: dict[str, float] = Field(default_factory=dict, description="Numbers that tell how good it is.")
    files: tuple[ResultFile, ...] = ()
    warnings: tuple[str, ...] = ()
    findings: tuple[ResultFinding, ...] = Field(default=(), description="The same by codes.")
    inputs: dict[str, str] = Field(
        default_factory=dict, description="Sha256 of each image that it was made of, by filename."
    )
    parameters: dict[str, JsonValue] = Field(default_factory=dict, description="What was chosen, and what was found.")
    versions: dict[str, str] = Field(default_factory=dict, description="Of the programs that had a part in it.")
    scale_mm_per_pixel: float | None = Field(default=None, description="The scale of the set as it was made with.")


class CopyRecord(Record):
    """A place that the set was brought to; what it holds comes with what brings it."""


class Manifest(Record):
    """All that is known of an image set besides its images; the folder's name is the set's name."""

    schema_version: int = SCHEMA_VERSION
    software: Software = Field(default_factory=Software)
    status: OrNewer[JobState] | None = Field(default=None, description="None for a set that was not captured here.")
    job_id: str | None = None
    started_at: Moment | None = None
    finished_at: Moment | None = None
    error: str | None = None
    error_code: str | None = None
    camera: CameraRecord | None = None
    plan: Plan | None = None
    steps: tuple[StepRecord, ...] = ()
    places: dict[str, PlaceRecord] = Field(default_factory=dict, description="By axis.")
    results: tuple[ResultRecord, ...] = Field(default=(), description="What was made of the images.")
    copies: tuple[CopyRecord, ...] = Field(default=(), description="Where else the set was brought to.")
    warnings: tuple[str, ...] = ()
    notes: str | None = None
    rating: int | None = None
    ratings: dict[str, int] = Field(default_factory=dict, description="By filename, from -1 (reject) to 5.")
    catalogue_number: str | None = Field(default=None, description="What the object is listed under.")
    scale_mm_per_pixel: float | None = Field(default=None, description="Millimetres of the object per image pixel.")
    config: tuple[ConfigRecord, ...] = Field(default=(), description="The camera's whole config at the start.")

    def with_step(self, step: StepRecord) -> Self:
        """Return the manifest with this step in the place of the one of the same index."""
        return self.model_copy(update={"steps": tuple(step if old.index == step.index else old for old in self.steps)})

    def interrupted(self) -> Self:
        """Return the manifest of a sequence whose server ended without a word; what was under way is to do again."""
        steps = tuple(
            step.model_copy(update={"state": StepState.PENDING}) if step.state is StepState.RUNNING else step
            for step in self.steps
        )
        error = "The server ended before the sequence did."
        return self.model_copy(update={"status": JobState.INTERRUPTED, "steps": steps, "error": error})

    def files(self) -> dict[str, FileRecord]:
        """Return every recorded file by its name."""
        return {file.filename: file for step in self.steps for file in step.files}
