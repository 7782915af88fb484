"""Whether something moved between the frames of a set, though each has another light.

Patches of two frames are laid over each other by phase correlation of the magnitudes of their gradients. Under
another light that alone is no measure: what stands out of a surface is lit from its other side, and its edges seem to
have moved towards the lamp, by up to its own width and nearly in proportion to the lamp's direction. So a displacement
counts only where it comes between one frame and the next and is beyond what the light explains.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tetherlight.photometric.looks import Floats

PATCH = 128
"""Pixels of a patch's edge."""
COLUMNS, ROWS = 8, 6
"""The grid in which patches are looked for."""
PATCHES = 16
"""How many of them are kept: those with the most detail in both directions."""
FEWEST = 5
"""Patches that must agree before anything is said."""
CLEAR = 12.0
"""How far the peak of a correlation must stand out, in its standard deviations."""
AGREED = 0.5
"""Pixels by which patches may differ from their median and still agree with it."""
LEAST = 0.2
"""Pixels of the reduced frame below which nothing is told from noise."""
PART_LEAST = 1.0
"""The same where only a part of the patches moves, of which each is less sure."""
BEYOND = 4.0
"""How many times as large as the usual change between two frames a move must be."""
EDGES = np.float32(4)
"""Gradients count up to so many times their mean, so that no single edge or highlight outweighs the rest."""
FEWEST_CHANGES = 3
FEW = 12

Spectra = NDArray[np.complex64]


@dataclass(frozen=True)
class Shift:
    """Where a frame lies against the first: pixels of the reduced frame to the right and down; NaN where unknown."""

    right: float
    down: float
    patches: NDArray[np.float64] | None = field(default=None, compare=False)
    """The same of each patch; (P, 2)."""


@dataclass(frozen=True)
class Anchor:
    """The patches of the frame that others are compared with."""

    places: tuple[tuple[int, int], ...]
    spectra: tuple[Spectra, ...]

    @property
    def first(self) -> Shift:
        """Where the frame itself lies."""
        return Shift(0.0, 0.0, np.zeros((len(self.places), 2)))

    def shift_of(self, gray: NDArray[np.uint8]) -> Shift:
        """Return where a frame lies, gray and as large as the first, (H, W)."""
        patches = np.full((len(self.places), 2), np.nan)
        for number, ((top, left), spectrum) in enumerate(zip(self.places, self.spectra, strict=True)):
            right, down, clear = _displacement(spectrum, _spectrum(gray[top : top + PATCH, left : left + PATCH]))
            if clear > CLEAR:
                patches[number] = right, down
        known = patches[~np.isnan(patches[:, 0])]
        if len(known) >= FEWEST:
            middle = np.median(known, axis=0)
            agreed = np.hypot(*(known - middle).T) <= max(AGREED, 0.3 * float(np.hypot(*middle)))
            if np.count_nonzero(agreed) >= max(FEWEST, len(known) // 2):
                right, down = known[agreed].mean(axis=0)
                return Shift(float(right), float(down), patches)
        return Shift(np.nan, np.nan, patches)


def anchor_of(gray: NDArray[np.uint8]) -> Anchor | None:
    """Choose the patches of a gray frame, (H, W), with the most detail; None where there are too few."""
    height, width = gray.shape
    if height < PATCH or width < PATCH:
        return None
    tops, lefts = (np.unique(np.linspace(0, side - PATCH, parts).astype(int)) for side, parts in
                   ((height, ROWS), (width, COLUMNS)))  # fmt: skip
    places = [(int(top), int(left)) for top in tops for left in lefts]
    detail = [_detail(gray[top : top + PATCH, left : left + PATCH]) for top, left in places]
    best = [place for worth, place in sorted(zip(detail, places, strict=True), reverse=True) if worth > 0][:PATCHES]
    if len(best) < FEWEST:
        return None
    return Anchor(tuple(best), tuple(_spectrum(gray[top : top + PATCH, left : left + PATCH]) for top, left in best))


Directions = Sequence[Sequence[float] | None]


def moves(shifts: Sequence[Shift], directions: Directions) -> NDArray[np.float64]:
    """Return how far each frame has moved against the first, (K, 2) in pixels to the right and down.

    That of most of the picture, or where that stood still of a part of it; zero where only the light moved. `shifts`
    are those of frames one after the other, the first being zero; `directions` are unit vectors to their lights, x
    right and y up, or None. At least four frames are needed to know what the light does; with fewer nothing has moved.
    """
    moved = np.zeros((len(shifts), 2))
    places = np.array([(one.right, one.down) for one in shifts]).reshape(-1, 2)
    found = _steps(places, directions)
    back = found.least
    for index, step in found.steps:
        moved[index:] += step
    moved[np.hypot(*moved.T) <= back] = 0.0  # what was moved back
    parts = _parts(shifts, directions)
    still = np.hypot(*moved.T) == 0
    return np.asarray(np.where(still[:, None], parts, moved))


@dataclass(frozen=True)
class _Steps:
    steps: list[tuple[int, NDArray[np.float64]]]
    """The frame from which on something lies elsewhere, and by how much."""
    least: float
    """Pixels below which nothing is told from what the light does."""


def _steps(places: NDArray[np.float64], directions: Directions) -> _Steps:
    """Return where places (K, 2), NaN where unknown, change by more than the light explains."""
    known = [index for index, one in enumerate(places) if not np.isnan(one[0])]
    if len(known) <= FEWEST_CHANGES:
        return _Steps([], 0.0)
    changes = np.asarray(np.diff(places[known], axis=0), np.float64)
    rest = changes - _by_light(changes, [directions[index] for index in known])
    sizes = np.hypot(*rest.T)
    # Where there are few, each change is held against the others alone, so that it does not hide itself.
    usual = [np.median(np.delete(sizes, index)) for index in range(min(len(sizes), FEW))]
    most = LEAST + BEYOND * (np.array(usual) if len(sizes) <= FEW else np.full(len(sizes), np.median(sizes)))
    steps = [(known[index + 1], rest[index]) for index in np.flatnonzero(sizes > most)]
    return _Steps(steps, float(np.median(most)))


def _parts(shifts: Sequence[Shift], directions: Directions) -> NDArray[np.float64]:
    """Return how far a part of the picture has moved, (K, 2): what several patches agree on, the others being still."""
    moved = np.zeros((len(shifts), 2))
    patches = [one.patches for one in shifts if one.patches is not None]
    if len(patches) < len(shifts) or not patches:
        return moved
    votes: dict[int, list[NDArray[np.float64]]] = {}
    for places in np.stack(patches).transpose(1, 0, 2):
        for index, step in _steps(places, directions).steps:
            if np.hypot(*step) > PART_LEAST:
                votes.setdefault(index, []).append(step)
    for index, steps in votes.items():
        middle = np.median(steps, axis=0)
        if np.count_nonzero(np.hypot(*(np.array(steps) - middle).T) <= AGREED) >= FEWEST:
            moved[index:] += middle
    moved[np.hypot(*moved.T) <= PART_LEAST] = 0.0
    return moved


def _by_light(changes: NDArray[np.float64], directions: Directions) -> NDArray[np.float64]:
    """Return what of the changes is in proportion to those of the light; zero where a direction is not known.

    The factor is the one with the least sum of distances, so that a single move does not draw it to itself.
    """
    known = [one for one in directions if one is not None]
    if len(known) < len(directions):
        return np.zeros_like(changes)
    lights = np.diff(np.array([(one[0], -one[1]) for one in known]), axis=0)
    factors = np.zeros(2)
    for axis in range(2):
        at, seen = lights[:, axis], changes[:, axis]
        weights = np.ones_like(at)
        for _ in range(20):
            across = float(weights * at @ at)
            if across < 1e-6:
                break
            factors[axis] = float(weights * at @ seen) / across
            weights = 1 / np.maximum(np.abs(seen - factors[axis] * at), 1e-3)
    return np.asarray(lights * factors)


@cache
def _window() -> Floats:
    edge = np.hanning(PATCH)
    return np.outer(edge, edge).astype(np.float32)


@cache
def _lowpass() -> Floats:
    """Return weights of frequencies: the peak gets some pixels wide, so that its top is found between them."""
    down, across = np.fft.fftfreq(PATCH)[:, None], np.fft.rfftfreq(PATCH)[None]
    return np.exp(-(down**2 + across**2) / (2 * 0.12**2)).astype(np.float32)


def _gradients(patch: NDArray[np.uint8]) -> tuple[Floats, Floats]:
    """Return the differences of the logarithms, which do not depend on how bright the light is."""
    logs = np.log(patch.astype(np.float32) + np.float32(8))
    across, down = np.zeros_like(logs), np.zeros_like(logs)
    across[:, 1:-1] = logs[:, 2:] - logs[:, :-2]
    down[1:-1] = logs[2:] - logs[:-2]
    return across, down


def _detail(patch: NDArray[np.uint8]) -> float:
    """Return the smaller eigenvalue of the structure tensor: edges of one direction slide along themselves."""
    across, down = _gradients(patch)
    one, other, mixed = (float((a * b).mean()) for a, b in ((across, across), (down, down), (across, down)))
    return (one + other) / 2 - float(np.hypot((one - other) / 2, mixed)) if one + other > 1e-6 else 0.0


def _spectrum(patch: NDArray[np.uint8]) -> Spectra:
    across, down = _gradients(patch)
    size = np.sqrt(across * across + down * down)
    size = np.minimum(size, EDGES * size.mean())
    return np.asarray(np.fft.rfft2((size - size.mean()) * _window()), np.complex64)


def _displacement(first: Spectra, second: Spectra) -> tuple[float, float, float]:
    """Return how far the second patch lies to the right and down of the first, and how clear that is."""
    cross = np.conj(first) * second
    strength = np.abs(cross)
    most = float(strength.max())
    if most <= 0:
        return 0.0, 0.0, 0.0
    peaks = np.fft.irfft2(cross / (strength + np.float32(1e-6 * most)) * _lowpass(), s=(PATCH, PATCH))
    row, column = divmod(int(peaks.argmax()), PATCH)
    top = float(peaks[row, column])
    down = row + _between(peaks[row - 1, column], top, peaks[(row + 1) % PATCH, column])
    right = column + _between(peaks[row, column - 1], top, peaks[row, (column + 1) % PATCH])
    half = PATCH / 2
    return (right + half) % PATCH - half, (down + half) % PATCH - half, top / float(peaks.std())


def _between(before: float, top: float, after: float) -> float:
    """Return where between three values of a Gaussian peak its top lies."""
    left, middle, right = (float(np.log(max(float(value), 1e-9))) for value in (before, top, after))
    bend = left - 2 * middle + right
    return 0.5 * (left - right) / bend if bend < 0 else 0.0
