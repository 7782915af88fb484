"""The small clock in the corner: its hand runs all the time, so that a picture that stands still is seen at once."""

from __future__ import annotations

import numpy as np

from tetherlight.simulator.objects import Box, World
from tetherlight.simulator.texture import Floats

PERIOD_S = 6.0
"""Time of one turn of the hand: two degrees a frame at 30 frames per second."""
HAND = np.array((0.72, 0.21, 0.045), np.float32)
PAINT = np.array((0.010, 0.030, 0.016), np.float32)
"""Light of the luminous tip, so that the hand is seen with all lights off."""
_REACH, _TAIL, _HALF = 0.80, 0.24, 0.034


def phase(t: float) -> float:
    """Return the part of a turn, 0 to 1, that the hand has made at `t` seconds; it runs clockwise from the top."""
    return (t / PERIOD_S) % 1.0


def draw_hand(
    world: World, light: Floats, shading: Floats, t: float, box: Box | None = None, *, disc: float = 0.0
) -> None:
    """Draw the hand at time `t` into linear light (h, w, 3), in place.

    Both arrays cover `box`, the dial's box if None; `shading` (h, w) is the light that falls there on a white surface.
    `disc` is the diameter in pixels to which the lens blurs a point of the dial.
    """
    dial = world.layout.dial
    x, y = world.grid.coordinates(box or world.dial_box)
    x, y = (x - np.float32(dial.x)) / np.float32(dial.radius), (y - np.float32(dial.y)) / np.float32(dial.radius)
    turn = 2 * np.pi * phase(t)
    sine, cosine = np.float32(np.sin(turn)), np.float32(np.cos(turn))
    blur = (0.7 + disc / 2) / (dial.radius * world.grid.scale)
    shadow = _hand(x - np.float32(0.03), y + np.float32(0.04), sine, cosine, blur + 0.03)
    light *= (1 - np.float32(0.55) * shadow)[..., None]
    amount = _hand(x, y, sine, cosine, blur)
    light += (shading[..., None] * HAND - light) * amount[..., None]
    along, off = x * sine + y * cosine, x * cosine - y * sine
    tip = np.clip((np.float32(0.065 + blur) - np.hypot(along - np.float32(0.60), off)) / np.float32(2 * blur), 0, 1)
    light += tip[..., None] * PAINT


def _hand(x: Floats, y: Floats, sine: np.float32, cosine: np.float32, blur: float) -> Floats:
    """Return how much of each pixel the hand covers: a tapering needle with a hub and a tail, edges `blur` wide."""
    along, off = x * sine + y * cosine, x * cosine - y * sine
    beyond = along - np.clip(along, -_TAIL, _REACH)
    width = np.float32(_HALF) * np.float32(1.25) - np.float32(_HALF * 0.7) * np.clip(along, 0, 1)
    needle = (width + np.float32(blur) - np.hypot(beyond, off)) / np.float32(2 * blur)
    ring = np.float32(0.065) - np.abs(np.hypot(along - np.float32(0.60), off) - np.float32(0.035))
    hub = (np.float32(0.085 + blur) - np.hypot(x, y)) / np.float32(2 * blur)
    lume = ring / np.float32(2 * blur)
    return np.asarray(np.clip(np.maximum(np.maximum(needle, hub), lume), 0, 1), np.float32)
