"""What a camera gives: previews, exposures and the files of an exposure."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True)
class Preview:
    """One JPEG from the camera's viewfinder."""

    jpeg: bytes = field(repr=False)
    captured_at: float
    """Unix seconds, taken in the worker when the camera had answered."""
    width: int
    height: int


@dataclass(frozen=True)
class SavedFile:
    """A file of an exposure, whole and durable on the server's disk."""

    path: Path
    size: int
    sha256: str
    mimetype: str
    camera_name: str
    """The name that the camera gave it, such as IMG_0042.CR2."""
    picture: tuple[int, int] | None = None
    """Width and height in pixels, where it is a JPEG."""
    write_s: float = 0.0
    """Seconds of its transfer in which it was written, until it was safe on the disk."""


@dataclass(frozen=True)
class Exposure:
    """What one release of the shutter gave."""

    files: tuple[SavedFile, ...]
    camera_paths: tuple[str, ...]
    """Where the pictures lie on the camera, such as /store_00010001/DCIM/100CANON/IMG_0042.JPG."""
    captured_at: datetime
    """When the shutter was released, in UTC."""
