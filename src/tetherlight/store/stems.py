"""Names for single captures: a number is given once, also while the capture that has it is still under way.

What is given is a wish. Whether anything has that stem is found out when the files get their names
(`files/names.py`), and they may become `stem-2` then.
"""

import os
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from tetherlight.files.durable import store_errors
from tetherlight.naming.templates import Subject, Template
from tetherlight.store.trash import Trash


class Stems:
    """The stems of one folder; every method may be called from any thread."""

    def __init__(self, folder: Path, trash: Trash) -> None:
        self._folder = folder
        self._trash = trash
        self._given: Counter[str] = Counter()
        self._lock = threading.Lock()

    def give(self, template: Template, subject: Subject, when: datetime) -> str:
        """Return a name without extension; who is done with it gives it back."""
        with self._lock:
            stem = self._next(template, subject, when)
            self._given[stem] += 1
            return stem

    def peek(self, template: Template, subject: Subject, when: datetime) -> str:
        """Return the name that a capture would get now."""
        with self._lock:
            return self._next(template, subject, when)

    def give_back(self, stem: str) -> None:
        """Forget a name: its file is there now, or will never be."""
        with self._lock:
            self._given -= Counter([stem])

    def _next(self, template: Template, subject: Subject, when: datetime) -> str:
        if not template.counts:
            return template.render(subject, when)
        with store_errors("The captures could not be counted"):
            return template.render(subject, when, template.next_number(self._names(), subject))

    def _names(self) -> Iterator[str]:
        yield from self._given
        yield from self._trash.names()
        try:
            with os.scandir(self._folder) as entries:
                yield from (entry.name for entry in entries)
        except FileNotFoundError:
            return
