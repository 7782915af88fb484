"""`python -m bench.focus [WIDTH] [F-NUMBER]`: merged focus stacks of the simulated scene against its truth.

Both viewpoints of the simulator: the first was looked at while the map was made, the second was not. Places of the lens
lie as far apart as the depth of field allows, over all that is there. In decibels above the best single frame of the
same light, against the frame without noise in which all is in focus:

- `merged`: what a set becomes; `nearest`: the frame that is nearest by the scene's own heights;
- `oracle`: of each pixel the frame that happens to be nearest to the truth, which nobody can choose;
- `in focus`: one exposure with the same noise in which all is in focus: what choosing among frames cannot exceed.

Normals, merged / in focus, are mean degrees from the truth over the object and the matte ball, solved alike.
"""

import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tetherlight.photometric.focus import Noise, blended, detail, shares, sharpest
from tetherlight.photometric.normals import solve
from tetherlight.pixels.decode import luma
from tetherlight.pixels.response import SRGB
from tetherlight.simulator import objects, truth
from tetherlight.simulator.depth import Blur
from tetherlight.simulator.scene import DEFAULT_LIGHTS, Scene
from tetherlight.simulator.sensor import REFERENCE_EXPOSURE, Exposure

Array = NDArray[Any]
ISO = 100
"""Of a camera that stands still: the noise of an exposure is what bounds the figures."""
DISC = 1.0
"""Pixels of the disc that still counts as sharp."""
LIGHTS = tuple(name for name in DEFAULT_LIGHTS if name != "lights_top")


def main(width: int, f_number: float) -> None:
    """Print a row for each viewpoint."""
    columns = ("viewpoint", "places", "best single", "merged", "nearest", "oracle", "in focus", "normals", "CPU s")
    print("| " + " | ".join(columns) + " |")
    print("| --- " * len(columns) + "|")
    for viewpoint in (0, 1):
        print(row(viewpoint, (width, width * 2 // 3), f_number), flush=True)


def row(viewpoint: int, size: tuple[int, int], f_number: float) -> str:
    """Measure one viewpoint."""
    clean = Scene(*size, viewpoint=viewpoint, seed=None)
    noisy = Scene(*size, viewpoint=viewpoint, seed=viewpoint + 3)
    times = REFERENCE_EXPOSURE.shutter_s * (f_number / REFERENCE_EXPOSURE.aperture) ** 2
    exposure = Exposure(times * REFERENCE_EXPOSURE.iso / ISO, f_number, ISO)
    surface = objects.surface(clean.world)
    heights = places_for(surface, Blur(0.0, f_number, clean.world.grid.scale))
    sharp, seen, stack = [], [], []
    for name in LIGHTS:
        for scene in (clean, noisy):
            scene.set_lights({other: float(other == name) for other in DEFAULT_LIGHTS})
        sharp.append(clean.capture(exposure))
        seen.append(noisy.capture(exposure))
        stack.append(np.stack([noisy.capture(exposure, focus=height) for height in heights]))
    began = time.process_time()
    means = np.array(
        [np.mean([luma(one[n].astype(np.float32) / 255) for one in stack], axis=0) for n in range(len(heights))],
        np.float32,
    )
    places = sharpest(np.stack([detail(mean) for mean in means]))
    parts = shares(means, places, Noise.between(means))
    merged = [np.rint(blended(one, parts)) for one in stack]
    took = time.process_time() - began
    nearest = np.abs(heights[:, None, None] - surface).argmin(axis=0)
    found = {
        "merged": merged,
        "nearest": [picked(one, nearest) for one in stack],
        "oracle": [picked(one, off(one, two).argmin(axis=0)) for one, two in zip(stack, sharp, strict=True)],
        "in focus": seen,
    }
    single = [max(psnr(frame, two) for frame in one) for one, two in zip(stack, sharp, strict=True)]
    gains = [
        np.mean([psnr(one, two) - base for one, two, base in zip(images, sharp, single, strict=True)])
        for images in found.values()
    ]
    degrees = " / ".join(f"{angle(images, clean):.2f}" for images in (merged, seen))
    shown = [f"{viewpoint + 1}", f"{len(heights)}", f"{np.mean(single):.1f} dB", *(f"{one:+.1f}" for one in gains)]
    return "| " + " | ".join([*shown, degrees, f"{took:.1f}"]) + " |"


def places_for(surface: Array, blur: Blur) -> Array:
    """Return the heights to focus on, so near to each other that everything is sharp in one of the frames."""
    low, high = float(surface.min()), float(surface.max())
    lowest = Blur(low, blur.aperture, blur.scale)
    reach = next(step for step in np.geomspace(1, 1e-4, 400) if lowest.disc(low + step) <= DISC)
    return np.linspace(low, high, max(2, round((high - low) / (2 * reach)) + 1))


def picked(stack: Array, places: Array) -> Array:
    """Return of each pixel the frame of its place."""
    chosen: Array = np.take_along_axis(stack, places[None, ..., None], 0)[0]
    return chosen


def off(images: Array, truth_: Array) -> Array:
    """Return the squared difference of each pixel, the mean of its channels."""
    difference: Array = ((images.astype(np.float32) - truth_) ** 2).mean(axis=-1)
    return difference


def psnr(image: Array, truth_: Array) -> float:
    """Return how near an image is to the truth, in decibels of white."""
    return float(10 * np.log10(255**2 / off(image, truth_).mean()))


def angle(images: list[Array], scene: Scene) -> float:
    """Return the mean angle between normals found and true, where the object or the matte ball is."""
    world = scene.world
    there = truth.mask(world)
    ball, box = world.layout.matte, world.matte_box
    there[box.slices] |= objects.coverage(world.grid, ball, box) >= 1
    light = SRGB.linear(np.stack([np.asarray(one, np.uint8) for one in images])[:, there], colour=False)
    directions = np.array([scene.lights[name].direction for name in LIGHTS], np.float32)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    found = solve(np.asarray(light.mean(axis=-1), np.float32), directions, noise=0.002)
    cosines = np.clip((found.normals * truth.normals(world)[there]).sum(axis=1), -1, 1)
    return float(np.degrees(np.arccos(cosines))[found.valid].mean())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 900, float(sys.argv[2]) if len(sys.argv) > 2 else 2.5)
