"""The engine of every plan: have the values of a cell, let them settle, take its picture, go on to the next cell."""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any, Protocol

from tetherlight.capture.axes.axis import Axis, Stage
from tetherlight.capture.plan import LOCKED, Plan, locked_values
from tetherlight.capture.sink import Shot, Taking
from tetherlight.errors import TetherlightError
from tetherlight.manifest import LIGHT, Manifest, StepRecord
from tetherlight.models import StepState

logger = logging.getLogger(__name__)


class StepFailed(Exception):
    """A step did not give its image; its record tells it already."""

    def __init__(self, step: StepRecord, cause: TetherlightError) -> None:
        super().__init__(cause.message)
        self.step = step
        self.cause = cause


@dataclass(frozen=True)
class Ready:
    """A step whose values are had and have settled."""

    step: StepRecord
    lit_at: datetime | None
    warnings: tuple[str, ...] = ()


class Recorder(Protocol):
    """Who keeps the steps and tells how far the plan is."""

    manifest: Manifest

    async def record(self, step: StepRecord, *, visit: bool = True, error: TetherlightError | None = None) -> None:
        """Keep the step and tell it; `visit` says that its lamp goes on for it, `error` why it failed."""

    def rested(self) -> None:
        """Take note that a wait between two steps is over."""


class Engine:
    """Takes the pending steps of a plan, the camera and what else it uses being reserved for it."""

    def __init__(self, plan: Plan, stage: Stage, taking: Taking, recorder: Recorder, stop: asyncio.Event) -> None:
        self._plan = plan
        self._stage = stage
        self._taking = taking
        self._recorder = recorder
        self._stop = stop
        self._standing: dict[str, int] = {}
        """Which value each axis has now, by its position."""
        self._lit_at: datetime | None = None

    async def run(self) -> None:
        """Take every pending step; raise StepFailed at the first that fails.

        While the files of a step are on their way from the camera, and while they are looked at, the next light is on
        already and settles. Whatever happens, every axis puts back what it found.
        """
        pending = [step for step in self._recorder.manifest.steps if step.state is StepState.PENDING]
        begun: list[Axis] = []
        try:
            for axis in self._plan.axes if pending else ():
                begun.append(axis)
                await axis.begin(self._stage)
            await self._take_all(pending)
        finally:
            for axis in reversed(begun):
                await axis.restore(self._stage)

    async def _take_all(self, pending: list[StepRecord]) -> None:
        ahead: asyncio.Task[Ready | None] | None = None
        try:
            for step, following in zip_longest(pending, pending[1:]):
                ready = await (ahead or self._prepare(step))
                if ready is None:
                    return
                ahead = await self._take(ready, following)
        finally:
            await _ended(ahead)

    def _changed(self, step: StepRecord) -> list[Axis]:
        """Return the axes that do not have the step's value now: what waits first, then what needs no camera."""
        positions = self._plan.cells[step.index].positions
        changed = [
            axis
            for axis, position in zip(self._plan.axes, positions, strict=True)
            if self._standing.get(axis.name) != position
        ]
        return sorted(changed, key=lambda axis: (not axis.waits, axis.uses_camera))

    async def _prepare(self, planned: StepRecord) -> Ready | None:
        """Have the step's values and let them settle; None where the plan was stopped before that."""
        changed = self._changed(planned)
        late = await self._await_round(planned, [axis for axis in changed if axis.waits])
        if late is None or self._stop.is_set():
            return None
        running = {"state": StepState.RUNNING, "attempts": planned.attempts + 1, "error": None, "error_code": None}
        step = planned.model_copy(update=running | {"warnings": tuple(late)})
        visit = not self._plan.uses_lights or any(axis.uses_lights for axis in changed)
        await self._recorder.record(step, visit=visit)
        try:
            told = await self._have(step, [axis for axis in changed if not axis.waits])
        except TetherlightError as error:
            raise await self._failed(step, error) from error
        if told is None:
            await self._dark()
            await self._recorder.record(planned)
            return None
        return Ready(step, self._lit_at, (*late, *told))

    async def _await_round(self, step: StepRecord, waits: Iterable[Axis]) -> list[str] | None:
        late: list[str] = []
        for axis in waits:
            told = await self._apply(axis, step)
            if told is None:
                return None
            self._recorder.rested()
            late += told
        return late

    async def _have(self, step: StepRecord, changed: list[Axis]) -> list[str] | None:
        """Apply what is not as the step wants it, and wait for the longest of the settle times; None where stopped."""
        now = asyncio.get_running_loop().time
        settled_at, warnings = 0.0, []
        for axis in changed:
            told = await self._apply(axis, step)
            if told is None:
                return None
            warnings += told
            settled_at = max(settled_at, now() + axis.settle_s(step.at[axis.name], self._stage.plan))
        held = await self._settle(step, settled_at - now())
        if held is None:
            return None
        doubts = [doubt for axis in self._plan.axes for doubt in axis.confirm(self._stage)]
        return [*warnings, *held, *doubts]

    async def _apply(self, axis: Axis, step: StepRecord) -> list[str] | None:
        self._standing.pop(axis.name, None)
        told = await axis.apply(self._stage, step.at[axis.name])
        if told is None:
            return None
        self._standing[axis.name] = self._plan.cells[step.index].positions[self._plan.axes.index(axis)]
        if axis.uses_lights:
            self._lit_at = datetime.now(UTC)
        return list(told)

    async def _settle(self, step: StepRecord, seconds: float) -> list[str] | None:
        """Wait, and meanwhile hold the exposure where every frame shall have it; None where the plan was stopped."""
        if not self._taking.holds_exposure:
            return None if seconds > 0 and await self._stage.keeper.stopped_within(seconds) else []
        holding = asyncio.create_task(self._hold_exposure(step))
        try:
            return None if await self._stage.keeper.stopped_within(seconds) else await holding
        finally:
            await _ended(holding)

    async def _hold_exposure(self, step: StepRecord) -> list[str]:
        """Put back settings that changed since the plan began; return a sentence for each."""
        camera, owner = self._stage.camera, self._stage.owner
        await camera.refresh(LOCKED, owner=owner)
        now = locked_values(await camera.get_config())
        warnings = []
        for name, value in self._plan.locked(step.at, self._stage.plan).items():
            if name in now and now[name] != value:
                warnings.append(f"{name} was {now[name]} instead of {value} and was set back.")
                await camera.set_config(name, value, owner=owner)
        return warnings

    async def _take(self, ready: Ready, following: StepRecord | None) -> asyncio.Task[Ready | None] | None:
        """Take a step's picture and return the next one's preparation, on its way."""
        ahead: asyncio.Task[Ready | None] | None = None
        overlaps = following is not None and self._taking.overlaps and not self._waits_for(following)
        exposed = asyncio.Event()
        try:
            capture = asyncio.create_task(self._taking.take(self._stage.camera, ready.step, exposed.set))
            capture.add_done_callback(lambda _: exposed.set())
            try:
                await exposed.wait()
                if capture.done() or not overlaps or self._stop.is_set():
                    await self._dark(before=following)
                elif following is not None:
                    ahead = asyncio.create_task(self._prepare(following))
                dark_at = datetime.now(UTC)
                shot = await capture
            finally:
                await _ended(capture)
            if ahead is None and overlaps and following is not None:
                ahead = asyncio.create_task(self._prepare(following))
            done = await self._finished(ready, shot, dark_at)
        except TetherlightError as error:
            await self._put_back(ahead, following)
            raise await self._failed(ready.step, error) from error
        except BaseException:
            await _ended(ahead)
            raise
        await self._recorder.record(done)
        return ahead

    async def _finished(self, ready: Ready, shot: Shot, dark_at: datetime) -> StepRecord:
        lit = ready.step.light is not None
        done = ready.step.model_copy(
            update={
                "state": StepState.DONE,
                "on_at": ready.lit_at if lit else None,
                "off_at": dark_at if lit else None,
                "captured_at": shot.captured_at,
                "files": shot.files,
                "warnings": ready.warnings,
            }
        )
        return await self._taking.judged(done, shot)

    def _waits_for(self, step: StepRecord) -> bool:
        return any(axis.waits for axis in self._changed(step))

    async def _dark(self, before: StepRecord | None = None) -> None:
        """Switch the lights off, but for a next step that has the lamp that is on."""
        if not self._plan.uses_lights:
            return
        if before is not None and not self._stop.is_set():
            changed = self._changed(before)
            if not any(axis.uses_lights or axis.waits for axis in changed):
                return
        self._standing.pop(LIGHT, None)
        await self._stage.lights.only(None, owner=self._stage.owner)

    async def _put_back(self, ahead: asyncio.Task[Ready | None] | None, following: StepRecord | None) -> None:
        await _ended(ahead)
        if ahead is not None and following is not None:
            await self._dark()
            await self._recorder.record(following)

    async def _failed(self, step: StepRecord, error: TetherlightError) -> StepFailed:
        failed = step.model_copy(update={"state": StepState.FAILED, "error": error.message, "error_code": error.code})
        await self._recorder.record(failed, error=error)
        return StepFailed(failed, error)


async def _ended(task: asyncio.Task[Any] | None) -> None:
    """Make sure that a task has ended, and that nobody misses its exception."""
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
