"""From an exposure to its files, as the electronics of a body do it."""

from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tetherlight.simulator import dng, images
from tetherlight.simulator.card import Picture
from tetherlight.simulator.shot import Identity, Shot

_PREVIEW_QUALITY = 80


class Outlook(Protocol):
    """What a camera sees. Sizes are (width, height), pictures (H, W, 3)."""

    def capture(self, shot: Shot, size: tuple[int, int]) -> NDArray[np.uint8]:
        """Give the still picture of a shot in sRGB."""

    def linear(self, shot: Shot, size: tuple[int, int]) -> NDArray[np.uint16]:
        """Give the linear sensor values of a shot, `dng.WHITE_LEVEL` when full."""

    def preview(self, shot: Shot, moment: float, size: tuple[int, int]) -> NDArray[np.uint8]:
        """Give the live picture at a time in seconds, exposed as the shot would be."""


class Darkroom:
    """Makes the files of one body's exposures, with numbered names; size is the sensor's (width, height)."""

    def __init__(self, outlook: Outlook, identity: Identity, size: tuple[int, int], prefix: str) -> None:
        self._outlook = outlook
        self._identity = identity
        self._size = size
        self._prefix = prefix
        self._number = 0

    def develop(self, shot: Shot, when: datetime) -> list[Picture]:
        """Render and encode the files of one shot, the raw file first as bodies do."""
        width, height = (round(side * shot.scale) for side in self._size)
        pixels = images.balance(self._outlook.capture(shot, (width, height)), shot.white_balance)
        thumb = images.thumbnail(pixels)
        self._number += 1
        name = f"{self._prefix}{self._number:04d}"
        pictures: list[Picture] = []
        if "raw" in shot.formats:
            content = dng.raw_file(
                self._outlook.linear(shot, self._size),
                self._tags(shot, when, self._size),
                images.encode(pixels, 85, "420"),
            )
            pictures.append(Picture(name + shot.raw_suffix, shot.raw_format, content, thumb, when, *self._size))
        if "jpeg" in shot.formats:
            content = images.jpeg_file(pixels, self._tags(shot, when, (width, height)), thumb, shot.quality)
            pictures.append(Picture(name + ".JPG", 0x3801, content, thumb, when, width, height))
        return pictures

    def preview(self, shot: Shot, moment: float, size: tuple[int, int]) -> bytes:
        """Render and encode the live picture at a time in seconds, as a bare JPEG."""
        pixels = self._outlook.preview(shot, moment, size)
        return images.encode(images.balance(pixels, shot.white_balance), _PREVIEW_QUALITY, "420")

    def _tags(self, shot: Shot, when: datetime, size: tuple[int, int]) -> images.Tags:
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
        )
