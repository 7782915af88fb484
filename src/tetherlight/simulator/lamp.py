"""How a lamp of the scene follows what it is told: late, slowly, not in proportion, and with a flicker."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

Signals = Sequence[tuple[float, float]]
"""Pairs of level and signal, both from 0 to 1 and growing."""


@dataclass(frozen=True)
class Lamp:
    """What a lamp does with its signal; by default it follows at once and in proportion."""

    gamma: float = 1.0
    """Its light is the signal to this power."""
    delay_s: float = 0.0
    """It stays as it was for so long after it is switched."""
    rise_s: float = 0.0
    """Then it goes straight to its new light within so long."""
    flicker: float = 0.0
    """By so large a share its light goes up and down."""
    flicker_hz: float = 0.0

    def light(self, signal: float) -> float:
        """Return the light of a signal, when the lamp has settled."""
        return float(signal**self.gamma)

    def between(self, before: float, after: float, since_s: float) -> float:
        """Return the light so long after it was switched from one light to another."""
        share = (since_s - self.delay_s) / self.rise_s if self.rise_s > 0 else float(since_s >= self.delay_s)
        return before + (after - before) * min(max(share, 0.0), 1.0)

    def flickering(self, light: float, now: float) -> float:
        """Return the light at a time in seconds, as its flicker has it then."""
        return light * (1 + self.flicker * math.sin(2 * math.pi * self.flicker_hz * now))


@dataclass
class LitLamp:
    """A lamp of the scene, and how it was switched last."""

    lamp: Lamp
    before: float = 0.0
    after: float = 0.0
    at: float = -math.inf

    def switch(self, light: float, now: float) -> None:
        """Let it go to another light, from where it stands now."""
        self.before, self.after, self.at = self.steady(now), light, now

    def steady(self, now: float) -> float:
        """Return its light at a time, without the flicker."""
        return self.lamp.between(self.before, self.after, now - self.at)

    def light(self, now: float) -> float:
        """Return its light at a time."""
        return self.lamp.flickering(self.steady(now), now)


def signal_of(level: float, signals: Signals) -> float:
    """Return the signal that is sent for a level, which is the level itself where nothing is said."""
    for (low, signal), (high, next_signal) in pairwise(signals):
        if level <= high:
            return signal + (level - low) / (high - low) * (next_signal - signal)
    return level if not signals else signals[-1][1]
