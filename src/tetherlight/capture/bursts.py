"""Which steps of a plan are taken in one burst, and what becomes of those that a burst did not give."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from tetherlight.capture.axes.axis import Stage
from tetherlight.capture.axes.settings import held_seconds
from tetherlight.capture.burst import Burst, BurstFrame
from tetherlight.capture.exposures import Group, Ready
from tetherlight.capture.patience import ended, guarded, may_have_exposed, passes
from tetherlight.capture.plan import Plan
from tetherlight.capture.sink import Recorder, Shot, Taking
from tetherlight.errors import SyncLate, SyncMismatch, SyncMissing, TetherlightError
from tetherlight.protocol.manifest import LIGHT, FindingRecord, StepRecord
from tetherlight.protocol.manifest import Plan as PlanRecord
from tetherlight.protocol.models import StepState

logger = logging.getLogger(__name__)
ALONE = "It was taken alone by its line."


def in_runs(plan: Plan, record: PlanRecord, groups: list[Group]) -> list[list[Group]]:
    """Return groups in their order, those together that one burst can take: they differ by their light alone."""
    if record.trigger != "burst":
        return [groups]

    def kind(group: Group) -> tuple[object, ...]:
        step = group[0]
        if len(group) > 1 or held_seconds(step.at) is not None:
            return (step.index,)
        places = zip(plan.axes, plan.cells[step.index].positions, strict=True)
        others = tuple(place for axis, place in places if axis.name != LIGHT)
        return (*others, *sorted(plan.locked(step.at, record).items()))

    return [list(run) for _, run in groupby(groups, key=kind)]


def running(step: StepRecord, warnings: list[str] | None = None) -> StepRecord:
    """Return a step whose picture is about to be taken."""
    return step.model_copy(
        update={
            "state": StepState.RUNNING, "attempts": step.attempts + 1, "error": None, "error_code": None,
            "warnings": tuple(warnings or ()),
        }
    )  # fmt: skip


@dataclass
class Bursts:
    """Takes steps in bursts, for an engine whose parts it is given."""

    taking: Taking
    stage: Stage
    recorder: Recorder
    stop: asyncio.Event
    prepare: Callable[[Group], Awaitable[Ready | None]]
    finished: Callable[[StepRecord, datetime | None, Shot, datetime], Awaitable[StepRecord]]
    dark: Callable[[], Awaitable[None]]
    back: Callable[[Group], Awaitable[bool]]
    repeated: set[int]
    """Steps that are taken again, though the camera may have taken them before it was lost."""
    given_up: bool = False
    """Whether no further burst is tried."""
    problems: dict[int, TetherlightError] = field(default_factory=dict)
    """Why steps were not taken in their burst."""

    def doubts(self, step: StepRecord) -> list[str]:
        """Return a sentence where a step was not taken in its burst."""
        problem = self.problems.get(step.index)
        return [] if problem is None else [f"{problem.message} {ALONE}"]

    def findings(self, step: StepRecord) -> tuple[FindingRecord, ...]:
        """Return the same with its code."""
        problem = self.problems.get(step.index)
        if problem is None:
            return ()
        return (FindingRecord(code=problem.code, message=self.doubts(step)[0]),)

    async def take(self, run: list[Group]) -> list[Group]:
        """Take the steps of a run; return those that are to be taken one by one."""
        if self.given_up:
            return run
        ready = await self.prepare(run[0])
        if ready is None:
            return []
        steps = [ready.steps[0], *(running(group[0]) for group in run[1:])]
        burst = self.taking.burst(self.stage, steps, ready.lit_at, self.stop)
        if burst is None:
            return run
        done: set[int] = set()
        told = _Told(self.recorder)
        burst.lit = told.add
        async with told:
            problem = await self._taken(burst, steps[0], done, told)
        left = [step for group in run for step in group if step.index not in done]
        if burst.late:
            count = len(burst.late)
            self.stage.keeper.warn(
                f"In a burst the shutter opened before {count} of its lights had settled; it waited."
            )
        if problem is not None:
            self._note(problem, left)
            if passes(problem):
                # Where it does not come back, the next step says so.
                await self.back((steps[0],))
        for step in left:
            await self.recorder.record(step.model_copy(update={"state": StepState.PENDING}))
        return [] if self.stop.is_set() else [(step,) for step in left]

    async def _taken(self, burst: Burst, first: StepRecord, done: set[int], told: "_Told") -> TetherlightError | None:
        """Take and record the frames of a burst; return what went wrong."""

        async def keep(frame: BurstFrame, shot: Shot) -> None:
            await told.all()
            if frame.step is not None:
                await self.recorder.record(await self.finished(frame.step, frame.lit_at, shot, frame.dark_at))
                done.add(frame.step.index)

        camera = self.stage.camera_of(first)
        try:
            await guarded([camera], self.taking.take_burst(camera, burst, keep), self.dark)
        except TetherlightError as error:
            return error
        finally:
            await self.dark()
        return burst.problem

    def _note(self, problem: TetherlightError, left: list[StepRecord]) -> None:
        logger.warning("%d frames of a burst are taken alone: %s", len(left), problem.message)
        again = SyncMismatch in map(type, self.problems.values())
        self.given_up = not passes(problem) and (again or not isinstance(problem, SyncMismatch))
        indexes = {step.index for step in left}
        if passes(problem):
            if may_have_exposed(problem):
                self.repeated |= indexes
            return
        if isinstance(problem, SyncMissing | SyncLate | SyncMismatch):
            self.problems |= dict.fromkeys(indexes, problem)


class _Told:
    """Tells each step whose light goes on: exposures do not wait for the disk."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._steps: asyncio.Queue[StepRecord] = asyncio.Queue()
        self._error: TetherlightError | None = None

    def add(self, step: StepRecord) -> None:
        """Let a step be told behind those before it."""
        self._steps.put_nowait(step)

    async def all(self) -> None:
        """Wait until all are told."""
        await self._steps.join()

    async def __aenter__(self) -> None:
        self._telling = asyncio.create_task(self._tell())

    async def __aexit__(self, *_: object) -> None:
        """Tell what is left: ended in the middle, an older manifest might overtake a newer one."""
        await self.all()
        await ended(self._telling)
        if self._error is not None:
            raise self._error.again()

    async def _tell(self) -> None:
        while True:
            step = await self._steps.get()
            try:
                if self._error is None:
                    await self._recorder.record(step)
            except TetherlightError as error:
                self._error = error
            finally:
                self._steps.task_done()
