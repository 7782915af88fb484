"""Balls on a table under distant lights, rendered by the formulas of the textbook: what calibration is tested on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
LAMP = 0.05
"""Angular radius of a lamp, in radians."""


@dataclass(frozen=True)
class Balls:
    """Balls by centre and radius in pixels, y down."""

    mirrors: tuple[tuple[float, float, float], ...] = ()
    mattes: tuple[tuple[float, float, float], ...] = ()
    shape: tuple[int, int] = (240, 320)


def ring_of_lights(count: int, tilt: float = 45.0) -> Doubles:
    """Give unit vectors (K, 3) at an angle to the camera's axis, all around it."""
    around = np.arange(count) * 2 * np.pi / count
    slant = np.radians(tilt)
    return np.stack((np.sin(slant) * np.cos(around), np.sin(slant) * np.sin(around), np.full(count, np.cos(slant))), 1)


def render(
    balls: Balls, lights: Doubles, *, strengths: Doubles | None = None, noise: float = 0.002, seed: int = 0
) -> NDArray[np.float32]:
    """Return linear images (K, H, W) from 0 to 1, four samples in each pixel; a mirror shows lamp, sky and table."""
    rng = np.random.default_rng(seed)
    strengths = np.ones(len(lights)) if strengths is None else strengths
    pictures = [_picture(balls, light) * strength for light, strength in zip(lights, strengths, strict=True)]
    noisy = np.stack(pictures) + rng.normal(0, noise, (len(lights), *balls.shape))
    return np.clip(noisy, 0, 1).astype(np.float32)


def place_of_highlight(ball: tuple[float, float, float], lamp: Doubles) -> tuple[float, float]:
    """Return the pixel of a near lamp's reflection on a ball that lies on z = 0; the lamp in pixels, y up."""
    cx, cy, r = ball
    middle = np.array([cx, -cy, r])
    normal = np.array([0.0, 0.0, 1.0])
    for _ in range(200):
        to_lamp = lamp - (middle + r * normal)
        half = to_lamp / np.linalg.norm(to_lamp) + (0, 0, 1)
        normal = half / np.linalg.norm(half)
    return float(cx + r * normal[0]), float(cy - r * normal[1])


def render_highlights(balls: Balls, lamps: Doubles) -> NDArray[np.float32]:
    """Return images (K, H, W) of mirrors that show nothing but near lamps (K, 3) as small points."""
    y, x = np.mgrid[: balls.shape[0], : balls.shape[1]]
    pictures = np.full((len(lamps), *balls.shape), 0.02)
    for index, lamp in enumerate(lamps):
        for ball in balls.mirrors:
            px, py = place_of_highlight(ball, lamp)
            pictures[index] += 0.9 * np.exp(-((x - px) ** 2 + (y - py) ** 2) / 8)
    return np.asarray(np.clip(pictures, 0, 1), np.float32)


def _picture(balls: Balls, light: Doubles) -> Doubles:
    height, width = balls.shape
    ys, xs = (np.arange(2 * side) / 2 - 0.25 for side in (height, width))
    y, x = np.meshgrid(ys, xs, indexing="ij")
    picture = np.full(y.shape, 0.12) * light[2]
    picture *= 1 + 0.15 * np.sin(x / 7.0) * np.cos(y / 5.0)
    for cx, cy, r in (*balls.mirrors, *balls.mattes):
        picture *= np.where(_in_shadow(x - cx, cy - y, r, light), 0.05, 1)
    for cx, cy, r in balls.mattes:
        inside, normal = _normals(x, y, cx, cy, r)
        picture = np.where(inside, 0.5 * np.clip(normal @ light, 0, 1), picture)
    for cx, cy, r in balls.mirrors:
        inside, normal = _normals(x, y, cx, cy, r)
        seen = 2 * normal[..., 2:] * normal - (0, 0, 1)
        lamp = np.clip((LAMP * 1.2 - np.arccos(np.clip(seen @ light, -1, 1))) / (LAMP * 0.4), 0, 1)
        picture = np.where(inside, 3 * lamp + np.where(seen[..., 2] > 0, 0.03, 0.10 * light[2]), picture)
    return np.asarray(picture.reshape(height, 2, width, 2).clip(0, 1).mean(axis=(1, 3)), np.float64)


def _normals(x: Doubles, y: Doubles, cx: float, cy: float, r: float) -> tuple[NDArray[np.bool_], Doubles]:
    nx, ny = (x - cx) / r, (cy - y) / r
    squared = nx * nx + ny * ny
    return squared < 1, np.stack((nx, ny, np.sqrt(np.clip(1 - squared, 0, None))), axis=-1)


def _in_shadow(x: Doubles, y: Doubles, r: float, light: Doubles) -> NDArray[np.bool_]:
    """Say which places of the table, relative to the ball's middle, do not see the light past it."""
    to_ball = np.stack((-x, -y, np.full(x.shape, r)), axis=-1)
    along = to_ball @ light
    return np.asarray((along > 0) & (np.sum(to_ball * to_ball, axis=-1) - along**2 < r * r), np.bool_)
