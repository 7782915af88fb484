"""Folders of small images of a bump under known lights, as cameras and other programs leave them."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from tetherlight.pixels.decode import decode
from tetherlight.pixels.png import write_png
from tetherlight.pixels.response import linear_to_srgb
from tetherlight.protocol.manifest import FileRecord, Manifest, StepRecord
from tetherlight.protocol.models import JobState, StepState
from tetherlight.store.manifest import write_manifest

Floats = NDArray[np.float64]
SIZE = (48, 64)


def dome(count: int = 8, elevation: float = 50.0) -> Floats:
    """Return directions (K, 3) on a ring, the last one from the camera."""
    turn = np.radians(np.arange(count - 1) * 360 / (count - 1) + 10)
    up = np.radians(elevation)
    ring = np.stack((np.cos(turn) * np.cos(up), np.sin(turn) * np.cos(up), np.full(count - 1, np.sin(up))), axis=1)
    return np.concatenate((ring, [[0.0, 0.0, 1.0]]))


class Bump:
    """A smooth bump on a plane, in colour, with its truth."""

    def __init__(self, size: tuple[int, int] = SIZE) -> None:
        rows, columns = size
        y, x = np.mgrid[0:rows, 0:columns].astype(float)
        x, y = x - (columns - 1) / 2, (rows - 1) / 2 - y
        width = 0.18 * columns
        self.height: Floats = 0.6 * width * np.exp(-(x**2 + y**2) / (2 * width**2))
        slope = self.height / width**2
        normals = np.stack((x * slope, y * slope, np.ones(size)), axis=-1)
        self.normals: Floats = normals / np.linalg.norm(normals, axis=-1, keepdims=True)
        self.albedo: Floats = np.stack((0.8 + 0 * x, 0.6 + 0.002 * x, 0.5 - 0.002 * y), axis=-1)

    def lit(self, light: Sequence[float] | Floats, *, ambient: float = 0.0) -> Floats:
        """Return the linear picture (H, W, 3) under a light, from 0 to 1."""
        shading = np.maximum(self.normals @ np.asarray(light, float), 0)
        return np.asarray(np.clip(self.albedo * shading[..., None] * 0.9 + ambient, 0, 1))


def error_of(normals: NDArray[Any], truth: Floats) -> float:
    """Return the mean angle in degrees between normals and the truth."""
    return float(np.degrees(np.arccos(np.clip((normals * truth).sum(axis=-1), -1, 1))).mean())


def coded_normals_error(path: Path, truth: Floats) -> float:
    """Return the mean angle in degrees between the normals of a file and the truth."""
    coded = decode(path).astype(float) / 65535 * 2 - 1
    return error_of(coded / np.linalg.norm(coded, axis=-1, keepdims=True), truth)


def save(path: Path, light: Floats, **options: Any) -> None:
    """Write a linear picture as its name says: sRGB of 8 bits, of 16 bits (`deep`), or linear floats."""
    coded = linear_to_srgb(light)
    if path.suffix == ".tiff":
        tifffile.imwrite(path, light.astype(np.float32), photometric="rgb")
    elif options.pop("deep", False):
        write_png(path, np.rint(coded * 65535).astype(np.uint16))
    else:
        eight = Image.fromarray(np.rint(coded * 255).astype(np.uint8))
        options |= {"quality": 98, "subsampling": 0} if path.suffix == ".jpg" else {}
        eight.save(path, **options)


def name_of(number: int, suffix: str) -> str:
    """Return what the image of a light is called."""
    return f"image_{number + 1:02d}{suffix}"


def folder_with_lp(
    folder: Path, lights: Floats, pictures: Sequence[Floats], suffix: str = ".png", **options: Any
) -> Path:
    """Write a folder of images with a light file."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [str(len(lights))]
    for number, (light, picture) in enumerate(zip(lights, pictures, strict=True)):
        save(folder / name_of(number, suffix), picture, **options)
        lines.append(f"{name_of(number, suffix)} {light[0]:.6f} {light[1]:.6f} {light[2]:.6f}")
    (folder / "lights.lp").write_text("\n".join(lines) + "\n")
    return folder


def folder_with_manifest(
    folder: Path, lights: Floats, pictures: Sequence[Floats], ambient: Floats | None = None, **more: Any
) -> Path:
    """Write a folder of JPEGs as the server does, with a manifest; `more` are its other fields."""
    folder.mkdir(parents=True, exist_ok=True)
    steps = []
    if ambient is not None:
        steps.append(_step(folder, 0, None, None, ambient))
    for number, (light, picture) in enumerate(zip(lights, pictures, strict=True), start=1):
        steps.append(_step(folder, number, f"light_{number}", light, picture))
    manifest = Manifest.model_validate({"status": JobState.COMPLETED, "steps": tuple(steps), **more})
    write_manifest(folder, manifest)
    return folder


def folder_with_bracket(folder: Path, lights: Floats, scene: Sequence[Floats], seconds: Sequence[float]) -> Path:
    """Write a folder as a plan of lights and exposures leaves it; `scene` is what one second gives, without an end."""
    folder.mkdir(parents=True, exist_ok=True)
    steps = []
    for number, (light, picture) in enumerate(zip(lights, scene, strict=True)):
        for place, time in enumerate(seconds):
            index = number * len(seconds) + place + 1
            taken = _step(folder, index, f"light_{number + 1}", light, np.clip(picture * time, 0, 1))
            at = {"light": taken.light, "exposure": {"shutterspeed": f"{time:g}"}}
            steps.append(taken.model_copy(update={"at": at, "exposure": {"exposure_time_s": time}}))
    write_manifest(folder, Manifest(status=JobState.COMPLETED, steps=tuple(steps)))
    return folder


def _step(folder: Path, number: int, light: str | None, direction: Floats | None, picture: Floats) -> StepRecord:
    name = f"image_{number:02d}_{light or 'ambient'}.jpg"
    save(folder / name, picture)
    content = (folder / name).read_bytes()
    checksum = hashlib.sha256(content).hexdigest()
    file = FileRecord(filename=name, size=len(content), sha256=checksum, mimetype="image/jpeg")
    return StepRecord(
        index=number,
        light=light,
        at={"light": light},
        state=StepState.DONE,
        direction=None if direction is None else (direction[0], direction[1], direction[2]),
        files=(file,),
    )
