"""Empty folders in reserve: on a full disk none can be made, and deleting needs some."""

import errno
import os
from contextlib import suppress
from pathlib import Path

from tetherlight.files.durable import FOLDER_MODE

NAME = ".reserve"
COUNT = 8
"""Folders; a deletion takes up to four."""
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


class Reserve:
    """The empty folders beside what can be deleted, where a rename always reaches them."""

    def __init__(self, beside: Path) -> None:
        self._folder = beside / NAME

    def fill(self) -> None:
        """Make what is missing, as far as there is room."""
        with suppress(OSError):
            self._folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
            for number in range(COUNT):
                (self._folder / str(number)).mkdir(mode=FOLDER_MODE, exist_ok=True)

    def make(self, path: Path) -> None:
        """Make a folder, or take one from the reserve where the disk is full; raise OSError."""
        try:
            path.mkdir(mode=FOLDER_MODE)
        except OSError as error:
            if error.errno not in NO_ROOM or not self._taken(path):
                raise

    def _taken(self, path: Path) -> bool:
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
        for number in range(COUNT):
            with suppress(OSError):  # taken before
                (self._folder / str(number)).rename(path)
                return True
        return False
