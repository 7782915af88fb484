"""What of a surface comes for a close look: tiles of each size, of which a browser loads those that it shows.

Tiles are JPEGs, for a phone loads them, too; the values that are read under a pointer come from the pictures of
`views.py`, which are without loss. Where normals are not valid they are gray, a vector of no length.
"""

from pathlib import Path
from typing import Any

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from tetherlight.files.durable import make_folder, store_errors, write_atomically

Bytes = NDArray[np.uint8]
EDGE = 512
"""Pixels of the edge of a tile; those at the right and at the bottom may be smaller."""
FOLDER = "{name}_files"
QUALITY = 92
NOWHERE = 128
"""Each channel of a normal that is not valid."""


def steps_of(longest: int, shown: int) -> list[int]:
    """Return the sizes in which there are tiles, as image pixels to each of theirs: what is larger than is `shown`."""
    steps = [1] if longest > shown else []
    while steps and -(-longest // (2 * steps[-1])) > shown:
        steps.append(2 * steps[-1])
    return steps


def told_of(steps: list[int], size: tuple[int, int]) -> dict[str, Any] | None:
    """Return what a page has to know of tiles of a picture (H, W); None where there are none."""
    return {"edge": EDGE, "steps": steps, "width": size[1], "height": size[0]} if steps else None


class Pyramid:
    """Takes the rows of a picture and writes `NAME_files/STEP/X_Y.jpg`; one row of tiles of each size is in memory."""

    def __init__(self, folder: Path, name: str, size: tuple[int, int], steps: list[int]) -> None:
        self._place = folder / FOLDER.format(name=name) / str(steps[0])
        self._left = size[0]
        self._row = 0
        self._waiting: list[Bytes] = []
        half = -(-size[0] // 2), -(-size[1] // 2)
        self._next = Pyramid(folder, name, half, steps[1:]) if steps[1:] else None
        with store_errors("The tiles for the page could not be written"):
            make_folder(self._place)

    def take(self, rows: Bytes) -> None:
        """Take the next rows, (h, W) or (h, W, 3); raise StoreError and DiskFull."""
        # What waits belongs to nobody else, who may write into it meanwhile.
        self._waiting.append(rows.copy())
        self._left -= len(rows)
        count = sum(map(len, self._waiting))
        if count < EDGE and self._left > 0:
            return
        band = np.concatenate(self._waiting) if len(self._waiting) > 1 else self._waiting[0]
        whole = len(band) if self._left <= 0 else len(band) // EDGE * EDGE
        self._waiting = [band[whole:].copy()] if whole < len(band) else []
        for start in range(0, whole, EDGE):
            self._write(band[start : min(start + EDGE, whole)])

    def _write(self, band: Bytes) -> None:
        with store_errors("The tiles for the page could not be written"):
            for column in range(-(-band.shape[1] // EDGE)):
                tile = band[:, column * EDGE : (column + 1) * EDGE]
                # The folder is put into its place as a whole: what counts is written to the disk then.
                write_atomically(self._place / f"{column}_{self._row}.jpg", _jpeg(tile), durable=False)
        self._row += 1
        if self._next is not None:
            self._next.take(halved(band))


def halved(pixels: Bytes) -> Bytes:
    """Return pixels (h, w) or (h, w, 3) half as large, each the mean of four; what is missing is as its neighbour."""
    high, wide = pixels.shape[0] % 2, pixels.shape[1] % 2
    if high or wide:
        pixels = np.pad(pixels, [(0, high), (0, wide), (0, 0)][: pixels.ndim], mode="edge")
    lines = pixels[::2].astype(np.uint16) + pixels[1::2]
    return np.asarray((lines[:, ::2] + lines[:, 1::2] + np.uint16(2)) >> 2, np.uint8)


def coded_for_tiles(deep: NDArray[np.uint16], valid: Any) -> Bytes:
    """Return normals of 16 bits (h, W, 3) in 8; those that are not `valid` (h, W) have no length."""
    # Divided by 257 and rounded, without numbers of more bits.
    made = ((deep - (deep >> 8) + np.uint16(128)) >> 8).astype(np.uint8)
    made[~np.asarray(valid, np.bool_)] = NOWHERE
    return made


def _jpeg(pixels: Bytes) -> bytes:
    gray = pixels.ndim == 2
    content: bytes = simplejpeg.encode_jpeg(
        np.ascontiguousarray(pixels[..., None] if gray else pixels),
        quality=QUALITY,
        colorspace="GRAY" if gray else "RGB",
        **({} if gray else {"colorsubsampling": "444"}),
    )
    return content
