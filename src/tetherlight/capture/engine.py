"""The engine of every plan: have the values of a cell, let them settle, take its picture, go on to the next cell."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import count, groupby, zip_longest

from tetherlight.capture.axes.axis import Axis, Stage
from tetherlight.capture.axes.camera import CameraAxis
from tetherlight.capture.axes.settings import held_seconds
from tetherlight.capture.bursts import Bursts, in_runs, running
from tetherlight.capture.exposures import Exposures, Group, NotTaken, Ready, StepFailed
from tetherlight.capture.locked import LOCKED, locked_values
from tetherlight.capture.patience import (
    MISSED,
    REPEATED,
    REST_S,
    TRIES,
    all_back,
    ended,
    guarded,
    may_have_exposed,
    passes,
)
from tetherlight.capture.plan import Plan
from tetherlight.capture.retakes import MOST_REPLACED, replaced, retaken, taken_as_asked
from tetherlight.capture.sink import Recorder, Shot, Taking
from tetherlight.errors import CameraLost, LampFailed, TetherlightError, TriggerMissed
from tetherlight.protocol.manifest import LIGHT, StepRecord
from tetherlight.protocol.models import StepState

logger = logging.getLogger(__name__)


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
        self._dimmed = False
        """Whether the lights went off while values were had, because a camera may have been away."""
        self._begun: Counter[int] = Counter()
        self._repeated: set[int] = set()
        """Steps whose picture was taken again, though the camera may have taken it before it was lost."""
        self._missed: set[int] = set()
        """Steps for which a line was pressed in vain."""
        self._bursts = Bursts(
            taking,
            stage,
            recorder,
            stop,
            prepare=self._prepare,
            finished=self._finished,
            dark=self._dark,
            back=self._back,
            repeated=self._repeated,
        )

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
            await self._take_all(self._groups(pending))
            await retaken(
                {step.index for step in pending},
                plan=self._plan,
                most=self._stage.plan.retakes,
                taking=self._taking,
                recorder=self._recorder,
                take=lambda steps: self._take_all(self._groups(steps)),
            )
            if not self._stop.is_set():
                await taken_as_asked(self._recorder, lambda steps: self._take_all(self._groups(steps)))
        finally:
            for axis in reversed(begun):
                await axis.restore(self._stage)

    def _groups(self, pending: list[StepRecord]) -> list[Group]:
        """Return the steps as they are taken: those that differ by their camera alone together."""

        def others(step: StepRecord) -> tuple[int, ...]:
            positions = self._plan.cells[step.index].positions
            return tuple(
                place for axis, place in zip(self._plan.axes, positions, strict=True) if axis.name != CameraAxis.name
            )

        if self._plan.position(CameraAxis.name) is None:
            return [(step,) for step in pending]
        return [tuple(steps) for _, steps in groupby(pending, key=others)]

    async def _take_all(self, groups: list[Group]) -> None:
        """Take steps in bursts where that can be, and all others one after the other."""
        for run in in_runs(self._plan, self._stage.plan, groups):
            left = await self._bursts.take(run) if len(run) > 1 and self._stage.plan.trigger == "burst" else run
            await self._take_singly(left)

    async def _take_singly(self, groups: list[Group]) -> None:
        ahead: asyncio.Task[Ready | None] | None = None
        try:
            for group, following in zip_longest(groups, groups[1:]):
                left: Group = group
                while left:
                    ready = await (ahead or self._prepare(left))
                    ahead = None
                    if ready is None:
                        return
                    try:
                        ahead = await self._take(ready, following)
                        left = ()
                    except NotTaken as failure:
                        left = await self._again(failure.missing)
        finally:
            await ended(ahead)

    async def _again(self, missing: list[tuple[StepRecord, TetherlightError]]) -> Group:
        """Wait for cameras that are away, and return the steps to take once more; raise StepFailed where none is."""
        steps = tuple(step.model_copy(update={"state": StepState.PENDING}) for step, _ in missing)
        self._begun.update(step.index for step in steps)
        if all(self._may_wait(error, self._begun[step.index]) for step, error in missing):
            back = await self._back(steps)
            exposed = {step.index for step, error in missing if may_have_exposed(error)}
            self._missed |= {step.index for step, error in missing if isinstance(error, TriggerMissed)}
            if back:
                self._repeated |= exposed
                await self._let_end([step for step in steps if step.index in exposed])
                return steps
            if self._stop.is_set():
                await self._record_all(steps)
                return ()
        failures = [await self._failed((step,), error) for step, error in missing]
        raise failures[0] from failures[0].cause

    async def _let_end(self, steps: Iterable[StepRecord]) -> None:
        """Wait while the bodies may still be in the exposures in which they were lost."""
        longest = max(
            (self._stage.camera_of(step).exposure_s + 2 * (held_seconds(step.at) or 0) + REST_S for step in steps),
            default=0.0,
        )
        await self._stage.keeper.stopped_within(longest)

    def _may_wait(self, error: TetherlightError, times: int) -> bool:
        return (
            (passes(error) or isinstance(error, TriggerMissed))
            and times < TRIES
            and all(axis.bears_absence for axis in self._plan.axes)
        )

    async def _back(self, steps: Group) -> bool:
        """Wait in the dark until the cameras are there again; False where that takes too long or is not wanted."""
        await self._dark()
        return await all_back([self._stage.camera_of(step) for step in steps], self._stop)

    def _changed(self, group: Group) -> list[Axis]:
        """Return the axes that do not have the group's value now: what waits first, then what needs no camera."""
        positions = self._plan.cells[group[0].index].positions
        changed = [
            axis
            for axis, position in zip(self._plan.axes, positions, strict=True)
            if self._standing.get(axis.name) != position
        ]
        return sorted(changed, key=lambda axis: (not axis.waits, axis.uses_camera))

    async def _prepare(self, planned: Group) -> Ready | None:
        """Have the group's values and let them settle; None where the plan was stopped before that."""
        changed = self._changed(planned)
        late = await self._await_round(planned, [axis for axis in changed if axis.waits])
        if late is None or self._stop.is_set():
            return None
        steps = tuple(running(step, late) for step in planned)
        visit = not self._plan.uses_lights or any(axis.uses_lights for axis in changed)
        for step in steps:
            await self._recorder.record(step, visit=visit and step is steps[0])
        try:
            told = await self._have_patiently(steps)
        except TetherlightError as error:
            raise await self._failed(steps, error) from error
        if told is None:
            await self._dark()
            await self._record_all(planned)
            return None
        warned = tuple(
            step.model_copy(update={"warnings": (*step.warnings, *held, *self._doubts(step))})
            for step, held in zip(steps, told, strict=True)
        )
        return Ready(warned, self._lit_at)

    def _doubts(self, step: StepRecord) -> Iterable[str]:
        known = ((REPEATED, self._repeated), (MISSED, self._missed))
        return [*(sentence for sentence, steps in known if step.index in steps), *self._bursts.doubts(step)]

    async def _have_patiently(self, steps: Group) -> list[list[str]] | None:
        """Have the values that the steps want, and anew where a camera was away meanwhile: then the lights went off."""
        cameras = [self._stage.camera_of(step) for step in steps]
        for times in count(1):
            self._dimmed = False
            gone: TetherlightError = CameraLost("The camera was lost while the step was prepared.")
            try:
                changed = [axis for axis in self._changed(steps) if not axis.waits]
                told = await guarded(cameras, self._have(steps, changed), self._dim)
                if told is None or not self._dimmed:
                    return told
            except TetherlightError as error:
                # A lamp that we have put out ourselves tells nothing.
                gone = gone if self._dimmed and isinstance(error, LampFailed) else error
            if not self._may_wait(gone, times) or not await self._back(steps):
                if self._stop.is_set():
                    break
                raise gone
        return None

    async def _dim(self) -> None:
        self._dimmed = True
        await self._dark()

    async def _record_all(self, steps: Group) -> None:
        for step in steps:
            await self._recorder.record(step)

    async def _await_round(self, group: Group, waits: Iterable[Axis]) -> list[str] | None:
        late: list[str] = []
        for axis in waits:
            told = await self._apply(axis, group[0])
            if told is None:
                return None
            self._recorder.rested()
            late += told
        return late

    async def _have(self, steps: Group, changed: list[Axis]) -> list[list[str]] | None:
        """Apply what is not as the steps want it, and wait for the longest of the settle times.

        Returns the warnings of each step; None where the plan was stopped.
        """
        now = asyncio.get_running_loop().time
        settled_at, warnings, first = 0.0, [], steps[0]
        for axis in changed:
            told = await self._apply(axis, first)
            if told is None:
                return None
            warnings += told
            settled_at = max(settled_at, now() + axis.settle_s(first.at[axis.name], self._stage.plan))
        held = await self._settle(steps, settled_at - now())
        if held is None:
            return None
        doubts = [doubt for axis in self._plan.axes for doubt in axis.confirm(self._stage)]
        return [[*warnings, *one, *doubts] for one in held]

    async def _apply(self, axis: Axis, step: StepRecord) -> list[str] | None:
        self._standing.pop(axis.name, None)
        told = await axis.apply(self._stage, step.at[axis.name])
        if told is None:
            return None
        self._standing[axis.name] = self._plan.cells[step.index].positions[self._plan.axes.index(axis)]
        if axis.uses_lights:
            self._lit_at = datetime.now(UTC)
        return list(told)

    async def _settle(self, steps: Group, seconds: float) -> list[list[str]] | None:
        """Wait, and meanwhile hold the exposure where every frame shall have it; None where the plan was stopped."""
        if not self._taking.holds_exposure:
            stopped = seconds > 0 and await self._stage.keeper.stopped_within(seconds)
            return None if stopped else [[] for _ in steps]
        holding = asyncio.gather(*(self._hold_exposure(step) for step in steps))
        try:
            return None if await self._stage.keeper.stopped_within(seconds) else await holding
        finally:
            await ended(holding)

    async def _hold_exposure(self, step: StepRecord) -> list[str]:
        """Put back settings that changed since the plan began; return a sentence for each."""
        camera, owner = self._stage.camera_of(step), self._stage.owner
        await camera.refresh(LOCKED, owner=owner)
        now = locked_values(await camera.get_config())
        warnings = []
        for name, value in self._plan.locked(step.at, self._stage.plan).items():
            if name in now and now[name] != value:
                warnings.append(f"{name} was {now[name]} instead of {value} and was set back.")
                await camera.set_config(name, value, owner=owner)
        return warnings

    async def _take(self, ready: Ready, following: Group | None) -> asyncio.Task[Ready | None] | None:
        """Take the pictures of a group and return the next one's preparation, on its way."""
        ahead: asyncio.Task[Ready | None] | None = None
        overlaps = following is not None and self._taking.overlaps and not self._waits_for(following)
        exposures = Exposures(self._taking, self._stage, ready.steps)
        dark_at: datetime | None = None
        try:
            try:
                cameras = [self._stage.camera_of(step) for step in ready.steps]
                on_their_way = await guarded(cameras, exposures.exposed(), self._dark)
                if not on_their_way or not overlaps or self._stop.is_set():
                    await self._dark(before=following)
                elif following is not None:
                    ahead = asyncio.create_task(self._prepare(following))
                dark_at = datetime.now(UTC)
                shots = await exposures.shots()
            except asyncio.CancelledError:
                await self._keep_late(ready, await exposures.late(), dark_at or datetime.now(UTC))
                raise
            finally:
                await exposures.end()
            fine = not any(isinstance(shot, TetherlightError) for shot in shots)
            if ahead is None and fine and overlaps and following is not None:
                ahead = asyncio.create_task(self._prepare(following))
            await self._keep(ready, shots, dark_at)
        except NotTaken:
            await self._put_back(ahead, following)
            raise
        except TetherlightError as error:
            await self._put_back(ahead, following)
            raise await self._failed(ready.steps, error) from error
        except BaseException:
            await ended(ahead)
            raise
        return ahead

    async def _keep(self, ready: Ready, shots: list[Shot | TetherlightError], dark_at: datetime) -> None:
        """Record every picture that there is; raise NotTaken where some are not."""
        missing: list[tuple[StepRecord, TetherlightError]] = []
        for step, shot in zip(ready.steps, shots, strict=True):
            if isinstance(shot, TetherlightError):
                missing.append((step, shot))
            else:
                await self._recorder.record(await self._finished(step, ready.lit_at, shot, dark_at))
        if missing:
            raise NotTaken(missing)

    async def _keep_late(self, ready: Ready, shots: list[Shot | None], dark_at: datetime) -> None:
        """Record the pictures that came after the end of the run, so that none lies there that is no step's."""
        for step, shot in zip(ready.steps, shots, strict=True):
            if shot is not None:
                await self._recorder.record(await self._finished(step, ready.lit_at, shot, dark_at))

    async def _finished(self, step: StepRecord, lit_at: datetime | None, shot: Shot, dark_at: datetime) -> StepRecord:
        lit = step.light is not None
        done = step.model_copy(
            update={
                "state": StepState.DONE,
                "on_at": lit_at if lit else None,
                "off_at": dark_at if lit else None,
                "captured_at": shot.captured_at,
                "trigger": shot.trigger,
                "exposure_id": shot.exposure_id,
                "files": shot.files,
                "findings": (),
                "replaced": (*step.replaced, *replaced(step))[-MOST_REPLACED:],
            }
        )
        judged = await self._taking.judged(done, shot)
        return judged.model_copy(update={"findings": (*judged.findings, *self._bursts.findings(step))})

    def _waits_for(self, group: Group) -> bool:
        return any(axis.waits for axis in self._changed(group))

    async def _dark(self, before: Group | None = None) -> None:
        """Switch the lights off, but for a next step that has the lamp that is on."""
        if not self._plan.uses_lights:
            return
        if before is not None and not self._stop.is_set():
            changed = self._changed(before)
            if not any(axis.uses_lights or axis.waits for axis in changed):
                return
        self._standing.pop(LIGHT, None)
        await self._stage.lights.only(None, owner=self._stage.owner)

    async def _put_back(self, ahead: asyncio.Task[Ready | None] | None, following: Group | None) -> None:
        await ended(ahead)
        if ahead is not None and following is not None:
            await self._dark()
            await self._record_all(following)

    async def _failed(self, steps: Group, error: TetherlightError) -> StepFailed:
        told = {"state": StepState.FAILED, "error": error.message, "error_code": error.code}
        failed = [step.model_copy(update=told) for step in steps]
        for step in failed:
            await self._recorder.record(step, error=error)
        return StepFailed(failed[0], error)
