"""A rig in one file: its rig file, recipes, objects and what else lies in STATE_DIR, as a zip; no server is needed.

Secrets are left out unless they are asked for: tokens, the key of the logins, passwords and hooks in the rig file.
"""

import io
import os
import re
import stat
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from tetherlight.errors import BackupInvalid
from tetherlight.files.durable import is_temporary, make_folder, read_regular, store_errors, write_atomically
from tetherlight.files.locks import folder_kept
from tetherlight.protocol.models import Model, first_fault
from tetherlight.rigfile.redact import with_secrets, without_secrets
from tetherlight.rigfile.rigfile import DEFAULT_NAME, RigFile
from tetherlight.settings import Settings

ABOUT, RIG, STATE = "tetherlight-backup.json", "rig.toml", "state/"
PLAIN = re.compile(r"(?:recipes/[^/]+\.json|objects/[^/]+\.jsonl?|cameras/.+|rig-id|network-guid)")
"""What in STATE_DIR is no secret."""
KEPT = "before-restore-"
"""How the names of backups begin that a restore makes of what it changes."""
MOST_BYTES = 50_000_000
MOST_FILES = 5000
SECRET_MODE = 0o600
Change = Literal["new", "changed", "same"]


class About(Model):
    """What a backup says of itself."""

    tetherlight_backup: Literal[1]
    made_at: datetime
    secrets: bool
    left_out: list[list[str]] = Field(default_factory=list)
    """Places in the rig file whose values are not in the backup."""


@dataclass(frozen=True)
class Restoring:
    """What a backup would change here."""

    files: Mapping[Path, bytes]
    changes: Mapping[Path, Change]
    missing: tuple[str, ...] = field(default=())
    """Places in the rig file whose values neither the backup nor the present rig file has."""

    @property
    def differs(self) -> bool:
        """Whether anything would change."""
        return any(change != "same" for change in self.changes.values())


def back_up(settings: Settings, file: Path, *, secrets: bool = False) -> list[str]:
    """Write a backup, durably and readable for its owner alone; return what is in it. Raises StoreError."""
    with store_errors(f"The backup {file} could not be written"):
        content, names = _packed(settings, secrets=secrets)
        write_atomically(file, content, mode=SECRET_MODE)
    return names


def examine(settings: Settings, file: Path) -> Restoring:
    """Tell what a backup would change; raise BackupInvalid where it is none that can be used, StoreError."""
    with store_errors(f"The backup {file} cannot be read"):
        content = read_regular(file, most=MOST_BYTES, follow=True)
    about, members = _unpacked(content, file)
    files: dict[Path, bytes] = {}
    missing: list[str] = []
    for name, data in members.items():
        if name == RIG:
            rig, lacking = _whole_rig(data, about, _rig_file(settings))
            files[_rig_file(settings)] = rig
            missing = lacking
        else:
            files[settings.state_dir / name.removeprefix(STATE)] = data
    with store_errors("What is here cannot be read"):
        changes = {path: _change(path, data) for path, data in files.items()}
    return Restoring(files, changes, tuple(missing))


def restore(settings: Settings, found: Restoring) -> Path | None:
    """Put what differs in place; return the backup of what was there before, None where nothing differs.

    Raises StoreError; what was there is safe on the disk before the first file changes.
    """
    if not found.differs:
        return None
    with store_errors("The backup could not be restored"):
        settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        before = settings.state_dir / f"{KEPT}{stamp}.zip"
        write_atomically(before, _packed(settings, secrets=True)[0], mode=SECRET_MODE)
        _owned(before, settings.state_dir)
        with folder_kept(settings.state_dir):
            for path, data in found.files.items():
                if found.changes[path] != "same":
                    _put(path, data, settings.state_dir)
    return before


def _put(path: Path, data: bytes, state_dir: Path) -> None:
    inside = path.is_relative_to(state_dir)
    make_folder(path.parent)
    if path.parent != state_dir and inside:
        _owned(path.parent, state_dir)
    # The rig file may be a link to where it is kept.
    target = path if inside else Path(os.path.realpath(path))
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else SECRET_MODE
    write_atomically(target, data, mode=mode)
    _owned(target, state_dir)


def _owned(path: Path, state_dir: Path) -> None:
    """Give what an administrator makes to the user of the server, whose folder it is."""
    if os.geteuid() == 0:
        owner = state_dir.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def _packed(settings: Settings, *, secrets: bool) -> tuple[bytes, list[str]]:
    """Return a backup and the names of what is in it; raise OSError."""
    members = dict(_state_files(settings.state_dir, secrets=secrets))
    left_out: list[list[str]] = []
    rig = _rig_file(settings)
    if rig.exists():
        text = read_regular(rig, most=MOST_BYTES, follow=True).decode(errors="surrogateescape")
        if not secrets:
            RigFile.parse(text, rig)
            text, places = without_secrets(text)
            left_out = [list(place) for place in places]
        members[RIG] = text.encode(errors="surrogateescape")
    about = About(tetherlight_backup=1, made_at=datetime.now(UTC), secrets=secrets, left_out=left_out)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(ABOUT, about.model_dump_json(indent=1))
        for name in sorted(members):
            archive.writestr(name, members[name])
    return packed.getvalue(), sorted(members)


def _state_files(folder: Path, *, secrets: bool) -> Iterator[tuple[str, bytes]]:
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place) / name
            inside = path.relative_to(folder).as_posix()
            wanted = not (is_temporary(name) or name.startswith(KEPT)) and (secrets or PLAIN.fullmatch(inside))
            if wanted and path.is_file() and not path.is_symlink():
                yield STATE + inside, read_regular(path, most=MOST_BYTES, within=folder)


def _unpacked(content: bytes, file: Path) -> tuple[About, dict[str, bytes]]:
    """Return what a backup says of itself, and its files by name; raise BackupInvalid."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_FILES or sum(entry.file_size for entry in entries) > MOST_BYTES:
                raise BackupInvalid(f"{file} is larger than any backup.")
            members = {entry.filename: archive.read(entry) for entry in entries}
        about = About.model_validate_json(members.pop(ABOUT))
    except ValidationError as error:
        why = f"{first_fault(error).field}: {first_fault(error).reason}"
    except (zipfile.BadZipFile, KeyError, EOFError, OSError, NotImplementedError, RuntimeError, ValueError):
        why = "it is not what `tetherlight backup` writes"
    else:
        if strange := next((name for name in members if not _ours(name)), None):
            raise BackupInvalid(f"{file} is no backup: it has a file '{strange[:200]}'.")
        return about, members
    raise BackupInvalid(f"{file} is no backup that this version can read: {why}.")


def _ours(name: str) -> bool:
    """Say whether a file of this name leads nowhere but to the rig file and into STATE_DIR."""
    parts = name.removeprefix(STATE).split("/")
    inside = name.startswith(STATE) and not any(part in {"", ".", ".."} or "\0" in part for part in parts)
    return name == RIG or inside


def _whole_rig(data: bytes, about: About, present: Path) -> tuple[bytes, list[str]]:
    """Return a rig file with the secrets that the present one has, and the places that stay without; raise."""
    text, missing = data.decode(errors="surrogateescape"), list[tuple[str, ...]]()
    places = [tuple(place) for place in about.left_out]
    if places:
        former = read_regular(present, most=MOST_BYTES, follow=True).decode() if present.exists() else ""
        text, missing = with_secrets(text, places, former)
    RigFile.parse(text, present)
    return text.encode(errors="surrogateescape"), [".".join(place) for place in missing]


def _change(path: Path, data: bytes) -> Change:
    try:
        return "same" if read_regular(path, most=MOST_BYTES, follow=True) == data else "changed"
    except FileNotFoundError:
        return "new"


def _rig_file(settings: Settings) -> Path:
    return settings.rig_file or Path(DEFAULT_NAME)
