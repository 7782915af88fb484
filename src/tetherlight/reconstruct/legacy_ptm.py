"""The file that older viewers read: PTM 1.2, a colour and six coefficients of luminance for each pixel.

HP Laboratories, "Polynomial Texture Map (.ptm) File Format", 2001. Rows go from bottom to top.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tetherlight.files.durable import placed, store_errors, write_whole
from tetherlight.photometric.light_terms import Doubles, fit, polynomial_terms
from tetherlight.photometric.relighting import Luminance
from tetherlight.reconstruct.spool import Floats, Sheets, Stack

ORDER = (3, 5, 4, 1, 2, 0)
"""Where u^2, v^2, uv, u, v, 1 stand among our terms."""
_SAMPLED = 512
_ROWS = 128


def write_ptm(path: Path, values: Callable[[slice], Floats], lights: Doubles, stack: Stack, sheets: Sheets) -> None:
    """Write the images of a stack as PTM_FORMAT_LRGB; `values` gives those of some rows. Raise StoreError, DiskFull."""
    basis = Luminance(fit(polynomial_terms(lights)).astype(np.float32))
    height, width = stack.size
    coefficients = sheets.sheet((height, width, 6), np.float32)
    colours = sheets.sheet((height, width, 3), np.uint8)
    for rows in stack.strips(2):
        planes = basis.planes(values(rows))
        colours[rows] = np.rint(planes[:3].T * 255).reshape(-1, width, 3)
        coefficients[rows] = planes[3:][list(ORDER)].T.reshape(-1, width, 6)
    step = max(1, height // _SAMPLED)
    seen = coefficients[::step].reshape(-1, 6)
    low = np.minimum(np.quantile(seen, 0.0005, axis=0), 0)
    high = np.maximum(np.quantile(seen, 0.9995, axis=0), 0)
    scale = np.maximum(high - low, 1e-3)
    bias = np.rint(-low / scale * 255)
    with store_errors(f"{path.name} could not be written"), placed(path) as descriptor:
        head = [f"{one:.6f}" for one in scale], [f"{one:.0f}" for one in bias]
        lines = ("PTM_1.2", "PTM_FORMAT_LRGB", str(width), str(height), " ".join(head[0]), " ".join(head[1]))
        write_whole(descriptor, ("\n".join(lines) + "\n").encode())
        for start in range(height, 0, -_ROWS):
            part = coefficients[max(0, start - _ROWS) : start][::-1]
            coded = np.rint(np.clip(part * (255 / scale) + bias, 0, 255)).astype(np.uint8)
            write_whole(descriptor, coded.tobytes())
        for start in range(height, 0, -_ROWS):
            write_whole(descriptor, colours[max(0, start - _ROWS) : start][::-1].tobytes())
