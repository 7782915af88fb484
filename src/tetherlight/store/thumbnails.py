"""Small pictures of images, made once and kept on disk.

A thumbnail's file name is made of the image's path, size and time of change, so a changed image gets a new one, and the
old one falls out of the cache, which keeps what was looked at last.
"""

import hashlib
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from tetherlight.files.beneath import parts_below
from tetherlight.files.durable import make_folder, open_regular, read_regular, store_errors, write_atomically
from tetherlight.store import drawing
from tetherlight.store.paths import Places

logger = logging.getLogger(__name__)

SIZES = (160, 320, 640, 1600)
"""Pixels of the longer edge."""
DEFAULT_SIZE = 320
CACHE_BYTES = 512_000_000
MAX_KEPT_BYTES = 8_000_000
"""More than any thumbnail has."""
FRESH_S = 86_400
"""A thumbnail's time of use is written at most once in so many seconds: disks of small computers wear out."""


@dataclass(frozen=True)
class Thumbnail:
    """A small JPEG, and the name that changes with its content."""

    jpeg: bytes
    key: str


def offered_size(wanted: int) -> int:
    """Return the smallest offered size that is at least the wanted one, else the largest."""
    return next((size for size in SIZES if size >= wanted), SIZES[-1])


class Thumbnails:
    """The thumbnails of one captures folder; at most a few are drawn at the same time."""

    def __init__(self, places: Places, *, cache_bytes: int = CACHE_BYTES) -> None:
        self._places = places
        self._cache_bytes = cache_bytes
        self._lock = threading.Lock()
        self._used = 0
        self._drawing = threading.BoundedSemaphore(os.cpu_count() or 1)

    def get(self, path: Path, size: int = DEFAULT_SIZE) -> Thumbnail:
        """Return a thumbnail from the cache or draw it; raise ImageUnreadable for an image that cannot be drawn.

        The image is opened once: what is drawn is what the name was made of, whatever is called so by then.
        """
        size = offered_size(size)
        with ExitStack() as stack:
            with store_errors("The image could not be read"):
                file = stack.enter_context(open_regular(path, within=self._places.captures_dir))
                key = self._key(path, os.fstat(file.fileno()), size)
            kept = self._places.thumbnails_dir / key[:2] / f"{key}.jpg"
            jpeg = _read(kept)
            if jpeg is None:
                with self._drawing:
                    jpeg = _read(kept)  # drawn by another thread meanwhile
                    if jpeg is None:
                        jpeg = drawing.drawn(file, path, size)
                        self._keep(kept, jpeg)
        return Thumbnail(jpeg, key)

    def _key(self, path: Path, status: os.stat_result, size: int) -> str:
        """Return the name of an image's thumbnail as the image is now."""
        name = "/".join(parts_below(self._places.captures_dir, path))
        facts = f"{name}\0{status.st_mtime_ns}\0{status.st_size}\0{status.st_ino}\0{size}"
        return hashlib.sha256(facts.encode()).hexdigest()[:32]

    def measure(self) -> None:
        """Count what earlier runs have kept, which until then is not counted, and keep the cache in its bound."""
        with self._lock:
            self._used = self._evict()

    def _keep(self, path: Path, jpeg: bytes) -> None:
        """Put a thumbnail into the cache; on a full disk it just is not kept."""
        try:
            make_folder(self._places.thumbnails_dir)
            path.parent.mkdir(mode=0o750, exist_ok=True)
            write_atomically(path, jpeg, durable=False)
        except OSError as error:
            logger.warning("A thumbnail could not be kept: %s", error)
            return
        with self._lock:
            self._used += len(jpeg)
            if self._used > self._cache_bytes:
                self._used = self._evict()

    def _evict(self) -> int:
        """Drop the thumbnails that were not looked at for longest where there are too many; return the bytes left."""
        kept = sorted(self._kept(), key=lambda one: one[2])
        used = sum(size for _, size, _ in kept)
        if used <= self._cache_bytes:
            return used
        for path, size, _ in kept:
            if used <= self._cache_bytes * 4 // 5:
                break
            with suppress(OSError):
                path.unlink()
            used -= size
        return used

    def _kept(self) -> Iterator[tuple[Path, int, float]]:
        """Go through the cache: path, bytes and time of last use."""
        for folder, _, names in os.walk(self._places.thumbnails_dir):
            for name in names:
                path = Path(folder, name)
                with suppress(OSError):
                    status = path.stat()
                    yield path, status.st_size, status.st_mtime


def _read(path: Path) -> bytes | None:
    """Return a kept thumbnail and note that it was used; None where there is none."""
    try:
        jpeg = read_regular(path, most=MAX_KEPT_BYTES)
        if time.time() - path.stat().st_mtime > FRESH_S:
            os.utime(path)
    except OSError:
        return None
    return jpeg or None
