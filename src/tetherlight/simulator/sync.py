"""The contact for a flash: closed as long as the shutter is open."""

import threading
import time
from collections import deque

_KEPT = 4000


class SyncContact:
    """What the contact did, as edges that can be waited for."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._edges: deque[tuple[int, float, bool]] = deque(maxlen=_KEPT)
        self._count = 0
        self._closed = False

    def close(self) -> int:
        """Close it, after opening it where it still is closed; return the number of the edge."""
        with self._changed:
            if self._closed:
                self._turn(closed=False)
            self._turn(closed=True)
            return self._count

    def open(self, edge: int) -> None:
        """Open it, unless it was turned since that edge."""
        with self._changed:
            if self._count == edge:
                self._turn(closed=False)

    def _turn(self, *, closed: bool) -> None:
        self._count += 1
        self._closed = closed
        self._edges.append((self._count, time.monotonic(), closed))
        self._changed.notify_all()

    @property
    def count(self) -> int:
        """How many edges there were."""
        with self._changed:
            return self._count

    def wait(self, after: int, timeout: float) -> list[tuple[int, float, bool]]:
        """Give the edges after that of this number: number, time, closed; waits for one so many seconds at most."""
        with self._changed:
            self._changed.wait_for(lambda: self._count > after, timeout)
            return [edge for edge in self._edges if edge[0] > after]
