"""What was deleted: moved aside by a rename, brought back by another, gone after a time or when room is needed.

A small computer without a battery begins at a wrong time and is set right later. So nothing goes for good because one
look at the clock says so: two looks must agree, with enough time between them and no jump; and what this server itself
deleted is never older than the server has seen it lie there.
"""

import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from tetherlight.errors import DiskFull, StoreFull
from tetherlight.files.durable import make_folder, rename_new, store_errors, sync_folder
from tetherlight.naming.rules import shown
from tetherlight.store import index
from tetherlight.store.clock import Clock
from tetherlight.store.reserve import NO_ROOM, Reserve

logger = logging.getLogger(__name__)

STAMP = "%Y%m%dT%H%M%S.%fZ"
PURGING = ".purging-"
LOOKS_APART_S = 600.0
"""Seconds between two looks that may agree that something is to go."""
JUMP_S = 60.0
"""Seconds by which the clock may be corrected between two looks; more is a jump, and the looks begin anew."""


@dataclass(frozen=True)
class Deleted:
    """A folder in the trash."""

    name: str
    deleted_at: datetime
    path: Path


Why = Literal["age", "room", "asked"]
"""Why something went for good: TRASH_DAYS, lack of room, or a person's wish."""
Removed = Callable[[Deleted, Why], None]
WORDS: Mapping[Why, str] = MappingProxyType(
    {"age": "after its time in the trash", "room": "to make room on the disk", "asked": "as it was asked for"}
)


def _untold(_deleted: Deleted, _why: Why) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Moment:
    """Both clocks at once."""

    wall: datetime
    steady: float

    def jumped_since(self, earlier: "Moment") -> bool:
        """Say whether the clock was set in between."""
        passed = (self.wall - earlier.wall).total_seconds()
        return abs(passed - (self.steady - earlier.steady)) > JUMP_S


class Trash:
    """Deleted folders of one kind: each lies alone in a folder named after the moment of its deletion."""

    def __init__(self, folder: Path, kind: str, clock: Clock) -> None:
        self._folder = folder
        self._kind = kind
        self.reserve = Reserve(folder.parent)
        self.removed: Removed = _untold
        """Told what went for good, and why, in whatever thread that is."""
        self._clock = clock
        self._lock = threading.RLock()
        self._thrown: dict[str, Moment] = {}
        """What this server deleted, by the name of its place: when, by clocks that were right or wrong together."""
        self._due: dict[str, dict[timedelta, Moment]] = {}
        """When a place was first seen to be older than so much, by its name."""
        self._read: tuple[tuple[int, ...], frozenset[str]] | None = None
        """How the trash was stamped before its names were read, and the names."""

    def throw(self, path: Path) -> None:
        """Move a folder into the trash at once and whole; raise StoreFull where disk and reserve have no room."""
        with self._lock, self._errors(path.name):
            self.make_folder()
            now = self._now()
            place = self._new_place(now.wall)
            # On disks without a journal a name that is gone from one folder may not be known by another one alone
            # that is itself not yet on the disk.
            sync_folder(self._folder)
            try:
                path.rename(place / path.name)
            except OSError:
                place.rmdir()
                raise
            sync_folder(place)
            sync_folder(path.parent)
            self._thrown[place.name] = now
        self.reserve.fill()

    @contextmanager
    def _errors(self, name: str) -> Iterator[None]:
        sentence = f"{self._kind} '{shown(name)}' could not be moved to the trash"
        try:
            with store_errors(sentence):
                yield
        except DiskFull as error:
            raise StoreFull(f"{sentence}: the disk is full.", hint="Empty the trash (EMPTY_TRASH) first.") from error

    def make_folder(self) -> None:
        """Make the trash where it is missing, also on a full disk; raise OSError."""
        try:
            make_folder(self._folder)
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            self.reserve.make(self._folder)

    def names(self) -> frozenset[str]:
        """Return the names of what lies here; they are read again only when something came or went."""
        with self._lock:
            now = time.time_ns()
            try:
                status = self._folder.lstat()
            except OSError:
                return frozenset()
            stamp = (status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
            if self._read is None or self._read[0] != stamp:
                self._read = (stamp, frozenset(one.name for one in self))
            names = self._read[1]
            if now - max(stamp[:2]) <= index.REST_NS:
                self._read = None
            return names

    def newest(self, name: str) -> Deleted | None:
        """Return the folder of this name that was deleted last, None where there is none."""
        return max((one for one in self if one.name == name), key=lambda one: one.deleted_at, default=None)

    def take_back(self, deleted: Deleted, destination: Path) -> None:
        """Move a folder from the trash to its destination; raise StoreError where that exists."""
        place = deleted.path.parent
        with self._lock, store_errors(f"{self._kind} '{shown(deleted.name)}' could not be restored"):
            rename_new(deleted.path, destination)
            sync_folder(destination.parent)
            sync_folder(place)
            place.rmdir()
            self._forget(place.name)

    def purge(self, *, older_than: timedelta) -> int:
        """Look for what was deleted long ago, and remove for good what an earlier look found too; return how many.

        The first look after a start, or after the clock was set, removes nothing.
        """
        # Without the lock: large folders take long, and whoever names or deletes something would wait for them.
        return sum(self.remove(one, "age") for one in self.due(older_than))

    def due(self, older_than: timedelta) -> list[Deleted]:
        """Look for what was deleted longer ago than this; return what an earlier look found too, in no order."""
        with self._lock:
            there = list(self)
            now = self._now()
            for name in (self._due.keys() | self._thrown.keys()) - {one.path.parent.name for one in there}:
                self._forget(name)
            return [one for one in there if self._is_due(one, now, older_than)]

    def _is_due(self, one: Deleted, now: Moment, older_than: timedelta) -> bool:
        """Look at one that was deleted; say whether it may go."""
        place = one.path.parent.name
        # What was changed later than it was deleted has a wrong stamp; one in the future stays until its time is over.
        age = now.wall - max(one.deleted_at, _changed_at(one.path))
        if (thrown := self._thrown.get(place)) is not None:
            age = min(age, timedelta(seconds=now.steady - thrown.steady))
        if age < older_than:
            self._due.get(place, {}).pop(older_than, None)
            return False
        looks = self._due.setdefault(place, {})
        first = looks.setdefault(older_than, now)
        if now.jumped_since(first):
            looks[older_than] = now
            return False
        return now.steady - first.steady >= LOOKS_APART_S

    def clean(self) -> None:
        """Finish removals and drop the empty folders of moves that a crash cut short."""
        for place in self._places():
            if place.name.startswith(PURGING):
                shutil.rmtree(place, ignore_errors=True)
            elif not place.name.startswith("."):  # else something moves through it, and who moves it removes it
                # A folder that is just made is empty, too.
                with self._lock, suppress(OSError):
                    place.rmdir()

    def __iter__(self) -> Iterator[Deleted]:
        with self._lock:
            self._stamp_again()
        for place in self._places():
            try:
                deleted_at = datetime.strptime(place.name.partition("-")[0], STAMP).replace(tzinfo=UTC)
                yield from (Deleted(path.name, deleted_at, path) for path in place.iterdir())
            except (ValueError, OSError):  # not ours, purged meanwhile, or not to be read
                continue

    def _places(self) -> list[Path]:
        if self._folder.is_symlink():
            return []
        with suppress(OSError), os.scandir(self._folder) as entries:
            return [self._folder / entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
        return []

    def _new_place(self, when: datetime) -> Path:
        for place in self._names_for(when):
            try:
                self.reserve.make(place)
            except FileExistsError:
                continue
            return place
        raise FileExistsError(self._folder)

    def _names_for(self, when: datetime) -> Iterator[Path]:
        stamp = when.strftime(STAMP)
        yield self._folder / stamp
        yield from (self._folder / f"{stamp}-{number}" for number in range(2, 1000))

    def _stamp_again(self) -> None:
        """Where the clock was set since, name what this server deleted by the time that it is now known to have been.

        The next start knows only the name; it would find it far too old, or deleted in the future.
        """
        now = self._now()
        for name, thrown in list(self._thrown.items()):
            if not now.jumped_since(thrown):
                continue
            known = Moment(now.wall - timedelta(seconds=now.steady - thrown.steady), thrown.steady)
            self._forget(name)
            for place in self._names_for(known.wall):
                try:
                    rename_new(self._folder / name, place)
                except FileExistsError:
                    continue
                except FileNotFoundError:  # restored or purged by another server
                    pass
                except OSError as error:
                    logger.warning("A deletion keeps its wrong time: %s", error)
                    self._thrown[name] = thrown
                else:
                    self._thrown[place.name] = known
                break

    def _forget(self, place: str) -> None:
        self._thrown.pop(place, None)
        self._due.pop(place, None)

    def _now(self) -> Moment:
        return Moment(self._clock.wall(), self._clock.steady())

    def remove(self, deleted: Deleted, why: Why) -> bool:
        """Remove for good what was deleted, and tell it; say whether it was still there."""
        with self._lock:
            place = deleted.path.parent
            doomed = place.with_name(PURGING + place.name)
            # Renamed first, so that a crash in the middle leaves nothing that could be restored by half.
            try:
                place.rename(doomed)
            except FileNotFoundError:  # restored or purged meanwhile
                return False
            self._forget(place.name)
        shutil.rmtree(doomed, ignore_errors=True)
        level = logging.WARNING if why == "room" else logging.INFO
        moment = deleted.deleted_at.strftime("%Y-%m-%d %H:%M UTC")
        told = (self._kind, shown(deleted.name), moment, WORDS[why])
        logger.log(level, "%s '%s', deleted at %s, was removed from the trash for good, %s", *told)
        self.removed(deleted, why)
        return True


def _changed_at(folder: Path) -> datetime:
    """Return when what lies in a folder was changed last."""
    newest = 0.0
    with suppress(OSError), os.scandir(folder) as entries:
        newest = max((entry.stat(follow_symlinks=False).st_mtime for entry in entries), default=newest)
    try:
        return datetime.fromtimestamp(newest, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)
