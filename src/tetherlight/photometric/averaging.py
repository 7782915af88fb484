"""Images of the same, taken again and again, as one of less noise; what was there once only is left out."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tetherlight.errors import ShapesDiffer
from tetherlight.photometric.focus import Floats, Noise

ODD = 5.0
"""Standard deviations from the median from which on a value is none of these."""
COMMON = 0.5
"""The share of the places by which noise is told: nothing but noise differs in most of them."""
NEEDED = 3
"""Images from which on it can be told which of them is odd."""


@dataclass(frozen=True, eq=False)
class Averaged:
    """One image of several."""

    values: Floats
    """As the images: (h, w) or (h, w, 3)."""
    left_out: int
    """How many pixels of all images were left out."""


def noise_of(grays: Floats) -> Noise:
    """Return the noise of one of the images (R, h, w) of the same."""
    return Noise.between(grays, COMMON)


def averaged(images: NDArray[Any], noise: Noise) -> Averaged:
    """Return the mean of images (R, h, w) or (R, h, w, 3); with three or more of them, without what is odd.

    A pixel that is odd in one channel is left out in all. Raise ShapesDiffer where there is no image.
    """
    if not len(images):
        raise ShapesDiffer("The mean of no image is none.")
    if len(images) < NEEDED:
        return Averaged(np.asarray(images.mean(axis=0, dtype=np.float32), np.float32), 0)
    usual = np.median(images, axis=0).astype(np.float32)
    # Values are whole numbers: half of one is no noise, and no less than it can be told.
    limit = np.float32(ODD) * np.sqrt(noise.of(usual) + np.float32(0.25))
    total = np.zeros(usual.shape, np.float32)
    count = np.zeros(usual.shape[:2], np.float32)
    for one in images:
        odd = np.abs(one - usual) > limit
        kept = ~(odd.any(axis=2) if odd.ndim == 3 else odd)
        total += np.where(kept if odd.ndim == 2 else kept[..., None], one, np.float32(0))
        count += kept
    none = count == 0
    divided = np.maximum(count, 1)
    values = total / (divided if total.ndim == 2 else divided[..., None])
    values = np.where(none if total.ndim == 2 else none[..., None], usual, values)
    return Averaged(np.asarray(values, np.float32), int(images.shape[0] * count.size - count.sum()))
