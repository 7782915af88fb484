"""From the stack of each light of a set to one sharp image of each light: what runs in the child."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from tetherlight.errors import NoFocusStack, SetNotFound
from tetherlight.files.durable import store_errors, write_atomically
from tetherlight.files.types import standing_for
from tetherlight.photometric.focus import by_bands, detail, merged, sharpest
from tetherlight.pixels.decode import decode, luma
from tetherlight.pixels.look import opened
from tetherlight.pixels.png import write_png
from tetherlight.pixels.tiff import tiff_rows
from tetherlight.protocol.manifest import LIGHT, Manifest, StepRecord
from tetherlight.protocol.models import StepState
from tetherlight.reconstruct.inputs import MERGED
from tetherlight.reconstruct.report import SOFTWARE
from tetherlight.reconstruct.spool import Floats, Plan, Sheets, Tell, plan_of, sheets_in
from tetherlight.store.manifest import read_manifest

FOCUS = "focus"
REPORT = "report.json"
QUALITY = 98
BAND = 256
"""Rows that are worked on at a time."""


@dataclass(frozen=True)
class Stacks:
    """The images of a set by light, each from the first place of the lens to the last."""

    lights: tuple[str | None, ...]
    names: tuple[tuple[str, ...], ...]
    """(K, F)"""
    left_out: tuple[str, ...]
    """Lights of which a place is missing."""

    @classmethod
    def of(cls, manifest: Manifest) -> "Stacks":
        """Sort the images of a manifest; raise NoFocusStack."""
        found: dict[str | None, dict[Any, str]] = {}
        for step in manifest.steps:
            image = standing_for(step.files, lambda file: file.filename)
            if step.state is StepState.DONE and image is not None and _plain(step):
                found.setdefault(step.light, {}).setdefault(repr(step.at.get(FOCUS)), image.filename)
        places = max((len(one) for one in found.values()), default=0)
        whole = {light: tuple(one.values()) for light, one in found.items() if len(one) == places}
        if places < 2:
            raise NoFocusStack(
                "The set has no two images of one light at different places of the lens.",
                hint="Capture it with a focus axis.",
            )
        missing = tuple(str(light or "ambient") for light in found if light not in whole)
        return cls(tuple(whole), tuple(whole.values()), missing)


def _plain(step: StepRecord) -> bool:
    """Say whether a step stands for light and focus alone: of further axes the first value is taken."""
    return FOCUS in step.at and LIGHT in step.at | {LIGHT: step.light}


def merge_focus(
    progress: Tell, *, folder: str, into: str, options: Mapping[str, Any], within: str | None = None
) -> dict[str, Any]:
    """Merge the stacks of a set by one map into another folder; return what a list of results tells of it.

    `within` is the folder below which no link is followed. Raises SetNotFound, NoFocusStack, ImageUnreadable,
    ShapesDiffer, DiskFull and StoreError.
    """
    del options
    source, place = Path(folder), Path(into)
    top = source.parent if within is None else Path(within)
    if not source.is_dir():
        raise SetNotFound(f"There is no folder '{folder}'.")
    stacks = Stacks.of(read_manifest(source, top))
    every = [name for names in stacks.names for name in names]
    plan = plan_of(source, every, 1, top)
    work = _Merging(source, top, place, stacks, plan, progress)
    with sheets_in(place) as sheets:
        places = work.map(sheets)
        frames = work.frames(places, sheets)
        _write_map(place, places, len(stacks.names[0]))
    sums = {name: _sum(source / name, top) for name in every}
    told = {
        "kind": "merged",
        "method": "modified-laplacian",
        "why": "One map of where each pixel is sharpest, of the mean over all lights, serves every light.",
        "figures": {"lights": len(stacks.lights), "places": len(stacks.names[0])},
        "warnings": [
            *plan.warnings,
            *(f"'{light}' was not captured at every place of the lens; it was left out." for light in stacks.left_out),
        ],
        "inputs": sums,
        "parameters": {"frames": frames, "focus_png": "0 is the first place of the lens, 255 the last"},
        "versions": {name: version(name) for name in SOFTWARE},
    }
    with store_errors("The report could not be written"):
        write_atomically(place / REPORT, json.dumps(told, indent=2, ensure_ascii=False).encode() + b"\n")
    return told


@dataclass(frozen=True)
class _Merging:
    source: Path
    within: Path
    into: Path
    stacks: Stacks
    plan: Plan
    tell: Tell

    def map(self, sheets: Sheets) -> Floats:
        """Return where each pixel is sharpest (H, W), mapped."""
        lit = [names for light, names in zip(self.stacks.lights, self.stacks.names, strict=True) if light is not None]
        used = lit or list(self.stacks.names)
        shape = self.plan.shape[:2]
        count = len(used[0])
        details = sheets.sheet((count, *shape), np.float32)
        mean = sheets.sheet(shape, np.float32)
        for number in range(count):
            mean[:] = 0
            for light, names in enumerate(used):
                self.tell(0.6 * (number * len(used) + light) / (count * len(used)), 1, f"reading {names[number]}")
                pixels = self._decoded(names[number])
                for start in range(0, shape[0], BAND):
                    rows = slice(start, start + BAND)
                    part = pixels[rows]
                    mean[rows] += luma(part) if part.ndim == 3 else part
            _look(mean, details[number])
        found = sheets.sheet(shape, np.float32)

        def decide(around: slice, rows: slice, inner: slice) -> None:
            found[rows] = sharpest(details[:, around])[inner]

        by_bands(shape[0], BAND, decide)
        return found

    def frames(self, places: Floats, sheets: Sheets) -> dict[str, str]:
        """Write the merged image of each light; return their names by light, that without light as `ambient`."""
        count = len(self.stacks.names[0])
        images = sheets.sheet((count, *self.plan.shape), np.uint8)
        whole = sheets.sheet(self.plan.shape, np.uint8)
        written: dict[str, str] = {}
        for number, (light, names) in enumerate(zip(self.stacks.lights, self.stacks.names, strict=True)):
            self.tell(0.6 + 0.4 * number / len(self.stacks.lights), 1, f"merging {light or 'the ambient frames'}")
            for place, name in enumerate(names):
                images[place] = self._decoded(name)
            for start in range(0, len(places), BAND):
                rows = slice(start, start + BAND)
                whole[rows] = np.rint(merged(images[:, rows], places[rows]))
            name = f"image_{number:02d}_{light or 'ambient'}.jpg"
            _write_jpeg(self.into / name, whole)
            written[light or "ambient"] = f"{MERGED}/{name}"
        return written

    def _decoded(self, name: str) -> NDArray[np.uint8]:
        pixels = decode(self.source / name, self.within, gray=self.plan.gray, orientation=self.plan.orientation)
        if pixels.dtype == np.uint16:
            return np.asarray(pixels >> 8, np.uint8)
        return np.asarray(pixels, np.uint8)


def _look(mean: Floats, into: Floats) -> None:
    def look(around: slice, rows: slice, inner: slice) -> None:
        into[rows] = detail(mean[around])[inner]

    by_bands(len(mean), BAND, look)


def _write_jpeg(path: Path, pixels: NDArray[np.uint8]) -> None:
    gray = pixels.ndim == 2
    content: bytes = simplejpeg.encode_jpeg(
        np.ascontiguousarray(pixels[..., None] if gray else pixels),
        quality=QUALITY,
        colorspace="GRAY" if gray else "RGB",
        **({} if gray else {"colorsubsampling": "444"}),
    )
    with store_errors(f"{path.name} could not be written"):
        write_atomically(path, content)


def _write_map(place: Path, places: Floats, count: int) -> None:
    write_png(place / "focus.png", np.rint(places * (255 / (count - 1))).astype(np.uint8))
    height, width = places.shape
    with tiff_rows(place / "focus.tiff", width, height, description="place of the lens, from 0") as tiff:
        for start in range(0, height, BAND):
            tiff.write(np.asarray(places[start : start + BAND], np.float32))


def _sum(path: Path, within: Path) -> str:
    with opened(path, within) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
