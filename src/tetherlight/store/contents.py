"""What belongs to an image set: the one list behind the zip, single files over HTTP, and downloads.

A set is its images, its manifest, its results, and what is made of the manifest where nobody put it there: the
directions of its lights as an `.lp` file, and beside each image of an object with a catalogue number an XMP file.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader, BytesIO
from pathlib import Path
from types import MappingProxyType

from tetherlight.errors import StoreError
from tetherlight.files.durable import open_regular
from tetherlight.files.lp import LP, lp_text
from tetherlight.files.names import SIDECAR
from tetherlight.files.types import OCTETS, is_image, kind_of, mimetype_of
from tetherlight.naming.rules import is_visible
from tetherlight.protocol.manifest import MANIFEST, Manifest, StepRecord
from tetherlight.protocol.models import Direction
from tetherlight.protocol.routes import SET_FILE
from tetherlight.protocol.sets import Files, SetFile
from tetherlight.store.manifest import read_manifest
from tetherlight.store.paths import MAX_PATH_LENGTH, is_plain_part
from tetherlight.store.xmp import annotated, is_xml_text

MIMETYPES: Mapping[str, str] = MappingProxyType(
    {
        ".json": "application/json",
        LP: "text/plain",
        ".txt": "text/plain",
        ".csv": "text/csv",
        SIDECAR: "application/rdf+xml",
    }
)
EXPORTS = "exports"
"""The folder of a set whose content is made of the rest of it, for other tools."""
HASHED_BYTES = 16_000_000
"""A file that is no image is read for its checksum when it has no more bytes than this."""


@dataclass(frozen=True)
class Belonging:
    """A file of a set: its name inside the set's folder, and where its bytes are."""

    name: str
    path: Path
    made: bytes | None = None
    """The bytes of a file that is not on the disk."""
    within: Path | None = None
    """The folder below which no link is followed on the way to it; its own by default."""

    def open(self) -> BufferedReader | BytesIO:
        """Open it for reading; raise OSError."""
        return open_regular(self.path, within=self.within) if self.made is None else BytesIO(self.made)

    @property
    def size(self) -> int:
        """Return its bytes; raise OSError."""
        return self.path.lstat().st_size if self.made is None else len(self.made)

    @property
    def mimetype(self) -> str:
        """Its type; what a browser could run has none."""
        return mimetype_of(self.name) if is_image(self.name) else MIMETYPES.get(self.path.suffix.lower(), OCTETS)

    def checksum(self) -> str | None:
        """Return its sha256, None where it is an image or else too large to be read for that; raise OSError."""
        if is_image(self.name) or self.size > HASHED_BYTES:
            return None
        with self.open() as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def belongings(folder: Path, files: Files = "all", within: Path | None = None) -> list[Belonging]:
    """Return what belongs to a set, or to one kind of its images, by name; hidden files and links do not.

    They are opened without following a link below `within`, by default the folder of the set's folder. Raise OSError
    where a folder of it cannot be read.
    """
    within = within or folder.parent
    found = [
        Belonging(str(path.relative_to(folder)), path, within=within)
        for path in files_below(folder)
        if _chosen(path, folder, files)
    ]
    there = {one.name for one in found}
    made = [one for one in _made(folder, files, within) if one.name not in there]
    return sorted([*found, *made], key=lambda one: one.name)


def belonging(folder: Path, name: str, files: Files = "all", within: Path | None = None) -> Belonging | None:
    """Return the file of this name, as `belongings` lists it; None where none belongs to the set."""
    parts = name.split("/")
    if len(name) > MAX_PATH_LENGTH or not all(is_plain_part(part) for part in parts):
        return None
    within = within or folder.parent
    path = folder.joinpath(*parts)
    try:
        links = any(one.is_symlink() for one in (path, *path.parents) if one != folder and one.is_relative_to(folder))
        if not links and path.is_file():
            return Belonging(name, path, within=within) if _chosen(path, folder, files) else None
    except OSError:
        return None
    return next((one for one in _made(folder, files, within) if one.name == name), None)


def listed(set_name: str, one: Belonging, files: Files, recorded: Mapping[tuple[str, int], str]) -> SetFile:
    """Describe a file of a set as messages do; `recorded` are checksums by name and size. Raise OSError."""
    url = SET_FILE.url(name=set_name, path=one.name)
    return SetFile(
        filename=one.name,
        size=one.size,
        mimetype=one.mimetype,
        sha256=recorded.get((one.name, one.size)) or one.checksum(),
        url=url if one.made is None or files == "all" else f"{url}?files={files}",
    )


def light_directions(folder: Path, files: Files = "all", within: Path | None = None) -> str | None:
    """Write the light directions of a set as an `.lp` file; None where its manifest knows none.

    A line with the count, then a line per image: file name and the unit vector from the object to the light.
    """
    manifest = _manifest(folder, within)
    if manifest is None:
        return None
    lines = list(_lp_lines(manifest, files))
    return lp_text(lines) if lines else None


def files_below(folder: Path) -> Iterator[Path]:
    """Give the files of a folder and of those in it, but none of its exports; raise OSError.

    It goes from descriptor to descriptor: a folder that becomes a link meanwhile is not entered.
    """
    for inner, folders, names, _ in os.fwalk(folder, onerror=_refuse):
        folders[:] = [name for name in folders if is_visible(name) and (Path(inner), name) != (folder, EXPORTS)]
        paths = (Path(inner, name) for name in names if is_visible(name))
        yield from (path for path in paths if path.is_file() and not path.is_symlink())


def _refuse(error: OSError) -> None:
    """Let a folder that cannot be read be an error: what is left of the set must not look like all of it."""
    raise error


def _chosen(path: Path, folder: Path, files: Files) -> bool:
    """Say whether a file belongs to a choice; manifest and directions do to each."""
    if files == "all":
        return True
    if path.parent != folder:
        return False
    return _is_wanted(path.name, files) if is_image(path) else path.name == MANIFEST or path.suffix == LP


def _is_wanted(name: str, files: Files) -> bool:
    return kind_of(name) == files


def _manifest(folder: Path, within: Path | None) -> Manifest | None:
    try:
        return read_manifest(folder, within)
    except StoreError:
        return None


def _made(folder: Path, files: Files, within: Path) -> Iterator[Belonging]:
    """Give the files that are made of the manifest."""
    manifest = _manifest(folder, within)
    if manifest is None:
        return
    if lines := list(_lp_lines(manifest, files)):
        yield Belonging(_lp_name(folder), folder / _lp_name(folder), lp_text(lines).encode())
    number = manifest.catalogue_number
    if not number or not is_xml_text(number) or (content := annotated(None, identifier=number)) is None:
        return
    images = [one.filename for step in manifest.steps for one in step.files if is_image(one.filename)]
    wanted = (name for name in images if files == "all" or _is_wanted(name, files))
    for name in dict.fromkeys(f"{Path(name).stem}{SIDECAR}" for name in wanted):
        yield Belonging(name, folder / name, content)


def _lp_name(folder: Path) -> str:
    return f"{folder.name}{LP}"


def _lp_lines(manifest: Manifest, files: Files) -> Iterator[tuple[str, Direction]]:
    for step in manifest.steps:
        name = _name_for(step, files)
        if name is not None and step.light is not None and step.direction is not None:
            yield name, step.direction


def _name_for(step: StepRecord, files: Files) -> str | None:
    """Return the file that stands for a step in a choice."""
    if files == "all":
        return None if step.image is None else step.image.filename
    return next((one.filename for one in step.files if _is_wanted(one.filename, files)), None)
