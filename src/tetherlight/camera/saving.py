"""Puts a camera's files on the disk so that a final name always means a whole, durable file.

Each file is written under a name that begins with a dot in the folder where it will live, synced, and only then given
its final name, which is never taken from a file that already has it.
"""

import contextlib
import ctypes
import errno
import hashlib
import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tetherlight.camera import jpeg
from tetherlight.errors import DiskFull, StoreError

CHUNK = 1 << 20
FILE_MODE, FOLDER_MODE = 0o640, 0o750
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
AT_FDCWD, RENAME_NOREPLACE = -100, 1
TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "heic": "image/heic",
    "hif": "image/heif",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "png": "image/png",
    "dng": "image/x-adobe-dng",
    "cr2": "image/x-canon-cr2",
    "cr3": "image/x-canon-cr3",
    "crw": "image/x-canon-crw",
    "nef": "image/x-nikon-nef",
    "nrw": "image/x-nikon-nrw",
    "arw": "image/x-sony-arw",
    "raf": "image/x-fuji-raf",
    "orf": "image/x-olympus-orf",
    "rw2": "image/x-panasonic-rw2",
    "pef": "image/x-pentax-pef",
}


@dataclass(frozen=True)
class Draft:
    """A file that is whole and durable but has no final name yet."""

    path: Path
    camera_name: str
    size: int
    sha256: str
    picture: tuple[int, int] | None = None
    """Width and height in pixels, where it is a JPEG."""

    @property
    def extension(self) -> str:
        """The camera's own extension in lower case, with its dot; empty where there is none."""
        return Path(self.camera_name).suffix.lower()

    @property
    def mimetype(self) -> str:
        """The type that goes with the extension."""
        return TYPES.get(self.extension.removeprefix("."), "application/octet-stream")


def write_draft(folder: Path, camera_name: str, data: memoryview | bytes) -> Draft:
    """Write and sync one file under a temporary name; raise DiskFull or StoreError, leaving nothing behind."""
    path = folder / f".{os.getpid()}-{os.urandom(6).hex()}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
        digest = _write(path, data)
    except OSError as error:
        with contextlib.suppress(OSError):
            path.unlink()
        raise _failure(error, folder) from None
    return Draft(path, camera_name, len(data), digest, jpeg.size(data))


def _write(path: Path, data: memoryview | bytes) -> str:
    digest = hashlib.sha256()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    try:
        if data:
            _allocate(descriptor, len(data))
        view = memoryview(data)
        for start in range(0, len(view), CHUNK):
            chunk = view[start : start + CHUNK]
            digest.update(chunk)
            while chunk:
                chunk = chunk[os.write(descriptor, chunk) :]
        os.fchmod(descriptor, FILE_MODE)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return digest.hexdigest()


def _allocate(descriptor: int, size: int) -> None:
    """Find out at once, before a byte is written, whether the disk has room."""
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        if error.errno in NO_ROOM:
            raise
        # Some file systems cannot reserve; writing will show.


def publish(drafts: Sequence[Draft], folder: Path, stem: str, *, replace: bool = False) -> list[Path]:
    """Give the files of one exposure their final names, one stem for all, and make that durable.

    Where a name is taken the stem becomes stem-2, stem-3 and so on, unless `replace` is set.
    """
    try:
        for candidate in itertools.chain([stem], (f"{stem}-{n}" for n in itertools.count(2))):
            paths = _names(drafts, folder, candidate)
            if replace:
                for draft, path in zip(drafts, paths, strict=True):
                    draft.path.replace(path)
            elif not _take(drafts, paths):
                continue
            _sync_folder(folder)
            return paths
    except OSError as error:
        discard(drafts)
        raise _failure(error, folder) from None
    raise AssertionError("unreachable: the stems do not end")


def discard(drafts: Sequence[Draft]) -> None:
    """Remove what was written but not published."""
    for draft in drafts:
        draft.path.unlink(missing_ok=True)


def _names(drafts: Sequence[Draft], folder: Path, stem: str) -> list[Path]:
    """Return one path per file; two files of one type get stem.jpg and stem_2.jpg."""
    names: list[str] = []
    for draft in drafts:
        name = f"{stem}{draft.extension}"
        repeated = (f"{stem}_{n}{draft.extension}" for n in itertools.count(2))
        while name in names:
            name = next(repeated)
        names.append(name)
    return [folder / name for name in names]


def _take(drafts: Sequence[Draft], paths: Sequence[Path]) -> bool:
    """Rename all, or none where one of the names exists."""
    done: list[tuple[Path, Path]] = []
    for draft, path in zip(drafts, paths, strict=True):
        try:
            rename_new(draft.path, path)
        except FileExistsError:
            for back, taken in done:
                taken.rename(back)
            return False
        done.append((draft.path, path))
    return True


def rename_new(source: Path, target: Path) -> None:
    """Rename without replacing; raise FileExistsError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(AT_FDCWD, os.fsencode(source), AT_FDCWD, os.fsencode(target), RENAME_NOREPLACE) == 0:
        return
    number = ctypes.get_errno()
    if number not in {errno.EINVAL, errno.ENOSYS}:
        raise OSError(number, os.strerror(number), str(target))
    # A file system without that flag: a hard link does not replace either.
    os.link(source, target)
    source.unlink()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _failure(error: OSError, folder: Path) -> StoreError:
    if error.errno in NO_ROOM:
        return DiskFull("There is no room left on the server's disk.", hint="Delete old sets or free the disk.")
    return StoreError(f"The file could not be written into {folder.name} ({error.strerror}).")
