"""Sets and series as jobs: checked, prepared and started, and those found again whose server ended in the middle."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime

from tetherlight.camera.camera import Camera
from tetherlight.capture.plan import LOCKED, check_sequence, plan_set
from tetherlight.capture.series_job import SeriesJob
from tetherlight.capture.series_plan import SeriesPlan
from tetherlight.capture.set_job import SetJob
from tetherlight.capture.single import Captures
from tetherlight.collection.set_changes import SetChanges
from tetherlight.errors import TetherlightError
from tetherlight.jobs import claims
from tetherlight.jobs.jobs import Jobs, Start, new_id
from tetherlight.lights.lights import Lights
from tetherlight.manifest import Manifest
from tetherlight.models import ImageSet, JobState
from tetherlight.naming.rules import set_prefix
from tetherlight.naming.templates import Subject
from tetherlight.protocol.captures import CaptureSeries
from tetherlight.protocol.messages import RequestId
from tetherlight.protocol.sets import CapturePhotometricSet
from tetherlight.publisher import Publisher
from tetherlight.settings import Settings
from tetherlight.store.store import Store


class Shooting:
    """Starts the jobs that take pictures."""

    def __init__(
        self,
        settings: Settings,
        lights: Lights,
        store: Store,
        *,
        jobs: Jobs,
        captures: Captures,
        publisher: Publisher,
        set_changes: SetChanges,
    ) -> None:
        self._settings = settings
        self._lights = lights
        self._store = store
        self._jobs = jobs
        self._captures = captures
        self._publisher = publisher
        self._set_changes = set_changes

    async def find_interrupted(self, looked: Iterable[ImageSet]) -> None:
        """Make jobs of those sets whose server ended in the middle, so that they can be resumed, and tell of them.

        Those that began last come first; no more are kept than of other jobs that ended.
        """
        for listed in looked:
            if listed.status is not JobState.INTERRUPTED or not self._jobs.room_for_ended:
                continue
            try:
                manifest = await asyncio.to_thread(self._store.manifest, listed.name)
            except (TetherlightError, ValueError, ArithmeticError):  # what cannot be read cannot be resumed
                continue
            job = SetJob(
                listed.name, manifest, self._lights, self._store, self._publisher, set_changes=self._set_changes
            )
            if job.state is JobState.INTERRUPTED and self._jobs.add_ended(job):
                await self._set_changes.tell(listed.name, "updated")

    async def start_set(self, wanted: CapturePhotometricSet, requester: str | None, request_id: RequestId) -> SetJob:
        """Check everything, make the set's folder and start its sequence."""

        def check() -> None:
            check_sequence(wanted.light_sequence)
            set_prefix(wanted.set_name_prefix)

        async with self._jobs.starting(new_id(), {claims.camera(wanted.camera_id), claims.LIGHTS}, check) as start:
            job = SetJob(
                *await self._prepared(start, wanted),
                self._lights,
                self._store,
                self._publisher,
                set_changes=self._set_changes,
                requester=requester,
                request_id=request_id,
            )
            self._jobs.begin(job, start)
            await self._set_changes.tell(job.set_name, "created")
            return job

    async def _prepared(self, start: Start, wanted: CapturePhotometricSet) -> tuple[str, Manifest]:
        """Make the folder of a set and write its plan into it; return its name and its manifest."""
        await self._lights.settled()
        lights = [self._lights.light(name) for name in wanted.light_sequence]
        await asyncio.to_thread(self._store.require_room, len(wanted.light_sequence) + wanted.ambient)
        await start.camera.refresh(LOCKED, owner=start.job_id)
        manifest = plan_set(
            wanted,
            job_id=start.job_id,
            lights=lights,
            settle_s=self._settings.photometric_capture_delay,
            camera=start.camera.status(),
            config=await start.camera.get_config(),
        )
        folder = await asyncio.to_thread(
            self._store.create_set, wanted.set_name_prefix, datetime.now(UTC), _subject(start.camera, wanted)
        )
        await asyncio.to_thread(self._store.write_manifest, folder.name, manifest)
        return folder.name, manifest

    async def start_series(self, wanted: CaptureSeries, requester: str | None, request_id: RequestId) -> SeriesJob:
        """Check everything and start a series of single captures."""
        wanted_claims = {claims.camera(wanted.camera_id)}
        async with self._jobs.starting(new_id(), wanted_claims, lambda: SeriesPlan.of(wanted)) as start:
            job = SeriesJob(
                start.job_id,
                start.camera.camera_id,
                SeriesPlan.of(wanted),
                captures=self._captures,
                store=self._store,
                publisher=self._publisher,
                requester=requester,
                request_id=request_id,
            )
            await job.check(start.grant)
            self._jobs.begin(job, start)
            return job


def _subject(camera: Camera, wanted: CapturePhotometricSet) -> Subject:
    """Return what the name of a set can tell of what is captured."""
    return Subject(
        model=camera.model,
        serial=camera.serial,
        camera_id=camera.camera_id,
        catalogue_number=wanted.catalogue_number,
    )
