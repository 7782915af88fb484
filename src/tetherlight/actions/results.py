"""Handlers of the actions on what is computed of sets."""

from tetherlight.actions.context import Context, Pair, bind
from tetherlight.errors import ServerStopping
from tetherlight.protocol.results import RECONSTRUCT_SET, Reconstructed, ReconstructSet


async def reconstruct_set(context: Context, payload: ReconstructSet) -> Reconstructed:
    """Compute a surface and answer when it is there; it goes on when the client leaves."""
    if context.rig.stopping:
        raise ServerStopping
    job = await context.rig.surfaces.start(payload)
    return await job.reconstructed()


PAIRS: tuple[Pair, ...] = (bind(RECONSTRUCT_SET, reconstruct_set),)
