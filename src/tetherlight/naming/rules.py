"""Names of sets, lights and captures: what may stand in one, and how a moment is written in it."""

import re
import unicodedata
from datetime import UTC, datetime

from tetherlight.errors import InvalidName

DEFAULT_PREFIX = "photometric_set"
MAX_LENGTH = 100
"""Characters of a name."""
MAX_BYTES = 200
"""Bytes of a name in UTF-8; with a timestamp, a number and an extension it stays below the 255 of a file name."""
ECHO_LENGTH = 200
"""Characters of a name or path that an error repeats."""

_SIGNS = "_.-"
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", re.IGNORECASE | re.DOTALL)
"""What Windows takes for a device, whatever stands behind a dot."""
_STAMP = re.compile(r"_(\d{8}-\d{6})(?:-\d+)?\Z", re.ASCII)


def checked_name(text: str, what: str) -> str:
    """Return the name with spaces as underscores; raise InvalidName where it could not be a file name everywhere.

    Letters may be of any script. They come back composed (NFC), so that a name is the same bytes whatever typed it.
    """
    name = composed(text).replace(" ", "_")
    if not name:
        raise InvalidName(f"The {what} is empty.")
    if len(name) > MAX_LENGTH:
        raise InvalidName(f"The {what} has {len(name)} characters; at most {MAX_LENGTH} are allowed.")
    if not is_of_letters(name) or name.startswith("."):
        raise InvalidName(
            f"The {what} '{shown(text)}' may hold only letters, digits, '-', '_' and '.', and not begin with '.'."
        )
    if length_on_disk(name) > MAX_BYTES:
        raise InvalidName(
            f"The {what} has {length_on_disk(name)} bytes; at most {MAX_BYTES} are allowed, and a letter has up to 4."
        )
    if fault := _elsewhere(name):
        raise InvalidName(f"The {what} '{shown(text)}' {fault}.")
    return name


def is_of_letters(text: str) -> bool:
    """Say whether a text holds only letters and digits, of any script, and '-', '_' and '.'; a mark needs a letter."""
    return all(_fits(sign) for sign in text) and not unicodedata.category(text[:1] or "x").startswith("M")


def is_reserved(name: str) -> bool:
    """Say whether Windows takes a name for a device."""
    return _RESERVED.fullmatch(name) is not None


def composed(text: str) -> str:
    """Return a text with its letters composed (NFC); what is no text stays as it is, and fails elsewhere."""
    return unicodedata.normalize("NFC", text)


def length_on_disk(name: str) -> int:
    """Return how many bytes a name takes."""
    return len(name.encode("utf-8", "surrogatepass"))


def cut(text: str, limit: int) -> str:
    """Return the beginning of a text that takes at most so many bytes, and no half letters."""
    while length_on_disk(text) > limit:
        text = text[: max(limit, 0)] if len(text) > limit else text[:-1]
    return text


def _fits(sign: str) -> bool:
    return sign in _SIGNS or unicodedata.category(sign)[0] in "LM" or unicodedata.category(sign) == "Nd"


def _elsewhere(name: str) -> str:
    """Say what a command line or another system would not take; nothing where there is no such thing."""
    if name.startswith("-"):
        return "must not begin with '-', which commands take for an option"
    if name.endswith("."):
        return "must not end with '.', which Windows cuts off"
    if is_reserved(name):
        return "is the name of a device on Windows"
    return ""


def set_prefix(prefix: str | None) -> str:
    """Return the beginning of a set's name; nothing and the empty text mean the default one."""
    return checked_name(prefix, "set name prefix") if prefix else DEFAULT_PREFIX


def in_name(text: str) -> str:
    """Return a text as it stands in file names: what is neither letter nor digit nor '-' or '.' becomes '_'."""
    made = "".join(sign if _fits(sign) else "_" for sign in composed(text))
    return cut(made if is_of_letters(made) else f"_{made}", MAX_LENGTH)


def model_in_name(model: str) -> str:
    """Return a camera's model as it stands in file names."""
    return in_name(model) or "camera"


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
