"""A result is put into its place: all of it at once, with what was there before gone only then."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tetherlight.files.durable import make_folder, store_errors, sync_folder
from tetherlight.files.workshops import put, workshop
from tetherlight.protocol.manifest import Manifest, ResultFile, ResultFinding, ResultRecord, Software
from tetherlight.store.manifest import rewrite_manifest, set_kept

FOLDERS: Mapping[str, str] = {
    "surface": "results",
    "preview": "preview",
    "relight": "results/relight",
    "merged": "merged",
}
"""Where each kind of result lies in a set's folder."""
TILES = "_files"
"""How the names of folders of tiles end."""
INSIDE = "relight"
"""The folder inside of the surface's that is a result of its own: a new surface leaves it there."""


def keep_in_set(made: Path, folder: Path, told: Mapping[str, Any], place: str | None = None) -> ResultRecord:
    """Put what was made into a set's folder and note it in the manifest; raise SetNotFound, SetBusy and StoreError.

    Its place is that of its kind by default. A preview goes when the surface itself is there.
    """
    place = place or FOLDERS[told["kind"]]
    record = record_of(made, place, told)
    gone = {place, *([FOLDERS["preview"]] if record.kind == "surface" else [])}
    with set_kept(folder):
        put_in_place(made, folder / place)
        rewrite_manifest(folder, lambda manifest: _noted(manifest, record, gone))
        if record.kind == "surface":
            shutil.rmtree(folder / FOLDERS["preview"], ignore_errors=True)
    return record


@contextmanager
def making(place: Path) -> Iterator[Path]:
    """Give a hidden folder beside a place, for a result; raise StoreError or DiskFull where there can be none."""
    with ExitStack() as stack:
        with store_errors(f"There could be no folder made beside '{place.name}'"):
            made = stack.enter_context(workshop(place))
        yield made


def put_in_place(made: Path, place: Path) -> None:
    """Put a folder into its place; raise StoreError and DiskFull."""
    with store_errors(f"'{place.name}' could not be put into its place"):
        make_folder(place.parent)
        inside = place / INSIDE
        if inside.is_dir() and not inside.is_symlink() and not (made / INSIDE).exists():
            # Of the same bytes, and in both places until one is gone: whenever this ends, it is there.
            shutil.copytree(inside, made / INSIDE, copy_function=_linked)
            sync_folder(made / INSIDE)
        put(made, place)


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:  # a file system without links
        shutil.copy2(source, target, follow_symlinks=False)


def _is_tile(path: Path) -> bool:
    """Say whether a file is one of the thousands of a pyramid, which nobody lists."""
    return any(part.endswith(TILES) for part in path.parts)


def record_of(made: Path, folder: str, told: Mapping[str, Any]) -> ResultRecord:
    """Return what is noted of a result."""
    # An export is for others: its files do not come with the set.
    listing = told["kind"] != "export"
    files = sorted(path for path in made.rglob("[!.]*") if listing and path.is_file() and not _is_tile(path))
    listed = [ResultFile(filename=f"{folder}/{path.relative_to(made)}", size=path.stat().st_size) for path in files]
    known = {name: told[name] for name in ("scale_mm_per_pixel",) if name in told}
    return ResultRecord(
        kind=told["kind"],
        folder=folder,
        made_at=datetime.now(UTC),
        software=Software(),
        method=told["method"],
        why=told["why"],
        figures=told["figures"],
        files=tuple(listed),
        warnings=tuple(told["warnings"]),
        findings=tuple(ResultFinding(**one) for one in told.get("findings", ())),
        inputs=told["inputs"],
        parameters=told["parameters"],
        versions=told["versions"],
        **known,
    )


def _noted(manifest: Manifest, record: ResultRecord, gone: set[str]) -> Manifest:
    others = tuple(one for one in manifest.results if one.folder not in gone)
    return manifest.model_copy(update={"results": (*others, record)})
