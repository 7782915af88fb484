"""The private event stream of Canon EOS bodies (operation 0x9116) as bytes.

Records are `u32 size, u32 code, body`; an answer ends with an empty record, or libgphoto2 drops the last one.
"""

import struct

from tetherlight.simulator import canon_tables, ptp
from tetherlight.simulator.card import StoredFile
from tetherlight.simulator.properties import Property

TERMINATOR = struct.pack("<II", 8, 0)
FOCUSED = bytes.fromhex("000000000101")
UNFOCUSED = bytes.fromhex("000000000200")

_OBJECT_ADDED = 0xC181
_OBJECT_REMOVED = 0xC182
_TRANSFER_REQUESTED = 0xC186
_VALUE_CHANGED = 0xC189
_CHOICES_CHANGED = 0xC18A
_CAMERA_STATUS = 0xC18B
_OLC = 0xC1A5
_OLC_FOCUS = 0x100


def record(code: int, body: bytes) -> bytes:
    """Pack one record, its body padded to four bytes."""
    body += bytes(-len(body) % 4)
    return struct.pack("<II", len(body) + 8, code) + body


def image_format(key: int) -> bytes:
    """Pack the structure of the image format property."""
    entries = canon_tables.IMAGE_FORMATS[key]
    return ptp.u32(len(entries)) + b"".join(ptp.u32(0x10, *entry) for entry in entries)


def read_image_format(data: bytes) -> int:
    """Find the image format that a client has packed; raise ValueError when the camera has none like it."""
    count = struct.unpack_from("<I", data)[0] if len(data) >= 4 else 0
    if len(data) < 4 + 16 * count:
        raise ValueError(count)
    wanted = tuple(tuple(struct.unpack_from("<3I", data, 8 + 16 * index)) for index in range(count))
    for key, entries in canon_tables.IMAGE_FORMATS.items():
        if entries == wanted:
            return key
    raise ValueError(wanted)


def value(entry: Property, content: int | str) -> bytes:
    """Pack a property's value as EOS bodies do: text plain with a NUL, numbers in four bytes."""
    if entry.code == canon_tables.IMAGE_FORMAT:
        return image_format(int(content))
    if entry.kind is ptp.Kind.TEXT:
        return str(content).encode("ascii", errors="replace") + b"\0"
    return ptp.number(ptp.Kind.UINT32, int(content))


def value_changed(entry: Property, content: int | str) -> bytes:
    """Announce a property's value."""
    return record(_VALUE_CHANGED, ptp.u32(entry.code) + value(entry, content))


def choices(entry: Property) -> bytes:
    """Announce what a property may be set to."""
    packed = b"".join(value(entry, choice) for choice in entry.labels)
    return record(_CHOICES_CHANGED, ptp.u32(entry.code, 3, len(entry.labels)) + packed)


def object_added(file: StoredFile) -> bytes:
    """Announce a file on the card."""
    head = ptp.u32(file.handle, ptp.STORAGE_ID, file.format, 0, 0, file.size, file.parent, 0)
    return record(_OBJECT_ADDED, head + file.name.encode("ascii")[:15].ljust(16, b"\0"))


def transfer_requested(file: StoredFile) -> bytes:
    """Ask the computer to take a file out of the camera's memory."""
    head = ptp.u32(file.handle, file.format, 0, file.size, 0)
    return record(_TRANSFER_REQUESTED, head + file.name.encode("ascii")[:15].ljust(16, b"\0"))


def object_removed(file: StoredFile) -> bytes:
    """Announce that a file is gone."""
    return record(_OBJECT_REMOVED, ptp.u32(file.handle))


def status(*, busy: bool) -> bytes:
    """Announce that an exposure begins or that everything about it is done."""
    return record(_CAMERA_STATUS, ptp.u32(busy))


def focus(state: bytes) -> bytes:
    """Announce the result of autofocus, six bytes."""
    body = struct.pack("<HH", _OLC_FOCUS, 0) + state
    return _sized(_OLC, body)


def _sized(code: int, body: bytes) -> bytes:
    """Pack a record whose body begins with its own length, which must be the record's size less eight."""
    padded = body + bytes(-len(body) % 4)
    return record(code, ptp.u32(len(padded) + 4) + padded)
