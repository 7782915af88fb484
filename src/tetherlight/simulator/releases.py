"""Which exposures a body made, when their shutter opened, and by which event on a line."""

import threading
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any

_KEPT = 1000


@dataclass
class Release:
    """One opening of the shutter: by the event of this number on a line, or by something else (None)."""

    line: int | None
    opened_s: float
    """On the monotonic clock; the self-timer comes on top."""
    held: bool = False
    """Whether the line stayed pressed, so that exposures follow in continuous drive."""
    files: dict[str, int] = field(default_factory=dict)
    """What the body calls its pictures, each with the CRC-32 of its bytes; none before they are developed."""


class Releases:
    """The last exposures of a body, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: deque[Release] = deque(maxlen=_KEPT)

    def add(self, release: Release) -> None:
        """Remember an exposure."""
        with self._lock:
            self._kept.append(release)

    def describe(self) -> list[dict[str, Any]]:
        """Give them as the control socket shows them."""
        with self._lock:
            return [asdict(one) for one in self._kept]
