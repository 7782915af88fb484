"""From the images of each light of a set to one: sharp everywhere, of less noise, of more light; the child's work."""

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

from tetherlight.errors import SetNotFound
from tetherlight.files.durable import store_errors, write_atomically
from tetherlight.photometric.focus import HALO, Noise, blended, by_bands, detail, shares, sharpest
from tetherlight.pixels.decode import luma
from tetherlight.pixels.look import opened
from tetherlight.pixels.png import write_png
from tetherlight.pixels.response import FULL, LINEAR, SRGB, Response, response_of_file
from tetherlight.pixels.tiff import tiff_rows
from tetherlight.reconstruct.cells import Cells, Source
from tetherlight.reconstruct.inputs import AMBIENT, CODED, EXPOSED, FILES, JPEG, MERGED, RAW
from tetherlight.reconstruct.options import AUTO
from tetherlight.reconstruct.report import SOFTWARE
from tetherlight.reconstruct.spool import Floats, Plan, Sheets, Tell, plan_of, sheets_in
from tetherlight.reconstruct.stacks import Stacks
from tetherlight.store.manifest import read_manifest

REPORT = "report.json"
QUALITY = 98
STRIP_BYTES = 24_000_000
"""Of one value of all places of the lens, as they are worked on at a time."""
SHARE = 255
"""What stands for all of the sharp image in the shares of its images."""
_SOME = 16
_ROWS = 64
"""In so many places, of so many rows, noise is told."""


def merge_focus(
    progress: Tell, *, folder: str, into: str, options: Mapping[str, Any], within: str | None = None
) -> dict[str, Any]:
    """Merge the images of each light of a set into another folder; return what a list of results tells of it.

    Options are `raw`, whether RAW files are taken, and `response`, as of a surface. `within` is the folder below which
    no link is followed. Raises SetNotFound, NoFocusStack, ImageUnreadable, ShapesDiffer, DiskFull and StoreError.
    """
    source, place, raw = Path(folder), Path(into), bool(options.get("raw"))
    top = source.parent if within is None else Path(within)
    if not source.is_dir():
        raise SetNotFound(f"There is no folder '{folder}'.")
    stacks = Stacks.of(read_manifest(source, top), raw=raw)
    every = stacks.every
    plan = plan_of(source, every, 1, top)
    with sheets_in(place) as sheets:
        cells = Cells(Source(source, top, plan), stacks, sheets, _response(str(options.get("response", AUTO))))
        frames = _Merging(place, stacks, plan, cells, sheets, progress).frames()
    sums = {name: _sum(source / name, top) for name in every}
    places = len(stacks.cells[0])
    told = {
        "kind": "merged",
        "method": "modified-laplacian" if places > 1 else "linear" if stacks.exposures > 1 else "mean",
        "why": _why(stacks),
        "figures": {"lights": len(stacks.lights), "places": places, **_figures(stacks, cells)},
        "warnings": [
            *plan.warnings,
            *stacks.warnings,
            *(f"'{light}' was not captured at every place of the lens; it was left out." for light in stacks.left_out),
        ],
        "inputs": sums,
        "parameters": {
            "frames": frames,
            FILES: RAW if raw else JPEG,
            EXPOSED: {name: dict(stacks.exposed[_light(key)]) for key, name in frames.items()},
            **({CODED: cells.coded} if cells.coded else {}),
            **({"focus_png": "0 is the first place of the lens, 255 the last"} if places > 1 else {}),
        },
        "versions": {name: version(name) for name in SOFTWARE},
    }
    with store_errors("The report could not be written"):
        write_atomically(place / REPORT, json.dumps(told, indent=2, ensure_ascii=False).encode() + b"\n")
    return told


def _light(name: str) -> str | None:
    return None if name == AMBIENT else name


def _response(wanted: str) -> Response | None:
    if wanted == AUTO:
        return None
    return {SRGB.name: SRGB, LINEAR.name: LINEAR}.get(wanted) or response_of_file(Path(wanted))


def _why(stacks: Stacks) -> str:
    said = []
    if len(stacks.cells[0]) > 1:
        said.append("One map of where each pixel is sharpest, of the mean over all lights, serves every light.")
    if stacks.repeats > 1:
        said.append(f"Images that were taken up to {stacks.repeats} times are averaged, without what is odd.")
    if stacks.exposures > 1:
        said.append(f"{stacks.exposures} exposures of each light are merged in linear light.")
    return " ".join(said)


def _figures(stacks: Stacks, cells: Cells) -> dict[str, float]:
    """Return what was found about noise, as a share of white: that of one image, and of the mean of them."""
    found: dict[str, float] = {}
    if stacks.repeats > 1:
        single = float(np.mean(cells.figures.single))
        found |= {
            "repeats": stacks.repeats,
            "noise_single": round(single, 6),
            "noise_mean": round(single / stacks.repeats**0.5, 6),
            "left_out_share": round(cells.figures.left_out / max(1, cells.figures.pixels), 6),
        }
    return found | ({"exposures": stacks.exposures} if stacks.exposures > 1 else {})


@dataclass(frozen=True)
class _Merging:
    into: Path
    stacks: Stacks
    plan: Plan
    cells: Cells
    sheets: Sheets
    tell: Tell

    def frames(self) -> dict[str, str]:
        """Write the merged image of each light; return their names by light, that without light as `ambient`."""
        count = len(self.stacks.cells[0])
        parts = None if count < 2 else self._shares(count)
        images = self.sheets.sheet((count, *self.plan.shape), self.cells.dtype)
        whole = images[0] if parts is None else self.sheets.sheet(self.plan.shape, self.cells.dtype)
        begun, written = 0.0 if parts is None else 0.6, dict[str, str]()
        for number, (light, cells) in enumerate(zip(self.stacks.lights, self.stacks.cells, strict=True)):
            share = number / len(self.stacks.lights)
            self.tell(begun + (1 - begun) * share, 1, f"merging {light or 'the ambient frames'}")
            for image, cell in zip(images, cells, strict=True):
                self.cells.image(cell, image, count=True)
            if parts is not None:
                for rows in _bands(len(whole), self._band(count)):
                    whole[rows] = np.rint(blended(images[:, rows], parts[:, rows]))
            name = f"image_{number:02d}_{light or AMBIENT}"
            written[light or AMBIENT] = f"{MERGED}/{_write(self.into, name, whole)}"
        return written

    def _shares(self, count: int) -> NDArray[np.uint8]:
        """Return how much of each image (F, H, W) there is in the sharp one; write the map that tells it."""
        means = self._means(count)
        shape = self.plan.shape[:2]
        places = self.sheets.sheet(shape, np.float32)
        found = self.sheets.sheet((count, *shape), np.uint8)
        noise = Noise.between(np.array(means[:, _some_rows(shape[0])]))

        def decide(around: slice, rows: slice, inner: slice) -> None:
            some = np.array(means[:, around])
            here = sharpest(np.stack([detail(one) for one in some]))
            places[rows] = here[inner]
            found[:, rows] = np.rint(shares(some, here, noise)[:, inner] * SHARE)

        by_bands(shape[0], self._band(count), decide)
        _write_map(self.into, places, count)
        return found

    def _means(self, count: int) -> Floats:
        """Return the mean over all lights at each place of the lens (F, H, W), 1 for white; mapped."""
        lit = [cells for light, cells in zip(self.stacks.lights, self.stacks.cells, strict=True) if light is not None]
        used = lit or list(self.stacks.cells)
        means = self.sheets.sheet((count, *self.plan.shape[:2]), np.float32)
        pixels = self.sheets.sheet(self.plan.shape, self.cells.dtype)
        white = FULL[self.cells.dtype.name]
        for number, mean in enumerate(means):
            for light, cells in enumerate(used):
                done = (number * len(used) + light) / (count * len(used))
                self.tell(0.6 * done, 1, f"reading {cells[number].every[0]}")
                self.cells.image(cells[number], pixels)
                for rows in _bands(len(mean), self._band(count)):
                    part = pixels[rows].astype(np.float32)
                    mean[rows] += (luma(part) if part.ndim == 3 else part) / np.float32(len(used) * white)
        return means

    def _band(self, count: int) -> int:
        return max(HALO, STRIP_BYTES // (4 * count * self.plan.shape[1]) - 2 * HALO)


def _bands(height: int, rows: int) -> list[slice]:
    return [slice(start, min(start + rows, height)) for start in range(0, height, rows)]


def _some_rows(height: int) -> NDArray[np.intp]:
    starts = np.unique(np.linspace(0, max(0, height - _ROWS), _SOME).astype(np.intp))
    return np.unique(np.concatenate([np.arange(one, min(one + _ROWS, height)) for one in starts]))


def _write(place: Path, name: str, pixels: NDArray[Any]) -> str:
    """Write an image of 8 bits as a JPEG and one of 16 as a PNG; return the file's name."""
    if pixels.dtype == np.uint8:
        _write_jpeg(place / f"{name}.jpg", pixels)
        return f"{name}.jpg"
    write_png(place / f"{name}.png", pixels)
    return f"{name}.png"


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
        for rows in _bands(height, STRIP_BYTES // (4 * width) + 1):
            tiff.write(np.asarray(places[rows], np.float32))


def _sum(path: Path, within: Path) -> str:
    with opened(path, within) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
