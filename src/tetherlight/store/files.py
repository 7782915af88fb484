"""Writing so that a power cut leaves either the old file or the new one."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tetherlight.durable import sync_folder
from tetherlight.errors import DiskFull, StoreError, TetherlightError

FILE_MODE = 0o640
FOLDER_MODE = 0o750
TEMP_SUFFIXES = (".tmp", ".part")
"""Ends of our temporary names, which also begin with a dot."""


@contextmanager
def store_errors(sentence: str) -> Iterator[None]:
    """Turn an error of the operating system into one of ours that begins with `sentence`, which has no full stop."""
    try:
        yield
    except OSError as error:
        raise translated(error, sentence) from error


def translated(error: OSError, sentence: str) -> TetherlightError:
    """Return the error of ours for one of the operating system."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFull(f"{sentence}: the disk is full.", hint="Delete sets and images that are no longer needed.")
    return StoreError(f"{sentence}: {error.strerror or type(error).__name__}.")


def is_temporary(name: str) -> bool:
    """Say whether a file name is one that we give to unfinished files."""
    return name.startswith(".") and name.endswith(TEMP_SUFFIXES)


def write_atomically(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Write a whole file under a temporary name and put it in place; `durable` also waits for the disk.

    Raise OSError, with nothing left behind and an earlier file of that name untouched.
    """
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    try:
        try:
            with memoryview(content) as view:
                written = 0
                while written < len(view):
                    written += os.write(descriptor, view[written:])
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    if durable:
        sync_folder(path.parent)


def make_folder(path: Path) -> None:
    """Create a folder and its parents where they are missing, all safe on the disk, readable for owner and group."""
    if path.is_dir():
        return
    missing = [one for one in path.parents if not one.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=FOLDER_MODE, exist_ok=True)
    for made in (path, *missing):
        sync_folder(made.parent)
