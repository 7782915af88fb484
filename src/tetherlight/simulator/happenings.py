"""What happened to a camera, counted."""

import threading


class Happenings:
    """Counts of what happened to a camera, which can be waited for."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._counts: dict[str, int] = {}

    def add(self, event: str) -> None:
        """Count one more."""
        with self._changed:
            self._counts[event] = self._counts.get(event, 0) + 1
            self._changed.notify_all()

    def count(self, event: str) -> int:
        """Give how often it happened."""
        with self._changed:
            return self._counts.get(event, 0)

    def wait(self, event: str, count: int | None, timeout: float) -> int:
        """Wait until it happened `count` times in all (None: once more) and give the count; raise TimeoutError."""
        with self._changed:
            wanted = self._counts.get(event, 0) + 1 if count is None else count
            if not self._changed.wait_for(lambda: self._counts.get(event, 0) >= wanted, timeout):
                raise TimeoutError
            return self._counts.get(event, 0)
