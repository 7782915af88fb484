"""The nouns: values that travel between server, client, manifest and pages, and what pydantic finds wrong with one."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tetherlight.files.types import standing_for

Direction = tuple[float, float, float]
"""Unit vector from the object to the light: x right, y up, z towards the camera."""


LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


class Model(BaseModel):
    """A frozen value; unknown fields are refused by name."""

    # Not built later (`defer_build`): a build at the first use has crashed Python 3.13, and gains 0.02 s.
    model_config = ConfigDict(
        frozen=True, extra="forbid", ser_json_inf_nan="null", json_schema_serialization_defaults_required=True
    )


class CameraState(StrEnum):
    """What a camera is doing, from detection to loss."""

    CLOSED = "closed"
    OPENING = "opening"
    READY = "ready"
    RECOVERING = "recovering"
    LOST = "lost"


class ViewfinderState(StrEnum):
    """Whether the live view of a camera's body is on, whoever watches."""

    ON = "on"
    STANDBY = "standby"
    UNSUPPORTED = "unsupported"


class CameraInfo(Model):
    """A camera that can be or is open."""

    model: str = Field(description="What the camera calls itself.")
    port: str = Field(description="Where libgphoto2 finds it, such as usb:001,006.")
    camera_id: str = Field(description="Stable while the camera is known, also across replugs.")
    serial: str | None = None
    selected: bool = False
    open: bool = False
    state: CameraState = CameraState.CLOSED


class CameraStatus(CameraInfo):
    """An open camera with what its body reports."""

    lens: str | None = None
    battery_percent: int | None = None
    shots_left: int | None = None
    liveview_viewers: int = 0
    viewfinder: ViewfinderState = Field(
        default=ViewfinderState.UNSUPPORTED,
        description=(
            "Whether the body's live view is on, its mirror up and its sensor warm; in standby the next preview begins "
            "it again. Unsupported where the body cannot be told to end it."
        ),
    )
    liveview_fps: float | None = Field(default=None, description="Previews per second that the camera delivers now.")
    cause: str | None = Field(default=None, description="Why the camera is recovering or lost.")
    next: str | None = Field(
        default=None,
        description="What a person must do before a lost camera can come back; null where it does by itself.",
    )


class ConfigType(StrEnum):
    """The kinds of config entry."""

    TEXT = "text"
    RANGE = "range"
    TOGGLE = "toggle"
    MENU = "menu"
    BUTTON = "button"
    DATE = "date"


ConfigValue = str | bool | int | float | None


class ConfigEntry(Model):
    """One setting of a camera."""

    name: str
    label: str
    value: ConfigValue = Field(
        description="Menus and texts: string; range: number; toggle: boolean; date: Unix seconds."
    )
    type: ConfigType
    readonly: bool
    options: list[str] = Field(default_factory=list)
    path: str = Field(description="The entry's place in the camera's own tree, such as /main/imgsettings/iso.")
    alias: str | None = Field(default=None, description="The name that every brand understands, such as iso.")
    min: float | None = None
    max: float | None = None
    step: float | None = None


class ImageFile(Model):
    """An image on the server's disk."""

    filename: str
    path: str = Field(description="Begins with CAPTURES_BASE_DIR as configured.")
    size: int = Field(description="Bytes.")
    mimetype: str
    sha256: str | None = None
    url: str = Field(description="Where the server gives the bytes over HTTP.")
    rating: int | None = Field(default=None, description="From -1 (reject) to 5; null where nobody rated it.")
    notes: str | None = None
    exposure_id: str | None = Field(
        default=None, description="What single captures have in common that several cameras took in one moment."
    )


def main_image(files: Iterable[ImageFile]) -> ImageFile | None:
    """Return the file that stands for an exposure; None where there is none."""
    return standing_for(files, lambda one: one.filename)


class LightInfo(Model):
    """A light of the rig as the rig file describes it."""

    name: str
    pin: int | None = Field(default=None, description="BCM number or line offset.")
    active_low: bool = Field(default=False, description="Whether the lamp is on while its line is low.")
    state: bool = False
    dims: bool = Field(default=False, description="Whether it can be anything but off or at full power.")
    on_level: float = Field(
        default=1.0, description="How bright it is while it is on, also when nothing is said of the level."
    )
    group: str | None = None
    direction: Direction | None = None
    position: tuple[float, float, float] | None = Field(default=None, description="Millimetres from the object.")
    settle_s: float | None = Field(default=None, description="Overrides PHOTOMETRIC_CAPTURE_DELAY.")
    fault: str | None = None
    intensity: float | None = Field(default=None, description="How strong it is against the others; their mean is 1.")
    calibrated_at: datetime | None = Field(default=None, description="When this was measured, not written by hand.")
    max_level: float | None = Field(default=None, description="The brightest that it may be.")
    max_on_s: float | None = Field(default=None, description="It goes off after so long.")
    min_off_s: float | None = Field(default=None, description="It stays off for at least so long.")
    duty: float | None = Field(default=None, description="Share of `duty_s` that it may be on at full power.")
    duty_s: float | None = Field(default=None, description="Over how long `duty` counts; 60 where nothing is said.")
    watts: float | None = Field(default=None, description="What it takes at full power.")
    gamma: float | None = Field(default=None, description="Its light is the lamp's signal to this power.")
    curve: list[tuple[float, float]] | None = Field(
        default=None, description="Instead of gamma: measured pairs of signal and light."
    )
    flicker: float | None = Field(
        default=None, description="How much its light goes up and down: (most - least) / (most + least)."
    )
    measured_at: datetime | None = Field(
        default=None, description="When its curve, `settle_s` and flicker were measured, not written by hand."
    )


class LightsStatus(Model):
    """All lights and how they are driven."""

    driver: str
    gpio_available: bool
    message: str | None = None
    lights: list[LightInfo]


class StepState(StrEnum):
    """Where one step of a job stands."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


class JobState(StrEnum):
    """Where a job stands; also the status of its manifest."""

    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


UNITS = "share, ratio, correlation, levels (of 8 bits), pixels (of the image), degrees or stops"
"""What measures of findings are in."""


def measure(figure: float | None, limit: float | None, unit: str | None) -> str:
    """Return a measure and its limit for people, such as `0.031 (limit 0.02, share)`; empty where there is none."""
    if figure is None:
        return ""
    parts = ([] if limit is None else [f"limit {limit:g}"]) + ([] if unit is None else [unit])
    return f"{figure:g} ({', '.join(parts)})" if parts else f"{figure:g}"


class FrameFinding(Model):
    """Something about a frame that should be looked at."""

    code: str = Field(
        description=(
            "light_missing, duplicate_frame, clipped, underexposed, ambient_strong, exposure_drift, moved, blurred, or "
            "not_checked of a frame that could not be read."
        )
    )
    severity: Literal["warning", "error"] = Field(
        default="warning", description="An error where the frame is of no use."
    )
    message: str = Field(description="What happened, and what to do.")
    figure: float | None = Field(default=None, description="The measure that it was found by.")
    limit: float | None = Field(default=None, description="What the measure should not be beyond.")
    unit: str | None = Field(default=None, description=f"Of both: {UNITS}.")


class JobStep(Model):
    """One step of a job: one exposure, with its light in a photometric set; a computation has one."""

    index: int = Field(description="From 1; 0 is the ambient frame.")
    light: str | None
    value: str | None = Field(default=None, description="What a bracket sets its config entry to for this step.")
    state: StepState = StepState.PENDING
    files: list[str] = Field(default_factory=list, description="Paths below CAPTURES_BASE_DIR.")
    error: str | None = None
    error_code: str | None = None
    warning: str | None = Field(
        default=None, description="What is suspect about the image, such as a drifted exposure."
    )
    shutterspeed: str | None = Field(default=None, description="What test shots found for its light.")
    findings: list[FrameFinding] = Field(
        default_factory=list, description="The same by codes, as far as checks found it."
    )
    again: bool = Field(default=False, description="Whether it is taken again when the other steps are done.")


class Job(Model):
    """Long work that belongs to the rig and not to the connection that began it."""

    job_id: str
    kind: Literal["photometric_set", "series", "computation", "measurement"] = "photometric_set"
    state: JobState
    camera_id: str | None = Field(default=None, description="Null for a computation, which needs no camera.")
    set_name: str | None = Field(default=None, description="Null for a series, whose images are single captures.")
    set_folder: str | None = Field(default=None, description="Relative to CAPTURES_BASE_DIR.")
    index: int = Field(description="Steps done or under way, ambient frame not counted.")
    total: int
    current_light: str | None = None
    steps: list[JobStep]
    progress: float | None = Field(
        default=None, description="The share of a computation that is done, from 0 to 1. Null where steps are counted."
    )
    activity: str | None = Field(default=None, description="What a computation does now, in words.")
    started_at: datetime
    finished_at: datetime | None = None
    seconds_left: float | None = None
    error: str | None = None
    error_code: str | None = None
    hint: str | None = None


class Storage(Model):
    """Room on the disk that holds the captures."""

    path: str
    free_bytes: int
    total_bytes: int
    low: bool = False


class ImageSet(Model):
    """An image set in a list."""

    name: str
    created_at: datetime | None = None
    status: JobState | None = Field(default=None, description="From the manifest; null for a folder without one.")
    image_count: int = 0
    size: int = Field(default=0, description="Bytes of all images.")
    camera: str | None = None
    cover: str | None = Field(default=None, description="Path of the image that stands for the set.")
    rating: int | None = None
    catalogue_number: str | None = None
    results: list[str] = Field(default_factory=list, description="Kinds of what was made of it, such as surface.")
    stale: bool = Field(default=False, description="Whether some of that was made of images that are others now.")
    fault: str | None = Field(
        default=None, description="Why the set is not shown whole, such as a manifest that cannot be read."
    )


class ErrorInfo(Model):
    """An error as replies and pages carry it."""

    error: str
    error_code: str
    hint: str | None = None
    retryable: bool = False
    error_details: dict[str, Any] | None = None


_PREFIX = "Value error, "
"""Stands before what our own validators say."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where, of what kind, and why."""

    place: tuple[int | str, ...]
    """The names and numbers that lead to the value; empty where it is about the whole."""
    kind: str
    """Pydantic's word for it, such as `missing` or `extra_forbidden`."""
    message: str
    """Why, to stand alone; without a full stop."""
    value: Any = None

    @property
    def field(self) -> str:
        """The place in one word, such as `lights.0.pin`."""
        return ".".join(str(part) for part in self.place)

    @property
    def reason(self) -> str:
        """Why, to stand behind a colon."""
        return f"{self.message[:1].lower()}{self.message[1:]}"


def faults_of(error: ValidationError, given: Any = None) -> list[Fault]:
    """Return everything that is wrong, in the order of the fields.

    With the value that was `given`, what is wrong with a value that may be of several kinds is told once, and its place
    is one that the sender knows: pydantic tells it for each kind, with the kind in the place.
    """
    found = [
        Fault(tuple(one["loc"]), str(one["type"]), str(one["msg"]).removeprefix(_PREFIX), one["input"])
        for one in error.errors(include_url=False, include_context=False)
    ]
    if given is None:
        return found
    groups: dict[tuple[Any, ...], list[Fault]] = {}
    for number, fault in enumerate(found):
        place, union = _known_place(fault, given)
        key = ("", number) if union is None else ("union", *union)
        groups.setdefault(key, []).append(replace(fault, place=place))
    return [_one_of(group) for group in groups.values()]


def _known_place(fault: Fault, given: Any) -> tuple[tuple[int | str, ...], tuple[int | str, ...] | None]:
    """Return the place without the kinds in it, and where the first value of several kinds stands, None for none."""
    value, known, union = given, list[int | str](), None
    for part in fault.place:
        inside = part in value if isinstance(value, dict) else isinstance(value, list) and part in range(len(value))
        if inside:
            value = value[part]
        elif fault.kind != "missing" or part is not fault.place[-1]:
            union = tuple(known) if union is None else union
            continue
        known.append(part)
    return tuple(known), union


def _one_of(faults: list[Fault]) -> Fault:
    """Return what one value of several kinds is told: what comes closest to one of the kinds, else which there are."""
    deepest = max(len(one.place) for one in faults)
    near = [one for one in faults if len(one.place) == deepest]
    closest = next((one for one in near if not one.kind.endswith("_type")), near[0])
    beginning = "Input should be "
    kinds = list(dict.fromkeys(one.message.removeprefix(beginning) for one in near))
    if not closest.kind.endswith("_type") or len(kinds) == 1:
        return closest
    return replace(closest, message=f"{beginning}{', '.join(kinds[:-1])} or {kinds[-1]}")


def first_fault(error: ValidationError, given: Any = None) -> Fault:
    """Return what is told: the first thing that is wrong; `given` as for `faults_of`."""
    return faults_of(error, given)[0]
