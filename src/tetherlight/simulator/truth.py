"""The scene's own geometry as files: the truth that reconstructions are measured against."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tetherlight.simulator import lens
from tetherlight.simulator.objects import Ball, World, slopes
from tetherlight.simulator.texture import Floats, unpack


def normals(world: World) -> Floats:
    """Return unit normals (H, W, 3) of table and object, x right, y up, z to the camera; the balls included."""
    dx, dy = slopes(world.height, world.grid.scale, 0, world.grid.height)
    inverse = 1 / np.sqrt(1 + dx * dx + dy * dy)
    result = np.stack((-dx * inverse, -dy * inverse, inverse), axis=-1)
    for ball in (world.layout.mirror, world.layout.matte):
        inside, nx, ny, nz = _on_ball(world, ball)
        result[inside] = np.stack((nx, ny, nz), axis=-1)[inside]
    return np.asarray(result, np.float32)


def heights(world: World) -> Floats:
    """Return the height above the table (H, W) in pixels, so that its slopes are those of the normals."""
    result = world.height * np.float32(world.grid.scale)
    for ball in (world.layout.mirror, world.layout.matte):
        inside, _, _, nz = _on_ball(world, ball)
        result[inside] = ((1 + nz) * np.float32(ball.radius * world.grid.scale))[inside]
    return np.asarray(result, np.float32)


def albedo(world: World) -> Floats:
    """Return linear reflectance (H, W, 3), the lens's fall-off towards the corners included."""
    return unpack(world.albedo)


def mask(world: World) -> NDArray[np.bool_]:
    """Return which pixels (H, W) show the object, without balls, clock and card."""
    result = np.zeros(world.height.shape, np.bool_)
    result[world.medallion_box.slices] = world.inside
    return result


def export(world: World, lights: Mapping[str, Mapping[str, object]], folder: Path) -> None:
    """Write normals, albedo, mask and height as .npy, lights, spheres and focus as JSON.

    An existing export is replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "normals.npy", normals(world))
    np.save(folder / "albedo.npy", albedo(world))
    np.save(folder / "mask.npy", mask(world))
    np.save(folder / "height.npy", heights(world))
    (folder / "lights.json").write_text(json.dumps(lights, indent=2) + "\n", encoding="utf-8")
    (folder / "focus.json").write_text(json.dumps(_focus(world), indent=2) + "\n", encoding="utf-8")
    spheres = {"mirror": _circle(world, world.layout.mirror), "matte": _circle(world, world.layout.matte)}
    (folder / "spheres.json").write_text(json.dumps(spheres, indent=2) + "\n", encoding="utf-8")


def _focus(world: World) -> dict[str, float]:
    """Return which height, in pixels as in the height map, is sharp at which place of the lens."""
    return {
        "last_place": lens.LAST_PLACE,
        "height_at_place_0": lens.HEIGHT_OF_NEAREST * world.grid.scale,
        "height_per_place": lens.HEIGHT_PER_PLACE * world.grid.scale,
    }


def _circle(world: World, ball: Ball) -> dict[str, float]:
    """Return a ball's outline in pixels; the centre of the first pixel is (0, 0)."""
    cx, cy = world.grid.pixel(ball.x, ball.y)
    return {"cx": cx, "cy": cy, "r": ball.radius * world.grid.scale}


def _on_ball(world: World, ball: Ball) -> tuple[NDArray[np.bool_], Floats, Floats, Floats]:
    circle = _circle(world, ball)
    columns = (np.arange(world.grid.width, dtype=np.float32) - np.float32(circle["cx"])) / np.float32(circle["r"])
    rows = (np.float32(circle["cy"]) - np.arange(world.grid.height, dtype=np.float32)) / np.float32(circle["r"])
    nx, ny = np.broadcast_arrays(columns[None, :], rows[:, None])
    squared = nx * nx + ny * ny
    return squared < 1, nx, ny, np.sqrt(np.clip(1 - squared, 0, None))
