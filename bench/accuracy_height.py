"""`python -m bench.accuracy_height`: how far heights are from the truth, and what they cost.

Real objects are read from the folder that TETHERLIGHT_REFERENCE_DATA names, and left out without it. Times are of the
processor; large masks are those of an object seen by a finer camera.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn
from scipy.ndimage import zoom

from tetherlight.photometric.height import surface
from tetherlight.photometric.poisson import poisson
from tetherlight.photometric.slopes import Camera
from tetherlight.reconstruct.integrate import camera_of, read_mask, read_vectors

Array = NDArray[Any]
PUBLISHED = {"bear": 0.33, "cat": 0.07, "cow": 0.06, "pot1": 0.64, "pot2": 0.22, "reading": 0.26}
FRAME = 4000, 6000


def main() -> None:
    print("Full frames, smooth surface: largest error in % of the range")
    for size in ((256, 256), (1013, 1007), FRAME):
        normals, truth = smooth(*size)
        found, seconds = timed(partial(poisson, normals, np.ones(size, bool)))
        off = 100 * np.abs(found - (truth - truth.mean())).max() / np.ptp(truth)
        print(f"  {size[1]} x {size[0]}: {off:.6f} %, {seconds:.2f} CPU s")
    _, one = timed(lambda: dctn(np.ones(FRAME, np.float32), overwrite_x=True))
    print(f"  one transform of the last: {one:.2f} CPU s")
    print("Real objects: mean absolute depth error in mm after the best factor; published; ratio; masked Poisson")
    for name, normals, mask, camera, truth in objects():
        whole, seconds = timed(partial(surface, normals, mask, camera=camera))
        flat = np.exp(-poisson(perspective(normals, camera), mask) / camera.fx)
        error, plain = depth_error(whole.height, truth), depth_error(np.where(mask, flat, np.nan), truth)
        print(
            f"  {name}: {error:.3f}; {PUBLISHED[name]:.2f}; {error / PUBLISHED[name]:.2f}; {plain:.2f}. "
            f"{mask.sum() / 1000:.0f} kpx, {seconds:.1f} CPU s"
        )
    for name, normals, mask, camera, truth in objects():
        if name in {"cat", "bear"}:
            large(name, normals, mask, camera, truth)


def large(name: str, normals: Array, mask: Array, camera: Camera, truth: Array) -> None:
    """Print the same for an object of four times as many rows and columns."""
    times = 4
    fine = zoom(np.where(mask[..., None], normals, 0), (times, times, 1), order=1, grid_mode=True, mode="nearest")
    inside, depth = (np.kron(one, np.ones((times, times))) for one in (mask, truth))
    shift = (times - 1) / 2
    view = Camera(camera.fx * times, camera.fy * times, camera.cx * times + shift, camera.cy * times + shift)
    found, seconds = timed(lambda: surface(fine, inside > 0, camera=view))
    print(
        f"  {name}, {times} times as fine, in tiles: {depth_error(found.height, depth):.3f} mm, reduced by "
        f"{found.reduced} first, {inside.sum() / 1e6:.2f} Mpx, {seconds:.1f} CPU s"
    )


def smooth(rows: int, columns: int) -> tuple[Array, Array]:
    """Return normals and heights of a surface that does not begin again where it ends."""
    y, x = np.mgrid[:rows, :columns] / max(rows, columns)
    bump = 0.12 * np.exp(-((x - 0.4) ** 2 + (y - 0.5) ** 2) / 0.05)
    right = bump * -2 * (x - 0.4) / 0.05 + 0.25 * np.cos(5 * x + 2 * y) + 0.1
    down = bump * -2 * (y - 0.5) / 0.05 + 0.1 * np.cos(5 * x + 2 * y) - 0.14 * y
    normals = np.stack([-right, down, np.ones_like(right)], axis=-1)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    height = bump + 0.05 * np.sin(5 * x + 2 * y) + 0.1 * x - 0.07 * y * y
    return normals.astype(np.float32), height * max(rows, columns)


def objects() -> Iterator[tuple[str, Array, Array, Camera, Array]]:
    """Yield name, normals, mask, camera and true depth in mm of each real object."""
    data = Path(os.environ.get("TETHERLIGHT_REFERENCE_DATA", "/nonexistent")) / "integration"
    if not data.is_dir():
        print("TETHERLIGHT_REFERENCE_DATA names no folder of reference data: no real objects.", file=sys.stderr)
        return
    for name in PUBLISHED:
        folder = data / name
        normals = read_vectors(folder / "normal_map.png")
        mask = read_mask(folder / "mask.png", normals.shape[:2], "normal_map.png")
        yield name, normals, mask, camera_of(folder / "K.txt"), np.load(folder / "depth_gt.npz")["depth_gt"]


def perspective(normals: Array, camera: Camera) -> Array:
    """Return normals whose slopes are those of -fx log(depth), for a method that knows no camera."""
    y, x = np.mgrid[: normals.shape[0], : normals.shape[1]]
    facing = (
        normals[..., 2] - (x - camera.cx) / camera.fx * normals[..., 0] + (y - camera.cy) / camera.fy * normals[..., 1]
    )
    made = np.stack([normals[..., 0], normals[..., 1] * (camera.fx / camera.fy), np.maximum(facing, 0.02)], axis=-1)
    made /= np.linalg.norm(made, axis=-1, keepdims=True)
    return made.astype(np.float32)


def depth_error(found: Array, truth: Array) -> float:
    """Return the mean absolute error after the best factor, the median of all ratios."""
    both = np.isfinite(found) & np.isfinite(truth)
    return float(np.abs(found[both] * np.median(truth[both] / found[both]) - truth[both]).mean())


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.process_time()
    found = work()
    return found, time.process_time() - started


if __name__ == "__main__":
    main()
