"""What every job of the rig has in common: it runs, pauses, is resumed, ends, and always says so."""

import asyncio
import contextlib
import logging
from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

from tetherlight.errors import JobConflict, OutOfResources, ServerError, TetherlightError
from tetherlight.jobs.claims import Grant
from tetherlight.protocol.models import Job, JobState, Model, StepState

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


STOPPED = Outcome(JobState.INTERRUPTED, "The server was stopped.", ServerError.code)
MISTAKE = Outcome(JobState.FAILED, "The server made a mistake; its log says more.", TetherlightError.code)


def stronger(one: Wish | None, other: Wish) -> Wish:
    """Return the wish that counts of two: nothing takes a cancel back."""
    return "cancel" if one == "cancel" else other


class RigJob(ABC):
    """Long work in steps, of whatever kind.

    running → completed | failed | cancelled | paused | interrupted; paused, failed, cancelled and interrupted jobs can
    run again from their first step that is not done. A job that does not run holds nothing of what it claims.
    """

    pausable: ClassVar[bool] = True

    def __init__(self, job_id: str, state: JobState, claims: Collection[str]) -> None:
        """Make a job that needs what it claims for itself while it runs; `jobs/claims.py` has the words."""
        self.job_id = job_id
        self.state = state
        self.claims = frozenset(claims)
        self.set_name: str | None = None
        self.hint: str | None = None
        self._wish: Wish | None = None
        self._task: asyncio.Task[None] | None = None
        self._grant: Grant | None = None
        self._halted = asyncio.Event()
        self._ended = asyncio.Event()
        # What is kept until the job has ended, also while it is paused.
        self._held = contextlib.ExitStack()

    @property
    def running(self) -> bool:
        """Whether the job has what it claims now."""
        return self._task is not None

    def start(self, grant: Grant, wish: Wish | None = None) -> None:
        """Begin, or go on, with the steps that are pending; with a wish of the time before, only to halt at once.

        What was granted is given back when the run ends.
        """
        if self._task is not None:
            raise JobConflict(f"Job '{self.job_id}' is running already.")
        if wish == "pause" and not self.pausable:
            wish = None
        self._wish, self.hint, self._grant = wish, None, grant
        self._halted.clear()
        self._ended.clear()
        self._begin()
        if wish is not None:
            self._break_off()
        self._task = asyncio.create_task(self._run(grant), name=f"job {self.job_id}")

    async def halt(self, wish: Wish) -> Job:
        """Pause or cancel after the exposure under way, and return the job as it is then."""
        self.require_haltable(wish)
        if self._task is not None:
            self._wish = stronger(self._wish, wish)
            self._break_off()
            return await self.halted()
        if wish == "cancel" and self.state in {JobState.PAUSED, JobState.INTERRUPTED}:
            await self._finish(Outcome(JobState.CANCELLED))
            return self.snapshot()
        raise JobConflict(f"Job '{self.job_id}' is {self.state.value}.")

    def require_haltable(self, wish: Wish) -> None:
        """Raise JobConflict where this kind of job cannot do what is wished."""
        if wish == "pause" and not self.pausable:
            raise JobConflict(f"Job '{self.job_id}' cannot be paused.", hint="Wait until it is done, or cancel it.")

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

    def take_later(self, indexes: Collection[int]) -> bool:  # noqa: ARG002 - for those that can
        """Let steps be taken again at the end of the run under way; False where that cannot be."""
        return False

    async def stop(self) -> None:
        """End at once because the server stops."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._give_back()
        self._held.close()
        self._ended.set()

    async def _run(self, grant: Grant) -> None:
        outcome = MISTAKE
        try:
            outcome = await self._work(grant)
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
            self._give_back()
            await asyncio.shield(self._finish(outcome))

    def _give_back(self) -> None:
        if self._grant is not None:
            self._grant.give_back()
            self._grant = None

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
    async def result(self) -> Model:
        """Wait for the end and return what came of it; raise an error with the partial result."""

    @abstractmethod
    async def check(self, grant: Grant) -> None:
        """Make sure that the job can go on with what it was granted; raise what stands against it."""

    @abstractmethod
    def _begin(self) -> None:
        """Enter the state of a job that runs."""

    @abstractmethod
    def _break_off(self) -> None:
        """Let the run end after the exposure under way."""

    @abstractmethod
    async def _work(self, grant: Grant) -> Outcome:
        """Take the steps that are pending."""

    @abstractmethod
    async def _set_steps(self, indexes: frozenset[int], state: StepState) -> None:
        """Give steps another state and tell it."""

    @abstractmethod
    async def _close(self, outcome: Outcome) -> None:
        """Enter the state in which the run ended and tell it."""
