"""Actions on cameras: choosing, configuring, capturing and watching them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, RootModel, model_validator

from tetherlight import errors
from tetherlight.protocol.action import Action, CameraPayload, Payload
from tetherlight.protocol.axes import LEAST_HELD_S, MOST_HELD_S
from tetherlight.protocol.models import CameraInfo, ConfigEntry, ImageFile, Model
from tetherlight.protocol.names import Feature

Encoding = Literal["base64", "binary"]
Share = Annotated[float, Field(ge=0, le=1)]


class NoPayload(Payload):
    """Nothing is needed."""


class Message(Model):
    """A sentence that says what was done."""

    message: str


class CameraList(RootModel[list[CameraInfo]]):
    """The cameras that are there now."""


class SelectCamera(Payload):
    """What the camera must match; with nothing given it is the first one that GET_CAMERAS lists, each time the same."""

    model: str | None = None
    port: str | None = Field(
        default=None,
        description="With the camera_id of a lost camera: where it is now, which is then believed of a body without a "
        "serial number.",
    )
    camera_id: str | None = Field(default=None, description="Opens this camera beside the others and selects it.")
    select: bool = Field(
        default=True, description="False opens the camera of this camera_id and leaves the selected one as it is."
    )


class GetConfig(CameraPayload):
    """Which config entry is wanted; all of them where none is named."""

    config_name: str | None = Field(default=None, description="A name, an alias or a full path.")


class ConfigReply(RootModel[ConfigEntry | list[ConfigEntry]]):
    """One config entry where one was named, else all of them."""


class SetConfig(CameraPayload):
    """A config entry and the value that it shall have."""

    config_name: str
    value: bool | int | float | str
    force: bool = Field(
        default=False,
        description="Have the camera asked also where the driver calls the entry read-only; what it kept is told.",
    )


class CaptureImage(CameraPayload):
    """Whether the files of the exposure are downloaded to the server, and how long it is beyond the camera's times."""

    download: bool = True
    exposure_s: float | None = Field(
        default=None,
        ge=LEAST_HELD_S,
        le=MOST_HELD_S,
        allow_inf_nan=False,
        description="Hold the shutter open for so many seconds, longer than the times of the camera (bulb).",
    )

    @property
    def takes_s(self) -> float:
        """Return how long the exposure takes, with the second one that many bodies take against noise."""
        return 2 * (self.exposure_s or 0.0)


class CaptureResult(Model):
    """What an exposure gave."""

    message: str
    camera_id: str
    file_path: str | None = Field(
        default=None, description="The JPEG, else the first file; null where nothing was downloaded."
    )
    files: list[ImageFile] = Field(default_factory=list, description="Every file of the exposure.")
    camera_path: str | None = Field(default=None, description="Where the picture lies on the camera's card.")
    captured_at: datetime


class StartLiveview(CameraPayload):
    """How the frames shall come."""

    encoding: Encoding = "base64"
    max_fps: float | None = Field(
        default=None, gt=0, le=120, description="At most so many frames a second to this viewer."
    )
    paced: bool = Field(default=False, description="Send the next frame only after READY; the newest one wins.")
    max_width: int | None = Field(
        default=None,
        ge=240,
        le=100_000,
        description="No frame is wider than this, in pixels: it has 640, 480, 320 or 240, or is whole where the "
        "camera's are no wider.",
    )
    adaptive: bool = Field(
        default=False,
        description="Send smaller frames as long as whole ones take too long to this viewer; only with `paced`.",
    )

    @model_validator(mode="after")
    def _adaptive_is_paced(self) -> "StartLiveview":
        if self.adaptive and not self.paced:
            raise ValueError("adaptive needs paced: READY tells how long a frame takes")
        return self


class StartedLiveview(Message):
    """The stream that began."""

    camera_id: str
    stream: int = Field(description="Stands in the header of this stream's binary frames.")


class Ready(CameraPayload):
    """The last frame was drawn; the next one may come. It is answered only where it has a request_id."""

    seq: int | None = Field(default=None, description="The frame that was drawn.")


class DriveFocus(CameraPayload):
    """How the lens shall move: negative is nearer; 1, 2, 3 are small, middle and large steps."""

    step: int = Field(ge=-3, le=3)


class Autofocus(CameraPayload):
    """Where the camera shall focus; wherever it likes if that is not said."""

    point: tuple[Share, Share] | None = Field(
        default=None, description="Shares of the live view's width and height, from its upper left corner."
    )


BINARY_LIVEVIEW = Feature("binary_liveview", "Frames as binary messages with a header, paced where that is wanted.")
LIVEVIEW_SIZES = Feature(
    "liveview_sizes", "Live views in smaller frames, as asked for or as the way to a client allows."
)
FOCUS_POINT = Feature("focus_point", "Autofocus at a point of the live view.")

GET_CAMERAS = Action(
    "GET_CAMERAS", NoPayload, CameraList,
    right="read",
    summary="List the cameras that are there: on USB and the configured ones on the network.",
    repeatable=True,
    failure="Failed to list cameras due to gphoto2 error.",
    errors=(errors.DetectionFailed,),
    example_result=[
        {"model": "Canon EOS Rebel T6", "port": "usb:001,006", "camera_id": "canon-eos-rebel-t6-062071001234",
         "serial": "062071001234", "selected": True, "open": True, "state": "ready"},
    ],
)  # fmt: skip
SELECT_CAMERA = Action(
    "SELECT_CAMERA", SelectCamera, CameraInfo,
    right="control",
    summary="Open a camera and make it the one that is meant when a request names none.",
    failure="Failed to select camera or camera not found.",
    errors=(errors.CameraNotFound, errors.CameraBusy, errors.CameraClaimed, errors.CameraForbidden,
            errors.CameraTimeout),
    timeout_s=120.0,
    example={"model": "Canon EOS Rebel T6", "port": "usb:001,006"},
    example_result={"model": "Canon EOS Rebel T6", "port": "usb:001,006",
                    "camera_id": "canon-eos-rebel-t6-062071001234",
                    "serial": "062071001234", "selected": True, "open": True, "state": "ready"},
)  # fmt: skip
DESELECT_CAMERA = Action(
    "DESELECT_CAMERA", CameraPayload, Message,
    right="control",
    summary="Close the selected camera, or the named one, and free its USB device.",
    failure="Failed to properly deselect camera.",
    errors=(errors.CameraBusy, errors.CameraNotFound),
    example_result={"message": "Camera deselected successfully."},
)  # fmt: skip
GET_CONFIG = Action(
    "GET_CONFIG", GetConfig, ConfigReply,
    right="read",
    summary="Give one config entry of the camera, or all of them.",
    repeatable=True,
    errors=(errors.NoCameraSelected, errors.ConfigNotFound, errors.CameraNotOpen),
    example={"config_name": "iso"},
    example_result={"name": "iso", "label": "ISO Speed", "value": "100", "type": "menu", "readonly": False,
                    "options": ["100", "200", "400"], "path": "/main/imgsettings/iso", "alias": "iso"},
)  # fmt: skip
SET_CONFIG = Action(
    "SET_CONFIG", SetConfig, ConfigEntry,
    right="control",
    summary="Set one config entry and read it back.",
    failure="Failed to set config '{config_name}'.",
    errors=(errors.NoCameraSelected, errors.ConfigNotFound, errors.ConfigReadonly, errors.ConfigInvalid,
            errors.ConfigRejected, errors.CameraBusy, errors.CameraTimeout, errors.CameraLost),
    example={"config_name": "iso", "value": "200"},
    example_result={"name": "iso", "label": "ISO Speed", "value": "200", "type": "menu", "readonly": False,
                    "options": ["100", "200", "400"], "path": "/main/imgsettings/iso", "alias": "iso"},
)  # fmt: skip
CAPTURE_IMAGE = Action(
    "CAPTURE_IMAGE", CaptureImage, CaptureResult,
    right="control",
    summary="Take a picture and download every file of it, or leave it on the camera's card.",
    failure="Failed to capture image.",
    errors=(errors.NoCameraSelected, errors.CaptureFailed, errors.CaptureRefused, errors.CardFull, errors.CameraBusy,
            errors.CameraLost, errors.CameraTimeout, errors.DiskFull, errors.StoreFull),
    timeout_s=180.0,
    example={"download": True},
    example_result={
        "message": "Image captured and downloaded.",
        "camera_id": "canon-eos-rebel-t6-062071001234",
        "file_path": "captures/image_Canon_EOS_Rebel_T6_20231027-143000.jpg",
        "files": [{
            "filename": "image_Canon_EOS_Rebel_T6_20231027-143000.jpg",
            "path": "captures/image_Canon_EOS_Rebel_T6_20231027-143000.jpg",
            "size": 5242880, "mimetype": "image/jpeg",
            "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "url": "/images/image_Canon_EOS_Rebel_T6_20231027-143000.jpg"}],
        "captured_at": "2023-10-27T12:30:00Z"},
)  # fmt: skip
START_LIVEVIEW = Action(
    "START_LIVEVIEW", StartLiveview, StartedLiveview,
    right="read",
    summary="Send the camera's live view to this connection, frame by frame.",
    errors=(errors.NoCameraSelected, errors.PreviewUnsupported, errors.PreviewFailed, errors.LiveviewStopped,
            errors.CameraLost),
    example={"encoding": "binary", "max_fps": 15},
    example_result={"message": "Liveview stream initiated.", "camera_id": "canon-eos-1300d-1", "stream": 1},
    feature=LIVEVIEW_SIZES,
)  # fmt: skip
STOP_LIVEVIEW = Action(
    "STOP_LIVEVIEW", CameraPayload, Message,
    right="read",
    summary="End this connection's live view of the named camera, or of all.",
    example_result={"message": "Liveview stream stopped."},
)  # fmt: skip
GET_PREVIEW = Action(
    "GET_PREVIEW", CameraPayload, Message,
    right="read",
    summary="Send the live view as one bare JPEG per binary message.",
    errors=(errors.NoCameraSelected, errors.PreviewUnsupported, errors.PreviewFailed, errors.LiveviewStopped,
            errors.CameraLost),
    example_result={"message": "Raw byte preview stream requested."},
)  # fmt: skip
READY = Action(
    "READY", Ready, Message,
    right="read",
    summary="Say that the last frame of a paced live view was drawn.",
    example={"seq": 41},
    example_result={"message": "Ready."},
    feature=BINARY_LIVEVIEW,
)  # fmt: skip
DRIVE_FOCUS = Action(
    "DRIVE_FOCUS", DriveFocus, Message,
    right="control",
    summary="Move the lens's focus by a step while the live view runs.",
    errors=(errors.NoCameraSelected, errors.ConfigNotFound, errors.CameraBusy, errors.ConfigRejected),
    example={"step": -2},
    example_result={"message": "Focus moved."},
)  # fmt: skip
AUTOFOCUS = Action(
    "AUTOFOCUS", Autofocus, Message,
    right="control",
    summary="Let the camera focus by itself, once, also at a point of the live view.",
    errors=(errors.NoCameraSelected, errors.ConfigNotFound, errors.CameraBusy, errors.ConfigRejected,
            errors.CameraTimeout),
    example={"point": [0.25, 0.5]},
    example_result={"message": "Autofocus done."},
    feature=FOCUS_POINT,
)  # fmt: skip
