"""Small pictures of images, made once and kept on disk.

A thumbnail's file name is made of the image's path, size and time of change, so a changed image gets a new one, and the
old one falls out of the cache, which keeps what was looked at last.
"""

import asyncio
import hashlib
import logging
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from tetherlight.errors import ImageUnreadable
from tetherlight.files.beneath import parts_below
from tetherlight.files.durable import make_folder, open_regular, read_regular, store_errors, write_atomically
from tetherlight.store import drawing
from tetherlight.store.apart import Apart
from tetherlight.store.paths import Places

logger = logging.getLogger(__name__)

SIZES = (160, 320, 640, 1600)
"""Pixels of the longer edge."""
DEFAULT_SIZE = 320
CACHE_BYTES = 512_000_000
MAX_KEPT_BYTES = 8_000_000
"""More than any thumbnail has."""
DRAW = "tetherlight.store.drawing:draw_apart"
MOST_REFUSED = 1000
FRESH_S = 86_400
"""A thumbnail's time of use is written at most once in so many seconds: disks of small computers wear out."""


@dataclass(frozen=True)
class Thumbnail:
    """A small JPEG, and the name that changes with its content."""

    jpeg: bytes
    key: str


@dataclass(frozen=True)
class Undrawn:
    """An image that is not drawn in the server, as it was when it was looked at."""

    path: Path
    size: int
    key: str
    stamp: list[int]


def offered_size(wanted: int) -> int:
    """Return the smallest offered size that is at least the wanted one, else the largest."""
    return next((size for size in SIZES if size >= wanted), SIZES[-1])


class Thumbnails:
    """The thumbnails of one captures folder; at most a few are drawn at the same time."""

    def __init__(self, places: Places, apart: Apart, *, cache_bytes: int = CACHE_BYTES) -> None:
        self._places = places
        self._apart = apart
        self._refused: dict[str, str] = {}
        """Why an image that costs much could not be drawn, by what would be its thumbnail's name."""
        self._cache_bytes = cache_bytes
        self._lock = threading.Lock()
        self._used = 0
        self._drawing = threading.BoundedSemaphore(os.cpu_count() or 1)

    def look(self, path: Path, size: int = DEFAULT_SIZE) -> "Thumbnail | Undrawn":
        """Return a thumbnail from the cache or draw it; what may cost much is not drawn here.

        The image is opened once: what is drawn is what the name was made of, whatever is called so by then. Raise
        ImageUnreadable for an image that cannot be drawn.
        """
        size = offered_size(size)
        with ExitStack() as stack:
            with store_errors("The image could not be read"):
                file = stack.enter_context(open_regular(path, within=self._places.captures_dir))
                stamp = drawing.stamp_of(os.fstat(file.fileno()))
            key = self._key(path, stamp, size)
            if (error := self._refused.get(key)) is not None:
                raise ImageUnreadable(error)
            if (jpeg := _read(self._place(key))) is not None:
                return Thumbnail(jpeg, key)
            with self._drawing:
                jpeg = _read(self._place(key))  # drawn by another thread meanwhile
                if jpeg is not None:
                    return Thumbnail(jpeg, key)
                try:
                    jpeg = drawing.drawn(file, path, size)
                except drawing.Costly:
                    return Undrawn(path, size, key, stamp)
                self._keep(self._place(key), jpeg)
        return Thumbnail(jpeg, key)

    async def draw(self, undrawn: "Undrawn") -> Thumbnail:
        """Draw in a child what `look` did not; raise ImageUnreadable, and at once for what was in vain before."""
        looked = await asyncio.to_thread(self.look, undrawn.path, undrawn.size)
        if isinstance(looked, Thumbnail):
            return looked
        within = self._places.captures_dir
        try:
            jpeg = await self._apart.ask(DRAW, looked.path, within, size=looked.size, stamp=looked.stamp)
        except ImageUnreadable as error:
            if len(self._refused) >= MOST_REFUSED:
                self._refused.clear()
            self._refused[looked.key] = error.message
            raise
        await asyncio.to_thread(self._keep, self._place(looked.key), jpeg)
        return Thumbnail(jpeg, looked.key)

    def _place(self, key: str) -> Path:
        return self._places.thumbnails_dir / key[:2] / f"{key}.jpg"

    def _key(self, path: Path, stamp: Sequence[int], size: int) -> str:
        """Return the name of an image's thumbnail as the image is now."""
        name = "/".join(parts_below(self._places.captures_dir, path))
        facts = "\0".join([name, *map(str, stamp), str(size)])
        return hashlib.sha256(facts.encode()).hexdigest()[:32]

    def measure(self) -> None:
        """Count what earlier runs have kept, which until then is not counted, and keep the cache in its bound."""
        with self._lock:
            self._used = self._evict()

    def drop(self) -> bool:
        """Remove all that is kept, to make room; say whether that was anything."""
        with self._lock:
            kept = list(self._kept())
            for path, _, _ in kept:
                with suppress(OSError):
                    path.unlink()
            self._used = 0
        return any(size > 0 and not path.exists() for path, size, _ in kept)

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
