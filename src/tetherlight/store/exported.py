"""Exports that lie in a set's folder: what was made for them, and the originals that they name, as one zip."""

from collections.abc import Generator
from pathlib import Path

from pydantic import BaseModel, ValidationError

from tetherlight.errors import ExportMissing
from tetherlight.files.durable import read_regular, store_errors
from tetherlight.naming.rules import is_visible, shown
from tetherlight.store.archive import zip_of
from tetherlight.store.contents import EXPORTS, Belonging, files_below
from tetherlight.store.manifest import read_raw_manifest
from tetherlight.store.staleness import stale_in

CONTENTS = "contents.json"
MAX_BYTES = 32_000_000


class _Original(BaseModel):
    source: str
    size: int


class _Contents(BaseModel):
    originals: dict[str, _Original]


def zip_of_export(folder: Path, to: str, within: Path) -> Generator[bytes]:
    """Write an export of a set as a zip, piece by piece; raise ExportMissing where it is not there or not true now.

    Nothing of it is copied on the disk: originals are read where they lie. No link is followed below `within`.
    """
    place = folder / EXPORTS / to
    missing = ExportMissing(
        f"Set '{shown(folder.name)}' was not exported as {to}.", hint="Ask for the export first (EXPORT_SET)."
    )
    if not is_visible(to) or "/" in to or not place.is_dir():
        raise missing
    stale = [one for one in stale_in(read_raw_manifest(folder, within)) if one.folder == f"{EXPORTS}/{to}"]
    if stale:
        raise ExportMissing(stale[0].message, hint="Ask for the export again (EXPORT_SET).")
    with store_errors(f"The export of '{shown(folder.name)}' could not be read"):
        try:
            raw = read_regular(place / CONTENTS, most=MAX_BYTES, within=within)
            named = _Contents.model_validate_json(raw).originals
        except (FileNotFoundError, ValidationError):
            raise missing from None
        made = [
            Belonging(str(path.relative_to(place)), path, within=within)
            for path in files_below(place)
            if path != place / CONTENTS
        ]
        for name, one in named.items():
            path = folder / one.source
            if not path.is_file() or path.lstat().st_size != one.size:
                raise ExportMissing(f"'{one.source}' is not as it was exported.", hint="Ask for the export again.")
            made.append(Belonging(name, path, within=within))
    return zip_of(f"{folder.name}-{to}", sorted(made, key=lambda one: one.name))
