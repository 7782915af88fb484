"""TIFF structures as bytes, for EXIF headers and raw files. Little endian, offsets from the first byte."""

import struct
from collections.abc import Sequence
from fractions import Fraction

Value = int | float | str | bytes | Fraction | Sequence[int] | Sequence[float] | Sequence[Fraction]

BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, SRATIONAL = 1, 2, 3, 4, 5, 7, 10
_HEADER = 8


class Directory:
    """One image file directory: tags, directories below it, and data whose offset a tag gives."""

    def __init__(self) -> None:
        self._tags: dict[int, tuple[int, int, bytes]] = {}
        self._below: dict[int, Directory] = {}
        self._data: dict[int, bytes] = {}

    def set(self, tag: int, kind: int, value: Value) -> None:
        """Set a tag's value or values."""
        payload, count = _pack(kind, value)
        self._tags[tag] = (kind, count, payload)

    def below(self, tag: int) -> "Directory":
        """Hang a new directory below a pointer tag."""
        directory = Directory()
        self._below[tag] = directory
        self._tags[tag] = (LONG, 1, bytes(4))
        return directory

    def data(self, offset_tag: int, length_tag: int, content: bytes) -> None:
        """Put data into the file; one tag gets its offset, the other its length."""
        self._data[offset_tag] = content
        self._tags[offset_tag] = (LONG, 1, bytes(4))
        self.set(length_tag, LONG, len(content))

    def _table_size(self) -> int:
        return 2 + 12 * len(self._tags) + 4

    def _own_size(self) -> int:
        overflow = sum(_even(len(payload)) for _, _, payload in self._tags.values() if len(payload) > 4)
        return self._table_size() + overflow + sum(_even(len(content)) for content in self._data.values())

    def size(self) -> int:
        """Give the bytes that this directory takes with all that belongs to it."""
        return self._own_size() + sum(directory.size() for directory in self._below.values())

    def write(self, start: int, following: int) -> bytes:
        """Give the bytes of this directory placed at `start`; `following` is the offset of the next one, or 0."""
        pointers: dict[int, int] = {}
        tail: list[bytes] = []
        position = start + self._table_size()
        overflow: dict[int, int] = {}
        for tag in sorted(self._tags):
            payload = self._tags[tag][2]
            if len(payload) > 4:
                overflow[tag] = position
                tail.append(payload.ljust(_even(len(payload)), b"\0"))
                position += _even(len(payload))
        for tag, content in self._data.items():
            pointers[tag] = position
            tail.append(content.ljust(_even(len(content)), b"\0"))
            position += _even(len(content))
        for tag, directory in self._below.items():
            pointers[tag] = position
            tail.append(directory.write(position, 0))
            position += directory.size()
        return self._table(overflow | pointers, following) + b"".join(tail)

    def _table(self, offsets: dict[int, int], following: int) -> bytes:
        rows = [struct.pack("<H", len(self._tags))]
        for tag in sorted(self._tags):
            kind, count, payload = self._tags[tag]
            field = struct.pack("<I", offsets[tag]) if tag in offsets else payload.ljust(4, b"\0")
            rows.append(struct.pack("<HHI", tag, kind, count) + field)
        rows.append(struct.pack("<I", following))
        return b"".join(rows)


def assemble(chain: Sequence[Directory]) -> bytes:
    """Give a whole TIFF structure: its header and the directories one after the other."""
    parts = [struct.pack("<2sHI", b"II", 42, _HEADER)]
    start = _HEADER
    for index, directory in enumerate(chain):
        end = start + directory.size()
        parts.append(directory.write(start, end if index + 1 < len(chain) else 0))
        start = end
    return b"".join(parts)


def _even(length: int) -> int:
    return length + length % 2


def _pack(kind: int, value: Value) -> tuple[bytes, int]:
    """Give a value's bytes and its count of elements."""
    if isinstance(value, str):
        content = value.encode("ascii", errors="replace") + b"\0"
        return content, len(content)
    if isinstance(value, bytes):
        return value, len(value)
    numbers: list[int | float | Fraction] = [value] if isinstance(value, int | float | Fraction) else list(value)
    if kind in {RATIONAL, SRATIONAL}:
        layout = "<II" if kind == RATIONAL else "<ii"
        fractions = [Fraction(each).limit_denominator(1_000_000) for each in numbers]
        return b"".join(struct.pack(layout, each.numerator, each.denominator) for each in fractions), len(numbers)
    layout = {BYTE: "B", SHORT: "H", LONG: "I", UNDEFINED: "B"}[kind]
    return struct.pack(f"<{len(numbers)}{layout}", *(int(each) for each in numbers)), len(numbers)
