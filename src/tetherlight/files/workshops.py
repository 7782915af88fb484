"""Folders that are made beside their place, under a hidden name, and put there whole.

Whoever makes one keeps it locked, and the kernel lets go of the lock however its maker ends: what is left of a maker
that was killed is told from what is being made, and removed.
"""

import ctypes
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tetherlight.files.durable import AT_FDCWD, FOLDER_MODE, NO_SUCH_RENAME, sync_folder

RENAME_EXCHANGE = 2
_SUFFIX = ".making.tmp"


@contextmanager
def workshop(place: Path) -> Iterator[Path]:
    """Give a new hidden folder beside `place` to make its content in, and remove what is left of it at the end.

    What makers before left there that were killed is removed first. Raise OSError.
    """
    sweep(place.parent)
    folder = place.with_name(f".{place.name[:100]}.{secrets.token_hex(4)}{_SUFFIX}")
    folder.mkdir(mode=FOLDER_MODE)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # a file system without locks; nobody else can be seen there
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield folder
    finally:
        os.close(descriptor)
        shutil.rmtree(folder, ignore_errors=True)


def put(folder: Path, place: Path) -> None:
    """Put a folder in its place, atomically; what was there is then where the folder was. Raise OSError."""
    sync_folder(folder)
    if os.path.lexists(place):
        _exchange(folder, place)
    else:
        folder.rename(place)
    sync_folder(place.parent)


def sweep(parent: Path) -> None:
    """Remove the unfinished folders in a folder whose makers are gone."""
    for left in parent.glob(f".*{_SUFFIX}"):
        if not left.is_symlink() and left.is_dir() and _is_left(left):
            shutil.rmtree(left, ignore_errors=True)


def is_workshop(name: str) -> bool:
    """Say whether a folder's name is one that is given to unfinished folders."""
    return name.startswith(".") and name.endswith(_SUFFIX)


def _is_left(folder: Path) -> bool:
    """Say whether nobody keeps an unfinished folder locked."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _exchange(one: Path, other: Path) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0:
        return
    number = ctypes.get_errno()
    if number not in NO_SUCH_RENAME:
        raise OSError(number, os.strerror(number), str(other))
    # A file system without that: for a moment neither is in its place, and both are there.
    aside = one.with_name(f".{other.name[:100]}.{secrets.token_hex(4)}.old")
    other.rename(aside)
    try:
        one.rename(other)
    except OSError:
        aside.rename(other)
        raise
    aside.rename(one)
