"""All images of a set as one array that lies in a file: mapped, so that its pages may leave memory at any time.

Each image is decoded once, straight into its place. What is worked on is a few rows of all of them.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tetherlight.errors import ShapesDiffer
from tetherlight.files.durable import FILE_MODE, store_errors
from tetherlight.photometric.falloff import Falloff
from tetherlight.pixels.decode import SHRINKS, decode
from tetherlight.pixels.look import Look, look, opened
from tetherlight.pixels.response import FULL, Response

Floats = NDArray[np.float32]
STRIP_BYTES = 12_000_000
"""Of the linear values that are worked on at a time."""
LARGE_PREVIEW = 600_000
"""Pixels above which a smaller version is made still smaller."""
PAGE = 4096
CLIPPED = 0.995
"""The share of the largest value from which on a sample counts as clipped."""


WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)
"""Of red, green and blue in gray: those of JPEG's luma, which is coded finer than its colours."""


def gray_of(light: Floats) -> Floats:
    """Return the gray (K, ...) of light (K, h, w), as it is, or (K, h, w, 3)."""
    return np.asarray(light @ WEIGHTS, np.float32) if light.ndim == 4 else light


class Tell(Protocol):
    """Tells how far something is."""

    def __call__(self, done: float, total: float, activity: str | None = None) -> None:
        """Tell that `done` of `total` is done, and what is done now."""


@dataclass(frozen=True)
class Plan:
    """How the images of a set are decoded, so that they are of one size and type."""

    shape: tuple[int, ...]
    """(H, W) or (H, W, 3)."""
    dtype: np.dtype[Any]
    orientation: int
    gray: bool
    linear: bool
    shrink: int
    warnings: tuple[str, ...] = ()


def plan_of(folder: Path, names: Sequence[str], shrink: int, within: Path | None = None) -> Plan:
    """Look at all images and say how they are decoded; raise ImageUnreadable, and ShapesDiffer with the odd one."""
    looks = {name: look(folder / name, within or folder) for name in names}
    turns = Counter(one.orientation for one in looks.values())
    orientation = turns.most_common(1)[0][0]
    warnings = []
    if len(turns) > 1:
        warnings.append(
            f"The images say {len(turns)} ways to be turned upright, as happens where a camera looks down; "
            f"that of {turns[orientation]} of {len(looks)} was taken for all."
        )
    gray = any(one.channels == 1 for one in looks.values())
    _require_alike(looks)
    first = next(iter(looks.values()))
    shrink = shrink_of(first, shrink)
    return Plan(
        first.shape(orientation=orientation, shrink=shrink, gray=gray),
        first.dtype,
        orientation,
        gray,
        all(one.linear for one in looks.values()),
        shrink,
        tuple(warnings),
    )


def shrink_of(one: Look, wanted: int) -> int:
    """Return by how much an image is made smaller where a smaller version is wanted: more, where it is large."""
    large = wanted > 1 and one.width * one.height > LARGE_PREVIEW * wanted**2
    return SHRINKS[-1] if large else wanted


def _require_alike(looks: Mapping[str, Look]) -> None:
    def kind(one: Look) -> tuple[int, int, str]:
        return one.width, one.height, one.dtype.name

    usual, _ = Counter(map(kind, looks.values())).most_common(1)[0]
    odd = next((name for name, one in looks.items() if kind(one) != usual), None)
    if odd is not None:
        width, height, dtype = kind(looks[odd])
        raise ShapesDiffer(
            f"'{odd}' has {width} x {height} pixels of {dtype}, and the other images have "
            f"{usual[0]} x {usual[1]} of {usual[2]}.",
            hint="All images of a set need the same size and kind; leave it out or take it again.",
            details={"filename": odd},
        )


class Ready(Protocol):
    """Has images that were decoded before."""

    def take(self, name: str, plan: Plan, into: NDArray[Any]) -> str | None:
        """Put an image into its place and return the sha256 of its file; None where it has to be decoded."""


@dataclass(eq=False)
class Sheets:
    """A file of arrays that are mapped into memory; the file has its whole size from the start, or is not made."""

    path: Path
    _end: int = 0
    _made: list[Any] = field(default_factory=list)

    def sheet(self, shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
        """Return a new array of zeros; raise DiskFull where there is no room for it."""
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        with store_errors("The images could not be spread out on the disk"):
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
            try:
                # A mapped page that finds no room when it is written would end the process.
                os.posix_fallocate(descriptor, self._end, max(size, 1))
            finally:
                os.close(descriptor)
            mapped = np.memmap(self.path, dtype=dtype, mode="r+", offset=self._end, shape=shape)
        self._end += -(-max(size, 1) // PAGE) * PAGE
        self._made.append(mapped)
        return mapped.view(np.ndarray)


@contextmanager
def sheets_in(folder: Path) -> Iterator[Sheets]:
    """Give a place for arrays that is gone at the end."""
    made = Sheets(folder / "sheets.part")
    try:
        yield made
    finally:
        made.path.unlink(missing_ok=True)


@dataclass(frozen=True, eq=False)
class Stack:
    """The images of a set as light: linear, without ambient light, divided by the lamps' intensities and exposures."""

    frames: NDArray[Any]
    """(K, H, W) or (K, H, W, 3), as decoded."""
    ambient: NDArray[Any] | None
    """(H, W) or (H, W, 3), as decoded."""
    response: Response
    intensities: Floats
    """(K,)"""
    exposures: Floats
    """(K,) how much light each image caught, against the others."""
    ambient_exposure: float
    """The same of the ambient frame."""
    kept: NDArray[np.intp]
    """Which of the images are used."""
    grain: float | None = None
    """The light of one step of the files, where these frames are made of several of them."""
    falloff: Falloff | None = None
    """How the light of each image falls off over it."""

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.frames.shape[1], self.frames.shape[2]

    @property
    def colour(self) -> bool:
        """Whether the images have three channels."""
        return self.frames.ndim == 4

    @property
    def scales(self) -> Floats:
        """(K,) the values of each image for one unit of light."""
        return self.intensities * self.exposures

    @property
    def full(self) -> float:
        """The value from which on a sample is clipped; infinite for floats."""
        return CLIPPED * FULL.get(self.frames.dtype.name, np.inf)

    def light(self, rows: slice, step: int = 1) -> tuple[Floats, NDArray[np.bool_]]:
        """Return the light (K, h, w) or (K, h, w, 3) of some rows, and which samples (K, h, w) are clipped.

        With a step only every so many columns are taken; `rows` may have one, too.
        """
        coded = self.frames[self.kept, rows, ::step]
        over = np.asarray(coded >= self.full)
        clipped = np.asarray(over.any(axis=3) if over.ndim == 4 else over, np.bool_)
        light = self.response.linear(coded, colour=self.colour)
        if self.ambient is not None:
            dark = self.response.linear(self.ambient[rows, ::step], colour=self.colour)
            for number, exposure in enumerate(self.exposures[self.kept]):
                light[number] -= dark * np.float32(exposure / self.ambient_exposure)
        light /= self.scales[self.kept].reshape(-1, *[1] * (light.ndim - 1))
        if (maps := self.falloffs(rows, step)) is not None:
            light /= maps if light.ndim == 3 else maps[..., None]
        return light, clipped

    def falloffs(self, rows: slice, step: int = 1) -> Floats | None:
        """Return what the light of some rows is divided by, (K, h, w); None without a flat field."""
        if self.falloff is None:
            return None
        height, width = self.size
        places = self.falloff.at(np.arange(height)[rows], np.arange(width)[::step], self.size)
        return np.asarray(places[self.kept], np.float32)

    def strips(self, more: int = 1) -> Iterator[slice]:
        """Go through all rows, so many at a time that what is worked on is small; `more` times as small."""
        height = self.size[0]
        of_a_row = 4 * int(np.prod(self.frames.shape)) // max(1, height) * more
        step = max(1, STRIP_BYTES // max(1, of_a_row))
        for start in range(0, height, step):
            yield slice(start, min(start + step, height))


def decoded(
    folder: Path,
    names: Sequence[str],
    plan: Plan,
    sheets: Sheets,
    *,
    tell: Tell,
    within: Path | None = None,
    ready: Ready | None = None,
) -> tuple[NDArray[Any], dict[str, str]]:
    """Decode all images into one array (K, H, W) or (K, H, W, 3); return it and the sha256 of each file.

    What is `ready` is not decoded again. Raises ImageUnreadable and DiskFull.
    """
    frames = sheets.sheet((len(names), *plan.shape), plan.dtype)
    sums: dict[str, str] = {}
    for number, name in enumerate(names):
        tell(number, len(names), f"reading {name}")
        known = None if ready is None else ready.take(name, plan, frames[number])
        sums[name] = known or decoded_into(folder / name, plan, frames[number], within or folder)
    return frames, sums


def decoded_into(path: Path, plan: Plan, into: NDArray[Any], within: Path) -> str:
    """Decode an image into its place and return the sha256 of the file; raise ImageUnreadable."""
    decode(path, within, gray=plan.gray, shrink=plan.shrink, orientation=plan.orientation, into=into)
    with opened(path, within) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
