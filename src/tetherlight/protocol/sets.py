"""Actions on image sets and images."""

import math
from typing import Annotated, ClassVar, Literal

from pydantic import Field, RootModel

from tetherlight import errors
from tetherlight.protocol.action import Action, CameraPayload, Payload
from tetherlight.protocol.axes import MAX_VALUES, AxisPlan, Exposed, FocusPlaces, OnLevel
from tetherlight.protocol.cameras import Message
from tetherlight.protocol.jobs import JOB_EXAMPLE
from tetherlight.protocol.manifest import Manifest, MeteredFor, SetTrigger
from tetherlight.protocol.models import FrameFinding, ImageFile, ImageSet, Job, Model
from tetherlight.protocol.names import Feature
from tetherlight.protocol.set_lists import SET_EXAMPLE, ImageList

CatalogueNumber = Annotated[str, Field(max_length=200)]
Scale = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]

MOST_MM_PER_PIXEL = 1000.0
LEAST_PIXELS = 1.0
"""Between two points that a scale is measured by."""

Files = Literal["all", "jpeg", "raw"]
"""Which files of a set are wanted: everything, or the images of one kind with what tells of them."""


class SetManner(Payload):
    """How sets are called, and what their failures do."""

    set_name_prefix: str | None = Field(default=None, description="Default: photometric_set.")
    on_failure: Literal["fail", "pause"] = Field(
        default="fail", description="Whether a failed step ends or pauses the job."
    )
    retakes: int = Field(
        default=1,
        ge=0,
        le=5,
        description="How often a frame without its light, or like another one, is taken again by itself.",
    )
    trigger: SetTrigger | None = Field(
        default=None,
        description=(
            "What releases the cameras. line: the lines of the rig file, once for each exposure. burst: the release is "
            "held in continuous drive, and the next light goes on when the sync line says that the shutter has closed. "
            "software, also where nothing is said: each camera's own connection."
        ),
    )
    metering: MeteredFor | None = Field(
        default=None,
        description=(
            "Find the exposure time with at most three test shots of a light: set one for all lights, light one for "
            "each. At most 0.1 % of a frame is clipped then."
        ),
    )
    notes: str | None = Field(default=None, max_length=4000, description="Kept in the manifest.")


class NewSet(CameraPayload, SetManner):
    """How a set is called, what its failures do, and what people note about it."""

    empty_counts: ClassVar = frozenset({"catalogue_number"})

    catalogue_number: CatalogueNumber | None = Field(
        default=None,
        description="What the object is listed under; that of the queue's current object where it is missing, "
        "none where it is empty.",
    )
    scale_mm_per_pixel: Scale | None = Field(default=None, description="Millimetres of the object per image pixel.")


class LitFrames(Payload):
    """What is varied beside the light, and how bright the lights are."""

    levels: dict[str, OnLevel] = Field(
        default_factory=dict,
        description="How bright lights of the sequence are, above 0 to 1; the others as bright as they were last.",
    )
    ambient: bool = Field(default=False, description="Also take a frame with every light off.")
    focus: FocusPlaces | None = Field(default=None, description="Take the whole sequence at each of these places.")
    exposure: list[Exposed] | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_VALUES,
        description="Take each light with each of these: EV offsets from the exposure now, or settings by alias.",
    )


class CapturePhotometricSet(NewSet, LitFrames):
    """The lights in their order, and how the set is called."""

    light_sequence: list[str]


class CaptureSet(NewSet):
    """Axes, outermost first: one image for each combination of their values."""

    axes: list[AxisPlan] = Field(min_length=1, max_length=16)


class FrameToCheck(Model):
    """A frame of which checks found something."""

    index: int = Field(description="Its step; 0 is the ambient frame.")
    light: str | None
    image: str | None = Field(description="Relative to CAPTURES_BASE_DIR.")
    findings: list[FrameFinding]


class PhotometricSetResult(Model):
    """What a sequence gave, also as partial result of one that failed."""

    message: str
    set_folder: str = Field(description="Relative to CAPTURES_BASE_DIR.")
    image_count: int
    images_captured: list[str] = Field(
        description="The JPEG of each light, else its first file; relative to CAPTURES_BASE_DIR."
    )
    job_id: str
    warnings: list[str] = Field(default_factory=list)
    frames_to_check: list[FrameToCheck] = Field(
        default_factory=list, description="Frames of which checks found something."
    )


class RetakeFrames(Payload):
    """Frames of a set that are to be taken again; those with an error where neither lights nor steps are named."""

    set_name: str
    lights: list[str] | None = Field(
        default=None, min_length=1, max_length=MAX_VALUES, description="Every frame under one of these lights."
    )
    steps: list[int] | None = Field(
        default=None, min_length=1, max_length=MAX_VALUES, description="Step indexes, as in the manifest."
    )


class SetName(Payload):
    """The name of an image set."""

    set_name: str


class StaleResult(Model):
    """A result that does not fit to its set any more, and why."""

    kind: str
    folder: str
    reason: Literal["images", "scale", "lights"] = Field(
        description=(
            "images: some were taken again; scale: the millimetres per pixel are others; lights: they were calibrated "
            "in this set afterwards."
        )
    )
    changed: list[str] = Field(default_factory=list, description="The images that it was made of and that are others.")
    message: str = Field(description="What happened, and what to do.")


class SetDetails(Model):
    """An image set with its manifest."""

    set: ImageSet
    images: list[ImageFile]
    manifest: Manifest | None = Field(description="Null where there is none, or none that can be read (`set.fault`).")
    stale: list[StaleResult] = Field(
        default_factory=list, description="Results that do not fit any more, by what the manifest says."
    )


class SetFiles(SetName):
    """Which files of a set are wanted."""

    files: Files = Field(
        default="all", description="jpeg and raw: only such images, with manifest and light directions."
    )


class SetFile(Model):
    """A file that belongs to a set: an image, the manifest, the light directions or a result."""

    filename: str = Field(description="Inside the set's folder, with '/' where it lies deeper.")
    size: int = Field(description="Bytes.")
    mimetype: str
    sha256: str | None = Field(
        default=None, description="Null for an image that the manifest does not know, and for large files."
    )
    url: str = Field(description="Where the server gives the bytes over HTTP.")


class SetFileList(RootModel[list[SetFile]]):
    """Files of a set by filename."""


class RenameSet(Payload):
    """A set's name now, and the name that it shall have."""

    set_name: str
    new_name: str


class AnnotateSet(Payload):
    """What people note about a set; only the given fields change."""

    empty_counts: ClassVar = frozenset({"notes", "catalogue_number"})
    set_name: str
    notes: str | None = Field(default=None, max_length=4000)
    rating: int | None = Field(default=None, ge=0, le=5)
    catalogue_number: CatalogueNumber | None = Field(default=None, description="The empty text removes it.")
    scale_mm_per_pixel: Scale | None = Field(default=None, description="0 removes it.")
    ratings: dict[str, int] | None = Field(default=None, description="Ratings from -1 (reject) to 5 by filename.")


Coordinate = Annotated[float, Field(ge=-1_000_000, le=1_000_000, allow_inf_nan=False)]
Point = tuple[Coordinate, Coordinate]
"""x to the right, y down, in pixels of the images."""


class SetScale(Payload):
    """How large a pixel is: said, or by two points whose distance is known."""

    set_name: str
    mm_per_pixel: float | None = Field(default=None, gt=0, le=1000, allow_inf_nan=False)
    points: tuple[Point, Point] | None = Field(default=None, description="Two places in pixels of the whole images.")
    length_mm: float | None = Field(
        default=None, gt=0, le=1_000_000, allow_inf_nan=False, description="How far they are from each other."
    )

    @property
    def scale(self) -> float | None:
        """Millimetres per pixel; None where it is not said, or not in one way alone."""
        measured = self.points is not None and self.length_mm is not None
        if (self.mm_per_pixel is None) != measured or (self.points is None) != (self.length_mm is None):
            return None
        if self.points is None or self.length_mm is None:
            return self.mm_per_pixel
        pixels = math.dist(*self.points)
        found = self.length_mm / pixels if pixels >= LEAST_PIXELS else math.inf
        return found if found <= MOST_MM_PER_PIXEL else None


class ScaleSet(Model):
    """The scale of a set as it is now."""

    message: str
    scale_mm_per_pixel: float


class ImagePath(Payload):
    """An image's path, in any form that the server gave."""

    image_path: str


class ImageData(Model):
    """An image's bytes in text."""

    filename: str
    image_b64: str
    mimetype: str


TRASH = Feature("trash", "What is deleted can be restored for a while.")
SET_FILES = Feature("set_files", "Every file of a set by itself.")
FRAME_CHECKS = Feature("frame_checks", "Frames of a set are checked, and taken again where that helps.")
RESULTS_STATE = Feature("results_state", "Results tell whether they still fit to their set; its scale is an action.")
AXES = Feature("axes", "Sets over the values of several axes, such as focus and exposure.")

CAPTURE_PHOTOMETRIC_SET = Action(
    "CAPTURE_PHOTOMETRIC_SET", CapturePhotometricSet, PhotometricSetResult,
    right="control",
    summary="Take one image per light; photometric_progress tells each step, the reply comes at the end.",
    errors=(errors.NoCameraSelected, errors.UnknownLight, errors.InvalidName, errors.CameraBusy, errors.LightsBusy,
            errors.TriggerMissing, errors.DiskFull, errors.StoreFull, errors.SequenceFailed),
    timeout_s=None,
    example={"light_sequence": ["light_front_left", "light_front_right", "lights_top"],
             "set_name_prefix": "my_object_scan"},
    example_result={
        "message": "Photometric sequence completed successfully.",
        "set_folder": f"photometric_sets/{SET_EXAMPLE}",
        "image_count": 3,
        "images_captured": [
            f"photometric_sets/{SET_EXAMPLE}/image_01_light_front_left.jpg",
            f"photometric_sets/{SET_EXAMPLE}/image_02_light_front_right.jpg",
            f"photometric_sets/{SET_EXAMPLE}/image_03_lights_top.jpg"],
        "job_id": "job-1"},
)  # fmt: skip
CAPTURE_SET = Action(
    "CAPTURE_SET", CaptureSet, PhotometricSetResult,
    right="control",
    summary="Take one image for each combination of the values of several axes; told as CAPTURE_PHOTOMETRIC_SET is.",
    errors=(errors.NoCameraSelected, errors.CameraNotOpen, errors.UnknownLight, errors.InvalidName,
            errors.ConfigNotFound, errors.ConfigReadonly, errors.ConfigInvalid, errors.CameraBusy, errors.LightsBusy,
            errors.TriggerMissing, errors.DiskFull, errors.StoreFull, errors.SequenceFailed),
    timeout_s=None,
    example={"axes": [{"axis": "focus", "count": 8, "step": 2}, {"axis": "light", "values": ["light_left"]}],
             "set_name_prefix": "beetle"},
    example_result={
        "message": "Photometric sequence completed successfully.",
        "set_folder": "photometric_sets/beetle_20231027-150000",
        "image_count": 8,
        "images_captured": [f"photometric_sets/beetle_20231027-150000/image_01_light_left_f{place:02d}.jpg"
                            for place in range(1, 9)],
        "job_id": "job-1"},
    feature=AXES,
)  # fmt: skip
RETAKE_FRAMES = Action(
    "RETAKE_FRAMES", RetakeFrames, Job,
    right="control",
    summary="Take frames of a set again with the values that they had, also long after it was captured.",
    errors=(errors.SetNotFound, errors.JobConflict, errors.UnknownLight, errors.ManifestNewer, errors.CameraNotFound,
            errors.CameraBusy, errors.LightsBusy, errors.TriggerMissing),
    example={"set_name": SET_EXAMPLE, "lights": ["light_left"]},
    example_result=JOB_EXAMPLE,
    feature=FRAME_CHECKS,
)  # fmt: skip
GET_IMAGE_SET_CONTENTS = Action(
    "GET_IMAGE_SET_CONTENTS", SetName, ImageList,
    right="read",
    summary="List the images of a set by filename.",
    repeatable=True,
    errors=(errors.SetNotFound,),
    example={"set_name": SET_EXAMPLE},
    example_result=[{
        "filename": "image_01_light_front_left.jpg",
        "path": f"captures/photometric_sets/{SET_EXAMPLE}/image_01_light_front_left.jpg",
        "size": 5242880, "mimetype": "image/jpeg",
        "url": f"/images/photometric_sets/{SET_EXAMPLE}/image_01_light_front_left.jpg"}],
)  # fmt: skip
GET_IMAGE_SET = Action(
    "GET_IMAGE_SET", SetName, SetDetails,
    right="read",
    summary="Give a set with its images and its manifest.",
    repeatable=True,
    errors=(errors.SetNotFound,),
    example={"set_name": SET_EXAMPLE},
    example_result={"set": {"name": SET_EXAMPLE, "status": "completed", "image_count": 3}, "images": [],
                    "manifest": {"schema_version": 2}},
)  # fmt: skip
GET_IMAGE_SET_FILES = Action(
    "GET_IMAGE_SET_FILES", SetFiles, SetFileList,
    right="read",
    summary="List everything that belongs to a set, as its zip holds it: images, manifest, light directions, results.",
    repeatable=True,
    errors=(errors.SetNotFound, errors.StoreError),
    example={"set_name": SET_EXAMPLE, "files": "jpeg"},
    example_result=[{
        "filename": "manifest.json", "size": 5120, "mimetype": "application/json",
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "url": f"/sets/{SET_EXAMPLE}/manifest.json"}],
    feature=SET_FILES,
)  # fmt: skip
DELETE_IMAGE_SET = Action(
    "DELETE_IMAGE_SET", SetName, Message,
    right="delete",
    summary="Move a set to the trash, from where it can be restored for a time.",
    failure="Failed to delete set '{set_name}'. It might not exist or an error occurred.",
    errors=(errors.SetNotFound, errors.SetBusy, errors.StoreError, errors.StoreFull),
    example={"set_name": SET_EXAMPLE},
    example_result={"message": f"Set '{SET_EXAMPLE}' deleted successfully."},
)  # fmt: skip
RESTORE_IMAGE_SET = Action(
    "RESTORE_IMAGE_SET", SetName, Message,
    right="delete",
    summary="Bring a deleted set back from the trash.",
    errors=(errors.SetNotFound, errors.SetExists),
    example={"set_name": SET_EXAMPLE},
    example_result={"message": f"Set '{SET_EXAMPLE}' restored."},
    feature=TRASH,
)  # fmt: skip
RENAME_IMAGE_SET = Action(
    "RENAME_IMAGE_SET", RenameSet, Message,
    right="control",
    summary="Give a set another name.",
    errors=(errors.SetNotFound, errors.SetBusy, errors.SetExists, errors.InvalidName),
    example={"set_name": SET_EXAMPLE, "new_name": "vase_front"},
    example_result={"message": f"Set '{SET_EXAMPLE}' renamed to 'vase_front'."},
)  # fmt: skip
ANNOTATE_IMAGE_SET = Action(
    "ANNOTATE_IMAGE_SET", AnnotateSet, Message,
    right="control",
    summary="Keep notes and ratings with a set.",
    errors=(errors.SetNotFound, errors.SetBusy, errors.ManifestNewer),
    example={"set_name": SET_EXAMPLE, "rating": 4},
    example_result={"message": f"Notes of set '{SET_EXAMPLE}' kept."},
)  # fmt: skip
SET_SCALE = Action(
    "SET_SCALE", SetScale, ScaleSet,
    right="control",
    summary="Say how large a pixel of a set's images is: in millimetres, or by two points whose distance is known.",
    errors=(errors.SetNotFound, errors.SetBusy, errors.ManifestNewer),
    example={"set_name": SET_EXAMPLE, "points": [[120.0, 80.0], [920.0, 80.0]], "length_mm": 40.0},
    example_result={"message": f"A pixel of set '{SET_EXAMPLE}' has 0.05 mm.", "scale_mm_per_pixel": 0.05},
    feature=RESULTS_STATE,
)  # fmt: skip
GET_IMAGE_DATA = Action(
    "GET_IMAGE_DATA", ImagePath, ImageData,
    right="read",
    summary="Give an image's bytes as Base64 text; over HTTP the same bytes are cheaper.",
    repeatable=True,
    errors=(errors.ImageNotFound, errors.StoreError),
    example={"image_path": f"captures/photometric_sets/{SET_EXAMPLE}/image_01_light_front_left.jpg"},
    example_result={"filename": "image_01_light_front_left.jpg", "image_b64": "/9j/4AAQ...", "mimetype": "image/jpeg"},
)  # fmt: skip
