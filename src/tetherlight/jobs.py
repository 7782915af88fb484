"""The rig's jobs: those under way, those that wait, and the last ones that ended."""

import asyncio
import builtins
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from tetherlight.camera.camera import Camera
from tetherlight.captures import Captures
from tetherlight.errors import CameraLost, JobConflict, JobNotFound, LightsBusy, ServerStopping, TetherlightError
from tetherlight.lights.lights import Lights
from tetherlight.models import CameraState, ImageSet, Job, JobState, StepState
from tetherlight.photometric.plan import LOCKED, check_sequence, plan_set
from tetherlight.protocol.captures import CaptureSeries
from tetherlight.protocol.events import JOB_CHANGED
from tetherlight.protocol.messages import RequestId
from tetherlight.protocol.sets import CapturePhotometricSet
from tetherlight.publisher import Publisher
from tetherlight.rig_job import ENDED, RigJob, Wish, stronger
from tetherlight.series_job import SeriesJob
from tetherlight.series_plan import SeriesPlan
from tetherlight.set_changes import SetChanges
from tetherlight.set_job import SetJob
from tetherlight.settings import Settings
from tetherlight.store.manifest import Manifest
from tetherlight.store.names import set_prefix
from tetherlight.store.naming import Subject
from tetherlight.store.store import Store

T = TypeVar("T")
REMEMBERED = 20
"""Jobs that ended which are still listed."""


class Cameras(Protocol):
    """Who knows the cameras, and which one a request means."""

    async def take(self, camera_id: str | None, take: Callable[[Camera], T], give_back: Callable[[T], None] = ...) -> T:
        """Take something of a camera, in the order of the requests."""


@dataclass
class Start:
    """A job that has its camera already, and whose request is still being checked."""

    job_id: str
    camera: Camera
    wish: Wish | None = None
    """What was asked of the job meanwhile."""
    begun: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)


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
        cameras: Cameras,
    ) -> None:
        self._settings = settings
        self._lights = lights
        self._store = store
        self._captures = captures
        self._publisher = publisher
        self._set_changes = set_changes
        self._cameras = cameras
        self._jobs: dict[str, RigJob] = {}
        self._starts: dict[str, Start] = {}
        self._stopping = False

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

    async def start_set(self, wanted: CapturePhotometricSet, requester: str | None, request_id: RequestId) -> SetJob:
        """Check everything, make the set's folder and start its sequence."""

        def check() -> None:
            check_sequence(wanted.light_sequence)
            set_prefix(wanted.set_name_prefix)

        async with self._starting(wanted.camera_id, _new_id(), check, lights=True) as start:
            job = SetJob(
                *await self._prepared(start, wanted),
                self._lights,
                self._store,
                self._publisher,
                set_changes=self._set_changes,
                requester=requester,
                request_id=request_id,
            )
            self._begin(job, start)
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
        async with self._starting(wanted.camera_id, _new_id(), lambda: SeriesPlan.of(wanted), lights=False) as start:
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
            await job.check(start.camera)
            self._begin(job, start)
            return job

    @contextlib.asynccontextmanager
    async def _starting(
        self, camera_id: str | None, job_id: str, check: Callable[[], object], *, lights: bool
    ) -> AsyncIterator[Start]:
        """Give a job its camera, and the lights, from the arrival of its request on; take them back if it fails.

        Others are refused meanwhile as while the job runs; what was asked for before is done first.
        """

        def claim(camera: Camera) -> Start:
            check()
            self._check_ready(camera)
            camera.claim(job_id)
            try:
                if lights:
                    self._lights.claim(job_id)
            except LightsBusy:
                camera.release(job_id)
                raise
            start = self._starts[job_id] = Start(job_id, camera)
            return start

        start = await self._cameras.take(camera_id, claim, give_back=self._give_up)
        try:
            yield start
        except BaseException:
            if not start.begun:
                self._give_up(start)
            raise
        finally:
            self._forget(start)

    def _begin(self, job: RigJob, start: Start) -> None:
        if self._stopping:
            raise ServerStopping("The server is stopping.")
        self._remember(job)
        job.start(start.camera, start.wish)
        start.begun = True
        self._forget(start)

    def _give_up(self, start: Start) -> None:
        start.camera.release(start.job_id)
        self._lights.release(start.job_id)
        self._forget(start)

    def _forget(self, start: Start) -> None:
        self._starts.pop(start.job_id, None)
        start.over.set()

    async def cancel(self, job_id: str) -> Job:
        """End a job after the exposure under way, or before the first one."""
        return await self._halt(job_id, "cancel")

    async def pause(self, job_id: str) -> Job:
        """Stop a job after the exposure under way, or before the first one."""
        return await self._halt(job_id, "pause")

    async def _halt(self, job_id: str, wish: Wish) -> Job:
        start = self._starts.get(job_id)
        if start is not None:
            start.wish = stronger(start.wish, wish)
            await start.over.wait()
            if start.begun:
                return await self.find(job_id).halted()
        return await self.find(job_id).halt(wish)

    async def resume(self, job_id: str) -> Job:
        """Go on with a job at its first step that is not done; failed steps are taken again."""
        job = self.find(job_id)
        await job.obeyed()
        if job.state not in {JobState.PAUSED, JobState.INTERRUPTED}:
            raise JobConflict(
                f"Job '{job_id}' is {job.state.value}; only paused and interrupted jobs can be resumed.",
                hint="Failed steps can be taken again (RETRY_STEPS)." if job.state is JobState.FAILED else None,
            )
        failed = [step.index for step in job.snapshot().steps if step.state is StepState.FAILED]
        return await self._run_again(job, failed)

    async def retry(self, job_id: str, steps: builtins.list[int] | None) -> Job:
        """Take the named steps again, or all that failed."""
        job = self.find(job_id)
        await job.obeyed()
        return await self._run_again(job, steps)

    async def skip(self, job_id: str, steps: builtins.list[int] | None) -> Job:
        """Leave the named steps out, or all that failed."""
        job = self.find(job_id)
        await job.obeyed()
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
        self._stopping = True
        await asyncio.gather(*(job.stop() for job in self._jobs.values()))

    async def _run_again(self, job: RigJob, steps: builtins.list[int] | None) -> Job:
        def check() -> None:
            if job.running or job.job_id in self._starts:
                raise JobConflict(f"Job '{job.job_id}' is running; pause it first.")

        async with self._starting(job.camera_id, job.job_id, check, lights=job.uses_lights) as start:
            await self._lights.settled()
            await job.check(start.camera)
            if steps is None or steps:
                await job.change_steps(steps, StepState.PENDING)
            self._begin(job, start)
            return job.snapshot()

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
