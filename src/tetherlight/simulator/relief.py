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

Floats = NDArray[np.float32]

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

    `height` is in medallion radii above the table, `albedo` is linear reflectance, `gloss` the strength of the
    highlight; `inside` tells which pixels belong to the object and `cover` how much of each it covers.
    """

    height: Floats
    albedo: Floats
    gloss: Floats
    inside: NDArray[np.bool_]
    cover: Floats


@dataclass(frozen=True)
class _Polar:
    """Coordinates of the medallion's grid: position, radius and angle of each pixel."""

    x: Floats
    y: Floats
    radius: Floats
    angle: Floats


def smoothstep(low: float, high: float, value: Floats) -> Floats:
    """Return 0 below `low`, 1 above `high` and a smooth cubic between; `low` may be greater than `high`."""
    t = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def noise(shape: tuple[int, int], cells: float, octaves: int, seed: int, roughness: float = 0.5) -> Floats:
    """Return fractal noise of about unit amplitude; the same seed shows the same pattern at each resolution.

    `cells` counts the lattice cells along the longer side in the first octave; finer octaves than two pixels are left out.
    """
    longest = max(shape)
    total = np.zeros(shape, np.float32)
    amplitude = 1.0
    for octave in range(octaves):
        count = round(cells * 2**octave)
        if count * 2 > longest and octave:
            break
        rows, columns = (max(1, round(count * side / longest)) for side in shape)
        lattice = np.random.default_rng((seed, octave)).standard_normal((rows + 1, columns + 1)).astype(np.float32)
        patch = Image.fromarray(lattice).resize(
            (shape[1], shape[0]), Image.Resampling.BICUBIC, (0.5, 0.5, columns + 0.5, rows + 0.5)
        )
        total += np.float32(amplitude) * np.asarray(patch, np.float32)
        amplitude *= roughness
    return total


def carve(size: int, variant: int = 0) -> Carving:
    """Carve the medallion into a grid of `size` x `size` pixels that spans two medallion radii.

    `variant` turns the stone and changes its inscription, so that a second camera has something of its own to look at.
    """
    polar = _polar(size, turn=0.0 if variant == 0 else 0.7)
    wobble = np.float32(0.004) * noise((size, size), 6, 4, seed=11 + variant)
    edge = polar.radius * np.float32(1.012) + wobble
    letters = _letters(polar, INSCRIPTIONS[variant % len(INSCRIPTIONS)])
    shell, shell_amount, growth = _ammonite(polar)
    crack = _crack(size, seed=5 + variant)
    relief = _plate(polar, edge) + _ornament(polar) - letters + shell
    worn = relief + _wear(size, edge, variant) * np.float32(0.0016)
    worn -= np.float32(0.010) * crack
    rounded = ndimage.gaussian_filter(worn, max(0.35, size * 0.0006))
    height = np.where(edge < 1, np.maximum(rounded, 0), np.float32(0))
    albedo, gloss = _colours(height, edge, letters, shell_amount, growth, crack, variant)
    cover = np.clip((1 - edge) * np.float32(size / 2) + np.float32(0.5), 0, 1)
    return Carving(height, albedo, gloss, edge < 1.0, cover)


def _polar(size: int, turn: float) -> _Polar:
    axis = ((np.arange(size, dtype=np.float32) + np.float32(0.5)) / np.float32(size) * 2 - 1).astype(np.float32)
    across, up = np.meshgrid(axis, -axis)
    cosine, sine = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    x, y = cosine * across - sine * up, sine * across + cosine * up
    return _Polar(x, y, np.hypot(x, y), np.mod(np.arctan2(y, x), np.float32(2 * np.pi)))


def _plate(polar: _Polar, edge: Floats) -> Floats:
    """Return the blank: a plate with a rounded shoulder, a rim and a slightly hollow field."""
    shoulder = np.clip((1 - edge) / np.float32(1 - EDGE), 0, 1)
    body = np.float32(PLATE) * (1 - (1 - shoulder) ** 2)
    centre, half, rise = RIM
    rim = np.float32(rise) * np.clip(1 - ((polar.radius - centre) / half) ** 2, 0, None)
    hollow = np.float32(0.011) * smoothstep(BAND[0] - 0.055, FIELD - 0.03, polar.radius)
    return np.asarray(body + rim - hollow, np.float32)


def _ornament(polar: _Polar) -> Floats:
    """Return the beaded circle and the fine line between the field and the inscription."""
    radius, half, rise, count = BEADS
    place = polar.angle * np.float32(count / (2 * np.pi))
    along = (place - np.floor(place) - np.float32(0.5)) * np.float32(2 * np.pi * radius / count)
    squared = (along**2 + (polar.radius - np.float32(radius)) ** 2) / np.float32(half**2)
    beads = np.float32(rise) * np.clip(1 - squared, 0, None)
    line = np.float32(0.0035) * np.clip(1 - ((polar.radius - np.float32(BAND[0])) / np.float32(0.008)) ** 2, 0, None)
    return np.asarray(beads + line, np.float32)


@lru_cache(maxsize=4)
def _strip(text: str, width: int) -> Floats:
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


def _letters(polar: _Polar, text: str) -> Floats:
    """Return the depth of the inscription that runs clockwise around the band."""
    size = polar.x.shape[0]
    strip = _strip(text, min(6000, max(900, round(size * 2.7))))
    inside = (polar.radius > BAND[0]) & (polar.radius < BAND[1])
    radius, angle = polar.radius[inside], polar.angle[inside]
    across = (np.float32(BAND[1]) - radius) / np.float32(BAND[1] - BAND[0]) * strip.shape[0] - np.float32(0.5)
    along = np.mod(np.float32(2.83) - angle, np.float32(2 * np.pi)) / np.float32(2 * np.pi) * strip.shape[
        1
    ] - np.float32(0.5)
    depth = np.zeros_like(polar.x)
    depth[inside] = ndimage.map_coordinates(strip, (across, along), order=1, mode="grid-wrap")
    return depth


def _ammonite(polar: _Polar) -> tuple[Floats, Floats, Floats]:
    """Return height, coverage (0 to 1) and growth (turns before the opening) of a coiled shell with forked ribs."""
    log_ratio = np.float32(np.log(WHORL_RATIO))
    x, y = polar.x - np.float32(SHELL_CENTRE[0]), polar.y - np.float32(SHELL_CENTRE[1])
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
    covered = (whorl >= 0).astype(np.float32) * opening * smoothstep(0.008, 0.024, radius)
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


def _wear(size: int, edge: Floats, variant: int) -> Floats:
    """Return weathering in arbitrary height units: grain, broad unevenness, pits and tooling of the flat parts."""
    grain = noise((size, size), 40, 6, seed=21 + variant, roughness=0.62)
    broad = noise((size, size), 5, 3, seed=22 + variant) * np.float32(1.5)
    pits = np.clip(noise((size, size), 110, 2, seed=23 + variant) - np.float32(1.55), 0, 1.0) * np.float32(2.2)
    fade = smoothstep(1.0, 0.96, edge)
    return np.asarray((grain * np.float32(0.55) + broad - pits) * fade, np.float32)


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


def _colours(
    height: Floats, edge: Floats, letters: Floats, shell: Floats, growth: Floats, crack: Floats, variant: int
) -> tuple[Floats, Floats]:
    """Return reflectance and gloss: stained stone, darker fossil, dirt in hollows, traces of red in the letters."""
    size = height.shape[0]
    stains = noise((size, size), 4, 5, seed=31 + variant, roughness=0.55)
    speckle = noise((size, size), 90, 4, seed=32 + variant, roughness=0.75)
    hollow = np.clip((ndimage.gaussian_filter(height, size * 0.007) - height) * np.float32(150), -0.35, 1)
    colour = LIMESTONE * (1 + np.float32(0.07) * stains + np.float32(0.045) * speckle)[..., None]
    _blend(colour, OCHRE, smoothstep(0.35, 2.2, stains) * np.float32(0.55))
    lustre = np.float32(0.5) + np.float32(0.5) * np.sin(growth * np.float32(23) + stains * np.float32(1.6))
    fossil = FOSSIL + (PYRITE - FOSSIL) * (lustre * np.float32(0.55) + np.float32(0.10) * speckle)[..., None]
    _blend(colour, np.asarray(fossil, np.float32), smoothstep(0.1, 0.7, shell) * np.float32(0.92))
    painted = smoothstep(0.0008, 0.004, letters) * np.clip(
        np.float32(0.72) + np.float32(0.22) * stains + np.float32(0.12) * speckle, 0.1, 0.95
    )
    _blend(colour, PIGMENT, painted)
    _blend(colour, DIRT, np.clip(hollow, 0, 1) * np.float32(0.55))
    colour *= (1 + np.clip(-hollow, 0, 1) * np.float32(0.30))[..., None]
    _blend(colour, DIRT * np.float32(0.5), np.clip(crack * np.float32(1.1), 0, 0.9))
    _blend(colour, DIRT, smoothstep(0.965, 1.0, edge) * np.float32(0.35))
    gloss = np.float32(0.006) + shell * np.float32(0.042) * (np.float32(0.6) + np.float32(0.4) * lustre)
    return np.clip(colour, 0.02, 0.9), np.asarray(gloss, np.float32)


def _blend(colour: Floats, other: Floats, amount: Floats) -> None:
    """Mix `other` into `colour` in place, by `amount` per pixel."""
    colour += (other - colour) * amount[..., None]
