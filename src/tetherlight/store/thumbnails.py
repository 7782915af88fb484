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
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from mmap import ACCESS_READ, mmap
from pathlib import Path

from PIL import Image, ImageOps

from tetherlight.files.durable import make_folder, open_regular, read_regular, store_errors, write_atomically
from tetherlight.files.types import is_jpeg, is_raw, mimetype_of, suffix_of
from tetherlight.store.paths import Places
from tetherlight.store.previews import best_preview, orientation_of
from tetherlight.store.unreadable import DAMAGED, NoPicture, unreadable

logger = logging.getLogger(__name__)

SIZES = (160, 320, 640, 1600)
"""Pixels of the longer edge."""
DEFAULT_SIZE = 320
CACHE_BYTES = 512_000_000
MAX_KEPT_BYTES = 8_000_000
"""More than any thumbnail has."""
QUALITY = 82
MAX_PIXELS = 150_000_000
FRESH_S = 86_400
"""A thumbnail's time of use is written at most once in so many seconds: disks of small computers wear out."""

_ORIENTATION = 0x0112
_JPEG = ("JPEG", "MPO")
_FORMATS = {"image/jpeg": _JPEG, "image/png": ("PNG",), "image/tiff": ("TIFF",), "image/webp": ("WEBP",)}


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

    def key(self, path: Path, size: int) -> str:
        """Return the name of an image's thumbnail as the image is now; raise StoreError."""
        with store_errors("The image could not be read"):
            status = path.stat()
        facts = f"{self._places.relative(path)}\0{status.st_mtime_ns}\0{status.st_size}\0{status.st_ino}\0{size}"
        return hashlib.sha256(facts.encode()).hexdigest()[:32]

    def get(self, path: Path, size: int = DEFAULT_SIZE) -> Thumbnail:
        """Return a thumbnail from the cache or draw it; raise ImageUnreadable for an image that cannot be drawn."""
        size = offered_size(size)
        key = self.key(path, size)
        kept = self._places.thumbnails_dir / key[:2] / f"{key}.jpg"
        jpeg = _read(kept)
        if jpeg is None:
            with self._drawing:
                jpeg = _read(kept)  # drawn by another thread meanwhile
                if jpeg is None:
                    jpeg = draw(path, size)
                    self._keep(kept, jpeg)
        return Thumbnail(jpeg, key)

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


def draw(path: Path, size: int) -> bytes:
    """Draw an image, or a RAW file's preview, at most `size` pixels long and the right way up, as a JPEG."""
    encoded = BytesIO()
    shrunk(path, size).save(encoded, "JPEG", quality=QUALITY)
    return encoded.getvalue()


def levels_of(path: Path) -> list[int]:
    """Return how many pixels of an image, looked at in small, have each of the 256 levels; raise ImageUnreadable."""
    return shrunk(path, SIZES[0]).convert("L").histogram()


def shrunk(path: Path, size: int) -> Image.Image:
    """Return an image, or a RAW file's preview, at most `size` pixels long and the right way up, in 8 bits.

    Raises ImageUnreadable.
    """
    try:
        picture = _raw_preview(path, size) if is_raw(path) else _picture(path, size)
        picture.thumbnail((size, size), Image.Resampling.LANCZOS, reducing_gap=2.0)
    except DAMAGED as error:
        raise unreadable(f"No picture can be drawn of {path.name}", path, error) from error
    return picture


@contextmanager
def open_picture(path: Path) -> Iterator[Image.Image]:
    """Open an image with the reader of its kind alone: none of the many others is offered a file to stumble over."""
    formats = _FORMATS.get(mimetype_of(path))
    if formats is None:
        raise NoPicture(f"pictures of its kind ({suffix_of(path)}) are only given whole")
    with open_regular(path) as file, Image.open(file, formats=formats) as image:
        yield image


def _picture(path: Path, size: int) -> Image.Image:
    with open_picture(path) as image:
        if is_jpeg(path):
            image.draft("RGB", (size, size))  # the decoder itself shrinks by 2, 4 or 8
        elif image.width * image.height > MAX_PIXELS:
            raise NoPicture("it has too many pixels")
        return ImageOps.exif_transpose(_eight_bit(image))


def _raw_preview(path: Path, size: int) -> Image.Image:
    with mapped(path) as data:
        preview = best_preview(data, size)
        if preview is None:
            raise NoPicture("it holds no preview")
        orientation = orientation_of(data)
        jpeg = data[preview.offset : preview.offset + preview.size]
    with Image.open(BytesIO(jpeg), formats=_JPEG) as image:
        image.draft("RGB", (size, size))
        picture = image.convert("RGB")
        picture.getexif().setdefault(_ORIENTATION, orientation)
        return ImageOps.exif_transpose(picture)


@contextmanager
def mapped(path: Path) -> Iterator[mmap | bytes]:
    """Map a file into memory to look at parts of it."""
    with open_regular(path) as file:
        if os.fstat(file.fileno()).st_size == 0:
            yield b""
            return
        with mmap(file.fileno(), 0, access=ACCESS_READ) as data:
            yield data


def _eight_bit(image: Image.Image) -> Image.Image:
    """Convert an image of any depth to one that a JPEG can hold."""
    if image.mode in {"I", "F"} or image.mode.startswith("I;16"):
        return _scaled(image)
    return image if image.mode in {"RGB", "L"} else image.convert("RGB")


def _scaled(image: Image.Image) -> Image.Image:
    """Bring a grey image of more than eight bits to eight."""
    import numpy as np  # noqa: PLC0415 - loading it takes a fifth of the server's start, and few pictures need it

    values = np.asarray(image, dtype=np.float32)
    if image.mode.startswith("I;16") or (image.mode == "I" and values.max(initial=0) > 255):
        values = values / 257.0
    elif image.mode == "F":
        low, high = np.nanmin(values), np.nanmax(values)
        values = (values - low) * (255.0 / max(float(high - low), 1e-9))
    grey = np.nan_to_num(values).clip(0, 255).astype(np.uint8)
    converted = Image.fromarray(grey)
    converted.info.update(image.info)
    return converted


def _read(path: Path) -> bytes | None:
    """Return a kept thumbnail and note that it was used; None where there is none."""
    try:
        jpeg = read_regular(path, most=MAX_KEPT_BYTES)
        if time.time() - path.stat().st_mtime > FRESH_S:
            os.utime(path)
    except OSError:
        return None
    return jpeg or None
