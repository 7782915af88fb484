"""Kinds of arrays, and what is asked of them again and again.

K lights, N pixels. All images are linear and gray.
"""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.floating[Any]]
Mask: TypeAlias = NDArray[np.bool_]


def median_where(values: Floats, chosen: Mask) -> Floats:
    """Return the median of each column of (K, N) over its chosen rows; 0 where none is chosen."""
    return quantile_where(values, chosen, 0.5)


def quantile_where(values: Floats, chosen: Mask, share: float) -> Floats:
    """Return a quantile of each column of (K, N) over its chosen rows; 0 where none is chosen."""
    count = chosen.sum(axis=0)
    ordered = np.sort(np.where(chosen, values, np.float32(np.inf)), axis=0)
    place = np.maximum(count - 1, 0) * share
    low = place.astype(np.intp)
    high = np.minimum(low + 1, np.maximum(count - 1, 0))
    columns = np.arange(values.shape[1])
    below = np.where(count > 0, ordered[low, columns], 0.0)
    above = np.where(count > 0, ordered[high, columns], 0.0)
    found: Floats = below + (above - below) * (place - low)
    return found


def divided(above: Floats, below: Floats) -> Floats:
    """Divide, with 0 where the divisor is not positive."""
    shape = np.broadcast_shapes(above.shape, below.shape)
    kind = np.result_type(above, below, np.float32)
    found: Floats = np.divide(above, below, out=np.zeros(shape, kind), where=below > 0)
    return found
