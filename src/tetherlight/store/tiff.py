"""The little of TIFF that cameras' files are made of: directories of numbered fields, in EXIF and in most RAW files."""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from mmap import mmap

Buffer = bytes | mmap
"""What is read from: bytes, or a file that is mapped into memory and read only where it is looked at."""

FieldValue = str | bytes | tuple[int, ...] | tuple[tuple[int, int], ...]
"""Text, undefined bytes, whole numbers, or fractions as numerator and denominator."""

SUB_IFDS, EXIF_IFD = 0x014A, 0x8769
MAX_DIRECTORIES = 64
MAX_FIELDS = 1000
MAX_VALUES = 100_000

_BYTE_ORDERS = {b"II": "<", b"MM": ">"}
_MAGIC = {42, 0x55, 0x4F52, 0x5352}
"""TIFF itself, Panasonic RW2, and the two of Olympus ORF."""
_INTEGERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I"}
_FRACTIONS = {5: "I", 10: "i"}
_ASCII, _UNDEFINED = 2, 7


@dataclass(frozen=True)
class Directory:
    """One directory of fields, and which one it is."""

    fields: Mapping[int, FieldValue]
    exif: bool = False

    def numbers(self, tag: int) -> tuple[int, ...]:
        """Return a field's whole numbers; none where it is missing or of another kind."""
        value = self.fields.get(tag, ())
        if isinstance(value, tuple):
            return tuple(number for number in value if isinstance(number, int))
        return ()

    def number(self, tag: int) -> int | None:
        """Return a field's first whole number."""
        return next(iter(self.numbers(tag)), None)


class NotTiff(ValueError):
    """The bytes do not begin as TIFF does."""


def directories(data: Buffer) -> Iterator[Directory]:
    """Go through all directories, sub-directories and EXIF's among them; damaged ones are left out. Raise NotTiff."""
    order = _BYTE_ORDERS.get(data[:2])
    if order is None or len(data) < 8:
        raise NotTiff
    magic, first = struct.unpack_from(f"{order}HI", data, 2)
    if magic not in _MAGIC:
        raise NotTiff
    waiting, seen = [(first, False)], set[int]()
    while waiting and len(seen) < MAX_DIRECTORIES:
        offset, exif = waiting.pop(0)
        if offset in seen or not 8 <= offset <= len(data) - 2:
            continue
        seen.add(offset)
        directory, following = _read(data, order, offset, exif=exif)
        yield directory
        waiting += [(start, False) for start in directory.numbers(SUB_IFDS)]
        waiting += [(start, True) for start in directory.numbers(EXIF_IFD)]
        waiting.append((following, False))


def _read(data: Buffer, order: str, offset: int, *, exif: bool) -> tuple[Directory, int]:
    """Read one directory; return it and where the next one is, 0 for nowhere."""
    count = struct.unpack_from(f"{order}H", data, offset)[0]
    end = offset + 2 + 12 * count
    if count > MAX_FIELDS or end > len(data):
        return Directory({}, exif), 0
    fields: dict[int, FieldValue] = {}
    for position in range(offset + 2, end, 12):
        tag, kind, length = struct.unpack_from(f"{order}HHI", data, position)
        value = _value(data, order, kind, length, position + 8)
        if value is not None:
            fields[tag] = value
    following = struct.unpack_from(f"{order}I", data, end)[0] if end + 4 <= len(data) else 0
    return Directory(fields, exif), following


def _value(data: Buffer, order: str, kind: int, count: int, position: int) -> FieldValue | None:
    """Read the value of a field whose value, or the offset of it, stands at `position`."""
    letter = _INTEGERS.get(kind) or _FRACTIONS.get(kind) or ("B" if kind in {_ASCII, _UNDEFINED} else None)
    if letter is None:
        return None
    per_value = 2 if kind in _FRACTIONS else 1
    size = struct.calcsize(letter) * per_value * count
    start = position if size <= 4 else struct.unpack_from(f"{order}I", data, position)[0]
    if start + size > len(data):
        return None
    if kind in {_ASCII, _UNDEFINED}:
        raw = data[start : start + min(size, MAX_VALUES)]
        return raw.partition(b"\0")[0].decode("utf-8", "replace").strip() if kind == _ASCII else raw
    if count > MAX_VALUES:
        return None
    numbers = struct.unpack_from(f"{order}{count * per_value}{letter}", data, start)
    return tuple(zip(numbers[::2], numbers[1::2], strict=True)) if kind in _FRACTIONS else numbers
