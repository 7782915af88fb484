"""PTP as bytes: codes, simple types and the standard datasets. No I/O.

Everything is little endian. Numbers are those of PIMA 15740 and of the vendors' extensions as libgphoto2 knows them.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum


class Code(IntEnum):
    """Response codes that the simulator gives."""

    OK = 0x2001
    GENERAL_ERROR = 0x2002
    SESSION_NOT_OPEN = 0x2003
    OPERATION_NOT_SUPPORTED = 0x2005
    INVALID_STORAGE = 0x2008
    INVALID_HANDLE = 0x2009
    PROPERTY_NOT_SUPPORTED = 0x200A
    STORE_FULL = 0x200C
    STORE_READ_ONLY = 0x200E
    ACCESS_DENIED = 0x200F
    NO_THUMBNAIL = 0x2010
    STORE_NOT_AVAILABLE = 0x2013
    DEVICE_BUSY = 0x2019
    INVALID_PARENT = 0x201A
    INVALID_VALUE = 0x201C
    INVALID_PARAMETER = 0x201D
    SESSION_ALREADY_OPEN = 0x201E


class Op(IntEnum):
    """The standard operations."""

    GET_DEVICE_INFO = 0x1001
    OPEN_SESSION = 0x1002
    CLOSE_SESSION = 0x1003
    GET_STORAGE_IDS = 0x1004
    GET_STORAGE_INFO = 0x1005
    GET_NUM_OBJECTS = 0x1006
    GET_OBJECT_HANDLES = 0x1007
    GET_OBJECT_INFO = 0x1008
    GET_OBJECT = 0x1009
    GET_THUMB = 0x100A
    DELETE_OBJECT = 0x100B
    INITIATE_CAPTURE = 0x100E
    GET_PROPERTY_DESCRIPTION = 0x1014
    GET_PROPERTY_VALUE = 0x1015
    SET_PROPERTY_VALUE = 0x1016
    GET_PARTIAL_OBJECT = 0x101B


class Event(IntEnum):
    """The standard events, which come on a connection of their own."""

    OBJECT_ADDED = 0x4002
    OBJECT_REMOVED = 0x4003
    PROPERTY_CHANGED = 0x4006
    STORE_FULL = 0x400A
    CAPTURE_COMPLETE = 0x400D


class Format(IntEnum):
    """Object formats."""

    FOLDER = 0x3001
    NIKON_RAW = 0x3000
    JPEG = 0x3801
    DNG = 0x3811
    SONY_RAW = 0xB101
    CANON_RAW = 0xB103


class Kind(IntEnum):
    """Data types of properties."""

    INT8 = 0x0001
    UINT8 = 0x0002
    INT16 = 0x0003
    UINT16 = 0x0004
    INT32 = 0x0005
    UINT32 = 0x0006
    TEXT = 0xFFFF


STORAGE_ID = 0x00010001
ALL_STORES = 0xFFFFFFFF
ROOT = 0xFFFFFFFF

_STRUCT = {
    Kind.INT8: "<b",
    Kind.UINT8: "<B",
    Kind.INT16: "<h",
    Kind.UINT16: "<H",
    Kind.INT32: "<i",
    Kind.UINT32: "<I",
}


@dataclass(frozen=True)
class Operation:
    """One request of the client, with its data phase when it sent one."""

    code: int
    transaction: int
    params: tuple[int, ...] = ()
    data: bytes = b""

    def param(self, index: int) -> int:
        """Give a parameter, or 0 where the client left it out."""
        return self.params[index] if index < len(self.params) else 0


@dataclass(frozen=True)
class Reply:
    """The answer to an operation; `data` is None where the operation has no data phase towards the client."""

    code: int = Code.OK
    data: bytes | None = None
    params: tuple[int, ...] = ()


class PtpError(Exception):
    """An operation is answered by this response code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"PTP response {code:#06x}")
        self.code = code


def u16(value: int) -> bytes:
    """Pack an unsigned 16-bit number."""
    return struct.pack("<H", value)


def u32(*values: int) -> bytes:
    """Pack unsigned 32-bit numbers."""
    return struct.pack(f"<{len(values)}I", *values)


def text(value: str) -> bytes:
    """Pack a PTP string: a count of UTF-16 units, the units, a NUL that is counted too; empty is one zero byte."""
    if not value:
        return b"\0"
    units = (value + "\0").encode("utf-16-le")
    return bytes([len(units) // 2]) + units


def read_text(data: bytes) -> str:
    """Unpack a PTP string."""
    count = data[0] if data else 0
    return data[1 : 1 + 2 * count].decode("utf-16-le", errors="replace").rstrip("\0")


def array16(values: Sequence[int]) -> bytes:
    """Pack an array of 16-bit numbers behind its 32-bit count."""
    return struct.pack(f"<I{len(values)}H", len(values), *values)


def array32(values: Sequence[int]) -> bytes:
    """Pack an array of 32-bit numbers behind its 32-bit count."""
    return struct.pack(f"<I{len(values)}I", len(values), *values)


def number(kind: Kind, value: int) -> bytes:
    """Pack a property's number in its own width; a value of the other sign is wrapped."""
    width = struct.calcsize(_STRUCT[kind]) * 8
    value &= (1 << width) - 1
    return value.to_bytes(width // 8, "little")


def read_number(kind: Kind, data: bytes) -> int:
    """Unpack a property's number from the beginning of the data."""
    layout = _STRUCT[kind]
    if len(data) < struct.calcsize(layout):
        raise PtpError(Code.INVALID_VALUE)
    return int(struct.unpack_from(layout, data)[0])


def value(kind: Kind, content: int | str) -> bytes:
    """Pack a property's value as PTP does: numbers in their width, text as a PTP string."""
    return text(str(content)) if kind is Kind.TEXT else number(kind, int(content))


def timestamp(when: datetime) -> str:
    """Write a date as PTP does."""
    return when.strftime("%Y%m%dT%H%M%S")


@dataclass(frozen=True)
class DeviceInfo:
    """What a camera says about itself (dataset of operation 0x1001)."""

    vendor: int
    manufacturer: str
    model: str
    version: str
    serial: str
    operations: Sequence[int]
    events: Sequence[int]
    properties: Sequence[int]
    formats: Sequence[int]

    def pack(self) -> bytes:
        """Give the dataset's bytes."""
        return b"".join(
            (
                struct.pack("<HIH", 100, self.vendor, 100),
                text(""),
                u16(0),
                array16(self.operations),
                array16(self.events),
                array16(self.properties),
                array16(self.formats),
                array16(self.formats),
                text(self.manufacturer),
                text(self.model),
                text(self.version),
                text(self.serial),
            )
        )


@dataclass(frozen=True)
class ObjectInfo:
    """What a camera says about a file or folder (dataset of operation 0x1008). Sizes in bytes and pixels."""

    storage: int
    format: int
    size: int
    parent: int
    name: str
    when: datetime
    width: int = 0
    height: int = 0
    thumb_size: int = 0

    def pack(self) -> bytes:
        """Give the dataset's bytes."""
        thumb = (Format.JPEG, self.thumb_size, 160, 120) if self.thumb_size else (0, 0, 0, 0)
        folder = 1 if self.format == Format.FOLDER else 0
        head = struct.pack("<IHHIHIII", self.storage, self.format, 0, min(self.size, 0xFFFFFFFF), *thumb)
        rest = struct.pack("<IIIIHII", self.width, self.height, 24, self.parent, folder, 0, 0)
        date = timestamp(self.when)
        return head + rest + text(self.name) + text(date) + text(date) + text("")


def storage_info(capacity: int, free: int, images: int, description: str) -> bytes:
    """Pack the dataset of operation 0x1005: a removable, hierarchical (DCF) store that can be written."""
    return struct.pack("<HHHQQI", 4, 3, 0, capacity, free, images) + text(description) + text("")


def property_description(
    code: int,
    kind: Kind,
    *,
    writable: bool,
    default: int | str,
    current: int | str,
    choices: Iterable[int | str] = (),
    span: tuple[int, int] | None = None,
) -> bytes:
    """Pack the dataset of operation 0x1014, with an enumeration where there are choices, or the range of a span."""
    allowed = list(choices)
    head = struct.pack("<HHB", code, kind, writable) + value(kind, default) + value(kind, current)
    if span is not None:
        return head + b"\1" + value(kind, span[0]) + value(kind, span[1]) + value(kind, 1)
    if not allowed:
        return head + b"\0"
    return head + b"\2" + u16(len(allowed)) + b"".join(value(kind, choice) for choice in allowed)
