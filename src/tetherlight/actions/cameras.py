"""Handlers of the actions on cameras."""

from tetherlight.actions.context import Context, Pair, bind
from tetherlight.camera.focus import autofocus, drive_focus
from tetherlight.protocol.action import CameraPayload
from tetherlight.protocol.cameras import (
    AUTOFOCUS,
    CAPTURE_IMAGE,
    DESELECT_CAMERA,
    DRIVE_FOCUS,
    GET_CAMERAS,
    GET_CONFIG,
    GET_PREVIEW,
    READY,
    SELECT_CAMERA,
    SET_CONFIG,
    START_LIVEVIEW,
    STOP_LIVEVIEW,
    Autofocus,
    CameraList,
    CaptureImage,
    CaptureResult,
    ConfigReply,
    DriveFocus,
    GetConfig,
    Message,
    NoPayload,
    Ready,
    SelectCamera,
    SetConfig,
    StartedLiveview,
    StartLiveview,
)
from tetherlight.protocol.messages import Encoded
from tetherlight.protocol.models import CameraInfo, ConfigEntry


async def get_cameras(context: Context, _: NoPayload) -> CameraList:
    """List the cameras that are there."""
    return CameraList(await context.rig.cameras.look())


async def select_camera(context: Context, payload: SelectCamera) -> CameraInfo:
    """Open a camera, and select it unless that is not wanted."""
    return await context.rig.cameras.select(payload.model, payload.port, payload.camera_id, select=payload.select)


async def deselect_camera(context: Context, payload: CameraPayload) -> Message:
    """Close a camera."""
    await context.rig.cameras.deselect(payload.camera_id)
    return Message(message="Camera deselected successfully.")


async def get_config(context: Context, payload: GetConfig) -> Encoded[ConfigReply]:
    """Give one entry or all."""
    camera = await context.rig.cameras.find(payload.camera_id)
    return Encoded(camera.encoded_config(payload.config_name))


async def set_config(context: Context, payload: SetConfig) -> ConfigEntry:
    """Set one entry."""
    async with context.rig.cameras.turn(payload.camera_id) as camera:
        return await camera.set_config(payload.config_name, payload.value, force=payload.force)


async def capture_image(context: Context, payload: CaptureImage) -> CaptureResult:
    """Take a picture."""
    async with context.rig.cameras.turn(payload.camera_id) as camera:
        return await context.rig.captures.capture(camera, download=payload.download, exposure_s=payload.exposure_s)


async def start_liveview(context: Context, payload: StartLiveview) -> StartedLiveview:
    """Begin to send frames to the connection that asks."""
    stream = await context.caller.start_liveview(
        payload.camera_id,
        context.rig.cameras.find_liveview,
        payload.encoding,
        payload.max_fps,
        paced=payload.paced,
        max_width=payload.max_width,
        adaptive=payload.adaptive,
    )
    return StartedLiveview(
        message="Liveview stream initiated.", camera_id=stream.liveview.camera_id, stream=stream.number
    )


async def stop_liveview(context: Context, payload: CameraPayload) -> Message:
    """End the connection's streams."""
    context.caller.stop_liveview(payload.camera_id)
    return Message(message="Liveview stream stopped.")


async def get_preview(context: Context, payload: CameraPayload) -> Message:
    """Begin to send bare JPEGs to the connection that asks."""
    await context.caller.start_liveview(payload.camera_id, context.rig.cameras.find_liveview, "raw")
    return Message(message="Raw byte preview stream requested.")


async def ready(context: Context, payload: Ready) -> Message:
    """Let the next frame of a paced stream go."""
    context.caller.ready(payload.camera_id, payload.seq)
    return Message(message="Ready.")


async def move_focus(context: Context, payload: DriveFocus) -> Message:
    """Move the lens."""
    async with context.rig.cameras.turn(payload.camera_id) as camera:
        await drive_focus(camera, payload.step)
    return Message(message="Focus moved.")


async def focus_once(context: Context, payload: Autofocus) -> Message:
    """Focus once, at a point if one is given."""
    async with context.rig.cameras.turn(payload.camera_id) as camera:
        live = context.rig.cameras.liveview(camera.camera_id).viewers > 0
        await autofocus(camera, payload.point, live=live)
    return Message(message="Autofocus done.")


PAIRS: tuple[Pair, ...] = (
    bind(GET_CAMERAS, get_cameras),
    bind(SELECT_CAMERA, select_camera),
    bind(DESELECT_CAMERA, deselect_camera),
    bind(GET_CONFIG, get_config),
    bind(SET_CONFIG, set_config),
    bind(CAPTURE_IMAGE, capture_image),
    bind(START_LIVEVIEW, start_liveview),
    bind(STOP_LIVEVIEW, stop_liveview),
    bind(GET_PREVIEW, get_preview),
    bind(READY, ready),
    bind(DRIVE_FOCUS, move_focus),
    bind(AUTOFOCUS, focus_once),
)
