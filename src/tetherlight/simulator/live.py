"""Whether a body's live view is on: its mirror up and its sensor warm, whoever looks."""

import threading
import time

from tetherlight.simulator.happenings import Happenings


class LiveSwitch:
    """The live view's switch, and how long it was on; counts `live_on` and `live_off`."""

    def __init__(self, happenings: Happenings) -> None:
        self._happenings = happenings
        self._lock = threading.Lock()
        self._since: float | None = None
        self._before = 0.0

    @property
    def on(self) -> bool:
        """Tell whether it is on."""
        return self._since is not None

    @property
    def seconds(self) -> float:
        """Give for how long it was on since the start, altogether."""
        with self._lock:
            return self._before + (0.0 if self._since is None else time.monotonic() - self._since)

    def turn(self, *, on: bool) -> None:
        """Switch it; the way it is already changes nothing."""
        with self._lock:
            if on == (self._since is not None):
                return
            now = time.monotonic()
            if self._since is not None:
                self._before += now - self._since
            self._since = now if on else None
        self._happenings.add("live_on" if on else "live_off")
