"""Some rows of all images as light: looked up by what is compiled where that pays, else by numpy."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tetherlight.photometric import kernel
from tetherlight.pixels.response import FULL
from tetherlight.reconstruct.spool import WEIGHTS, Floats, Stack, gray_of


class Strip(Protocol):
    """Light of K images, P pixels."""

    @property
    def gray(self) -> Floats:
        """(K, P)."""

    @property
    def usable(self) -> NDArray[np.bool_]:
        """(K, P): which samples are not clipped."""

    def colours(self, weights: Floats, places: NDArray[np.intp]) -> Floats:
        """Return the colours (K, N, 3) of some pixels, each channel times its weight."""


@dataclass(frozen=True, eq=False)
class _Plain:
    gray: Floats
    usable: NDArray[np.bool_]
    light: Floats

    def colours(self, weights: Floats, places: NDArray[np.intp]) -> Floats:
        return self.light.reshape(*self.gray.shape, 3).take(places, axis=1) * weights


@dataclass(frozen=True, eq=False)
class _Compiled:
    gray: Floats
    usable: NDArray[np.bool_]
    coded: kernel.Coded
    falloff: Floats | None
    """(K, P)"""

    def colours(self, weights: Floats, places: NDArray[np.intp]) -> Floats:
        found = self.coded.colours(weights, places)
        return found if self.falloff is None else found / self.falloff.take(places, axis=1)[..., None]


def strip_of(stack: Stack, rows: slice, *, fast: bool) -> Strip:
    """Return some rows of a stack; `fast` takes what is compiled, where the files have whole numbers."""
    if not fast or stack.frames.dtype.name not in FULL:
        light, clipped = stack.light(rows)
        count = len(light)
        return _Plain(gray_of(light).reshape(count, -1), ~clipped.reshape(count, -1), light)
    response, colour, dark = stack.response, stack.colour, stack.ambient
    coded = kernel.Coded(
        frames=stack.frames,
        kept=stack.kept,
        rows=rows,
        tables=response.tables(stack.frames.dtype, colour=colour),
        dark=None if dark is None else response.linear(dark[rows], colour=colour),
        share=(stack.exposures[stack.kept] / stack.ambient_exposure).astype(np.float32),
        over=np.reciprocal(stack.scales[stack.kept]).astype(np.float32),
    )
    gray, usable = coded.gray(stack.full, WEIGHTS)
    if (maps := stack.falloffs(rows)) is None:
        return _Compiled(gray, usable, coded, None)
    maps = maps.reshape(gray.shape)
    return _Compiled(gray / maps, usable, coded, maps)
