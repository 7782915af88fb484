"""Handlers of the actions on single captures."""

from tetherlight.actions.context import Context, Pair, bind
from tetherlight.protocol.captures import ANNOTATE_IMAGE, DELETE_IMAGE, RESTORE_IMAGE, AnnotateImage, Trashed
from tetherlight.protocol.models import ImageFile
from tetherlight.protocol.sets import ImagePath


async def annotate_image(context: Context, payload: AnnotateImage) -> ImageFile:
    """Keep a rating and notes."""
    return await context.rig.captures.annotate(payload)


async def delete_image(context: Context, payload: ImagePath) -> Trashed:
    """Move a single capture to the trash."""
    files = await context.rig.captures.delete(payload.image_path)
    return Trashed(message=f"Image '{files[0].filename}' deleted.", filenames=[one.filename for one in files])


async def restore_image(context: Context, payload: ImagePath) -> ImageFile:
    """Bring a single capture back from the trash."""
    return await context.rig.captures.restore(payload.image_path)


PAIRS: tuple[Pair, ...] = (
    bind(ANNOTATE_IMAGE, annotate_image),
    bind(DELETE_IMAGE, delete_image),
    bind(RESTORE_IMAGE, restore_image),
)
