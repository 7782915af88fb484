"""The object on the table: a limestone medallion with an ammonite, an inscription and some centuries of wear.

Everything is procedural and independent of resolution. Lengths are in medallion radii.
Slopes stay mostly below 45 degrees, as in a real bas-relief, so that every light reaches nearly every point.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from tetherlight.simulator.noise import Noise
from tetherlight.simulator.texture import Bytes, Floats, blend, pack, smoothstep, strips

PLATE = 0.062
EDGE = 0.94
RIM = (0.905, 0.034, 0.013)
BAND = (0.735, 0.868)
BEADS = (0.705, 0.0165, 0.0068, 84)
FIELD = 0.672
SHELL_RADIUS = 0.625
WHORL_RATIO = 1.72
RIBS = 38
APERTURE = -0.62
SHELL_CENTRE = (0.02, 0.075)
STOP = "*"

GLOSS_SCALE = 255 / 0.05
TURNS = (0.0, 0.7)
INSCRIPTIONS = ("TETHERLIGHT*LVX*VMBRA*FORMA*VERITAS*", "TETHERLIGHT*SOL*SILEX*SPIRA*MEMORIA*")

LIMESTONE = np.array((0.60, 0.525, 0.42), np.float32)
OCHRE = np.array((0.50, 0.335, 0.17), np.float32)
FOSSIL = np.array((0.32, 0.222, 0.145), np.float32)
PYRITE = np.array((0.53, 0.40, 0.235), np.float32)
PIGMENT = np.array((0.33, 0.085, 0.05), np.float32)
DIRT = np.array((0.20, 0.165, 0.125), np.float32)


@dataclass(frozen=True)
class Carving:
    """The medallion on its own square grid, row 0 at the top: all arrays (n, n), colour (n, n, 3).

    `height` is in medallion radii above the table, `albedo` is packed reflectance, `gloss` the strength of the
    highlight in `GLOSS_SCALE`ths; `cover` is how much of a pixel is stone, in 255ths, `inside` whether its middle is.
    """

    height: Floats
    albedo: Bytes
    gloss: Bytes
    cover: Bytes
    inside: NDArray[np.bool_]


@dataclass(frozen=True)
class _Strip:
    """Some rows of the medallion's grid: position, radius, angle, and `edge`, 1 at the worn outline."""

    rows: slice
    x: Floats
    y: Floats
    radius: Floats
    angle: Floats
    edge: Floats


@dataclass(frozen=True)
class _Marks:
    """What colour follows besides height: depth of letters, the shell's coverage and growth, the crack; each (n, n)."""

    letters: Floats
    shell: Floats
    growth: Floats
    crack: Floats


def carve(size: int, variant: int = 0) -> Carving:
    """Carve the medallion into a grid of `size` x `size` pixels that spans two medallion radii.

    `variant` turns the stone and changes its inscription, so that a second camera has something of its own to look at.
    """
    shape = size, size
    outline = Noise(shape, 6, 4, seed=11 + variant)
    letters, shell, growth = (np.empty(shape, np.float32) for _ in range(3))
    marks = _Marks(letters, shell, growth, _crack(size, seed=5 + variant))
    height = np.empty(shape, np.float32)
    wear = _Wear(size, variant)
    for rows in strips(size):
        strip = _strip(size, rows, variant, outline)
        ammonite, shell[rows], growth[rows] = _ammonite(strip)
        letters[rows] = _letters(strip, size, INSCRIPTIONS[variant % len(INSCRIPTIONS)])
        height[rows] = _plate(strip) + _ornament(strip) + ammonite - letters[rows]
        height[rows] += wear[strip] - np.float32(0.010) * marks.crack[rows]
    ndimage.gaussian_filter(height, max(0.35, size * 0.0006), output=height)
    np.maximum(height, 0, out=height)
    hollows = ndimage.gaussian_filter(height, size * 0.007)
    hollows -= height
    paint = _Paint(size, variant)
    gloss, cover = (np.empty(shape, np.uint8) for _ in range(2))
    carving = Carving(height, np.empty((*shape, 3), np.uint8), gloss, cover, np.empty(shape, np.bool_))
    for rows in strips(size):
        strip = _strip(size, rows, variant, outline)
        colour, shine = paint.mix(strip, marks, hollows[rows])
        carving.albedo[rows] = pack(colour)
        gloss[rows] = np.clip(shine * np.float32(GLOSS_SCALE), 0, 255)
        cover[rows] = np.clip((1 - strip.edge) * np.float32(size / 2) + np.float32(0.5), 0, 1) * 255
        carving.inside[rows] = strip.edge < 1
    height *= carving.inside
    return carving


def _strip(size: int, rows: slice, variant: int, outline: Noise) -> _Strip:
    axis = ((np.arange(size, dtype=np.float32) + np.float32(0.5)) / np.float32(size) * 2 - 1).astype(np.float32)
    across, up = np.meshgrid(axis, -axis[rows])
    turn = TURNS[variant % len(TURNS)]
    cosine, sine = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    x, y = cosine * across - sine * up, sine * across + cosine * up
    radius = np.hypot(x, y)
    edge = radius * np.float32(1.012) + np.float32(0.004) * outline[rows]
    return _Strip(rows, x, y, radius, np.mod(np.arctan2(y, x), np.float32(2 * np.pi)), edge)


def _plate(strip: _Strip) -> Floats:
    """Return the blank: a plate with a rounded shoulder, a rim and a slightly hollow field."""
    shoulder = np.clip((1 - strip.edge) / np.float32(1 - EDGE), 0, 1)
    body = np.float32(PLATE) * (1 - (1 - shoulder) ** 2)
    centre, half, rise = RIM
    rim = np.float32(rise) * np.clip(1 - ((strip.radius - centre) / half) ** 2, 0, None)
    hollow = np.float32(0.011) * smoothstep(BAND[0] - 0.055, FIELD - 0.03, strip.radius)
    return np.asarray(body + rim - hollow, np.float32)


def _ornament(strip: _Strip) -> Floats:
    """Return the beaded circle and the fine line between the field and the inscription."""
    radius, half, rise, count = BEADS
    place = strip.angle * np.float32(count / (2 * np.pi))
    along = (place - np.floor(place) - np.float32(0.5)) * np.float32(2 * np.pi * radius / count)
    squared = (along**2 + (strip.radius - np.float32(radius)) ** 2) / np.float32(half**2)
    beads = np.float32(rise) * np.clip(1 - squared, 0, None)
    line = np.float32(0.0035) * np.clip(1 - ((strip.radius - np.float32(BAND[0])) / np.float32(0.008)) ** 2, 0, None)
    return np.asarray(beads + line, np.float32)


@lru_cache(maxsize=4)
def _unrolled(text: str, width: int) -> Floats:
    """Return the depth of V-cut letters on an unrolled band, in medallion radii; the band is `width` pixels around."""
    circumference = np.pi * (BAND[0] + BAND[1])
    height = max(8, round(width * (BAND[1] - BAND[0]) / circumference))
    font = ImageFont.load_default(size=height * 0.98)
    stroke = max(1, round(height * 0.03))
    advances = [height * 0.5 if letter == STOP else font.getlength(letter) for letter in text]
    gap = (width - sum(advances)) / len(text)
    image = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(image)
    left = gap / 2
    for letter, advance in zip(text, advances, strict=True):
        if letter == STOP:
            _draw_stop(draw, left + advance / 2, height / 2, height * 0.17)
        else:
            draw.text((left, height * 0.51), letter, fill=255, font=font, anchor="lm", stroke_width=stroke)
        left += advance + gap
    distance = ndimage.distance_transform_edt(np.asarray(image) > 110).astype(np.float32)
    return np.asarray(
        np.minimum(distance * np.float32(circumference / width) * np.float32(0.72), np.float32(0.011)), np.float32
    )


def _draw_stop(draw: ImageDraw.ImageDraw, x: float, y: float, reach: float) -> None:
    """Draw the four-pointed star that separates words."""
    waist = reach * 0.36
    star = [
        (0, -reach),
        (waist, -waist),
        (reach, 0),
        (waist, waist),
        (0, reach),
        (-waist, waist),
        (-reach, 0),
        (-waist, -waist),
    ]
    draw.polygon([(x + dx, y + dy) for dx, dy in star], fill=255)


def _letters(strip: _Strip, size: int, text: str) -> Floats:
    """Return the depth of the inscription that runs clockwise around the band."""
    band = _unrolled(text, min(6000, max(900, round(size * 2.7))))
    inside = (strip.radius > BAND[0]) & (strip.radius < BAND[1])
    radius, angle = strip.radius[inside], strip.angle[inside]
    across = (np.float32(BAND[1]) - radius) / np.float32(BAND[1] - BAND[0]) * band.shape[0] - np.float32(0.5)
    turned = np.mod(np.float32(2.83) - angle, np.float32(2 * np.pi))
    along = turned / np.float32(2 * np.pi) * band.shape[1] - np.float32(0.5)
    depth = np.zeros_like(strip.x)
    depth[inside] = ndimage.map_coordinates(band, (across, along), order=1, mode="grid-wrap")
    return depth


def _ammonite(strip: _Strip) -> tuple[Floats, Floats, Floats]:
    """Return height, coverage (0 to 1) and growth (turns before the opening) of a coiled shell with forked ribs."""
    log_ratio = np.float32(np.log(WHORL_RATIO))
    x, y = strip.x - np.float32(SHELL_CENTRE[0]), strip.y - np.float32(SHELL_CENTRE[1])
    radius = np.maximum(np.hypot(x, y), np.float32(0.004))
    angle = np.mod(np.arctan2(y, x) - np.float32(APERTURE), np.float32(2 * np.pi))
    outline = np.float32(SHELL_RADIUS) * np.exp(log_ratio * (angle / np.float32(2 * np.pi) - 1))
    depth = np.log(outline / radius) / log_ratio
    whorl = np.floor(depth)
    inward = depth - whorl
    across = 1 - inward
    grown = angle / np.float32(2 * np.pi) - whorl
    outer = outline * np.exp(-log_ratio * whorl)
    width = outer * np.float32(1 - 1 / WHORL_RATIO)
    opening = smoothstep(0.0, 0.035, 1 - grown)
    covered = (whorl >= 0).astype(np.float32) * opening * smoothstep(0.001, 0.009, radius)
    tube = 1 - np.abs(2 * across - 1) ** np.float32(2.3)
    ribs = _ribs(grown * np.float32(2 * np.pi), across) * outer
    envelope = np.clip(tube, 0, 1) ** np.float32(0.7)
    height = width * np.float32(0.19) * tube + ribs * envelope
    return np.asarray(height * covered, np.float32), covered, np.asarray(grown, np.float32)


def _ribs(phase: Floats, across: Floats) -> Floats:
    """Return ribs that lean forward over the flank and fork into two near the outer edge."""
    leaning = phase * np.float32(RIBS) - np.float32(3.4) * across * across + np.float32(1.2) * across
    single = np.cos(leaning)
    forked = np.cos(2 * leaning) * np.float32(0.62)
    fork = smoothstep(0.48, 0.66, across)
    return np.asarray((single + (forked - single) * fork) * np.float32(0.0088), np.float32)


class _Wear:
    """Weathering: grain, broad unevenness and pits."""

    def __init__(self, size: int, variant: int) -> None:
        self._grain = Noise((size, size), 40, 6, seed=21 + variant, roughness=0.62)
        self._broad = Noise((size, size), 5, 3, seed=22 + variant)
        self._pits = Noise((size, size), 110, 2, seed=23 + variant)

    def __getitem__(self, strip: _Strip) -> Floats:
        """Return what time has added and taken, in medallion radii; it fades at the outline."""
        pits = np.clip(self._pits[strip.rows] - np.float32(1.55), 0, 1) * np.float32(2.2)
        rough = self._grain[strip.rows] * np.float32(0.55) + self._broad[strip.rows] * np.float32(1.5) - pits
        return np.asarray(rough * smoothstep(1.0, 0.96, strip.edge) * np.float32(0.0016), np.float32)


def _crack(size: int, seed: int) -> Floats:
    """Return a hairline crack, 1 at its bottom, that wanders from the rim into the field."""
    rng = np.random.default_rng(seed)
    fine = Image.new("L", (size, size), 0)
    draw = ImageDraw.Draw(fine)
    for start, steps in ((2.25, 34), (2.12, 12)):
        heading = start + np.pi + 0.15
        point = np.array((np.cos(start), np.sin(start))) * 1.0
        for step in range(steps):
            heading += rng.normal(0, 0.30) - 0.02
            following = point + 0.021 * np.array((np.cos(heading), np.sin(heading)))
            pixels = [((p[0] + 1) * size / 2, (1 - p[1]) * size / 2) for p in (point, following)]
            draw.line(
                [xy for pixel in pixels for xy in pixel],
                fill=255,
                width=max(1, round(size * 0.0034 * (1 - 0.7 * step / steps))),
            )
            point = following
    blurred = ndimage.gaussian_filter(np.asarray(fine, np.float32) / np.float32(255), size * 0.0011)
    return np.asarray(blurred, np.float32)


class _Paint:
    """The stone's colours: stained limestone, a darker fossil, dirt in hollows, traces of red in the letters."""

    def __init__(self, size: int, variant: int) -> None:
        self._stains = Noise((size, size), 4, 5, seed=31 + variant, roughness=0.55)
        self._speckle = Noise((size, size), 90, 4, seed=32 + variant, roughness=0.75)

    def mix(self, strip: _Strip, marks: _Marks, hollows: Floats) -> tuple[Floats, Floats]:
        """Return linear reflectance (h, n, 3) and gloss (h, n); `hollows` tells how deep pixels lie."""
        rows = strip.rows
        stains, speckle = self._stains[rows], self._speckle[rows]
        colour = LIMESTONE * (1 + np.float32(0.07) * stains + np.float32(0.045) * speckle)[..., None]
        blend(colour, OCHRE, smoothstep(0.35, 2.2, stains) * np.float32(0.55))
        lustre = np.float32(0.5) + np.float32(0.5) * np.sin(
            marks.growth[rows] * np.float32(23) + stains * np.float32(1.6)
        )
        fossil = FOSSIL + (PYRITE - FOSSIL) * (lustre * np.float32(0.55) + np.float32(0.10) * speckle)[..., None]
        blend(colour, fossil, smoothstep(0.1, 0.7, marks.shell[rows]) * np.float32(0.92))
        rubbed = np.clip(np.float32(0.72) + np.float32(0.22) * stains + np.float32(0.12) * speckle, 0.1, 0.95)
        blend(colour, PIGMENT, smoothstep(0.0008, 0.004, marks.letters[rows]) * rubbed)
        depth = np.clip(hollows * np.float32(150), -0.35, 1)
        blend(colour, DIRT, np.clip(depth, 0, 1) * np.float32(0.55))
        colour *= (1 + np.clip(-depth, 0, 1) * np.float32(0.30))[..., None]
        blend(colour, DIRT * np.float32(0.5), np.clip(marks.crack[rows] * np.float32(1.1), 0, 0.9))
        blend(colour, DIRT, smoothstep(0.965, 1.0, strip.edge) * np.float32(0.35))
        gloss = np.float32(0.006) + marks.shell[rows] * np.float32(0.038) * (np.float32(0.6) + np.float32(0.4) * lustre)
        return np.clip(colour, 0.02, 0.9), np.asarray(gloss, np.float32)
