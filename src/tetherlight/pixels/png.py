"""PNG files of 8 and 16 bits per channel: written by rows, and read with all their bits.

Pillow writes no colour of 16 bits and reads only its upper 8. The low bytes of sensor data hold noise that no packer
makes smaller, so only what packs well is packed: the rest is stored, which is several times faster (RFC 1951, 3.2.4).
"""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from tetherlight.files.durable import placed, store_errors, write_whole

Samples = NDArray[np.unsignedinteger[Any]]
"""(H, W) for gray, (H, W, 3) for RGB, (H, W, 4) with alpha; uint8 or uint16."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOURS = {1: 0, 3: 2, 4: 6}
_BLOCK = 1 << 20
"""Bytes that are filtered and packed at a time."""
_SAMPLE = 1 << 14
"""Bytes of a block that are packed to see how well it packs."""
_WORTH = 0.7
"""A block is packed where its sample becomes at most this share."""
_STORED, _UP = 0, 2
"""The filters of PNG in use: none, and the difference to the pixel above."""
_LONGEST, _HEAD = 0xFFFF, 5
"""Bytes that a stored block of deflate can hold, and those before them."""
_LAST = b"\x03\x00"
"""A last block of deflate, without content."""


class PngWriter:
    """Writes a picture from top to bottom; made by `png_rows`."""

    def __init__(self, descriptor: int, width: int, height: int, channels: int, dtype: np.dtype[Any]) -> None:
        self._descriptor = descriptor
        self._shape = (width,) if channels == 1 else (width, channels)
        self._dtype = dtype
        self._missing = height
        self._stride = width * channels * dtype.itemsize
        self._above: NDArray[np.uint8] = np.zeros(self._stride, np.uint8)
        self._check = zlib.adler32(b"")
        write_whole(descriptor, _SIGNATURE)
        head = struct.pack(">IIBBBBB", width, height, 8 * dtype.itemsize, _COLOURS[channels], 0, 0, 0)
        self._chunk(b"IHDR", head)
        self._chunk(b"IDAT", b"\x78\x01")

    def write(self, rows: Samples) -> None:
        """Write the next rows, (h, W) or (h, W, channels) of the type that was said; raise OSError."""
        if rows.shape[1:] != self._shape or rows.dtype != self._dtype or len(rows) > self._missing:
            raise ValueError(f"rows of {rows.shape} {rows.dtype} do not fit into the picture")
        self._missing -= len(rows)
        step = max(1, _BLOCK // self._stride)
        for start in range(0, len(rows), step):
            self._block(rows[start : start + step])

    def finish(self) -> None:
        """End the file; raise ValueError where rows are missing."""
        if self._missing:
            raise ValueError(f"{self._missing} rows are missing")
        self._chunk(b"IDAT", _LAST + struct.pack(">I", self._check))
        self._chunk(b"IEND", b"")

    def _block(self, rows: Samples) -> None:
        filtered = np.empty((len(rows), 1 + self._stride), np.uint8)
        plain = filtered[:, 1:]
        if self._dtype.itemsize == 2:
            plain.view(">u2")[...] = rows.reshape(len(rows), -1)
        else:
            plain[...] = rows.reshape(len(rows), -1)
        last = plain[-1].copy()
        packs = _packs(plain)
        filtered[:, 0] = _UP if packs else _STORED
        if packs:
            plain[1:] -= plain[:-1].copy()
            plain[0] -= self._above
        self._above = last
        self._check = zlib.adler32(filtered.data, self._check)
        self._chunk(b"IDAT", *(_packed(filtered.data) if packs else (_stored(filtered.ravel()),)))

    def _chunk(self, name: bytes, *parts: bytes | memoryview) -> None:
        check = zlib.crc32(name)
        for part in parts:
            check = zlib.crc32(part, check)
        write_whole(self._descriptor, struct.pack(">I", sum(map(len, parts))) + name)
        for part in parts:
            write_whole(self._descriptor, part)
        write_whole(self._descriptor, struct.pack(">I", check))


@contextmanager
def png_rows(path: Path, width: int, height: int, *, channels: int = 3, deep: bool = True) -> Iterator[PngWriter]:
    """Write a PNG of 1, 3 or 4 channels of 8 bits, or 16 where it is `deep`, from top to bottom.

    It is there when all rows are written, and in place of an earlier file only then. Raise StoreError and DiskFull.
    """
    dtype = np.dtype(np.uint16 if deep else np.uint8)
    with store_errors(f"{path.name} cannot be written"), placed(path) as descriptor:
        writer = PngWriter(descriptor, width, height, channels, dtype)
        yield writer
        writer.finish()


def write_png(path: Path, pixels: Samples) -> None:
    """Write a picture, (H, W) or (H, W, channels) of uint8 or uint16, whole or not at all.

    Raise StoreError and DiskFull.
    """
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    with png_rows(path, width, height, channels=channels, deep=pixels.dtype == np.uint16) as png:
        png.write(pixels)


def deep_png(file: BufferedReader) -> NDArray[np.uint16] | None:
    """Return an open PNG of 16 bits per channel as (H, W) or (H, W, 3), without its alpha; None for one of fewer bits.

    Raise what Pillow raises for a damaged file.
    """
    image = _opened(file)
    raw = _raw_mode(image)
    match raw:
        case "I;16B":
            return np.asarray(image).astype(np.uint16, copy=False)
        case "LA;16B":
            # Four bytes per pixel, taken as four channels: both bytes of the gray, both of the alpha.
            channels = _as(file, "RGBA")
            return _joined(channels[:, :, 0], channels[:, :, 1])
        case "RGB;16B" | "RGBA;16B":
            # Taken as of the other byte order, the upper byte is the lower one.
            return _joined(np.asarray(image)[:, :, :3], _as(file, raw.replace("16B", "16L"))[:, :, :3])
    return None


def _opened(file: BufferedReader) -> ImageFile.ImageFile:
    file.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the caller has its own limit
        image = Image.open(file, formats=("PNG",))
    if not isinstance(image, ImageFile.ImageFile):
        raise TypeError("it is no PNG")
    return image


def _raw_mode(image: ImageFile.ImageFile) -> str:
    return str(image.tile[0].args) if image.tile else ""


def _as(file: BufferedReader, raw: str) -> NDArray[np.uint8]:
    """Decode the file once more, its bytes arranged as those of another raw mode of the same size."""
    image = _opened(file)
    image.tile = [image.tile[0]._replace(args=raw)]
    return np.asarray(image)


def _joined(high: NDArray[np.uint8], low: NDArray[np.uint8]) -> NDArray[np.uint16]:
    joined = high.astype(np.uint16)
    joined <<= 8
    joined |= low
    return joined


def _packs(plain: NDArray[np.uint8]) -> bool:
    """Say whether rows are worth packing, by a few in their middle."""
    middle, count = len(plain) // 2, max(1, _SAMPLE // plain.shape[1])
    below = plain[middle : middle + count]
    if middle:
        below = below - plain[middle - 1 : middle - 1 + len(below)]
    sample = below.tobytes()[: 4 * _SAMPLE]
    return sum(map(len, _packed(sample))) <= _WORTH * len(sample)


def _packed(content: bytes | memoryview) -> tuple[bytes, bytes]:
    """Return a part of a deflate stream that needs no other part to be read and can have any other behind it."""
    packer = zlib.compressobj(1, zlib.DEFLATED, -15, 9, zlib.Z_RLE)
    return packer.compress(content), packer.flush(zlib.Z_FULL_FLUSH)


def _stored(content: NDArray[np.uint8]) -> memoryview:
    """Return such a part, with the content as it is in blocks of the most bytes that deflate has in one."""
    full, rest = divmod(len(content), _LONGEST)
    made = np.empty(len(content) + _HEAD * (full + (rest > 0)), np.uint8)
    blocks = made[: full * (_LONGEST + _HEAD)].reshape(full, _LONGEST + _HEAD)
    blocks[:, :_HEAD] = _head_of(_LONGEST)
    blocks[:, _HEAD:] = content[: full * _LONGEST].reshape(full, _LONGEST)
    if rest:
        made[-rest - _HEAD : -rest] = _head_of(rest)
        made[-rest:] = content[-rest:]
    return made.data


def _head_of(length: int) -> NDArray[np.uint8]:
    return np.frombuffer(struct.pack("<BHH", 0, length, length ^ 0xFFFF), np.uint8)
