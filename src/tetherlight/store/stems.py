"""Names for single captures: a number is given once, also while the capture that has it is still under way."""

import os
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import chain, count
from pathlib import Path

from tetherlight.store.files import store_errors
from tetherlight.store.naming import Subject, Template
from tetherlight.store.trash import Trash


class Stems:
    """The stems of one folder; every method may be called from any thread.

    A name that lies in the trash is taken too: its deletion could not be undone otherwise.
    """

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
            return self._undeleted(template.render(subject, when))
        with store_errors("The captures could not be counted"):
            return template.render(subject, when, template.next_number(self._names(), subject))

    def _undeleted(self, stem: str) -> str:
        """Return the stem, with a number behind it where it would take the name of what lies in the trash.

        Names of files that are there are no concern: a number for them is found when the file gets its name.
        """
        deleted = {one.name for one in self._trash}
        if not any(name == stem or name.startswith(f"{stem}-") for name in deleted):
            return stem
        with store_errors("The captures could not be counted"):
            taken = deleted | {Path(name).stem for name in self._names()}
        numbered = (f"{stem}-{number}" for number in count(2))
        return next(name for name in chain([stem], numbered) if name not in taken)

    def _names(self) -> Iterator[str]:
        yield from self._given
        yield from (deleted.name for deleted in self._trash)
        try:
            with os.scandir(self._folder) as entries:
                yield from (entry.name for entry in entries)
        except FileNotFoundError:
            return
