"""Height of any normal map: files in, a float TIFF out; in a child, for what files claim to be costs nothing."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tetherlight.errors import CameraMatrixInvalid, InvalidPayload, NormalsInvalid, ShapesDiffer
from tetherlight.files.durable import read_regular
from tetherlight.files.types import suffix_of
from tetherlight.photometric.height import Surface, surface
from tetherlight.photometric.slopes import Camera
from tetherlight.pixels.decode import decode
from tetherlight.pixels.look import UPRIGHT
from tetherlight.pixels.tiff import write_tiff

MEMORY = 4_000_000_000
"""Bytes that the child may use: normals of 200 million pixels, and their height."""
DEADLINE_S = 4 * 3600.0
FUNCTION = "tetherlight.reconstruct.integrate:integrate"
TIFF = frozenset({".tif", ".tiff"})

Normals = NDArray[np.float32]
Mask = NDArray[np.bool_]

_MOST = 10_000
"""Bytes of a text with nine numbers."""
_SHORTEST, _LONGEST = 0.5, 1.5
"""Other vectors are no normals but a background: black and white are longer, middle gray is shorter."""
_USUAL = 0.2
"""By how much the length of a coded normal may differ from 1; at edges that were smoothed some differ more."""
_SHARE = 0.8
"""As many of the vectors of a normal map are of that length and show to the camera, more or less."""
_CODED = "Normal maps have x right, y up and z to the camera, coded as (n + 1) / 2 of the largest value."
_NINE = "It is a text of three rows: fx 0 cx, 0 fy cy, 0 0 1, all in pixels."
_BAND = 1 << 20


def integrate(
    progress: Callable[[float, float, str | None], None],
    normals: str,
    out: str,
    mask: str | None = None,
    camera: str | None = None,
) -> dict[str, Any]:
    """Write the height of a normal map; return what was done, of what JSON holds.

    Raise ImageUnreadable, NormalsInvalid, ShapesDiffer, CameraMatrixInvalid, InvalidPayload, StoreError and DiskFull.
    """
    started = time.monotonic()
    target = Path(out)
    if suffix_of(target) not in TIFF:
        raise InvalidPayload(f"{target.name} is no name of a TIFF file.", hint="Let it end in .tiff.")
    if target.exists() and any(target.samefile(one) for one in (normals, mask) if one is not None):
        raise InvalidPayload(f"{target.name} is one of the files that are read.", hint="Name another file by --out.")
    view = None if camera is None else camera_of(Path(camera))
    progress(0, 1, "reading")
    source = Path(normals)
    vectors = read_vectors(source)
    inside = None if mask is None else read_mask(Path(mask), vectors.shape[:2], source.name)
    inside = where_normal(vectors, inside, source.name)
    progress(0.1, 1, "integrating")
    found = surface(vectors, inside, camera=view, tell=lambda share: progress(0.1 + 0.85 * share, 1, "integrating"))
    progress(0.95, 1, "writing")
    unit = "pixels" if view is None else "depth up to one factor"
    write_tiff(target, found.height, description=f"height in {unit}" if view is None else unit)
    return _told(found, target, unit) | {"seconds": round(time.monotonic() - started, 3)}


def _told(found: Surface, target: Path, unit: str) -> dict[str, Any]:
    return {
        "file": str(target),
        "width": found.height.shape[1],
        "height": found.height.shape[0],
        "unit": unit,
        "method": found.method,
        "why": found.why,
        "reduced": found.reduced,
        "low": float(np.nanmin(found.height)),
        "high": float(np.nanmax(found.height)),
    }


def read_vectors(path: Path) -> Normals:
    """Return what the colours of a normal map stand for, (H, W, 3); raise ImageUnreadable and NormalsInvalid."""
    coded = decode(path, orientation=UPRIGHT)
    if coded.ndim != 3:
        raise NormalsInvalid(f"{path.name} is gray, so it is no normal map.", hint=_CODED)
    if coded.dtype.kind == "f":
        return coded
    vectors = coded.astype(np.float32)
    vectors *= np.float32(2 / np.iinfo(coded.dtype).max)
    vectors -= 1
    return vectors


def where_normal(vectors: Normals, mask: Mask | None, name: str) -> Mask:
    """Return where the surface is: the mask, and without one each vector that may be a normal; raise NormalsInvalid."""
    inside = np.empty(vectors.shape[:2], bool)
    usual = known = 0
    step = max(1, _BAND // vectors.shape[1])
    for top in range(0, len(vectors), step):
        rows = slice(top, top + step)
        length = np.sqrt(np.einsum("...c,...c->...", vectors[rows], vectors[rows]))
        inside[rows] = (length > _SHORTEST) & (length < _LONGEST) if mask is None else mask[rows]
        known += int(np.count_nonzero(inside[rows]))
        usual += int(np.count_nonzero(inside[rows] & (np.abs(length - 1) < _USUAL) & (vectors[rows, :, 2] > -_USUAL)))
    if known and usual < _SHARE * known:
        raise NormalsInvalid(f"{name} is no normal map: its colours are no vectors of length 1.", hint=_CODED)
    return inside


def read_mask(path: Path, shape: tuple[int, ...], beside: str) -> Mask:
    """Return where a mask is white; raise ImageUnreadable, and ShapesDiffer where it has another size."""
    values = decode(path, gray=True, orientation=UPRIGHT)
    if values.shape != shape:
        raise ShapesDiffer(
            f"{path.name} has {values.shape[1]} x {values.shape[0]} pixels and {beside} {shape[1]} x {shape[0]}.",
            hint="The mask has the size of the normal map: white is the surface, black is not.",
        )
    white = 1.0 if values.dtype.kind == "f" else float(np.iinfo(values.dtype).max)
    return np.asarray(values > white / 2)


def camera_of(path: Path) -> Camera:
    """Read a camera matrix, three rows of three numbers; raise CameraMatrixInvalid."""
    try:
        words = read_regular(path, most=_MOST, follow=True).decode("utf-8-sig").replace(",", " ").split()
        numbers = np.array([float(word) for word in words])
    except OSError as error:
        raise CameraMatrixInvalid(f"{path.name} cannot be read: {error.strerror}.", hint=_NINE) from error
    except ValueError as error:
        raise CameraMatrixInvalid(f"{path.name} holds something other than numbers.", hint=_NINE) from error
    if numbers.shape != (9,) or not np.isfinite(numbers).all():
        raise CameraMatrixInvalid(f"{path.name} holds {len(numbers)} numbers, where a matrix has nine.", hint=_NINE)
    (fx, skew, cx), (below, fy, cy), last = numbers.reshape(3, 3)
    if min(fx, fy) <= 0 or abs(skew) > 1e-3 * fx or below != 0 or not np.array_equal(last, [0, 0, 1]):
        raise CameraMatrixInvalid(f"{path.name} is no camera matrix.", hint=_NINE)
    return Camera(float(fx), float(fy), float(cx), float(cy))
