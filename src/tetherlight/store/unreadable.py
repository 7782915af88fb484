"""Why nothing can be shown of an image, in words for people.

What a library says of a damaged file names paths of the server and things inside the library.
"""

import errno
import logging
from pathlib import Path

from PIL import Image

from tetherlight.errors import ImageUnreadable

logger = logging.getLogger(__name__)

DAMAGED = (
    OSError, ValueError, SyntaxError, ArithmeticError, LookupError, TypeError, EOFError, MemoryError,
    Image.DecompressionBombError,
)  # fmt: skip
"""What Pillow's readers let through for a damaged file, which is nearly anything."""


class NoPicture(ValueError):
    """We know why there is no picture; the text goes behind a colon and has no full stop."""


def unreadable(beginning: str, path: Path, error: BaseException) -> ImageUnreadable:
    """Return the error of ours for one of `DAMAGED`; `beginning` is its sentence without a full stop."""
    logger.info("%s: %s", path, error)
    return ImageUnreadable(f"{beginning}: {_reason(path, error)}.")


def _reason(path: Path, error: BaseException) -> str:
    match error:
        case NoPicture():
            return str(error)
        case Image.DecompressionBombError():
            return "it has too many pixels"
        case MemoryError():
            return "there is not enough memory for it"
        case OSError(errno=int() as number):
            return "it cannot be read from the disk" if number == errno.EIO else _system(error)
        case _:
            return "it is empty" if _is_empty(path) else "it holds no picture, or a damaged one"


def _system(error: OSError) -> str:
    text = error.strerror or "it cannot be opened"
    return f"{text[:1].lower()}{text[1:]}"


def _is_empty(path: Path) -> bool:
    try:
        return path.stat().st_size == 0
    except OSError:
        return False
