"""Which files are images, and what they are called on the wire."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from types import MappingProxyType

MIMETYPES: Mapping[str, str] = MappingProxyType(
    {
        ".jpg": "image/jpeg",
        ".jpeg": "image/jpeg",
        ".png": "image/png",
        ".tif": "image/tiff",
        ".tiff": "image/tiff",
        ".webp": "image/webp",
        ".heic": "image/heic",
        ".heif": "image/heif",
        ".hif": "image/heif",
        ".exr": "image/x-exr",
        ".cr2": "image/x-canon-cr2",
        ".cr3": "image/x-canon-cr3",
        ".crw": "image/x-canon-crw",
        ".nef": "image/x-nikon-nef",
        ".nrw": "image/x-nikon-nrw",
        ".arw": "image/x-sony-arw",
        ".sr2": "image/x-sony-sr2",
        ".dng": "image/x-adobe-dng",
        ".raf": "image/x-fuji-raf",
        ".orf": "image/x-olympus-orf",
        ".rw2": "image/x-panasonic-rw2",
        ".pef": "image/x-pentax-pef",
        ".srw": "image/x-samsung-srw",
        ".x3f": "image/x-sigma-x3f",
        ".3fr": "image/x-hasselblad-3fr",
        ".iiq": "image/x-phaseone-iiq",
    }
)
JPEG_SUFFIXES = frozenset({".jpg", ".jpeg"})
RAW_SUFFIXES = frozenset(suffix for suffix, mimetype in MIMETYPES.items() if "/x-" in mimetype) - {".exr"}


def suffix_of(path: PurePath | str) -> str:
    """Return a file's extension in lower case, with its dot."""
    return os.path.splitext(path)[1].lower()  # noqa: PTH122 - lists of thousands of names go through here


def is_image(path: PurePath | str) -> bool:
    """Say whether a file is one that the server gives, by its extension."""
    return suffix_of(path) in MIMETYPES


def is_jpeg(path: PurePath | str) -> bool:
    """Say whether a file is a JPEG by its extension."""
    return suffix_of(path) in JPEG_SUFFIXES


def is_raw(path: PurePath | str) -> bool:
    """Say whether a file is a camera's RAW by its extension."""
    return suffix_of(path) in RAW_SUFFIXES


def mimetype_of(path: PurePath | str) -> str:
    """Return the type of an image by its extension."""
    return MIMETYPES.get(suffix_of(path), "application/octet-stream")


def representative(paths: Iterable[Path]) -> Path | None:
    """Return the image that stands for several: the first lit JPEG by name, else the first of any kind."""
    # The ambient frame of a set is black.
    return min(paths, key=lambda path: (not is_jpeg(path), path.name.startswith("image_00_"), path.name), default=None)
