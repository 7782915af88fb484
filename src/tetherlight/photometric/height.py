"""From normals to height: which method fits, and what both have in common.

A full frame is integrated by Poisson's equation (`poisson`), which is fast; a masked object, which may have depth
jumps, and whatever a camera saw in perspective by bilateral integration (`bilateral`, `levels`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tetherlight.errors import NormalsInvalid
from tetherlight.photometric.arrays import Floats, Mask
from tetherlight.photometric.levels import integrated
from tetherlight.photometric.poisson import Room, in_memory, poisson
from tetherlight.photometric.slopes import Camera, checked, valid_normals

Integration = Literal["poisson", "bilateral"]
SPECKS = 0.02
"""The share of a frame that may lie outside the mask, holes not counted, for it to be a full one."""
_LOOK = 1000
"""Pixels of the longer edge of what is looked at for that."""


@dataclass(frozen=True)
class Surface:
    """A height map, or a depth map, and how it was found."""

    height: NDArray[np.float32]
    """(H, W), NaN outside the mask. In pixels, towards the camera, mean 0; with a camera the depth along its axis, with
    the geometric mean 1. Parts of the mask that do not touch stand for themselves."""
    method: Integration
    why: str
    """One sentence."""
    reduced: int = 1
    """By how much the surface was reduced to find its jumps, before its tiles were solved in full size."""


def _unheard(_share: float) -> None:
    """Do nothing with it."""


def surface(
    normals: Floats,
    mask: Mask | None = None,
    *,
    camera: Camera | None = None,
    method: Integration | None = None,
    tell: Callable[[float], None] = _unheard,
    room: Room = in_memory,
) -> Surface:
    """Integrate normals (H, W, 3), x right, y up, z to the camera, in a mask (H, W), by a method or the one that fits.

    Normals that are not finite, near 0 or turned away are taken from their neighbours or for flat. Both arrays may lie
    in a file, and so may the height of a full frame, where `room` gives it its place. Raise ShapesDiffer and
    NormalsInvalid.
    """
    inside = checked(normals, mask)
    _require_normals(normals, inside)
    chosen, why = _chosen(inside, camera, method)
    if chosen == "poisson":
        height = poisson(normals, inside, room)
        height[~inside] = np.nan
        return Surface(height, chosen, why)
    height, reduced = integrated(normals, inside, camera, tell=tell)
    _centre(height, inside)
    if camera is not None:
        height /= np.float32(-camera.fx)
        np.exp(height, out=height)
    height[~inside] = np.nan
    return Surface(height, chosen, why, reduced)


def height(normals: Floats, mask: Mask | None = None) -> NDArray[np.float32]:
    """Return the height (H, W) in pixels of normals (H, W, 3), NaN outside the mask; see `surface`."""
    return surface(normals, mask).height


def _chosen(inside: Mask, camera: Camera | None, method: Integration | None) -> tuple[Integration, str]:
    if camera is not None:
        return "bilateral", "A camera matrix was given, so the surface is seen in perspective."
    if method is not None:
        return method, "It was asked for."
    if _fills(inside):
        return "poisson", "The surface fills the frame, so it is taken for one without jumps."
    return "bilateral", "The surface has an outline, so it may have jumps in depth."


def _fills(inside: Mask) -> bool:
    """Say whether a surface fills its frame but for holes, by every so many of its pixels."""
    step = max(1, max(inside.shape) // _LOOK)
    few = inside[::step, ::step]
    return bool(ndimage.binary_fill_holes(few).sum() >= (1 - SPECKS) * few.size)


def _centre(height: NDArray[np.float32], inside: Mask) -> None:
    """Bring each connected part to the mean 0."""
    parts, count = ndimage.label(inside)
    if count == 1:
        height -= height[inside].mean(dtype=np.float64)
        return
    means = ndimage.mean(height, parts, np.arange(count + 1)).astype(np.float32)
    means[0] = 0
    height -= means[parts]


def _require_normals(normals: Floats, inside: Mask) -> None:
    step = max(1, (1 << 20) // inside.shape[1])
    for top in range(0, len(inside), step):
        if (valid_normals(normals[top : top + step]) & inside[top : top + step]).any():
            return
    raise NormalsInvalid(
        "No normal of the surface points to the camera.",
        hint="Normals have x right, y up and z to the camera, coded as (n + 1) / 2 of the largest value.",
    )
