"""The one place where text from a client becomes a path.

Every form that the server gives is taken back: relative to the working folder, which wins, relative to
CAPTURES_BASE_DIR, and absolute where that setting is absolute. Everything else gets one and the same sentence, so that
nobody learns what lies outside.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Self
from urllib.parse import quote

from tetherlight.errors import ImageNotFound, InvalidSetting, SetNotFound
from tetherlight.files.durable import descriptor_of
from tetherlight.files.names import DELETED
from tetherlight.files.types import is_image
from tetherlight.naming.rules import is_visible, shown
from tetherlight.protocol.routes import IMAGE
from tetherlight.settings import Settings
from tetherlight.store.presence import Presence

MAX_PATH_LENGTH = 4096
MAX_PART_BYTES = 255
TRASH = ".trash"
THUMBNAILS = ".thumbnails"


def no_image(text: str) -> ImageNotFound:
    """Return what is said of every image that is not there or must not be read: which of both it is stays untold."""
    return ImageNotFound(f"Image not found or access denied: {shown(text)}")


@dataclass(frozen=True)
class Places:
    """Where captures and sets lie, and how their paths are written on the wire."""

    base: Path
    """CAPTURES_BASE_DIR as configured; wire paths begin with it."""
    working: Path
    """The working folder at start."""
    sets: PurePosixPath
    """The sets' folder relative to the base."""
    presence: Presence = field(default_factory=Presence, compare=False)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Take the folders from the settings; raise InvalidSetting for a sets' folder that would be hidden."""
        sets = settings.sets_dir.resolve().relative_to(settings.captures_base_dir.resolve())
        if any(part.startswith(".") for part in sets.parts):
            raise InvalidSetting(
                f"PHOTOMETRIC_SETS_BASE_DIR ({settings.sets_dir}) must not have a name inside CAPTURES_BASE_DIR "
                "that begins with a dot."
            )
        return cls(settings.captures_base_dir, Path.cwd(), PurePosixPath(sets))

    @property
    def captures_dir(self) -> Path:
        """The absolute folder of all captures, its links not followed."""
        return self.working / self.base

    @property
    def sets_dir(self) -> Path:
        """The absolute folder of all sets."""
        return self.captures_dir / self.sets

    @property
    def trash_dir(self) -> Path:
        """The absolute folder of deleted sets, beside the sets so that a rename always reaches it."""
        return self.sets_dir / TRASH

    @property
    def captures_trash_dir(self) -> Path:
        """The absolute folder of deleted single captures, where a rename always reaches it."""
        return self.captures_dir / DELETED

    @property
    def thumbnails_dir(self) -> Path:
        """The absolute folder of thumbnails."""
        return self.captures_dir / THUMBNAILS

    def require_there(self) -> None:
        """Raise StoreError where another folder lies in the place of the captures, as when a disk was unmounted."""
        self.presence.require(self.captures_dir, self.sets_dir)

    def relative(self, path: Path) -> PurePosixPath:
        """Return a path below the captures relative to CAPTURES_BASE_DIR."""
        try:
            return PurePosixPath(path.relative_to(self.captures_dir))
        except ValueError:
            return PurePosixPath(path.resolve().relative_to(self.captures_dir.resolve()))

    def wire(self, path: Path) -> str:
        """Return a path as messages carry it: beginning with CAPTURES_BASE_DIR as configured."""
        return str(self.base / self.relative(path))

    def url(self, path: Path) -> str:
        """Return where the server gives an image over HTTP."""
        return IMAGE.prefix + quote(str(self.relative(path)))

    def resolve_image(self, text: str, *, base_first: bool = False) -> Path:
        """Return the real, absolute path of an image, which lies inside the captures; raise ImageNotFound.

        `base_first` prefers the reading relative to CAPTURES_BASE_DIR, which is what URLs hold.
        """
        self.require_there()
        readings = list(self._readings(text))
        for parts in reversed(readings) if base_first else readings:
            found = self._inside(parts)
            if found is not None:
                return found
        raise no_image(text)

    def open_image(self, text: str, *, base_first: bool = False) -> tuple[Path, int]:
        """Resolve an image and open it; return its path and a file descriptor that the caller closes."""
        path = self.resolve_image(text, base_first=base_first)
        try:
            # The path is free of links now; one that was put there since is not followed.
            return path, descriptor_of(path, within=self.captures_dir)
        except OSError:
            raise no_image(text) from None

    def resolve_capture(self, text: str) -> Path:
        """Return the path of a single capture, which lies directly in the captures' folder and is no link.

        Raise ImageNotFound.
        """
        self.require_there()
        for name in self.capture_names(text):
            path = self.captures_dir / name
            with suppress(OSError):
                if stat.S_ISREG(path.lstat().st_mode):
                    return path
        raise no_image(text)

    def capture_names(self, text: str) -> Iterator[str]:
        """Go through the names that a single capture could have by a client's text, whether it is there or not."""
        for parts in self._readings(text):
            if len(parts) == 1 and is_plain_part(parts[0]) and is_image(parts[0]):
                yield parts[0]

    def set_of(self, image: Path) -> str | None:
        """Return the name of the set that a resolved image lies in, None where it lies in none."""
        sets = self.sets_dir.resolve()
        parts = image.relative_to(sets).parts if image.is_relative_to(sets) else ()
        return parts[0] if len(parts) > 1 else None

    def set_folder(self, name: str) -> Path:
        """Return the folder of an existing set; raise SetNotFound for every name that is none."""
        self.require_there()
        if is_plain_part(name):
            folder = self.sets_dir / name
            try:
                inside = folder.parent.resolve(strict=True).is_relative_to(self.captures_dir.resolve(strict=True))
                if inside and stat.S_ISDIR(folder.lstat().st_mode):
                    return folder
            except (OSError, RuntimeError):
                pass
        raise SetNotFound(f"Set '{shown(name)}' not found or empty.")

    def _readings(self, text: str) -> Iterator[tuple[str, ...]]:
        """Go through what a text can mean, each as parts below the captures' folder."""
        if not text or len(text) > MAX_PATH_LENGTH or "\0" in text:
            return
        given = PurePosixPath(text)
        if given.is_relative_to(self.base):
            yield given.relative_to(self.base).parts
        elif not given.is_absolute():
            from_working, base = PurePosixPath(self.working, given), os.path.normpath(self.captures_dir)
            if from_working.is_relative_to(base):
                yield from_working.relative_to(base).parts
        if not given.is_absolute():
            yield given.parts

    def _inside(self, parts: tuple[str, ...]) -> Path | None:
        """Return the real path of an image below the captures' folder, None where there is none."""
        if not parts or not all(is_plain_part(part) for part in parts):
            return None
        try:
            root = self.captures_dir.resolve(strict=True)
            found = root.joinpath(*parts).resolve(strict=True)
            if not found.is_relative_to(root) or not found.is_file():
                return None
        except (OSError, RuntimeError):  # RuntimeError: links in a circle
            return None
        hidden = any(not is_visible(part) for part in found.relative_to(root).parts)
        return None if hidden or not is_image(found) else found


def is_plain_part(part: str) -> bool:
    """Say whether a text can be the visible name of one directory entry: this also keeps out `.` and `..`."""
    if not part or "/" in part or "\0" in part or not is_visible(part):
        return False
    return len(part.encode("utf-8")) <= MAX_PART_BYTES
