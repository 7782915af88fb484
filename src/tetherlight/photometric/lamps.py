"""How lamps follow what they are told, from how bright pictures of them were: settling, flicker and curve."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median

WINDOW_S = 0.6
"""Two times so long a light has to stay the same."""
LEAST_FRAMES = 5
"""Pictures in each of these times, at least."""
ALIKE = 0.01
"""Share of the light by which the two may differ."""
WITHIN = 0.02
"""A light that stays within this share of its end has settled."""
STEP = 0.0005
"""By so much each pair of a curve is above the one before."""


@dataclass(frozen=True)
class Seen:
    """How bright one picture was, in any unit linear in light, so many seconds after the switch."""

    at_s: float
    light: float


@dataclass(frozen=True)
class Settled:
    """How a light came to rest."""

    seconds: float
    """From the switch to the first picture from which it stayed as it is."""
    light: float
    flicker: float
    """(most - least) / (most + least) of the pictures of the last window."""
    frame_s: float
    """Median time between two pictures, which is how exactly the seconds are known."""


def rests(seen: Sequence[Seen], least: float, noise: float) -> bool:
    """Tell whether the light has reached `least` and stays the same, but for its flicker and noise."""
    middle = _window(seen)
    begin = _window(seen[:middle])
    if begin is None or middle is None:
        return False
    late = [one.light for one in seen[middle:]]
    before = [one.light for one in seen[begin:middle]]
    now = fmean(late)
    # Flicker of few periods moves the mean of a window, too.
    swing = max(late) - min(late)
    return now >= least and abs(now - fmean(before)) <= max(ALIKE * now, noise, swing / 4)


def settled(seen: Sequence[Seen], full: float | None = None) -> Settled:
    """Return how a light came to rest that `rests`; `full` is what counts as its change, where it goes off."""
    # The window before may have the end of the rise.
    rest = [one.light for one in seen[_window(seen) :]]
    light = fmean(rest)
    most, least = max(rest), min(rest)
    allowed = max(WITHIN * abs(light if full is None else full), (most - least) * 0.75)
    first = next((len(seen) - n for n, one in enumerate(reversed(seen)) if abs(one.light - light) > allowed), 0)
    gaps = [later.at_s - one.at_s for one, later in pairwise(seen)]
    flicker = (most - least) / (most + least) if most + least > 0 else 0.0
    return Settled(max(0.0, seen[min(first, len(seen) - 1)].at_s), light, flicker, median(gaps) if gaps else 0.0)


def _window(seen: Sequence[Seen]) -> int | None:
    """Return where the last pictures begin that are enough and took long enough; None where there are not so many."""
    for first in range(len(seen) - LEAST_FRAMES, -1, -1):
        if seen[-1].at_s - seen[first].at_s >= WINDOW_S:
            return first
    return None


def curve(pairs: Sequence[tuple[float, float]], full: float) -> tuple[tuple[float, float], ...]:
    """Return pairs of signal and share of the full light, both from 0 to 1 and growing, without those of the ends.

    Pairs that noise has put in the wrong order are left out.
    """
    kept: list[tuple[float, float]] = []
    last = 0.0
    for signal, light in sorted(pairs):
        share = round(light / full, 4)
        if 0 < signal < 1 and last + STEP <= share <= 1 - STEP:
            kept.append((round(signal, 4), share))
            last = share
    return tuple(kept)
