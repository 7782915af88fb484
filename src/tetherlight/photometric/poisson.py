"""Height of a full frame from its normals: Poisson's equation with natural boundary, by the discrete cosine transform.

Between two pixels the height changes by the integral of the slope, exact for slopes of the third degree. The
transform solves for the height with the least squared deviation from that (Simchony, Chellappa, Shao, PAMI 1990).
"""

import os
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn, idctn, next_fast_len

from tetherlight.photometric.arrays import Floats, Mask
from tetherlight.photometric.slopes import STEEPEST, says_something

Height = NDArray[np.float32]
Room = Callable[[tuple[int, int]], Height]
"""Gives an array of zeros its place."""
_BLOCK = 1 << 19
"""Pixels whose slopes are in memory at a time."""
_ROUND = 2
"""Rows that the change of height between two rows needs beside them."""


def in_memory(shape: tuple[int, int]) -> Height:
    """Return zeros that lie in memory."""
    return np.zeros(shape, np.float32)


def poisson(normals: Floats, inside: Mask, room: Room = in_memory) -> Height:
    """Return the height (H, W) in pixels, mean 0, of normals (H, W, 3); what says nothing is taken for flat.

    Takes memory for the height alone, or none where `room` gives it a place in a file, as normals and mask may lie.
    """
    height, width = inside.shape
    # Other lengths are transformed three to six times as slowly. The surface is mirrored at the lower and right edge.
    size = next_fast_len(height, real=True), next_fast_len(width, real=True)
    field = room(size)
    step = max(1, _BLOCK // width)
    for top in range(0, height, step):
        _diverge(field, normals, inside, top, min(top + step, height))
    _mirror(field, normals, inside)
    workers = len(os.sched_getaffinity(0))
    field = dctn(field, norm="ortho", overwrite_x=True, workers=workers)
    across = (4 * np.sin(np.arange(size[1]) * (np.pi / 2 / size[1])) ** 2).astype(np.float32)
    for row in range(size[0]):
        wave = across + np.float32(4 * np.sin(row * (np.pi / 2 / size[0])) ** 2)
        if row == 0:
            wave[0] = np.inf  # the mean height is free
        field[row] /= wave
    found: Height = idctn(field, norm="ortho", overwrite_x=True, workers=workers)[:height, :width]
    found -= found.mean(dtype=np.float64)
    return found


def _diverge(field: Height, normals: Floats, inside: Mask, top: int, bottom: int) -> None:
    """Add to the field what the rows from `top` up to `bottom` say, and the change from their last one to the next."""
    height, width = inside.shape
    first, last = max(0, top - _ROUND), min(height, bottom + 1 + _ROUND)
    right, down = _slopes(normals[first:last], inside[first:last])
    change = _changes(right[top - first : bottom - first])
    field[top:bottom, 1:width] += change
    field[top:bottom, : width - 1] -= change
    change = _changes(down.T).T[top - first : min(bottom, height - 1) - first]
    field[top : top + len(change), :width] -= change
    field[top + 1 : top + 1 + len(change), :width] += change


def _slopes(normals: Floats, inside: Mask) -> tuple[Height, Height]:
    """Return the slopes to the right and down, 0 where the normals say nothing."""
    # Channels apart and in place: this is half of the time of a frame, the transforms being the other one.
    x, y, z = (np.array(normals[..., axis], np.float32, order="C") for axis in range(3))
    unknown = ~(inside & says_something(x, y, z))
    if unknown.any():
        x[unknown] = y[unknown] = 0
        z[unknown] = 1
    np.maximum(z, np.float32(STEEPEST), out=z)
    np.divide(np.float32(-1), z, out=z)
    x *= z
    y *= z
    return x, np.negative(y, out=y)


def _changes(slopes: Height) -> Height:
    """Return how much the height changes from each column to the next one (h, w - 1)."""
    change: Height = (slopes[:, 1:] + slopes[:, :-1]) * np.float32(0.5)
    if slopes.shape[1] > 2:
        bend = np.empty_like(slopes)
        np.subtract(slopes[:, 2:], slopes[:, 1:-1], out=bend[:, 1:-1])
        bend[:, 1:-1] -= slopes[:, 1:-1]
        bend[:, 1:-1] += slopes[:, :-2]
        bend[:, 0], bend[:, -1] = bend[:, 1], bend[:, -2]
        change -= (bend[:, 1:] + bend[:, :-1]) * np.float32(1 / 24)
    return change


def _mirror(field: Height, normals: Floats, inside: Mask) -> None:
    """Continue the field behind the last row and column as that of the mirrored surface.

    The mirrored rows are like those that they mirror; only the very last one has no neighbour to change to.
    """
    height, width = inside.shape
    below, beside = field.shape[0] - height, field.shape[1] - width
    if below:
        field[height:, :width] = field[height - below : height, :width][::-1]
        last = slice(max(0, height - below - 1 - _ROUND), height - below + 1 + _ROUND)
        _, down = _slopes(normals[last], inside[last])
        field[-1, :width] -= _changes(down.T).T[height - below - 1 - last.start]
    if beside:
        field[:, width:] = field[:, width - beside : width][:, ::-1]
        last = slice(max(0, width - beside - 1 - _ROUND), width - beside + 1 + _ROUND)
        right, _ = _slopes(normals[:, last], inside[:, last])
        edge = _changes(right)[:, width - beside - 1 - last.start]
        field[:, -1] -= np.concatenate([edge, edge[::-1][:below]])
