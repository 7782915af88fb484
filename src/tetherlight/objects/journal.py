"""What was done at objects, a file of lines for each day; a report reads the lines of its day alone."""

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from tetherlight.errors import StoreError
from tetherlight.files.durable import FILE_MODE, make_folder, read_regular, store_errors, sync_folder, write_whole
from tetherlight.objects.book import FOLDER
from tetherlight.protocol.models import Model
from tetherlight.protocol.objects import ObjectReport, ObjectState, ObjectWork

logger = logging.getLogger(__name__)

SUFFIX = ".jsonl"
MOST_BYTES = 8_000_000
"""Of the record of a day: some fifty thousand frames."""


class Entry(Model):
    """A line: an object became the current one, was left, or has a picture more."""

    at: datetime
    what: Literal["begin", "end", "frame"]
    catalogue_number: str
    name: str | None = None
    state: ObjectState = Field(default="waiting", description="As what the object was left.")
    retake: bool = False
    job_id: str | None = Field(default=None, description="Of the set that the picture belongs to.")


@dataclass
class _Work:
    """What the lines of one object have come to."""

    name: str | None = None
    state: ObjectState = "waiting"
    jobs: dict[str, list[datetime]] = field(default_factory=dict)
    frames: int = 0
    retakes: int = 0
    begun: datetime | None = None
    stretches: list[tuple[datetime, datetime]] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)

    def take(self, entry: Entry) -> None:
        """Add a line."""
        self.times.append(entry.at)
        self.name = entry.name or self.name
        if entry.what == "frame":
            self.retakes += entry.retake
            self.frames += not entry.retake
            if entry.job_id is not None:
                self.jobs.setdefault(entry.job_id, []).append(entry.at)
        else:
            self._close(entry.at if entry.what == "end" else self._last(), entry)
            self.state = entry.state

    def _close(self, at: datetime | None, entry: Entry) -> None:
        if self.begun is not None and at is not None:
            self.stretches.append((self.begun, at))
        self.begun = entry.at if entry.what == "begin" else None

    def _last(self) -> datetime | None:
        """Return when the last line before this one was."""
        return self.times[-2] if len(self.times) > 1 else None

    def seconds(self) -> float:
        """Return for how long it was worked at; an object that is still there counts until its last picture."""
        open_one = [] if self.begun is None else [(self.begun, max(self.times))]
        runs = [(min(times), max(times)) for times in self.jobs.values()]
        return sum((end - start).total_seconds() for start, end in _joined([*self.stretches, *open_one, *runs]))


def _joined(stretches: Iterable[tuple[datetime, datetime]]) -> Iterator[tuple[datetime, datetime]]:
    """Give stretches of time in their order, those that overlap as one."""
    start: datetime | None = None
    end: datetime | None = None
    for one, other in sorted(stretches):
        if start is not None and end is not None and one > end:
            yield start, end
            start = None
        start = one if start is None else start
        end = other if end is None else max(end, other)
    if start is not None and end is not None:
        yield start, end


class Journal:
    """The records of a state folder; every method blocks, and may be called from any thread."""

    def __init__(self, state_dir: Path) -> None:
        self.folder = state_dir / FOLDER

    def keep(self, entries: Sequence[Entry]) -> None:
        """Add lines durably to the records of their days; raise StoreError."""
        days: dict[date, list[str]] = {}
        for entry in entries:
            days.setdefault(local_day(entry.at), []).append(entry.model_dump_json(exclude_defaults=True))
        with store_errors("What was done at an object could not be noted"):
            make_folder(self.folder)
            for day, lines in days.items():
                self._append(self._file(day), "".join(f"{line}\n" for line in lines).encode())

    def _append(self, path: Path, content: bytes) -> None:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        new = not path.exists()
        descriptor = os.open(path, flags, FILE_MODE)
        try:
            size = os.fstat(descriptor).st_size
            if size + len(content) > MOST_BYTES:
                raise StoreError(
                    f"The record {path.name} is full; what is done at objects is not noted any more today."
                )
            # A line that a crash has cut must not swallow the next one.
            cut = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            write_whole(descriptor, b"\n" * cut + content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if new:
            sync_folder(self.folder)

    def report(self, day: date) -> ObjectReport:
        """Return the work of a day; raise StoreError where its record cannot be read."""
        works: dict[str, _Work] = {}
        incomplete = False
        for entry in self._entries(day):
            if entry is None:
                incomplete = True
            else:
                works.setdefault(entry.catalogue_number, _Work()).take(entry)
        objects = [_work(number, work) for number, work in works.items()]
        return ObjectReport(
            day=day,
            objects=objects,
            frames=sum(one.frames for one in objects),
            retakes=sum(one.retakes for one in objects),
            minutes=round(sum(one.minutes for one in objects), 1),
            incomplete=incomplete,
        )

    def _entries(self, day: date) -> Iterator[Entry | None]:
        """Give the lines of a day, None for one that cannot be read."""
        with store_errors(f"The record of {day} cannot be read"):
            try:
                content = read_regular(self._file(day), most=2 * MOST_BYTES)
            except FileNotFoundError:
                return
        if len(content) > MOST_BYTES - 1000:
            yield None
        for line in content.splitlines():
            try:
                yield Entry.model_validate_json(line)
            except ValidationError:
                yield None

    def _file(self, day: date) -> Path:
        return self.folder / f"{day.isoformat()}{SUFFIX}"


def local_day(when: datetime) -> date:
    """Return the day of a moment in local time."""
    return when.astimezone().date()


def _work(number: str, work: _Work) -> ObjectWork:
    return ObjectWork(
        catalogue_number=number,
        name=work.name,
        state=work.state,
        sets=len(work.jobs),
        frames=work.frames,
        retakes=work.retakes,
        minutes=round(timedelta(seconds=work.seconds()) / timedelta(minutes=1), 1),
        began_at=min(work.times).astimezone(UTC),
        ended_at=max(work.times).astimezone(UTC),
    )
