"""How the light of each lamp falls off over the image, by a matte white plane that was shot under each of them.

To divide by it takes off strength, fall-off and vignetting at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tetherlight.errors import CalibrationError
from tetherlight.photometric.arrays import Floats

SMOOTH = 0.02
"""Of the longer side: what is finer is dust and texture of the plane."""
FINE = 96
"""Places of the map along the longer side, at most."""
LEAST = 0.05
"""Of a map's mean: where a lamp gives less, nothing is made brighter than that."""
CLIPPED, MOST_CLIPPED = 0.98, 0.01
BLACK = 0.005


@dataclass(frozen=True, eq=False)
class Falloff:
    """Maps of K lamps, (K, h, w): how bright each of them makes a place, each with the mean 1."""

    maps: Floats
    strengths: Floats
    """(K,): their means, the geometric mean 1."""

    def at(self, rows: NDArray[np.intp], columns: NDArray[np.intp], size: tuple[int, int]) -> Floats:
        """Return the maps (K, R, C) at some rows and columns of an image of this height and width."""
        (above, down), (left, right) = (
            _between(places, count, whole)
            for places, count, whole in zip((rows, columns), self.maps.shape[1:], size, strict=True)
        )
        band = self.maps[:, above] + (self.maps[:, above + 1] - self.maps[:, above]) * down[:, None]
        return np.asarray(band[:, :, left] + (band[:, :, left + 1] - band[:, :, left]) * right, np.float32)


def falloff(stack: Sequence[Floats], exposures: Sequence[float], lights: Floats) -> Falloff:
    """Return the maps of lamps by linear gray images (H, W) of a plane across the camera's axis, 1 for white.

    Exposures are relative; `lights` (K, 3) are unit vectors, for a plane sees their cosine. Raises CalibrationError for
    an image that is black or clipped.
    """
    maps = []
    for number, (image, exposure, light) in enumerate(zip(stack, exposures, lights, strict=True)):
        if np.median(image) < BLACK or (image > CLIPPED).mean() > MOST_CLIPPED:
            raise CalibrationError(
                f"Light {number + 1} leaves the flat field black or clipped.",
                hint="Expose so that the plane is a middle gray under each light.",
            )
        smooth = ndimage.gaussian_filter(image, SMOOTH * max(image.shape), mode="nearest")
        maps.append(_fewer(smooth) / np.float32(exposure * max(float(light[2]), LEAST)))
    found = np.stack(maps)
    means = found.mean(axis=(1, 2))
    shares = np.maximum(found / means[:, None, None], np.float32(LEAST))
    return Falloff(shares.astype(np.float32), (means / np.exp(np.log(means).mean())).astype(np.float32))


def _fewer(image: Floats) -> Floats:
    """Return an image with at most FINE places along a side and at least two, where the first and last ones stay."""
    most = max(image.shape)
    rows, columns = (np.linspace(0, side - 1, max(2, round(side * min(1.0, FINE / most)))) for side in image.shape)
    return np.asarray(ndimage.map_coordinates(image, np.meshgrid(rows, columns, indexing="ij"), order=1), np.float32)


def _between(places: NDArray[np.intp], count: int, whole: int) -> tuple[NDArray[np.intp], Floats]:
    """Return the place of a map before each of an image, and how far it is to the next."""
    at = places * ((count - 1) / max(1, whole - 1))
    before = np.minimum(at.astype(np.intp), count - 2)
    return before, (at - before).astype(np.float32)
