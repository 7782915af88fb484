"""The one way to a file below a folder in which others may write: no link on the way is followed, none leads out.

A path that was looked at is not the path that is opened: somebody may put a link into any of its folders in between. So
the kernel is asked to go from the folder's own descriptor, and what it found is looked at before it is opened.
"""

import ctypes
import errno
import os
from pathlib import Path, PurePath

OPENAT2 = 437
"""The number of the system call, which is the same on all machines."""
RESOLVE_NO_MAGICLINKS, RESOLVE_NO_SYMLINKS, RESOLVE_BENEATH = 0x02, 0x04, 0x08
AGAIN = 64
"""Times that the call may answer that something was renamed meanwhile."""
MISSING = frozenset({errno.ENOSYS, errno.EPERM, errno.EINVAL, errno.E2BIG})
"""What is answered by kernels before 5.6, and by those who guard a container and do not know the call."""
HANDLE = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
FORBIDDEN = frozenset({"", ".", ".."})


class _How(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def handle_beneath(root: Path, path: PurePath) -> int:
    """Find what `path` names, which begins with `root`; return its handle, which the caller closes.

    A link in the place of a folder is an error; one in the last place is what the handle is of. Raise OSError.
    """
    parts = parts_below(root, path)
    top = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        found = asked(top, parts)
        return walked(top, parts) if found is None else found
    finally:
        os.close(top)


def parts_below(root: Path, path: PurePath) -> tuple[str, ...]:
    """Return the parts of a path below `root`, or below the folder that it leads to; raise OSError for any other."""
    for top in (root, Path(os.path.realpath(root))):
        if path.is_relative_to(top):
            parts = path.relative_to(top).parts
            if parts and FORBIDDEN.isdisjoint(parts):
                return parts
    raise FileNotFoundError(errno.ENOENT, "it does not lie there", str(path))


def asked(top: int, parts: tuple[str, ...]) -> int | None:
    """Let the kernel go all the way; None where it does not know how."""
    how = _How(HANDLE, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)
    name, libc = os.fsencode("/".join(parts)), ctypes.CDLL(None, use_errno=True)
    for _ in range(AGAIN):
        found = libc.syscall(OPENAT2, top, name, ctypes.byref(how), ctypes.c_size_t(ctypes.sizeof(how)))
        if found >= 0:
            return int(found)
        number = ctypes.get_errno()
        if number in MISSING:
            return None
        if number not in {errno.EAGAIN, errno.EINTR}:
            raise OSError(number, os.strerror(number), os.fsdecode(name))
    return None


def walked(top: int, parts: tuple[str, ...]) -> int:
    """Go from folder to folder, each of which must be one and no link."""
    here = os.dup(top)
    try:
        for part in parts[:-1]:
            below = os.open(part, HANDLE | os.O_DIRECTORY, dir_fd=here)
            os.close(here)
            here = below
        return os.open(parts[-1], HANDLE, dir_fd=here)
    finally:
        os.close(here)


def opened(handle: int) -> int:
    """Open for reading what a handle is of, which the caller has looked at."""
    # Whatever has its name by now, this is the very thing that was found.
    return os.open(f"/proc/self/fd/{handle}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
