"""The lock of a folder: whoever changes what lies in it, in whatever process, does so alone.

It is the kernel's and lies on the folder itself, so it goes with a folder that is renamed, and is let go however its
holder ends. It is held for one change, never for a job.
"""

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

FILE = ".tetherlight.names"
"""What is locked where the file system locks no folders."""
PATIENCE_S = 30.0
"""Seconds in which others must have made their change, slow cards included; a lock that is held longer is a fault."""
PAUSE_S = 0.01


class FolderKept(TimeoutError):
    """Somebody else has kept the folder for longer than the caller waits."""


@contextlib.contextmanager
def folder_kept(folder: Path, patience: float = PATIENCE_S) -> Iterator[None]:
    """Let no other thread or process of ours change what lies in a folder meanwhile; it must not be taken twice.

    Raise OSError where the folder is not there, or was moved away while this waited, and FolderKept after `patience`
    seconds.
    """
    give_up = time.monotonic() + patience
    with contextlib.ExitStack() as held:
        while not _taken(folder, held, give_up):
            pass
        yield


def _taken(folder: Path, held: contextlib.ExitStack, give_up: float) -> bool:
    """Take the lock of what is called so now; say whether it is still called so when the lock is had."""
    with contextlib.ExitStack() as opened:
        place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        opened.callback(os.close, place)
        if not _locked(place, folder, give_up):
            # A network file system, which locks only what can be written.
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
            file = os.open(FILE, flags, 0o640, dir_fd=place)
            opened.callback(os.close, file)
            _locked(file, folder, give_up)  # without any locks nobody else can be seen, so nobody is assumed
        if not os.path.samestat(os.fstat(place), folder.stat()):
            return False
        held.push(opened.pop_all())
        return True


def _locked(descriptor: int, folder: Path, give_up: float) -> bool:
    """Take the lock; say whether the file system has locks for such a file."""
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in {errno.EWOULDBLOCK, errno.EINTR}:
                return False
        else:
            return True
        if time.monotonic() >= give_up:
            raise FolderKept(errno.ETIMEDOUT, "another program keeps it locked", str(folder))
        time.sleep(PAUSE_S)
