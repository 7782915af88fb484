"""What goes before the solvers and after them, compiled by numba: values of files as light, and the albedo of colours.

`compiled.py` says how numbers are written. Files' values are uint8 or uint16, (images, values of one image); K of the
images are `kept`. A strip of P pixels begins `first` values into each image. `tables` (channels, size) hold the light
of each value. `share` (K,) of `dark`, the ambient light of the strip (P * channels), is taken off it, and what is left
is multiplied by `over` (K,).
"""

from typing import Any

import numpy as np

from tetherlight.photometric.compiled import BLOCK, ONE, ZERO, Array, compiled

THREE = np.float32(3)


@compiled
def gray_all(
    frames: Array, kept: Array, first: int, tables: Array, dark: Array, share: Array, over: Array, full: int,
    gray: Array, usable: Array,
) -> None:  # fmt: skip
    """Look up gray images: light without ambient light, and which samples are below `full`, both (K, P)."""
    count, pixels = gray.shape
    table = tables[0]
    for k in range(count):
        coded, value, marks = frames[kept[k], first : first + pixels], gray[k], usable[k]
        for p in range(pixels):
            value[p] = (table[coded[p]] - dark[p] * share[k]) * over[k]
        for p in range(pixels):
            marks[p] = coded[p] < full


@compiled
def luma_all(
    frames: Array, kept: Array, first: int, tables: Array, dark: Array, share: Array, over: Array, full: int,
    weights: Array, gray: Array, usable: Array,
) -> None:  # fmt: skip
    """Look up colour images, as `gray_all` does: their channels weighted, all of them below `full`."""
    count, pixels = gray.shape
    red, green, blue = tables[0], tables[1], tables[2]
    for k in range(count):
        coded, value, marks = frames[kept[k], first : first + 3 * pixels], gray[k], usable[k]
        for p in range(pixels):
            r = red[coded[3 * p]] - dark[3 * p] * share[k]
            g = green[coded[3 * p + 1]] - dark[3 * p + 1] * share[k]
            b = blue[coded[3 * p + 2]] - dark[3 * p + 2] * share[k]
            value[p] = (r * weights[0] + g * weights[1] + b * weights[2]) * over[k]
        for p in range(pixels):
            marks[p] = max(coded[3 * p], coded[3 * p + 1], coded[3 * p + 2]) < full


@compiled
def colours_at(
    frames: Array, kept: Array, first: int, tables: Array, dark: Array, share: Array, over: Array, weights: Array,
    places: Array, out: Array,
) -> None:  # fmt: skip
    """Look up the colours (K, 3, N) of N places of a strip, each channel times its weight."""
    for k in range(out.shape[0]):
        coded = frames[kept[k]]
        for c in range(3):
            table, colours, by = tables[c], out[k, c], over[k] * weights[c]
            for i in range(places.shape[0]):
                at = 3 * places[i] + c
                colours[i] = (table[coded[first + at]] - dark[at] * share[k]) * by


@compiled
def _add_up(n: int, lit: Array, agree: Array, colours: Array, sums: Array) -> None:
    """Add a light to the sums of n pixels: of the samples that agree from row 0 on, of all lit ones from row 4 on."""
    for p in range(n):
        sums[0, p] += agree[p] * agree[p]
        sums[4, p] += lit[p] * lit[p]
        sums[8, p] += ONE if agree[p] > ZERO else ZERO
    for c in range(3):
        colour, agreed, shone = colours[c], sums[1 + c], sums[5 + c]
        for p in range(n):
            agreed[p] += agree[p] * colour[p]
            shone[p] += lit[p] * colour[p]


@compiled
def colours_all(
    colours: Array, lights: Array, usable: Array, normals: Array, gray: Array, near: Any, out: Array
) -> None:
    """Fit the albedo of three channels to colours (K, 3, N); `near` is how far a sample may be off the gray albedo."""
    count, pixels = usable.shape
    for start in range(0, pixels, BLOCK):
        n = min(BLOCK, pixels - start)
        lit, agree = np.empty(n, np.float32), np.empty(n, np.float32)
        nx, ny, nz, size = np.empty(n, np.float32), np.empty(n, np.float32), np.empty(n, np.float32), gray[start:]
        for p in range(n):
            nx[p], ny[p], nz[p] = normals[start + p, 0], normals[start + p, 1], normals[start + p, 2]
        sums = np.zeros((9, n), np.float32)
        for k in range(count):
            x, y, z, marks = lights[0, k], lights[1, k], lights[2, k], usable[k, start:]
            red, green, blue = colours[k, 0, start:], colours[k, 1, start:], colours[k, 2, start:]
            for p in range(n):
                shade = x * nx[p] + y * ny[p] + z * nz[p]
                shade = shade if shade > ZERO and marks[p] else ZERO
                off = abs((red[p] + green[p] + blue[p]) / THREE - shade * size[p])
                lit[p] = shade
                agree[p] = shade if off <= near * size[p] else ZERO
            _add_up(n, lit, agree, colours[k, :, start:], sums)
        for p in range(n):
            of = 0 if sums[8, p] >= THREE else 4
            if sums[of, p] > ZERO and size[p] > ZERO:
                for c in range(3):
                    out[start + p, c] = sums[of + 1 + c, p] / sums[of, p]
