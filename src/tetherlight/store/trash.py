"""What was deleted: moved aside by a rename, brought back by another, gone after a time or when room is needed."""

import logging
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tetherlight.store.files import FOLDER_MODE, make_folder, store_errors, sync_folder
from tetherlight.store.names import shown

logger = logging.getLogger(__name__)

STAMP = "%Y%m%dT%H%M%S.%fZ"
PURGING = ".purging-"


@dataclass(frozen=True)
class Deleted:
    """A folder in the trash."""

    name: str
    deleted_at: datetime
    path: Path


class Trash:
    """Deleted folders of one kind: each lies alone in a folder named after the moment of its deletion."""

    def __init__(self, folder: Path, kind: str) -> None:
        self._folder = folder
        self._kind = kind
        self._lock = threading.Lock()

    def throw(self, path: Path) -> None:
        """Move a folder into the trash at once and whole."""
        with self._lock, store_errors(f"{self._kind} '{shown(path.name)}' could not be moved to the trash"):
            make_folder(self._folder)
            place = self._new_place()
            try:
                path.rename(place / path.name)
            except OSError:
                place.rmdir()
                raise
            sync_folder(place)
            sync_folder(path.parent)

    def newest(self, name: str) -> Deleted | None:
        """Return the folder of this name that was deleted last, None where there is none."""
        return max((one for one in self if one.name == name), key=lambda one: one.deleted_at, default=None)

    def oldest(self) -> Deleted | None:
        """Return what was deleted first, None where the trash is empty."""
        return min(self, key=lambda one: one.deleted_at, default=None)

    def take_back(self, deleted: Deleted, destination: Path) -> None:
        """Move a folder from the trash to its destination, which must not exist."""
        with self._lock, store_errors(f"{self._kind} '{shown(deleted.name)}' could not be restored"):
            deleted.path.rename(destination)
            sync_folder(destination.parent)
            deleted.path.parent.rmdir()

    def purge(self, *, older_than: timedelta) -> int:
        """Remove for good what was deleted long ago; return how many folders that were."""
        limit = datetime.now(UTC) - older_than
        return sum(self.remove(one) for one in list(self) if one.deleted_at <= limit)

    def clean(self) -> None:
        """Finish removals and drop the empty folders of moves that a crash cut short."""
        for place in self._places():
            if place.name.startswith(PURGING):
                shutil.rmtree(place, ignore_errors=True)
            elif not any(place.iterdir()):
                place.rmdir()

    def __iter__(self) -> Iterator[Deleted]:
        for place in self._places():
            try:
                deleted_at = datetime.strptime(place.name.partition("-")[0], STAMP).replace(tzinfo=UTC)
                yield from (Deleted(path.name, deleted_at, path) for path in place.iterdir())
            except (ValueError, FileNotFoundError):  # not ours, or purged meanwhile
                continue

    def _places(self) -> list[Path]:
        if self._folder.is_symlink() or not self._folder.is_dir():
            return []
        return [place for place in self._folder.iterdir() if place.is_dir() and not place.is_symlink()]

    def _new_place(self) -> Path:
        stamp = datetime.now(UTC).strftime(STAMP)
        for number in range(1, 1000):
            place = self._folder / (stamp if number == 1 else f"{stamp}-{number}")
            try:
                place.mkdir(mode=FOLDER_MODE)
            except FileExistsError:
                continue
            return place
        raise FileExistsError(self._folder)

    def remove(self, deleted: Deleted) -> bool:
        """Remove for good what was deleted; say whether it was still there."""
        with self._lock:
            place = deleted.path.parent
            doomed = place.with_name(PURGING + place.name)
            # Renamed first, so that a crash in the middle leaves nothing that could be restored by half.
            try:
                place.rename(doomed)
            except FileNotFoundError:  # restored or purged meanwhile
                return False
        shutil.rmtree(doomed, ignore_errors=True)
        logger.info("%s '%s' was removed from the trash for good", self._kind, deleted.name)
        return True
