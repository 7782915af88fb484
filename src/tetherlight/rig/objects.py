"""The queue of objects of a rig: every change is told, sets and captures get its number, and what is done is noted."""

import asyncio
import base64
import logging
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import PurePosixPath
from typing import TypeVar, cast

from tetherlight.capture.job import CaptureJob
from tetherlight.errors import JobNotFound, StoreError
from tetherlight.jobs.jobs import Jobs
from tetherlight.objects.book import ObjectBook
from tetherlight.objects.journal import Entry, Journal, local_day
from tetherlight.objects.lists import decoded, read_list
from tetherlight.objects.queue import Queue
from tetherlight.process.run import run
from tetherlight.process.threads import to_the_end
from tetherlight.protocol.events import (
    CAPTURES_CHANGED,
    OBJECTS_CHANGED,
    PHOTOMETRIC_PROGRESS,
    CapturesChange,
    PhotometricProgress,
    StepStage,
)
from tetherlight.protocol.manifest import StepRecord
from tetherlight.protocol.objects import (
    MOST_FAULTS,
    DeletedObjects,
    DeleteObjects,
    FoundCode,
    FoundCodes,
    ImportedObjects,
    MoveObject,
    NextObject,
    ObjectFault,
    ObjectList,
    ObjectReport,
    ObjectsChange,
    ObjectStanding,
    QueuedObject,
    SelectObject,
    SetObjectState,
)
from tetherlight.protocol.recipes import CaptureRecipe
from tetherlight.protocol.sets import CapturePhotometricSet, CaptureSet
from tetherlight.publisher import Publication, Publisher
from tetherlight.rig.cameras import Cameras

logger = logging.getLogger(__name__)

W = TypeVar("W", bound=CapturePhotometricSet | CaptureSet | CaptureRecipe)
SCAN_SECONDS = 30.0
SCAN_MEMORY = 400_000_000
RECENT = 64
"""Exposures of single captures that are remembered: a file that comes late is no other picture."""
MOST_UNKEPT = 10_000
"""Lines that wait for the disk."""


class Objects:
    """Keeps the queue, says which object is the current one, and notes what is done at each."""

    def __init__(
        self, book: ObjectBook, journal: Journal, *, cameras: Cameras, jobs: Jobs, publisher: Publisher
    ) -> None:
        self._book = book
        self._journal = journal
        self._cameras = cameras
        self._jobs = jobs
        self._publisher = publisher
        self._turn = asyncio.Lock()
        self._scanning = asyncio.Lock()
        self._keeping = asyncio.Lock()
        self.current: QueuedObject | None = None
        """The object before the camera, as captures need it at once."""
        self._recent: deque[str] = deque(maxlen=RECENT)
        self._unkept: deque[Entry] = deque(maxlen=MOST_UNKEPT)
        self._new = asyncio.Event()
        publisher.listen(self._hear)

    async def open(self) -> None:
        """Go on where the run before left off; a queue that cannot be read is told in the log."""
        try:
            self.current = (await asyncio.to_thread(self._book.read)).current
        except StoreError as error:
            logger.error("%s Its file stays beside the next one.", error.message)  # noqa: TRY400 - no trace helps

    @property
    def number(self) -> str | None:
        """The catalogue number of the current object."""
        return None if self.current is None else self.current.catalogue_number

    def of_current(self, wanted: W) -> W:
        """Return what is to be captured, with the number of the current object where it says none itself."""
        if wanted.catalogue_number is not None or self.number is None:
            return wanted
        return cast("W", wanted.model_copy(update={"catalogue_number": self.number}))

    # The queue

    async def list(self) -> ObjectList:
        """List the objects; raise StoreError."""
        return (await self._read()).listed()

    async def standing(self) -> ObjectStanding:
        """Tell where the queue stands; one that cannot be read is empty."""
        try:
            return (await self._read()).standing()
        except StoreError:
            return Queue().standing()

    async def import_list(self, given: str | bytes, *, dry_run: bool = False) -> ImportedObjects:
        """Add the objects of a list; raise ObjectListInvalid and StoreError."""
        text = decoded(given) if isinstance(given, bytes) else given
        faults: list[ObjectFault] = []
        added: tuple[QueuedObject, ...] = ()

        def with_list(queue: Queue) -> Queue:
            nonlocal added
            found = read_list(text, queue.places)
            faults.extend(found.faults)
            added = found.objects
            longer = queue.with_objects(found.objects)
            return queue if dry_run else longer

        queue = await self._change(with_list)
        would = " would be" if dry_run else ""
        return ImportedObjects(
            message=f"{_count(len(added))}{would} added.",
            added=list(added[:MOST_FAULTS]),
            added_count=len(added),
            faults=faults[:MOST_FAULTS],
            fault_count=len(faults),
            **dict(queue.standing()),
        )

    async def select(self, wanted: SelectObject) -> ObjectStanding:
        """Make an object the current one, or none; raise ObjectNotFound and StoreError."""
        return (await self._change(lambda queue: queue.selected(wanted))).standing()

    async def go_on(self, wanted: NextObject) -> ObjectStanding:
        """Leave the current object for the next one; raise ObjectConflict and StoreError."""
        return (await self._change(lambda queue: queue.went_on(wanted.state, wanted.catalogue_number))).standing()

    async def set_state(self, wanted: SetObjectState) -> ObjectStanding:
        """Give objects another state; raise ObjectNotFound and StoreError."""
        numbers = wanted.catalogue_numbers
        return (await self._change(lambda queue: queue.with_states(numbers, wanted.state))).standing()

    async def move(self, wanted: MoveObject) -> ObjectStanding:
        """Move an object; raise ObjectNotFound and StoreError."""
        return (await self._change(lambda queue: queue.moved(wanted.catalogue_number, wanted.before))).standing()

    async def remove(self, wanted: DeleteObjects) -> DeletedObjects:
        """Take objects out of the queue; raise ObjectNotFound and StoreError."""
        removed = 0

        def without(queue: Queue) -> Queue:
            nonlocal removed
            shorter = queue.without(wanted.catalogue_numbers, wanted.state)
            removed = len(queue.objects) - len(shorter.objects)
            return shorter

        queue = await self._change(without)
        return DeletedObjects(message=f"{_count(removed)} removed.", removed=removed, **dict(queue.standing()))

    async def _read(self) -> Queue:
        queue = await asyncio.to_thread(self._book.read)
        self.current = queue.current
        return queue

    async def _change(self, changed: Callable[[Queue], Queue]) -> Queue:
        """Change the queue, one at a time, to its end and also where who asked for it leaves."""

        async def change() -> Queue:
            async with self._turn:
                before, after = await asyncio.to_thread(self._book.change, changed)
                self._changed(before, after)
                return after

        return await to_the_end(change())

    def _changed(self, before: Queue, after: Queue) -> None:
        self.current = after.current
        if after == before:
            return
        now = datetime.now(UTC)
        if before.number != after.number:
            if before.current is not None:
                left = after.places.get(str(before.number))
                state = "waiting" if left is None else after.objects[left].state
                self._note(Entry(at=now, what="end", **_named(before.current), state=state))
            if after.current is not None:
                self._note(Entry(at=now, what="begin", **_named(after.current)))
        former = {one.catalogue_number: one.state for one in before.objects}
        changed = [one for one in after.objects if former.get(one.catalogue_number, one.state) != one.state]
        self._publisher.publish(
            OBJECTS_CHANGED,
            ObjectsChange(
                changed=changed[:MOST_FAULTS],
                listed=list(before.places) != list(after.places) or len(changed) > MOST_FAULTS,
                **dict(after.standing()),
            ),
        )

    # Codes

    async def scan(self, camera_id: str | None) -> FoundCodes:
        """Read the codes that a camera sees; raise NotInstalled and what a preview raises."""
        async with self._cameras.turn(camera_id) as camera:
            preview = await camera.preview()
        given = {"picture": base64.b64encode(preview.jpeg).decode()}
        async with self._scanning:
            found = await run("tetherlight.objects.codes:read", given, deadline=SCAN_SECONDS, memory=SCAN_MEMORY)
        known = (await self._read()).places
        return FoundCodes(
            camera_id=camera.camera_id, codes=[FoundCode(**one, known=one["text"] in known) for one in found]
        )

    # What is done

    async def report(self, day: date | None) -> ObjectReport:
        """Tell what was done in a day; raise StoreError."""
        await self.flush()
        return await asyncio.to_thread(self._journal.report, day or local_day(datetime.now(UTC)))

    def _hear(self, publication: Publication) -> None:
        data = publication.data
        if publication.event is PHOTOMETRIC_PROGRESS and isinstance(data, PhotometricProgress):
            self._hear_frame(data)
        elif publication.event is CAPTURES_CHANGED and isinstance(data, CapturesChange) and data.change == "created":
            self._hear_captures(data)

    def _hear_frame(self, progress: PhotometricProgress) -> None:
        if progress.stage not in {StepStage.CAPTURED, StepStage.RETAKEN}:
            return
        try:
            job = self._jobs.find(progress.job_id)
        except JobNotFound:
            return
        if isinstance(job, CaptureJob) and (number := job.manifest.catalogue_number):
            retake = _taken_before(job.manifest.steps, progress.index)
            self._note(self._frame(number).model_copy(update={"retake": retake, "job_id": progress.job_id}))

    def _hear_captures(self, change: CapturesChange) -> None:
        for stem in dict.fromkeys(str(PurePosixPath(file.path).with_suffix("")) for file in change.files):
            if self.number is not None and stem not in self._recent:
                self._recent.append(stem)
                self._note(self._frame(self.number))

    def _frame(self, number: str) -> Entry:
        name = self.current.name if self.current is not None and number == self.number else None
        return Entry(at=datetime.now(UTC), what="frame", catalogue_number=number, name=name)

    def _note(self, entry: Entry) -> None:
        self._unkept.append(entry)
        self._new.set()

    async def keep(self) -> None:
        """Note what is done until this is cancelled; captures do not wait for it."""
        while True:
            await self._new.wait()
            await self.flush()

    async def flush(self) -> None:
        """Bring to the disk what was not noted yet; what it does not take is told in the log."""
        async with self._keeping:  # who waits for it has all lines on the disk, also those of a flush under way
            self._new.clear()
            entries = list(self._unkept)
            self._unkept.clear()
            if entries:
                try:
                    await to_the_end(asyncio.to_thread(self._journal.keep, entries))
                except StoreError as error:
                    logger.warning("%s", error.message)


def _named(one: QueuedObject) -> dict[str, str | None]:
    return {"catalogue_number": one.catalogue_number, "name": one.name}


def _taken_before(steps: Sequence[StepRecord], index: int) -> bool:
    """Say whether the step that progress tells of by its index, 0 for ambient frames, had another frame before."""
    lit = [step for step in steps if step.light is not None] or list(steps)
    if index:
        return index <= len(lit) and bool(lit[index - 1].replaced)
    taken = [(step.captured_at, step) for step in steps if step.light is None and step.captured_at is not None]
    return bool(taken) and bool(max(taken, key=lambda one: one[0])[1].replaced)


def _count(number: int) -> str:
    return f"{number} object{'' if number == 1 else 's'}"
