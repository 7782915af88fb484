"""Whether a frame shows its light: a set looks at its own frames while it is captured."""

from collections.abc import Sequence
from dataclasses import dataclass

BLACK = 3
"""The brightest level that counts as black, of 255."""
BLACK_SHARE = 0.97
NOISE = 1.02, 0.5
"""Factor and levels by which two frames under the same light may differ."""


@dataclass(frozen=True)
class Brightness:
    """How bright a frame is, as its JPEG or its preview shows it."""

    mean: float
    """Mean luma, from 0 to 255."""
    black: float
    """Share of pixels that are black, from 0 to 1."""


def brightness_of(counts: Sequence[int]) -> Brightness:
    """Measure an image by its histogram: how many pixels have each of the 256 levels of luma."""
    pixels = max(1, sum(counts))
    mean = sum(level * count for level, count in enumerate(counts)) / pixels
    return Brightness(mean, sum(counts[: BLACK + 1]) / pixels)


def missing_light(frame: Brightness, ambient: Brightness | None) -> str | None:
    """Return a sentence where a frame shows no more light than the ambient one, or none was taken and it is black."""
    if ambient is None:
        return "Nearly black: did the lamp come on?" if frame.black > BLACK_SHARE else None
    factor, levels = NOISE
    if frame.mean > ambient.mean * factor + levels:
        return None
    return "No brighter than without light: did the lamp come on?"
