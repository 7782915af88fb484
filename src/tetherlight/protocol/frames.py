"""The header in front of each JPEG of a binary live view: 20 bytes, little endian.

| offset | type | field |
|---|---|---|
| 0 | u8 | version, 1 |
| 1 | u8 | flags, 0 |
| 2 | u16 | stream, as START_LIVEVIEW answered it |
| 4 | u32 | seq |
| 8 | f64 | captured_at, Unix seconds |
| 16 | u16 | width |
| 18 | u16 | height |
"""

import struct
from dataclasses import dataclass
from typing import Self

FRAME_VERSION = 1
HEADER = struct.Struct("<BBHIdHH")


@dataclass(frozen=True, slots=True)
class FrameHeader:
    """What a binary frame says of itself."""

    stream: int
    seq: int
    captured_at: float
    width: int
    height: int
    flags: int = 0

    def pack(self) -> bytes:
        """Return the 20 bytes of the header."""
        return HEADER.pack(
            FRAME_VERSION, self.flags, self.stream, self.seq & 0xFFFFFFFF, self.captured_at, self.width, self.height
        )

    @classmethod
    def unpack(cls, message: bytes) -> Self:
        """Read the header at the start of a binary message; raise ValueError where it is none."""
        if len(message) < HEADER.size or message[0] != FRAME_VERSION:
            raise ValueError("not a live view frame of this version")
        _, flags, stream, seq, captured_at, width, height = HEADER.unpack_from(message)
        return cls(stream, seq, captured_at, width, height, flags)
