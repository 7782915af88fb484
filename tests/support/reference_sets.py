"""Sets that others made, from the folder of reference data; `values` and `normals` hold pixels of the mask."""

from pathlib import Path

import numpy as np
from PIL import Image

from support.surfaces import RenderedSet

RIM = 0.9
"""Of a sphere that stands for its own truth, the squared radius beyond which its outline is too uncertain."""


def bunny(data: Path) -> RenderedSet:
    """Return the rendered bunny: 50 lights, cast shadows, a shading that is not quite Lambertian."""
    with np.load(data / "bunny" / "bunny_lambert.npz") as stored:
        images, lights, normals = stored["images"], stored["lights"], stored["normals"]
    mask = _mask(data / "bunny" / "mask.png")
    return _of(images.mean(axis=3)[:, mask], lights, normals[mask])


def gray_sphere(data: Path) -> RenderedSet:
    """Return the photographs of a matte sphere under 12 lights on one side, with the normals of its outline."""
    folder = data / "uw" / "gray"
    mask = _mask(folder / "gray.mask.png")
    y, x = np.nonzero(mask)
    radius = (np.ptp(x) + np.ptp(y) + 2) / 4
    nx, ny = (x - (x.min() + x.max()) / 2) / radius, -(y - (y.min() + y.max()) / 2) / radius
    inner = nx**2 + ny**2 < RIM
    normals = np.stack([nx, ny, np.sqrt(np.maximum(1 - nx**2 - ny**2, 0))], axis=1)[inner]
    images = [np.asarray(Image.open(folder / f"gray.{number}.png").convert("RGB")) for number in range(12)]
    values = np.stack([image.mean(axis=2)[mask][inner] / 255 for image in images])
    return _of(values, np.loadtxt(data / "uw" / "lights.txt", skiprows=1), normals)


def figure(data: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the photographs of a figure of clay, `buddha` or `cat`, and its lights; nobody knows its normals."""
    folder = data / "uw" / name
    mask = _mask(folder / f"{name}.mask.png")
    images = [np.asarray(Image.open(folder / f"{name}.{number}.png").convert("RGB")) for number in range(12)]
    values = np.stack([image.mean(axis=2)[mask] / 255 for image in images]).astype(np.float32)
    return values, np.loadtxt(data / "uw" / "lights.txt", skiprows=1).astype(np.float32)


def _mask(path: Path) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    with Image.open(path) as image:
        return np.asarray(np.asarray(image.convert("L")) > 127, np.bool_)


def _of(values: np.ndarray, lights: np.ndarray, normals: np.ndarray) -> RenderedSet:
    count = values.shape[1]
    light, truth = lights.astype(np.float32), normals.astype(np.float32)
    return RenderedSet(values.astype(np.float32), light, truth, np.ones(count, np.float32), (1, count))
