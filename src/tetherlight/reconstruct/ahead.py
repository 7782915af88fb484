"""Images of a set decoded small while the set is still being captured, for a preview as soon as it is whole."""

import contextlib
import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tetherlight.errors import ImageUnreadable
from tetherlight.files.durable import store_errors
from tetherlight.pixels.decode import decode
from tetherlight.pixels.look import Look, look, opened
from tetherlight.protocol.manifest import MANIFEST, Manifest
from tetherlight.protocol.models import JobState, StepState
from tetherlight.reconstruct.options import Options
from tetherlight.reconstruct.spool import Plan, Tell, shrink_of
from tetherlight.reconstruct.steps import image_of
from tetherlight.store.manifest import manifest_of, read_raw_manifest

LOOK_S = 0.1
"""Seconds between two looks whether there is another image, or the set is whole."""


@dataclass(frozen=True, eq=False)
class _Decoded:
    stamp: tuple[int, int, int]
    pixels: NDArray[Any]
    seen: Look
    sha256: str


class Ahead:
    """What was decoded while a set was captured."""

    def __init__(self, folder: Path, options: Options, within: Path | None) -> None:
        self._folder = folder
        self._options = options
        self._within = within or folder.parent
        self._decoded: dict[str, _Decoded] = {}
        self._skipped: set[str] = set()
        self._known: Manifest | None = None
        self._stamp: tuple[int, int, int] | None = None

    def follow(self, tell: Tell) -> None:
        """Decode each image as it comes, until the set is not captured any more; at once where it is not."""
        while (manifest := self._manifest()) is not None and manifest.status is JobState.RUNNING:
            if (name := self._next(manifest)) is None:
                time.sleep(LOOK_S)
                continue
            tell(len(self._decoded), len(manifest.steps) + 1, f"reading {name}")
            with contextlib.suppress(ImageUnreadable, OSError):
                self._decoded[name] = self._read(name)
                continue
            self._skipped.add(name)

    def take(self, name: str, plan: Plan, into: NDArray[Any]) -> str | None:
        """Put an image into its place and return its sha256; None where it was not decoded so, or has changed since."""
        found = self._decoded.pop(name, None)
        if found is None or plan.gray != (found.seen.channels == 1) or plan.orientation != found.seen.orientation:
            return None
        if found.pixels.shape != into.shape or found.pixels.dtype != into.dtype:
            return None
        with store_errors("The image could not be read"), opened(self._folder / name, self._within) as file:
            if _stamp(file.fileno()) != found.stamp:
                return None
        np.copyto(into, found.pixels)
        return found.sha256

    def _manifest(self) -> Manifest | None:
        """Return the manifest as it is now; it is read again only where another one is there."""
        try:
            stamp = _stamp_of(os.lstat(self._folder / MANIFEST))
        except OSError:
            return None
        if stamp != self._stamp:
            raw = read_raw_manifest(self._folder, self._within)
            self._known, self._stamp = None if raw is None else manifest_of(raw), stamp
        return self._known

    def _next(self, manifest: Manifest) -> str | None:
        names = (image_of(step, self._options) for step in manifest.steps if step.state is StepState.DONE)
        return next((name for name in names if name and name not in self._decoded.keys() | self._skipped), None)

    def _read(self, name: str) -> _Decoded:
        path = self._folder / name
        seen = look(path, self._within)
        with opened(path, self._within) as file:
            stamp = _stamp(file.fileno())
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        pixels = decode(path, self._within, gray=seen.channels == 1, shrink=shrink_of(seen, self._options.shrink))
        return _Decoded(stamp, pixels, seen, sha256)


def _stamp(descriptor: int) -> tuple[int, int, int]:
    return _stamp_of(os.fstat(descriptor))


def _stamp_of(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_mtime_ns, found.st_size, found.st_ino
