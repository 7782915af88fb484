"""Files as such: opened only where they are files, renamed without replacing, and safe on the disk.

What others may have put into a folder is opened here and nowhere else: a named pipe or a device could hold the reader
for ever, a link lead out of the folder, and a huge file fill the memory.
"""

import ctypes
import errno
import os
import stat
from io import BufferedReader
from pathlib import Path
from types import MappingProxyType

AT_FDCWD, RENAME_NOREPLACE = -100, 1
NO_SUCH_RENAME = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})
NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
"""What a file system answers that knows no hard links, or none to folders."""

_KINDS = MappingProxyType(
    {stat.S_IFDIR: "a folder", stat.S_IFLNK: "a link", stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket"}
)


class NotRegular(OSError):
    """There is something of that name, but it is no file that could be read."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(errno.EINVAL, why, str(path))


def open_regular(path: Path, *, most: int | None = None, follow: bool = False) -> BufferedReader:
    """Open a file for reading; raise OSError, NotRegular for what is none or has more than `most` bytes.

    A link is refused unless `follow` is set; what it leads to must be a file as well.
    """
    return os.fdopen(descriptor_of(path, most=most, follow=follow), "rb")


def descriptor_of(path: Path, *, most: int | None = None, follow: bool = False) -> int:
    """Open a file as `open_regular` does; return its descriptor, which the caller closes."""
    # Asked before it is opened: opening a device can already set it in motion.
    _require_file(path, path.stat() if follow else path.lstat(), most)
    descriptor = os.open(
        path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY | (0 if follow else os.O_NOFOLLOW)
    )
    try:
        _require_file(path, os.fstat(descriptor), most)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def read_regular(path: Path, *, most: int, follow: bool = False) -> bytes:
    """Return a file's bytes; raise OSError, NotRegular for what is no file or has more than `most` bytes."""
    with open_regular(path, most=most, follow=follow) as file:
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


def _require_file(path: Path, status: os.stat_result, most: int | None) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise NotRegular(path, f"it is {_KINDS.get(stat.S_IFMT(status.st_mode), 'a device')} and no file")
    if most is not None and status.st_size > most:
        raise NotRegular(path, f"it has more than {most} bytes")
