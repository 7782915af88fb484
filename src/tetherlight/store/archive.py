"""A set as one zip, written while it is sent: nothing is compressed again, nothing lies on the disk meanwhile."""

import os
import time
import zipfile
from collections.abc import Generator, Iterator, Sequence
from io import RawIOBase
from pathlib import Path
from typing import Literal

from tetherlight.errors import StoreError
from tetherlight.store.images import is_image, is_jpeg, is_raw
from tetherlight.store.manifest import MANIFEST, Manifest, read_manifest
from tetherlight.store.names import is_visible

Files = Literal["all", "jpeg", "raw"]
CHUNK = 256 * 1024


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


def zip_of_set(folder: Path, files: Files = "all") -> Generator[bytes]:
    """Write a set's files, its manifest and its light directions as a zip, piece by piece of about 256 KB.

    `all` takes everything in the folder, results among it; `jpeg` and `raw` take only such images. A file that is
    deleted meanwhile ends the zip with a StoreError, so that what arrived is seen to be torn.
    """
    name = folder.name
    directions = None if (folder / f"{name}.lp").exists() else light_directions(folder, files)
    return _zip(folder, chosen_files(folder, files), directions)


def _zip(folder: Path, paths: Sequence[Path], directions: str | None) -> Generator[bytes]:
    sink = _Sink()
    name = folder.name
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
        for path in paths:
            entry = zipfile.ZipInfo(f"{name}/{path.relative_to(folder)}", _moment(path))
            entry.external_attr = 0o640 << 16
            try:
                with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                    while chunk := source.read(CHUNK):
                        target.write(chunk)
                        yield sink.take()
            except OSError as error:
                raise StoreError(f"{path.name} could not be read: {error.strerror}.") from error
        if directions is not None:
            archive.writestr(zipfile.ZipInfo(f"{name}/{name}.lp", time.localtime()[:6]), directions)
    yield sink.take()


def chosen_files(folder: Path, files: Files) -> list[Path]:
    """Return the files of a set that belong to a choice, in the order of their paths; the manifest is always there."""
    found: list[Path] = []
    for inner, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if is_visible(name)]
        paths = (Path(inner, name) for name in names if is_visible(name))
        found += [path for path in paths if path.is_file() and not path.is_symlink()]
    if files == "all":
        return sorted(found)
    wanted = is_jpeg if files == "jpeg" else is_raw
    return sorted(
        path
        for path in found
        if path.parent == folder and (wanted(path) if is_image(path) else path.name == MANIFEST or path.suffix == ".lp")
    )


def light_directions(folder: Path, files: Files = "all") -> str | None:
    """Write the light directions of a set as an `.lp` file; None where its manifest knows none.

    A line with the count, then a line per image: file name and the unit vector from the object to the light.
    """
    try:
        manifest = read_manifest(folder)
    except StoreError:
        return None
    lines = list(_lp_lines(manifest, files))
    return "\n".join([str(len(lines)), *lines, ""]) if lines else None


def _lp_lines(manifest: Manifest, files: Files) -> Iterator[str]:
    for step in manifest.steps:
        file = step.image
        if files == "raw":
            file = next((one for one in step.files if is_raw(one.filename)), None)
        if file is not None and step.light is not None and step.direction is not None:
            x, y, z = step.direction
            yield f"{file.filename} {x:.6f} {y:.6f} {z:.6f}"


def _moment(path: Path) -> tuple[int, int, int, int, int, int]:
    """Return a file's time of change as a zip holds it: local time, not before 1980."""
    try:
        changed = time.localtime(path.stat().st_mtime)
    except (OSError, OverflowError) as error:
        raise StoreError(f"{path.name} could not be read.") from error
    return max(changed[:6], (1980, 1, 1, 0, 0, 0))
