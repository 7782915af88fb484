"""A computation as a job: a function runs in a child process, beside whatever the cameras do."""

import asyncio
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tetherlight.errors import JobError, error_class
from tetherlight.jobs import claims
from tetherlight.jobs.claims import Grant
from tetherlight.jobs.job import Outcome, RigJob
from tetherlight.process.run import Told, run
from tetherlight.protocol.events import JOB_CHANGED
from tetherlight.protocol.models import Job, JobState, JobStep, Model, StepState
from tetherlight.publisher import Publisher

GUESSABLE = 0.02
"""The share that must be done before the time that is left can be told from it."""


@dataclass(frozen=True)
class Work:
    """What a child shall compute, and what it may take."""

    function: str
    """As `module:function`; it gets a `process.child.Progress` and the arguments."""
    arguments: Mapping[str, Any]
    deadline_s: float
    memory: int
    """Bytes."""


class ComputationJob(RigJob):
    """Long work of the processor, in one step, which cannot be paused: it is done, or begins anew.

    A cancel ends the child at once, whatever it does.
    """

    pausable = False

    def __init__(self, job_id: str, work: Work, publisher: Publisher, *, set_name: str | None = None) -> None:
        super().__init__(job_id, JobState.PAUSED, {claims.CPU})
        self.set_name = set_name
        self._publisher = publisher
        self._to_do = work
        self._computing: asyncio.Task[Any] | None = None
        self._told = Told(0.0)
        self._step = StepState.PENDING
        self._began_at = 0.0
        self._started_at = datetime.now(UTC)
        self._finished_at: datetime | None = None
        self._outcome = Outcome(JobState.PAUSED)
        self._result: Model | None = None

    @abstractmethod
    async def _keep(self, result: Any) -> Model:
        """Keep what the function returned, and return it as clients know it."""

    async def check(self, grant: Grant) -> None:
        """Let it begin: a kind that needs something looks whether it is there."""

    async def result(self) -> Model:
        """Wait for the end and return what was computed; raise the error that stands in its way."""
        await self._ended.wait()
        if self._result is not None:
            return self._result
        error = error_class(self._outcome.code) if self._outcome.code else JobError
        sentence = self._outcome.error or f"Job '{self.job_id}' was cancelled."
        raise error(sentence, hint=self.hint, details={"job_id": self.job_id})

    def _begin(self) -> None:
        self._told, self._result, self._step = Told(0.0), None, StepState.RUNNING
        self._began_at = asyncio.get_running_loop().time()
        self._enter(Outcome(JobState.RUNNING), None)

    def _break_off(self) -> None:
        if self._computing is not None:
            self._computing.cancel()

    async def _work(self, grant: Grant) -> Outcome:  # noqa: ARG002 - the processor needs no handling
        work = self._to_do
        if self._wish is not None:
            return Outcome(JobState.CANCELLED)
        computing = self._computing = asyncio.create_task(
            run(
                work.function,
                work.arguments,
                deadline=work.deadline_s,
                memory=work.memory,
                on_progress=self._hear,
            ),
            name=f"computation {self.job_id}",
        )
        try:
            await asyncio.wait([computing])
            if computing.cancelled():
                return Outcome(JobState.CANCELLED)
            self._result = await self._keep(computing.result())
        finally:
            computing.cancel()
            await asyncio.wait([computing])
            self._computing = None
        return Outcome(JobState.COMPLETED)

    def _hear(self, told: Told) -> None:
        self._told = told
        self._publish()

    async def _set_steps(self, indexes: frozenset[int], state: StepState) -> None:
        self._step = state if indexes else self._step
        self._publish()

    async def _close(self, outcome: Outcome) -> None:
        ended = {JobState.COMPLETED: StepState.DONE, JobState.FAILED: StepState.FAILED}
        self._step = ended.get(outcome.state, StepState.PENDING)
        self._enter(outcome, datetime.now(UTC))

    def _enter(self, outcome: Outcome, finished_at: datetime | None) -> None:
        self.state, self._outcome, self._finished_at = outcome.state, outcome, finished_at
        self._publish()

    def _publish(self) -> None:
        self._publisher.publish(JOB_CHANGED, self.snapshot())

    def _seconds_left(self) -> float | None:
        share = self._told.share
        if self.state is not JobState.RUNNING or share < GUESSABLE:
            return None
        return (asyncio.get_running_loop().time() - self._began_at) * (1 - share) / share

    def snapshot(self) -> Job:
        """Return the job as messages carry it."""
        running = self.state is JobState.RUNNING
        return Job(
            job_id=self.job_id,
            kind="computation",
            state=self.state,
            set_name=self.set_name,
            index=0 if self._step is StepState.PENDING else 1,
            total=1,
            steps=[
                JobStep(index=1, light=None, state=self._step, error=self._outcome.error, error_code=self._outcome.code)
            ],
            progress=1.0 if self.state is JobState.COMPLETED else self._told.share,
            activity=self._told.activity if running else None,
            started_at=self._started_at,
            finished_at=self._finished_at,
            seconds_left=self._seconds_left(),
            error=self._outcome.error,
            error_code=self._outcome.code,
            hint=self.hint,
        )
