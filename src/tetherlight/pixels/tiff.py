"""TIFF files of float32, written by rows and not packed, so that every program reads them and parts of them."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tetherlight.files.durable import placed, store_errors, write_whole

Floats = NDArray[np.float32]
"""(H, W) for gray, (H, W, 3) for RGB; NaN is kept."""

_STRIP = 1 << 18
"""Bytes of a strip, at least one row: what a reader takes at a time."""
_ASCII, _SHORT, _LONG, _RATIONAL = 2, 3, 4, 5
_CODES = {_SHORT: "H", _LONG: "I", _RATIONAL: "I"}
_FIRST = 8
"""Where the directory stands: behind the file's head."""
_GRAY, _RGB = 1, 2
_FLOAT = 3


class TiffWriter:
    """Writes a picture from top to bottom; made by `tiff_rows`."""

    def __init__(self, descriptor: int, width: int, height: int, channels: int, description: str) -> None:
        self._descriptor = descriptor
        self._shape = (width,) if channels == 1 else (width, channels)
        self._missing = height
        write_whole(descriptor, _head(width, height, channels, description))

    def write(self, rows: Floats) -> None:
        """Write the next rows, (h, W) or (h, W, 3) of float32; raise OSError."""
        if rows.shape[1:] != self._shape or rows.dtype != np.float32 or len(rows) > self._missing:
            raise ValueError(f"rows of {rows.shape} {rows.dtype} do not fit into the picture")
        self._missing -= len(rows)
        if rows.size:
            write_whole(self._descriptor, np.ascontiguousarray(rows, "<f4").data)

    def finish(self) -> None:
        """End the file; raise ValueError where rows are missing."""
        if self._missing:
            raise ValueError(f"{self._missing} rows are missing")


@contextmanager
def tiff_rows(path: Path, width: int, height: int, *, channels: int = 1, description: str = "") -> Iterator[TiffWriter]:
    """Write a TIFF of 1 or 3 channels of float32 from top to bottom; `description` is ASCII, such as its unit.

    It is there when all rows are written, and in place of an earlier file only then. Raise StoreError and DiskFull.
    """
    with store_errors(f"{path.name} cannot be written"), placed(path) as descriptor:
        writer = TiffWriter(descriptor, width, height, channels, description)
        yield writer
        writer.finish()


def write_tiff(path: Path, pixels: Floats, *, description: str = "") -> None:
    """Write a picture, (H, W) or (H, W, 3) of float32, whole or not at all; raise StoreError and DiskFull."""
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    with tiff_rows(path, width, height, channels=channels, description=description) as tiff:
        tiff.write(pixels)


def _head(width: int, height: int, channels: int, description: str) -> bytes:
    """Return all that stands before the pixels: head, directory, and the values that have no room in it."""
    stride = 4 * width * channels
    rows = max(1, min(height, _STRIP // stride))
    strips = -(-height // rows)
    sizes = [stride * rows] * (strips - 1) + [stride * (height - rows * (strips - 1))]
    text = description.encode("ascii", "replace") + b"\0"
    fields: list[tuple[int, int, list[int] | bytes]] = [
        (256, _LONG, [width]),
        (257, _LONG, [height]),
        (258, _SHORT, [32] * channels),
        (259, _SHORT, [1]),  # not packed
        (262, _SHORT, [_GRAY if channels == 1 else _RGB]),
        (270, _ASCII, text),
        (273, _LONG, [0] * strips),  # where the strips are: set below
        (277, _SHORT, [channels]),
        (278, _LONG, [rows]),
        (279, _LONG, sizes),
        (282, _RATIONAL, [1, 1]),
        (283, _RATIONAL, [1, 1]),
        (284, _SHORT, [1]),
        (296, _SHORT, [1]),  # no unit: pixels are square, and that is all
        (339, _SHORT, [_FLOAT] * channels),
    ]
    start = len(_laid_out(fields))
    offsets = [start + stride * rows * number for number in range(strips)]
    fields[6] = (273, _LONG, offsets)
    return _laid_out(fields)


def _laid_out(fields: list[tuple[int, int, list[int] | bytes]]) -> bytes:
    entries, values = b"", b""
    behind = _FIRST + 2 + 12 * len(fields) + 4
    for tag, kind, value in fields:
        packed = value if isinstance(value, bytes) else struct.pack(f"<{len(value)}{_CODES[kind]}", *value)
        count = len(value) // 2 if kind == _RATIONAL else len(value)
        if len(packed) <= 4:
            place = packed.ljust(4, b"\0")
        else:
            place = struct.pack("<I", behind + len(values))
            values += packed + bytes(len(packed) % 2)
        entries += struct.pack("<HHI", tag, kind, count) + place
    return b"II" + struct.pack("<HIH", 42, _FIRST, len(fields)) + entries + bytes(4) + values
