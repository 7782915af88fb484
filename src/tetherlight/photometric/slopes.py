"""Slopes of a surface from its normals, and which normals say anything.

Rows go down, y goes up: the slope along the columns is -nx/nz, along the rows ny/nz.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tetherlight.errors import NormalsInvalid, ShapesDiffer
from tetherlight.photometric.arrays import Floats, Mask

SHORTEST = 0.5
"""A shorter normal says nothing: (0, 0, 0) stands for none."""
STEEPEST = 0.02
"""The least nz: a surface seen from the side is no steeper than 50 pixels per pixel."""


@dataclass(frozen=True)
class Camera:
    """A pinhole camera: focal lengths and principal point in pixels, centre of the first pixel (0, 0), y down."""

    fx: float
    fy: float
    cx: float
    cy: float

    def reduced(self, factor: int) -> "Camera":
        """Return the camera of images that are smaller by a factor, each pixel the mean of a square."""
        middle = (factor - 1) / 2
        return Camera(self.fx / factor, self.fy / factor, (self.cx - middle) / factor, (self.cy - middle) / factor)

    def moved(self, top: int, left: int) -> "Camera":
        """Return the camera of a part of the image that begins at a row and a column."""
        return Camera(self.fx, self.fy, self.cx - left, self.cy - top)


def checked(normals: Floats, mask: Mask | None) -> Mask:
    """Return what belongs to the surface, (H, W); raise ShapesDiffer and NormalsInvalid."""
    if normals.ndim != 3 or normals.shape[2] != 3 or 0 in normals.shape:
        raise ShapesDiffer(f"Normals have three numbers per pixel; this array has the shape {normals.shape}.")
    if mask is None:
        return np.ones(normals.shape[:2], bool)
    if mask.shape != normals.shape[:2]:
        raise ShapesDiffer(
            f"The mask has {mask.shape[1]} x {mask.shape[0]} pixels, the normals "
            f"{normals.shape[1]} x {normals.shape[0]}."
        )
    if not mask.any():
        raise NormalsInvalid("The mask leaves no pixel of the surface.", hint="White is the surface, black is not.")
    return mask


def valid_normals(normals: Floats) -> Mask:
    """Say which normals (..., 3) are finite and show to the camera."""
    return says_something(normals[..., 0], normals[..., 1], normals[..., 2])


def says_something(x: Floats, y: Floats, z: Floats) -> Mask:
    """Say the same of normals by their parts."""
    with np.errstate(over="ignore", invalid="ignore"):
        squared = x * x + y * y + z * z
        valid: Mask = (squared > SHORTEST**2) & (squared < np.inf) & (z > 0)
    return valid


def filled(normals: Floats, inside: Mask, camera: Camera | None = None) -> NDArray[np.float32]:
    """Return unit normals (H, W, 3); one inside that shows away or says nothing is taken from the nearest that does.

    Where none does, all are flat. The camera is that of this part of the image.
    """
    normals = np.asarray(normals, np.float32)
    length = np.sqrt(np.einsum("...c,...c->...", normals, normals))
    known = inside & np.isfinite(length) & (length > SHORTEST)
    made = np.zeros(normals.shape, np.float32)
    made[..., 2] = 1
    np.divide(normals, length[..., None], out=made, where=known[..., None])
    known &= facing(made, camera) > 0
    if known.any() and not np.array_equal(known, inside):
        nearest: NDArray[np.intp] = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
        made = made[nearest[0], nearest[1]]
    return made


def facing(normals: NDArray[np.float32], camera: Camera | None) -> NDArray[np.float64]:
    """Return how much normals (H, W, 3) show to the camera: nz, or with a camera the part along each pixel's ray."""
    near = normals[..., 2].astype(np.float64)
    if camera is None:
        return near
    across = (np.arange(normals.shape[1]) - camera.cx) / camera.fx
    down = (np.arange(normals.shape[0]) - camera.cy) / camera.fy
    shown: NDArray[np.float64] = near - across * normals[..., 0] + down[:, None] * normals[..., 1]
    return shown
