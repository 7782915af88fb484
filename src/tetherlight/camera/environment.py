"""What worker and scanner processes find in their environment."""

import contextlib
import secrets
import site
from pathlib import Path

from tetherlight.errors import MAKE_ROOM, OutOfResources
from tetherlight.files.durable import read_regular, rename_new
from tetherlight.process.environment import child_environment
from tetherlight.settings import Settings

GUID_LINE = "ptp2_ip=guid="
"""How libgphoto2 stores the identity under which network cameras were paired with this computer."""
STATE_REMEDY = "Set STATE_DIR to a folder that the user of the server may write to."
MAX_BYTES = 1_000_000
"""More than any file that libgphoto2 keeps for itself."""


def worker_environment(settings: Settings, name: str) -> dict[str, str]:
    """Return the environment for the process that serves `name`, and make its private configuration folder.

    libgphoto2 keeps the capture target and the pairing of network cameras in one file for all programs of a user;
    two cameras would share one capture target. It does not make the folder itself.
    """
    folder = settings.state_dir.absolute() / "cameras" / name
    _introduce(settings.state_dir.absolute() / "network-guid", folder / "gphoto")
    # Choices and event texts are translated otherwise, and would not be recognised.
    language = {"LANGUAGE": "C", "LC_ALL": "C.UTF-8"}
    # An older place below the home folder would win over the configuration folder; Python's own must not move with it.
    home = {"XDG_CONFIG_HOME": str(folder), "HOME": str(folder), "PYTHONUSERBASE": site.getuserbase()}
    return child_environment(language | home)


def _introduce(guid_file: Path, folder: Path) -> None:
    """See to it that all our processes show network cameras the same identity: a camera is paired once."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o750)
    if not guid_file.exists():
        draft = guid_file.with_name(f".guid-{secrets.token_hex(4)}")
        draft.write_text(":".join(f"{byte:02x}" for byte in secrets.token_bytes(16)))
        # Whoever is first wins; nobody ever reads half of it.
        with contextlib.suppress(FileExistsError):
            rename_new(draft, guid_file)
        draft.unlink(missing_ok=True)
    settings = folder / "settings"
    lines = _text(settings).splitlines() if settings.exists() else []
    if not any(line.startswith(GUID_LINE) for line in lines):
        settings.write_text("\n".join([*lines, GUID_LINE + _text(guid_file)]) + "\n")


def _text(path: Path) -> str:
    return read_regular(path, most=MAX_BYTES, follow=True).decode(errors="replace")


def start_failure(what: str, error: OSError, settings: Settings) -> tuple[str, str]:
    """Say why a process could not be started, and what to do about it."""
    if OutOfResources.of(error):
        return f"{what} could not be started ({error.strerror}).", MAKE_ROOM
    if fault := state_fault(settings):
        return f"{what} could not be started: {fault}", STATE_REMEDY
    return f"{what} could not be started ({error.strerror}).", "The server's log says more."


def state_fault(settings: Settings) -> str | None:
    """Say why nothing can be kept in the state folder, None where something can; nothing is left there."""
    folder = settings.state_dir.absolute()
    try:
        place = next(one for one in (folder, *folder.parents) if one.exists())
        probe = place / f".probe-{secrets.token_hex(4)}"
        probe.mkdir()
        probe.rmdir()
    except OSError as error:
        return f"STATE_DIR ({settings.state_dir}) cannot be written: {error.strerror}."
    return None
