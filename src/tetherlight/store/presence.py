"""Whether the captures' folder is still the one with which the server started.

Where its disk was taken away an empty folder is left, the place to mount it, on another disk: what is looked for there
seems to be deleted, and what is captured would lie under the disk when that comes back.
"""

from pathlib import Path

from tetherlight.errors import StoreError


class Presence:
    """The identity of the folders, as a start found them; until then nothing is said."""

    def __init__(self) -> None:
        self._captures: tuple[int, int] | None = None
        self._sets_disk: int | None = None

    def note(self, captures: Path, sets: Path) -> None:
        """Remember which folders these are; raise OSError."""
        found, below = captures.stat(), sets.stat()
        self._captures = (found.st_dev, found.st_ino)
        # In the captures' own disk it may be deleted and made anew.
        self._sets_disk = below.st_dev if below.st_dev != found.st_dev else None

    def require(self, captures: Path, sets: Path) -> None:
        """Raise StoreError where the folders are others now."""
        if self._captures is None:
            return
        if _identity(captures) != self._captures:
            raise _gone("captures folder", captures)
        if self._sets_disk is not None and (_identity(sets) or (None,))[0] != self._sets_disk:
            raise _gone("folder of the sets", sets)


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _gone(what: str, folder: Path) -> StoreError:
    return StoreError(
        f"The {what} {folder} is not the one any more with which the server started; its disk was probably unmounted.",
        hint="Mount the disk again. Where the folder was exchanged on purpose, start the server anew.",
    )
