"""Fractal noise that looks the same at each resolution."""

from __future__ import annotations

import numpy as np
from PIL import Image

from tetherlight.simulator.texture import Floats


class Noise:
    """Fractal noise of about unit amplitude over an image; the same seed shows the same pattern at each resolution.

    `cells` counts the lattice cells along the longer side in the first octave. Octaves
    finer than two pixels are left out.
    """

    def __init__(self, shape: tuple[int, int], cells: float, octaves: int, seed: int, roughness: float = 0.5) -> None:
        self._shape = shape
        self._lattices: list[Image.Image] = []
        longest = max(shape)
        for octave in range(octaves):
            count = round(cells * 2**octave)
            if count * 2 > longest and octave:
                break
            rows, columns = (max(1, round(count * side / longest)) for side in shape)
            values = np.random.default_rng((seed, octave)).standard_normal((rows + 1, columns + 1))
            self._lattices.append(Image.fromarray((values * roughness**octave).astype(np.float32)))

    def __getitem__(self, rows: slice) -> Floats:
        """Return the noise of some rows of the image, (h, W)."""
        height, width = self._shape
        total = np.zeros((rows.stop - rows.start, width), np.float32)
        for lattice in self._lattices:
            top, bottom = (0.5 + (lattice.height - 1) * row / height for row in (rows.start, rows.stop))
            box = (0.5, top, lattice.width - 0.5, bottom)
            total += np.asarray(lattice.resize(total.shape[::-1], Image.Resampling.BICUBIC, box), np.float32)
        return total
