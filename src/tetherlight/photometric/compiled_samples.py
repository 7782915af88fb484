"""What goes before the solvers and after them, compiled by numba: values of files as light, and the albedo of colours.

`compiled.py` says how numbers are written. Files' values are uint8 or uint16, (images, values of one image); K of the
images are `kept`. A strip of P pixels begins `first` values into each image. `dark` is the ambient light of the strip
(P * channels), `over` (K,) is 1 / intensity, and `tables` (channels, size) hold the light of each value.
"""

from typing import Any

import numpy as np

from tetherlight.photometric.compiled import BLOCK, ONE, ZERO, Array, compiled

THREE = np.float32(3)


@compiled
def gray_all(
    frames: Array, kept: Array, first: int, tables: Array, dark: Array, over: Array, full: int, gray: Array,
    usable: Array,
) -> None:  # fmt: skip
    """Look up gray images: light without ambient light, and which samples are below `full`, both (K, P)."""
    count, pixels = gray.shape
    table = tables[0]
    for k in range(count):
        coded, value, marks = frames[kept[k], first : first + pixels], gray[k], usable[k]
        for p in range(pixels):
            value[p] = (table[coded[p]] - dark[p]) * over[k]
        for p in range(pixels):
            marks[p] = coded[p] < full


@compiled
def luma_all(
    frames: Array, kept: Array, first: int, tables: Array, dark: Array, over: Array, full: int, weights: Array,
    gray: Array, usable: Array,
) -> None:  # fmt: skip
    """Look up colour images, as `gray_all` does: their channels weighted, all of them below `full`."""
    count, pixels = gray.shape
    red, green, blue = tables[0], tables[1], tables[2]
    for k in range(count):
        coded, value, marks = frames[kept[k], first : first + 3 * pixels], gray[k], usable[k]
        for p in range(pixels):
            r = red[coded[3 * p]] - dark[3 * p]
            g = green[coded[3 * p + 1]] - dark[3 * p + 1]
            b = blue[coded[3 * p + 2]] - dark[3 * p + 2]
            value[p] = (r * weights[0] + g * weights[1] + b * weights[2]) * over[k]
        for p in range(pixels):
            marks[p] = max(coded[3 * p], coded[3 * p + 1], coded[3 * p + 2]) < full


@compiled
def colours_at(
    frames: Array, kept: Array, first: int, tables: Array, dark: Array, over: Array, weights: Array, places: Array,
    out: Array,
) -> None:  # fmt: skip
    """Look up the colours (K, N, 3) of N places of a strip, each channel times its weight."""
    for k in range(out.shape[0]):
        coded, colours = frames[kept[k]], out[k]
        for i in range(places.shape[0]):
            at = 3 * places[i]
            for c in range(3):
                light = tables[c, coded[first + at + c]] - dark[at + c]
                colours[i, c] = light * over[k] * weights[c]


@compiled
def colours_all(
    colours: Array, lights: Array, usable: Array, normals: Array, gray: Array, near: Any, out: Array
) -> None:
    """Fit the albedo of three channels to colours (K, N, 3); `near` is how far a sample may be off the gray albedo."""
    count, pixels = usable.shape
    for start in range(0, pixels, BLOCK):
        n = min(BLOCK, pixels - start)
        # Of the samples that agree, and of all lit ones: weight, three channels; and how many agree.
        sums = np.zeros((9, n), np.float32)
        for k in range(count):
            x, y, z = lights[0, k], lights[1, k], lights[2, k]
            for p in range(n):
                at = start + p
                shade = x * normals[at, 0] + y * normals[at, 1] + z * normals[at, 2]
                if shade <= ZERO or not usable[k, at]:
                    continue
                r, g, b = colours[k, at, 0], colours[k, at, 1], colours[k, at, 2]
                sums[4, p] += shade * shade
                sums[5, p] += shade * r
                sums[6, p] += shade * g
                sums[7, p] += shade * b
                if abs((r + g + b) / THREE - shade * gray[at]) <= near * gray[at]:
                    sums[0, p] += shade * shade
                    sums[1, p] += shade * r
                    sums[2, p] += shade * g
                    sums[3, p] += shade * b
                    sums[8, p] += ONE
        for p in range(n):
            of = 0 if sums[8, p] >= THREE else 4
            if sums[of, p] > ZERO and gray[start + p] > ZERO:
                for c in range(3):
                    out[start + p, c] = sums[of + 1 + c, p] / sums[of, p]
