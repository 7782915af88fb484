"""How often what has happened in this process, and how long it took: counted where it happens, read when somebody asks.

Plain numbers, so that counting costs less than a microsecond and no library; `bridges/metrics/` makes figures of them.
"""

import threading
from bisect import bisect_left
from collections.abc import Iterable, Mapping

BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""The upper bounds of the classes into which times are counted, in seconds; one more has all that is longer."""

_lock = threading.Lock()


class Counter:
    """Counts by a word."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def add(self, word: str = "") -> None:
        """Count one."""
        with _lock:
            self._counts[word] = self._counts.get(word, 0) + 1

    def counts(self) -> Mapping[str, int]:
        """Return how many there were of each word."""
        with _lock:
            return dict(self._counts)


class Times:
    """Counts times by a word and by how long they were."""

    def __init__(self) -> None:
        self._classes: dict[str, list[int]] = {}
        self._sums: dict[str, float] = {}

    def add(self, word: str, seconds: float) -> None:
        """Count one that took so long."""
        with _lock:
            classes = self._classes.get(word)
            if classes is None:
                classes = self._classes[word] = [0] * (len(BOUNDS_S) + 1)
                self._sums[word] = 0.0
            classes[bisect_left(BOUNDS_S, seconds)] += 1
            self._sums[word] += seconds

    def times(self) -> Mapping[str, tuple[tuple[int, ...], float]]:
        """Return for each word how many there were of each class, and the sum in seconds."""
        with _lock:
            return {word: (tuple(classes), self._sums[word]) for word, classes in self._classes.items()}


class Spans:
    """Counts the seconds for which something is so."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}
        self._totals: dict[str, float] = {}

    def stand(self, words: Iterable[str], now: float) -> None:
        """Take note of which words hold from now on."""
        self._totals = dict(self.totals(now))
        self._since = dict.fromkeys(words, now)

    def totals(self, now: float) -> Mapping[str, float]:
        """Return for how many seconds each word has held until now."""
        found = dict(self._totals)
        for word, since in self._since.items():
            found[word] = found.get(word, 0.0) + now - since
        return found


CALL_SECONDS = Times()
"""Calls to cameras, by call."""
RESTARTS = Counter()
"""Processes of cameras that were started again, by reason."""
CAPTURE_SECONDS = Times()
"""Parts of captures: `exposure` until the camera says that it is over, `transfer` from it, `write` to the disk."""
CAPTURES = Counter()
"""Captures, by result."""
FRAMES = Counter()
"""Frames of the live view, by camera."""
FRAMES_DROPPED = Counter()
"""Frames that a client was too slow for."""
WRITE_SECONDS = Times()
"""Files that were written and waited for."""
SLOW_CLIENTS = Counter()
"""Connections that were closed because the client read too slowly."""
RETRIES = Counter()
"""Steps of sets that were taken again by themselves."""
GUARD_TRIPS = Counter()
"""Lights that went off because of a limit, by limit."""
LIGHT_SECONDS = Spans()
"""How long each light has been on."""
