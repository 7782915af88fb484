"""What is wrong with the frames of a set, told while they are captured and after it.

Each frame is looked at once, by itself; what needs the others is found from a few numbers of each. A finding has a
code, a sentence that says what happened and what to do, and the figure that it was found by.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from statistics import median
from typing import Self

import numpy as np

from tetherlight.photometric.looks import Floats, Look
from tetherlight.photometric.movement import Shift, moves

NO_LIGHT_SHARE = 0.97
"""Share of black pixels above which a frame shows no light, where no ambient frame tells."""
NOISE = 1.02, 0.5
"""Factor and levels by which two frames under the same light may differ."""
LIT_FIELDS = 0.002
"""Share of the fields of the grid that a lamp must make brighter, where the mean does not tell."""
LIT = 0.01
"""By how much, of white."""
CLIPPED = 0.005, 0.05
"""Share of clipped pixels that is warned of, and that spoils a frame. Highlights of polished things stay below."""
DARK_LEVEL = 32
"""Level of luma that at least one pixel of a hundred must reach."""
MUCH_DARKER = 0.1
"""Signal of a frame against the median of the others below which its lamp is doubted."""
AMBIENT = 0.02, 0.1
ALIKE = 0.999
"""Correlation from which two frames may be the same."""
SAME = 0.001
"""Difference of two frames, of their values, up to which they are the same picture, whatever the difference is like."""
NOISY = 0.008
"""Difference up to which they are where it is noise: lamps one degree apart differ by less on flat things."""
SMOOTH = 0.12
"""Correlation of the difference at fields side by side from which it is no noise; lamps one degree apart have 0.3."""
SAME_SCALE = 0.05
BLURRED = 0.5
"""Sharpness of a frame against the median of the others below which it is blurred."""
MOVED = 0.3, 1.0
"""Pixels of the full image."""
FEWEST = 4
"""Frames from which one can be held against the others."""


class Code(StrEnum):
    """What can be wrong with a frame."""

    LIGHT_MISSING = "light_missing"
    DUPLICATE = "duplicate_frame"
    CLIPPED = "clipped"
    UNDEREXPOSED = "underexposed"
    AMBIENT = "ambient_strong"
    DRIFT = "exposure_drift"
    MOVED = "moved"
    BLURRED = "blurred"


RETAKEN = frozenset({Code.LIGHT_MISSING, Code.DUPLICATE})
"""What may be better at once when the frame is taken again."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a frame; `failed` where the frame is of no use."""

    code: Code
    sentence: str
    failed: bool = False
    figure: float | None = None
    """The measure that it was found by."""
    limit: float | None = None
    """What the measure should not be beyond, or below where less is worse."""
    unit: str | None = None
    """One of `UNITS` of the manifest: pixels are those of the full image, levels those of 8 bits."""


@dataclass(frozen=True)
class Frame:
    """A frame and its place in the set; frames of one group differ by their light alone."""

    index: int
    label: str
    light: str | None
    group: Hashable
    look: Look
    shift: Shift | None = None
    """Where it lies against the first frame of its group, in pixels of the reduced frame."""
    reduced: float = 1.0
    """How many pixels of the full image are one of the reduced frame."""
    direction: Sequence[float] | None = None


class SetChecks:
    """The frames of a set so far, and what is wrong with them."""

    def __init__(self, *, bracketed: bool = False) -> None:
        """Begin; with `bracketed` frames of which some are meant to be dark or white."""
        self._bracketed = bracketed
        self._groups: dict[Hashable, dict[int, Frame]] = {}

    def add(self, frame: Frame) -> None:
        """Take note of a frame, in the place of one of the same number."""
        self._groups.setdefault(frame.group, {})[frame.index] = frame

    def misses_light(self, frame: Frame) -> bool:
        """Tell whether a frame shows no light."""
        group = _Group.of(self._groups.get(frame.group, {}).values(), bracketed=self._bracketed)
        return missing_light(frame.look, group.ambient, bracketed=self._bracketed) is not None

    def findings(self, frame: Frame) -> list[Finding]:
        """Return what is known by now to be wrong with a frame; more may be known when the others are there."""
        return _findings(frame, _Group.of(self._groups.get(frame.group, {}).values(), bracketed=self._bracketed))

    def all_findings(self) -> dict[int, list[Finding]]:
        """Return what is wrong with every frame, as known by now, by its number."""
        found: dict[int, list[Finding]] = {}
        for frames in self._groups.values():
            group = _Group.of(frames.values(), bracketed=self._bracketed)
            found |= {index: _findings(frame, group) for index, frame in frames.items()}
        return found


@dataclass(frozen=True)
class _Group:
    """What frames that differ by their light alone are held against."""

    ambient: Look | None
    lit: tuple[Frame, ...]
    """Frames that show their light, by number."""
    bracketed: bool
    grids: Floats
    """Their grids; (K, H, W)."""
    signal: float
    sharpness: float
    moved: Mapping[int, float]
    """Pixels by which they have moved, by number."""

    @classmethod
    def of(cls, frames: Iterable[Frame], *, bracketed: bool) -> Self:
        known = sorted(frames, key=lambda one: one.index)
        ambient = next((one.look for one in known if one.light is None), None)
        lit = tuple(
            one
            for one in known
            if one.light is not None and missing_light(one.look, ambient, bracketed=bracketed) is None
        )
        sharp = [one.look.sharpness for one in lit if isfinite(one.look.sharpness)]
        return cls(
            ambient,
            lit,
            bracketed,
            np.array([one.look.grid for one in lit], np.float32),
            median([one.look.signal for one in lit] or [0.0]),
            median(sharp) if len(sharp) >= FEWEST else 0.0,
            _moved(lit),
        )


def _findings(frame: Frame, group: _Group) -> list[Finding]:
    if frame.light is None:
        found = [ambient_strong(frame.look, group.signal)]
    elif (missing := missing_light(frame.look, group.ambient, bracketed=group.bracketed)) is not None:
        found = [missing]
    else:
        found = [
            much_darker(frame.look, group.signal if group.ambient is None and len(group.lit) >= FEWEST else 0.0),
            _duplicate(frame, group),
            None if group.bracketed else clipped(frame.look),
            None if group.bracketed else underexposed(frame.look),
            blurred(frame.look, group.sharpness),
            moved(group.moved.get(frame.index, 0.0), group.lit[0].label if group.lit else ""),
        ]
    return [one for one in found if one is not None]


def missing_light(frame: Look, ambient: Look | None, *, bracketed: bool = False) -> Finding | None:
    """Tell where a frame shows no more light than the ambient one, or none was taken and it is black.

    Where it is one of a bracket, black may be meant.
    """
    if ambient is None:
        if bracketed or frame.black <= NO_LIGHT_SHARE:
            return None
        black = _rounded(frame.black)
        return Finding(Code.LIGHT_MISSING, "Nearly black: did the lamp come on?", True, black, NO_LIGHT_SHARE, "share")
    factor, levels = NOISE
    brighter = float((frame.grid > ambient.grid + LIT).mean())
    if frame.mean > ambient.mean * factor + levels or brighter > LIT_FIELDS:
        return None
    gain = frame.signal / max(ambient.signal, 1e-6)
    sentence = "No brighter than without light: did the lamp come on?"
    return Finding(Code.LIGHT_MISSING, sentence, True, _rounded(gain), factor, "ratio")


def much_darker(frame: Look, usual: float) -> Finding | None:
    """Tell where a frame is far darker than the usual signal of frames under other lights, 0 for not known."""
    share = frame.signal / usual if usual > 0 else 1.0
    if share >= MUCH_DARKER:
        return None
    sentence = f"Only {_percent(share)} as bright as the other frames: did the lamp come on?"
    return Finding(Code.LIGHT_MISSING, sentence, True, _rounded(share), MUCH_DARKER, "ratio")


def same_picture(one: Floats, others: Floats) -> tuple[int, float] | None:
    """Return which of the grids (K, H, W) is the same picture as one (H, W), and their correlation; None where none is.

    Noise and a lamp that flickers by some percent do not make two pictures of one; another direction of the light does.
    """
    if not len(others):
        return None
    flat = others.reshape(len(others), -1)
    scales = flat @ one.ravel() / np.maximum(np.linalg.norm(flat, axis=1) ** 2, 1e-12)
    rests = np.linalg.norm(one.ravel() - scales[:, None] * flat, axis=1) / max(float(np.linalg.norm(one)), 1e-12)
    rests[np.abs(scales - 1) > SAME_SCALE] = np.inf
    best = int(rests.argmin())
    correlation = _correlation(one, others[best])
    noise = rests[best] <= NOISY and _smoothness(one - scales[best] * others[best]) < SMOOTH
    return (best, round(correlation, 6)) if (rests[best] <= SAME or noise) and correlation > ALIKE else None


def _smoothness(difference: Floats) -> float:
    """Return how much fields side by side have in common: nothing in noise, much under another light."""
    rest = difference - difference.mean()
    total = max(float((rest**2).sum()), 1e-20)
    return float((rest[1:] * rest[:-1]).sum() + (rest[:, 1:] * rest[:, :-1]).sum()) / (2 * total)


def _duplicate(frame: Frame, group: _Group) -> Finding | None:
    if frame.look.clipped > CLIPPED[1]:
        return None  # what is white all over looks the same under every light
    earlier = [one.index < frame.index and one.light != frame.light for one in group.lit]
    same = same_picture(frame.look.grid, group.grids[earlier] if any(earlier) else group.grids[:0])
    if same is None:
        return None
    other = [one for one, chosen in zip(group.lit, earlier, strict=True) if chosen][same[0]]
    sentence = f"The same picture as that of {other.label}: does each lamp have a line of its own, and did it come on?"
    return Finding(Code.DUPLICATE, sentence, True, same[1], ALIKE, "correlation")


def clipped(frame: Look) -> Finding | None:
    """Tell where too much of a frame is white."""
    if frame.clipped <= CLIPPED[0]:
        return None
    sentence = f"{_percent(frame.clipped)} of the picture is clipped: use a shorter exposure."
    return _beyond(Code.CLIPPED, sentence, _rounded(frame.clipped), CLIPPED, "share")


def underexposed(frame: Look) -> Finding | None:
    """Tell where a frame uses only the lowest levels."""
    brightest = frame.percentiles[-1]
    if brightest >= DARK_LEVEL:
        return None
    sentence = f"Nearly all of the picture is below level {round(brightest) + 1} of 255: use a longer exposure."
    return Finding(Code.UNDEREXPOSED, sentence, figure=brightest, limit=DARK_LEVEL, unit="levels")


def blurred(frame: Look, usual: float) -> Finding | None:
    """Tell where a frame has far less fine detail than is usual in the set, 0 for not known."""
    share = frame.sharpness / usual if usual > 0 and isfinite(frame.sharpness) else 1.0
    if share >= BLURRED:
        return None
    sentence = f"Blurred: it has {_percent(share)} of the fine detail of the other frames. Did something shake?"
    return Finding(Code.BLURRED, sentence, figure=_rounded(share), limit=BLURRED, unit="ratio")


def ambient_strong(ambient: Look, lit: float) -> Finding | None:
    """Tell where the light of the room is much of the signal of lit frames, 0 for not known."""
    if lit <= ambient.signal:
        return None
    share = ambient.signal / (lit - ambient.signal)
    if share <= AMBIENT[0]:
        return None
    sentence = f"The light of the room is {_percent(share)} of that of the lamps: make the room darker."
    return _beyond(Code.AMBIENT, sentence, _rounded(share), AMBIENT, "share")


def moved(pixels: float, against: str) -> Finding | None:
    """Tell where something moved, by pixels of the full image, since the frame that is named."""
    if pixels <= MOVED[0]:
        return None
    sentence = f"Moved by {pixels:.1f} pixels since {against}: hold object and camera still, and take the set again."
    return _beyond(Code.MOVED, sentence, round(pixels, 2), MOVED, "pixels")


def _beyond(code: Code, sentence: str, figure: float, limits: tuple[float, float], unit: str) -> Finding:
    """Return a finding with the limit that it is beyond: that of a warning, or that from which a frame is spoilt."""
    warned, failed = limits
    spoilt = figure > failed
    return Finding(code, sentence, spoilt, figure, failed if spoilt else warned, unit)


def _moved(lit: Sequence[Frame]) -> dict[int, float]:
    known = [(one, one.shift) for one in lit if one.shift is not None]
    found = moves([shift for _, shift in known], [one.direction for one, _ in known])
    # The threshold of `moves` is in pixels of the reduced frame, which are larger: it is the stricter one.
    return {one.index: float(np.hypot(*shift)) * one.reduced for (one, _), shift in zip(known, found, strict=True)}


def _correlation(one: Floats, two: Floats) -> float:
    first, second = (one - one.mean()).ravel(), (two - two.mean()).ravel()
    size = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(first @ second) / size if size > 0 else 0.0


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"
