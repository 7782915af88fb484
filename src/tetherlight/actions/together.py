"""Handler of the action that takes pictures with several cameras in one moment."""

from tetherlight.actions.context import Context, Pair, bind
from tetherlight.protocol.together import CAPTURE_ALL, CaptureAll, CaptureAllResult


async def capture_all(context: Context, payload: CaptureAll) -> CaptureAllResult:
    """Take a picture with each of several cameras."""
    turns = await context.rig.cameras.turns(payload.camera_ids)
    return await context.rig.together.capture(turns, trigger=payload.trigger, download=payload.download)


PAIRS: tuple[Pair, ...] = (bind(CAPTURE_ALL, capture_all),)
