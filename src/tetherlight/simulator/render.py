"""One light at a time: shading, cast shadows, highlights and reflections of the scene under a single distant lamp.

Light adds up linearly, so a layer is rendered once per light and the layers of the lights that are on are summed.
Cast shadows of the relief come from one sweep along the light: walking away from the lamp, the edge of the shadow sinks
by the light's slope and rises with each thing in the way, so the cost does not depend on the length of the shadows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from tetherlight.simulator.layer import SHADING_SCALE, SHEEN_SCALE, Layer
from tetherlight.simulator.objects import (
    DIAL_THICKNESS,
    MATTE_REFLECTANCE,
    MIRROR_REFLECTANCE,
    TABLE_REFLECTANCE,
    Ball,
    Box,
    World,
    coverage,
    slopes,
)
from tetherlight.simulator.relief import GLOSS_SCALE
from tetherlight.simulator.texture import Floats, smoothstep, strips

Vector = NDArray[np.float64]

LAMP_RADIUS = 0.034
"""Angular radius of a lamp in radians: makes the soft edge of shadows and the size of highlights on the mirror."""
LAMP_RADIANCE = 9.0
BOUNCE = 0.008
"""Share of a light that comes back from the room evenly and fills the shadows."""
SHEEN_EXPONENT = 26
RELIEF_TOP = 0.115
"""No relief is higher than this, in world units."""
BAND_ROWS = 48
MIRRORED_WIDTH = 300


def unit(direction: tuple[float, float, float]) -> Vector:
    """Return a direction as a vector of length 1."""
    vector = np.asarray(direction, np.float64)
    return np.asarray(vector / np.linalg.norm(vector), np.float64)


def render_light(world: World, direction: tuple[float, float, float]) -> Layer:
    """Render the scene under one distant light from `direction` (object to light)."""
    light = unit(direction)
    shape = world.height.shape
    shading = np.empty(shape, np.uint16)
    if light[2] <= 0.02:
        return _unlit(world, shading)
    visible = _relief_visibility(world, light)
    sheen = np.zeros(world.gloss.shape, np.uint8)
    box = world.medallion_box
    for first in range(0, shape[0], BAND_ROWS):
        last = min(first + BAND_ROWS, shape[0])
        cosine, normal_z, half = _cosines(world, light, first, last)
        lit = _ball_visibility(world, light, first, last)
        lit *= visible[first:last] * np.float32(1 / 255)
        shading[first:last] = (np.clip(cosine, 0, None) * lit + np.float32(BOUNCE / 2) * (1 + normal_z)) * np.float32(
            SHADING_SCALE
        )
        top, bottom = max(first, box.top), min(last, box.bottom)
        if top < bottom:
            part = (slice(top - first, bottom - first), slice(box.left, box.right))
            strength = np.clip(half[part], 0, None) ** SHEEN_EXPONENT * lit[part] * (cosine[part] > 0)
            strength *= world.gloss[top - box.top : bottom - box.top] * np.float32(SHEEN_SCALE / GLOSS_SCALE)
            sheen[top - box.top : bottom - box.top] = np.clip(strength, 0, 255)
    _shade_balls(world, light, shading)
    return Layer(shading, sheen, _reflect(world, light, shading))


def render_ambient(world: World) -> Layer:
    """Render the scene under the even light of the room, darker in hollows and where the balls touch the table."""
    shape = world.height.shape
    shading = np.empty(shape, np.uint16)
    for first in range(0, shape[0], BAND_ROWS):
        last = min(first + BAND_ROWS, shape[0])
        dx, dy = slopes(world.height, world.grid.scale, first, last)
        open_sky = np.float32(0.5) * (1 + 1 / np.sqrt(1 + dx * dx + dy * dy))
        x, y = world.grid.coordinates(Box(0, first, world.grid.width, last))
        for ball in (world.layout.mirror, world.layout.matte):
            squared = (x - np.float32(ball.x)) ** 2 + (y - np.float32(ball.y)) ** 2 + np.float32(ball.radius**2)
            open_sky *= 1 - np.float32(ball.radius**3) / (squared * np.sqrt(squared))
        shading[first:last] = open_sky * np.float32(SHADING_SCALE)
    for ball, box in _balls(world):
        normal_z, cover = _ball_normal(world, ball, box)[2], coverage(world.grid, ball, box)
        _mix_shading(shading, box, np.float32(0.5) * (1 + normal_z), cover)
    sheen = np.zeros(world.gloss.shape, np.uint8)
    return Layer(shading, sheen, _reflect_room(world))


def _unlit(world: World, shading: NDArray[np.uint16]) -> Layer:
    """Return the layer of a lamp at or below the table: it lights nothing."""
    shading[:] = 0
    rows, columns = world.mirror_box.shape
    return Layer(shading, np.zeros(world.gloss.shape, np.uint8), np.zeros((rows, columns, 3), np.float16))


def _cosines(world: World, light: Vector, first: int, last: int) -> tuple[Floats, Floats, Floats]:
    """Return n.l, n_z and n.h (h halfway to the camera) of the ground for some rows."""
    dx, dy = slopes(world.height, world.grid.scale, first, last)
    inverse = 1 / np.sqrt(1 + dx * dx + dy * dy)
    x, y, z = (np.float32(value) for value in light)
    halfway = np.float32(1 / np.sqrt(2 + 2 * light[2]))
    cosine = np.asarray((z - dx * x - dy * y) * inverse, np.float32)
    return cosine, np.asarray(inverse, np.float32), np.asarray((cosine + inverse) * halfway, np.float32)


def _relief_visibility(world: World, light: Vector) -> NDArray[np.uint8]:
    """Return how much of the lamp each ground point sees past the relief, (H, W) in 255ths."""
    visible = np.full(world.height.shape, 255, np.uint8)
    flat = float(np.hypot(light[0], light[1]))
    if flat < 0.03:
        return visible
    for box, top in ((world.medallion_box, RELIEF_TOP), (world.dial_box, DIAL_THICKNESS + 0.01)):
        region = _shadow_region(world, box, light, top)
        rows, columns = region.slices
        height = world.height[rows, columns]
        shade = np.zeros(height.shape, np.uint8)
        elevation = np.arctan2(light[2], flat)
        for offset in (-0.62, 0.0, 0.62):
            slope = float(np.tan(np.clip(elevation + offset * LAMP_RADIUS, 0.03, 1.55)))
            edge = _shadow_edge(height, light[0] / flat, light[1] / flat, slope / world.grid.scale)
            for part in strips(height.shape[0]):
                under = edge[part] - height[part]
                shade[part] += (85 * smoothstep(0.7 / world.grid.scale, 2.6 / world.grid.scale, under)).astype(np.uint8)
        visible[rows, columns] -= np.minimum(shade, visible[rows, columns])
    return visible


def _shadow_region(world: World, box: Box, light: Vector, top: float) -> Box:
    """Return `box` grown in the direction that its shadow falls, for things `top` world units high."""
    reach = top / light[2] * world.grid.scale
    dx, dy = -light[0] * reach, light[1] * reach
    return Box(
        max(0, int(box.left + min(dx, 0)) - 2),
        max(0, int(box.top + min(dy, 0)) - 2),
        min(world.grid.width, int(box.right + max(dx, 0)) + 2),
        min(world.grid.height, int(box.bottom + max(dy, 0)) + 2),
    )


def _shadow_edge(height: Floats, x: float, y: float, drop: float) -> Floats:
    """Return for each point the height below which it is in shadow.

    (x, y) is the horizontal direction to the lamp with length 1, y up; `drop` is how far light sinks per pixel of way.
    """
    if abs(y) < abs(x):
        return np.ascontiguousarray(_shadow_edge(np.ascontiguousarray(height.T), -y, -x, drop).T)
    if y < 0:
        return _shadow_edge(height[::-1], x, -y, drop)[::-1]
    rows, columns = height.shape
    shear, sink = x / y, np.float32(drop / y)
    origin = int(np.ceil(max(0.0, -shear) * rows)) + 1
    front = np.full(columns + int(np.ceil(abs(shear) * rows)) + 4, -1, np.float32)
    edge = np.empty_like(height)
    for row in range(rows):
        whole, part = divmod(shear * row, 1)
        start = origin + int(whole)
        weight = np.float32(part)
        front -= sink
        here = front[start : start + columns + 1]
        line = height[row]
        np.maximum(here[1:-1], line[:-1] * weight + line[1:] * (1 - weight) if part else line[1:], out=here[1:-1])
        np.maximum(line, here[:-1] * (1 - weight) + here[1:] * weight, out=edge[row])
    return edge


def _balls(world: World) -> tuple[tuple[Ball, Box], tuple[Ball, Box]]:
    return (world.layout.matte, world.matte_box), (world.layout.mirror, world.mirror_box)


def _ball_visibility(world: World, light: Vector, first: int, last: int) -> Floats:
    """Return how much of the lamp the ground sees past the two balls, for some rows."""
    x, y = world.grid.coordinates(Box(0, first, world.grid.width, last))
    visible = np.ones((last - first, world.grid.width), np.float32)
    for ball, _ in _balls(world):
        lower, upper = _shadow_columns(world, ball, light, first, last)
        if lower < upper:
            columns = slice(lower, upper)
            visible[:, columns] *= _past_ball(ball, light, x[:, columns], y, world.height[first:last, columns])
    return visible


def _shadow_columns(world: World, ball: Ball, light: Vector, first: int, last: int) -> tuple[int, int]:
    """Return the range of columns that a ball's shadow can touch within some rows; empty if none."""
    reach = ball.radius / light[2] * 1.3 + 0.05
    fall = -ball.radius * light[:2] / light[2]
    left, _ = world.grid.pixel(ball.x + min(fall[0], 0) - reach, 0)
    right, _ = world.grid.pixel(ball.x + max(fall[0], 0) + reach, 0)
    _, top = world.grid.pixel(0, ball.y + max(fall[1], 0) + reach)
    _, bottom = world.grid.pixel(0, ball.y + min(fall[1], 0) - reach)
    if last < top or first > bottom:
        return 0, 0
    return max(0, int(left)), min(world.grid.width, int(right) + 1)


def _past_ball(ball: Ball, light: Vector, x: Floats, y: Floats, z: Floats | float) -> Floats:
    """Return how much of the lamp is seen from points past one ball: the ray's nearest distance against its radius."""
    to_x, to_y, to_z = np.float32(ball.x) - x, np.float32(ball.y) - y, np.float32(ball.radius) - z
    along = to_x * np.float32(light[0]) + to_y * np.float32(light[1]) + to_z * np.float32(light[2])
    squared = to_x * to_x + to_y * to_y + to_z * to_z - along * along
    distance = np.sqrt(np.clip(squared, 0, None))
    soft = np.maximum(along, 0) * np.float32(LAMP_RADIUS) + np.float32(0.002)
    t = np.clip((distance - np.float32(ball.radius)) / (2 * soft) + np.float32(0.5), 0, 1)
    return np.where(along > 0, t * t * (3 - 2 * t), np.float32(1))


def _ball_normal(world: World, ball: Ball, box: Box) -> tuple[Floats, Floats, Floats]:
    """Return the normal of a ball over its box; beyond the outline it lies in the image plane."""
    x, y = world.grid.coordinates(box)
    nx, ny = np.broadcast_arrays(
        (x - np.float32(ball.x)) / np.float32(ball.radius), (y - np.float32(ball.y)) / np.float32(ball.radius)
    )
    length = np.maximum(np.hypot(nx, ny), 1)
    nx, ny = nx / length, ny / length
    nz = np.sqrt(np.clip(1 - nx * nx - ny * ny, 0, None))
    return nx.astype(np.float32), ny.astype(np.float32), nz.astype(np.float32)


def _shade_balls(world: World, light: Vector, shading: NDArray[np.uint16]) -> None:
    """Draw the balls over the ground's shading; the mirror's part is covered later by its reflections."""
    for (ball, box), (other, _) in zip(_balls(world), reversed(_balls(world)), strict=True):
        nx, ny, nz = _ball_normal(world, ball, box)
        cosine = np.clip(nx * np.float32(light[0]) + ny * np.float32(light[1]) + nz * np.float32(light[2]), 0, None)
        x, y = world.grid.coordinates(box)
        cosine *= _past_ball(other, light, x, y, (1 + nz) * np.float32(ball.radius))
        _mix_shading(shading, box, cosine + np.float32(BOUNCE / 2) * (1 + nz), coverage(world.grid, ball, box))


def _mix_shading(shading: NDArray[np.uint16], box: Box, value: Floats, amount: Floats) -> None:
    part = shading[box.slices]
    part[:] = part * (1 - amount) + value * amount * np.float32(SHADING_SCALE)


@dataclass(frozen=True)
class _Rays:
    """Where the camera looks by way of the mirror ball: from the points x, y, z into the directions dx, dy, dz."""

    x: Floats
    y: Floats
    z: Floats
    dx: Floats
    dy: Floats
    dz: Floats


def _reflected_rays(world: World) -> _Rays:
    nx, ny, nz = _ball_normal(world, world.layout.mirror, world.mirror_box)
    x, y = world.grid.coordinates(world.mirror_box)
    return _Rays(x, y, (1 + nz) * np.float32(world.layout.mirror.radius), 2 * nz * nx, 2 * nz * ny, 2 * nz * nz - 1)


def _reflect(world: World, light: Vector, shading: NDArray[np.uint16]) -> NDArray[np.float16]:
    """Return what the mirror ball shows of one light: the lamp, its glow, the lit table, the matte ball."""
    rays = _reflected_rays(world)
    towards = rays.dx * np.float32(light[0]) + rays.dy * np.float32(light[1]) + rays.dz * np.float32(light[2])
    angle = np.arccos(np.clip(towards, -1, 1))
    lamp = np.float32(LAMP_RADIANCE) * smoothstep(LAMP_RADIUS * 1.25, LAMP_RADIUS * 0.75, angle)
    glow = np.float32(0.11) * np.exp(-angle * np.float32(2.6)) + np.float32(0.004)
    glow += np.float32(0.022) * np.clip(1 - rays.dz, 0, 1) ** 2
    sky = smoothstep(-0.02, 0.02, rays.dz)
    picture = (lamp + glow * sky)[..., None] * np.array((1, 0.985, 0.96), np.float32)
    picture += _table_in_mirror(world, rays, shading, float(light[2])) * (1 - sky)[..., None]
    hit, cosine = _matte_in_mirror(world, rays, light)
    picture += (np.float32(MATTE_REFLECTANCE) * cosine[..., None] - picture) * hit[..., None]
    return np.asarray(picture * np.float32(MIRROR_REFLECTANCE), np.float16)


def _table_in_mirror(world: World, rays: _Rays, shading: NDArray[np.uint16], beyond: float) -> Floats:
    """Look up where downward rays meet the table; outside the picture the table goes on evenly and fades."""
    way = np.minimum(rays.z / np.maximum(-rays.dz, np.float32(0.01)), 40)
    column, row = world.grid.pixel(0, 0)
    columns = (rays.x + rays.dx * way) * np.float32(world.grid.scale) + np.float32(column)
    rows = np.float32(row) - (rays.y + rays.dy * way) * np.float32(world.grid.scale)
    seen = (columns >= 0) & (columns < world.grid.width) & (rows >= 0) & (rows < world.grid.height)
    picture = _small_picture(world, shading)
    zoom = np.float32(picture.shape[1] / world.grid.width)
    at = (rows * zoom, columns * zoom)
    lit = np.stack([ndimage.map_coordinates(picture[..., i], at, order=1, mode="nearest") for i in range(3)], axis=-1)
    far = TABLE_REFLECTANCE * (np.float32(beyond) * np.exp(-way * np.float32(0.12)))[..., None]
    return np.where(seen[..., None], lit, far)


def _small_picture(world: World, shading: NDArray[np.uint16]) -> Floats:
    """Return the lit scene at a fraction of its size: the ball shrinks what it reflects, finer detail would flicker."""
    step = max(1, world.grid.width // MIRRORED_WIDTH)
    albedo = np.asarray(Image.fromarray(world.albedo).reduce(step), np.float32) / np.float32(255)
    light = Image.fromarray(shading[::2, ::2].astype(np.float32)).resize(albedo.shape[1::-1], Image.Resampling.BOX)
    return np.asarray(albedo**2 * (np.asarray(light) / np.float32(SHADING_SCALE))[..., None], np.float32)


def _matte_in_mirror(world: World, rays: _Rays, light: Vector) -> tuple[Floats, Floats]:
    """Return where reflected rays meet the matte ball (0 to 1) and its cosine to the light there."""
    ball = world.layout.matte
    squared_radius = np.float32(ball.radius**2)
    to_x, to_y, to_z = np.float32(ball.x) - rays.x, np.float32(ball.y) - rays.y, np.float32(ball.radius) - rays.z
    along = to_x * rays.dx + to_y * rays.dy + to_z * rays.dz
    squared = to_x * to_x + to_y * to_y + to_z * to_z - along * along
    hit = smoothstep(1.02, 0.98, squared / squared_radius) * (along > 0)
    way = along - np.sqrt(np.clip(squared_radius - squared, 0, None))
    nx, ny, nz = rays.dx * way - to_x, rays.dy * way - to_y, rays.dz * way - to_z
    dot = (nx * np.float32(light[0]) + ny * np.float32(light[1]) + nz * np.float32(light[2])) / np.float32(ball.radius)
    return np.asarray(hit, np.float32), np.clip(dot, 0, 1)


def _reflect_room(world: World) -> NDArray[np.float16]:
    """Return what the mirror ball shows with all lights off: a dark studio with a faint window high at the back."""
    rays = _reflected_rays(world)
    right, up = rays.dx, rays.dy
    window = smoothstep(0.30, 0.36, up) * smoothstep(0.74, 0.68, up)
    window *= smoothstep(-0.62, -0.56, right) * smoothstep(-0.02, -0.08, right)
    window *= smoothstep(0.012, 0.024, np.abs(up - np.float32(0.52)))
    window *= smoothstep(0.012, 0.024, np.abs(right + np.float32(0.32)))
    room = np.float32(0.16) + np.float32(0.5) * np.clip(rays.dz, 0, 1) + np.float32(2.4) * window * (rays.dz > 0)
    return np.asarray(room[..., None] * np.array((0.86, 0.95, 1.1), np.float32), np.float16)
