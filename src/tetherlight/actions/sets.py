"""Handlers of the actions on image sets and images."""

import asyncio
import base64

from tetherlight.actions.context import Context, Pair, bind
from tetherlight.errors import InvalidPayload
from tetherlight.protocol.cameras import Message
from tetherlight.protocol.models import Job
from tetherlight.protocol.set_lists import ImageList
from tetherlight.protocol.sets import (
    ANNOTATE_IMAGE_SET,
    CAPTURE_PHOTOMETRIC_SET,
    CAPTURE_SET,
    DELETE_IMAGE_SET,
    GET_IMAGE_DATA,
    GET_IMAGE_SET,
    GET_IMAGE_SET_CONTENTS,
    GET_IMAGE_SET_FILES,
    RENAME_IMAGE_SET,
    RESTORE_IMAGE_SET,
    RETAKE_FRAMES,
    SET_SCALE,
    AnnotateSet,
    CapturePhotometricSet,
    CaptureSet,
    ImageData,
    ImagePath,
    PhotometricSetResult,
    RenameSet,
    RetakeFrames,
    ScaleSet,
    SetDetails,
    SetFileList,
    SetFiles,
    SetName,
    SetScale,
)


async def capture_photometric_set(context: Context, payload: CapturePhotometricSet) -> PhotometricSetResult:
    """Run a sequence and answer when it has ended; it goes on when the client leaves."""
    job = await context.rig.start_set(payload, requester=context.caller.id, request_id=context.request.request_id)
    return await job.result()


async def capture_set(context: Context, payload: CaptureSet) -> PhotometricSetResult:
    """Run a plan of axes and answer when it has ended; it goes on when the client leaves."""
    job = await context.rig.start_set(payload, requester=context.caller.id, request_id=context.request.request_id)
    return await job.result()


async def retake_frames(context: Context, payload: RetakeFrames) -> Job:
    """Take frames of a set again."""
    return await context.rig.shooting.retake(payload)


async def get_image_set_contents(context: Context, payload: SetName) -> ImageList:
    """List the images of a set."""
    return ImageList(await asyncio.to_thread(context.rig.store.sets.contents, payload.set_name))


async def get_image_set(context: Context, payload: SetName) -> SetDetails:
    """Give a set with its manifest."""
    return await asyncio.to_thread(context.rig.store.sets.details, payload.set_name)


async def get_image_set_files(context: Context, payload: SetFiles) -> SetFileList:
    """List what belongs to a set."""
    return SetFileList(await asyncio.to_thread(context.rig.store.sets.files, payload.set_name, payload.files))


async def delete_image_set(context: Context, payload: SetName) -> Message:
    """Move a set to the trash."""
    await context.rig.sets.delete(payload.set_name)
    return Message(message=f"Set '{payload.set_name}' deleted successfully.")


async def restore_image_set(context: Context, payload: SetName) -> Message:
    """Bring a set back from the trash."""
    await context.rig.sets.restore(payload.set_name)
    return Message(message=f"Set '{payload.set_name}' restored.")


async def rename_image_set(context: Context, payload: RenameSet) -> Message:
    """Give a set another name."""
    name = await context.rig.sets.rename(payload.set_name, payload.new_name)
    return Message(message=f"Set '{payload.set_name}' renamed to '{name}'.")


async def annotate_image_set(context: Context, payload: AnnotateSet) -> Message:
    """Keep notes and ratings."""
    await context.rig.sets.annotate(payload)
    return Message(message=f"Notes of set '{payload.set_name}' kept.")


async def set_scale(context: Context, payload: SetScale) -> ScaleSet:
    """Keep how large a pixel is."""
    scale = payload.scale
    if scale is None:
        raise InvalidPayload(
            "A scale is mm_per_pixel, or two points at least a pixel apart with length_mm; at most 1000 mm a pixel."
        )
    await context.rig.sets.annotate(AnnotateSet(set_name=payload.set_name, scale_mm_per_pixel=scale))
    return ScaleSet(message=f"A pixel of set '{payload.set_name}' has {scale:.4g} mm.", scale_mm_per_pixel=scale)


async def get_image_data(context: Context, payload: ImagePath) -> ImageData:
    """Give an image's bytes as text."""

    def read() -> ImageData:
        filename, data, mimetype = context.rig.store.read_image(payload.image_path)
        return ImageData(filename=filename, image_b64=base64.b64encode(data).decode(), mimetype=mimetype)

    return await asyncio.to_thread(read)


PAIRS: tuple[Pair, ...] = (
    bind(CAPTURE_PHOTOMETRIC_SET, capture_photometric_set),
    bind(CAPTURE_SET, capture_set),
    bind(RETAKE_FRAMES, retake_frames),
    bind(GET_IMAGE_SET_CONTENTS, get_image_set_contents),
    bind(GET_IMAGE_SET, get_image_set),
    bind(GET_IMAGE_SET_FILES, get_image_set_files),
    bind(DELETE_IMAGE_SET, delete_image_set),
    bind(RESTORE_IMAGE_SET, restore_image_set),
    bind(RENAME_IMAGE_SET, rename_image_set),
    bind(ANNOTATE_IMAGE_SET, annotate_image_set),
    bind(SET_SCALE, set_scale),
    bind(GET_IMAGE_DATA, get_image_data),
)
