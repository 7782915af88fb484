"""From an exposure to its files, as the electronics of a body do it."""

from datetime import datetime
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tetherlight.simulator import dng, images
from tetherlight.simulator.card import Picture
from tetherlight.simulator.shot import Identity, Shot

ORIENTATIONS = {0: 1, 90: 6, 180: 3, 270: 8}
"""EXIF's number for a body that is turned clockwise by so many degrees: how to turn the picture back."""
_PREVIEW_QUALITY = 80


class Outlook(Protocol):
    """What a camera sees. Sizes are (width, height), pictures (H, W, 3)."""

    def ready(self, size: tuple[int, int], seconds: float) -> bool:
        """Tell whether a live picture would be there at once, and work on it for some seconds if not."""

    def capture(self, shot: Shot, size: tuple[int, int]) -> NDArray[np.uint8]:
        """Give the still picture of a shot in sRGB."""

    def linear(self, shot: Shot, size: tuple[int, int]) -> NDArray[np.uint16]:
        """Give the linear sensor values of a shot, `dng.WHITE_LEVEL` when full."""

    def preview(self, shot: Shot, moment: float, size: tuple[int, int]) -> NDArray[np.uint8]:
        """Give the live picture at a time in seconds, exposed as the shot would be."""

    def height_at(self, point: tuple[float, float], size: tuple[int, int]) -> float:
        """Give the height above the table that is seen at a point: shares of width and height."""


class Darkroom:
    """Makes the files of one body's exposures, with numbered names; size is the sensor's (width, height)."""

    def __init__(self, outlook: Outlook, identity: Identity, size: tuple[int, int], prefix: str) -> None:
        self._outlook = outlook
        self._identity = identity
        self._size = size
        self._prefix = prefix
        self._number = 0

    def develop(self, shot: Shot, when: datetime, turned: int) -> list[Picture]:
        """Render and encode the files of one shot, the raw file first as bodies do.

        Of a body that is turned clockwise by so many degrees, pixels stay as the sensor has them; a tag tells the turn.
        """
        width, height = (round(side * shot.scale) for side in self._size)
        seen = _as_sensor(self._outlook.capture(shot, _upright((width, height), turned)), turned)
        pixels = images.balance(seen, shot.white_balance)
        thumb = images.thumbnail(pixels)
        self._number += 1
        name = f"{self._prefix}{self._number:04d}"
        pictures: list[Picture] = []
        if "raw" in shot.formats:
            content = dng.raw_file(
                _as_sensor(self._outlook.linear(shot, _upright(self._size, turned)), turned),
                self._tags(shot, when, self._size, turned),
                images.encode(pixels, 85, "420"),
            )
            pictures.append(Picture(name + shot.raw_suffix, shot.raw_format, content, thumb, when, *self._size))
        if "jpeg" in shot.formats:
            content = images.jpeg_file(pixels, self._tags(shot, when, (width, height), turned), thumb, shot.quality)
            pictures.append(Picture(name + ".JPG", 0x3801, content, thumb, when, width, height))
        return pictures

    def ready(self, size: tuple[int, int], turned: int, seconds: float) -> bool:
        """Tell whether a live picture would be there at once, and work on it for some seconds if not."""
        return self._outlook.ready(_upright(size, turned), seconds)

    def preview(self, shot: Shot, moment: float, size: tuple[int, int], turned: int) -> bytes:
        """Render and encode the live picture at a time in seconds, as the sensor has it, as a bare JPEG."""
        pixels = _as_sensor(self._outlook.preview(shot, moment, _upright(size, turned)), turned)
        return images.encode(images.balance(pixels, shot.white_balance), _PREVIEW_QUALITY, "420")

    def height_at(self, point: tuple[float, float], size: tuple[int, int], turned: int) -> float:
        """Give the height above the table that a body turned clockwise sees at a point of its sensor."""
        x, y = point
        upright = {0: (x, y), 90: (1 - y, x), 180: (1 - x, 1 - y), 270: (y, 1 - x)}[turned]
        return self._outlook.height_at(upright, _upright(size, turned))

    def _tags(self, shot: Shot, when: datetime, size: tuple[int, int], turned: int) -> images.Tags:
        return images.Tags(
            make=self._identity.manufacturer,
            model=self._identity.model,
            serial=self._identity.serial,
            lens=shot.lens,
            artist=shot.artist,
            copyright=shot.copyright,
            when=when,
            shutter_s=shot.shutter_s,
            aperture=shot.aperture,
            iso=shot.iso,
            bias=shot.bias,
            manual_exposure=shot.manual,
            white_balance=shot.white_balance,
            width=size[0],
            height=size[1],
            orientation=ORIENTATIONS[turned],
        )


def _upright(size: tuple[int, int], turned: int) -> tuple[int, int]:
    """Give the size (width, height) of what a turned sensor sees, held upright."""
    return size if turned % 180 == 0 else (size[1], size[0])


def _as_sensor(pixels: NDArray[Any], turned: int) -> NDArray[Any]:
    """Turn an upright picture (H, W, 3) into what the sensor of a body turned clockwise has."""
    return np.ascontiguousarray(np.rot90(pixels, turned // 90)) if turned else pixels
