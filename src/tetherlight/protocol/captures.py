"""Actions on single captures: series of them, their names, and what people note about them."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from tetherlight import errors
from tetherlight.protocol.action import Action, CameraPayload, Payload
from tetherlight.protocol.axes import Exposed, FocusPlaces
from tetherlight.protocol.cameras import Message
from tetherlight.protocol.models import ImageFile, Model
from tetherlight.protocol.names import Feature
from tetherlight.protocol.sets import TRASH, ImagePath

IMAGE_EXAMPLE = "captures/image_Canon_EOS_Rebel_T6_20231027-143000.jpg"
MAX_SERIES = 999
"""Exposures of one series."""

Template = Annotated[str, Field(min_length=1, max_length=200)]


class Bracket(Model):
    """A config entry and the values that it has in turn; afterwards it has its old value again."""

    config_name: str = Field(description="A name, an alias or a full path, such as shutterspeed.")
    values: list[str] = Field(min_length=2, max_length=99, description="Values of the entry, in their order.")


class CaptureSeries(CameraPayload):
    """How many exposures, how far apart, and what changes between them."""

    count: int = Field(default=1, ge=1, le=MAX_SERIES, description="Rounds: exposures, or brackets where there is one.")
    interval_s: float = Field(
        default=0.0, ge=0, le=86400, description="Seconds from the beginning of a round to the next; 0 is a burst."
    )
    bracket: Bracket | None = None
    focus: FocusPlaces | None = Field(default=None, description="Take each of these places in each round.")
    exposure: list[Exposed] | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_SERIES,
        description="Take each of these exposures in each round: EV offsets from the one now, or settings by alias.",
    )


class SeriesResult(Model):
    """What a series gave, also as partial result of one that failed."""

    message: str
    job_id: str
    image_count: int = Field(description="Exposures that were taken.")
    files: list[ImageFile] = Field(description="Every file of every exposure, in their order.")
    warnings: list[str] = Field(default_factory=list)


class AnnotateImage(ImagePath):
    """What people note about an image; only the given fields change."""

    empty_counts: ClassVar = frozenset({"notes"})
    rating: int | None = Field(default=None, ge=-1, le=5, description="From -1 (reject) to 5; 0 is no rating.")
    notes: str | None = Field(
        default=None, max_length=4000, description="Of single captures; the empty text removes them."
    )


class Trashed(Message):
    """What was deleted, and how it is brought back."""

    filenames: list[str] = Field(
        description="Every image of the exposure, the named one first; its sidecar goes along."
    )


class NamingTemplates(Payload):
    """Templates of names; only the given ones count."""

    empty_counts: ClassVar = frozenset({"capture", "set"})
    capture: Template | None = Field(default=None, description="Name of a single capture, without its extension.")
    set: Template | None = Field(default=None, description="Name of an image set; it must hold {prefix}.")


class Placeholder(Model):
    """A word that stands in braces in a template."""

    name: str
    meaning: str
    example: str
    used_in: list[Literal["capture", "set"]]


class Naming(Model):
    """The templates of names, and what they would give now."""

    capture: str
    set: str
    capture_example: str
    set_example: str
    placeholders: list[Placeholder]


SERIES = Feature("series", "Bursts, time-lapses and brackets.")
RATINGS = Feature("ratings", "Ratings and notes of single captures.")
NAMING = Feature("naming", "Templates for the names of captures and sets.")

CAPTURE_SERIES = Action(
    "CAPTURE_SERIES", CaptureSeries, SeriesResult,
    right="control",
    summary="Take several pictures as a job: a burst, one every so many seconds, or a bracket of a setting.",
    failure="The series failed.",
    errors=(errors.NoCameraSelected, errors.ConfigNotFound, errors.ConfigReadonly, errors.ConfigInvalid,
            errors.CameraBusy, errors.DiskFull, errors.StoreFull, errors.SequenceFailed),
    timeout_s=None,
    example={"count": 1, "bracket": {"config_name": "shutterspeed", "values": ["1/250", "1/60", "1/15"]}},
    example_result={"message": "Series of 3 images completed.", "job_id": "job-1", "image_count": 3, "files": []},
    feature=SERIES,
)  # fmt: skip
ANNOTATE_IMAGE = Action(
    "ANNOTATE_IMAGE", AnnotateImage, ImageFile,
    right="control",
    summary="Keep rating and notes with a single capture, in an XMP file beside it; with one of a set, its rating.",
    errors=(errors.ImageNotFound, errors.SetBusy, errors.StoreError, errors.DiskFull),
    example={"image_path": IMAGE_EXAMPLE, "rating": 4},
    example_result={
        "filename": "image_Canon_EOS_Rebel_T6_20231027-143000.jpg", "path": IMAGE_EXAMPLE, "size": 5242880,
        "mimetype": "image/jpeg", "rating": 4, "url": "/images/image_Canon_EOS_Rebel_T6_20231027-143000.jpg"},
    feature=RATINGS,
)  # fmt: skip
DELETE_IMAGE = Action(
    "DELETE_IMAGE", ImagePath, Trashed,
    right="delete",
    summary="Move every file of a single capture to the trash, from where it can be restored for a time.",
    errors=(errors.ImageNotFound, errors.StoreError, errors.StoreFull),
    example={"image_path": IMAGE_EXAMPLE},
    example_result={"message": "Image 'image_Canon_EOS_Rebel_T6_20231027-143000.jpg' deleted.",
                    "filenames": ["image_Canon_EOS_Rebel_T6_20231027-143000.jpg"]},
    feature=TRASH,
)  # fmt: skip
RESTORE_IMAGE = Action(
    "RESTORE_IMAGE", ImagePath, ImageFile,
    right="delete",
    summary="Bring a deleted single capture back from the trash.",
    errors=(errors.ImageNotFound, errors.StoreError),
    example={"image_path": IMAGE_EXAMPLE},
    example_result={
        "filename": "image_Canon_EOS_Rebel_T6_20231027-143000.jpg", "path": IMAGE_EXAMPLE, "size": 5242880,
        "mimetype": "image/jpeg", "url": "/images/image_Canon_EOS_Rebel_T6_20231027-143000.jpg"},
    feature=TRASH,
)  # fmt: skip
NAMING_EXAMPLE = {
    "capture": "image_{model}_{date}-{time}", "set": "{prefix}_{date}-{time}",
    "capture_example": "image_Canon_EOS_Rebel_T6_20231027-143000.jpg",
    "set_example": "photometric_set_20231027-143000",
    "placeholders": [{"name": "date", "meaning": "Day of the exposure", "example": "20231027",
                      "used_in": ["capture", "set"]}],
}  # fmt: skip
GET_NAMING = Action(
    "GET_NAMING", NamingTemplates, Naming,
    right="read",
    summary="Tell how captures and sets are named, or would be with other templates.",
    repeatable=True,
    errors=(errors.InvalidName,),
    example={"capture": "{serial}_{number}"},
    example_result=NAMING_EXAMPLE | {"capture": "{serial}_{number}", "capture_example": "062071001234_0001.jpg"},
    feature=NAMING,
)  # fmt: skip
SET_NAMING = Action(
    "SET_NAMING", NamingTemplates, Naming,
    right="settings",
    summary="Keep the templates of names in the rig file.",
    errors=(errors.InvalidName, errors.StoreError, errors.InvalidSetting),
    example={"capture": "image_{model}_{date}-{time}"},
    example_result=NAMING_EXAMPLE,
    feature=NAMING,
)  # fmt: skip
