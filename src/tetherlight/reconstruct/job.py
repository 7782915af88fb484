"""What is made of a set, as a job of the server: its surface, and others beside it."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tetherlight.collection.set_changes import SetChanges
from tetherlight.errors import SetBusy, TetherlightError
from tetherlight.jobs import claims
from tetherlight.jobs.claims import Grant
from tetherlight.jobs.computation import ComputationJob, Work
from tetherlight.jobs.job import Outcome
from tetherlight.jobs.jobs import Jobs, new_id
from tetherlight.process.run import Told
from tetherlight.protocol.models import JobState, Model
from tetherlight.protocol.results import ExportSet, MadeResult, MergeFocus, Reconstructed, ReconstructSet, RelightSet
from tetherlight.publisher import Publisher
from tetherlight.reconstruct.keeping import FOLDERS, keep_in_set, making
from tetherlight.reconstruct.options import AUTO, Options
from tetherlight.reconstruct.room import needed_bytes
from tetherlight.reconstruct.stacks import to_merge
from tetherlight.store.contents import EXPORTS
from tetherlight.store.store import Store

FUNCTION = "tetherlight.reconstruct.surface:reconstruct"
EXPORT = "tetherlight.reconstruct.exports.export:export"
MERGE = "tetherlight.reconstruct.focus:merge_focus"
RELIGHT = "tetherlight.reconstruct.relight:relight"
MERGING = 0.5
"""The share of a job that merges first what its result is made of."""
DEADLINE_S = 3600.0
"""Seconds for one set; a small computer needs minutes for one of many large images."""
MEMORY = 1_000_000_000
"""Bytes for one set, mapped files left out."""


def work(folder: Path, into: Path, options: Options, within: Path | None = None) -> Work:
    """Return what a child shall do for the surface of a folder of images."""
    return work_of(FUNCTION, folder, into, options.as_dict(), within)


def work_of(function: str, folder: Path, into: Path, options: Mapping[str, Any], within: Path | None = None) -> Work:
    """Return what a child shall do with a folder of images."""
    given = {
        "folder": str(folder),
        "into": str(into),
        "options": dict(options),
        "within": None if within is None else str(within),
    }
    return Work(function, given, DEADLINE_S, MEMORY)


@dataclass(frozen=True)
class Task:
    """Something to be made of a set."""

    function: str
    options: Mapping[str, Any]
    place: str
    """The folder of the result, relative to that of the set."""
    done: str
    """What is said when it is there; `{}` stands for the set's name."""
    first: "Task | None" = None
    """What this one is made of, where the set has something to merge: a result of its own."""


def _merge(*, raw: bool, response: str = AUTO) -> Task:
    """Return what makes one image of each light of a set."""
    return Task(MERGE, {"raw": raw, "response": response}, FOLDERS["merged"], "The images of set '{}' are merged.")


class ResultJob(ComputationJob):
    """Makes something of a set in a hidden folder, and puts that in its place when it is whole."""

    def __init__(
        self, job_id: str, set_name: str, task: Task, *, store: Store, publisher: Publisher, changes: SetChanges
    ) -> None:
        folder = store.places.set_folder(set_name)
        super().__init__(job_id, work_of(task.function, folder, folder, task.options), publisher, set_name=set_name)
        self._todo = task
        self._store = store
        self._changes = changes
        self._making: tuple[Task, Path] | None = None
        self._shares = 0.0, 1.0
        self._holds = False

    def _begin(self) -> None:
        if not self._holds:
            # The set is kept from being deleted, renamed or captured into until the job has ended.
            try:
                self._held.enter_context(self._store.sets.hold(self._name, self.job_id))
            except SetBusy:
                # A preview is begun beside the capture: it waits for its end, and the capture keeps the set.
                if not self._todo.options.get("preview"):
                    raise
            else:
                self._held.callback(setattr, self, "_holds", False)
                self._holds = True
        super()._begin()

    @property
    def _name(self) -> str:
        return self.set_name or ""

    async def _work(self, grant: Grant) -> Outcome:
        folder = await asyncio.to_thread(self._store.places.set_folder, self._name)
        within = self._store.places.captures_dir
        first = self._todo.first
        if first is None or not await asyncio.to_thread(to_merge, folder, within, raw=bool(first.options.get("raw"))):
            return await self._part(self._todo, grant, folder)
        self._shares = 0.0, MERGING
        outcome = await self._part(first, grant, folder)
        if outcome.state is not JobState.COMPLETED:
            return outcome
        # What was merged is in the set; the job's own result is what is made of it.
        self._result, self._shares = None, (MERGING, 1.0)
        return await self._part(self._todo, grant, folder)

    async def _part(self, task: Task, grant: Grant, folder: Path) -> Outcome:
        """Make one result and put it into its place."""
        await asyncio.to_thread(self._require_room, folder)
        held = contextlib.ExitStack()
        made = await asyncio.to_thread(held.enter_context, making(folder / task.place.replace("/", "-")))
        self._making = task, made
        try:
            self._to_do = work_of(task.function, folder, made, task.options, self._store.places.captures_dir)
            return await super()._work(grant)
        finally:
            await asyncio.shield(asyncio.to_thread(held.close))

    def _hear(self, told: Told) -> None:
        begin, end = self._shares
        super()._hear(Told(begin + (end - begin) * told.share, told.activity))

    def _require_room(self, folder: Path) -> None:
        within = self._store.places.captures_dir
        self._store.space.require(needed_bytes(folder, within, preview=bool(self._todo.options.get("preview"))))

    async def made(self) -> MadeResult:
        """Wait for the end and return what was made; raise the error that stands in its way."""
        return MadeResult.model_validate(await self.result(), from_attributes=True)

    async def reconstructed(self) -> Reconstructed:
        """Do the same of a surface."""
        return Reconstructed.model_validate(await self.result(), from_attributes=True)

    async def _keep(self, result: Any) -> Model:
        if self._making is None:
            raise RuntimeError("a result without a folder")
        task, made = self._making
        folder = await asyncio.to_thread(self._store.places.set_folder, self._name)
        record = await asyncio.to_thread(keep_in_set, made, folder, result, task.place)
        with contextlib.suppress(TetherlightError):
            await self._changes.tell(self._name, "updated")
        return MadeResult(message=task.done.format(self._name), set_name=self._name, job_id=self.job_id, result=record)


class Surfaces:
    """Starts what makes something of a set."""

    def __init__(self, store: Store, jobs: Jobs, publisher: Publisher, set_changes: SetChanges) -> None:
        self._store = store
        self._jobs = jobs
        self._publisher = publisher
        self._set_changes = set_changes

    async def start(self, wanted: ReconstructSet) -> ResultJob:
        """Start the job of a set's surface; raise SetNotFound, SetBusy and CpuBusy."""
        options = Options(
            response=wanted.response,
            method=wanted.method,
            near=wanted.near,
            raw=wanted.files == "raw",
            exclude=tuple(wanted.exclude),
            flat=None if wanted.flat_set_name is None else str(self._store.places.set_folder(wanted.flat_set_name)),
            preview=wanted.preview,
        )
        place = FOLDERS["preview" if wanted.preview else "surface"]
        done = "The surface of set '{}' is computed."
        first = None if wanted.preview else _merge(raw=options.raw, response=options.response)
        return await self._started(wanted.set_name, Task(FUNCTION, options.as_dict(), place, done, first))

    async def relight(self, wanted: RelightSet) -> ResultJob:
        """Start the job of a picture that can be lit anew; raise SetNotFound, SetBusy and CpuBusy."""
        options = {
            "basis": wanted.basis, "planes": wanted.planes, "raw": wanted.files == "raw", "ptm": wanted.ptm
        }  # fmt: skip
        first = _merge(raw=wanted.files == "raw")
        task = Task(RELIGHT, options, FOLDERS["relight"], "Set '{}' can be lit anew.", first)
        return await self._started(wanted.set_name, task)

    async def merge_focus(self, wanted: MergeFocus) -> ResultJob:
        """Start the job that merges a focus stack; raise SetNotFound, SetBusy and CpuBusy."""
        return await self._started(wanted.set_name, _merge(raw=wanted.files == "raw"))

    async def export(self, wanted: ExportSet) -> ResultJob:
        """Start the job of an export; raise SetNotFound, SetBusy and CpuBusy."""
        options = {"to": wanted.to, "base_url": wanted.base_url, "copies": False}
        task = Task(EXPORT, options, f"{EXPORTS}/{wanted.to}", "Set '{}' is exported.")
        return await self._started(wanted.set_name, task)

    async def _started(self, set_name: str, task: Task) -> ResultJob:
        def check() -> None:
            self._store.places.set_folder(set_name)

        async with self._jobs.starting(new_id(), {claims.CPU}, check) as start:
            job = ResultJob(
                start.job_id,
                set_name,
                task,
                store=self._store,
                publisher=self._publisher,
                changes=self._set_changes,
            )
            self._jobs.begin(job, start)
            return job
