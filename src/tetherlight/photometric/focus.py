"""One sharp image of several that are sharp at different depths: where each pixel is sharpest, and what is there.

The map is made once, of the mean over all lights, and serves every light alike: what differs between the images of a
pixel is then its light and nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tetherlight.errors import ShapesDiffer

Floats = NDArray[np.float32]
REACH = 3.0
"""Standard deviation in pixels of the window in which detail is looked at."""
DARK = 1 / 64
"""Added to values before their logarithms are taken: below it is noise."""
SPIKES = 5
"""Pixels in which a single odd value of the map is none."""
STEEP = 2.0
"""How fast one image passes into the next halfway between two places: the nearer one is sharper than their mean."""
AGREES = 1.5
"""Standard deviation in pixels of the window in which images are compared with the sharp one."""
DISAGREES = 0.2
"""How fast an image that differs by more than noise loses its share: per variance of the noise."""
LEVELS = 16
"""Brightnesses for which noise is told."""
CALM = 0.25
"""The share of places that show noise alone; elsewhere images of two places differ by their focus, too."""
HALO = 32
"""Pixels around a part on which the part depends."""


def detail(gray: Floats, reach: float = REACH) -> Floats:
    """Return how much detail is around each pixel of an image (H, W) of values from 0 to 1.

    It is the modified Laplacian, the sum of the absolute second differences in both directions (Nayar and Nakagawa,
    PAMI 1994), of logarithms, and smoothed: so one bright edge does not speak for all that is around it.
    """
    padded = np.pad(np.log(gray + np.float32(DARK)), 1, mode="edge")
    middle = 2 * padded[1:-1, 1:-1]
    across = np.abs(middle - padded[1:-1, :-2] - padded[1:-1, 2:])
    down = np.abs(middle - padded[:-2, 1:-1] - padded[2:, 1:-1])
    return np.asarray(ndimage.gaussian_filter(across + down, reach, truncate=3), np.float32)


def sharpest(details: Floats) -> Floats:
    """Return of the detail of images (F, h, w) at which of them each pixel is sharpest (h, w), between two as well.

    A parabola through the logarithms of the best one and its neighbours says where between them. What is odd among its
    neighbours is left out; no more is smoothed, for between the edge of a thing and what lies behind it there is
    nothing. Raise ShapesDiffer for less than two images.
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
    return np.asarray(ndimage.median_filter(found, size=SPIKES), np.float32)


def merged(images: NDArray[np.uint8] | Floats, places: Floats) -> Floats:
    """Return of images (F, h, w) or (F, h, w, 3) what each pixel shows at its place (h, w), between two of them."""
    low = np.clip(np.floor(places), 0, len(images) - 2).astype(np.intp)
    share = np.clip((places - low - 0.5) * STEEP + 0.5, 0, 1).astype(np.float32)
    at = low[None] if images.ndim == 3 else low[None, ..., None]
    share = share if images.ndim == 3 else share[..., None]
    one, other = (np.take_along_axis(images, at + by, axis=0)[0].astype(np.float32) for by in (0, 1))
    return np.asarray(one + (other - one) * share, np.float32)


@dataclass(frozen=True, eq=False)
class Noise:
    """The variance of images of one thing by their brightness."""

    brightness: Floats
    variance: Floats

    @classmethod
    def between(cls, images: Floats, share: float = CALM) -> "Noise":
        """Find it in images (F, h, w) of what differs in a part of them only: `share` of the places differ by noise."""
        differences = (
            ndimage.uniform_filter((one - other) ** 2, 2 * SPIKES - 1) / 2 for one, other in pairwise(images)
        )
        least = next(differences)
        for one in differences:
            np.minimum(least, one, out=least)
        level = images.mean(axis=0)
        edges = np.unique(np.quantile(level, np.linspace(0, 1, LEVELS + 1)))
        bins = np.clip(np.searchsorted(edges, level.ravel(), side="right") - 1, 0, max(len(edges) - 2, 0))
        flat, bright = least.ravel(), level.ravel()
        found = [(bright[some].mean(), np.quantile(flat[some], share)) for some in (bins == n for n in np.unique(bins))]
        # An image without any noise, as of black, would take no other for the same.
        return cls(*(np.array(one, np.float32) for one in zip(*found, strict=True))).at_least(
            float(bright.max()) * 1e-4
        )

    def at_least(self, sigma: float) -> "Noise":
        """Return it with so much noise everywhere."""
        return Noise(self.brightness, np.maximum(self.variance, np.float32(max(sigma, 1e-6) ** 2)))

    def of(self, images: Floats) -> Floats:
        """Return the variance of each pixel."""
        return np.interp(images, self.brightness, self.variance).astype(np.float32)


def shares(means: Floats, places: Floats, noise: Noise) -> Floats:
    """Return how much of each image (F, h, w) there is in the sharp one, given the map of places (h, w).

    Where an image shows around a pixel the same as the sharp one, but for noise, it is as sharp there: all of them
    together have less noise than one. `means` are the images (F, h, w) that the map was made of.
    """
    sharp = merged(means, places)
    variance = noise.of(sharp)
    found = np.empty_like(means)
    for one, into in zip(means, found, strict=True):
        apart = ndimage.gaussian_filter((one - sharp) ** 2, AGREES, truncate=3) / variance
        into[:] = 1 / (1 + np.float32(DISAGREES) * np.maximum(apart - 2, 0)) ** 2
    found /= found.sum(axis=0)
    return found


def blended(images: NDArray[Any], parts: NDArray[Any]) -> Floats:
    """Return the sum of images (F, h, w) or (F, h, w, 3), each by its share (F, h, w) of any scale."""
    total = np.zeros(images.shape[1:], np.float32)
    weights = np.zeros(images.shape[1:3], np.float32)
    for one, part in zip(images, parts, strict=True):
        share = part.astype(np.float32)
        total += one * (share if images.ndim == 3 else share[..., None])
        weights += share
    return np.asarray(total / (weights if images.ndim == 3 else weights[..., None]), np.float32)


def by_bands(height: int, rows: int, work: Callable[[slice, slice, slice], None]) -> None:
    """Call `work` for bands of an image: the rows with the halo around them, the rows, and where these lie in it."""
    for start in range(0, height, rows):
        stop = min(start + rows, height)
        top, bottom = max(0, start - HALO), min(height, stop + HALO)
        work(slice(top, bottom), slice(start, stop), slice(start - top, stop - top))
