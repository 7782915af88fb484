"""Images drawn small: as thumbnails, and for checks. A RAW file is drawn by the preview inside it.

What costs little is drawn in the server, which is nearly every picture of a camera; all else is Costly there, and drawn
in a child (store/apart.py) by the functions at the end.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, BytesIO
from mmap import ACCESS_READ, mmap
from pathlib import Path

from PIL import Image, ImageChops, ImageOps

from tetherlight.errors import ImageUnreadable
from tetherlight.files.durable import open_regular
from tetherlight.files.types import is_jpeg, is_raw, mimetype_of, suffix_of
from tetherlight.store.frugal import is_frugal
from tetherlight.store.previews import best_preview, orientation_of
from tetherlight.store.unreadable import DAMAGED, NoPicture, unreadable

QUALITY = 82
MAX_BYTES = 160_000_000
"""Bytes of a decoded picture: it is there twice while it is made smaller."""
CHECKED = 1000
"""Pixels that the shorter edge of what checks look at has at least, where the picture has them."""

_ORIENTATION = 0x0112
_WHOLE = "longer edge of the whole picture"
_JPEG = ("JPEG", "MPO")
_FORMATS = {"image/jpeg": _JPEG, "image/png": ("PNG",), "image/tiff": ("TIFF",), "image/webp": ("WEBP",)}


class Costly(Exception):
    """The image is none to be drawn in the server."""


def drawn(file: BufferedReader, path: Path, size: int) -> bytes:
    """Draw an image that is open, at most `size` pixels long and the right way up, as a JPEG.

    Raise ImageUnreadable, and Costly for one that may take much memory.
    """
    return _encoded(_shrunk(file, path, size, frugal=True))


def reduced(path: Path, within: Path | None = None, *, frugal: bool = True) -> tuple[Image.Image, float]:
    """Return an image, or a RAW file's preview, for checks, in RGB of 8 bits, and how much smaller than it is that is.

    It is decoded at the half, quarter or eighth of its size at which each edge still has CHECKED pixels. No link is
    followed below the folder `within`, by default the image's own. Raise ImageUnreadable, and Costly where it is to be
    frugal and the image may take much memory.
    """
    with _opened(path, within) as file:
        try:
            picture = _raw_preview(file, CHECKED, frugal) if is_raw(path) else _picture(file, path, CHECKED, frugal)
        except DAMAGED as error:
            raise unreadable(f"No picture can be drawn of {path.name}", path, error) from error
    return picture.convert("RGB"), picture.info.get(_WHOLE, max(picture.size)) / max(picture.size)


def luma_and_brightest(picture: Image.Image) -> tuple[Image.Image, Image.Image]:
    """Return the luma of a picture, and the brightest of its three channels."""
    red, green, blue = picture.split()
    return picture.convert("L"), ImageChops.lighter(ImageChops.lighter(red, green), blue)


def draw_apart(_: object, path: str, within: str, size: int, stamp: list[int]) -> bytes:
    """Draw any image, in a child; raise ImageUnreadable, also where it is another one than that of the stamp."""
    with _opened(Path(path), Path(within)) as file:
        if stamp_of(os.fstat(file.fileno())) != stamp:
            raise ImageUnreadable(f"{Path(path).name} was changed while it was read.")
        return _encoded(_shrunk(file, Path(path), size, frugal=False))


def stamp_of(status: os.stat_result) -> list[int]:
    """Return what is another one when a file is changed or exchanged."""
    return [status.st_mtime_ns, status.st_size, status.st_ino]


def _opened(path: Path, within: Path | None) -> BufferedReader:
    try:
        return open_regular(path, within=within)
    except OSError as error:
        raise unreadable(f"No picture can be drawn of {path.name}", path, error) from error


def _shrunk(file: BufferedReader, path: Path, size: int, *, frugal: bool) -> Image.Image:
    """Return an image, or a RAW file's preview, at most `size` pixels long and the right way up, in 8 bits."""
    try:
        picture = _raw_preview(file, size, frugal) if is_raw(path) else _picture(file, path, size, frugal)
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


def _picture(file: BufferedReader, path: Path, size: int, frugal: bool) -> Image.Image:
    if frugal:
        _require_frugal(file, path, size)
    with open_picture(file, path) as image:
        image.info[_WHOLE] = max(image.size)
        if is_jpeg(path):
            image.draft("RGB", (size, size))  # the decoder itself shrinks by 2, 4 or 8
        if image.width * image.height * _bytes_per_pixel(image) > MAX_BYTES:
            raise NoPicture("it has too many pixels")
        return ImageOps.exif_transpose(_eight_bit(image))


def _require_frugal(file: BufferedReader, path: Path, size: int) -> None:
    if mimetype_of(path) not in _FORMATS:
        return  # no reader is offered it
    if not is_jpeg(path):
        raise Costly
    with mapped(file) as data:
        if data[:2] == b"\xff\xd8" and not is_frugal(data, size):
            raise Costly


def _bytes_per_pixel(image: Image.Image) -> int:
    return len(image.getbands()) * (4 if image.mode in {"I", "F"} else 2 if image.mode.startswith("I;16") else 1)


def _raw_preview(file: BufferedReader, size: int, frugal: bool) -> Image.Image:
    with mapped(file) as data:
        preview = best_preview(data, size)
        if preview is None:
            raise NoPicture("it holds no preview")
        if frugal and not is_frugal(data, size, preview.offset):
            raise Costly
        orientation = orientation_of(data)
        jpeg = data[preview.offset : preview.offset + preview.size]
    with Image.open(BytesIO(jpeg), formats=_JPEG) as image:
        image.info[_WHOLE] = max(image.size)
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
