"""OpenEXR files of float32, not packed: one part of lines, as the technical introduction of OpenEXR lays it out."""

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tetherlight.files.durable import placed, store_errors, write_whole

_MAGIC, _VERSION = 20000630, 2
_FLOAT = 2
_CHANNELS = {1: "Y", 3: "BGR"}
"""Names of the channels, in the order of the alphabet, which is that of the file."""
_ROWS = 64


def write_exr(path: Path, pixels: NDArray[np.float32]) -> None:
    """Write a picture, (H, W) or (H, W, 3), whole or not at all; raise StoreError and DiskFull."""
    height, width = pixels.shape[:2]
    planes = pixels[:, None] if pixels.ndim == 2 else pixels.transpose(0, 2, 1)[:, ::-1]
    names = _CHANNELS[planes.shape[1]]
    head = _head(width, height, names)
    size = 4 * width * len(names)
    first = len(head) + 8 * height
    offsets = first + np.arange(height, dtype="<u8") * (8 + size)
    lines = np.empty(_ROWS, np.dtype([("y", "<i4"), ("size", "<i4"), ("planes", "<f4", planes.shape[1:])]))
    lines["size"] = size
    with store_errors(f"{path.name} cannot be written"), placed(path) as descriptor:
        write_whole(descriptor, head + offsets.tobytes())
        for start in range(0, height, _ROWS):
            part = lines[: min(_ROWS, height - start)]
            part["y"] = np.arange(start, start + len(part))
            part["planes"] = planes[start : start + len(part)]
            write_whole(descriptor, part.tobytes())


def _head(width: int, height: int, names: str) -> bytes:
    box = struct.pack("<4i", 0, 0, width - 1, height - 1)
    channels = b"".join(struct.pack("<2si4B2i", f"{name}\0".encode(), _FLOAT, 0, 0, 0, 0, 1, 1) for name in names)
    attributes = [
        ("channels", "chlist", channels + b"\0"),
        ("compression", "compression", b"\0"),
        ("dataWindow", "box2i", box),
        ("displayWindow", "box2i", box),
        ("lineOrder", "lineOrder", b"\0"),
        ("pixelAspectRatio", "float", struct.pack("<f", 1)),
        ("screenWindowCenter", "v2f", bytes(8)),
        ("screenWindowWidth", "float", struct.pack("<f", 1)),
    ]
    listed = b"".join(
        f"{name}\0{kind}\0".encode() + struct.pack("<i", len(value)) + value for name, kind, value in attributes
    )
    return struct.pack("<II", _MAGIC, _VERSION) + listed + b"\0"
