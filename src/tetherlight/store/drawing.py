"""Images drawn small: as thumbnails, and to see how bright they are. A RAW file is drawn by the preview inside it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, BytesIO
from mmap import ACCESS_READ, mmap
from pathlib import Path

from PIL import Image, ImageOps

from tetherlight.files.durable import open_regular
from tetherlight.files.types import is_jpeg, is_raw, mimetype_of, suffix_of
from tetherlight.store.previews import best_preview, orientation_of
from tetherlight.store.unreadable import DAMAGED, NoPicture, unreadable

QUALITY = 82
MAX_PIXELS = 150_000_000
LOOK = 160
"""Pixels of the longer edge of what is looked at for its brightness."""

_ORIENTATION = 0x0112
_JPEG = ("JPEG", "MPO")
_FORMATS = {"image/jpeg": _JPEG, "image/png": ("PNG",), "image/tiff": ("TIFF",), "image/webp": ("WEBP",)}


def draw(path: Path, size: int, within: Path | None = None) -> bytes:
    """Draw an image, or a RAW file's preview, at most `size` pixels long and the right way up, as a JPEG.

    No link is followed below the folder `within`, by default the image's own. Raise ImageUnreadable.
    """
    return _encoded(shrunk(path, size, within))


def drawn(file: BufferedReader, path: Path, size: int) -> bytes:
    """Draw an image that is open, as `draw` does."""
    return _encoded(_shrunk(file, path, size))


def levels_of(path: Path, within: Path | None = None) -> list[int]:
    """Return how many pixels of an image, looked at in small, have each of the 256 levels; raise ImageUnreadable."""
    return shrunk(path, LOOK, within).convert("L").histogram()


def shrunk(path: Path, size: int, within: Path | None = None) -> Image.Image:
    """Return an image, or a RAW file's preview, at most `size` pixels long and the right way up, in 8 bits.

    Raises ImageUnreadable.
    """
    try:
        file = open_regular(path, within=within)
    except OSError as error:
        raise unreadable(f"No picture can be drawn of {path.name}", path, error) from error
    with file:
        return _shrunk(file, path, size)


def _shrunk(file: BufferedReader, path: Path, size: int) -> Image.Image:
    try:
        picture = _raw_preview(file, size) if is_raw(path) else _picture(file, path, size)
        picture.thumbnail((size, size), Image.Resampling.LANCZOS, reducing_gap=2.0)
    except DAMAGED as error:
        raise unreadable(f"No picture can be drawn of {path.name}", path, error) from error
    return picture


def _encoded(picture: Image.Image) -> bytes:
    encoded = BytesIO()
    picture.save(encoded, "JPEG", quality=QUALITY)
    return encoded.getvalue()


@contextmanager
def open_picture(file: BufferedReader, path: Path) -> Iterator[Image.Image]:
    """Read an open file with the reader of its kind alone: none of the many others is offered it to stumble over."""
    formats = _FORMATS.get(mimetype_of(path))
    if formats is None:
        raise NoPicture(f"pictures of its kind ({suffix_of(path)}) are only given whole")
    with Image.open(file, formats=formats) as image:
        yield image


def _picture(file: BufferedReader, path: Path, size: int) -> Image.Image:
    with open_picture(file, path) as image:
        if is_jpeg(path):
            image.draft("RGB", (size, size))  # the decoder itself shrinks by 2, 4 or 8
        elif image.width * image.height > MAX_PIXELS:
            raise NoPicture("it has too many pixels")
        return ImageOps.exif_transpose(_eight_bit(image))


def _raw_preview(file: BufferedReader, size: int) -> Image.Image:
    with mapped(file) as data:
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
def mapped(file: BufferedReader) -> Iterator[mmap | bytes]:
    """Map an open file into memory to look at parts of it."""
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
