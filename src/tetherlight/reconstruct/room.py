"""How much room on the disk a result takes while it is made: told by the images' headers, before one is decoded."""

from pathlib import Path

from tetherlight.errors import TetherlightError
from tetherlight.files.durable import open_regular
from tetherlight.files.types import is_image, is_raw
from tetherlight.protocol.manifest import Manifest
from tetherlight.reconstruct.options import MESH_LONGEST, PREVIEW_SHRINK
from tetherlight.store.drawing import open_picture
from tetherlight.store.manifest import manifest_of, read_raw_manifest
from tetherlight.store.unreadable import DAMAGED

OF_A_PIXEL = 3
"""Bytes of an image that is spread out, with 8 bits; twice as many with 16."""
OF_THE_SURFACE = 60
"""Bytes of a pixel of the result: maps while it is computed, and files."""
OF_THE_MESH = 120
"""Bytes of a vertex in both files of a mesh, with its triangles."""
RAW_GROWS = 6
"""How much larger a RAW file is when it is developed to 16 bits."""
BESIDES = 20_000_000
"""Bytes for pages and small pictures."""


def needed_bytes(folder: Path, within: Path, *, preview: bool) -> int:
    """Return about how many bytes a surface of a set's images takes at most while it is made; 0 where nothing tells.

    Nothing is decoded here, and what cannot be read is told later.
    """
    try:
        raw = read_raw_manifest(folder, within)
        names = _all_images(folder) if raw is None else _of_manifest(manifest_of(raw))
        pixels = next((found for name in names[:1] if (found := _pixels(folder / name, within))), 0)
    except (OSError, TetherlightError):
        return 0
    deep = 2 if names and (is_raw(names[0]) or Path(names[0]).suffix.lower() in {".tif", ".tiff", ".png"}) else 1
    smaller = PREVIEW_SHRINK**2 if preview else 1
    mesh = 0 if preview else min(pixels, MESH_LONGEST**2) * OF_THE_MESH
    return pixels * (len(names) * OF_A_PIXEL * deep + OF_THE_SURFACE) // smaller + mesh + BESIDES


def _of_manifest(manifest: Manifest) -> list[str]:
    """Return an image of each step."""
    return [step.image.filename for step in manifest.steps if step.image is not None]


def _all_images(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if is_image(path) and not path.name.startswith("."))


def _pixels(path: Path, within: Path) -> int:
    """Return how many pixels an image has by its header; of a RAW file, by its size."""
    try:
        with open_regular(path, within=within) as file:
            if is_raw(path):
                return path.stat().st_size * RAW_GROWS // (OF_A_PIXEL * 2)
            with open_picture(file, path) as image:
                return image.width * image.height
    except DAMAGED:
        return 0
