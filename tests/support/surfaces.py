"""Small rendered sets with known normals, for the mathematics of photometric stereo: seeded, made in moments."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class RenderedSet:
    """Images of one surface: values (K, N), lights (K, 3) or (K, N, 3), normals (N, 3), albedo (N,), shape (H, W)."""

    values: Array
    lights: Array
    normals: Array
    albedo: Array
    shape: tuple[int, int]


def dome(count: int, *, lowest: float = 25.0, highest: float = 75.0) -> Array:
    """Return unit vectors on rings of a dome, the elevation between `lowest` and `highest` degrees."""
    step = np.arange(count)
    around = step * np.pi * (3 - np.sqrt(5))
    height = np.sin(np.radians(lowest)), np.sin(np.radians(highest))
    z = height[0] + (height[1] - height[0]) * (step + 0.5) / count
    ring = np.sqrt(1 - z * z)
    return np.stack([ring * np.cos(around), ring * np.sin(around), z], axis=1).astype(np.float32)


def normals_of(height: Array) -> Array:
    """Return the normals (H, W, 3) of a height map in pixels; y points up."""
    down, right = np.gradient(height)
    normals = np.stack([-right, down, np.ones_like(height)], axis=-1)
    return np.asarray(normals / np.linalg.norm(normals, axis=-1, keepdims=True), np.float32)


def relief(size: int, seed: int = 1, depth: float = 0.14) -> Array:
    """Return a smooth relief with steep hills that throw shadows on each other."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size] / size
    height = np.zeros((size, size))
    for _ in range(14):
        cx, cy, width = random.uniform(0.05, 0.95), random.uniform(0.05, 0.95), random.uniform(0.04, 0.12)
        height += random.uniform(0.3, 1.0) * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * width * width))
    return (height * depth * size).astype(np.float32)


def steps(size: int, seed: int = 2) -> tuple[Array, Array]:
    """Return a height map of tilted blocks with jumps between them, and its normals, those of each block's own face."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size].astype(np.float64)
    height, normals = np.zeros((size, size)), np.zeros((size, size, 3))
    normals[..., 2] = 1
    for _ in range(7):
        left, top = random.integers(0, size * 3 // 4, 2)
        wide, high = random.integers(size // 6, size // 3, 2)
        block = (x >= left) & (x < left + wide) & (y >= top) & (y < top + high)
        slope_x, slope_y = random.uniform(-0.5, 0.5, 2)
        plane = random.uniform(0.1, 0.35) * size + slope_x * (x - left - wide / 2) + slope_y * (y - top - high / 2)
        above = block & (plane > height)
        height[above] = plane[above]
        face = np.array([-slope_x, slope_y, 1.0])
        normals[above] = face / np.linalg.norm(face)
    return height.astype(np.float32), normals.astype(np.float32)


def shadowed(height: Array, light: Array) -> NDArray[np.bool_]:
    """Return where the surface lies in the shadow that it throws itself, for light from a direction."""
    rows, columns = height.shape
    y, x = np.mgrid[:rows, :columns].astype(np.float64)
    flat = float(np.hypot(light[0], light[1]))
    if flat < 1e-6:
        return np.zeros(height.shape, bool)
    dark = np.zeros(height.shape, bool)
    rise = light[2] / flat
    for step in np.arange(1.0, (height.max() - height.min()) / rise + 1, 0.7):
        px, py = x + step * light[0] / flat, y - step * light[1] / flat
        inside = (px >= 0) & (px <= columns - 1) & (py >= 0) & (py <= rows - 1)
        there = height[py.round().clip(0, rows - 1).astype(int), px.round().clip(0, columns - 1).astype(int)]
        dark |= inside & (there > height + rise * step + 0.05)
    return dark


def pattern(size: int, seed: int = 3) -> Array:
    """Return a patterned albedo between 0.25 and 0.9."""
    random = np.random.default_rng(seed)
    coarse = random.uniform(0.25, 0.9, (8, 8))
    return np.kron(coarse, np.ones((size // 8, size // 8)))[:size, :size].astype(np.float32)


def render(
    height: Array,
    lights: Array,
    *,
    normals: Array | None = None,
    seed: int = 0,
    noise: float = 0.002,
) -> RenderedSet:
    """Render a matte relief with its own shadows, sensor noise and 12-bit steps; lights (K, 3)."""
    normals = normals_of(height) if normals is None else normals
    albedo = pattern(len(height))
    shading = np.maximum(np.einsum("hwc,kc->khw", normals, lights), 0)
    shading *= np.stack([~shadowed(height, light) for light in lights])
    return noisy(shading * albedo, lights, normals, albedo, seed=seed, noise=noise)


def noisy(images: Array, lights: Array, normals: Array, albedo: Array, *, seed: int, noise: float) -> RenderedSet:
    """Add noise and the steps of a 12-bit sensor to images (K, H, W)."""
    random = np.random.default_rng(seed)
    images = images + random.normal(0, noise, images.shape)
    images = np.round(images.clip(0, 1) * 4095) / 4095
    flat = images.reshape(len(images), -1).astype(np.float32)
    return RenderedSet(
        flat, lights.astype(np.float32), normals.reshape(-1, 3), albedo.ravel(), (images.shape[1], images.shape[2])
    )


def ball(size: int) -> tuple[Array, NDArray[np.bool_]]:
    """Return the normals (H, W, 3) of a ball that fills the picture, and its mask."""
    y, x = np.mgrid[:size, :size]
    nx, ny = (x - (size - 1) / 2) / (size / 2), -(y - (size - 1) / 2) / (size / 2)
    inside = nx * nx + ny * ny < 0.95
    nz = np.sqrt(np.maximum(1 - nx * nx - ny * ny, 0.0))
    return np.stack([nx, ny, nz], axis=-1).astype(np.float32), inside


def glossy(lights: Array, *, size: int = 64, rough: float, diffuse: float, shine: float, seed: int = 0) -> RenderedSet:
    """Render a ball with a microfacet lobe (GGX) over an Oren-Nayar surface; `diffuse` 0 makes it a metal."""
    normals, inside = ball(size)
    n = normals[inside]
    view = np.array([0.0, 0.0, 1.0])
    images = []
    for light in lights.astype(np.float64):
        cos_l, cos_v = np.maximum(n @ light, 0), np.maximum(n @ view, 1e-3)
        half = (light + view) / np.linalg.norm(light + view)
        cos_h = np.maximum(n @ half, 0)
        alpha2 = rough**4
        lobe = alpha2 / (np.pi * (cos_h**2 * (alpha2 - 1) + 1) ** 2)
        k = (rough + 1) ** 2 / 8
        geometry = cos_l / (cos_l * (1 - k) + k) * cos_v / (cos_v * (1 - k) + k)
        fresnel = shine + (1 - shine) * (1 - half @ view) ** 5
        gloss = lobe * geometry * fresnel / (4 * cos_v)
        images.append(diffuse * _oren_nayar(n, light, view, cos_l, cos_v) + np.where(cos_l > 0, gloss, 0))
    stack = np.stack(images)[:, None, :]
    stack = stack / max(1.0, float(np.quantile(stack, 0.999)))
    return noisy(stack, lights, n[None], np.full((1, len(n)), diffuse, np.float32), seed=seed, noise=0.002)


def plastic(lights: Array, *, size: int = 64, rough: float = 0.25, diffuse: float = 0.5, seed: int = 0) -> RenderedSet:
    """Render a ball of plastic: light that enters and leaves through a smooth film of index 1.5, and a GGX lobe."""
    normals, inside = ball(size)
    n = normals[inside].astype(np.float64)
    view = np.array([0.0, 0.0, 1.0])
    images = []
    for light in lights.astype(np.float64):
        cos_l, cos_v = np.maximum(n @ light, 0), np.maximum(n @ view, 1e-3)
        half = (light + view) / np.linalg.norm(light + view)
        lobe = rough**2 / (np.pi * (np.maximum(n @ half, 0) ** 2 * (rough**2 - 1) + 1) ** 2)
        shown = _unshadowed(cos_l, rough) * _unshadowed(cos_v, rough)
        gloss = lobe * _reflected(np.array([half @ view])) * shown / (4 * cos_v)
        inner = (1 - _reflected(cos_l)) * (1 - _reflected(cos_v)) / 1.5**2 / (1 - 0.6 * diffuse) / np.pi
        images.append(np.where(cos_l > 0, diffuse * inner * cos_l + gloss, 0))
    stack = np.stack(images)[:, None, :]
    stack = stack / max(float(np.quantile(stack, 0.999)), 1e-9)
    return noisy(stack, lights, n[None], np.full((1, len(n)), diffuse, np.float32), seed=seed, noise=0.002)


def _unshadowed(cosine: Array, rough: float) -> Array:
    return np.asarray(2 * cosine / (cosine + np.sqrt(rough**2 + (1 - rough**2) * cosine**2) + 1e-12))


def _reflected(cosine: Array) -> Array:
    """Return Fresnel's share for a smooth film of index 1.5."""
    cosine = cosine.clip(1e-6, 1)
    inner = np.sqrt(1 - (1 - cosine**2) / 1.5**2)
    across, along = (cosine - 1.5 * inner) / (cosine + 1.5 * inner), (inner - 1.5 * cosine) / (inner + 1.5 * cosine)
    return np.asarray((across**2 + along**2) / 2)


def _oren_nayar(n: Array, light: Array, view: Array, cos_l: Array, cos_v: Array) -> Array:
    sigma2 = 0.4**2
    a, b = 1 - 0.5 * sigma2 / (sigma2 + 0.33), 0.45 * sigma2 / (sigma2 + 0.09)
    side_l, side_v = light - n * cos_l[:, None], view - n * cos_v[:, None]
    norm = np.linalg.norm(side_l, axis=1) * np.linalg.norm(side_v, axis=1)
    turn = np.maximum((side_l * side_v).sum(axis=1) / np.maximum(norm, 1e-9), 0)
    theta_l, theta_v = np.arccos(cos_l.clip(0, 1)), np.arccos(cos_v.clip(0, 1))
    rough = turn * np.sin(np.maximum(theta_l, theta_v)) * np.tan(np.minimum(theta_l, theta_v))
    return np.asarray(cos_l * (a + b * rough))


def scattered(rendered: RenderedSet, share: float, seed: int = 5) -> tuple[RenderedSet, Array]:
    """Return the set with lights of unequal strength (geometric mean 1), and the strengths (K,)."""
    random = np.random.default_rng(seed)
    strength = np.exp(random.normal(0, share, len(rendered.lights)))
    strength /= np.exp(np.log(strength).mean())
    uneven = (rendered.values * strength[:, None]).astype(np.float32)
    return replace(rendered, values=uneven), strength.astype(np.float32)


def angles(found: Array, truth: Array) -> Array:
    """Return the angle in degrees between normals (N, 3) and true ones."""
    cosine = np.einsum("nc,nc->n", found.astype(np.float64), truth.astype(np.float64))
    norm = np.linalg.norm(found.astype(np.float64), axis=1) * np.linalg.norm(truth.astype(np.float64), axis=1)
    return np.asarray(np.degrees(np.arccos((cosine / np.maximum(norm, 1e-12)).clip(-1, 1))), np.float32)


def near_relief(size: int, *, lamps: Array, depth: float = 0.12) -> tuple[RenderedSet, Array]:
    """Render a relief under small lamps at positions (K, 3) in image widths; return it and its height (H, W) in pixels.

    The set's lights are the directions (K, 3) from the image's centre.
    """
    height = relief(size, depth=depth)
    y, x = np.mgrid[:size, :size].astype(np.float64)
    middle = (size - 1) / 2
    points = np.stack([(x - middle) / size, (middle - y) / size, (height - np.median(height)) / size], axis=-1)
    towards = lamps[:, None, None, :].astype(np.float64) - points[None]
    distance = np.linalg.norm(towards, axis=-1, keepdims=True)
    vectors = towards / distance**3 * float((lamps**2).sum(axis=1).mean())
    normals = normals_of(height)
    images = 0.4 * np.maximum(np.einsum("khwc,hwc->khw", vectors, normals), 0)
    directions = lamps / np.linalg.norm(lamps, axis=1, keepdims=True)
    albedo = np.full(height.shape, 0.4, np.float32)
    return noisy(images, directions, normals, albedo, seed=0, noise=0.001), height
