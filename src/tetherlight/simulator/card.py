"""The memory card of a simulated camera, and the files that wait in its memory for the computer.

Files lie in a folder on the disk so that long sessions do not grow the process; only pending transfers are in memory.
"""

import itertools
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tetherlight.simulator import ptp

_DCIM = 0x90000000
_FOLDER = 0x90010000
_FIRST_FILE = 0x90010001


class CardFullError(Exception):
    """The card has no room for another shot."""


@dataclass(frozen=True)
class Picture:
    """A finished image file that is not stored yet. Width and height in pixels."""

    name: str
    format: int
    content: bytes
    thumb: bytes
    when: datetime
    width: int
    height: int


@dataclass(frozen=True)
class StoredFile:
    """A file or folder with a handle; `path` is set on the card, `content` in memory, neither for a folder."""

    handle: int
    parent: int
    name: str
    format: int
    when: datetime
    size: int = 0
    thumb: bytes = b""
    width: int = 0
    height: int = 0
    path: Path | None = None
    content: bytes | None = None

    @property
    def is_folder(self) -> bool:
        """Tell whether this is a folder."""
        return self.format == ptp.Format.FOLDER

    def read(self, offset: int = 0, size: int | None = None) -> bytes:
        """Give (a part of) the content."""
        if self.content is not None:
            return self.content[offset : None if size is None else offset + size]
        if self.path is None:
            return b""
        with self.path.open("rb") as stream:
            stream.seek(offset)
            return stream.read(-1 if size is None else size)

    def info(self) -> ptp.ObjectInfo:
        """Give the file's PTP dataset."""
        return ptp.ObjectInfo(
            storage=ptp.STORAGE_ID if self.content is None else 0,
            format=self.format,
            size=self.size,
            parent=self.parent,
            name=self.name,
            when=self.when,
            width=self.width,
            height=self.height,
            thumb_size=len(self.thumb),
        )


class Card:
    """A card with one DCIM folder; thread-safe. Handles in memory count from `first_held`, or go on from the card's."""

    def __init__(self, folder: Path, *, dcim: str, capacity: int, first_held: int | None = None) -> None:
        self._folder = folder
        self._lock = threading.RLock()
        self._next = itertools.count(_FIRST_FILE)
        self._capacity = capacity
        self._used = 0
        now = datetime.now().astimezone()
        self._files = {
            _DCIM: StoredFile(_DCIM, 0, "DCIM", ptp.Format.FOLDER, now),
            _FOLDER: StoredFile(_FOLDER, _DCIM, dcim, ptp.Format.FOLDER, now),
        }
        self._held: dict[int, StoredFile] = {}
        self._first_held = first_held

    @property
    def capacity(self) -> int:
        """Give the card's size in bytes."""
        return self._capacity

    @property
    def free(self) -> int:
        """Give the bytes still free."""
        with self._lock:
            return max(self._capacity - self._used, 0)

    def set_free(self, free: int) -> None:
        """Make the card just large enough to have this many bytes free."""
        with self._lock:
            self._capacity = self._used + free

    def store(self, picture: Picture) -> StoredFile:
        """Write a picture to the card, or raise CardFullError."""
        with self._lock:
            if len(picture.content) > self.free:
                raise CardFullError
            handle = next(self._next)
            path = self._folder / f"{handle:08x}"
            path.write_bytes(picture.content)
            stored = StoredFile(
                handle,
                _FOLDER,
                picture.name,
                picture.format,
                picture.when,
                size=len(picture.content),
                thumb=picture.thumb,
                width=picture.width,
                height=picture.height,
                path=path,
            )
            self._files[handle] = stored
            self._used += stored.size
            return stored

    def hold(self, picture: Picture) -> StoredFile:
        """Keep a picture in memory until the computer has taken it."""
        with self._lock:
            held = StoredFile(
                self._free_held(),
                0,
                picture.name,
                picture.format,
                picture.when,
                size=len(picture.content),
                thumb=picture.thumb,
                width=picture.width,
                height=picture.height,
                content=picture.content,
            )
            self._held[held.handle] = held
            return held

    def _free_held(self) -> int:
        if self._first_held is None:
            return next(self._next)
        return next(handle for handle in itertools.count(self._first_held) if handle not in self._held)

    def drop_held(self) -> None:
        """Forget what waits in memory: the computer has gone."""
        with self._lock:
            self._held.clear()

    def get(self, handle: int) -> StoredFile:
        """Find a file or folder by its handle; raise INVALID_HANDLE."""
        with self._lock:
            found = self._held.get(handle) or self._files.get(handle)
        if found is None:
            raise ptp.PtpError(ptp.Code.INVALID_HANDLE)
        return found

    def children(self, parent: int) -> list[StoredFile]:
        """List a folder; ROOT is the top, 0 means everything on the card."""
        with self._lock:
            if parent == 0:
                return list(self._files.values())
            wanted = 0 if parent == ptp.ROOT else parent
            return [file for file in self._files.values() if file.parent == wanted]

    def names(self) -> list[str]:
        """List the names of the files on the card."""
        with self._lock:
            return [file.name for file in self._files.values() if not file.is_folder]

    def delete(self, handle: int) -> StoredFile:
        """Remove a file; raise INVALID_HANDLE, or ACCESS_DENIED for a folder."""
        with self._lock:
            found = self.get(handle)
            if found.is_folder:
                raise ptp.PtpError(ptp.Code.ACCESS_DENIED)
            if self._held.pop(handle, None) is not None:
                return found
            del self._files[handle]
            self._used -= found.size
            if found.path is not None:
                found.path.unlink(missing_ok=True)
            return found
