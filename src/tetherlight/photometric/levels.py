"""Bilateral integration of large masks in bounded memory: the whole surface reduced, then its tiles in full size.

The reduced surface gives the tiles their mean heights, square by square, so that tiles meet and jumps have one height
everywhere; what is finer than a few squares follows the normals of the tile.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tetherlight.photometric.arrays import Floats, Mask
from tetherlight.photometric.bilateral import Anchors, bilateral
from tetherlight.photometric.slopes import Camera, filled

Height = NDArray[np.float32]
Tell = Callable[[float], None]

AT_ONCE = 120_000
"""Pixels of the mask that are solved in one piece."""
TILE = 384
OVERLAP = 48
"""Pixels of the edge of a tile, and of what it shares with the next one."""
TILE_ROUNDS = 12
_HELD = 0.6
"""Strength of the anchors, times the area of a square: at 8 squares they weigh as much as the normals."""
_BAND = 1 << 20
_NO_SQUARE = -1
FIRST = 0.3
"""The share of the work that the reduced surface is, roughly."""


@dataclass(frozen=True)
class _Reduced:
    """The reduced surface: heights in pixels of the full size, where it has some, and its factor."""

    heights: Height
    inside: Mask
    factor: int


def integrated(
    normals: Floats, inside: Mask, camera: Camera | None, *, tell: Tell, at_once: int = AT_ONCE
) -> tuple[Height, int]:
    """Return heights (H, W) of unit or other normals, and by how much they were reduced at first.

    Normals and mask may lie in a file. As in `bilateral`; `tell` hears of the share that is done.
    """
    factor = 1
    small_normals, small = normals, inside
    while int(small.sum()) > at_once:
        factor *= 2
        small_normals, small = _reduced(normals, inside, factor)
    rows, columns = _extent(small)
    view = None if camera is None else camera.reduced(factor).moved(rows.start, columns.start)
    part = small[rows, columns]
    coarse = np.zeros(small.shape, np.float32)
    coarse[rows, columns] = bilateral(filled(small_normals[rows, columns], part, view), part, camera=view)
    if factor == 1:
        tell(1.0)
        return coarse, 1
    tell(FIRST)
    hint = _Reduced(coarse * np.float32(factor), small, factor)
    return _refined(normals, inside, camera, hint, tell), factor


def _extent(inside: Mask) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _reduced(normals: Floats, inside: Mask, factor: int) -> tuple[Height, Mask]:
    """Return the mean normals of squares, and which squares have half of their pixels or more in the mask."""
    height, width = inside.shape
    size = -(-height // factor), -(-width // factor)
    sums = np.zeros((*size, 3), np.float32)
    counts = np.zeros(size, np.float32)
    step = max(factor, _BAND // width // factor * factor)
    starts = np.arange(0, width, factor)
    for top in range(0, height, step):
        band = inside[top : top + step]
        values = np.where(band[..., None], normals[top : top + step], np.float32(0))
        values = np.nan_to_num(values, nan=0, posinf=0, neginf=0)
        lines = np.arange(0, len(band), factor)
        to = slice(top // factor, top // factor + len(lines))
        sums[to] = np.add.reduceat(np.add.reduceat(values, lines, axis=0), starts, axis=1)
        counts[to] = np.add.reduceat(np.add.reduceat(band.astype(np.float32), lines, axis=0), starts, axis=1)
    half = counts * 2 >= factor * factor
    sums /= np.maximum(counts, 1)[..., None]
    return sums, half if half.any() else counts > 0


def _refined(normals: Floats, inside: Mask, camera: Camera | None, hint: _Reduced, tell: Tell) -> Height:
    """Solve tile by tile, held by the reduced surface; where tiles overlap, one passes into the other."""
    found, shares = np.zeros(inside.shape, np.float32), np.zeros(inside.shape, np.float32)
    tiles = list(_tiles(*inside.shape))
    for number, (rows, columns) in enumerate(tiles, start=1):
        part = inside[rows, columns]
        if part.any():
            view = None if camera is None else camera.moved(rows.start, columns.start)
            facing = filled(normals[rows, columns], part, view)
            heights = bilateral(facing, part, camera=view, anchors=_anchors(hint, rows, columns), rounds=TILE_ROUNDS)
            share = _share(part.shape)
            found[rows, columns] += heights * share
            shares[rows, columns] += share
        tell(FIRST + (1 - FIRST) * number / len(tiles))
    np.divide(found, shares, out=found, where=shares > 0)
    return found


def _tiles(height: int, width: int) -> Iterator[tuple[slice, slice]]:
    step = TILE - OVERLAP
    for top in range(0, max(1, height - OVERLAP), step):
        for left in range(0, max(1, width - OVERLAP), step):
            yield slice(top, min(top + TILE, height)), slice(left, min(left + TILE, width))


def _anchors(hint: _Reduced, rows: slice, columns: slice) -> Anchors:
    """Return the mean heights that the squares of a tile should have; it may begin within a square."""
    lines = np.arange(rows.start, rows.stop) // hint.factor
    places = np.arange(columns.start, columns.stop) // hint.factor
    square = (lines - lines[0])[:, None] * (places[-1] - places[0] + 1) + (places - places[0])[None]
    known = hint.inside[lines[:, None], places[None]]
    heights = hint.heights[lines[0] : lines[-1] + 1, places[0] : places[-1] + 1]
    return Anchors(np.where(known, square, _NO_SQUARE), heights.ravel(), _HELD / hint.factor**2)


def _share(shape: tuple[int, ...]) -> Height:
    """Return how much a tile counts at each of its pixels: least at its edges."""
    ramps = [np.minimum(np.arange(1, size + 1), np.arange(size, 0, -1)) for size in shape]
    down, right = (np.minimum(ramp / OVERLAP, 1).astype(np.float32) for ramp in ramps)
    return np.asarray(down[:, None] * right[None], np.float32)
