"""What one light does to the scene, as numbers: made by `render`, kept by `cache`, summed by `view`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHEEN_SCALE = 255 / 0.06
SHADING_SCALE = 65535 / 1.05


@dataclass(frozen=True)
class Layer:
    """The scene under one light of intensity 1.

    `shading` (H, W) is cosine times visibility plus bounce, in `SHADING_SCALE`ths; `sheen` covers the medallion's box,
    in `SHEEN_SCALE`ths; `mirror` (h, w, 3) is what the mirror ball reflects.
    """

    shading: NDArray[np.uint16]
    sheen: NDArray[np.uint8]
    mirror: NDArray[np.float16]

    @property
    def nbytes(self) -> int:
        """Memory that the layer takes."""
        return self.shading.nbytes + self.sheen.nbytes + self.mirror.nbytes
