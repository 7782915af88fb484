"""The surface of a set as a job of the server."""

import asyncio
import contextlib
from pathlib import Path
from typing import Any

from tetherlight.collection.set_changes import SetChanges
from tetherlight.errors import TetherlightError
from tetherlight.jobs import claims
from tetherlight.jobs.claims import Grant
from tetherlight.jobs.computation import ComputationJob, Work
from tetherlight.jobs.job import Outcome
from tetherlight.jobs.jobs import Jobs, new_id
from tetherlight.protocol.models import Model
from tetherlight.protocol.results import Reconstructed, ReconstructSet
from tetherlight.publisher import Publisher
from tetherlight.reconstruct.keeping import FOLDERS, keep_in_set, making
from tetherlight.reconstruct.options import Options
from tetherlight.store.store import Store

FUNCTION = "tetherlight.reconstruct.surface:reconstruct"
DEADLINE_S = 3600.0
"""Seconds for one set; a small computer needs minutes for one of many large images."""
MEMORY = 1_000_000_000
"""Bytes for one set, mapped files left out."""


def work(folder: Path, into: Path, options: Options, within: Path | None = None) -> Work:
    """Return what a child shall do for a folder of images."""
    given = {
        "folder": str(folder),
        "into": str(into),
        "options": options.as_dict(),
        "within": None if within is None else str(within),
    }
    return Work(FUNCTION, given, DEADLINE_S, MEMORY)


class SurfaceJob(ComputationJob):
    """Computes the surface of a set into a hidden folder, and puts that in its place when it is whole."""

    def __init__(
        self, job_id: str, set_name: str, options: Options, *, store: Store, publisher: Publisher, changes: SetChanges
    ) -> None:
        folder = store.places.set_folder(set_name)
        super().__init__(job_id, work(folder, folder, options), publisher, set_name=set_name)
        self._options = options
        self._store = store
        self._changes = changes
        self._made: Path | None = None
        self._holds = False

    def _begin(self) -> None:
        if not self._holds:
            # The set is kept from being deleted, renamed or captured into until the job has ended.
            self._held.enter_context(self._store.sets.hold(self._name, self.job_id))
            self._held.callback(setattr, self, "_holds", False)
            self._holds = True
        super()._begin()

    @property
    def _name(self) -> str:
        return self.set_name or ""

    async def _work(self, grant: Grant) -> Outcome:
        folder = await asyncio.to_thread(self._store.places.set_folder, self._name)
        place = folder / FOLDERS["preview" if self._options.preview else "surface"]
        held = contextlib.ExitStack()
        self._made = await asyncio.to_thread(held.enter_context, making(place))
        try:
            self._to_do = work(folder, self._made, self._options, self._store.places.captures_dir)
            return await super()._work(grant)
        finally:
            await asyncio.shield(asyncio.to_thread(held.close))

    async def reconstructed(self) -> Reconstructed:
        """Wait for the end and return what was made; raise the error that stands in its way."""
        return Reconstructed.model_validate(await self.result(), from_attributes=True)

    async def _keep(self, result: Any) -> Model:
        if self._made is None:
            raise RuntimeError("a result without a folder")
        folder = await asyncio.to_thread(self._store.places.set_folder, self._name)
        record = await asyncio.to_thread(keep_in_set, self._made, folder, result)
        with contextlib.suppress(TetherlightError):
            await self._changes.tell(self._name, "updated")
        return Reconstructed(
            message=f"The surface of set '{self._name}' is computed.",
            set_name=self._name,
            job_id=self.job_id,
            result=record,
        )


class Surfaces:
    """Starts the computation of surfaces."""

    def __init__(self, store: Store, jobs: Jobs, publisher: Publisher, set_changes: SetChanges) -> None:
        self._store = store
        self._jobs = jobs
        self._publisher = publisher
        self._set_changes = set_changes

    async def start(self, wanted: ReconstructSet) -> SurfaceJob:
        """Start the job of a set; raise SetNotFound, SetBusy and CpuBusy."""
        options = Options(
            response=wanted.response,
            method=wanted.method,
            near=wanted.near,
            raw=wanted.files == "raw",
            exclude=tuple(wanted.exclude),
            preview=wanted.preview,
        )

        def check() -> None:
            self._store.places.set_folder(wanted.set_name)

        async with self._jobs.starting(new_id(), {claims.CPU}, check) as start:
            job = SurfaceJob(
                start.job_id,
                wanted.set_name,
                options,
                store=self._store,
                publisher=self._publisher,
                changes=self._set_changes,
            )
            self._jobs.begin(job, start)
            return job
