"""Sets as one zip, written while it is sent: nothing is compressed again, nothing lies on the disk meanwhile."""

import os
import time
import zipfile
from collections.abc import Generator, Sequence
from io import RawIOBase
from pathlib import Path

from tetherlight.errors import StoreError
from tetherlight.files.durable import store_errors
from tetherlight.naming.rules import shown
from tetherlight.protocol.sets import Files
from tetherlight.store.contents import Belonging, belongings

CHUNK = 256 * 1024
FIRST, LAST = (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 58)
"""The times between which a zip can date a file."""


class _Sink(RawIOBase):
    """Where the zip is written to: keeps the bytes until they are taken, and cannot go back."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: "memoryview | bytes") -> int:  # type: ignore[override]
        self._waiting += data
        return len(data)

    def take(self) -> bytes:
        taken, self._waiting = bytes(self._waiting), bytearray()
        return taken


def zip_of_sets(folders: Sequence[Path], files: Files = "all", within: Path | None = None) -> Generator[bytes]:
    """Write what belongs to sets as one zip, piece by piece of about 256 KB, each set in a folder of its name.

    `all` takes everything in the folder, results among it; `jpeg` and `raw` take only such images, with manifest and
    light directions. A file that is deleted meanwhile, or has become a link, ends the zip with a StoreError, so that
    what arrived is seen to be torn. No link is followed below `within`, by default the folder of the set's folder.
    """
    return _zip([(folder.name, _contents(folder, files, within)) for folder in folders])


def _contents(folder: Path, files: Files, within: Path | None) -> Sequence[Belonging]:
    with store_errors(f"Set '{shown(folder.name)}' could not be read"):
        return belongings(folder, files, within)


def zip_of(name: str, contents: Sequence[Belonging]) -> Generator[bytes]:
    """Write files below a folder of this name as a zip, piece by piece."""
    return _zip([(name, contents)])


def _zip(sets: Sequence[tuple[str, Sequence[Belonging]]]) -> Generator[bytes]:
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
        for name, one in ((name, one) for name, contents in sets for one in contents):
            try:
                with one.open() as source:
                    changed = time.time() if one.made is not None else os.fstat(source.fileno()).st_mtime
                    entry = zipfile.ZipInfo(f"{name}/{one.name}", moment_of(changed))
                    entry.external_attr = 0o640 << 16
                    with archive.open(entry, "w", force_zip64=True) as target:
                        while chunk := source.read(CHUNK):
                            target.write(chunk)
                            yield sink.take()
            except OSError as error:
                raise StoreError(f"{one.name} could not be read: {error.strerror}.") from error
    yield sink.take()


def moment_of(changed: float) -> tuple[int, int, int, int, int, int]:
    """Return a time as a zip holds it: local time, the nearest one where it has no such year."""
    try:
        return min(max(time.localtime(changed)[:6], FIRST), LAST)
    except (OSError, OverflowError, ValueError):
        return LAST if changed > 0 else FIRST
