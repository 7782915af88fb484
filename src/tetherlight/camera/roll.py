"""What a camera announces of its pictures: which files are one exposure, and whether more are to be expected."""

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from tetherlight.camera.calls import Happened

GRACE = 1.5
"""Seconds in which a further file may follow after the camera called the capture complete."""
QUIET = 0.5
"""Seconds after all expected files in which the camera may still call the capture complete."""
STORE = re.compile(r"^/store_[0-9a-f]+(?=/)", re.IGNORECASE)
"""A card, at the beginning of a path: with two in the body, an exposure may lie on both."""
COUNTED = re.compile(r"capt\d+(-\d+)?", re.IGNORECASE)
"""Names that libgphoto2 makes up for pictures in the memory: it counts files, not exposures."""


@dataclass
class Roll:
    """The files that were announced, and whether more are to be expected; an exposure gives `expected` files."""

    expected: int
    paths: dict[str, None] = field(default_factory=dict)
    complete_at: float | None = None
    last_file_at: float = 0.0
    foreign: Callable[[str], bool] = lambda _: False
    """Tells which files are no exposure's of these: one that came before, and only now is announced whole."""
    set_aside: dict[str, None] = field(default_factory=dict)

    def add(self, happened: Happened) -> None:
        """Take note of what the camera announced."""
        now = time.monotonic()
        mine = [path for path in happened.files if not self.foreign(path)]
        self.set_aside.update(dict.fromkeys(path for path in happened.files if path not in mine))
        if mine:
            self.paths.update(dict.fromkeys(mine))
            self.last_file_at = now
        if happened.complete and self.complete_at is None:
            self.complete_at = now

    def exposures(self) -> list[tuple[str, ...]]:
        """Return the files of each exposure, in the order in which they began to come."""
        return exposures_of(self.paths, self.expected)

    def finished(self) -> bool:
        """Tell whether every exposure is whole, as far as can be known."""
        now = time.monotonic()
        if not self.paths:
            return False
        if all(len(files) >= self.expected for files in self.exposures()):
            return self.complete_at is not None or now - self.last_file_at > QUIET
        return self.complete_at is not None and now - max(self.complete_at, self.last_file_at) > GRACE


def exposures_of(paths: Iterable[str], expected: int) -> list[tuple[str, ...]]:
    """Put files together that are one exposure: those of one name; where names only count, as many as are expected."""
    found: list[list[str]] = []
    named: dict[str, list[str]] = {}
    counted: list[str] = []
    for path in paths:
        name = exposure_name(path)
        if name is None:
            endings = {_ending(one) for one in counted}
            group = counted = counted if len(counted) < expected and _ending(path) not in endings else []
        else:
            group = named.setdefault(name, [])
        if not group:
            found.append(group)
        group.append(path)
    return [tuple(group) for group in found]


def exposure_name(path: str) -> str | None:
    """Return what all files of an exposure are called, whatever card they are on; None where names only count."""
    bare = PurePosixPath(STORE.sub("", path))
    return None if COUNTED.fullmatch(bare.stem) else str(bare.with_suffix("")).casefold()


def _ending(path: str) -> str:
    return PurePosixPath(path).suffix.casefold()
