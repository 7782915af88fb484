"""What stands on the table and where: layout, heights and reflectances of the scene at a given image size.

World units: the frame spans 3 x 2 units, x right, y up, z towards the camera, which looks straight down at the table
(z = 0). Pixel coordinates count pixel centres from 0, y down.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tetherlight.simulator.texture import Bytes, Floats

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
class Plan:
    """What is known of an image before anything is rendered: its grid and where each thing is in it."""

    grid: Grid
    layout: Layout
    medallion_box: Box
    dial_box: Box
    mirror_box: Box
    matte_box: Box

    @classmethod
    def draw(cls, width: int, height: int, viewpoint: int = 0) -> Plan:
        """Lay the scene out for an image of `width` x `height` pixels."""
        layout = LAYOUTS[viewpoint % len(LAYOUTS)]
        grid = Grid.fit(width, height, layout.zoom)
        size = round(2 * layout.medallion.radius * grid.scale)
        cx, cy = grid.pixel(layout.medallion.x, layout.medallion.y)
        left, top = round(cx - (size - 1) / 2), round(cy - (size - 1) / 2)
        medallion = Box(left, top, left + size, top + size)
        dial = grid.box(layout.dial, margin=0.01)
        return cls(grid, layout, medallion, dial, grid.box(layout.mirror), grid.box(layout.matte))


@dataclass(frozen=True)
class World(Plan):
    """The scene at one image size, before any light: all that a light's layer is computed from.

    `height` (H, W) is the ground without the two balls, in world units; `albedo` (H, W, 3) is packed reflectance, the
    balls and the lens's fall-off towards the corners included. `gloss` and `inside` (h, w) cover `medallion_box`: how
    strong highlights are there, and which pixels show the medallion.
    """

    height: Floats
    albedo: Bytes
    gloss: Bytes
    inside: NDArray[np.bool_]


def coverage(grid: Grid, ball: Ball, box: Box) -> Floats:
    """Return how much of each pixel of `box` a ball covers, 0 to 1."""
    x, y = grid.coordinates(box)
    distance = np.hypot(x - np.float32(ball.x), y - np.float32(ball.y)) * np.float32(grid.scale)
    return np.asarray(np.clip(np.float32(ball.radius * grid.scale + 0.5) - distance, 0, 1), np.float32)


def surface(world: World) -> Floats:
    """Return the height (H, W) in world units on which a lens must focus to see each pixel sharply.

    What a mirror ball shows of things far away lies half a radius below its top.
    """
    height = world.height.copy()
    for ball, box in ((world.layout.matte, world.matte_box), (world.layout.mirror, world.mirror_box)):
        x, y = world.grid.coordinates(box)
        squared = ((x - np.float32(ball.x)) ** 2 + (y - np.float32(ball.y)) ** 2) / np.float32(ball.radius**2)
        top = 1 + np.sqrt(np.clip(1 - squared, 0, None)) if ball is world.layout.matte else np.full_like(squared, 1.5)
        np.copyto(height[box.slices], top * np.float32(ball.radius), where=squared < 1)
    return height


def slopes(height: Floats, scale: float, first: int, last: int) -> tuple[Floats, Floats]:
    """Return the slopes dz/dx and dz/dy (y up) of rows first..last of a height map with `scale` pixels per unit."""
    half = np.float32(scale / 2)
    rows = np.clip(np.arange(first - 1, last + 1), 0, height.shape[0] - 1)
    part = height[rows[0] : rows[-1] + 1]
    part = np.pad(part, ((int(first == 0), int(last == height.shape[0])), (1, 1)), mode="edge")
    return (part[1:-1, 2:] - part[1:-1, :-2]) * half, (part[:-2, 1:-1] - part[2:, 1:-1]) * half
