"""The action that takes pictures with several cameras in one moment."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from tetherlight import errors
from tetherlight.protocol.action import Action, Payload
from tetherlight.protocol.models import ImageFile, Model
from tetherlight.protocol.names import Feature

Trigger = Literal["line", "software"]
MAX_CAMERAS = 64


class CaptureAll(Payload):
    """Which cameras, and what releases them."""

    camera_ids: list[str] | None = Field(
        default=None, min_length=1, max_length=MAX_CAMERAS, description="Open cameras; all of them where none is named."
    )
    trigger: Trigger | None = Field(
        default=None,
        description="`line`: the lines of the rig file, in one step of the kernel. `software`: each camera's own "
        "connection, side by side. Where nothing is said, lines if they fire all of these cameras.",
    )
    download: bool = True


class Frame(Model):
    """What one camera gave of an exposure."""

    camera_id: str
    file_path: str | None = Field(
        default=None, description="The JPEG, else the first file; null where nothing was downloaded."
    )
    files: list[ImageFile] = Field(default_factory=list, description="Every file of the camera's picture.")
    camera_path: str | None = Field(default=None, description="Where the picture lies on the camera's card.")
    captured_at: datetime | None = Field(default=None, description="When it was released; null without a picture.")
    error: str | None = Field(default=None, description="Why there is no picture.")
    error_code: str | None = None


class CaptureAllResult(Model):
    """What several cameras gave of one exposure, also as partial result where some gave nothing."""

    message: str
    exposure_id: str = Field(description="What no other exposure is called.")
    trigger: Trigger = Field(description="What released the cameras.")
    skew_ms: float = Field(
        description="Between the first release and the last. Of lines how long the kernel took to set them, in the "
        "simulator when shutters opened; by software when the cameras were told. What a body needs then comes on top."
    )
    frames: list[Frame] = Field(description="One for each camera, in the order in which they were named.")

    @property
    def files(self) -> list[ImageFile]:
        """Every file of every frame."""
        return [file for frame in self.frames for file in frame.files]


CAPTURE_TOGETHER = Feature("capture_together", "Several cameras released in one moment, by lines or by software.")

CAPTURE_ALL = Action(
    "CAPTURE_ALL", CaptureAll, CaptureAllResult,
    right="control",
    summary="Take a picture with several cameras in one moment: all are released, or none.",
    failure="Failed to capture with all cameras.",
    errors=(errors.CameraNotOpen, errors.CameraNotFound, errors.TriggerMissing, errors.TriggerFailed,
            errors.CaptureIncomplete, errors.CaptureFailed, errors.CaptureRefused, errors.CardFull, errors.CameraBusy,
            errors.CameraLost, errors.CameraTimeout, errors.DiskFull, errors.StoreFull),
    timeout_s=180.0,
    example={"trigger": "line"},
    example_result={
        "message": "2 of 2 cameras gave a picture.", "exposure_id": "exposure-5f0c11aa", "trigger": "line",
        "skew_ms": 0.021,
        "frames": [
            {"camera_id": camera_id, "file_path": f"captures/{name}", "captured_at": "2023-10-27T12:30:00Z",
             "files": [{"filename": name, "path": f"captures/{name}", "size": 5242880, "mimetype": "image/jpeg",
                        "url": f"/images/{name}"}]}
            for camera_id, name in (
                ("canon-eos-1300d-087000000001", "image_Canon_EOS_1300D_20231027-143000.jpg"),
                ("canon-eos-1300d-087000000002", "image_Canon_EOS_1300D_20231027-143000-2.jpg"),
            )
        ]},
    feature=CAPTURE_TOGETHER,
)  # fmt: skip
