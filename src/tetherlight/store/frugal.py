"""What it costs to draw a JPEG small, told by its first markers alone: nothing is decoded for that."""

import struct
from dataclasses import dataclass

from tetherlight.store.tiff import Buffer

DECODED = 48_000_000
"""Bytes of a decoded picture: the decoder shrinks, and one of 61 megapixels drawn 1600 pixels long has these."""
PIXELS = 150_000_000
SEGMENTS = 500
"""A JPEG of a camera has a dozen before its picture begins."""
SCALES = (8, 4, 2)

_SOI, _SOS = b"\xff\xd8", 0xDA
_BASELINE, _PROGRESSIVE = (0xC0, 0xC1), 0xC2
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_TWO_BYTES = 2


@dataclass(frozen=True)
class _Frame:
    marker: int
    width: int
    height: int
    components: int


def is_frugal(data: Buffer, size: int, offset: int = 0) -> bool:
    """Say whether the JPEG that begins at `offset` costs little, drawn at most `size` pixels long.

    One whose picture comes in several rounds, as a progressive one, is held whole by the decoder, however small it is
    drawn.
    """
    if data[offset : offset + 2] != _SOI:
        return False
    position, frame = offset + 2, None
    for _ in range(SEGMENTS):
        if position + 10 > len(data) or data[position] != 0xFF:
            return False
        marker = data[position + 1]
        if marker == 0xFF:  # padding before a marker
            position += 1
            continue
        if marker in _FRAMES and frame is None:
            height, width = struct.unpack_from(">HH", data, position + 5)
            frame = _Frame(marker, width, height, data[position + 9])
        if marker == _SOS:
            return frame is not None and _costs_little(frame, data[position + 4], size)
        position += 2 + struct.unpack_from(">H", data, position + 2)[0]
    return False


def _costs_little(frame: _Frame, in_first_round: int, size: int) -> bool:
    pixels = frame.width * frame.height
    if frame.marker not in {*_BASELINE, _PROGRESSIVE} or not 0 < pixels <= PIXELS:
        return False
    whole = frame.marker == _PROGRESSIVE or in_first_round < frame.components
    possible = min(frame.width, frame.height) // size
    scale = next((one for one in SCALES if possible >= one), 1)
    decoded = -(-frame.width // scale) * -(-frame.height // scale) * frame.components
    return max(decoded, pixels * frame.components * _TWO_BYTES if whole else 0) <= DECODED
