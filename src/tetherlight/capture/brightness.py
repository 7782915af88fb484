"""How bright a lamp makes the live view: the light of those pixels that show it and are not too bright."""

import io
from functools import cache

from PIL import Image, ImageChops

from tetherlight.errors import PreviewFailed

SHRINK = 4
"""Pictures are read smaller by this factor, which a JPEG does nearly for nothing."""
BRIGHTEST = 188
"""The level of half of the light in sRGB; above it cameras bend their curve."""
LEAST_DIFFERENCE = 8
"""Levels that a pixel is brighter with the lamp, at least."""
LEAST_PIXELS = 0.005
"""Share of the picture that has to show the lamp."""


def gray(jpeg: bytes) -> Image.Image:
    """Return a preview small and in gray; raise PreviewFailed."""
    try:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
            image.draft("L", (max(1, image.width // SHRINK), max(1, image.height // SHRINK)))
            return image.convert("L")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise PreviewFailed(f"A picture of the live view could not be read: {error}.") from None


def lit_part(dark: Image.Image, lit: Image.Image) -> tuple[Image.Image | None, float]:
    """Return the mask of the pixels that tell a lamp's light, and the share of those that it makes too bright.

    None where there are too few of the first.
    """
    if lit.size != dark.size:
        return None, 0.0
    shown = ImageChops.subtract(lit, dark).point(lambda level: 255 * (level >= LEAST_DIFFERENCE))
    usable = lit.point(lambda level: 255 * (level <= BRIGHTEST))
    mask = ImageChops.darker(shown, usable)
    everything = lit.width * lit.height
    bright = shown.histogram()[255] - mask.histogram()[255]
    return (mask if mask.histogram()[255] >= LEAST_PIXELS * everything else None), bright / everything


def brightness(picture: Image.Image, mask: Image.Image | None = None) -> float:
    """Return the mean light of a picture, or of a part of it, from 0 to 1; sRGB is made linear."""
    counts = picture.histogram(mask if mask is not None and mask.size == picture.size else None)
    total = sum(counts)
    return sum(count * light for count, light in zip(counts, _linear(), strict=True)) / total if total else 0.0


@cache
def _linear() -> tuple[float, ...]:
    values = (level / 255 for level in range(256))
    return tuple(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in values)
