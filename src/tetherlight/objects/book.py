"""The queue of objects on the disk: one file in STATE_DIR, written whole each time."""

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, model_validator

from tetherlight.errors import StoreError
from tetherlight.files.durable import make_folder, read_regular, rename_new, store_errors, write_atomically
from tetherlight.files.locks import folder_kept
from tetherlight.objects.queue import Queue
from tetherlight.protocol.action import Payload
from tetherlight.protocol.models import first_fault
from tetherlight.protocol.objects import MOST_OBJECTS, QueuedObject

logger = logging.getLogger(__name__)

FOLDER = "objects"
FILE = "queue.json"
MAX_BYTES = 8_000_000
MODE = 0o640
Stamp = tuple[int, int, int] | None


class QueueFile(Payload):
    """The queue as a file."""

    tetherlight_objects: Literal[1] = Field(description="The version of the form.")
    current: str | None = None
    objects: list[QueuedObject] = Field(default_factory=list, max_length=MOST_OBJECTS)

    @model_validator(mode="after")
    def _one_of_each(self) -> "QueueFile":
        numbers = {one.catalogue_number for one in self.objects}
        if len(numbers) != len(self.objects):
            raise ValueError("two objects have one catalogue number")
        if self.current is not None and self.current not in numbers:
            raise ValueError("the current object is not in the list")
        return self


class ObjectBook:
    """The queue of a state folder; every method may be called from any thread.

    What was read is remembered as long as the file is the same: a restored backup counts at once.
    """

    def __init__(self, state_dir: Path) -> None:
        self.folder = state_dir / FOLDER
        self._file = self.folder / FILE
        self._lock = threading.Lock()
        self._known: tuple[Stamp, Queue] = (None, Queue())

    def read(self) -> Queue:
        """Return the queue; raise StoreError where its file cannot be used."""
        with self._lock:
            return self._read()

    def change(self, changed: Callable[[Queue], Queue]) -> tuple[Queue, Queue]:
        """Put another queue in the place of this one, durably; return both. Raises what `changed` does and StoreError.

        A file that cannot be used is kept beside the new one.
        """
        with self._lock, store_errors("The queue of objects could not be kept"):
            make_folder(self.folder)
            with folder_kept(self.folder):
                try:
                    before = self._read()
                except StoreError as error:
                    aside = self._file.with_name(f"queue-unreadable-{time.time_ns()}.json")
                    rename_new(self._file, aside)
                    logger.error("%s It is kept as %s.", error.message, aside.name)  # noqa: TRY400 - its cause is told
                    before = Queue()
                after = changed(before)
                if after != before:
                    content = QueueFile(tetherlight_objects=1, current=after.number, objects=list(after.objects))
                    write_atomically(self._file, content.model_dump_json(exclude_defaults=True).encode(), mode=MODE)
                    self._known = (self._stamp(), after)
                return before, after

    def _read(self) -> Queue:
        with store_errors("The queue of objects cannot be read"):
            stamp = self._stamp()
            if stamp is None:
                return Queue()
            if self._known[0] != stamp:
                self._known = (stamp, _parsed(read_regular(self._file, most=MAX_BYTES)))
        return self._known[1]

    def _stamp(self) -> Stamp:
        try:
            status = os.stat(self._file, follow_symlinks=False)  # noqa: PTH116 - one call for all three
        except FileNotFoundError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino


def _parsed(content: bytes) -> Queue:
    try:
        found = QueueFile.model_validate_json(content)
    except ValidationError as error:
        fault = first_fault(error)
        where = f"{fault.field[:100]}: " if fault.field else ""
        raise StoreError(f"The queue of objects cannot be read: {where}{fault.reason.rstrip('.')}.") from None
    return Queue(tuple(found.objects), found.current)
