"""Manifests on the disk: kept for a change, read with care, written whole; and what a raw one tells."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from tetherlight.errors import ManifestNewer, SetBusy, SetNotFound, StoreError
from tetherlight.files.durable import read_regular, store_errors, write_atomically
from tetherlight.files.locks import PATIENCE_S, FolderKept, folder_kept
from tetherlight.protocol.manifest import (
    LIGHT,
    MANIFEST,
    RATINGS,
    SCHEMA_VERSION,
    AxisRecord,
    Manifest,
    ResultRecord,
    in_utc,
)
from tetherlight.protocol.models import JobState, first_fault

MAX_MANIFEST_BYTES = 32_000_000
"""Twenty times what a set of the most steps has."""


@contextmanager
def set_kept(folder: Path, patience: float = PATIENCE_S) -> Iterator[None]:
    """Let nobody else change a set meanwhile, neither here nor in another process; for one change, never for a job.

    Whoever changes anything in a set's folder holds this, in the server or beside it. It must not be taken twice. Raise
    SetNotFound where the set is gone, and SetBusy where somebody else holds it for longer than `patience` seconds.
    """
    with ExitStack() as stack:
        with store_errors(f"Set '{folder.name}' could not be locked"):
            try:
                stack.enter_context(folder_kept(folder, patience))
            except FolderKept:
                raise SetBusy(
                    f"Another program has kept set '{folder.name}' locked for {patience:g} seconds.",
                    hint="Wait until it is done, or end it.",
                ) from None
            except (FileNotFoundError, NotADirectoryError):
                raise SetNotFound(f"Set '{folder.name}' not found or empty.") from None
        yield


def change_manifest(folder: Path, change: Callable[[Manifest], Manifest]) -> Manifest:
    """Read a set's manifest, change it and write it, while nobody else does; return what was written.

    This is how programs beside the server add to a set. One without a manifest gets one. Raise SetNotFound, SetBusy,
    ManifestNewer, DiskFull or StoreError; `change` may raise anything, and then nothing is written.
    """
    with set_kept(folder):
        return rewrite_manifest(folder, change)


def rewrite_manifest(folder: Path, change: Callable[[Manifest], Manifest]) -> Manifest:
    """Do what `change_manifest` does where the set is kept already."""
    raw = read_raw_manifest(folder)
    changed = change(Manifest() if raw is None else manifest_of(raw))
    write_manifest(folder, changed)
    return changed


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Put the manifest in its folder, whole and safe on the disk; raise ManifestNewer, DiskFull or StoreError.

    One of an older version stays one of that version. The caller has the set kept.
    """
    refuse_newer(folder.name, manifest)
    content = manifest.model_dump_json(indent=2, exclude=_left_out(manifest)).encode() + b"\n"
    with store_errors("The manifest could not be written"):
        write_atomically(folder / MANIFEST, content)


def _left_out(manifest: Manifest) -> Any:
    """Return what is left out of a manifest: what version 1 does not know, and what others did not say of a result."""
    results = {
        number: unsaid
        for number, one in enumerate(manifest.results)
        if (unsaid := set(ResultRecord.model_fields) - one.model_fields_set)
    }
    if manifest.schema_version > 1:
        return {"results": results} if results else None
    empty = {name: True for name in ("results", "copies", "places") if not getattr(manifest, name)}
    return {"results": results} | empty | {"plan": {"axes"}, "steps": {"__all__": {"at"}}}


def refuse_newer(name: str, manifest: Manifest) -> None:
    """Raise ManifestNewer for a set whose manifest only a newer version may change."""
    if manifest.schema_version > SCHEMA_VERSION:
        raise ManifestNewer(
            f"The manifest of set '{name}' has version {manifest.schema_version}, and this server writes version "
            f"{SCHEMA_VERSION}: nothing was changed.",
            hint="Change it with the newer server that wrote it, or update this one.",
        )


def read_raw_manifest(folder: Path, within: Path | None = None) -> dict[str, Any] | None:
    """Return the manifest as it stands on disk, None where there is none; raise StoreError for a broken one.

    No link is followed below the folder `within`, by default the one that the set's folder lies in.
    """
    try:
        path = folder / MANIFEST
        raw = from_json(read_regular(path, most=MAX_MANIFEST_BYTES, within=within or folder.parent))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StoreError(f"The manifest could not be read: {error.strerror}.") from error
    except ValueError as error:
        raise StoreError(f"The manifest is broken: {str(error)[:200]}.") from error
    if not isinstance(raw, dict):
        raise StoreError("The manifest is broken: it is no JSON object.")
    return raw


def read_manifest(folder: Path, within: Path | None = None) -> Manifest:
    """Return a folder's manifest; raise SetNotFound where there is none and StoreError for a broken one."""
    raw = read_raw_manifest(folder, within)
    if raw is None:
        raise SetNotFound(f"Set '{folder.name}' has no manifest.")
    return manifest_of(raw)


def manifest_of(raw: Mapping[str, Any]) -> Manifest:
    """Check a manifest's content; raise StoreError with the first thing that is wrong with it."""
    try:
        manifest = Manifest.model_validate({"schema_version": 1} | dict(raw))
    except ValidationError as error:
        fault = first_fault(error)
        raise StoreError(f"The manifest is broken at '{fault.field}': {fault.message}.") from error
    return manifest if manifest.schema_version > 1 else _with_its_axis(manifest)


def _with_its_axis(manifest: Manifest) -> Manifest:
    """Return a manifest of version 1 as what it is: a plan of one axis, the lights."""
    steps = tuple(step.model_copy(update={"at": {LIGHT: step.light}}) for step in manifest.steps)
    lights = AxisRecord(axis=LIGHT, values=tuple(step.light for step in steps))
    plan = manifest.plan.model_copy(update={"axes": (lights,)}) if manifest.plan else None
    return manifest.model_copy(update={"steps": steps, "plan": plan})


def status_in(raw: Mapping[str, Any] | None) -> JobState | None:
    """Return a raw manifest's status, None where it has none that this version knows."""
    value = raw.get("status") if raw else None
    return next((state for state in JobState if state.value == value), None)


def started_in(raw: Mapping[str, Any] | None) -> datetime | None:
    """Return when a raw manifest's sequence began, None where it does not say so."""
    value = raw.get("started_at") if raw else None
    try:
        started = datetime.fromisoformat(value) if isinstance(value, str) else None
        return in_utc(started) if started is not None and started.tzinfo is not None else None
    except ValueError:
        return None


def fault_in(raw: Mapping[str, Any]) -> str | None:
    """Say what is wrong with a raw manifest, as far as a list shows it; None where that is right."""
    if raw.get("started_at") is not None and started_in(raw) is None:
        return "The manifest is broken at 'started_at': there is no such time."
    if not isinstance(raw.get("steps", []), list):
        return "The manifest is broken at 'steps': it is no list."
    return None


def rating_of(value: object) -> int | None:
    """Return a rating as messages carry it: None for 0, which is no rating, and for what is none."""
    return value or None if isinstance(value, int) and not isinstance(value, bool) and value in RATINGS else None


def ratings_in(raw: Mapping[str, Any] | None) -> dict[str, int]:
    """Return a raw manifest's ratings of images by filename."""
    ratings = raw.get("ratings") if raw else None
    if not isinstance(ratings, dict):
        return {}
    return {name: rating for name, value in ratings.items() if (rating := rating_of(value)) is not None}


def catalogue_number_in(raw: Mapping[str, Any] | None) -> str | None:
    """Return what the object is listed under by a raw manifest."""
    value = raw.get("catalogue_number") if raw else None
    return value or None if isinstance(value, str) else None
