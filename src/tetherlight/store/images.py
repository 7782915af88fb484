"""The images that lie in a folder."""

import os
from collections.abc import Iterator
from pathlib import Path

from tetherlight.files.types import is_image
from tetherlight.naming.rules import is_visible


def images_in(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Go through the images that lie directly in a folder, in no order; a missing folder has none.

    Links are left out: what they point to is listed at its own place, or must not be.
    """
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if is_visible(entry.name) and is_image(entry.name) and entry.is_file(follow_symlinks=False):
                    try:
                        yield folder / entry.name, entry.stat(follow_symlinks=False)
                    except OSError:  # deleted meanwhile
                        continue
    except (FileNotFoundError, NotADirectoryError):
        return
