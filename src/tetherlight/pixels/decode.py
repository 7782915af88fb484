"""Image files as arrays: JPEG, PNG and TIFF of 8 and 16 bits and of floats, and RAW, all turned upright.

What a file claims to be costs nothing to write, so its size is looked at before anything is decoded; and all of this
runs where memory is limited (`process/run.py`).
"""

import mmap
from io import BufferedReader
from pathlib import Path
from typing import Any

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from tetherlight.files.types import is_jpeg, is_raw, mimetype_of
from tetherlight.pixels.look import Look, damage_told, look_at, opened, pillow_opened, raw_opened, tiff_opened
from tetherlight.pixels.png import deep_png

Pixels = NDArray[Any]
"""(H, W) for gray or (H, W, 3) for RGB; uint8, uint16 or float32."""
SHRINKS = (1, 2, 4, 8)
_HARMLESS = "extraneous bytes"
"""What the decoder says of padding that some cameras write; the picture is whole."""


def decode(
    path: Path,
    within: Path | None = None,
    *,
    gray: bool = False,
    shrink: int = 1,
    orientation: int | None = None,
    into: Pixels | None = None,
) -> Pixels:
    """Return an image upright: (H, W) or (H, W, 3) of uint8, uint16 or float32, as `look` says; raise ImageUnreadable.

    With `gray` colours become luma; `shrink` of 2, 4 or 8 gives an image smaller by that factor, which costs a JPEG
    much less. `orientation` stands in for that of the file: a camera that looks down turns the tag at random, and the
    images of a set must not differ. With `into`, an array of the right shape and type, the result lies there. No link
    is followed below the folder `within`, by default the image's own.
    """
    with opened(path, within) as file:
        found = look_at(file, path)
        turn = orientation or found.orientation
        shape = found.shape(orientation=turn, shrink=shrink, gray=gray)
        if into is not None and (into.shape != shape or into.dtype != found.dtype):
            raise ValueError(f"{path.name} needs {shape} of {found.dtype}")
        with damage_told(path):
            if is_jpeg(path):
                stored = _jpeg(
                    file, found.shape(orientation=1, shrink=shrink, gray=gray), shrink, into if turn == 1 else None
                )
            else:
                stored = shrunk(_values(file, path, found, gray), shrink)
            upright = turned(stored, turn)
            if upright.shape != shape:
                raise ValueError(f"it has {upright.shape} pixels instead of {shape}")
    if into is None or upright is into:
        return np.ascontiguousarray(upright)
    np.copyto(into, upright)
    return into


def turned(pixels: Pixels, orientation: int) -> Pixels:
    """Return a picture turned upright by EXIF's number, as a view."""
    if orientation in {5, 6, 7, 8}:
        pixels = pixels.swapaxes(0, 1)
    if orientation in {2, 3, 6, 7}:
        pixels = pixels[:, ::-1]
    if orientation in {3, 4, 7, 8}:
        pixels = pixels[::-1]
    return pixels


def _values(file: BufferedReader, path: Path, found: Look, gray: bool) -> Pixels:
    """Return the picture as it is stored, as one or three channels of the type that was told."""
    pixels = _raw(file) if is_raw(path) else _tiff(file, found) if mimetype_of(path) == "image/tiff" else _png(file)
    if pixels.ndim == 3:
        pixels = pixels[:, :, :3] if pixels.shape[2] >= 3 else pixels[:, :, 0]
    if gray and pixels.ndim == 3:
        pixels = luma(pixels)
    return pixels.astype(found.dtype, copy=False)


def _jpeg(file: BufferedReader, shape: tuple[int, ...], shrink: int, into: Pixels | None) -> Pixels:
    """Return a JPEG as an array of this shape, in `into` where there is one that it can be decoded into."""
    wanted = {
        "colorspace": "GRAY" if len(shape) == 2 else "RGB",
        "min_height": shape[0] if shrink > 1 else 0,
        "min_width": shape[1] if shrink > 1 else 0,
    }
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data, memoryview(data) as view:
        pixels = _decoded(view, wanted, into)
    return pixels.reshape(shape) if pixels.size == np.prod(shape) else pixels


def _decoded(data: memoryview, wanted: dict[str, Any], into: Pixels | None) -> Pixels:
    if into is not None and into.flags.c_contiguous:
        wanted = wanted | {"buffer": into}
    try:
        pixels: Pixels = simplejpeg.decode_jpeg(data, **wanted)
    except ValueError as error:
        if _HARMLESS not in str(error):
            raise
        pixels = simplejpeg.decode_jpeg(data, **wanted | {"strict": False})
    return into if "buffer" in wanted and into is not None else pixels


def _png(file: BufferedReader) -> Pixels:
    if (deep := deep_png(file)) is not None:
        return deep
    file.seek(0)
    with pillow_opened(file, ("PNG",)) as image:
        mode = "L" if image.mode in {"1", "L", "LA"} else "RGB"
        return np.asarray(image if image.mode == mode else image.convert(mode))


def _tiff(file: BufferedReader, found: Look) -> Pixels:
    with tiff_opened(file) as tiff:
        page = tiff.pages.first
        pixels: Pixels = page.asarray(maxworkers=1)
        if page.photometric == 0:  # white is zero
            pixels = np.iinfo(pixels.dtype).max - pixels if pixels.dtype.kind == "u" else pixels
    if pixels.dtype.kind == "u" and found.dtype.kind == "f":
        return np.asarray(pixels / np.float32(np.iinfo(pixels.dtype).max), np.float32)
    return pixels


def _raw(file: BufferedReader) -> Pixels:
    with raw_opened(file) as raw:
        pixels: Pixels = raw.postprocess(
            gamma=(1, 1), no_auto_bright=True, output_bps=16, use_camera_wb=True, user_flip=0
        )
    return pixels


def luma(pixels: Pixels) -> Pixels:
    """Return the gray of a picture (H, W, 3) as JPEG has it, in its own type (H, W)."""
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    gray: NDArray[np.float32] = np.asarray(pixels.astype(np.float32, copy=False) @ weights, np.float32)
    return gray if pixels.dtype.kind == "f" else np.rint(gray).astype(pixels.dtype)


def shrunk(pixels: Pixels, factor: int) -> Pixels:
    """Return a picture smaller by a factor, each pixel the mean of a square; those at the edge are of what is there."""
    if factor == 1:
        return pixels
    rows = np.arange(0, pixels.shape[0], factor)
    columns = np.arange(0, pixels.shape[1], factor)
    sums = np.add.reduceat(np.add.reduceat(pixels.astype(np.float32), rows, axis=0), columns, axis=1)
    tall = np.diff(np.append(rows, pixels.shape[0])).astype(np.float32)
    wide = np.diff(np.append(columns, pixels.shape[1])).astype(np.float32)
    area = tall[:, None] * wide[None, :]
    sums /= area if pixels.ndim == 2 else area[:, :, None]
    return sums if pixels.dtype.kind == "f" else np.rint(sums).astype(pixels.dtype)
