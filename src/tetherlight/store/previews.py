"""The JPEGs that cameras put into their RAW files.

They are found through the directories of TIFF-like files (CR2, NEF, ARW, DNG, PEF, RW2, ORF), the header of a RAF, and
else by looking for the marker that begins a JPEG (CR3, HIF and whatever comes next). The RAW data of some cameras is a
JPEG too, a lossless one, which nothing here can draw: it is told by its frame header.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from tetherlight.store.tiff import Buffer, Directory, NotTiff, directories

SCAN_LIMIT = 64_000_000
"""Bytes of an unknown file in which previews are looked for."""
MAX_CANDIDATES = 64
MAX_JPEG_BYTES = 40_000_000
MAX_SEGMENTS = 500
"""Before the frame header; cameras write a dozen."""
SMALL = 640
"""Pixels; where the announced JPEGs are smaller, a maker hid a better one elsewhere."""

_COMPRESSION, _STRIP_OFFSETS, _STRIP_SIZES = 0x0103, 0x0111, 0x0117
_JPEG_OFFSET, _JPEG_SIZE = 0x0201, 0x0202
_ORIENTATION = 0x0112
_OLD_JPEG, _JPEG = 6, 7
_SOI = b"\xff\xd8\xff"
_RAF = b"FUJIFILMCCD-RAW"
_DRAWABLE = {0xC0, 0xC1, 0xC2}
_FRAME_HEADERS = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True)
class EmbeddedJpeg:
    """Where a JPEG lies in a file, and its size in pixels."""

    offset: int
    size: int
    width: int
    height: int

    @property
    def long_edge(self) -> int:
        """The longer edge in pixels."""
        return max(self.width, self.height)


def embedded_jpegs(data: Buffer) -> list[EmbeddedJpeg]:
    """Return the drawable JPEGs inside a file, the smallest first."""
    found: dict[int, EmbeddedJpeg] = {}
    for offset, size in _announced(data):
        _add(found, data, offset, size)
    if all(jpeg.long_edge < SMALL for jpeg in found.values()):
        for offset in _marked(data):
            _add(found, data, offset, min(len(data) - offset, MAX_JPEG_BYTES))
    return sorted(found.values(), key=lambda jpeg: jpeg.long_edge)


def best_preview(data: Buffer, long_edge: int) -> EmbeddedJpeg | None:
    """Return the smallest embedded JPEG that is at least so many pixels long, else the largest one."""
    found = embedded_jpegs(data)
    return next((jpeg for jpeg in found if jpeg.long_edge >= long_edge), found[-1] if found else None)


def orientation_of(data: Buffer) -> int:
    """Return a RAW file's EXIF orientation, 1 where it has none."""
    start = max(data[:4096].find(b"CMT1") + 4, 0) if data[4:8] == b"ftyp" else 0
    try:
        for directory in directories(data[start : start + 65536] if start > 3 else data):
            orientation = directory.number(_ORIENTATION)
            if orientation is not None and 1 <= orientation <= 8:
                return orientation
    except NotTiff:
        pass
    return 1


def frame_size(data: Buffer, offset: int = 0) -> tuple[int, int] | None:
    """Return width and height of the JPEG that begins at `offset`, None where none that can be drawn begins there."""
    if data[offset : offset + 3] != _SOI:
        return None
    position = offset + 2
    for _ in range(MAX_SEGMENTS):
        if position + 9 > len(data) or data[position] != 0xFF:
            return None
        marker = data[position + 1]
        if marker == 0xFF:  # padding before a marker
            position += 1
            continue
        length = struct.unpack_from(">H", data, position + 2)[0]
        if marker in _FRAME_HEADERS:
            height, width = struct.unpack_from(">HH", data, position + 5)
            return (width, height) if marker in _DRAWABLE and width and height else None
        if marker == 0xDA or length < 2:
            return None
        position += 2 + length
    return None


def _add(found: dict[int, EmbeddedJpeg], data: Buffer, offset: int, size: int) -> None:
    if offset not in found and 0 < size <= len(data) - offset and len(found) < MAX_CANDIDATES:
        pixels = frame_size(data, offset)
        if pixels is not None:
            found[offset] = EmbeddedJpeg(offset, size, *pixels)


def _announced(data: Buffer) -> Iterator[tuple[int, int]]:
    """Go through the places where the file itself says that a JPEG lies."""
    if data[: len(_RAF)] == _RAF and len(data) >= 92:
        yield struct.unpack_from(">II", data, 84)
        return
    try:
        for directory in directories(data):
            yield from _in_directory(directory)
    except NotTiff:
        return


def _in_directory(directory: Directory) -> Iterator[tuple[int, int]]:
    yield from zip(directory.numbers(_JPEG_OFFSET), directory.numbers(_JPEG_SIZE), strict=False)
    strips, sizes = directory.numbers(_STRIP_OFFSETS), directory.numbers(_STRIP_SIZES)
    if directory.number(_COMPRESSION) in {_OLD_JPEG, _JPEG} and len(strips) == len(sizes) == 1:
        yield strips[0], sizes[0]


def _marked(data: Buffer) -> Iterator[int]:
    """Go through the places where the bytes look like the beginning of a JPEG."""
    position = data.find(_SOI, 0, SCAN_LIMIT)
    for _ in range(10_000):
        if position < 0:
            return
        yield position
        position = data.find(_SOI, position + 3, SCAN_LIMIT)
