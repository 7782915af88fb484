"""The exposure that holds the light of a scene, found with few test shots.

The brightness of a test shot whose brightest parts are still in the straight part of the camera's curve tells how the
light is distributed; how much of an overexposed one is clipped then tells at which light the sensor clips, whatever
curve lies between. That is the camera's alone: for further lights one dark shot is enough, and one to make sure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tetherlight.photometric.looks import CLIPPED, linear_levels

MOST_CLIPPED = 0.001
"""Share of pixels that may be clipped: highlights."""
LINEAR = 0.5
"""Up to this linear value, of white, a camera's curve is taken for straight."""
DARK = 0.01
"""Below this the brightest parts of a shot are too few levels to count with."""
MOST_SHOTS = 3
STEP = 8.0
"""Factor to the next test shot where one was clipped, or too dark to tell."""
FAR, FAR_STEP = 0.9, 64.0
"""Share of clipped pixels from which a shot is far off, and the factor then."""
OVER = 4.0
"""Factor beyond what is known to hold, to see where the clipping begins."""
MOST_KNOWN, LEAST_LEVEL = 0.98, 0.004
"""Share of clipped pixels above which they say little of that, and the least value of a dark shot that counts."""
NEAR = 1.02
"""Cameras round their times: 1/60 is not twice 1/125."""


@dataclass(frozen=True)
class Metered:
    """One test shot: its exposure time, and how many pixels have each of the 256 levels of their brightest channel."""

    seconds: float
    counts: NDArray[np.int64]

    @property
    def clipped(self) -> float:
        """Share of clipped pixels."""
        return float(self.counts[CLIPPED:].sum() / max(int(self.counts.sum()), 1))

    def level(self, share: float) -> float:
        """Return the linear value, 1 for white, above which so large a share of the pixels lies."""
        above = np.cumsum(self.counts[::-1])[::-1] / max(int(self.counts.sum()), 1)
        return float(linear_levels()[int(np.flatnonzero(above > share).max(initial=0))])

    @property
    def linear(self) -> bool:
        """Whether its brightest parts are neither in the bend of the curve nor lost in the dark."""
        return DARK <= self.level(MOST_CLIPPED) <= LINEAR


@dataclass(frozen=True)
class Choice:
    """The exposure that was chosen."""

    seconds: float
    clipped: float | None = None
    """Share of clipped pixels of a test shot with it; None where none was taken with it."""


@dataclass
class Meter:
    """Looks for the longest of a camera's exposure times that holds one light after the other.

    `times` are all that the camera offers, in seconds. Lights of one camera share a meter.
    """

    times: Sequence[float]
    white: float | None = None
    """The linear value at which the camera clips, where its curve is straight; 1 by default, found with two shots."""
    _shots: list[Metered] = field(default_factory=list)

    def begin(self) -> None:
        """Forget the shots of the light before."""
        self._shots = []

    def add(self, shot: Metered) -> None:
        """Take note of a test shot."""
        self._shots.append(shot)
        dark, over = self._dark, [one for one in self._shots if MOST_CLIPPED < one.clipped < MOST_KNOWN]
        if dark is not None and over and self.white is None:
            least = min(over, key=lambda one: one.clipped)
            level = dark.level(least.clipped)
            self.white = level * least.seconds / dark.seconds if level >= LEAST_LEVEL else None

    def next(self, now: float) -> float | None:
        """Return the time of the next test shot, the first one that of the camera `now`; None where enough is known."""
        if not self._shots:
            return self._option(now)
        if len(self._shots) >= MOST_SHOTS or self._known:
            return None
        last = self._shots[-1]
        dark = self._dark
        if dark is None:
            down = FAR_STEP if last.clipped > FAR else STEP
            wanted = last.seconds / down if last.level(MOST_CLIPPED) > LINEAR else last.seconds * STEP
        elif self.white is None:
            held = [one.seconds for one in self._shots if one.clipped <= MOST_CLIPPED]
            wanted = OVER * max([self._longest(dark), *held])
        else:
            wanted = self._longest(dark)
        chosen = self._option(wanted)
        return None if any(self._same(chosen, one.seconds) for one in self._shots) else chosen

    def choice(self) -> Choice:
        """Return the longest time that holds the light, as far as the shots tell; ValueError where there are none."""
        if not self._shots:
            raise ValueError("no test shot was taken")
        bad = min((one.seconds for one in self._shots if one.clipped > MOST_CLIPPED), default=float("inf"))
        good = [one for one in self._shots if one.clipped <= MOST_CLIPPED]
        dark = self._dark
        wanted = self._longest(dark) if dark is not None else min(self._shots[-1].seconds, bad / STEP)
        wanted = max([wanted, *(one.seconds for one in good)])
        held = [one for one in sorted(self.times) if one <= wanted * NEAR and one < bad / NEAR]
        chosen = held[-1] if held else min(self.times)
        return Choice(chosen, next((one.clipped for one in self._shots if self._same(one.seconds, chosen)), None))

    @property
    def _dark(self) -> Metered | None:
        """The longest shot whose brightest parts are where the curve is straight."""
        return max((one for one in self._shots if one.linear), key=lambda one: one.seconds, default=None)

    @property
    def _known(self) -> bool:
        """Whether the choice was tried, and held."""
        return self.white is not None and self._dark is not None and self.choice().clipped is not None

    def _longest(self, dark: Metered) -> float:
        return dark.seconds * (1.0 if self.white is None else self.white) / dark.level(MOST_CLIPPED)

    def _option(self, wanted: float) -> float:
        held = [one for one in self.times if one <= wanted * NEAR]
        return max(held) if held else min(self.times)

    def _same(self, one: float, other: float) -> bool:
        return 1 / NEAR < one / other < NEAR
