"""What the store asks about time: a clock that people and time servers set, and one that only goes on."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Two clocks; neither is believed alone where something is removed for good."""

    def wall(self) -> datetime:
        """Return the time that this machine believes it is, in UTC: it may jump, in both directions."""

    def steady(self) -> float:
        """Return seconds since some moment before the start; they never jump, and go on while the machine sleeps."""


class SystemClock:
    """The machine's own clocks."""

    def wall(self) -> datetime:
        """Return the time that this machine believes it is."""
        return datetime.now(UTC)

    def steady(self) -> float:
        """Return the seconds since the machine was started."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)
