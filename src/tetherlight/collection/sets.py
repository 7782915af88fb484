"""Image sets that are there: listed, deleted, restored, renamed and annotated, and told to whom it concerns."""

import asyncio
from functools import partial
from typing import Protocol

from tetherlight.collection.changes import Changes
from tetherlight.collection.set_changes import SetChanges
from tetherlight.protocol.messages import Encoded
from tetherlight.protocol.set_lists import ImageSetList, ImageSetPage, ListSets, SetFacets
from tetherlight.protocol.sets import AnnotateSet
from tetherlight.publisher import Publisher
from tetherlight.store.store import Store

FIRST_PAGE = ListSets()


class Followers(Protocol):
    """Those who work on sets, by name."""

    def forget_set(self, name: str) -> None:
        """Hear that a set was deleted."""

    def renamed(self, name: str, new_name: str) -> None:
        """Hear that a set has a new name."""


class Sets:
    """Looks after the image sets, and lets their jobs follow."""

    def __init__(
        self, store: Store, jobs: Followers, publisher: Publisher, changes: Changes, set_changes: SetChanges
    ) -> None:
        self._store = store
        self._changes = changes
        self._jobs = jobs
        self._publisher = publisher
        self._set_changes = set_changes
        # One list at a time: what it has read serves the others, which take no thread while they wait.
        self._listing = asyncio.Lock()

    async def list(self, wanted: ListSets) -> Encoded[ImageSetList]:
        """Return the sets that are wanted: a page where there is a limit, else all that match."""
        if wanted.limit is not None or wanted.cursor is not None:
            return Encoded((await self.page(wanted)).model_dump_json().encode())
        async with self._listing:
            return Encoded(await asyncio.to_thread(self._store.list_sets_as_json, wanted))

    async def page(self, wanted: ListSets = FIRST_PAGE) -> ImageSetPage:
        """Return a page of the sets that are wanted, with the number of the last event that is in it for sure."""
        async with self._listing:
            seq = self._publisher.seq("sets")
            return await asyncio.to_thread(self._store.page_of_sets, wanted, seq)

    async def facets(self, wanted: ListSets) -> SetFacets:
        """Return what the sets that are wanted have in common."""
        async with self._listing:
            return await asyncio.to_thread(self._store.facets_of_sets, wanted)

    async def delete(self, name: str) -> None:
        """Move a set to the trash."""
        await self._changes.make(partial(self._store.sets.delete, name))
        self._jobs.forget_set(name)
        await self._set_changes.tell(name, "deleted")

    async def restore(self, name: str) -> None:
        """Bring a set back from the trash."""
        await self._changes.make(partial(self._store.sets.restore, name))
        await self._set_changes.tell(name, "restored")

    async def rename(self, name: str, new_name: str) -> str:
        """Rename a set and return the name as it is now."""
        new_name = await self._changes.make(partial(self._store.sets.rename, name, new_name))
        self._jobs.renamed(name, new_name)
        await self._set_changes.tell(name, "renamed", new_name=new_name)
        return new_name

    async def annotate(self, wanted: AnnotateSet) -> None:
        """Keep what people note about a set."""
        await self._changes.make(partial(self._store.sets.annotate, wanted))
        await self._set_changes.tell(wanted.set_name, "updated")
