"""The contact for a flash: closed as long as the shutter is open."""

import threading
from collections import deque

_KEPT = 4000


class SyncContact:
    """What the contact did, as edges that can be waited for."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._edges: deque[tuple[int, float, bool]] = deque(maxlen=_KEPT)
        self._count = 0
        self._closed = False

    def turn(self, moment: float, *, closed: bool) -> None:
        """Take note that it closed, or opened, at a time on the monotonic clock."""
        with self._changed:
            if closed == self._closed:
                return
            self._count += 1
            self._closed = closed
            self._edges.append((self._count, moment, closed))
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
