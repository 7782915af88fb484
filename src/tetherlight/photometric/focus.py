"""One sharp image of several that are sharp at different depths: where each pixel is sharpest, and what is there.

The map is made once, of the mean over all lights, and serves every light alike: what differs between the images of a
pixel is then its light and nothing else.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tetherlight.errors import ShapesDiffer

Floats = NDArray[np.float32]
REACH = 3.0
"""Standard deviation in pixels of the window in which detail is looked at."""
SMOOTH = 4.0
"""That of the window in which the map is smoothed, where there is detail enough."""
SPIKES = 5
"""Pixels in which a single odd value of the map is none."""
STEEP = 2.0
"""How fast one image passes into the next halfway between two places: the nearer one is sharper than their mean."""
HALO = 32
"""Pixels around a part on which the part depends."""


def detail(gray: Floats, reach: float = REACH) -> Floats:
    """Return how much detail is around each pixel of an image (H, W): its modified Laplacian, squared and smoothed.

    (Nayar and Nakagawa, PAMI 1994: the sum of the absolute second differences in both directions.)
    """
    padded = np.pad(gray, 1, mode="edge")
    middle = 2 * padded[1:-1, 1:-1]
    across = np.abs(middle - padded[1:-1, :-2] - padded[1:-1, 2:])
    down = np.abs(middle - padded[:-2, 1:-1] - padded[2:, 1:-1])
    return np.asarray(ndimage.gaussian_filter((across + down) ** 2, reach, truncate=3), np.float32)


def sharpest(details: Floats) -> Floats:
    """Return of the detail of images (F, h, w) at which of them each pixel is sharpest (h, w), between two as well.

    A parabola through the logarithms of the best one and its neighbours says where between them; then the map is
    smoothed, where there is little detail more than elsewhere. Raise ShapesDiffer for less than two images.
    """
    count = len(details)
    if count < 2:
        raise ShapesDiffer("A stack has two images or more.")
    best = details.argmax(axis=0)
    inner = np.clip(best, 1, count - 2) if count > 2 else best
    found = best.astype(np.float32)
    if count > 2:
        near = (np.take_along_axis(details, inner[None] + by, axis=0)[0] for by in (-1, 0, 1))
        logs = [np.log(one + np.float32(1e-12)) for one in near]
        bend = logs[0] - 2 * logs[1] + logs[2]
        by = np.where(bend < -1e-6, (logs[0] - logs[2]) / (2 * np.minimum(bend, -1e-6)), 0)
        found = np.where(best == inner, best + np.clip(by, -0.5, 0.5), best).astype(np.float32)
    most = details.max(axis=0)
    weight = (most - details.mean(axis=0)) ** 2 / np.maximum(most, np.float32(1e-12)) + np.float32(1e-12)
    calm = ndimage.median_filter(found, size=SPIKES)
    sums = ndimage.gaussian_filter(calm * weight, SMOOTH, truncate=3)
    return np.asarray(sums / ndimage.gaussian_filter(weight, SMOOTH, truncate=3), np.float32)


def merged(images: NDArray[np.uint8] | Floats, places: Floats) -> Floats:
    """Return of images (F, h, w) or (F, h, w, 3) what each pixel shows at its place (h, w), between two of them."""
    low = np.clip(np.floor(places), 0, len(images) - 2).astype(np.intp)
    share = np.clip((places - low - 0.5) * STEEP + 0.5, 0, 1).astype(np.float32)
    at = low[None] if images.ndim == 3 else low[None, ..., None]
    share = share if images.ndim == 3 else share[..., None]
    one, other = (np.take_along_axis(images, at + by, axis=0)[0].astype(np.float32) for by in (0, 1))
    return np.asarray(one + (other - one) * share, np.float32)


def by_bands(height: int, rows: int, work: Callable[[slice, slice, slice], None]) -> None:
    """Call `work` for bands of an image: the rows with the halo around them, the rows, and where these lie in it."""
    for start in range(0, height, rows):
        stop = min(start + rows, height)
        top, bottom = max(0, start - HALO), min(height, stop + HALO)
        work(slice(top, bottom), slice(start, stop), slice(start - top, stop - top))
