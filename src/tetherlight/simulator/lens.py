"""The lens in front of a body: a motor turns its plane of focus between two ends, and nobody is told where it is.

Lengths and heights are in the scene's units (see objects): a 50 mm macro lens over a frame of 107 x 71 mm.
"""

import math
import threading
import time
from collections.abc import Callable

LAST_PLACE = 16_000
"""The lens focuses farthest here, on a plane below the table, and nearest at place 0, above all that stands on it."""
FIRST_PLACE = 8_000
"""Where a fresh lens stands: on the middle of the medallion's relief."""
HEIGHT_OF_NEAREST = 0.86
HEIGHT_PER_PLACE = -1e-4
SETTLE_S = 0.15
"""How long a lens swings before it stands still."""

FOCAL_LENGTH = 1.4
DISTANCE = 5.6
"""From the table up to the lens."""
_PLACES_PER_S = 20_000.0
_SWING = 100.0
_SWINGS = 3


def sharp_height(place: float) -> float:
    """Return the height above the table that is sharp at a place of the lens."""
    return HEIGHT_OF_NEAREST + HEIGHT_PER_PLACE * place


def sharp_place(height: float) -> float:
    """Return the place of the lens at which a height is sharp, the nearer end where there is none."""
    return min(max((height - HEIGHT_OF_NEAREST) / HEIGHT_PER_PLACE, 0.0), float(LAST_PLACE))


class Lens:
    """A focus motor and how far it has come; thread-safe. `still` is called when it stands still after a drive.

    Without `depth_of_field` everything is always sharp, wherever the lens stands.
    """

    def __init__(
        self, later: Callable[[float, Callable[[], None]], None], still: Callable[[], None], *, depth_of_field: bool
    ) -> None:
        self.depth_of_field = depth_of_field
        self._later = later
        self._still = still
        self._lock = threading.Lock()
        self._from = self._to = float(FIRST_PLACE)
        self._began = -math.inf

    @property
    def place(self) -> float:
        """Tell where the lens is now; on the way it is between places, and at the end of it it swings."""
        with self._lock:
            return self._place()

    @property
    def focus(self) -> float | None:
        """Tell the height above the table that is sharp now; None when everything is."""
        return sharp_height(self.place) if self.depth_of_field else None

    @property
    def end(self) -> str | None:
        """Tell whether the lens stands at its `near` or its `far` end."""
        with self._lock:
            return {0.0: "near", float(LAST_PLACE): "far"}.get(self._place())

    @property
    def moving(self) -> bool:
        """Tell whether the motor runs; when it has stopped the lens still swings for a moment."""
        with self._lock:
            return time.monotonic() < self._began + self._way_s()

    @property
    def still(self) -> bool:
        """Tell whether the lens stands still: its motor has stopped, and it has swung out."""
        with self._lock:
            return self._stands()

    def drive(self, steps: int, *, part: float = 1.0) -> bool:
        """Begin to move by so many places, nearer where negative; False where the end is nearer than that.

        A motor that still runs goes on to the sum of both. With `part` it halts after that share of the way.
        """
        with self._lock:
            wanted = self._to + steps * part
            reached = min(max(wanted, 0.0), float(LAST_PLACE))
            self._from, self._to, self._began = self._place(), reached, time.monotonic()
            seconds = self._way_s() + SETTLE_S
        self._later(seconds, self._tell)
        return wanted == reached

    def put(self, place: float) -> None:
        """Put the lens somewhere at once, as a hand on its ring does."""
        with self._lock:
            self._from = self._to = min(max(place, 0.0), float(LAST_PLACE))
            self._began = -math.inf

    def _tell(self) -> None:
        """Tell that the lens stands still, unless it was driven again meanwhile."""
        with self._lock:
            stands = self._stands()
        if stands:
            self._still()

    def _stands(self) -> bool:
        return time.monotonic() >= self._began + self._way_s() + SETTLE_S

    def _way_s(self) -> float:
        return abs(self._to - self._from) / _PLACES_PER_S

    def _place(self) -> float:
        since, way = time.monotonic() - self._began, self._to - self._from
        if since >= self._way_s() + SETTLE_S:
            return self._to
        if since < self._way_s():
            return self._from + math.copysign(since * _PLACES_PER_S, way)
        share = (since - self._way_s()) / SETTLE_S
        swing = min(abs(way) / 10, _SWING) * (1 - share) ** 2 * math.sin(2 * math.pi * _SWINGS * share)
        return min(max(self._to + math.copysign(swing, way), 0.0), float(LAST_PLACE))
