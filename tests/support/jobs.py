"""Jobs of no kind that any rig has, and things that they can claim."""

import asyncio
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from tetherlight.camera.camera import Camera
from tetherlight.errors import CameraBusy, CameraNotOpen, LightsBusy, TetherlightError, held
from tetherlight.jobs import claims
from tetherlight.jobs.claims import Claims, Grant
from tetherlight.jobs.computation import ComputationJob, Work
from tetherlight.jobs.job import Outcome, RigJob
from tetherlight.jobs.jobs import Jobs
from tetherlight.protocol.events import JOB_CHANGED
from tetherlight.protocol.models import CameraState, Job, JobState, Model, StepState
from tetherlight.publisher import Publisher

T = TypeVar("T")


class Thing:
    """Something that one job has at a time."""

    def __init__(self, error: type[TetherlightError], name: str) -> None:
        self.owner: str | None = None
        self.name = name
        self._error = error

    def claim(self, owner: str) -> None:
        """Give it to a job."""
        if self.owner not in {None, owner}:
            raise held(self._error, self.name, str(self.owner))
        self.owner = owner

    def release(self, owner: str) -> None:
        """Take it back."""
        if self.owner == owner:
            self.owner = None


class ClaimedCamera(Thing):
    """A camera that can only be claimed."""

    def __init__(self, camera_id: str) -> None:
        super().__init__(CameraBusy, f"camera '{camera_id}'")
        self.camera_id = camera_id
        self.state = CameraState.READY


class Shelf:
    """Cameras by their ids, the first being the selected one."""

    def __init__(self, *camera_ids: str) -> None:
        self.cameras = {camera_id: ClaimedCamera(camera_id) for camera_id in camera_ids}

    @property
    def open(self) -> tuple[Camera, ...]:
        """All of them."""
        return tuple(cast("Camera", one) for one in self.cameras.values())

    async def take_all(
        self,
        camera_ids: Collection[str | None],
        take: Callable[[tuple[Camera, ...]], T],
        give_back: Callable[[T], None] = lambda _: None,  # noqa: ARG002 - nobody waits here, so nobody gives up
    ) -> T:
        """Take something of cameras at once."""
        selected = next(iter(self.cameras), "")
        wanted = [one or selected for one in camera_ids]
        if unknown := [one for one in wanted if one not in self.cameras]:
            raise CameraNotOpen(f"Camera '{unknown[0]}' is not open.")
        return take(tuple(cast("Camera", self.cameras[one]) for one in wanted))


def jobs_on(shelf: Shelf) -> Jobs:
    """Return a registry of jobs with these cameras, lights and a processor."""
    return Jobs(Claims(shelf, Thing(LightsBusy, "the lights")), Publisher())


class Vigil(RigJob):
    """A job that has what it claims until it is told to end."""

    def __init__(self, job_id: str, *claims: str, publisher: Publisher | None = None) -> None:
        super().__init__(job_id, JobState.PAUSED, claims)
        self.may_end = asyncio.Event()
        self.granted: Grant | None = None
        self._publisher = publisher or Publisher()

    def snapshot(self) -> Job:
        """Return the job as messages carry it."""
        return Job(
            job_id=self.job_id, state=self.state, index=0, total=1, steps=[], started_at=datetime.now(UTC)
        )  # fmt: skip

    async def result(self) -> Model:
        """Wait for the end."""
        await self._ended.wait()
        return self.snapshot()

    async def check(self, grant: Grant) -> None:
        """Let it go on with anything."""

    def _begin(self) -> None:
        self._enter(JobState.RUNNING)

    def _break_off(self) -> None:
        self.may_end.set()

    async def _work(self, grant: Grant) -> Outcome:
        self.granted = grant
        await self.may_end.wait()
        wished = {"pause": JobState.PAUSED, "cancel": JobState.CANCELLED}
        return Outcome(wished[self._wish] if self._wish else JobState.COMPLETED)

    async def _set_steps(self, indexes: frozenset[int], state: StepState) -> None:
        """Have no steps."""

    async def _close(self, outcome: Outcome) -> None:
        self._enter(outcome.state)

    def _enter(self, state: JobState) -> None:
        self.state = state
        self._publisher.publish(JOB_CHANGED, self.snapshot())


async def keep_vigil(jobs: Jobs, job_id: str, *claims: str, **options: Any) -> Vigil:
    """Start such a job."""
    async with jobs.starting(job_id, claims) as start:
        job = Vigil(job_id, *claims, **options)
        jobs.begin(job, start)
        return job


class Counted(Model):
    """What was computed."""

    value: Any


class Computation(ComputationJob):
    """One of the functions of support/working.py as a job."""

    async def _keep(self, result: Any) -> Model:
        return Counted(value=result)


async def compute(
    jobs: Jobs, job_id: str, function: str, *, deadline_s: float = 600, memory: int = 1 << 30, **arguments: Any
) -> Computation:
    """Start such a job; children must find the module on PYTHONPATH."""
    work = Work(f"support.working:{function}", arguments, deadline_s, memory)
    async with jobs.starting(job_id, {claims.CPU}) as start:
        job = Computation(job_id, work, jobs._publisher)
        jobs.begin(job, start)
        return job
