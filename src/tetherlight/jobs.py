"""The rig's jobs: those under way, those that wait, and the last ones that ended."""

import asyncio
import builtins
import secrets
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from tetherlight.camera.camera import Camera
from tetherlight.captures import Captures
from tetherlight.errors import CameraBusy, CameraLost, JobConflict, JobNotFound, LightsBusy, TetherlightError
from tetherlight.lights.lights import Lights
from tetherlight.models import CameraState, ImageSet, Job, JobState, LightInfo, StepState
from tetherlight.photometric.plan import LOCKED, check_sequence, plan_set
from tetherlight.protocol.captures import CaptureSeries
from tetherlight.protocol.events import JOB_CHANGED
from tetherlight.protocol.messages import RequestId
from tetherlight.protocol.sets import CapturePhotometricSet
from tetherlight.publisher import Publisher
from tetherlight.rig_job import ENDED, WAIT, RigJob
from tetherlight.series_job import SeriesJob
from tetherlight.series_plan import SeriesPlan
from tetherlight.set_changes import SetChanges
from tetherlight.set_job import SetJob
from tetherlight.settings import Settings
from tetherlight.store.names import set_prefix
from tetherlight.store.naming import Subject
from tetherlight.store.store import Store

REMEMBERED = 20
"""Jobs that ended which are still listed."""


class Jobs:
    """Starts jobs, one at a time on each camera and on the lights, and finds them again by id."""

    def __init__(
        self,
        settings: Settings,
        lights: Lights,
        store: Store,
        *,
        captures: Captures,
        publisher: Publisher,
        set_changes: SetChanges,
        find_camera: Callable[[str | None], Camera],
    ) -> None:
        self._settings = settings
        self._lights = lights
        self._store = store
        self._captures = captures
        self._publisher = publisher
        self._set_changes = set_changes
        self._find_camera = find_camera
        self._jobs: dict[str, RigJob] = {}
        self._starting = asyncio.Lock()

    async def load_interrupted(self, looked: Iterable[ImageSet]) -> None:
        """Make jobs of those sets whose server ended in the middle, so that they can be resumed, and tell of them.

        Those that began last come first; no more are kept than of other jobs that ended.
        """
        for listed in looked:
            if listed.status is not JobState.INTERRUPTED or len(self._ended()) >= REMEMBERED:
                continue
            try:
                manifest = await asyncio.to_thread(self._store.manifest, listed.name)
            except (TetherlightError, ValueError, ArithmeticError):  # what cannot be read cannot be resumed
                continue
            job = SetJob(
                listed.name, manifest, self._lights, self._store, self._publisher, set_changes=self._set_changes
            )
            if job.state is JobState.INTERRUPTED and job.job_id not in self._jobs:
                # It is older than what has begun since the start.
                self._jobs = {job.job_id: job} | self._jobs
                self._publisher.publish(JOB_CHANGED, job.snapshot())
                await self._set_changes.tell(listed.name, "updated")

    def list(self) -> list[Job]:
        """Return all jobs, newest first."""
        return [job.snapshot() for job in reversed(self._jobs.values())]

    def find(self, job_id: str) -> RigJob:
        """Return the job of this id; raise JobNotFound."""
        try:
            return self._jobs[job_id]
        except KeyError:
            raise JobNotFound(
                f"No job '{job_id[:200]}' is known.", hint="Look which jobs are known (GET_JOBS)."
            ) from None

    async def start_set(
        self, camera: Camera, wanted: CapturePhotometricSet, requester: str | None, request_id: RequestId
    ) -> SetJob:
        """Check everything, make the set's folder and start its sequence."""
        async with self._starting:
            lights = self._check(camera, wanted)
            await asyncio.to_thread(self._store.require_room, len(wanted.light_sequence) + wanted.ambient)
            await camera.refresh(LOCKED)
            manifest = plan_set(
                wanted,
                job_id=_new_id(),
                lights=lights,
                settle_s=self._settings.photometric_capture_delay,
                camera=camera.status(),
                config=await camera.get_config(),
            )
            self._check_free(camera, lights=True)
            folder = await asyncio.to_thread(
                self._store.create_set, wanted.set_name_prefix, datetime.now(UTC), _subject(camera, wanted)
            )
            await asyncio.to_thread(self._store.write_manifest, folder.name, manifest)
            job = SetJob(
                folder.name,
                manifest,
                self._lights,
                self._store,
                self._publisher,
                set_changes=self._set_changes,
                requester=requester,
                request_id=request_id,
            )
            self._remember(job)
            job.start(camera)
            await self._set_changes.tell(folder.name, "created")
            return job

    async def start_series(
        self, camera: Camera, wanted: CaptureSeries, requester: str | None, request_id: RequestId
    ) -> SeriesJob:
        """Check everything and start a series of single captures."""
        async with self._starting:
            plan = SeriesPlan.of(wanted)
            job = SeriesJob(
                _new_id(),
                camera.camera_id,
                plan,
                captures=self._captures,
                store=self._store,
                publisher=self._publisher,
                requester=requester,
                request_id=request_id,
            )
            self._check_free(camera, lights=False)
            self._check_ready(camera)
            await job.check(camera)
            self._check_free(camera, lights=False)
            self._remember(job)
            job.start(camera)
            return job

    async def cancel(self, job_id: str) -> Job:
        """End a job after the exposure under way."""
        return await self.find(job_id).halt("cancel")

    async def pause(self, job_id: str) -> Job:
        """Stop a job after the exposure under way."""
        return await self.find(job_id).halt("pause")

    async def resume(self, job_id: str) -> Job:
        """Go on with a job at its first step that is not done; failed steps are taken again."""
        job = self.find(job_id)
        if job.state not in {JobState.PAUSED, JobState.INTERRUPTED}:
            raise JobConflict(
                f"Job '{job_id}' is {job.state.value}; only paused and interrupted jobs can be resumed.",
                hint="Failed steps can be taken again (RETRY_STEPS)." if job.state is JobState.FAILED else None,
            )
        failed = [step.index for step in job.snapshot().steps if step.state is StepState.FAILED]
        return await self._run_again(job, failed)

    async def retry(self, job_id: str, steps: builtins.list[int] | None) -> Job:
        """Take the named steps again, or all that failed."""
        return await self._run_again(self.find(job_id), steps)

    async def skip(self, job_id: str, steps: builtins.list[int] | None) -> Job:
        """Leave the named steps out, or all that failed."""
        job = self.find(job_id)
        await job.change_steps(steps, StepState.SKIPPED)
        return job.snapshot()

    def renamed(self, name: str, new_name: str) -> None:
        """Let the jobs of a set follow it to its new name."""
        for job in self._jobs.values():
            if job.set_name == name:
                job.set_name = new_name

    def forget_set(self, name: str) -> None:
        """Forget the jobs of a set that was deleted."""
        self._jobs = {job_id: job for job_id, job in self._jobs.items() if job.set_name != name}

    async def stop(self) -> None:
        """End every job because the server stops."""
        await asyncio.gather(*(job.stop() for job in self._jobs.values()))

    async def _run_again(self, job: RigJob, steps: builtins.list[int] | None) -> Job:
        async with self._starting:
            camera = self._find_camera(job.camera_id)
            if job.running:
                raise JobConflict(f"Job '{job.job_id}' is running; pause it first.")
            self._check_ready(camera)
            self._check_free(camera, lights=job.uses_lights)
            await job.check(camera)
            if steps is None or steps:
                await job.change_steps(steps, StepState.PENDING)
            job.start(camera)
            return job.snapshot()

    def _check(self, camera: Camera, wanted: CapturePhotometricSet) -> builtins.list[LightInfo]:
        check_sequence(wanted.light_sequence)
        set_prefix(wanted.set_name_prefix)
        lights = [self._lights.light(name) for name in wanted.light_sequence]
        self._check_free(camera, lights=True)
        self._check_ready(camera)
        return lights

    def _check_free(self, camera: Camera, *, lights: bool) -> None:
        if camera.owner is not None:
            raise CameraBusy(f"Job '{camera.owner}' uses the camera.", hint=WAIT, details={"job_id": camera.owner})
        if lights and self._lights.owner is not None:
            owner = self._lights.owner
            raise LightsBusy(f"Job '{owner}' uses the lights.", hint=WAIT, details={"job_id": owner})
        for job in self._jobs.values():
            details = {"job_id": job.job_id}
            if job.running and job.camera_id == camera.camera_id:
                raise CameraBusy(f"Job '{job.job_id}' is about to use the camera.", hint=WAIT, details=details)
            if job.running and lights and job.uses_lights:
                raise LightsBusy(f"Job '{job.job_id}' is about to use the lights.", hint=WAIT, details=details)

    @staticmethod
    def _check_ready(camera: Camera) -> None:
        if camera.state is not CameraState.READY:
            raise CameraLost(
                f"Camera '{camera.camera_id}' is {camera.state.value}.", hint="The server goes on looking for it."
            )

    def _remember(self, job: RigJob) -> None:
        self._jobs[job.job_id] = job
        over = self._ended()
        for old in over[: max(0, len(over) - REMEMBERED)]:
            del self._jobs[old.job_id]

    def _ended(self) -> builtins.list[RigJob]:
        """Return the jobs that ended, oldest first."""
        return [known for known in self._jobs.values() if known.state in ENDED and not known.running]


def _subject(camera: Camera, wanted: CapturePhotometricSet) -> Subject:
    """Return what the name of a set can tell of what is captured."""
    return Subject(
        model=camera.model,
        serial=camera.serial,
        camera_id=camera.camera_id,
        catalogue_number=wanted.catalogue_number,
    )


def _new_id() -> str:
    return f"job-{secrets.token_hex(4)}"
