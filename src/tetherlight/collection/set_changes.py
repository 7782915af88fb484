"""What happens to image sets, told together with the set as it is then."""

import asyncio
import logging

from tetherlight.errors import TetherlightError
from tetherlight.protocol.events import SETS_CHANGED, SetChange, SetChangeKind
from tetherlight.protocol.models import ImageSet
from tetherlight.publisher import Publisher
from tetherlight.store.store import Store

logger = logging.getLogger(__name__)


class SetChanges:
    """Tells the sets topic what changed; it costs one look at one set, however many there are and whoever listens."""

    def __init__(self, store: Store, publisher: Publisher) -> None:
        self._store = store
        self._publisher = publisher
        # What was seen first is told first: the last event of a set tells how it is.
        self._telling = asyncio.Lock()

    async def tell(self, name: str, change: SetChangeKind, *, new_name: str | None = None) -> None:
        """Tell that a set is new, changed or gone."""
        async with self._telling:
            summary = await asyncio.to_thread(self._summary, new_name or name)
            told = SetChange(set_name=name, change=change, new_name=new_name, set=summary)
            self._publisher.publish(SETS_CHANGED, told)

    def _summary(self, name: str) -> ImageSet | None:
        try:
            return self._store.sets.summary(name)
        except TetherlightError as error:
            logger.warning("Set '%s' is told as gone: %s", name, error.message)
            return None
