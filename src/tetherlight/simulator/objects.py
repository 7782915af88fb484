"""What stands on the table and where: layout, heights and reflectances of the scene at a given image size.

World units: the frame spans 3 x 2 units, x right, y up, z towards the camera, which looks straight down at the table
(z = 0). Pixel coordinates count pixel centres from 0, y down.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from tetherlight.simulator.relief import carve
from tetherlight.simulator.texture import Bytes, Floats, Noise, blend, pack, smoothstep, strips, unpack

TABLE_REFLECTANCE = np.array((0.047, 0.048, 0.052), np.float32)
MATTE_REFLECTANCE = 0.42
MIRROR_REFLECTANCE = 0.82
CARD_REFLECTANCE = 0.6
CARD_THICKNESS = 0.003
DIAL_THICKNESS = 0.03
GRAYS = (0.74, 0.50, 0.33, 0.19, 0.09, 0.035)


@dataclass(frozen=True)
class Ball:
    """A sphere that lies on the table: centre and radius in world units."""

    x: float
    y: float
    radius: float


@dataclass(frozen=True)
class Layout:
    """Where everything is, in world units, and how far the camera zooms in."""

    medallion: Ball
    mirror: Ball
    matte: Ball
    dial: Ball
    card: tuple[float, float, float, float]
    zoom: float = 1.0
    variant: int = 0


LAYOUTS = (
    Layout(
        medallion=Ball(-0.48, 0.0, 0.84),
        mirror=Ball(0.99, -0.21, 0.25),
        matte=Ball(0.99, 0.52, 0.25),
        dial=Ball(-1.35, 0.85, 0.115),
        card=(0.66, -0.93, 1.38, -0.77),
    ),
    Layout(
        medallion=Ball(0.47, -0.02, 0.82),
        mirror=Ball(-0.98, 0.51, 0.25),
        matte=Ball(-0.98, -0.21, 0.25),
        dial=Ball(1.35, 0.85, 0.115),
        card=(-1.37, -0.92, -0.65, -0.76),
        variant=1,
    ),
)
"""The views of the simulated cameras, by number; a further camera starts again with the first."""


@dataclass(frozen=True)
class Box:
    """A part of the image in pixels: rows top..bottom and columns left..right, ends excluded."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns for indexing an array."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns inside."""
        return self.bottom - self.top, self.right - self.left


@dataclass(frozen=True)
class Grid:
    """The pixels of one image size over the world: `scale` pixels per unit, the world's origin in the middle."""

    width: int
    height: int
    scale: float

    @classmethod
    def fit(cls, width: int, height: int, zoom: float = 1.0) -> Grid:
        """Return the grid that shows the whole 3 x 2 frame in an image of any proportions."""
        return cls(width, height, min(width / 3, height / 2) * zoom)

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        """Return the pixel coordinates of a point of the table."""
        return x * self.scale + (self.width - 1) / 2, (self.height - 1) / 2 - y * self.scale

    def box(self, ball: Ball, margin: float = 0.0) -> Box:
        """Return the part of the image around a ball, widened by `margin` world units and two pixels."""
        cx, cy = self.pixel(ball.x, ball.y)
        reach = (ball.radius + margin) * self.scale + 2
        left, right = (int(np.clip(round(cx + side), 0, self.width)) for side in (-reach, reach + 1))
        top, bottom = (int(np.clip(round(cy + side), 0, self.height)) for side in (-reach, reach + 1))
        return Box(left, top, right, bottom)

    def coordinates(self, box: Box) -> tuple[Floats, Floats]:
        """Return world x of the box's columns (1, w) and world y of its rows (h, 1)."""
        columns = (np.arange(box.left, box.right, dtype=np.float32) - np.float32((self.width - 1) / 2)) / np.float32(
            self.scale
        )
        rows = (np.float32((self.height - 1) / 2) - np.arange(box.top, box.bottom, dtype=np.float32)) / np.float32(
            self.scale
        )
        return columns[None, :], rows[:, None]


@dataclass(frozen=True)
class World:
    """The scene at one image size, before any light: all that a light's layer is computed from.

    `height` (H, W) is the ground without the two balls, in world units; `albedo` (H, W, 3) is packed reflectance, the
    balls and the lens's fall-off towards the corners included. `gloss` and `inside` (h, w) cover `medallion_box`: how
    strong highlights are there, and which pixels show the medallion.
    """

    grid: Grid
    layout: Layout
    height: Floats
    albedo: Bytes
    gloss: Bytes
    inside: NDArray[np.bool_]
    medallion_box: Box
    dial_box: Box
    mirror_box: Box
    matte_box: Box


def build_world(width: int, height: int, viewpoint: int = 0) -> World:
    """Build the scene for an image of `width` x `height` pixels: a blink for live view, a second or two for 6 MP."""
    layout = LAYOUTS[viewpoint % len(LAYOUTS)]
    grid = Grid.fit(width, height, layout.zoom)
    ground, albedo = _table(grid)
    box, inside, gloss = _lay_medallion(grid, layout, ground, albedo)
    dial_box = _lay_dial(grid, layout.dial, ground, albedo)
    _lay_card(grid, layout.card, ground, albedo)
    matte_box, mirror_box = grid.box(layout.matte), grid.box(layout.mirror)
    matte = unpack(albedo[matte_box.slices])
    blend(matte, (MATTE_REFLECTANCE,) * 3, coverage(grid, layout.matte, matte_box))
    albedo[matte_box.slices] = pack(matte)
    _darken_corners(grid, albedo)
    return World(grid, layout, ground, albedo, gloss, inside, box, dial_box, mirror_box, matte_box)


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


def _lay_medallion(grid: Grid, layout: Layout, ground: Floats, albedo: Bytes) -> tuple[Box, NDArray[np.bool_], Bytes]:
    """Put the medallion onto the table and return its box, which pixels of the box it covers, and its gloss."""
    ball = layout.medallion
    size = round(2 * ball.radius * grid.scale)
    carving = carve(size, layout.variant)
    cx, cy = grid.pixel(ball.x, ball.y)
    left, top = round(cx - (size - 1) / 2), round(cy - (size - 1) / 2)
    box = Box(left, top, left + size, top + size)
    rows, columns = box.slices
    np.copyto(ground[rows, columns], carving.height * np.float32(ball.radius), where=carving.inside)
    np.copyto(albedo[rows, columns], carving.albedo, where=(carving.cover == 255)[..., None])
    rim = (carving.cover > 0) & (carving.cover < 255)
    around = unpack(albedo[rows, columns][rim])
    blend(around, unpack(carving.albedo[rim]), np.asarray(carving.cover[rim] / np.float32(255), np.float32))
    albedo[rows, columns][rim] = pack(around)
    return box, carving.inside, carving.gloss * carving.inside


def _lay_dial(grid: Grid, dial: Ball, ground: Floats, albedo: Bytes) -> Box:
    """Put the dial of the running clock onto the table: a dark disc with a metal ring and light marks."""
    box = grid.box(dial, margin=0.01)
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
    return box


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


def coverage(grid: Grid, ball: Ball, box: Box) -> Floats:
    """Return how much of each pixel of `box` a ball covers, 0 to 1."""
    x, y = grid.coordinates(box)
    distance = np.hypot(x - np.float32(ball.x), y - np.float32(ball.y)) * np.float32(grid.scale)
    return np.asarray(np.clip(np.float32(ball.radius * grid.scale + 0.5) - distance, 0, 1), np.float32)
