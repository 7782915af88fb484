"""Image sets that are there: deleted, restored, renamed and annotated, and told to whom it concerns."""

from functools import partial

from tetherlight.changes import Changes
from tetherlight.jobs import Jobs
from tetherlight.protocol.events import SETS_CHANGED, SetChange
from tetherlight.protocol.sets import AnnotateSet
from tetherlight.publisher import Publisher
from tetherlight.store.store import Store


class Sets:
    """Looks after the image sets, and lets their jobs follow."""

    def __init__(self, store: Store, jobs: Jobs, publisher: Publisher, changes: Changes) -> None:
        self._store = store
        self._changes = changes
        self._jobs = jobs
        self._publisher = publisher

    async def delete(self, name: str) -> None:
        """Move a set to the trash."""
        await self._changes.make(partial(self._store.delete_set, name))
        self._jobs.forget_set(name)
        self._tell(SetChange(set_name=name, change="deleted"))

    async def restore(self, name: str) -> None:
        """Bring a set back from the trash."""
        await self._changes.make(partial(self._store.restore_set, name))
        self._tell(SetChange(set_name=name, change="restored"))

    async def rename(self, name: str, new_name: str) -> str:
        """Rename a set and return the name as it is now."""
        new_name = await self._changes.make(partial(self._store.rename_set, name, new_name))
        self._jobs.renamed(name, new_name)
        self._tell(SetChange(set_name=name, change="renamed", new_name=new_name))
        return new_name

    async def annotate(self, wanted: AnnotateSet) -> None:
        """Keep what people note about a set."""
        await self._changes.make(partial(self._store.annotate_set, wanted))
        self._tell(SetChange(set_name=wanted.set_name, change="updated"))

    def _tell(self, change: SetChange) -> None:
        self._publisher.publish(SETS_CHANGED, change)
