"""The images of a folder that show one light each, read as linear gray, whole and small or in part and exact."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tetherlight.errors import CalibrationError, ImageNotFound, SetNotFound, ShapesDiffer
from tetherlight.files.types import is_image, standing_for
from tetherlight.photometric.circles import Circle
from tetherlight.photometric.spheres import SEARCHED
from tetherlight.pixels.decode import SHRINKS, decode
from tetherlight.pixels.look import look
from tetherlight.pixels.response import LINEAR, SRGB
from tetherlight.protocol.manifest import Manifest
from tetherlight.protocol.models import StepState
from tetherlight.reconstruct.exposures import by_image, relative_exposures
from tetherlight.store.manifest import manifest_of, read_raw_manifest

Floats = NDArray[np.float32]
FINEST = 300.0
"""Radius in pixels that is enough: a ball of twice as many is read at half the size."""


@dataclass(frozen=True)
class LitImage:
    """An image and its light, as the manifest calls it."""

    filename: str
    light: str | None = None
    exposure: float = 1.0
    """How much light it caught, against the others."""


@dataclass(frozen=True)
class Frames:
    """Images of one size."""

    folder: Path
    images: tuple[LitImage, ...]
    shape: tuple[int, int]
    """Height and width, upright."""
    within: Path | None = None
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, folder: Path, within: Path | None = None) -> "Frames":
        """Look which images a folder has: those of its manifest with a light, else all in the order of their names.

        Raises SetNotFound, ImageNotFound, ImageUnreadable, and ShapesDiffer for images of several sizes.
        """
        if not folder.is_dir():
            raise SetNotFound(f"There is no folder '{folder}'.")
        raw = read_raw_manifest(folder, within or folder.parent)
        images, said = (_all_images(folder), ()) if raw is None else _of_manifest(manifest_of(raw))
        if not images:
            raise ImageNotFound(f"The folder '{folder.name}' has no images of lights.")
        shapes = {one.filename: look(folder / one.filename, within).shape(gray=True) for one in images}
        first, *others = shapes.items()
        for name, shape in others:
            if shape != first[1]:
                raise ShapesDiffer(
                    f"'{name}' has {shape[1]} x {shape[0]} pixels, and '{first[0]}' has {first[1][1]} x {first[1][0]}.",
                    hint="Take out of the folder what is not of the same series.",
                )
        return cls(folder, tuple(images), (first[1][0], first[1][1]), within, said)

    @property
    def shrinks(self) -> tuple[int, ...]:
        """By how much images are made smaller to look for spheres, the quickest size first."""
        sizes = [max(one for one in SHRINKS if one == 1 or max(self.shape) / one >= 0.75 * size) for size in SEARCHED]
        return tuple(dict.fromkeys(sizes))

    def spread(self, most: int) -> Sequence[LitImage]:
        """Return at most so many of the images, spread over all."""
        chosen = np.unique(np.linspace(0, len(self.images) - 1, most).round().astype(int))
        return [self.images[index] for index in chosen]

    def whole(self, image: LitImage, shrink: int) -> Floats:
        """Return an image as linear gray (H, W), from 0 to 1, smaller by a factor; raise ImageUnreadable."""
        return self._read(image, shrink, (slice(None), slice(None)))

    def part(self, image: LitImage, window: "Window") -> Floats:
        """Return a part of an image as linear gray, at the window's size; raise ImageUnreadable."""
        return self._read(image, window.shrink, window.slices)

    def _read(self, image: LitImage, shrink: int, part: tuple[slice, slice]) -> Floats:
        path = self.folder / image.filename
        pixels = decode(path, self.within, gray=True, shrink=shrink)
        # Only what is wanted becomes floats: a whole image of 24 million pixels would take 100 MB.
        return (LINEAR if look(path, self.within).linear else SRGB).linear(np.ascontiguousarray(pixels[part]))


@dataclass(frozen=True)
class Window:
    """A part of an image around a circle, in pixels of the image as it is made smaller by `shrink`."""

    left: int
    top: int
    right: int
    bottom: int
    shrink: int = 1

    @classmethod
    def around(cls, circle: Circle, reach: float, shape: tuple[int, int]) -> "Window":
        """Return the part of an image of this shape within `reach` radii; raise CalibrationError where it is empty.

        A ball of more than FINEST pixels comes at half the size, or less.
        """
        shrink = max(one for one in SHRINKS if one == 1 or circle.r >= FINEST * one)
        small = circle.scaled(1 / shrink)
        near = reach * small.r + 2
        height, width = (-(-side // shrink) for side in shape)
        left, top = max(0, int(small.x - near)), max(0, int(small.y - near))
        right, bottom = min(width, int(small.x + near) + 2), min(height, int(small.y + near) + 2)
        if right - left < 4 or bottom - top < 4:
            raise CalibrationError(
                f"The circle at ({circle.x:g}, {circle.y:g}) is outside of the images, which have {shape[1]} x "
                f"{shape[0]} pixels.",
                hint="Pixels are counted from the upper left corner, y downwards.",
            )
        return cls(left, top, right, bottom, shrink)

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def inside(self, circle: Circle) -> Circle:
        """Return a circle of the image as it is in the window."""
        return circle.scaled(1 / self.shrink).moved(-self.left, -self.top)

    def outside(self, circle: Circle) -> Circle:
        """Return a circle of the window as it is in the image."""
        return circle.moved(self.left, self.top).scaled(self.shrink)


def _of_manifest(manifest: Manifest) -> tuple[list[LitImage], tuple[str, ...]]:
    """Return one image of each light, the first where a plan has more axes, and what is to be said of exposures."""
    found: dict[str, LitImage] = {}
    for step in manifest.steps:
        if step.light is not None and step.state is StepState.DONE and step.image is not None:
            found.setdefault(step.light, LitImage(step.image.filename, step.light))
    names = [one.filename for one in found.values()]
    exposures, said = relative_exposures(names, by_image(manifest.steps))
    return [replace(one, exposure=exposures[one.filename]) for one in found.values()], said


def _all_images(folder: Path) -> list[LitImage]:
    """Return an image for each stem: where there are RAW and JPEG of one shot, the JPEG."""
    stems: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        if is_image(path) and not path.name.startswith(".") and path.is_file():
            stems.setdefault(path.stem, []).append(path)
    standing = (standing_for(paths) for paths in stems.values())
    return [LitImage(path.name) for path in standing if path is not None]
