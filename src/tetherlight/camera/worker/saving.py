"""Puts a camera's files on the disk so that a final name always means a whole, durable file.

Each file is written under a name that begins with a dot in the folder where it will live, synced, and only then given
its final name, which is never taken from a file that already has it.
"""

import contextlib
import errno
import hashlib
import os
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from tetherlight.camera.worker import jpeg
from tetherlight.errors import DiskFull, StoreError
from tetherlight.files.durable import rename_new, sync_folder
from tetherlight.files.names import free_names, names_beside, names_kept
from tetherlight.files.types import mimetype_of

CHUNK = 1 << 20
FILE_MODE, FOLDER_MODE = 0o640, 0o750
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True)
class Draft:
    """A file that is whole and durable but has no final name yet."""

    path: Path
    camera_name: str
    size: int
    sha256: str
    picture: tuple[int, int] | None = None
    """Width and height in pixels, where it is a JPEG."""
    write_s: float = 0.0
    """Seconds that writing it took."""

    @property
    def extension(self) -> str:
        """The camera's own extension in lower case, with its dot; empty where there is none."""
        return Path(self.camera_name).suffix.lower()

    @property
    def mimetype(self) -> str:
        """The type that goes with the extension."""
        return mimetype_of(self.camera_name)


def write_draft(folder: Path, camera_name: str, data: memoryview | bytes) -> Draft:
    """Write and sync one file under a temporary name; raise DiskFull or StoreError, leaving nothing behind."""
    began = time.perf_counter()
    path = folder / f".{os.getpid()}-{os.urandom(6).hex()}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
        digest = _write(path, data)
    except OSError as error:
        with contextlib.suppress(OSError):
            path.unlink()
        raise _failure(error, folder) from None
    return Draft(path, camera_name, len(data), digest, jpeg.size(data), time.perf_counter() - began)


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


def publish(
    drafts: Sequence[Draft], folder: Path, stem: str, *, replace: Collection[str] = (), joins: bool = False
) -> list[Path]:
    """Give the files of one exposure their final names, one stem for all, and make that durable.

    Where anything has that stem already it becomes stem-2, stem-3 and so on. `replace` names the files of an earlier
    attempt at the same exposure: the new ones take their place, and no other file's. With `joins` they are further
    files of the exposure that has the stem.
    """
    old = {name for name in replace if name == Path(name).name}
    try:
        with names_kept(folder):
            paths = _take(drafts, folder, stem, old, joins=joins)
        sync_folder(folder)
        for name in old - {path.name for path in paths}:
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        discard(drafts)
        raise _failure(error, folder) from None
    return paths


def discard(drafts: Sequence[Draft]) -> None:
    """Remove what was written but not published."""
    for draft in drafts:
        draft.path.unlink(missing_ok=True)


def _take(drafts: Sequence[Draft], folder: Path, stem: str, old: Collection[str], *, joins: bool) -> list[Path]:
    """Rename all drafts to a stem that is free; where a foreign file comes in between, to another one."""
    extensions = [draft.extension for draft in drafts]
    while True:
        names = names_beside(folder, stem, extensions) if joins else free_names(folder, stem, extensions, but=old)
        paths = [folder / name for name in names]
        # Old files go last, when nothing can stand in the way any more.
        pairs = sorted(zip(drafts, paths, strict=True), key=lambda pair: pair[1].name in old)
        done: list[tuple[Path, Path]] = []
        try:
            for draft, path in pairs:
                if path.name in old:
                    draft.path.replace(path)
                else:
                    rename_new(draft.path, path)
                    done.append((path, draft.path))
        except OSError as error:
            for path, back in done:
                rename_new(path, back)
            if not isinstance(error, FileExistsError):
                raise
        else:
            return paths


def _failure(error: OSError, folder: Path) -> StoreError:
    if error.errno in NO_ROOM:
        return DiskFull("There is no room left on the server's disk.", hint="Delete old sets or free the disk.")
    return StoreError(f"The file could not be written into {folder.name} ({error.strerror}).")
