"""Sets with focus and light axes: a textured bump of which each place of the lens shows a third sharply."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

from support.image_sets import Bump, dome, save
from tetherlight.protocol.manifest import FileRecord, Manifest, StepRecord
from tetherlight.protocol.models import JobState, StepState
from tetherlight.store.manifest import write_manifest

LIGHTS = dome(4)
PLACES = 3
SIZE = (60, 120)


def textured(light: Any, size: tuple[int, int] = SIZE) -> Any:
    """Return the linear picture that is sharp everywhere."""
    bump = Bump(size)
    bump.albedo = bump.albedo * np.random.default_rng(5).uniform(0.4, 1, (*size, 1))
    return bump.lit(light)


def at_place(picture: Any, place: int) -> Any:
    """Blur what is not in the third of the image that is sharp at a place of the lens."""
    third = picture.shape[1] // PLACES
    blurred = ndimage.gaussian_filter(picture, (2, 2, 0))
    blurred[:, place * third : (place + 1) * third] = picture[:, place * third : (place + 1) * third]
    return blurred


def step(folder: Path, index: int, number: int, light: Any, place: int, *, picture: Any = None) -> StepRecord:
    """Write the image of a light at a place and return its step."""
    name = f"image_{number + 1:02d}_light_{number}_f{place + 1:02d}.jpg"
    save(folder / name, at_place(textured(light) if picture is None else picture, place))
    content = (folder / name).read_bytes()
    checksum = hashlib.sha256(content).hexdigest()
    return StepRecord(
        index=index,
        light=f"light_{number}",
        at={"focus": place, "light": f"light_{number}"},
        state=StepState.DONE,
        direction=(light[0], light[1], light[2]),
        files=(FileRecord(filename=name, size=len(content), sha256=checksum, mimetype="image/jpeg"),),
        exposure={"shutterspeed": "1/60" if number else "1/30"},
    )


def focus_set(folder: Path, size: tuple[int, int] = SIZE, lights: Any = LIGHTS) -> Path:
    """Write a whole set."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = [textured(light, size) for light in lights]
    steps = [
        step(folder, place * len(lights) + number + 1, number, light, place, picture=pictures[number])
        for place in range(PLACES)
        for number, light in enumerate(lights)
    ]
    write_manifest(folder, Manifest(status=JobState.COMPLETED, steps=tuple(steps)))
    return folder
