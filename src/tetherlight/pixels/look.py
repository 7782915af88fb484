"""What an image file says of itself before anything is decoded, and how it is opened: read-only, no link followed."""

import struct
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from tetherlight.errors import ImageUnreadable, OutOfResources, TetherlightError
from tetherlight.files.durable import open_regular
from tetherlight.files.types import is_raw, mimetype_of, suffix_of

MAX_PIXELS = 200_000_000
"""Of one image; the largest sensors have 150 million."""
MAX_BYTES = 2_000_000_000
"""Of one file; a picture of 150 million pixels in float32 has 1.8 billion."""
UPRIGHT = 1
"""EXIF's number for a picture that needs no turning."""

_ORIENTATION = 0x0112
_TURNED = frozenset({5, 6, 7, 8})
_FORMATS = MappingProxyType({"image/jpeg": ("JPEG", "MPO"), "image/png": ("PNG",)})
_OPENABLE = "JPEG, PNG, TIFF and RAW are read."
_DAMAGED = (
    ValueError, SyntaxError, ArithmeticError, LookupError, TypeError, EOFError, AttributeError, NotImplementedError,
    RuntimeError, OSError, struct.error, Image.DecompressionBombError,
)  # fmt: skip
"""What the libraries let through for a damaged file, which is nearly anything."""


@dataclass(frozen=True)
class Look:
    """What a file says of itself. Sizes are as they are stored, before the picture is turned upright."""

    width: int
    height: int
    channels: int
    """1 for gray, 3 for RGB."""
    dtype: np.dtype[Any]
    """uint8, uint16 or float32: what its values are decoded to."""
    orientation: int = UPRIGHT
    """EXIF's number, from 1 to 8: how to turn it."""
    linear: bool = False
    """Whether its values are proportional to light by its kind, as those of RAW and of float files are."""

    def shape(self, *, orientation: int | None = None, shrink: int = 1, gray: bool = False) -> tuple[int, ...]:
        """Return the shape of the decoded array, upright and made smaller by a factor: (H, W), or (H, W, 3)."""
        height, width = -(-self.height // shrink), -(-self.width // shrink)
        if (orientation or self.orientation) in _TURNED:
            height, width = width, height
        return (height, width) if gray or self.channels == 1 else (height, width, self.channels)


def look(path: Path, within: Path | None = None) -> Look:
    """Return what an image says of itself; raise ImageUnreadable.

    No link is followed below the folder `within`, by default the image's own.
    """
    with opened(path, within) as file:
        return look_at(file, path)


def look_at(file: BufferedReader, path: Path) -> Look:
    """Return what an open image says of itself; raise ImageUnreadable, also for one of too many pixels."""
    with damage_told(path):
        found = _looker(path)(file)
        file.seek(0)
    if not 0 < found.width * found.height <= MAX_PIXELS:
        raise ImageUnreadable(
            f"{path.name} says that it has {found.width} x {found.height} pixels, and at most "
            f"{MAX_PIXELS / 1e6:.0f} million are read."
        )
    return found


def _looker(path: Path) -> Callable[[BufferedReader], Look]:
    if is_raw(path):
        return _look_at_raw
    if mimetype_of(path) == "image/tiff":
        return _look_at_tiff
    formats = _FORMATS.get(mimetype_of(path))
    if formats is None:
        raise ImageUnreadable(f"{path.name} cannot be read: no reader for {suffix_of(path) or 'it'}.", hint=_OPENABLE)
    return lambda file: _look_by_pillow(file, formats)


@contextmanager
def opened(path: Path, within: Path | None = None) -> Iterator[BufferedReader]:
    """Open an image for reading, and nothing that is none; raise ImageUnreadable."""
    try:
        file = open_regular(path, most=MAX_BYTES, within=within)
    except OSError as error:
        raise unreadable(path, error) from error
    with file:
        yield file


@contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """Turn what libraries raise for a damaged file into ImageUnreadable."""
    try:
        yield
    except TetherlightError:
        raise
    except _DAMAGED as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> TetherlightError:
    """Return the error of ours for one that a file, or a library that reads it, has raised."""
    if (scarce := OutOfResources.of(error)) is not None:
        return scarce
    if isinstance(error, OSError) and error.errno is not None and error.strerror:
        return ImageUnreadable(f"{path.name} cannot be read: {error.strerror[:1].lower()}{error.strerror[1:]}.")
    if isinstance(error, Image.DecompressionBombError):
        return ImageUnreadable(f"{path.name} cannot be read: it has more than {MAX_PIXELS / 1e6:.0f} million pixels.")
    return ImageUnreadable(f"{path.name} cannot be read: it holds no picture, or a damaged one.", hint=_advice(error))


def _advice(error: Exception) -> str | None:
    """Return what a library says, as far as it fits on a line; libraries name no paths where they read open files."""
    if isinstance(error, UnidentifiedImageError):
        return None  # it says no more than that, and of an open file how Python shows it
    line = " ".join(str(error).split())[:160]
    return f"The reader says: {line}" if line else None


@contextmanager
def pillow_opened(file: BufferedReader, formats: tuple[str, ...]) -> Iterator[Image.Image]:
    """Open an image with the reader of its kind alone, and without a word about one that is merely large."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        image = Image.open(file, formats=formats)
    with image:
        yield image


def _look_by_pillow(file: BufferedReader, formats: tuple[str, ...]) -> Look:
    with pillow_opened(file, formats) as image:
        deep = image.mode in {"I", "I;16", "I;16B"} or _is_deep_png(file, image)
        return Look(
            width=image.width,
            height=image.height,
            channels=1 if image.mode in {"1", "L", "LA", "I", "F"} or image.mode.startswith("I;16") else 3,
            dtype=np.dtype(np.uint16 if deep else np.uint8),
            orientation=_orientation(image.getexif().get(_ORIENTATION)),
        )


def _is_deep_png(file: BufferedReader, image: Image.Image) -> bool:
    """Say whether a PNG has 16 bits per channel; of such a colour image Pillow gives the upper 8 alone."""
    if image.format != "PNG":
        return False
    file.seek(0)
    head = file.read(26)
    return len(head) == 26 and head[24] == 16


def _look_at_tiff(file: BufferedReader) -> Look:
    with tiff_opened(file) as tiff:
        page = tiff.pages.first
        if page.dtype is None or page.axes not in {"YX", "YXS"}:
            raise ValueError("it is no flat picture")
        channels = page.shape[2] if page.axes == "YXS" else 1
        deep = page.dtype.kind == "f" or page.dtype.itemsize > 2
        tag = page.tags.get(_ORIENTATION)
        return Look(
            width=page.imagewidth,
            height=page.imagelength,
            channels=1 if channels < 3 else 3,
            dtype=np.dtype(np.float32) if deep else np.dtype(f"uint{8 * page.dtype.itemsize}"),
            orientation=_orientation(None if tag is None else tag.value),
            linear=page.dtype.kind == "f",
        )


@contextmanager
def tiff_opened(file: BufferedReader) -> Iterator[Any]:
    """Open a TIFF; what is wrong with it is raised as tifffile does."""
    from tifffile import TiffFile  # noqa: PLC0415 - most sets hold no TIFF

    # The name of a file that was opened by its descriptor is a number, which tifffile does not take.
    with TiffFile(file, name="image") as tiff:
        yield tiff


def _look_at_raw(file: BufferedReader) -> Look:
    with raw_opened(file) as raw:
        sizes = raw.sizes
        turn = {3: 3, 5: 8, 6: 6}.get(sizes.flip, UPRIGHT)
        return Look(sizes.iwidth, sizes.iheight, 3, np.dtype(np.uint16), turn, linear=True)


@contextmanager
def raw_opened(file: BufferedReader) -> Iterator[Any]:
    """Open a RAW file with LibRaw; raise ImageUnreadable where that is not installed."""
    try:
        import rawpy  # noqa: PLC0415 - an extra
    except ImportError:
        raise ImageUnreadable(
            "RAW files cannot be read here: the package rawpy is missing.",
            hint="Install the extra: pip install 'tetherlight[raw]'; or use the JPEGs.",
        ) from None
    # By its descriptor: the file is the one that was looked at, whatever has its name by now.
    try:
        with rawpy.imread(f"/proc/self/fd/{file.fileno()}") as raw:
            yield raw
    except rawpy.LibRawError as error:
        raise ValueError(type(error).__name__.removeprefix("LibRaw")) from error


def _orientation(value: Any) -> int:
    return value if isinstance(value, int) and 1 <= value <= 8 else UPRIGHT
