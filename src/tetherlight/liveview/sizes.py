"""Frames made smaller: each at most once for each size, however many viewers want it.

The picture library is loaded with the first smaller frame, and works beside the event loop.
"""

import asyncio
import logging
from dataclasses import dataclass
from io import BytesIO

from tetherlight.liveview.liveview import Frame

logger = logging.getLogger(__name__)

MAX_PIXELS = 24_000_000
"""Pixels of a preview that is decoded in the server; a larger one stays as it is."""


@dataclass(frozen=True, slots=True)
class Size:
    """A width in pixels, and the quality with which a frame of it is encoded."""

    width: int
    quality: int


@dataclass(frozen=True, slots=True)
class Picture:
    """A preview that was made smaller."""

    jpeg: bytes
    captured_at: float
    width: int
    height: int


SIZES = (Size(640, 72), Size(480, 65), Size(320, 60), Size(240, 50))
"""From the widest to the narrowest. Few, so that viewers with similar wishes share their frames."""


def widest(width: int) -> int:
    """Return the place in SIZES of the widest one that is not wider than this, else of the narrowest."""
    return next((place for place, size in enumerate(SIZES) if size.width <= width), len(SIZES) - 1)


async def smaller(frame: Frame, size: Size) -> Frame:
    """Return the frame no wider than `size`: itself where it is that already, or cannot be decoded."""
    if frame.width <= size.width or frame.width * frame.height > MAX_PIXELS:
        return frame
    making = frame.smaller.get(size)
    if making is None:
        making = frame.smaller[size] = asyncio.create_task(_made(frame, size))
    # One viewer that leaves takes nothing from the others.
    return await asyncio.shield(making)


async def _made(frame: Frame, size: Size) -> Frame:
    try:
        picture = await asyncio.to_thread(_shrunk, frame, size)
    except Exception as error:  # noqa: BLE001 - whatever a library finds wrong, the viewer can look at the whole frame
        logger.debug("A frame of %s could not be made smaller: %s", frame.camera_id, error)
        return frame
    return frame.with_picture(picture)


def _shrunk(frame: Frame, size: Size) -> Picture:
    from PIL import Image  # noqa: PLC0415 - a server whose viewers all want whole frames goes without it

    with Image.open(BytesIO(frame.jpeg), formats=("JPEG",)) as picture:
        height = max(1, round(picture.height * size.width / picture.width))
        picture.draft(picture.mode, (size.width, height))  # the decoder itself shrinks by 2, 4 or 8
        small = picture.resize((size.width, height), Image.Resampling.BILINEAR, reducing_gap=1.0)
        encoded = BytesIO()
        small.save(encoded, "JPEG", quality=size.quality)
    return Picture(encoded.getvalue(), frame.captured_at, *small.size)
