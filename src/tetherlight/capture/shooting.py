"""Sets and series as jobs: checked, prepared and started, and those found again whose server ended in the middle."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import UTC, datetime

from tetherlight.camera.camera import Camera
from tetherlight.capture.axes.axis import NOBODY, Stage
from tetherlight.capture.axes.focus import CHOICES
from tetherlight.capture.firing import check_lines
from tetherlight.capture.job import CaptureJob, cameras_of, check_axes
from tetherlight.capture.locked import LOCKED
from tetherlight.capture.metering import check_metering, times_of
from tetherlight.capture.plan import Plan
from tetherlight.capture.requests import first_manifest, series_plan, set_plan, set_record, with_notes
from tetherlight.capture.set_sink import SetSink
from tetherlight.capture.single import Captures
from tetherlight.capture.singles_sink import SinglesSink
from tetherlight.capture.sink import R, Sink
from tetherlight.collection.set_changes import SetChanges
from tetherlight.errors import InvalidPayload, JobConflict, TetherlightError, UnknownLight
from tetherlight.jobs import claims
from tetherlight.jobs.jobs import Jobs, Start, new_id
from tetherlight.lights.lights import Lights
from tetherlight.naming.rules import set_prefix
from tetherlight.naming.templates import Subject
from tetherlight.protocol.captures import CaptureSeries, SeriesResult
from tetherlight.protocol.jobs import FocusChoice
from tetherlight.protocol.manifest import Manifest
from tetherlight.protocol.manifest import Plan as PlanRecord
from tetherlight.protocol.messages import RequestId
from tetherlight.protocol.models import ImageSet, Job, JobState
from tetherlight.protocol.sets import CapturePhotometricSet, CaptureSet, PhotometricSetResult, RetakeFrames
from tetherlight.publisher import Publisher
from tetherlight.store.manifest import refuse_newer
from tetherlight.store.store import Store
from tetherlight.triggers.triggers import Triggers

logger = logging.getLogger(__name__)

Ready = Callable[[Sequence[Camera], str], AbstractAsyncContextManager[None]]
"""Sets the cameras of a job, by its id, for a set that begins within; what was set is put back where it does not."""


def as_they_are(_: Sequence[Camera], __: str) -> AbstractAsyncContextManager[None]:
    """Leave the cameras as they are set."""
    return nullcontext()


class Shooting:
    """Starts the jobs that take pictures; `settle_s` are the seconds that a light of a set burns before its picture."""

    def __init__(
        self,
        lights: Lights,
        store: Store,
        *,
        settle_s: float,
        jobs: Jobs,
        captures: Captures,
        triggers: Triggers,
        publisher: Publisher,
        set_changes: SetChanges,
    ) -> None:
        self._settle_s = settle_s
        self._lights = lights
        self._store = store
        self._jobs = jobs
        self._captures = captures
        self._triggers = triggers
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
                manifest = await asyncio.to_thread(self._store.sets.manifest, listed.name)
                job = self._resumable(listed.name, manifest)
            except (TetherlightError, ValueError, ArithmeticError) as error:  # what cannot be read cannot be resumed
                logger.warning("Set '%s' cannot be resumed: %s", listed.name, error)
                continue
            if job.state is JobState.INTERRUPTED and self._jobs.add_ended(job):
                await self._set_changes.tell(listed.name, "updated")

    def _job(self, manifest: Manifest, plan: Plan, sink: Sink[R], job_id: str) -> CaptureJob[R]:
        return CaptureJob(manifest, plan, sink, lights=self._lights, publisher=self._publisher, job_id=job_id)

    def _set_sink(self, requester: str | None = None, request_id: RequestId = None) -> SetSink:
        return SetSink(
            self._store,
            self._publisher,
            self._set_changes,
            triggers=self._triggers,
            requester=requester,
            request_id=request_id,
        )

    def _resumable(self, name: str, manifest: Manifest) -> CaptureJob[PhotometricSetResult]:
        refuse_newer(name, manifest)
        plan = Plan.recorded(manifest)
        if manifest.steps and [step.index for step in manifest.steps] != list(plan.cells):
            raise JobConflict("Its steps are not those of its plan.")
        sink = self._set_sink()
        job = self._job(manifest, plan, sink, manifest.job_id or f"set-{name}")
        job.set_name = name
        if manifest.places:
            job.hint = CHOICES
        return job

    async def start_set(
        self,
        wanted: CapturePhotometricSet | CaptureSet,
        requester: str | None,
        request_id: RequestId,
        *,
        ready: Ready = as_they_are,
    ) -> CaptureJob[PhotometricSetResult]:
        """Check everything, make the set's folder and start its plan; `ready` sets the cameras before they are read."""
        plan = set_plan(wanted)
        if wanted.metering is not None:
            check_metering(plan)
        if plan.cameras and wanted.camera_id is not None:
            raise InvalidPayload("Field 'camera_id' of CAPTURE_SET: the axis 'camera' names the cameras.")
        cameras = {claims.camera(one) for one in plan.cameras or (wanted.camera_id,)}
        needed = cameras | ({claims.LIGHTS} if plan.uses_lights else set())
        async with (
            self._jobs.starting(new_id(), needed, lambda: set_prefix(wanted.set_name_prefix)) as start,
            ready(cameras_of(plan, start.grant), start.job_id),
        ):
            manifest = await self._checked_set(start, wanted, plan)
            subject = _subject(cameras_of(plan, start.grant)[0], wanted.catalogue_number)
            folder = await asyncio.to_thread(self._store.create_set, wanted.set_name_prefix, datetime.now(UTC), subject)
            await asyncio.to_thread(self._store.sets.write_manifest, folder.name, manifest)
            sink = self._set_sink(requester, request_id)
            job = self._job(manifest, plan, sink, start.job_id)
            job.set_name = folder.name
            self._jobs.begin(job, start)
            await self._set_changes.tell(folder.name, "created")
            return job

    async def _checked_set(self, start: Start, wanted: CapturePhotometricSet | CaptureSet, plan: Plan) -> Manifest:
        """Make sure that everything of a set can be had; return its first manifest."""
        await self._lights.settled()
        names = [axis.values for axis in plan.axes if axis.uses_lights]
        lights = [self._lights.light(str(name)) for values in names for name in values if name is not None]
        await asyncio.to_thread(self._store.require_room, plan.size)
        camera = cameras_of(plan, start.grant)[0]
        await camera.refresh(LOCKED, owner=start.job_id)
        config = await camera.get_config()
        if wanted.metering is not None:
            times_of(config)
        record = set_record(wanted, plan, lights=lights, settle_s=self._settle_s, config=config)
        check_lines(self._triggers, record, cameras_of(plan, start.grant))
        await self._check(start, plan, record)
        return with_notes(first_manifest(start.job_id, plan, record, camera), wanted, config)

    async def _check(self, start: Start, plan: Plan, record: PlanRecord) -> None:
        await check_axes(plan, Stage(cameras_of(plan, start.grant), self._lights, start.job_id, record, NOBODY))

    def choose_focus(self, job_id: str, choice: FocusChoice | None, steps: list[int] | None = None) -> None:
        """Let the next run of a job believe where the lens stands; raise JobNotFound or JobConflict."""
        job = self._jobs.find(job_id)
        if isinstance(job, CaptureJob) and (choice is None or job.drives_focus):
            job.choose_focus(choice, steps)
        elif choice is not None:
            raise JobConflict(f"Job '{job_id}' does not drive the focus.", hint="Leave the field 'focus' out.")

    async def retake(self, wanted: RetakeFrames) -> Job:
        """Take frames of a set again; raise SetNotFound, UnknownLight, JobConflict and what a start raises."""
        name = wanted.set_name
        job = self._jobs.of_set(name)
        if job is None:
            job = self._resumable(name, await asyncio.to_thread(self._store.sets.manifest, name))
            if not self._jobs.add_ended(job):
                raise JobConflict(f"Set '{name}' is a copy of another one, whose job is known by the same id.")
        if not isinstance(job, CaptureJob):
            raise JobConflict(f"Set '{name}' is busy with job '{job.job_id}'.")
        return await self._jobs.retry(job.job_id, meant_steps(wanted, job.manifest))

    async def start_series(
        self, wanted: CaptureSeries, requester: str | None, request_id: RequestId
    ) -> CaptureJob[SeriesResult]:
        """Check everything and start a series of single captures."""
        plan = series_plan(wanted)
        async with self._jobs.starting(new_id(), {claims.camera(wanted.camera_id)}) as start:
            await self._check(start, plan, PlanRecord())
            await asyncio.to_thread(self._store.require_room, plan.size)
            manifest = first_manifest(start.job_id, plan, PlanRecord(), start.camera)
            sink = SinglesSink(self._captures, self._store, self._publisher, requester=requester, request_id=request_id)
            job = self._job(manifest, plan, sink, start.job_id)
            self._jobs.begin(job, start)
            return job


def meant_steps(wanted: RetakeFrames, manifest: Manifest) -> list[int]:
    """Return the steps whose frames are to be taken again; raise UnknownLight, and JobConflict where there are none."""
    lights = {step.light for step in manifest.steps}
    if unknown := [light for light in wanted.lights or () if light not in lights]:
        raise UnknownLight(f"Set '{wanted.set_name}' has no frame under a light '{unknown[0][:200]}'.")
    found = [*(wanted.steps or ()), *(step.index for step in manifest.steps if step.light in (wanted.lights or ()))]
    if wanted.lights is None and wanted.steps is None:
        found = [step.index for step in manifest.steps if any(one.severity == "error" for one in step.findings)]
    if not found:
        raise JobConflict(
            f"No frame of set '{wanted.set_name}' has an error.", hint="Name the lights whose frames are meant."
        )
    return list(dict.fromkeys(found))


def _subject(camera: Camera, catalogue_number: str | None) -> Subject:
    """Return what the name of a set can tell of what is captured."""
    return Subject(
        model=camera.model,
        serial=camera.serial,
        camera_id=camera.camera_id,
        catalogue_number=catalogue_number,
    )
