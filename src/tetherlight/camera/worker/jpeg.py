"""The little of JPEG that a preview must show to be one."""

START, END_OF_IMAGE, START_OF_SCAN = 0xD8, 0xD9, 0xDA
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of a frame header (ITU-T T.81, table B.1); the three left out are tables and extensions."""


def size(data: bytes | memoryview) -> tuple[int, int] | None:
    """Return (width, height) in pixels from the frame header, or None where `data` is no JPEG."""
    if len(data) < 4 or data[0] != 0xFF or data[1] != START:
        return None
    position = 2
    while position + 9 <= len(data):
        if data[position] != 0xFF:
            return None
        marker = data[position + 1]
        if marker in FRAMES:
            height = int.from_bytes(data[position + 5 : position + 7], "big")
            width = int.from_bytes(data[position + 7 : position + 9], "big")
            return width, height
        if marker in {START_OF_SCAN, END_OF_IMAGE}:
            return None
        # A fill byte may stand before any marker.
        position += 1 if marker == 0xFF else 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return None
