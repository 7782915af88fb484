"""What every job of the rig has in common: it runs, pauses, is resumed, ends, and always says so."""

import asyncio
import contextlib
import logging
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

from tetherlight.camera.camera import Camera
from tetherlight.errors import JobConflict, OutOfResources, ServerError, TetherlightError
from tetherlight.models import Job, JobState, StepState
from tetherlight.protocol.captures import SeriesResult
from tetherlight.protocol.sets import PhotometricSetResult

logger = logging.getLogger(__name__)

ENDED = frozenset({JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED, JobState.INTERRUPTED})
Wish = Literal["pause", "cancel"]


@dataclass(frozen=True)
class Outcome:
    """How a run of a job came out, and why where it did not come to its end."""

    state: JobState
    error: str | None = None
    code: str | None = None
    hint: str | None = None

    @classmethod
    def of(cls, error: TetherlightError, *, state: JobState = JobState.FAILED, sentence: str | None = None) -> Self:
        """Return the outcome of a run that an error ended."""
        return cls(state, sentence or error.message, error.code, error.hint)


WAIT = "Wait until it is done, or cancel it."
STOPPED = Outcome(JobState.INTERRUPTED, "The server was stopped.", ServerError.code)
MISTAKE = Outcome(JobState.FAILED, "The server made a mistake; its log says more.", TetherlightError.code)


def stronger(one: Wish | None, other: Wish) -> Wish:
    """Return the wish that counts of two: nothing takes a cancel back."""
    return "cancel" if one == "cancel" else other


class RigJob(ABC):
    """Long work with one camera, in steps.

    running → completed | failed | cancelled | paused | interrupted; paused, failed, cancelled and interrupted jobs can
    run again from their first step that is not done. A job that does not run holds neither camera nor lights.
    """

    uses_lights: ClassVar[bool]

    def __init__(self, job_id: str, state: JobState, camera_id: str | None) -> None:
        self.job_id = job_id
        self.state = state
        self.camera_id = camera_id
        self.set_name: str | None = None
        self.hint: str | None = None
        self._wish: Wish | None = None
        self._task: asyncio.Task[None] | None = None
        self._halted = asyncio.Event()
        self._ended = asyncio.Event()
        # What is kept until the job has ended, also while it is paused.
        self._held = contextlib.ExitStack()

    @property
    def running(self) -> bool:
        """Whether the job has its camera now, or is about to take it."""
        return self._task is not None

    def start(self, camera: Camera, wish: Wish | None = None) -> None:
        """Begin, or go on, with the steps that are pending; with a wish of the time before, only to halt at once."""
        if self._task is not None:
            raise JobConflict(f"Job '{self.job_id}' is running already.")
        self._wish, self.hint = wish, None
        self._halted.clear()
        self._ended.clear()
        self._begin()
        if wish is not None:
            self._break_off()
        self._task = asyncio.create_task(self._run(camera), name=f"job {self.job_id}")

    async def halt(self, wish: Wish) -> Job:
        """Pause or cancel after the exposure under way, and return the job as it is then."""
        if self._task is not None:
            self._wish = stronger(self._wish, wish)
            self._break_off()
            return await self.halted()
        if wish == "cancel" and self.state in {JobState.PAUSED, JobState.INTERRUPTED}:
            await self._finish(Outcome(JobState.CANCELLED))
            return self.snapshot()
        raise JobConflict(f"Job '{self.job_id}' is {self.state.value}.")

    async def halted(self) -> Job:
        """Wait until the run under way has halted, and return the job as it is then."""
        await self._halted.wait()
        return self.snapshot()

    async def obeyed(self) -> None:
        """Wait until a pause or a cancel that was asked for is done: who asks after it means the job as it is then."""
        if self._wish is not None:
            await self._halted.wait()

    async def change_steps(self, indexes: list[int] | None, state: StepState) -> None:
        """Make the named steps, or all failed ones, pending again or skipped."""
        if self._task is not None:
            raise JobConflict(f"Job '{self.job_id}' is running; pause it first.")
        steps = self.snapshot().steps
        known = {step.index for step in steps}
        if unknown := [index for index in indexes or [] if index not in known]:
            raise JobConflict(f"Job '{self.job_id}' has no step {unknown[0]}.")
        failed = [step.index for step in steps if step.state is StepState.FAILED]
        chosen = failed if indexes is None else indexes
        if not chosen:
            raise JobConflict(f"No step of job '{self.job_id}' has failed.")
        await self._set_steps(frozenset(chosen), state)

    async def stop(self) -> None:
        """End at once because the server stops."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._held.close()
        self._ended.set()

    async def _run(self, camera: Camera) -> None:
        outcome = MISTAKE
        try:
            outcome = await self._work(camera)
        except TetherlightError as error:
            outcome = Outcome.of(error)
        except asyncio.CancelledError:
            outcome = STOPPED
        except Exception as error:
            if (scarce := OutOfResources.of(error)) is not None:
                outcome = Outcome.of(scarce)
            logger.exception("Job %s failed unexpectedly", self.job_id)
        finally:
            self._task = None
            await asyncio.shield(self._finish(outcome))

    async def _finish(self, outcome: Outcome) -> None:
        self.hint = outcome.hint
        await self._close(outcome)
        self._halted.set()
        if outcome.state in ENDED:
            self._held.close()
            self._ended.set()

    # What a kind of job does

    @abstractmethod
    def snapshot(self) -> Job:
        """Return the job as messages carry it."""

    @abstractmethod
    async def result(self) -> PhotometricSetResult | SeriesResult:
        """Wait for the end and return what was captured; raise SequenceFailed with the partial result."""

    @abstractmethod
    async def check(self, camera: Camera) -> None:
        """Make sure that the job can go on with this camera; raise what stands against it."""

    @abstractmethod
    def _begin(self) -> None:
        """Enter the state of a job that runs."""

    @abstractmethod
    def _break_off(self) -> None:
        """Let the run end after the exposure under way."""

    @abstractmethod
    async def _work(self, camera: Camera) -> Outcome:
        """Take the steps that are pending."""

    @abstractmethod
    async def _set_steps(self, indexes: frozenset[int], state: StepState) -> None:
        """Give steps another state and tell it."""

    @abstractmethod
    async def _close(self, outcome: Outcome) -> None:
        """Enter the state in which the run ended and tell it."""
