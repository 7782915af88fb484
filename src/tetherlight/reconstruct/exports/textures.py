"""The maps of a surface as renderers and game engines take them: both conventions of normals, and floats as OpenEXR."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tetherlight.errors import ImageNotFound
from tetherlight.pixels.decode import decode
from tetherlight.pixels.exr import write_exr
from tetherlight.pixels.png import write_png
from tetherlight.reconstruct.exports.forms import FACTS
from tetherlight.reconstruct.exports.material import RESULTS, Material
from tetherlight.reconstruct.exports.target import Target

_MOST = 65535
_COPIED = {"normals.png": "normal_gl.png", "albedo.png": "albedo.png", "mask.png": "mask.png"}


def export_textures(material: Material, target: Target) -> None:
    """Write normals with y up (OpenGL) and y down (DirectX), and albedo, height and mask; raise ImageNotFound."""
    name = material.name
    normals, height = _map(material, "normals.png"), _map(material, "height.tiff")
    for source, role in _COPIED.items():
        target.original(f"{name}_{role}", f"{RESULTS}/{source}")
    target.note(f"{RESULTS}/height.tiff")
    valid = normals.any(axis=-1)
    down = normals.copy()
    down[valid, 1] = _MOST - down[valid, 1]
    write_png(target.place(f"{name}_normal_dx.png"), down)
    vectors = normals.astype(np.float32) * np.float32(2 / _MOST) - 1
    vectors[~valid] = 0
    write_exr(target.place(f"{name}_normal_gl.exr"), vectors)
    known = np.isfinite(height)
    low, high = (float(height[known].min()), float(height[known].max())) if known.any() else (0.0, 0.0)
    write_exr(target.place(f"{name}_height.exr"), np.where(known, height, np.float32(low)))
    share = np.where(known, (height - low) / max(high - low, 1e-9), 0)
    write_png(target.place(f"{name}_height.png"), np.rint(share * _MOST).astype(np.uint16))
    unit = "pixels" if material.scale is None else "mm"
    told = {"low": low, "high": high, "unit": unit, "image": "0 is low, 65535 is high; outside the object it is low"}
    target.write_json(FACTS, dict(material.facts()) | {"height": told})


def _map(material: Material, name: str) -> NDArray[Any]:
    found = material.result(name)
    if found is None:
        raise ImageNotFound(
            f"'{material.name}' has no surface: there is no {RESULTS}/{name}.",
            hint="Make the surface first (RECONSTRUCT_SET, tetherlight reconstruct).",
        )
    return decode(found, material.within)
