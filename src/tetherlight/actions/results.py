"""Handlers of the actions on what is computed of sets."""

from tetherlight.actions.context import Context, Pair, bind
from tetherlight.errors import ServerStopping
from tetherlight.protocol.results import (
    EXPORT_SET,
    MERGE_FOCUS,
    RECONSTRUCT_SET,
    RELIGHT_SET,
    Exported,
    ExportSet,
    MadeResult,
    MergeFocus,
    Reconstructed,
    ReconstructSet,
    RelightSet,
)
from tetherlight.protocol.routes import SET_EXPORT


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


async def merge_focus(context: Context, payload: MergeFocus) -> MadeResult:
    """Merge a focus stack and answer when it is done; it goes on when the client leaves."""
    _refuse_stopping(context)
    job = await context.rig.surfaces.merge_focus(payload)
    return await job.made()


async def export_set(context: Context, payload: ExportSet) -> Exported:
    """Make an export and answer when it is there; it goes on when the client leaves."""
    _refuse_stopping(context)
    job = await context.rig.surfaces.export(payload)
    made = await job.made()
    return Exported(**dict(made), url=SET_EXPORT.url(name=payload.set_name, to=payload.to))


def _refuse_stopping(context: Context) -> None:
    if context.rig.stopping:
        raise ServerStopping


PAIRS: tuple[Pair, ...] = (
    bind(RECONSTRUCT_SET, reconstruct_set),
    bind(RELIGHT_SET, relight_set),
    bind(MERGE_FOCUS, merge_focus),
    bind(EXPORT_SET, export_set),
)
