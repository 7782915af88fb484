"""Files as such: opened only where they are files, renamed without replacing, and safe on the disk.

What others may have put into a folder is opened here and nowhere else: a named pipe or a device could hold the reader
for ever, a link lead out of the folder, and a huge file fill the memory.
"""

import ctypes
import errno
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from types import MappingProxyType

from tetherlight.errors import DiskFull, StoreError, TetherlightError
from tetherlight.files import beneath
from tetherlight.measures import WRITE_SECONDS

AT_FDCWD, RENAME_NOREPLACE = -100, 1
NO_SUCH_RENAME = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})
NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
"""What a file system answers that knows no hard links, or none to folders."""

FILE_MODE = 0o640
FOLDER_MODE = 0o750
TEMP_SUFFIXES = (".tmp", ".part")
"""Ends of our temporary names, which also begin with a dot."""

_KINDS = MappingProxyType(
    {stat.S_IFDIR: "a folder", stat.S_IFLNK: "a link", stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket"}
)


class NotRegular(OSError):
    """There is something of that name, but it is no file that could be read."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(errno.EINVAL, why, str(path))


def open_regular(
    path: Path, *, most: int | None = None, follow: bool = False, within: Path | None = None
) -> BufferedReader:
    """Open a file for reading; raise OSError, NotRegular for what is none or has more than `most` bytes.

    No link is followed below the folder `within`, by default the file's own, and no way leads out of it. With `follow`
    links are followed; what they lead to must be a file as well.
    """
    return os.fdopen(descriptor_of(path, most=most, follow=follow, within=within), "rb")


def descriptor_of(path: Path, *, most: int | None = None, follow: bool = False, within: Path | None = None) -> int:
    """Open a file as `open_regular` does; return its descriptor, which the caller closes."""
    if follow:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    else:
        handle = beneath.handle_beneath(path.parent if within is None else within, path)
    try:
        # Looked at before it is opened: opening a device can already set it in motion, and a pipe waits for others.
        _require_file(path, os.fstat(handle), most)
        return beneath.opened(handle)
    finally:
        os.close(handle)


def read_regular(path: Path, *, most: int, follow: bool = False, within: Path | None = None) -> bytes:
    """Return a file's bytes; raise OSError, NotRegular for what is no file or has more than `most` bytes."""
    with open_regular(path, most=most, follow=follow, within=within) as file:
        content = file.read(most + 1)  # it may grow while it is read
    if len(content) > most:
        raise NotRegular(path, f"it has more than {most} bytes")
    return content


def rename_new(source: Path, target: Path) -> None:
    """Rename a file or a folder without replacing; raise FileExistsError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(AT_FDCWD, os.fsencode(source), AT_FDCWD, os.fsencode(target), RENAME_NOREPLACE) == 0:
        return
    number = ctypes.get_errno()
    if number not in NO_SUCH_RENAME:
        raise OSError(number, os.strerror(number), str(target))
    # A file system without that flag: a hard link does not replace either.
    try:
        target.hardlink_to(source)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
    else:
        source.unlink()
        return
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    source.rename(target)


def sync_folder(path: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
        return DiskFull(
            f"{sentence}: the disk is full.", hint="Delete what is no longer needed and empty the trash (EMPTY_TRASH)."
        )
    return StoreError(f"{sentence}: {error.strerror or type(error).__name__}.")


def is_temporary(name: str) -> bool:
    """Say whether a file name is one that we give to unfinished files."""
    return name.startswith(".") and name.endswith(TEMP_SUFFIXES)


def write_atomically(path: Path, content: bytes, *, durable: bool = True, mode: int = FILE_MODE) -> None:
    """Write a whole file under a temporary name and put it in place; `durable` also waits for the disk.

    Raise OSError, with nothing left behind and an earlier file of that name untouched.
    """
    began = time.perf_counter()
    with placed(path, durable=durable, mode=mode) as descriptor:
        write_whole(descriptor, content)
    if durable:
        WRITE_SECONDS.add("", time.perf_counter() - began)


@contextmanager
def placed(path: Path, *, durable: bool = True, mode: int = FILE_MODE) -> Iterator[int]:
    """Give the descriptor of a new file under a temporary name, and put it in place when all of it is written.

    `durable` also waits for the disk. Where anything is raised, nothing is left behind and an earlier file of that name
    is untouched.
    """
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        try:
            yield descriptor
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


def write_whole(descriptor: int, content: bytes | memoryview) -> None:
    """Write all bytes to a file, however many the system takes at a time; raise OSError."""
    with memoryview(content).cast("B") as view:
        written = 0
        while written < len(view):
            written += os.write(descriptor, view[written:])


def make_folder(path: Path) -> None:
    """Create a folder and its parents where they are missing, all safe on the disk, readable for owner and group."""
    if path.is_dir():
        return
    if path.exists():
        raise NotADirectoryError(errno.ENOTDIR, f"{path.name} is a file, where a folder is needed")
    missing = [one for one in path.parents if not one.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=FOLDER_MODE, exist_ok=True)
    for made in (path, *missing):
        sync_folder(made.parent)


def _require_file(path: Path, status: os.stat_result, most: int | None) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise NotRegular(path, f"it is {_KINDS.get(stat.S_IFMT(status.st_mode), 'a device')} and no file")
    if most is not None and status.st_size > most:
        raise NotRegular(path, f"it has more than {most} bytes")
