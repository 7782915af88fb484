"""How strong each light is: of a matte ball or a flat field, which also check the directions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tetherlight.errors import CalibrationError
from tetherlight.photometric.circles import Circle, Doubles

USED = 0.9
"""Share of a matte ball's radius that is used: at its rim a pixel's normal is not sure."""
LIT = 0.2
"""Cosine between normal and light from which on a pixel counts as lit."""
CLIPPED = 0.99
"""Share of full light from which on a value may be cut."""
FEW = 50
"""Pixels that are too few to tell anything."""


@dataclass(frozen=True)
class Strengths:
    """How strong lights are, against each other, and what a matte ball says of their directions."""

    intensities: Doubles
    """(K,) with the geometric mean 1."""
    spread: Doubles
    """(K,) relative spread of the pixels that tell it, robust; NaN for a flat field of one value."""
    off_degrees: Doubles | None = None
    """(K,) angle between the given direction and the one that the ball's shading tells."""

    def exposed(self, exposures: Sequence[float]) -> "Strengths":
        """Return them of images that caught so much light (K,), against each other, instead of the same."""
        return replace(self, intensities=_about_one(self.intensities / np.asarray(exposures, np.float64)))


def of_matte_ball(stack: NDArray[np.floating], circle: Circle, lights: NDArray[np.floating]) -> Strengths:
    """Return how strong lights (K, 3) are by their shading (K, H, W) of a matte ball of one colour, linear from 0 to 1.

    For each light the median of what is seen over `n . l` of its lit, unclipped pixels. Raises CalibrationError where a
    light shows too few such pixels.
    """
    height, width = stack.shape[1:]
    rows, columns = np.mgrid[:height, :width]
    nx, ny = (columns - circle.x) / circle.r, (circle.y - rows) / circle.r
    inside = nx * nx + ny * ny < USED**2
    normals = np.stack((nx, ny, np.sqrt(np.clip(1 - nx * nx - ny * ny, 0, None))), axis=-1)[inside]
    found = [_one_light(image[inside], normals, light) for image, light in zip(stack, lights, strict=True)]
    strengths, spread, off = (np.array(part) for part in zip(*found, strict=True))
    return Strengths(_about_one(strengths), spread, off)


def of_flat_field(stack: NDArray[np.floating], lights: NDArray[np.floating] | None = None) -> Strengths:
    """Return how strong lights are by images (K, H, W) of a matte plane across the camera's axis, linear from 0 to 1.

    The median of the middle ninth of each; with `lights` (K, 3) divided by their cosine, as a plane sees them.
    """
    third, other = stack.shape[1] // 3, stack.shape[2] // 3
    middle = np.asarray(stack[:, third : 2 * third + 1, other : 2 * other + 1], np.float64).reshape(len(stack), -1)
    seen = np.median(middle, axis=1)
    if np.any(seen <= 0) or np.any(seen >= CLIPPED):
        raise CalibrationError(
            f"Light {int(np.argmax((seen <= 0) | (seen >= CLIPPED))) + 1} leaves the flat field black or clipped.",
            hint="Expose so that the plane is a middle gray under each light.",
        )
    spread = 1.4826 * np.median(np.abs(middle - seen[:, None]), axis=1) / seen
    cosines = 1.0 if lights is None else np.clip(np.asarray(lights, np.float64)[:, 2], 0.05, None)
    return Strengths(_about_one(seen / cosines), spread)


def _one_light(seen: NDArray[np.floating], normals: Doubles, light: NDArray[np.floating]) -> tuple[float, float, float]:
    """Return strength, its relative spread, and the angle to the direction that the shading tells."""
    cosines = normals @ np.asarray(light, np.float64)
    used = (cosines > LIT) & (seen < CLIPPED) & (seen > 0)
    if np.count_nonzero(used) < FEW:
        raise CalibrationError(
            "A light shows too few pixels of the matte sphere that are lit and not clipped.",
            hint="Look whether the circle is on the sphere, and expose it less.",
        )
    ratio = np.asarray(seen[used], np.float64) / cosines[used]
    strength = float(np.median(ratio))
    spread = 1.4826 * float(np.median(np.abs(ratio - strength))) / strength
    told = np.linalg.lstsq(normals[used], np.asarray(seen[used], np.float64), rcond=None)[0]
    cosine = float(told @ light) / max(float(np.linalg.norm(told)), 1e-12)
    return strength, spread, float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def _about_one(strengths: Doubles) -> Doubles:
    return np.asarray(strengths / np.exp(np.mean(np.log(strengths))), np.float64)
