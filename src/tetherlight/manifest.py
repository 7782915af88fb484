"""The manifest of an image set: what was planned, what was captured, and how it ended.

It is written anew, atomically, after each step, so that it tells the truth at every moment. Fields of newer versions
survive a read and a write.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from tetherlight.durable import read_regular, store_errors, write_atomically
from tetherlight.errors import SetNotFound, StoreError
from tetherlight.filetypes import is_jpeg
from tetherlight.models import ConfigEntry, Direction, JobState, StepState
from tetherlight.validation import first_fault

MANIFEST = "manifest.json"
SCHEMA_VERSION = 1
MAX_MANIFEST_BYTES = 32_000_000
"""Twenty times what a set of the most steps has."""
NOTED = ("notes", "rating", "ratings", "catalogue_number", "scale_mm_per_pixel")
"""What people note, which only they change."""
RATINGS = range(-1, 6)

_DAY = timedelta(days=1)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC) + _DAY, datetime.max.replace(tzinfo=UTC) - _DAY


def _in_utc(when: datetime) -> datetime:
    """Return a time in UTC; raise ValueError for one that some time zone could not show."""
    try:
        utc = when.astimezone(UTC)
    except OverflowError:
        utc = None
    if utc is None or not _FIRST <= utc <= _LAST:
        raise ValueError("there is no such time")
    return utc


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A time with its zone, kept in UTC."""


class Record(BaseModel):
    """A frozen part of a manifest; fields that this version does not know are kept."""

    model_config = ConfigDict(frozen=True, extra="allow", ser_json_inf_nan="null")


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
    pin: int | None = None


class Plan(Record):
    """What the sequence was asked to do."""

    lights: tuple[PlannedLight, ...] = ()
    ambient: bool = False
    settle_s: float | None = Field(default=None, description="Of lights that have no settle time of their own.")
    on_failure: Literal["fail", "pause"] = "fail"
    exposure: dict[str, Any] = Field(default_factory=dict, description="Values by alias that every frame shall have.")


class FileRecord(Record):
    """A file of an exposure as it was when it reached the disk."""

    filename: str
    size: int
    sha256: str
    mimetype: str
    camera_name: str | None = Field(default=None, description="What the camera called it.")


class StepRecord(Record):
    """One step: one light, one exposure, all its files."""

    index: int = Field(description="From 1; 0 is the ambient frame.")
    light: str | None
    state: StepState = StepState.PENDING
    direction: Direction | None = None
    position: tuple[float, float, float] | None = None
    settle_s: float | None = None
    on_at: Moment | None = None
    off_at: Moment | None = None
    captured_at: Moment | None = None
    exposure: dict[str, Any] = Field(default_factory=dict, description="Shutter, aperture, ISO and more, by alias.")
    files: tuple[FileRecord, ...] = ()
    attempts: int = 0
    warnings: tuple[str, ...] = ()
    error: str | None = None
    error_code: str | None = None

    @property
    def image(self) -> FileRecord | None:
        """The file that stands for the step: the JPEG, else the first one."""
        return next((file for file in self.files if is_jpeg(file.filename)), self.files[0] if self.files else None)


class Manifest(Record):
    """All that is known of an image set besides its images; the folder's name is the set's name."""

    schema_version: int = SCHEMA_VERSION
    software: Software = Field(default_factory=Software)
    status: JobState | None = Field(default=None, description="None for a set that was not captured here.")
    job_id: str | None = None
    started_at: Moment | None = None
    finished_at: Moment | None = None
    error: str | None = None
    error_code: str | None = None
    camera: CameraRecord | None = None
    plan: Plan | None = None
    steps: tuple[StepRecord, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: str | None = None
    rating: int | None = None
    ratings: dict[str, int] = Field(default_factory=dict, description="By filename, from -1 (reject) to 5.")
    catalogue_number: str | None = Field(default=None, description="What the object is listed under.")
    scale_mm_per_pixel: float | None = Field(default=None, description="Millimetres of the object per image pixel.")
    config: tuple[ConfigRecord, ...] = Field(default=(), description="The camera's whole config at the start.")

    def step(self, index: int) -> StepRecord:
        """Return the step of this index; raise KeyError."""
        for step in self.steps:
            if step.index == index:
                return step
        raise KeyError(index)

    @property
    def ambient_image(self) -> FileRecord | None:
        """The image without any light, where one was taken."""
        taken = (step.image for step in self.steps if step.light is None and step.state is StepState.DONE)
        return next(taken, None)

    def with_step(self, step: StepRecord) -> Self:
        """Return the manifest with this step in the place of the one of the same index."""
        return self.model_copy(update={"steps": tuple(step if old.index == step.index else old for old in self.steps)})

    def ended(self, status: JobState, when: datetime, error: str | None = None, code: str | None = None) -> Self:
        """Return the manifest of a sequence that came to its end, or to a pause."""
        update = {"status": status, "finished_at": when, "error": error, "error_code": code}
        return self.model_copy(update=update)

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


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Put the manifest in its folder, whole and safe on the disk; raise DiskFull or StoreError."""
    content = manifest.model_dump_json(indent=2).encode() + b"\n"
    with store_errors("The manifest could not be written"):
        write_atomically(folder / MANIFEST, content)


def read_raw_manifest(folder: Path) -> dict[str, Any] | None:
    """Return the manifest as it stands on disk, None where there is none; raise StoreError for a broken one."""
    try:
        raw = from_json(read_regular(folder / MANIFEST, most=MAX_MANIFEST_BYTES))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StoreError(f"The manifest could not be read: {error.strerror}.") from error
    except ValueError as error:
        raise StoreError(f"The manifest is broken: {str(error)[:200]}.") from error
    if not isinstance(raw, dict):
        raise StoreError("The manifest is broken: it is no JSON object.")
    return raw


def read_manifest(folder: Path) -> Manifest:
    """Return a folder's manifest; raise SetNotFound where there is none and StoreError for a broken one."""
    raw = read_raw_manifest(folder)
    if raw is None:
        raise SetNotFound(f"Set '{folder.name}' has no manifest.")
    return manifest_of(raw)


def manifest_of(raw: Mapping[str, Any]) -> Manifest:
    """Check a manifest's content; raise StoreError with the first thing that is wrong with it."""
    try:
        return Manifest.model_validate(raw)
    except ValidationError as error:
        fault = first_fault(error)
        raise StoreError(f"The manifest is broken at '{fault.field}': {fault.message}.") from error


def status_in(raw: Mapping[str, Any] | None) -> JobState | None:
    """Return a raw manifest's status, None where it has none that this version knows."""
    value = raw.get("status") if raw else None
    return next((state for state in JobState if state.value == value), None)


def started_in(raw: Mapping[str, Any] | None) -> datetime | None:
    """Return when a raw manifest's sequence began, None where it does not say so."""
    value = raw.get("started_at") if raw else None
    try:
        started = datetime.fromisoformat(value) if isinstance(value, str) else None
        return _in_utc(started) if started is not None and started.tzinfo is not None else None
    except ValueError:
        return None


def fault_in(raw: Mapping[str, Any]) -> str | None:
    """Say what is wrong with a raw manifest, as far as a list shows it; None where that is right."""
    if raw.get("started_at") is not None and started_in(raw) is None:
        return "The manifest is broken at 'started_at': there is no such time."
    if not isinstance(raw.get("steps", []), list):
        return "The manifest is broken at 'steps': it is no list."
    return None


def rating_of(value: object) -> int | None:
    """Return a rating as messages carry it: None for 0, which is no rating, and for what is none."""
    return value or None if isinstance(value, int) and not isinstance(value, bool) and value in RATINGS else None


def ratings_in(raw: Mapping[str, Any] | None) -> dict[str, int]:
    """Return a raw manifest's ratings of images by filename."""
    ratings = raw.get("ratings") if raw else None
    if not isinstance(ratings, dict):
        return {}
    return {name: rating for name, value in ratings.items() if (rating := rating_of(value)) is not None}


def catalogue_number_in(raw: Mapping[str, Any] | None) -> str | None:
    """Return what the object is listed under by a raw manifest."""
    value = raw.get("catalogue_number") if raw else None
    return value or None if isinstance(value, str) else None
