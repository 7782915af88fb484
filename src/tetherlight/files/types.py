"""The one table of files that are images, what they are called on the wire, and which stands for several."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import Any, Literal, TypeVar

T = TypeVar("T")

Kind = Literal["jpeg", "raw", "other"]
"""What an image is to people: one that is looked at, one that is developed, or another one."""


@dataclass(frozen=True, slots=True)
class FileType:
    """One row of the table of images."""

    suffix: str
    """In lower case, with its dot."""
    mimetype: str
    kind: Kind = "other"


FILE_TYPES: tuple[FileType, ...] = (
    FileType(".jpg", "image/jpeg", "jpeg"),
    FileType(".jpeg", "image/jpeg", "jpeg"),
    FileType(".png", "image/png"),
    FileType(".tif", "image/tiff"),
    FileType(".tiff", "image/tiff"),
    FileType(".webp", "image/webp"),
    FileType(".heic", "image/heic"),
    FileType(".heif", "image/heif"),
    FileType(".hif", "image/heif"),
    FileType(".exr", "image/x-exr"),
    FileType(".cr2", "image/x-canon-cr2", "raw"),
    FileType(".cr3", "image/x-canon-cr3", "raw"),
    FileType(".crw", "image/x-canon-crw", "raw"),
    FileType(".nef", "image/x-nikon-nef", "raw"),
    FileType(".nrw", "image/x-nikon-nrw", "raw"),
    FileType(".arw", "image/x-sony-arw", "raw"),
    FileType(".sr2", "image/x-sony-sr2", "raw"),
    FileType(".dng", "image/x-adobe-dng", "raw"),
    FileType(".raf", "image/x-fuji-raf", "raw"),
    FileType(".orf", "image/x-olympus-orf", "raw"),
    FileType(".rw2", "image/x-panasonic-rw2", "raw"),
    FileType(".pef", "image/x-pentax-pef", "raw"),
    FileType(".srw", "image/x-samsung-srw", "raw"),
    FileType(".x3f", "image/x-sigma-x3f", "raw"),
    FileType(".3fr", "image/x-hasselblad-3fr", "raw"),
    FileType(".iiq", "image/x-phaseone-iiq", "raw"),
)
OCTETS = "application/octet-stream"
"""The type of what is no image."""

_BY_SUFFIX: Mapping[str, FileType] = MappingProxyType({one.suffix: one for one in FILE_TYPES})


def _itself(file: Any) -> Any:
    return file


def suffix_of(path: PurePath | str) -> str:
    """Return a file's extension in lower case, with its dot."""
    return os.path.splitext(path)[1].lower()  # noqa: PTH122 - lists of thousands of names go through here


def is_image(path: PurePath | str) -> bool:
    """Say whether a file is one that the server gives, by its extension."""
    return suffix_of(path) in _BY_SUFFIX


def kind_of(path: PurePath | str) -> Kind | None:
    """Return what an image is by its extension, None for what is no image."""
    found = _BY_SUFFIX.get(suffix_of(path))
    return None if found is None else found.kind


def is_jpeg(path: PurePath | str) -> bool:
    """Say whether a file is a JPEG by its extension."""
    return kind_of(path) == "jpeg"


def is_raw(path: PurePath | str) -> bool:
    """Say whether a file is a camera's RAW by its extension."""
    return kind_of(path) == "raw"


def mimetype_of(path: PurePath | str) -> str:
    """Return the type of an image by its extension."""
    found = _BY_SUFFIX.get(suffix_of(path))
    return OCTETS if found is None else found.mimetype


def standing_for(files: Iterable[T], name: Callable[[T], PurePath | str] = _itself) -> T | None:
    """Return the file that stands for an exposure: its first JPEG, else the first file; None where there is none."""
    return min(files, key=lambda file: not is_jpeg(name(file)), default=None)


def cover_of(paths: Iterable[Path]) -> Path | None:
    """Return the image that stands for a set: the first lit JPEG by name, else the first of any kind."""
    # The ambient frame of a set is black.
    return standing_for(sorted(paths, key=lambda path: (path.name.startswith("image_00_"), path.name)))
