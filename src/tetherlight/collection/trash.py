"""What was deleted: listed, removed for good, and each removal told."""

import asyncio
from contextlib import suppress

from tetherlight.protocol.events import STORAGE_CHANGED, TRASH_REMOVED
from tetherlight.protocol.trash import ListTrash, TrashContent, TrashEmptied, TrashKind, TrashList, TrashRemoved
from tetherlight.publisher import Publisher
from tetherlight.store.store import Store
from tetherlight.store.trash import Deleted, Trash, Why
from tetherlight.store.trash_list import emptied, listed


class TrashCan:
    """The trash of the sets and that of the single captures, as clients know them."""

    def __init__(self, store: Store, publisher: Publisher) -> None:
        self._store = store
        self._publisher = publisher

    async def list(self, wanted: ListTrash) -> TrashList:
        """List what can be brought back, what was deleted last first."""
        return await asyncio.to_thread(listed, self._store, wanted.kind, wanted.limit)

    async def empty(self, wanted: TrashContent) -> TrashEmptied:
        """Remove for good what lies there now."""
        # It may take minutes, and others may delete and restore meanwhile.
        result = await asyncio.to_thread(emptied, self._store, wanted.kind)
        self._publisher.publish(STORAGE_CHANGED, await asyncio.to_thread(self._store.space.storage))
        return result

    def tell_removals(self) -> None:
        """Tell from now on what goes for good, whyever it does; called on the event loop."""
        loop = asyncio.get_running_loop()
        kinds: tuple[tuple[Trash, TrashKind], ...] = (
            (self._store.sets.trash, "set"),
            (self._store.captures.trash, "capture"),
        )
        for trash, kind in kinds:

            def removed(deleted: Deleted, why: Why, kind: TrashKind = kind) -> None:
                told = TrashRemoved(kind=kind, name=deleted.name, deleted_at=deleted.deleted_at, why=why)
                with suppress(RuntimeError):  # the loop is closed: nobody listens any more
                    loop.call_soon_threadsafe(self._publisher.publish, TRASH_REMOVED, told)

            trash.removed = removed
