"""Handlers of the actions on the trash."""

from tetherlight.actions.context import Context, Pair, bind
from tetherlight.protocol.trash import EMPTY_TRASH, LIST_TRASH, ListTrash, TrashContent, TrashEmptied, TrashList


async def list_trash(context: Context, payload: ListTrash) -> TrashList:
    """List what can be brought back."""
    return await context.rig.trash.list(payload)


async def empty_trash(context: Context, payload: TrashContent) -> TrashEmptied:
    """Remove for good what lies there now."""
    return await context.rig.trash.empty(payload)


PAIRS: tuple[Pair, ...] = (
    bind(LIST_TRASH, list_trash),
    bind(EMPTY_TRASH, empty_trash),
)
