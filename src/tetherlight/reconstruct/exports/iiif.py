"""IIIF: a Presentation 3 manifest, and a static tile pyramid of each image (Image API 3.0, level 0)."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from tetherlight.pixels.decode import decode
from tetherlight.reconstruct.exports.material import Material
from tetherlight.reconstruct.exports.target import Target
from tetherlight.reconstruct.spool import Tell

TILE = 512
_ROWS = 64
WHOLE_EDGE = 2048
"""Longer edge up to which an image is there as one file, too."""
QUALITY = 90
SHOWN = ("albedo.png", "normals.png", "relief.png")
"""Results that become pages of their own, before the images."""
IMAGE_CONTEXT = "http://iiif.io/api/image/3/context.json"
PRESENTATION_CONTEXT = "http://iiif.io/api/presentation/3/context.json"

Bytes = NDArray[np.uint8]


def export_iiif(material: Material, target: Target, base_url: str, tell: Tell) -> None:
    """Write manifest and tiles; all addresses begin with `base_url`, where the folder is going to be served."""
    base = base_url.rstrip("/")
    sources = [(path, PurePosixPath(name).stem) for name in SHOWN if (path := material.result(name))]
    sources += [(material.folder / one.filename, _label(one.filename, one.light)) for one in material.images]
    canvases = []
    for number, (path, label) in enumerate(sources):
        tell(number, len(sources), f"tiling {path.name}")
        service = f"images/{number + 1:03d}-{quote(path.stem, safe='')}"
        info, levels = _pyramid(path, material, target, service, f"{base}/{quote(service)}")
        target.write_json(f"{service}/info.json", info)
        canvases.append(_canvas(base, number + 1, label, info, levels))
    for one in material.images:
        target.note(one.filename)
    target.write_json("manifest.json", _manifest(material, base, canvases))


def _label(filename: str, light: str | None) -> str:
    return light or PurePosixPath(filename).stem


def _pyramid(
    path: Path, material: Material, target: Target, service: str, address: str
) -> tuple[dict[str, Any], list[tuple[int, int]]]:
    """Write the tiles of an image; return its `info.json`, and the sizes in which it is there as a whole."""
    factors, sizes, width, height = [], [], 0, 0
    for factor, pixels in _levels(path, material.within):
        if factor == 1:
            height, width = pixels.shape[:2]
        factors.append(factor)
        for region, size, tile in _tiles(pixels, factor, (width, height)):
            _write(target, f"{service}/{region}/{size}", tile)
        if max(pixels.shape[:2]) <= WHOLE_EDGE:
            sizes.append((pixels.shape[1], pixels.shape[0]))
            if max(pixels.shape[:2]) > TILE:
                _write(target, f"{service}/full/{sizes[-1][0]},{sizes[-1][1]}", pixels)
            if len(sizes) == 1:
                _write(target, f"{service}/full/max", pixels)
    info = {
        "@context": IMAGE_CONTEXT,
        "id": address,
        "type": "ImageService3",
        "protocol": "http://iiif.io/api/image",
        "profile": "level0",
        "width": width,
        "height": height,
        "maxWidth": sizes[0][0],
        "maxHeight": sizes[0][1],
        "sizes": [{"width": one[0], "height": one[1]} for one in reversed(sizes)],
        "tiles": [{"width": TILE, "height": TILE, "scaleFactors": factors}],
    }
    return info, sizes


def _levels(path: Path, within: Path) -> Iterator[tuple[int, Bytes]]:
    """Give an image in full, then each half as large as the one before, until one tile holds it."""
    factor, pixels = 1, _bytes(decode(path, within))
    while True:
        yield factor, pixels
        if max(pixels.shape[:2]) <= TILE:
            return
        factor, pixels = 2 * factor, _half(pixels)


def _half(pixels: Bytes) -> Bytes:
    """Return an image half as large, each pixel the mean of four; a few rows at a time stay in the cache."""
    height, width = pixels.shape[:2]
    made = np.empty((-(-height // 2), -(-width // 2), *pixels.shape[2:]), np.uint8)
    for start in range(0, height, _ROWS):
        part = pixels[start : start + _ROWS]
        if len(part) % 2 or width % 2:
            part = np.pad(part, [(0, len(part) % 2), (0, width % 2), (0, 0)][: part.ndim], mode="edge")
        lines = part[::2].astype(np.uint16) + part[1::2]
        made[start // 2 : start // 2 + len(lines)] = (lines[:, ::2] + lines[:, 1::2] + np.uint16(2)) >> 2
    return made


def _bytes(pixels: NDArray[Any]) -> Bytes:
    if pixels.dtype == np.uint16:
        pixels = pixels >> 8
    elif pixels.dtype.kind == "f":
        pixels = np.rint(np.clip(pixels, 0, 1) * 255)
    return np.asarray(pixels, np.uint8)


def _tiles(pixels: Bytes, factor: int, whole: tuple[int, int]) -> Iterator[tuple[str, str, Bytes]]:
    """Give each tile of a level: its region in pixels of the whole image, its own size, and its pixels."""
    width, height = whole
    for top in range(0, len(pixels), TILE):
        for left in range(0, pixels.shape[1], TILE):
            tile = pixels[top : top + TILE, left : left + TILE]
            x, y = left * factor, top * factor
            wide, high = min(TILE * factor, width - x), min(TILE * factor, height - y)
            region = "full" if (wide, high) == whole else f"{x},{y},{wide},{high}"
            yield region, f"{tile.shape[1]},{tile.shape[0]}", tile


def _write(target: Target, name: str, pixels: Bytes) -> None:
    gray = pixels.ndim == 2
    content: bytes = simplejpeg.encode_jpeg(
        np.ascontiguousarray(pixels[..., None] if gray else pixels),
        quality=QUALITY,
        colorspace="GRAY" if gray else "RGB",
        **({} if gray else {"colorsubsampling": "420"}),
    )
    target.write(f"{name}/0/default.jpg", content)


def _canvas(base: str, number: int, label: str, info: dict[str, Any], sizes: list[tuple[int, int]]) -> dict[str, Any]:
    canvas = f"{base}/canvas/{number}"
    body = {
        "id": f"{info['id']}/full/max/0/default.jpg",
        "type": "Image",
        "format": "image/jpeg",
        "width": sizes[0][0],
        "height": sizes[0][1],
        "service": [{"id": info["id"], "type": "ImageService3", "profile": "level0"}],
    }
    painting = {
        "id": f"{canvas}/annotation", "type": "Annotation", "motivation": "painting", "body": body, "target": canvas
    }  # fmt: skip
    return {
        "id": canvas,
        "type": "Canvas",
        "label": {"none": [label]},
        "width": info["width"],
        "height": info["height"],
        "items": [{"id": f"{canvas}/page", "type": "AnnotationPage", "items": [painting]}],
    }


def _manifest(material: Material, base: str, canvases: list[dict[str, Any]]) -> dict[str, Any]:
    facts = material.facts()
    named = {
        "Catalogue number": facts["catalogue_number"],
        "Captured": facts["captured_at"],
        "Camera": facts["camera"],
        "Notes": facts["notes"],
        "Millimetres per pixel": None if material.scale is None else f"{material.scale:g}",
        "Software": facts["software"],
    }
    return {
        "@context": PRESENTATION_CONTEXT,
        "id": f"{base}/manifest.json",
        "type": "Manifest",
        "label": {"none": [material.name]},
        "metadata": [
            {"label": {"en": [key]}, "value": {"none": [str(value)]}} for key, value in named.items() if value
        ],
        "items": canvases,
    }
