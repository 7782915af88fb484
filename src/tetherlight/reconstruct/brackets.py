"""The exposures of each light, decoded and merged into one image that holds more light than any of them.

What comes out is coded as a camera could have done it: numbers of 16 bits whose square is the light, the shortest
exposure's white the largest. So all that follows takes it as it takes other images.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tetherlight.photometric.merging import merged
from tetherlight.pixels.response import FULL, SRGB, Response
from tetherlight.reconstruct.inputs import Shot
from tetherlight.reconstruct.spool import CLIPPED, STRIP_BYTES, Plan, Sheets, Tell, decoded_into

WORDS = np.dtype(np.uint16)
_FULL = FULL[WORDS.name]
_MOST = np.floor(CLIPPED * _FULL) - 1
"""The largest value that does not count as clipped."""
TRUSTED = 0.4
"""Light up to which the values of a camera's JPEGs are in proportion to it: above, they have a shoulder."""


@dataclass(frozen=True, eq=False)
class Merged:
    """The images of all lights."""

    frames: NDArray[np.uint16]
    """(K, H, W) or (K, H, W, 3)."""
    response: Response
    """How they are coded."""
    grain: float
    """The light that one step of the files is at least."""
    sums: dict[str, str]
    """The sha256 of each file."""


def merged_frames(
    folder: Path,
    series: Sequence[Sequence[Shot]],
    plan: Plan,
    response: Response,
    sheets: Sheets,
    *,
    tell: Tell,
    within: Path | None = None,
) -> Merged:
    """Decode all exposures of each light, the shortest of them first, and merge them.

    Raises ImageUnreadable and DiskFull.
    """
    most = max(map(len, series))
    total = sum(map(len, series))
    coded = sheets.sheet((most, *plan.shape), plan.dtype)
    frames = sheets.sheet((len(series), *plan.shape), WORDS)
    sums: dict[str, str] = {}
    for number, shots in enumerate(series):
        for place, shot in enumerate(shots):
            tell(len(sums), total, f"reading {shot.name}")
            sums[shot.name] = decoded_into(folder / shot.name, plan, coded[place], within or folder)
        _merge(coded[: len(shots)], [shot.exposure for shot in shots], response, frames[number])
    levels = np.arange(_FULL + 1) / _FULL
    return Merged(frames, Response(response.name, levels, levels[:, None] ** 2), _grain(plan, response, series), sums)


def _merge(coded: NDArray[Any], exposures: Sequence[float], response: Response, into: NDArray[np.uint16]) -> None:
    """Merge images (E, H, W) or (E, H, W, 3) into one, a few rows at a time."""
    height, colour = coded.shape[1], coded.ndim == 4
    step = max(1, STRIP_BYTES // (4 * int(np.prod(coded.shape)) // height))
    for start in range(0, height, step):
        rows = slice(start, start + step)
        light = response.linear(coded[:, rows], colour=colour)
        found = merged(list(light), exposures, trusted=TRUSTED if response is SRGB else None)
        values = np.minimum(np.rint(np.sqrt(np.clip(found.values, 0, 1)) * np.float32(_FULL)), np.float32(_MOST))
        values[found.clipped] = _FULL
        into[rows] = values.astype(WORDS)


def _grain(plan: Plan, response: Response, series: Sequence[Sequence[Shot]]) -> float:
    """Return the light of the lowest step of the longest exposures, as the shortest ones would have it."""
    if plan.dtype.name not in FULL:
        return 0.0
    longer = min(shots[-1].exposure / shots[0].exposure for shots in series if len(shots) > 1)
    return float(response.linear(np.array([1], plan.dtype))[0]) / longer
