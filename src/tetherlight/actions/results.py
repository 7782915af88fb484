"""Handlers of the actions on what is computed of sets."""

from tetherlight.actions.context import Context, Pair, bind
from tetherlight.errors import ServerStopping
from tetherlight.protocol.results import (
    RECONSTRUCT_SET,
    RELIGHT_SET,
    MadeResult,
    Reconstructed,
    ReconstructSet,
    RelightSet,
)


async def reconstruct_set(context: Context, payload: ReconstructSet) -> Reconstructed:
    """Compute a surface and answer when it is there; it goes on when the client leaves."""
    _refuse_stopping(context)
    job = await context.rig.surfaces.start(payload)
    return await job.reconstructed()


async def relight_set(context: Context, payload: RelightSet) -> MadeResult:
    """Make a picture that can be lit anew and answer when it is there; it goes on when the client leaves."""
    _refuse_stopping(context)
    job = await context.rig.surfaces.relight(payload)
    return await job.made()


def _refuse_stopping(context: Context) -> None:
    if context.rig.stopping:
        raise ServerStopping


PAIRS: tuple[Pair, ...] = (bind(RECONSTRUCT_SET, reconstruct_set), bind(RELIGHT_SET, relight_set))
