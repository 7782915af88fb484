"""A result is put into its place: all of it at once, with what was there before gone only then."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tetherlight.files.durable import store_errors
from tetherlight.files.workshops import put, workshop
from tetherlight.protocol.manifest import Manifest, ResultFile, ResultRecord, Software
from tetherlight.store.manifest import rewrite_manifest, set_kept

FOLDERS: Mapping[str, str] = {"surface": "results", "preview": "preview"}
"""Where each kind of result lies in a set's folder."""


def keep_in_set(made: Path, folder: Path, told: Mapping[str, Any]) -> ResultRecord:
    """Put what was made into a set's folder and note it in the manifest; raise SetNotFound, SetBusy and StoreError.

    A preview goes when the surface itself is there.
    """
    place = FOLDERS[told["kind"]]
    record = record_of(made, place, told)
    gone = {record.kind, "preview"}
    with set_kept(folder):
        put_in_place(made, folder / place)
        rewrite_manifest(folder, lambda manifest: _noted(manifest, record, gone))
        if record.kind != "preview":
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
        put(made, place)


def record_of(made: Path, folder: str, told: Mapping[str, Any]) -> ResultRecord:
    """Return what is noted of a result."""
    files = sorted(path for path in made.rglob("[!.]*") if path.is_file())
    listed = [ResultFile(filename=f"{folder}/{path.relative_to(made)}", size=path.stat().st_size) for path in files]
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
    )


def _noted(manifest: Manifest, record: ResultRecord, gone: set[str]) -> Manifest:
    others = tuple(one for one in manifest.results if one.kind not in gone)
    return manifest.model_copy(update={"results": (*others, record)})
