"""The machine as the doctor sees it, so that a folder can stand in for one."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol


class Usage(Protocol):
    """Room on a disk, in bytes."""

    @property
    def total(self) -> int:
        """All of it."""

    @property
    def free(self) -> int:
        """What this user may still fill."""


def _may_use(path: Path) -> bool:
    return os.access(path, os.R_OK | os.W_OK)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Machine:
    """Files below a root (`/proc`, `/sys`, `/dev`, `/run`), and the few questions that files do not answer."""

    root: Path = Path("/")
    may_use: Callable[[Path], bool] = _may_use
    """Whether this user may read and write a file, access lists included."""
    disk_usage: Callable[[Path], Usage] = shutil.disk_usage
    now: Callable[[], datetime] = _now

    def path(self, absolute: str) -> Path:
        """Return where a file with this absolute path is."""
        return self.root / absolute.lstrip("/")

    def text(self, path: Path) -> str | None:
        """Return a small file's stripped text, or None where it is missing or may not be read."""
        try:
            return path.read_bytes().decode(errors="replace").strip("\0 \n")
        except OSError:
            return None

    def children(self, absolute: str, pattern: str = "*") -> Iterator[Path]:
        """Walk a folder's entries in order; a missing folder has none."""
        yield from sorted(self.path(absolute).glob(pattern))

    @property
    def board(self) -> str | None:
        """What the board calls itself, such as Raspberry Pi 4 Model B Rev 1.4."""
        return self.text(self.path("/proc/device-tree/model"))

    @property
    def is_pi(self) -> bool:
        """Whether the board is a Raspberry Pi."""
        return (self.board or "").startswith("Raspberry Pi")
