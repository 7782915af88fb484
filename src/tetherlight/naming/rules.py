"""Names of sets, lights and captures: what may stand in one, and how a moment is written in it."""

import re
from datetime import UTC, datetime

from tetherlight.errors import InvalidName

DEFAULT_PREFIX = "photometric_set"
MAX_LENGTH = 100
"""Characters; with a timestamp, a number and an extension a name stays well below the 255 bytes of a file name."""
ECHO_LENGTH = 200
"""Characters of a name or path that an error repeats."""

_ALLOWED = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)
_STAMP = re.compile(r"_(\d{8}-\d{6})(?:-\d+)?\Z", re.ASCII)


def checked_name(text: str, what: str) -> str:
    """Return the name with spaces as underscores; raise InvalidName where it could not be a file name everywhere."""
    name = text.replace(" ", "_")
    if not name:
        raise InvalidName(f"The {what} is empty.")
    if len(name) > MAX_LENGTH:
        raise InvalidName(f"The {what} has {len(name)} characters; at most {MAX_LENGTH} are allowed.")
    if name.startswith(".") or _ALLOWED.fullmatch(name) is None:
        raise InvalidName(
            f"The {what} '{shown(text)}' may hold only letters, digits, '-', '_' and '.', and not begin with '.'."
        )
    return name


def set_prefix(prefix: str | None) -> str:
    """Return the beginning of a set's name; nothing and the empty text mean the default one."""
    return checked_name(prefix, "set name prefix") if prefix else DEFAULT_PREFIX


def model_in_name(model: str) -> str:
    """Return a camera's model as it stands in file names."""
    return re.sub(r"[^A-Za-z0-9.-]", "_", model, flags=re.ASCII)[:MAX_LENGTH] or "camera"


def timestamp(when: datetime) -> str:
    """Write a moment as names hold it: local time, YYYYmmdd-HHMMSS."""
    return when.astimezone().strftime("%Y%m%d-%H%M%S")


def timestamp_in(name: str) -> datetime | None:
    """Read the moment at the end of a set's name, None where there is none."""
    found = _STAMP.search(name)
    if found is None:
        return None
    try:
        return datetime.strptime(found[1], "%Y%m%d-%H%M%S").astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def shown(text: str) -> str:
    """Return what an error repeats of a text: its beginning, and nothing that JSON cannot carry."""
    return text[:ECHO_LENGTH].encode("utf-8", "replace").decode("utf-8")


def is_visible(name: str) -> bool:
    """Say whether a directory entry is shown: no hidden name, and one that is text."""
    if name.startswith("."):
        return False
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:  # bytes on the disk that are not UTF-8; no message could carry them
        return False
    return True
