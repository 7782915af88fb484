"""What the server sends of its own accord.

A connection that never subscribes hears its own live view and progress, and what happens to cameras. Everything else
comes after SUBSCRIBE, with the topic and its sequence number at top level.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, Field, RootModel

from tetherlight.protocol.captures import SERIES
from tetherlight.protocol.jobs import JOBS
from tetherlight.protocol.lights import LightStates, LightTrip
from tetherlight.protocol.models import (
    CameraInfo,
    CameraStatus,
    ConfigEntry,
    FrameFinding,
    ImageFile,
    ImageSet,
    Job,
    Model,
    Storage,
)
from tetherlight.protocol.names import Feature, Topic
from tetherlight.protocol.objects import OBJECTS, ObjectsChange
from tetherlight.protocol.recipes import RECIPES, RecipeChange
from tetherlight.protocol.together import CAPTURE_TOGETHER, CaptureAllResult
from tetherlight.protocol.trash import TRASH_LIST, TrashRemoved

D = TypeVar("D", bound=BaseModel)


@dataclass(frozen=True, eq=False)
class Event(Generic[D]):
    """One row of the table of events; without a topic it goes to whom it concerns, or to every connection."""

    name: str
    data: type[D]
    summary: str
    topic: Topic | None = None
    feature: Feature | None = None
    example: Any = None


class StepStage(StrEnum):
    """What a step of a photometric sequence has come to."""

    PROCESSING = "processing"
    CAPTURED = "captured"
    FAILED = "error_processing"
    PAUSED = "paused"
    SUSPECT = "suspect"
    RETAKING = "retaking"
    RETAKEN = "retaken"
    METERING = "metering"
    METERED = "metered"


class PhotometricProgress(Model):
    """How far a photometric sequence is."""

    status: str = Field(
        description=(
            "processing_light_k_of_n before each lamp, captured_light_k_of_n with each image, "
            "error_processing_light_k after a failed step, paused when the job waits to be resumed; "
            "the ambient frame has processing_ambient and captured_ambient. Later, and only where it is so: "
            "suspect_light_k_of_n where checks found something (`findings`), retaking_light_k_of_n and "
            "retaken_light_k_of_n where the frame is taken again by itself. Before the first, where the exposure is to "
            "be found: metering_light_k_of_n, and metered_light_k_of_n with what was found (`shutterspeed`). "
            "A lamp that stays on for several images is processing once, and k counts these visits; a plan "
            "without lights has step in the place of light."
        )
    )
    current_light: str | None = None
    set_folder: str
    error_detail: str | None = None
    job_id: str
    index: int
    total: int
    findings: list[FrameFinding] = Field(default_factory=list, description="What should be looked at about the frame.")
    shutterspeed: str | None = Field(default=None, description="What test shots found for the light.")
    request_id: str | int | None = Field(default=None, description="Of the request that started the sequence.")

    @property
    def stage(self) -> StepStage | None:
        """What `status` says without its numbers; None for a word of a newer server."""
        return next((stage for stage in StepStage if self.status.startswith(stage.value)), None)


SeriesStatus = Literal["capturing", "captured", "failed", "waiting", "paused"]


class SeriesProgress(Model):
    """How far a series of captures is."""

    status: SeriesStatus = Field(
        description=(
            "capturing before each exposure, captured with its files, failed with error_detail; "
            "waiting until the next round of an interval begins, paused until the job is resumed."
        )
    )
    job_id: str
    index: int = Field(description="The exposure, from 1.")
    total: int
    value: str | None = Field(default=None, description="What a bracket has set its config entry to.")
    files: list[ImageFile] = Field(default_factory=list, description="Every file of the exposure.")
    next_in_s: float | None = Field(default=None, description="Seconds until the next round.")
    seconds_left: float | None = None
    error_detail: str | None = None
    request_id: str | int | None = Field(default=None, description="Of the request that started the series.")


class CameraChange(Model):
    """What happened to an open camera, why, and what comes next."""

    camera_id: str
    model: str
    port: str
    cause: str | None = None
    next: str | None = Field(default=None, description="What the server does now, or what a person should do.")
    attempt: int = 0


class StreamEnd(Model):
    """A live view that ended without being asked to."""

    camera_id: str
    resumes: bool = Field(default=False, description="Whether it comes back by itself.")


class Cameras(RootModel[list[CameraStatus]]):
    """The open cameras, with what their bodies report."""


class CameraInventory(Model):
    """The cameras that are there and those that are open."""

    cameras: list[CameraInfo]
    open: list[CameraStatus]


class ConfigChange(Model):
    """Config entries that have new values or options."""

    camera_id: str
    entries: list[ConfigEntry]


class ImageCaptured(Model):
    """A picture that nobody asked for by a request: taken with the button on the body."""

    camera_id: str
    file_path: str
    files: list[ImageFile]


class CameraWarning(Model):
    """Something at the camera that will stop a set soon."""

    camera_id: str
    kind: Literal["battery_low", "card_low"]
    message: str


SetChangeKind = Literal["created", "updated", "deleted", "restored", "renamed"]


class SetChange(Model):
    """An image set that is new, changed or gone."""

    set_name: str
    change: SetChangeKind
    new_name: str | None = None
    set: ImageSet | None = Field(
        default=None, description="The set as lists tell it now, under its new name; null where it is gone."
    )


class CapturesChange(Model):
    """Single captures that are new, changed or gone."""

    change: Literal["created", "updated", "deleted", "restored"]
    files: list[ImageFile]


class LiveviewFrame(Model):
    """A frame in text; its fields stand at top level of the message, as the first clients expect."""

    frame: str = Field(description="The JPEG in Base64.")
    mimetype: Literal["image/jpeg"] = "image/jpeg"
    camera_id: str
    seq: int
    captured_at: datetime


SEVERAL_CAMERAS = Feature("several_cameras", "Several open cameras, told apart by `camera_id`.")

PHOTOMETRIC_PROGRESS = Event(
    "photometric_progress", PhotometricProgress, "A step of a sequence began, failed or was reported."
)
SERIES_PROGRESS = Event(
    "series_progress",
    SeriesProgress,
    "An exposure of a series began, arrived or failed, or the next one waits.",
    feature=SERIES,
)
LIVEVIEW_FRAME = Event("liveview_frame", LiveviewFrame, "A frame of a live view; its fields stand at top level.")
LIVEVIEW_ENDED = Event("stop_liveview", StreamEnd, "A live view ended without being asked to.")
PREVIEW_ENDED = Event("get_preview", StreamEnd, "A stream of bare JPEGs ended without being asked to.")
CAMERA_LOST = Event("camera_lost", CameraChange, "An open camera does not answer any more.")
CAMERA_RECOVERING = Event("camera_recovering", CameraChange, "The server tries to get a camera back.")
CAMERA_READY = Event("camera_ready", CameraChange, "A camera is back.")
CAMERAS_CHANGED = Event(
    "cameras_changed",
    CameraInventory,
    "Cameras came, went, opened, closed or changed.",
    "camera",
    feature=SEVERAL_CAMERAS,
)
IMAGE_CAPTURED = Event("image_captured", ImageCaptured, "The button on a camera's body took a picture.", "camera")
CAMERA_WARNING = Event("camera_warning", CameraWarning, "Battery or card will soon be empty or full.", "camera")
CONFIG_CHANGED = Event("config_changed", ConfigChange, "Config entries changed, by a client or on the body.", "config")
LIGHTS_CHANGED = Event("lights_changed", LightStates, "Lights were switched or the rig file was edited.", "lights")
LIGHT_TRIPPED = Event(
    "light_tripped", LightTrip, "A light went off because of a limit that the rig file states.", "lights"
)
JOB_CHANGED = Event("job_changed", Job, "A job started, went on or ended.", "job", feature=JOBS)
SETS_CHANGED = Event("sets_changed", SetChange, "An image set is new, changed or gone.", "sets")
CAPTURES_CHANGED = Event("captures_changed", CapturesChange, "Single captures are new, changed or gone.", "sets")
FRAMES_CHANGED = Event(
    "frames_changed",
    CaptureAllResult,
    "Several cameras were released together, or a file of that came late.",
    "sets",
    feature=CAPTURE_TOGETHER,
)
TRASH_REMOVED = Event(
    "trash_removed", TrashRemoved, "Something in the trash went for good.", "sets", feature=TRASH_LIST
)
RECIPES_CHANGED = Event(
    "recipes_changed", RecipeChange, "A recipe is new, changed or gone.", "recipes", feature=RECIPES
)
OBJECTS_CHANGED = Event(
    "objects_changed",
    ObjectsChange,
    "The queue of objects has gone on, or objects came, went or moved.",
    "objects",
    feature=OBJECTS,
)
STORAGE_CHANGED = Event("storage_changed", Storage, "Room on the disk changed noticeably.", "storage")

EVENTS: dict[str, Event[Any]] = {event.name: event for event in list(vars().values()) if isinstance(event, Event)}
