"""The scene without light, built for an image of any size: heights and reflectances of all that stands on the table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from tetherlight.simulator.noise import Noise
from tetherlight.simulator.objects import (
    CARD_REFLECTANCE,
    CARD_THICKNESS,
    DIAL_THICKNESS,
    GRAYS,
    MATTE_REFLECTANCE,
    TABLE_REFLECTANCE,
    Box,
    Grid,
    Plan,
    World,
    coverage,
)
from tetherlight.simulator.relief import carve
from tetherlight.simulator.texture import Bytes, Floats, blend, pack, smoothstep, strips, unpack


def build_world(width: int, height: int, viewpoint: int = 0) -> World:
    """Build the scene for an image of `width` x `height` pixels: a blink for live view, a second or two for 6 MP."""
    plan = Plan.draw(width, height, viewpoint)
    grid, layout = plan.grid, plan.layout
    ground, albedo = _table(grid)
    inside, gloss = _lay_medallion(plan, ground, albedo)
    _lay_dial(plan, ground, albedo)
    _lay_card(grid, layout.card, ground, albedo)
    matte = unpack(albedo[plan.matte_box.slices])
    blend(matte, (MATTE_REFLECTANCE,) * 3, coverage(grid, layout.matte, plan.matte_box))
    albedo[plan.matte_box.slices] = pack(matte)
    _darken_corners(grid, albedo)
    return World(**vars(plan), height=ground, albedo=albedo, gloss=gloss, inside=inside)


def _table(grid: Grid) -> tuple[Floats, Bytes]:
    """Return height and reflectance of the bare table: dark slate, faintly uneven."""
    shape = grid.height, grid.width
    clouds, grains = Noise(shape, 6, 4, seed=41), Noise(shape, 220, 3, seed=42, roughness=0.7)
    ground, albedo = np.empty(shape, np.float32), np.empty((*shape, 3), np.uint8)
    for rows in strips(grid.height):
        cloud, grain = clouds[rows], grains[rows]
        ground[rows] = grain * np.float32(0.00022) + cloud * np.float32(0.0007)
        tone = 1 + np.float32(0.10) * cloud + np.float32(0.07) * grain
        albedo[rows] = pack(tone[..., None] * TABLE_REFLECTANCE)
    return ground, albedo


def _lay_medallion(plan: Plan, ground: Floats, albedo: Bytes) -> tuple[NDArray[np.bool_], Bytes]:
    """Put the medallion onto the table and return which pixels of its box it covers, and its gloss."""
    rows, columns = plan.medallion_box.slices
    carving = carve(plan.medallion_box.shape[0], plan.layout.variant)
    np.copyto(ground[rows, columns], carving.height * np.float32(plan.layout.medallion.radius), where=carving.inside)
    np.copyto(albedo[rows, columns], carving.albedo, where=(carving.cover == 255)[..., None])
    rim = (carving.cover > 0) & (carving.cover < 255)
    around = unpack(albedo[rows, columns][rim])
    blend(around, unpack(carving.albedo[rim]), np.asarray(carving.cover[rim] / np.float32(255), np.float32))
    albedo[rows, columns][rim] = pack(around)
    return carving.inside, carving.gloss * carving.inside


def _lay_dial(plan: Plan, ground: Floats, albedo: Bytes) -> None:
    """Put the dial of the running clock onto the table: a dark disc with a metal ring and light marks."""
    grid, dial, box = plan.grid, plan.layout.dial, plan.dial_box
    x, y = grid.coordinates(box)
    radius = np.hypot(x - np.float32(dial.x), y - np.float32(dial.y)) / np.float32(dial.radius)
    angle = np.arctan2(y - np.float32(dial.y), x - np.float32(dial.x))
    soft = 1.2 / (dial.radius * grid.scale)
    ring = np.clip(1 - ((radius - np.float32(0.945)) / np.float32(0.055)) ** 2, 0, None)
    height = np.float32(DIAL_THICKNESS) * smoothstep(1.0, 0.95, radius) + np.float32(0.008) * ring
    np.copyto(ground[box.slices], np.asarray(height, np.float32), where=radius < 1)
    face = unpack(albedo[box.slices])
    blend(face, (0.055, 0.058, 0.066), smoothstep(1.0 + soft, 1.0, radius))
    metal = smoothstep(0.89 - soft, 0.89 + soft, radius) * smoothstep(1.0 + soft, 1.0, radius)
    blend(face, (0.36, 0.34, 0.31), metal)
    for count, inner, half in ((60, 0.80, 0.010), (12, 0.71, 0.020)):
        turn = 2 * np.pi / count
        off = np.abs(np.mod(angle + np.float32(turn / 2), np.float32(turn)) - np.float32(turn / 2)) * radius
        across = smoothstep(half + soft, max(half - soft, 0), off)
        along = smoothstep(inner - soft, inner + soft, radius) * smoothstep(0.85 + soft, 0.85, radius)
        blend(face, (0.46, 0.46, 0.44), across * along)
    albedo[box.slices] = pack(face)


def _lay_card(grid: Grid, card: tuple[float, float, float, float], ground: Floats, albedo: Bytes) -> None:
    """Lay the scale card down: a checked bar and six grays from white to black."""
    left, bottom, right, top = card
    width, height = round((right - left) * grid.scale), round((top - bottom) * grid.scale)
    fine = 4
    image = Image.new("F", (width * fine, height * fine), CARD_REFLECTANCE)
    draw = ImageDraw.Draw(image)
    unit = width * fine / 100
    for index in range(10):
        x = (5 + 9 * index) * unit
        tones = (GRAYS[-1], GRAYS[0]) if index % 2 == 0 else (GRAYS[0], GRAYS[-1])
        for tone, upper in zip(tones, (3, 5.2), strict=True):
            draw.rectangle((x, upper * unit, x + 9 * unit, (upper + 2.2) * unit), fill=tone)
    for index, gray in enumerate(GRAYS):
        x = (5 + 15 * index) * unit
        draw.rectangle((x, 9.8 * unit, x + 15 * unit, 19 * unit), fill=gray)
    x0, y0 = (round(value) for value in grid.pixel(left, top))
    shades = pack(np.asarray(image.resize((width, height), Image.Resampling.BOX), np.float32))
    ground[y0 : y0 + height, x0 : x0 + width] = CARD_THICKNESS
    part = albedo[y0 : y0 + height, x0 : x0 + width]
    part[:] = shades[: part.shape[0], : part.shape[1], None]


def _darken_corners(grid: Grid, albedo: Bytes) -> None:
    """Let the lens lose a little light towards the corners."""
    x, y = grid.coordinates(Box(0, 0, grid.width, grid.height))
    for rows in strips(grid.height):
        # The packed values are square roots, so the fall-off with its square is applied as it is.
        albedo[rows] = albedo[rows] / (1 + np.float32(0.045) * (x * x + y[rows] * y[rows]))[..., None] + np.float32(0.5)
