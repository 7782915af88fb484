"""Which exposures came lately, so that a file which follows late is known as one of theirs."""

import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tetherlight.camera.exposure import SavedFile
from tetherlight.camera.roll import exposure_name

LATELY, LATEST_S = 16, 60.0
"""How many exposures are remembered, and for how long: a body may begin to number anew."""
Late = Callable[[Sequence[SavedFile]], Awaitable[None]]
"""Hears of files that came after their exposure was delivered."""


@dataclass
class Delivery:
    """An exposure whose files were handed over, or left on the card."""

    paths: list[str]
    """Where its files lie on the camera, those that came late too."""
    expected: int
    saved: Sequence[Path] = field(default=())
    late: Late | None = None
    at: float = field(default_factory=time.monotonic)

    def has(self, path: str) -> bool:
        """Tell whether a file of another name on the camera is one of this exposure, by its name."""
        name = exposure_name(path)
        return name is not None and any(exposure_name(one) == name for one in self.paths)

    def lacks(self, path: str) -> bool:
        """Tell whether this may be the file that was still to come, where names only count."""
        endings = {_ending(one) for one in self.paths}
        return exposure_name(path) is None and len(self.paths) < self.expected and _ending(path) not in endings


class Deliveries:
    """The last exposures of one camera."""

    def __init__(self) -> None:
        self._lately: deque[Delivery] = deque(maxlen=LATELY)

    def add(self, delivery: Delivery) -> None:
        """Remember an exposure, in the place of one whose files it replaced."""
        for old in [one for one in self._lately if set(one.saved) & set(delivery.saved)]:
            self._lately.remove(old)
        self._lately.append(delivery)

    def of(self, path: str) -> Delivery | None:
        """Return the exposure to which a file belongs that is announced now; None where it is a new one's."""
        lately = [one for one in reversed(self._lately) if time.monotonic() - one.at < LATEST_S]
        for delivery in lately:
            if path not in delivery.paths and delivery.has(path):
                return delivery
        last = lately[0] if lately else None
        return last if last is not None and last.lacks(path) else None

    def clear(self) -> None:
        """Forget all: the camera was opened anew, and names of its memory begin again."""
        self._lately.clear()


def _ending(path: str) -> str:
    return PurePosixPath(path).suffix.casefold()
