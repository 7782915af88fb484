"""What was rendered of a scene, on the disk: rendered once, and mapped into memory by every simulator after that.

A file is a header and then arrays. Nothing that is found there is trusted: a file that is not exactly what would have
been written, or is no plain file of ours, counts as absent. Files appear whole or not at all and are never changed, so
any number of simulators may use the folder at once.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import math
import mmap
import os
import stat
import struct
import sys
import tempfile
import time
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

logger = logging.getLogger(__name__)

Shapes = Mapping[str, tuple[type[np.generic], tuple[int, ...]]]
"""Name, type and shape of the arrays of one file, in their order."""
Arrays = Mapping[str, NDArray[Any]]

CACHE_BYTES = 512 * 2**20
"""Two views of a scene at 6 megapixels with ten lights each."""
SPARE_BYTES = 2**30
"""So much of the disk is left to others."""

_RENDERERS = ("build", "layer", "noise", "objects", "relief", "render", "texture")
"""The modules that decide what a rendered scene looks like."""
_MAGIC = b"tetherlight scene 1\n"
_HEADER = struct.Struct("<24s32sI4x")
_ALIGNMENT = 64
_SUFFIX, _DRAFT_SUFFIX = ".scene", ".part"
_DRAFT_S = 3600.0


class Cache:
    """A folder of rendered arrays, those used last within a bound of bytes. Thread-safe; never raises OSError."""

    def __init__(self, folder: Path, *, most_bytes: int = CACHE_BYTES, spare_bytes: int = SPARE_BYTES) -> None:
        self._folder = folder
        self._most = most_bytes
        self._spare = spare_bytes
        self._version = _version()
        self._readable = self._writable = self._prepare()

    @classmethod
    def usual(cls) -> Cache | None:
        """Give the cache in the user's cache folder; None where there is no such folder."""
        stated = Path(os.environ.get("XDG_CACHE_HOME") or "")
        try:
            home = stated if stated.is_absolute() else Path.home() / ".cache"
        except RuntimeError:  # a user without a home
            return None
        return cls(home / "tetherlight" / "scene")

    @property
    def usable(self) -> bool:
        """Whether more can be kept, as far as is known."""
        return self._writable

    def has(self, key: str, shapes: Shapes) -> bool:
        """Tell whether there is a file that seems to hold these arrays; its content is not looked at."""
        descriptor = self._open(key, shapes)
        if descriptor is None:
            return False
        os.close(descriptor)
        return True

    def load(self, key: str, shapes: Shapes) -> Arrays | None:
        """Map the arrays kept under a key, read only; None where there are none, or others."""
        descriptor = self._open(key, shapes)
        if descriptor is None:
            return None
        try:
            content = memoryview(mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ))
            with contextlib.suppress(OSError):
                os.utime(descriptor)
        except (OSError, ValueError):
            return None
        finally:
            os.close(descriptor)
        _, _, checksum = _HEADER.unpack_from(content)
        if zlib.crc32(content[_HEADER.size :]) != checksum:
            logger.info("a rendered part of the scene is damaged, and rendered anew")
            return None
        return {
            name: np.frombuffer(content, kind, math.prod(shape), start).reshape(shape)
            for (name, (kind, shape)), start in zip(shapes.items(), _starts(shapes), strict=False)
        }

    def keep(self, key: str, shapes: Shapes, arrays: Arrays) -> Arrays:
        """Write arrays and give them mapped; as they are, now and from then on, where there is no room for them."""
        if not self._writable:
            return arrays
        try:
            self._require_room(_size(shapes))
            self._write(key, shapes, arrays)
            self._tidy()
        except IsADirectoryError:  # somebody's folder has that one name
            return arrays
        except OSError as error:
            logger.info("the rendered scene cannot be kept in %s: %s", self._folder, error)
            self._writable = False
            return arrays
        return self.load(key, shapes) or arrays

    def _prepare(self) -> bool:
        """Make the folder; tell whether it is ours alone."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            found = self._folder.lstat()
        except OSError as error:
            logger.info("there is no cache for the rendered scene: %s", error)
            return False
        ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022
        if not ours:
            logger.info("%s is no folder of ours alone; the scene is not kept there", self._folder)
        return ours

    def _open(self, key: str, shapes: Shapes) -> int | None:
        """Open the file of a key if it may be one that we wrote: a plain one, ours, of the right size and header."""
        if not self._readable:
            return None
        try:
            # A pipe or device of that name neither blocks nor does anything; a link is not followed.
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            descriptor = os.open(self._path(key), flags)
        except OSError:
            return None
        with contextlib.ExitStack() as stack:
            stack.callback(os.close, descriptor)
            with contextlib.suppress(OSError):
                found = os.fstat(descriptor)
                plain = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid()
                if plain and found.st_size == _size(shapes):
                    magic, digest, _ = _HEADER.unpack(os.pread(descriptor, _HEADER.size, 0))
                    if magic.rstrip(b"\0") == _MAGIC and digest == self._digest(key):
                        stack.pop_all()
                        return descriptor
        return None

    def _write(self, key: str, shapes: Shapes, arrays: Arrays) -> None:
        descriptor, draft = tempfile.mkstemp(_DRAFT_SUFFIX, ".", self._folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                checksum, at = 0, _HEADER.size
                file.write(bytes(_HEADER.size))
                for (name, (kind, shape)), start in zip(shapes.items(), _starts(shapes), strict=False):
                    content = np.ascontiguousarray(arrays[name].reshape(shape), kind).reshape(-1).view(np.uint8)
                    for part in (memoryview(bytes(start - at)), content.data):
                        checksum = zlib.crc32(part, checksum)
                        file.write(part)
                    at = start + content.size
                file.seek(0)
                file.write(_HEADER.pack(_MAGIC, self._digest(key), checksum))
            # Not flushed to the disk: after a power failure the checksum tells what is missing.
            Path(draft).replace(self._path(key))
        except BaseException:
            with contextlib.suppress(OSError):
                Path(draft).unlink()
            raise

    def _require_room(self, size: int) -> None:
        disk = os.statvfs(self._folder)
        if size > self._most or disk.f_bavail * disk.f_frsize - size < self._spare:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _tidy(self) -> None:
        """Delete what was not used for longest until the rest is within the bound, and drafts that nobody finishes."""
        files: list[tuple[float, int, str]] = []
        with os.scandir(self._folder) as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):
                    found = entry.stat(follow_symlinks=False)
                    if entry.name.endswith(_SUFFIX) and stat.S_ISREG(found.st_mode):
                        files.append((found.st_mtime, found.st_size, entry.path))
                    elif entry.name.endswith(_DRAFT_SUFFIX) and found.st_mtime < time.time() - _DRAFT_S:
                        Path(entry.path).unlink()
        total = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if total <= self._most:
                break
            Path(path).unlink(missing_ok=True)
            total -= size

    def _digest(self, key: str) -> bytes:
        return hashlib.sha256(f"{self._version}\0{key}".encode()).digest()

    def _path(self, key: str) -> Path:
        return self._folder / f"{self._digest(key).hex()[:40]}{_SUFFIX}"


def _version() -> str:
    """Name the code that renders and how this machine stores numbers: what is kept is worth nothing to another."""
    content = hashlib.sha256(f"{sys.byteorder} {np.__version__}".encode())
    for module in _RENDERERS:
        content.update(Path(__file__).with_name(f"{module}.py").read_bytes())
    return content.hexdigest()


def _starts(shapes: Shapes) -> list[int]:
    """Give where each array begins in the file, and where the last one ends."""
    starts, at = [], _HEADER.size
    for kind, shape in shapes.values():
        starts.append(at)
        at += math.prod(shape) * np.dtype(kind).itemsize
        at += -at % _ALIGNMENT
    # The last one needs no padding behind it.
    kind, shape = list(shapes.values())[-1]
    return [*starts, starts[-1] + math.prod(shape) * np.dtype(kind).itemsize]


def _size(shapes: Shapes) -> int:
    return _starts(shapes)[-1]
