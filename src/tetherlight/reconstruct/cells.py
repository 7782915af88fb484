"""The images of one light at one place of the lens as one: repeated ones averaged, exposures merged in linear light."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tetherlight.photometric.averaging import averaged, noise_of
from tetherlight.photometric.focus import Noise
from tetherlight.photometric.merging import merged
from tetherlight.pixels.decode import decode
from tetherlight.pixels.response import FULL, LINEAR, SRGB, Response, linear_to_srgb
from tetherlight.reconstruct.brackets import TRUSTED
from tetherlight.reconstruct.spool import CLIPPED, STRIP_BYTES, Floats, Plan, Sheets
from tetherlight.reconstruct.stacks import Cell, Stacks

DEEP = np.dtype(np.uint16)
_FULL = FULL[DEEP.name]
_MOST = np.floor(CLIPPED * _FULL) - 1
"""The largest value that does not count as clipped."""
_SOME_ROWS = 64
_BLOCKS = 6
"""Of so many rows noise is told, in so many places."""


@dataclass(eq=False)
class Figures:
    """What was found about repeated images."""

    single: list[float] = field(default_factory=list)
    """The noise of one, as a share of white: of each cell."""
    left_out: int = 0
    pixels: int = 0


@dataclass(frozen=True)
class Source:
    """Where images are, and how they are decoded."""

    folder: Path
    within: Path
    plan: Plan

    def decoded(self, name: str) -> NDArray[Any]:
        """Return an image; raise ImageUnreadable."""
        plan = self.plan
        return decode(self.folder / name, self.within, gray=plan.gray, orientation=plan.orientation)


class Cells:
    """Gives the image of each cell, all of one type: of 8 bits only where nothing but the focus is merged."""

    def __init__(self, source: Source, stacks: Stacks, sheets: Sheets, response: Response | None) -> None:
        self._source, self._plan = source, source.plan
        plan = source.plan
        self.dtype = np.dtype(np.uint8) if plan.dtype == np.uint8 and not stacks.several else DEEP
        self._response: Response = LINEAR if plan.linear else response or SRGB
        self.coded = SRGB.name if plan.linear or stacks.exposures > 1 else None
        """How the result is coded where that is not as the files are."""
        self.figures = Figures()
        self._step = max(1, STRIP_BYTES // (8 * stacks.repeats * int(np.prod(plan.shape[1:]))))
        self._repeats = sheets.sheet((stacks.repeats, *plan.shape), plan.dtype) if stacks.repeats > 1 else None
        self._mean = sheets.sheet(plan.shape, np.float32) if stacks.repeats > 1 else None
        self._exposures = sheets.sheet((stacks.exposures, *plan.shape), np.float32) if stacks.exposures > 1 else None

    def image(self, cell: Cell, into: NDArray[Any], *, count: bool = False) -> None:
        """Put the image of a cell into an array (H, W) or (H, W, 3); raise ImageUnreadable.

        With `count` what is found on the way is noted in the figures.
        """
        if len(cell.exposures) == 1:
            self._coded(self._one(cell.names[0], count), into)
            return
        if self._exposures is None:
            raise RuntimeError("exposures without room")
        for place, names in enumerate(cell.names):
            self._exposures[place] = self._one(names, count)
        light = self._exposures[: len(cell.exposures)]
        for rows in self._rows():
            self._merge(light[:, rows], cell, into[rows])

    def _rows(self) -> list[slice]:
        height = self._plan.shape[0]
        return [slice(start, min(start + self._step, height)) for start in range(0, height, self._step)]

    def _merge(self, coded: Floats, cell: Cell, into: NDArray[Any]) -> None:
        frames = [self._light(one) for one in coded]
        trusted = TRUSTED if self._response is SRGB else None
        found = merged(frames, cell.exposures, trusted=trusted, gains=cell.gains)
        values = np.minimum(np.rint(linear_to_srgb(np.clip(found.values, 0, 1)) * np.float32(_FULL)), np.float32(_MOST))
        values[found.clipped] = _FULL
        into[:] = values.astype(DEEP)

    def _light(self, coded: Floats) -> Floats:
        """Return the light of values between whole numbers, as means are."""
        full = FULL.get(self._plan.dtype.name)
        if full is None:
            return coded
        deep = np.rint(coded * np.float32(_FULL / full)).astype(DEEP)
        return np.asarray(self._response.linear(deep, colour=deep.ndim == 3), np.float32)

    def _one(self, names: tuple[str, ...], count: bool) -> NDArray[Any]:
        """Return the mean of images of one exposure, in the values of the files."""
        if len(names) == 1 or self._repeats is None or self._mean is None:
            return self._source.decoded(names[0])
        images = self._repeats[: len(names)]
        for image, name in zip(images, names, strict=True):
            image[:] = self._source.decoded(name)
        noise = self._noise(images)
        whole = self._mean
        lost = 0
        for rows in self._rows():
            found = averaged(images[:, rows], noise)
            whole[rows] = found.values
            lost += found.left_out
        if count:
            self.figures.single.append(float(np.sqrt(np.median(noise.variance))) / FULL.get(self._plan.dtype.name, 1))
            self.figures.left_out += lost
            self.figures.pixels += images.shape[0] * whole.shape[0] * whole.shape[1]
        return whole

    def _noise(self, images: NDArray[Any]) -> Noise:
        height = images.shape[1]
        starts = np.unique(np.linspace(0, max(0, height - _SOME_ROWS), _BLOCKS).astype(int))
        rows = np.unique(np.concatenate([np.arange(start, min(start + _SOME_ROWS, height)) for start in starts]))
        some = images[:, rows].astype(np.float32)
        # That of each channel, for in one of them something may be odd.
        return noise_of(some if some.ndim == 3 else some.transpose(0, 3, 1, 2).reshape(len(some), -1, some.shape[2]))

    def _coded(self, pixels: NDArray[Any], into: NDArray[Any]) -> None:
        """Put values of the files into the type of the result: as they are, or as sRGB where all of it is."""
        full = FULL.get(self._plan.dtype.name, 1)
        for rows in self._rows():
            part = pixels[rows]
            if self.coded is not None:
                part = linear_to_srgb(self._light(part.astype(np.float32))) * np.float32(_FULL)
            elif self.dtype == DEEP and self._plan.dtype != DEEP:
                part = part * np.float32(_FULL / full)
            into[rows] = np.rint(part) if part.dtype.kind == "f" else part
