"""Height of a surface by its normals."""

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn, idctn

Floats = NDArray[np.float32]


def height_of(normals: Floats, mask: NDArray[np.bool_]) -> Floats:
    """Return the height (H, W) in pixels, NaN outside the mask, of normals (H, W, 3)."""
    nz = np.where(mask, np.maximum(normals[..., 2], 0.02), 1)
    p = np.where(mask, -normals[..., 0] / nz, 0)
    q = np.where(mask, normals[..., 1] / nz, 0)
    f = np.zeros(mask.shape, np.float32)
    gx, gy = (p[:, 1:] + p[:, :-1]) / 2, (q[1:] + q[:-1]) / 2
    f[:, :-1] += gx
    f[:, 1:] -= gx
    f[:-1] += gy
    f[1:] -= gy
    h, w = mask.shape
    wave = 2 * np.cos(np.pi * np.arange(h) / h)[:, None] + 2 * np.cos(np.pi * np.arange(w) / w)[None] - 4
    wave[0, 0] = 1
    z = dctn(f, norm="ortho") / wave
    z[0, 0] = 0
    return np.where(mask, idctn(z, norm="ortho"), np.nan).astype(np.float32)
