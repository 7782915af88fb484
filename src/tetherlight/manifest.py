"""The manifest of an image set: what was planned, what was captured, and how it ended.

It is written anew, atomically, after each step, so that it tells the truth at every moment. Fields and values that
this version does not know survive a read and a write; one whose `schema_version` is newer is read and never written.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic_core import from_json

from tetherlight.errors import ManifestNewer, SetBusy, SetNotFound, StoreError
from tetherlight.files.durable import read_regular, store_errors, write_atomically
from tetherlight.files.locks import PATIENCE_S, FolderKept, folder_kept
from tetherlight.files.types import standing_for
from tetherlight.models import ConfigEntry, Direction, JobState, StepState, first_fault

MANIFEST = "manifest.json"
SCHEMA_VERSION = 2
LIGHT = "light"
"""The axis of lights, the only one that a set of version 1 has."""
MAX_MANIFEST_BYTES = 32_000_000
"""Twenty times what a set of the most steps has."""
NOTED = ("notes", "rating", "ratings", "catalogue_number", "scale_mm_per_pixel")
"""What people note, which only they change."""
ADDED = ("results", "copies")
"""What others than the job that fills a set add to it, meanwhile and later."""
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

E = TypeVar("E")
OrNewer = Annotated[E | str, Field(union_mode="left_to_right")]
"""One of the known values; one of a newer version is kept as it is."""
OnFailure = Literal["fail", "pause"]


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
    pin: int | None = None


class AxisRecord(Record):
    """One axis of a plan: its name and its values, of which each step has one."""

    axis: str = Field(description="light, exposure, focus, setting, time, repeat, camera, or one of a plug-in.")
    values: tuple[JsonValue, ...] = ()
    options: dict[str, JsonValue] = Field(default_factory=dict, description="What else the axis needs to know.")


class Plan(Record):
    """What was asked for: a step for each combination of the axes' values, the last axis changing fastest."""

    axes: tuple[AxisRecord, ...] = Field(default=(), description="Outermost first.")
    lights: tuple[PlannedLight, ...] = ()
    ambient: bool = False
    settle_s: float | None = Field(default=None, description="Of lights that have no settle time of their own.")
    on_failure: OrNewer[OnFailure] = "fail"
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


class StepRecord(Record):
    """One step: one exposure, all its files, at one value of each axis."""

    index: int = Field(description="From 1, in the order of the plan; 0 where it begins with the ambient frame.")
    light: str | None
    at: dict[str, JsonValue] = Field(default_factory=dict, description="The step's value of each axis.")
    state: OrNewer[StepState] = StepState.PENDING
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
        return standing_for(self.files, lambda file: file.filename)


class ResultRecord(Record):
    """Something that was made of the images; what it holds comes with what makes it."""


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


@contextmanager
def set_kept(folder: Path, patience: float = PATIENCE_S) -> Iterator[None]:
    """Let nobody else change a set meanwhile, neither here nor in another process; for one change, never for a job.

    Whoever changes anything in a set's folder holds this, in the server or beside it. It must not be taken twice. Raise
    SetNotFound where the set is gone, and SetBusy where somebody else holds it for longer than `patience` seconds.
    """
    with ExitStack() as stack:
        with store_errors(f"Set '{folder.name}' could not be locked"):
            try:
                stack.enter_context(folder_kept(folder, patience))
            except FolderKept:
                raise SetBusy(
                    f"Another program has kept set '{folder.name}' locked for {patience:g} seconds.",
                    hint="Wait until it is done, or end it.",
                ) from None
            except (FileNotFoundError, NotADirectoryError):
                raise SetNotFound(f"Set '{folder.name}' not found or empty.") from None
        yield


def change_manifest(folder: Path, change: Callable[[Manifest], Manifest]) -> Manifest:
    """Read a set's manifest, change it and write it, while nobody else does; return what was written.

    This is how programs beside the server add to a set. One without a manifest gets one. Raise SetNotFound, SetBusy,
    ManifestNewer, DiskFull or StoreError; `change` may raise anything, and then nothing is written.
    """
    with set_kept(folder):
        return rewrite_manifest(folder, change)


def rewrite_manifest(folder: Path, change: Callable[[Manifest], Manifest]) -> Manifest:
    """Do what `change_manifest` does where the set is kept already."""
    raw = read_raw_manifest(folder)
    changed = change(Manifest() if raw is None else manifest_of(raw))
    write_manifest(folder, changed)
    return changed


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Put the manifest in its folder, whole and safe on the disk; raise ManifestNewer, DiskFull or StoreError.

    One of an older version stays one of that version. The caller has the set kept.
    """
    refuse_newer(folder.name, manifest)
    content = manifest.model_dump_json(indent=2, exclude=_not_of_its_version(manifest)).encode() + b"\n"
    with store_errors("The manifest could not be written"):
        write_atomically(folder / MANIFEST, content)


def _not_of_its_version(manifest: Manifest) -> Any:
    """Return what is left out of a manifest of version 1."""
    if manifest.schema_version > 1:
        return None
    empty = {name: True for name in ("results", "copies", "places") if not getattr(manifest, name)}
    return empty | {"plan": {"axes"}, "steps": {"__all__": {"at"}}}


def refuse_newer(name: str, manifest: Manifest) -> None:
    """Raise ManifestNewer for a set whose manifest only a newer version may change."""
    if manifest.schema_version > SCHEMA_VERSION:
        raise ManifestNewer(
            f"The manifest of set '{name}' has version {manifest.schema_version}, and this server writes version "
            f"{SCHEMA_VERSION}: nothing was changed.",
            hint="Change it with the newer server that wrote it, or update this one.",
        )


def read_raw_manifest(folder: Path, within: Path | None = None) -> dict[str, Any] | None:
    """Return the manifest as it stands on disk, None where there is none; raise StoreError for a broken one.

    No link is followed below the folder `within`, by default the one that the set's folder lies in.
    """
    try:
        path = folder / MANIFEST
        raw = from_json(read_regular(path, most=MAX_MANIFEST_BYTES, within=within or folder.parent))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StoreError(f"The manifest could not be read: {error.strerror}.") from error
    except ValueError as error:
        raise StoreError(f"The manifest is broken: {str(error)[:200]}.") from error
    if not isinstance(raw, dict):
        raise StoreError("The manifest is broken: it is no JSON object.")
    return raw


def read_manifest(folder: Path, within: Path | None = None) -> Manifest:
    """Return a folder's manifest; raise SetNotFound where there is none and StoreError for a broken one."""
    raw = read_raw_manifest(folder, within)
    if raw is None:
        raise SetNotFound(f"Set '{folder.name}' has no manifest.")
    return manifest_of(raw)


def manifest_of(raw: Mapping[str, Any]) -> Manifest:
    """Check a manifest's content; raise StoreError with the first thing that is wrong with it."""
    try:
        manifest = Manifest.model_validate({"schema_version": 1} | dict(raw))
    except ValidationError as error:
        fault = first_fault(error)
        raise StoreError(f"The manifest is broken at '{fault.field}': {fault.message}.") from error
    return manifest if manifest.schema_version > 1 else _with_its_axis(manifest)


def _with_its_axis(manifest: Manifest) -> Manifest:
    """Return a manifest of version 1 as what it is: a plan of one axis, the lights."""
    steps = tuple(step.model_copy(update={"at": {LIGHT: step.light}}) for step in manifest.steps)
    lights = AxisRecord(axis=LIGHT, values=tuple(step.light for step in steps))
    plan = manifest.plan.model_copy(update={"axes": (lights,)}) if manifest.plan else None
    return manifest.model_copy(update={"steps": steps, "plan": plan})


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
