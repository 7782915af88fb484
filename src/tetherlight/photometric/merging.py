"""Frames of one light at several exposures as one linear frame.

What is clipped in one frame is there in a shorter one, and what is lost in the noise in a longer one. Each sample is
divided by its exposure and counts by how well it is known: its photons (Granados et al., CVPR 2010: the inverse of the
variance, with the noise of photons and of reading).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tetherlight.errors import ShapesDiffer
from tetherlight.photometric.looks import Floats

CLIPPED = 0.98
"""Linear value, of white, from which a sample is left out."""
READ_NOISE = 0.002
"""Standard deviation of what is read in the dark, of white, where no dark frame tells it."""
PHOTON_NOISE = 0.0004
"""Variance that photons add at white, of white squared: that of 2,500 of them."""


@dataclass(frozen=True)
class Merged:
    """One frame made of several."""

    values: Floats
    """Linear, as the frame of the reference exposure would have them without an end; shaped as each frame."""
    clipped: NDArray[np.bool_]
    """Where every frame is clipped: there the value is the least that it can be. (H, W)."""
    sigma: Floats
    """Expected standard deviation of the values; shaped as they are."""


def merged(
    frames: Sequence[Floats],
    exposures: Sequence[float],
    *,
    clipped: float = CLIPPED,
    trusted: float | None = None,
    read_noise: float = READ_NOISE,
    photon_noise: float = PHOTON_NOISE,
    gains: Sequence[float] | None = None,
) -> Merged:
    """Merge linear frames, (H, W) or (H, W, C), 1 for white, of the same light at these exposures.

    Exposures are seconds, or whatever the light that is caught grows with in proportion; values are as at the first of
    them. A pixel that is clipped in one channel is left out in all, so that its colour stays. From `trusted` on, by
    default where it is clipped, a value is taken of the shortest exposure alone: cameras bend the light towards white
    in what is not linear. `gains` say how much of each exposure is no light but amplification, as by a higher ISO: as
    many photons fewer are behind a value. Raise ShapesDiffer where frames and exposures do not belong together, and
    ValueError for exposures that are not positive.
    """
    if not frames or len(frames) != len(exposures) or len({frame.shape for frame in frames}) != 1:
        raise ShapesDiffer(f"{len(frames)} frames and {len(exposures)} exposures do not belong together.")
    if not all(np.isfinite(one) and one > 0 for one in exposures):
        raise ValueError("exposures must be greater than 0")
    total = np.zeros(frames[0].shape, np.float32)
    weights = np.zeros_like(total)
    shortest = int(np.argmin(exposures))
    left_out = np.ones(total.shape[:2], bool)
    for number, (frame, exposure) in enumerate(zip(frames, exposures, strict=True)):
        scale = np.float32(exposures[0] / exposure)
        usable = _usable(frame, clipped if number == shortest or trusted is None else trusted)
        left_out &= ~usable
        photons = np.float32(photon_noise * (1.0 if gains is None else gains[number]))
        variance = (np.float32(read_noise**2) + photons * np.clip(frame, 0, 1)) * scale**2
        weight = np.where(_like(usable, frame), 1 / variance, np.float32(0))
        total += weight * frame * scale
        weights += weight
    # What even the shortest exposure does not hold has at least its value.
    scale = np.float32(exposures[0] / exposures[shortest])
    lost = _like(left_out, total)
    values = np.where(lost, frames[shortest] * scale, total / np.maximum(weights, np.float32(1e-20)))
    sigma = np.where(lost, np.float32(np.inf), 1 / np.sqrt(np.maximum(weights, np.float32(1e-20))))
    return Merged(np.asarray(values, np.float32), left_out, np.asarray(sigma, np.float32))


def _usable(frame: Floats, clipped: float) -> NDArray[np.bool_]:
    held: NDArray[np.bool_] = np.isfinite(frame) & (frame < clipped)
    if frame.ndim == 2:
        return held
    return np.asarray(held.all(axis=2), np.bool_)


def _like(mask: NDArray[np.bool_], frame: Floats) -> NDArray[np.bool_]:
    return mask if frame.ndim == mask.ndim else mask[..., None]
