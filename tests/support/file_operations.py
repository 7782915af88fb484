"""Counts what is asked of the disk: files opened, folders read, and files looked at."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest


@dataclass
class Operations:
    """How often the disk was asked within a block."""

    opened: int = 0
    folders: int = 0
    looked: int = 0

    @property
    def all(self) -> int:
        """Return all of them together."""
        return self.opened + self.folders + self.looked


_counting: list[Operations] = []
"""The blocks that count now; a hook of the interpreter cannot be taken away again."""


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    for operations in _counting:
        # A descriptor that is open already asks for nothing.
        if event == "open" and not isinstance(arguments[0], int):
            operations.opened += 1
        elif event in {"os.scandir", "os.listdir"}:
            operations.folders += 1


@contextmanager
def counted() -> Iterator[Operations]:
    """Count what this block asks of the disk."""
    if not _hooked:
        sys.addaudithook(_heard)
        _hooked.append(True)
    operations = Operations()
    _counting.append(operations)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("stat", "lstat"):
            patch.setattr(os, name, _looking(getattr(os, name), operations))
        try:
            yield operations
        finally:
            _counting.remove(operations)


def _looking(look: Any, operations: Operations) -> Any:
    def looked(*arguments: Any, **named: Any) -> Any:
        operations.looked += 1
        return look(*arguments, **named)

    return looked


_hooked: list[bool] = []
