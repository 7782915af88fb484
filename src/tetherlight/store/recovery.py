"""What a start does about the end of the run before: unfinished files go, finished ones are never touched."""

import fcntl
import logging
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from tetherlight.errors import TetherlightError
from tetherlight.files.durable import FILE_MODE, is_temporary
from tetherlight.files.workshops import is_workshop, sweep
from tetherlight.protocol.models import ImageSet

logger = logging.getLogger(__name__)

LOCK_NAME = ".tetherlight.lock"


class FolderLock:
    """Says that a server works in a folder; the kernel lets go of it however the server ends."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK_NAME
        self._lock = threading.Lock()
        self._close: weakref.finalize[[int], FolderLock] | None = None

    def acquire(self) -> bool:
        """Take the lock without waiting; say whether it is ours now. Raise OSError where no file can be made."""
        with self._lock:
            if self._close is not None and self._close.alive:
                return True
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return False
            except OSError:  # a file system without locks: nobody else can be seen, so nobody is assumed
                logger.debug("No locks in %s", self._path.parent)
            self._close = weakref.finalize(self, os.close, descriptor)
            return True

    def release(self) -> None:
        """Let go of the lock; harmless where it is not held."""
        with self._lock:
            if self._close is not None:
                self._close()


class Recovery:
    """The sets as a start found them, to be put right one after another."""

    def __init__(self, names: Iterable[str], recover: Callable[[str], ImageSet | None]) -> None:
        self._left = deque(names)
        self._recover = recover

    @property
    def done(self) -> bool:
        """Whether all sets were looked at."""
        return not self._left

    def look(self, count: int) -> list[ImageSet]:
        """Put so many of the next sets right; return those that are there, as they are then."""
        looked = []
        for _ in range(min(count, len(self._left))):
            name = self._left.popleft()
            try:
                looked.append(self._recover(name))
            except (OSError, ValueError, ArithmeticError, TetherlightError) as error:
                logger.warning("Set '%s' stays as it is: %s", name, error)
        return [one for one in looked if one is not None]


def remove_unfinished(folder: Path, begun: float, *, below: bool = True) -> None:
    """Remove what was left unfinished before `begun` from a folder, and from those below it."""
    for inner, folders, names in os.walk(folder):
        if not below:
            folders.clear()
        elif any(map(is_workshop, folders)):
            sweep(Path(inner))
            folders[:] = [name for name in folders if not is_workshop(name)]
        _remove_temporary(Path(inner), names, begun)


def _remove_temporary(folder: Path, names: Iterable[str], begun: float) -> None:
    for name in names:
        if not is_temporary(name):
            continue
        path = folder / name
        with suppress(OSError):  # gone meanwhile, or a folder of somebody else's
            if path.lstat().st_mtime < begun and not path.is_dir():
                path.unlink()
                logger.info("Removed the unfinished file %s", path)
