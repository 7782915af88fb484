"""What lists tell of each image set, kept in memory and held against the disk each time.

The disk is the truth. An entry remembers how folder and manifest were stamped before they were read; where the disk
shows another stamp, the set is read again. Stamps are coarse: file systems count in steps of up to two seconds. So what
has changed a moment ago may change once more and look the same; such an entry is read again until it has rested. The
index can be dropped at any time and costs nothing but reading.
"""

import logging
import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from pydantic_core import to_json

from tetherlight.errors import StoreError
from tetherlight.naming.rules import is_visible
from tetherlight.protocol.manifest import MANIFEST
from tetherlight.protocol.models import ImageSet

logger = logging.getLogger(__name__)

REST_NS = 2_500_000_000
"""Nanoseconds without a change after which a stamp that stays the same means content that stays the same."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Read = Callable[[Path], tuple[ImageSet, int]]
"""Reads a set from its folder; gives what lists tell of it, and when its newest image changed, in nanoseconds."""


class Stamp(NamedTuple):
    """What is another one whenever files come into a set's folder or leave it, or its manifest is written."""

    changed_ns: int
    """The latest time in it, in nanoseconds from 1970."""
    facts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A set as it was read."""

    summary: ImageSet
    json: bytes
    """The summary as messages carry it."""
    when: int
    """Microseconds from 1970 to the set's beginning; 0 where that is not known."""
    words: str
    """What a search looks at."""
    stamp: Stamp
    image_ns: int
    first_seen_ns: int
    """When this stamp was seen first, by a clock that nobody sets."""
    rested: bool


class SetIndex:
    """The sets of one folder; every method may be called from any thread."""

    def __init__(self, folder: Path, read: Read) -> None:
        self._folder = folder
        self._prefix = f"{folder}/"
        self._read = read
        self._entries: dict[str, Entry] = {}

    def names(self) -> list[str]:
        """Return the names of all sets, in no order; a missing folder has none."""
        try:
            with os.scandir(self._folder) as entries:
                return [one.name for one in entries if is_visible(one.name) and one.is_dir(follow_symlinks=False)]
        except FileNotFoundError:
            return []

    def entries(self) -> list[Entry]:
        """Return every set as it is on the disk now, in no order; only what changed is read."""
        names = self.names()
        found = [entry for name in names if (entry := self.look(name)) is not None]
        for name in set(self._entries) - set(names):
            self._entries.pop(name, None)
        return found

    def look(self, name: str) -> Entry | None:
        """Return one set as it is on the disk now, None where there is none; the others are not looked at."""
        now, seen = time.time_ns(), time.monotonic_ns()
        stamp = self._stamp(name)
        if stamp is None:
            self._entries.pop(name, None)
            return None
        known = self._entries.get(name)
        if known is not None and known.rested and known.stamp == stamp:
            return known
        summary, image_ns = self._summary(name)
        same = known is not None and (known.stamp, known.image_ns) == (stamp, image_ns)
        first_seen = known.first_seen_ns if known is not None and same else seen
        # The wall clock may stand wrong; what was the same for long enough has rested as well.
        rested = now - max(stamp.changed_ns, image_ns) > REST_NS or seen - first_seen > REST_NS
        entry = Entry(
            summary=summary,
            json=to_json(summary),
            when=_microseconds(summary.created_at),
            words=f"{name} {summary.camera or ''} {summary.catalogue_number or ''}".casefold(),
            stamp=stamp,
            image_ns=image_ns,
            first_seen_ns=first_seen,
            rested=rested,
        )
        self._entries[name] = entry
        return entry

    def doubt(self, summary: ImageSet) -> None:
        """Read a set again at the next look if it was found to be another one than the index knows."""
        known = self._entries.get(summary.name)
        if known is not None and known.summary != summary:
            self._entries.pop(summary.name, None)

    def _summary(self, name: str) -> tuple[ImageSet, int]:
        try:
            return self._read(self._folder / name)
        except (OSError, ValueError, ArithmeticError, StoreError) as error:
            logger.warning("Set '%s' is listed by its name alone: %s", name, error)
            return ImageSet(name=name), 0

    def _stamp(self, name: str) -> Stamp | None:
        place = self._prefix + name
        try:
            folder = os.stat(place, follow_symlinks=False)  # noqa: PTH116 - done for thousands at a time
        except OSError:
            return None
        if not stat.S_ISDIR(folder.st_mode):
            return None
        times, facts = [folder.st_mtime_ns, folder.st_ctime_ns], [folder.st_ino]
        try:
            manifest = os.stat(f"{place}/{MANIFEST}", follow_symlinks=False)  # noqa: PTH116
        except OSError as error:
            facts.append(-(error.errno or 0))
        else:
            times += [manifest.st_mtime_ns, manifest.st_ctime_ns]
            facts += [manifest.st_ino, manifest.st_size]
        return Stamp(max(times), (*times, *facts))


def _microseconds(when: datetime | None) -> int:
    return 0 if when is None else (when - EPOCH) // timedelta(microseconds=1)
