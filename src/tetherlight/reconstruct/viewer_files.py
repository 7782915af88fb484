"""The files that viewers of relightable images read: `info.json` with planes as JPEGs, and a page that needs no other.

The form is that of Relight and OpenLIME: coefficient = (byte / 255 - bias) * scale, three of them in each JPEG.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from tetherlight.files.durable import FOLDER_MODE, store_errors, write_atomically
from tetherlight.photometric.light_terms import Doubles
from tetherlight.photometric.relighting import Basis, Coding, Kind, Principal
from tetherlight.pixels.decode import shrunk
from tetherlight.reconstruct.spool import Floats, Tell

INFO, PAGE, PREVIEW, STILLS = "info.json", "index.html", "preview", "stills"
QUALITY = 95
PREVIEW_EDGE = 2048
TILED_EDGE = 4096
"""Longer edge from which on the planes come as tiles, too: many viewers hold no larger texture."""
TILE = 512
LUMINANCE = 64.0
"""How much larger luminances are than needed: OpenLIME takes them for the opacity as well, which 1 is the most of."""
STILL_EDGE = 900
STILL_LEAN = 0.7
"""How far from the middle the lights of stills stand; 1 is the horizon."""
_ROWS = 512

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Look:
    """What a viewer has to know besides the planes."""

    kind: Kind
    basis: Basis
    coding: Coding
    lights: Doubles
    name: str
    scale_mm_per_pixel: float | None


def as_jpegs(planes: Bytes) -> Bytes:
    """Return planes (J, 3, h, w) as pictures (J, h, w, 3)."""
    return planes.transpose(0, 2, 3, 1)


def write_viewer(place: Path, jpegs: Bytes, look: Look, tell: Tell) -> None:
    """Write planes (J, H, W, 3), small and in tiles too, the page and some stills; raise StoreError and DiskFull."""
    height, width = jpegs.shape[1:3]
    factor = max(1, -(-max(height, width) // PREVIEW_EDGE))
    small: list[Bytes] = []
    with store_errors("The planes could not be written"):
        (place / PREVIEW).mkdir(mode=FOLDER_MODE)
        for number, plane in enumerate(jpegs):
            tell(number, len(jpegs) + 1, f"writing plane {number + 1} of {len(jpegs)}")
            content = jpeg(plane)
            _write(place / f"plane_{number}.jpg", content)
            small.append(_smaller(plane, factor) if factor > 1 else np.asarray(plane))
            _write(place / PREVIEW / f"plane_{number}.jpg", jpeg(small[-1]) if factor > 1 else content)
            if max(height, width) > TILED_EDGE:
                _write_tiles(place / f"plane_{number}", plane)
        tell(len(jpegs), len(jpegs) + 1, "writing the page")
        info, of_preview = info_of(look, (height, width)), info_of(look, small[0].shape[:2], factor)
        _write(place / INFO, _json(info))
        _write(place / PREVIEW / INFO, _json(of_preview))
        _write(place / PAGE, page_of(look, of_preview, place / PREVIEW).encode())
        _write_stills(place / STILLS, np.stack(small), look)


def info_of(look: Look, shape: tuple[int, ...], factor: int = 1) -> dict[str, Any]:
    """Return what `info.json` has for planes of a shape (H, W), which are smaller by a factor."""
    space = {"ptm": "rgb", "lptm": "lrgb", "hsh": "rgb", "rbf": "mrgb"}[look.kind]
    kind = {"ptm": "ptm", "lptm": "ptm", "hsh": "hsh", "rbf": "bilinear"}[look.kind]
    material: dict[str, Any] = {"scale": _rounded(_scale_of(look)), "bias": _rounded(look.coding.bias)}
    info: dict[str, Any] = {
        "width": shape[1],
        "height": shape[0],
        "format": "jpg",
        "type": kind,
        "colorspace": space,
        "nplanes": look.basis.count,
        "quality": QUALITY,
        "lights": _rounded(look.lights.ravel()),
        "materials": [material],
    }
    if look.scale_mm_per_pixel:
        info["pixelSizeInMM"] = look.scale_mm_per_pixel * factor
    if isinstance(look.basis, Principal):
        info["resolution"] = look.basis.resolution
        info["basis"] = look.basis.table.ravel().tolist()
        material["range"] = _rounded(look.basis.ranges)
    return info


def _scale_of(look: Look) -> NDArray[Any]:
    """Return what decoded planes are multiplied by; colour and luminance have one product, however it is shared out."""
    scale = np.array(look.coding.scale, np.float64)
    if look.kind == "lptm":
        scale[:3] /= LUMINANCE
        scale[3:] *= LUMINANCE
    return scale


def page_of(look: Look, info: dict[str, Any], planes: Path) -> str:
    """Return a page with everything inside, so that it opens by a double click."""
    contents = [(planes / f"plane_{number}.jpg").read_bytes() for number in range(look.basis.count // 3)]
    data = {"info": info, "planes": [base64.b64encode(one).decode() for one in contents]}
    template = files("tetherlight.reconstruct").joinpath("viewer.html").read_text("utf-8")
    return template.replace("__TITLE__", escape(look.name)).replace("__DATA__", json.dumps(data))


def jpeg(pixels: Bytes) -> bytes:
    """Return a picture (H, W, 3) as a JPEG, its colours as fine as its luminance."""
    content: bytes = simplejpeg.encode_jpeg(
        np.ascontiguousarray(pixels), quality=QUALITY, colorspace="RGB", colorsubsampling="444"
    )
    return content


def _smaller(plane: Bytes, factor: int) -> Bytes:
    """Return a plane smaller by a factor, a few rows at a time."""
    step = max(factor, _ROWS // factor * factor)
    return np.concatenate([shrunk(plane[start : start + step], factor) for start in range(0, len(plane), step)])


def _write_tiles(place: Path, plane: Bytes) -> None:
    """Write a plane as a Deep Zoom pyramid: PLACE.dzi and PLACE_files/LEVEL/X_Y.jpg.

    Level 0 is what one tile holds, not one pixel: so OpenLIME reads the layout `deepzoom` of what can be lit anew.
    """
    height, width = plane.shape[:2]
    top = max(0, int(np.ceil(np.log2(max(height, width) / TILE))))
    for level, pixels in zip(range(top, -1, -1), _halves(plane), strict=True):
        folder = place.with_name(f"{place.name}_files") / str(level)
        folder.mkdir(mode=FOLDER_MODE, parents=True)
        for y in range(0, len(pixels), TILE):
            for x in range(0, pixels.shape[1], TILE):
                _write(folder / f"{x // TILE}_{y // TILE}.jpg", jpeg(pixels[y : y + TILE, x : x + TILE]))
    _write(
        place.with_name(f"{place.name}.dzi"),
        (
            '<?xml version="1.0" encoding="UTF-8"?>\n<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" '
            f'TileSize="{TILE}" Overlap="0" Format="jpg"><Size Width="{width}" Height="{height}"/></Image>\n'
        ).encode(),
    )


def _halves(plane: Bytes) -> Iterator[Bytes]:
    """Give a plane, then each half as large as the one before, down to what one tile holds."""
    while True:
        yield plane
        if max(plane.shape[:2]) <= TILE:
            return
        plane = _smaller(plane, 2)


def _write_stills(folder: Path, small: Bytes, look: Look) -> None:
    """Write pictures under some lights, for what cannot compute: from above, and from eight sides."""
    folder.mkdir(mode=FOLDER_MODE)
    step = max(1, -(-max(small.shape[1:3]) // STILL_EDGE))
    some = small[:, ::step, ::step]
    shape = some.shape[1:3]
    planes = look.coding.decoded(some.transpose(0, 3, 1, 2).reshape(look.basis.count, -1))
    turn = np.radians(np.arange(8) * 45)
    flat = STILL_LEAN * np.stack([np.sin(turn), np.cos(turn)], axis=1)
    lights = np.concatenate([[[0, 0, 1]], np.column_stack([flat, np.full(8, np.sqrt(1 - STILL_LEAN**2))])])
    for number, light in enumerate(lights):
        seen: Floats = look.basis.relit(planes, light[None])[0]
        pixels = np.rint(np.clip(seen, 0, 1) * 255).astype(np.uint8)
        _write(folder / f"still_{number}.jpg", jpeg(pixels.reshape(*shape, 3)))
    told = [{"file": f"still_{number}.jpg", "light": _rounded(light)} for number, light in enumerate(lights)]
    _write(folder / "stills.json", _json(told))


def _write(path: Path, content: bytes) -> None:
    write_atomically(path, content)


def _json(told: Any) -> bytes:
    return json.dumps(told, ensure_ascii=False).encode() + b"\n"


def _rounded(values: NDArray[Any]) -> list[float]:
    return [float(f"{value:.7g}") for value in values]
