"""Which names of files are free: an exposure is known by its stem, which it shares with no other.

The files of an exposure have one stem: `a.jpg`, `a.cr2`, and the sidecars `a.xmp` and `a.jpg.xmp`; a second file of one
type has `a_2`, which is then taken too. The next exposure that would be called `a` becomes `a-2`.
"""

import contextlib
import os
from collections.abc import Collection, Iterator, Sequence
from itertools import chain, count
from pathlib import Path

from tetherlight.errors import StoreError
from tetherlight.files.locks import PATIENCE_S, FolderKept, folder_kept

SIDECAR = ".xmp"
DELETED = ".trash_captures"
"""The folder in the captures' folder in which deleted exposures lie: DELETED/<moment>/<stem>/<file>."""


@contextlib.contextmanager
def names_kept(folder: Path, patience: float = PATIENCE_S) -> Iterator[None]:
    """Let no other thread or process of ours give or free names in a folder meanwhile.

    The kernel lets go of the lock however its holder ends. Raise OSError where the folder is not there, and StoreError
    where somebody else keeps the lock for longer than `patience` seconds.
    """
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(folder_kept(folder, patience))
        except FolderKept:
            raise StoreError(
                f"Another program has kept the names in {folder.name} locked for {patience:g} seconds.",
                hint="End other servers that work in this folder.",
            ) from None
        yield


def stems_of(name: str) -> set[str]:
    """Return the stems that a directory entry takes, in lower case: not every disk knows capitals."""
    name = name.casefold()
    base, extension = os.path.splitext(name)  # noqa: PTH122 - lists of thousands of names go through here
    if extension != SIDECAR:
        return {name, base}
    return {name, base, os.path.splitext(base)[0]}  # noqa: PTH122


def entries_taking(folder: Path, stem: str) -> list[str]:
    """Return the entries of a folder that take a stem."""
    return [name for name in _like(stem, _entries(folder)) if stem.casefold() in stems_of(name)]


def free_names(folder: Path, stem: str, extensions: Sequence[str], *, but: Collection[str] = ()) -> list[str]:
    """Return a name for each file of an exposure: the stem, or `stem-2` and so on, that nothing has or had.

    What was deleted can be restored, so it keeps its stem; `but` are old files of this exposure, which count for
    nothing. The caller keeps the names. The folder is read once, however many stems are taken.
    """
    taken: set[str] = set()
    for name in _like(stem, _entries(folder)):
        if name not in but:
            taken |= stems_of(name)
    taken |= {name.casefold() for name in _deleted(folder)}
    for candidate in chain([stem], (f"{stem}-{number}" for number in count(2))):
        names = _names(candidate, extensions)
        if taken.isdisjoint(
            name.removesuffix(extension).casefold() for name, extension in zip(names, extensions, strict=True)
        ):
            return names
    raise AssertionError("unreachable: the stems do not end")


def names_beside(folder: Path, stem: str, extensions: Sequence[str]) -> list[str]:
    """Return a name for each further file of an exposure whose files have that stem already; as `free_names`."""
    taken = {name.casefold() for name in _like(stem, _entries(folder))}
    names: list[str] = []
    for extension in extensions:
        numbered = (f"{stem}_{number}{extension}" for number in count(2))
        names.append(next(name for name in chain([f"{stem}{extension}"], numbered) if name.casefold() not in taken))
        taken.add(names[-1].casefold())
    return names


def _names(stem: str, extensions: Sequence[str]) -> list[str]:
    """Return one name per file; two files of one type get stem.jpg and stem_2.jpg."""
    names: list[str] = []
    for extension in extensions:
        numbered = (f"{stem}_{number}{extension}" for number in count(2))
        names.append(next(name for name in chain([f"{stem}{extension}"], numbered) if name not in names))
    return names


def _deleted(folder: Path) -> Iterator[str]:
    """Go through the stems in the folder's trash, also those that are on their way to it or from it."""
    with contextlib.suppress(OSError), os.scandir(folder / DELETED) as places:
        for place in places:
            with contextlib.suppress(OSError):  # gone meanwhile, or none of ours
                yield from _entries(place)


def _entries(folder: "Path | os.DirEntry[str]") -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries]


def _like(stem: str, names: Sequence[str]) -> list[str]:
    """Return the names that begin with a stem, in any spelling of its capitals."""
    wanted, length = stem.casefold(), len(stem)
    return [name for name in names if name[:length].casefold() == wanted]
