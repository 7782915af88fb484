"""Things that a folder can hold where a file is expected, and that must neither be waited for nor followed."""

import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        # The address of a socket is short; a folder is named by a descriptor instead.
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            made.bind(f"/proc/self/fd/{folder}/{path.name}")
        finally:
            os.close(folder)


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


def _outside(path: Path) -> None:
    target = path.parent / f".target-{path.name}"
    target.write_text('{"status": "completed"}')
    path.symlink_to(target.absolute())


ODD: Mapping[str, Callable[[Path], object]] = MappingProxyType(
    {
        "pipe": os.mkfifo,
        "socket": _socket,
        "folder": Path.mkdir,
        "link": _outside,
        "circle": lambda path: path.symlink_to(path.name),
        "dangling": lambda path: path.symlink_to("nowhere"),
        "device": lambda path: path.symlink_to("/dev/zero"),
        "huge": _huge,
    }
)
"""By name, what makes one at a path."""
