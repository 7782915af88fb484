"""Room on the disk: how much there is, how much a capture takes, and whether that goes together."""

import shutil
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from os import stat_result
from pathlib import Path

from tetherlight.errors import StoreFull
from tetherlight.files.durable import store_errors
from tetherlight.protocol.models import Storage
from tetherlight.store.images import images_in
from tetherlight.store.paths import Places
from tetherlight.store.sets import ImageSets
from tetherlight.store.thumbnails import Thumbnails
from tetherlight.store.trash import Trash

UNKNOWN_EXPOSURE_BYTES = 30_000_000
"""Taken for an exposure while nothing was captured yet: a JPEG and a RAW of 24 megapixels."""
RECENT = 8
EXPENDABLE = timedelta(days=1)
"""For so long what was deleted can be brought back, whatever room there is."""


class Space:
    """The disk of one captures folder."""

    def __init__(
        self, places: Places, sets: ImageSets, trashes: Sequence[Trash], thumbnails: Thumbnails, min_free: int
    ) -> None:
        self._places = places
        self._sets = sets
        self._trashes = trashes
        self._thumbnails = thumbnails
        self._min_free = min_free
        self._taken: deque[int] = deque(maxlen=RECENT)

    def storage(self) -> Storage:
        """Return the room on the disk that holds the captures."""
        with store_errors("The room on the disk is unknown"):
            usage = shutil.disk_usage(_existing(self._places.sets_dir))
        return Storage(
            path=str(self._places.base),
            free_bytes=usage.free,
            total_bytes=usage.total,
            low=usage.free < 2 * self._min_free,
        )

    def require(self, needed: int) -> None:
        """Make sure that so many bytes can be written; raise StoreFull.

        For them the thumbnails go, which can be drawn again, and then what was deleted more than a day ago, what was
        deleted first before the rest.
        """
        while (free := self.storage().free_bytes) < needed + self._min_free:
            if not self._thumbnails.drop() and not self._remove_oldest():
                raise StoreFull(
                    f"The disk has {_readable(free)} free; {_readable(needed)} are needed and "
                    f"{_readable(self._min_free)} must stay free.",
                    hint="Delete what is no longer needed and empty the trash (EMPTY_TRASH), or lower MIN_FREE_BYTES.",
                    details={"free_bytes": free, "needed_bytes": needed, "min_free_bytes": self._min_free},
                )

    def look(self) -> None:
        """Note what in the trash is old enough to go where there is no other way: two looks must agree."""
        for trash in self._trashes:
            trash.due(EXPENDABLE)

    def _remove_oldest(self) -> bool:
        """Remove for good what was deleted first, if that is long enough ago; say whether there was anything."""
        due = [(one.deleted_at, trash, one) for trash in self._trashes for one in trash.due(EXPENDABLE)]
        return any(trash.remove(one, "room") for _, trash, one in sorted(due, key=lambda found: found[0]))

    def taken(self, size: int) -> None:
        """Remember what an exposure took that has just arrived, all its files together."""
        self._taken.append(size)

    def estimate_exposure(self) -> int:
        """Return what the largest of the last exposures took, all its files together.

        The disk is asked until it has shown one: walking through all of it is nothing to do before each exposure.
        """
        if not self._taken:
            self._taken.extend(self._on_disk())
        return max(self._taken, default=UNKNOWN_EXPOSURE_BYTES)

    def _on_disk(self) -> list[int]:
        newest = [self._places.sets_dir / name for name in self._sets.last_changed()[:1]]
        sizes: list[int] = []
        for folder in (self._places.captures_dir, *newest):
            with suppress(OSError):  # one that cannot be read says nothing
                sizes += _exposures(images_in(folder))
        return sorted(sizes)[-RECENT:]


def _exposures(images: Iterable[tuple[Path, stat_result]]) -> list[int]:
    """Return the bytes of the last exposures of a folder; files of one exposure share their stem."""
    sizes: dict[str, int] = defaultdict(int)
    times: dict[str, float] = {}
    for path, status in images:
        sizes[path.stem] += status.st_size
        times[path.stem] = status.st_mtime
    return [sizes[stem] for stem in sorted(times, key=times.__getitem__)[-RECENT:]]


def _existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.exists())


def _readable(size: float) -> str:
    """Write bytes as people do."""
    for unit in ("bytes", "KB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
