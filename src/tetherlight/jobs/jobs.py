"""The rig's jobs: those under way, those that wait, and the last ones that ended."""

import asyncio
import builtins
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, field

from tetherlight.camera.camera import Camera
from tetherlight.errors import JobConflict, JobNotFound, ServerStopping
from tetherlight.jobs.claims import Claims, Grant
from tetherlight.jobs.job import ENDED, RigJob, Wish, stronger
from tetherlight.protocol.events import JOB_CHANGED
from tetherlight.protocol.models import Job, JobState, StepState
from tetherlight.publisher import Publisher

REMEMBERED = 20
"""Jobs that ended which are still listed."""


@dataclass
class Start:
    """A job that has what it claims already, and whose request is still being checked."""

    grant: Grant
    wish: Wish | None = None
    """What was asked of the job meanwhile."""
    begun: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def job_id(self) -> str:
        """The id that the job has, or will have."""
        return self.grant.job_id

    @property
    def camera(self) -> Camera:
        """The camera of a job that claims one."""
        return self.grant.camera


class Jobs:
    """Starts jobs, side by side where their claims do not meet, and finds them again by id."""

    def __init__(self, claims: Claims, publisher: Publisher) -> None:
        self.claims = claims
        self._publisher = publisher
        self._jobs: dict[str, RigJob] = {}
        self._starts: dict[str, Start] = {}
        self._stopping = False

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

    @property
    def room_for_ended(self) -> bool:
        """Whether one more job that has ended would be remembered."""
        return len(self._ended()) < REMEMBERED

    def add_ended(self, job: RigJob) -> bool:
        """List a job of an earlier time, as older than all others, and tell of it; return False where it is known."""
        if job.job_id in self._jobs:
            return False
        self._jobs = {job.job_id: job} | self._jobs
        self._publisher.publish(JOB_CHANGED, job.snapshot())
        return True

    @contextlib.asynccontextmanager
    async def starting(
        self, job_id: str, claims: Collection[str], check: Callable[[], object] = lambda: None
    ) -> AsyncIterator[Start]:
        """Give a job what it claims from the arrival of its request on; take it back if its start fails.

        Others are refused meanwhile as while the job runs; what was asked for before is done first. `check` is called
        before anything is claimed.
        """

        def granted(grant: Grant) -> Start:
            start = self._starts[job_id] = Start(grant)
            return start

        start = await self.claims.take(job_id, claims, check, granted, give_back=self._give_up)
        try:
            yield start
        except BaseException:
            if not start.begun:
                self._give_up(start)
            raise
        finally:
            self._forget(start)

    def begin(self, job: RigJob, start: Start) -> None:
        """Let a job run that is ready; raise ServerStopping."""
        if self._stopping:
            raise ServerStopping
        self._remember(job)
        job.start(start.grant, start.wish)
        start.begun = True
        self._forget(start)

    def _give_up(self, start: Start) -> None:
        start.grant.give_back()
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
                job = self.find(job_id)
                job.require_haltable(wish)
                return await job.halted()
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
        """Take the named steps again, or all that failed; of a run under way at its end those that are done."""
        job = self.find(job_id)
        await job.obeyed()
        if job.running and steps and job.take_later(steps):
            return job.snapshot()
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

    def of_set(self, name: str) -> RigJob | None:
        """Return the job that is known of a set, the newest one; None where none is."""
        return next((job for job in reversed(self._jobs.values()) if job.set_name == name), None)

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

        async with self.starting(job.job_id, job.claims, check) as start:
            await job.check(start.grant)
            if steps is None or steps:
                await job.change_steps(steps, StepState.PENDING)
            self.begin(job, start)
            return job.snapshot()

    def _remember(self, job: RigJob) -> None:
        self._jobs[job.job_id] = job
        over = self._ended()
        for old in over[: max(0, len(over) - REMEMBERED)]:
            del self._jobs[old.job_id]

    def _ended(self) -> builtins.list[RigJob]:
        """Return the jobs that ended, oldest first."""
        return [known for known in self._jobs.values() if known.state in ENDED and not known.running]


def new_id() -> str:
    """Return an id for a new job."""
    return f"job-{secrets.token_hex(4)}"
