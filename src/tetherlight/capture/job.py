"""Whatever is shot, as a job: it runs, pauses, is resumed, ends, and always says so."""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Generic

from tetherlight.camera.camera import Camera
from tetherlight.capture.axes.axis import Stage
from tetherlight.capture.axes.focus import CHOICES, FocusAxis
from tetherlight.capture.axes.time import TimeAxis
from tetherlight.capture.engine import Engine
from tetherlight.capture.exposures import StepFailed
from tetherlight.capture.plan import Plan, bracketed
from tetherlight.capture.retakes import has_rounds
from tetherlight.capture.sink import R, Sink, findings_of
from tetherlight.errors import FocusUnknown, InvalidPayload, SequenceFailed, TetherlightError
from tetherlight.jobs import claims
from tetherlight.jobs.claims import Grant
from tetherlight.jobs.job import Outcome, RigJob
from tetherlight.lights.lights import Lights
from tetherlight.protocol.events import JOB_CHANGED
from tetherlight.protocol.jobs import FocusChoice
from tetherlight.protocol.manifest import LIGHT, FileRecord, Manifest, PlaceRecord, StepRecord
from tetherlight.protocol.manifest import Plan as PlanRecord
from tetherlight.protocol.models import Job, JobState, JobStep, StepState
from tetherlight.publisher import Publisher

STILL_FAILED = "Failed steps can be taken again (RETRY_STEPS)."


class CaptureJob(RigJob, Generic[R]):
    """A plan whose pictures go into a sink; its manifest tells at any time how far it is, also where none is written.

    The camera is the job's from the first to the last step, and so are the lights where the plan has them. Whatever
    ends or pauses it, every axis puts back what it found.
    """

    def __init__(
        self, manifest: Manifest, plan: Plan, sink: Sink[R], *, lights: Lights, publisher: Publisher, job_id: str
    ) -> None:
        self.camera_id = manifest.camera.camera_id if manifest.camera else None
        super().__init__(
            job_id,
            manifest.status if isinstance(manifest.status, JobState) else JobState.INTERRUPTED,
            {claims.camera(one) for one in plan.cameras or (self.camera_id,)}
            | ({claims.LIGHTS} if plan.uses_lights else set()),
        )
        self.manifest = manifest
        self.plan = plan
        self._sink: Sink[R] = sink
        sink.host = self
        self._lights = lights
        self._publisher = publisher
        self._stop = asyncio.Event()
        self._holds = False
        self._late: dict[int, list[FileRecord]] = {}
        """Files that came before their step was told as done, though after its others."""
        self._recording = asyncio.Lock()
        self._seconds_per_step: float | None = None
        self._last_step_at = 0.0
        self._round = 0
        self._choice: tuple[FocusChoice, frozenset[int]] | None = None
        self._asked: set[int] = set()
        """Steps that are taken again when the others are done."""
        self._takes_more = False

    @property
    def set_folder(self) -> str | None:
        """The set's folder relative to CAPTURES_BASE_DIR; None for single captures."""
        return self._sink.folder

    @property
    def drives_focus(self) -> bool:
        """Whether its plan has places of focus."""
        return self._focus is not None

    def choose_focus(self, choice: FocusChoice | None, steps: list[int] | None) -> None:
        """Let the next run believe where the lens stands: where the first of the steps wants it, or at a beginning."""
        self._choice = None if choice is None else (choice, frozenset(steps or ()))

    async def check(self, grant: Grant) -> None:
        """Make sure that all the plan needs is still there."""
        await self._lights.settled()
        await self._sink.check(sum(step.state is not StepState.DONE for step in self.manifest.steps))
        stage = self._stage(grant)
        self._sink.check_lines(stage.cameras)
        choice, self._choice = self._choice, None
        if choice is not None:
            self._believe(stage, *choice)
        await check_axes(self.plan, stage)

    def _believe(self, stage: Stage, choice: FocusChoice, steps: frozenset[int]) -> None:
        focus = self._focus
        if focus is None:
            return
        if choice == "again":
            anew = {"state": StepState.PENDING}
            steps_anew = tuple(
                step if step.state is StepState.SKIPPED else step.model_copy(update=anew)
                for step in self.manifest.steps
            )
            self.manifest = self.manifest.model_copy(update={"steps": steps_anew})
        left = [step for step in self.manifest.steps if step.state in {StepState.PENDING, StepState.FAILED}]
        first = next((step for step in self.manifest.steps if step.index in steps), left[0] if left else None)
        place = float(str(first.at[focus.name])) if first is not None else 0.0
        self._put_place(focus.name, focus.choose(stage, choice, place))

    async def result(self) -> R:
        """Wait for the end and return what was captured; raise SequenceFailed with the partial result."""
        await self._ended.wait()
        if self.state is JobState.COMPLETED:
            return self._sink.taken()
        partial = self._sink.failed()
        details = {"job_id": self.job_id, "cause": self.manifest.error_code}
        raise SequenceFailed(partial.message, hint=self.hint, details=details, data=partial)

    # The run

    def _begin(self) -> None:
        if not self._holds:
            # The set is kept from being deleted or renamed until the job has ended, also while it is paused.
            self._held.enter_context(self._sink.hold())
            self._held.callback(setattr, self, "_holds", False)
            self._holds = True
        self._stop.clear()
        self._takes_more = not has_rounds(self.plan)
        for step in self.manifest.steps:  # asked for in a run that was paused
            if step.index in self._asked:
                self.manifest = self.manifest.with_step(step.model_copy(update={"state": StepState.PENDING}))
        self._asked.clear()
        self._round = 0
        self.rested()
        self._enter(Outcome(JobState.RUNNING), None)
        self.publish()

    def _break_off(self) -> None:
        self._stop.set()

    async def _work(self, grant: Grant) -> Outcome:
        try:
            async with contextlib.AsyncExitStack() as after:
                if self.plan.uses_lights:
                    await after.enter_async_context(self._lights.off_after())
                if await self._metered(grant):
                    await Engine(self.plan, self._stage(grant), self._sink, self, self._stop).run()
        except StepFailed as failure:
            return self._outcome_of(failure, grant)
        except FocusUnknown as error:
            return Outcome.of(error, state=JobState.PAUSED)
        return self._outcome_at_the_end()

    async def _metered(self, grant: Grant) -> bool:
        """Find the exposure where that is wanted and not known yet; False where somebody asked to stop before that."""
        record = self._record
        if record.metering is None or record.metered:
            return True
        found = await self._sink.meter(self._stage(grant))
        if found is not None:
            async with self._recording:
                plan = record.model_copy(update={"metered": found})
                self.manifest = self.manifest.model_copy(update={"plan": plan})
                await self._sink.write()
            self.publish()
        return found is not None

    def _outcome_at_the_end(self) -> Outcome:
        """Say how a run came out that nothing broke off: with a step that failed before it no job is completed."""
        left = [step for step in self.manifest.steps if step.state not in {StepState.DONE, StepState.SKIPPED}]
        failed = [step for step in left if step.state is StepState.FAILED]
        if not left:
            return Outcome(JobState.COMPLETED)
        if self._wish is not None or not failed:
            return Outcome(JobState.PAUSED if self._wish == "pause" else JobState.CANCELLED)
        sentence = f"{self._sink.sentence(failed[0])} {failed[0].error or ''}".rstrip()
        return Outcome(JobState.FAILED, sentence, failed[0].error_code, STILL_FAILED)

    def _outcome_of(self, failure: StepFailed, grant: Grant) -> Outcome:
        sentence = f"{self._sink.sentence(failure.step)} {failure.cause.message}"
        focus = self._focus
        if focus is not None and focus.lost(self._stage(grant)):
            # Somebody has to say how it goes on, whatever the plan does about failures.
            known = isinstance(failure.cause, FocusUnknown)
            told = sentence if known else f"{sentence} The place of the focus is unknown now."
            return Outcome(JobState.PAUSED, told, FocusUnknown.code, CHOICES)
        state = JobState.PAUSED if self._record.on_failure == "pause" else JobState.FAILED
        return Outcome.of(failure.cause, state=state, sentence=sentence)

    @property
    def _focus(self) -> FocusAxis | None:
        return next((axis for axis in self.plan.axes if isinstance(axis, FocusAxis)), None)

    async def _set_steps(self, indexes: frozenset[int], state: StepState) -> None:
        for step in self.manifest.steps:
            if step.index in indexes:
                self.manifest = self.manifest.with_step(step.model_copy(update={"state": state}))
        await self._sink.write()
        self.publish()

    def take_later(self, indexes: Collection[int]) -> bool:
        """Let steps that are done be taken again at the end of the run under way; False where it has come too far."""
        done = {step.index for step in self.manifest.steps if step.state is StepState.DONE}
        if not self._takes_more or not done.issuperset(indexes):
            return False
        self._asked.update(indexes)
        self.publish()
        return True

    async def _close(self, outcome: Outcome) -> None:
        self._takes_more = False
        if outcome.state is JobState.CANCELLED:
            self._asked.clear()
        await self._sink.checked(whole=outcome.state is not JobState.INTERRUPTED)
        for step in self.manifest.steps:
            if step.state is StepState.RUNNING:
                self.manifest = self.manifest.with_step(step.model_copy(update={"state": StepState.PENDING}))
        self._enter(outcome, None if outcome.state is JobState.PAUSED else datetime.now(UTC))
        await self._sink.closed(outcome.error)

    def _enter(self, outcome: Outcome, finished_at: datetime | None) -> None:
        self.state = outcome.state
        told = {"finished_at": finished_at, "error": outcome.error, "error_code": outcome.code}
        self.manifest = self.manifest.model_copy(update={"status": outcome.state} | told)

    @property
    def _record(self) -> PlanRecord:
        return self.manifest.plan or PlanRecord()

    def _stage(self, grant: Grant) -> Stage:
        return Stage(cameras_of(self.plan, grant), self._lights, self.job_id, self._record, self)

    # What the engine tells

    async def record(self, step: StepRecord, *, visit: bool = True, error: TetherlightError | None = None) -> None:
        """Keep a step and tell who listens."""
        async with self._recording:
            if step.state is StepState.DONE:
                late: list[FileRecord] = self._late.pop(step.index, [])
                step = step.model_copy(update={"files": (*step.files, *late)})
                self._measure()
            else:
                self._asked.discard(step.index)
            self.manifest = self.manifest.with_step(step)
            await self._sink.record(step, visit=visit, error=error)

    async def amend(self, index: int, change: Callable[[StepRecord], StepRecord]) -> StepRecord:
        """Change the record of a step that is done, and tell the job; return it as it is now."""
        async with self._recording:
            known: StepRecord = next(one for one in self.manifest.steps if one.index == index)
            if known.state is not StepState.DONE or (changed := change(known)) == known:
                return known
            self.manifest = self.manifest.with_step(changed)
            await self._sink.write()
        self.publish()
        return changed

    def asked_again(self) -> Collection[int]:
        """Return the steps to be taken again as somebody asked; where there are none, it is too late for more."""
        self._takes_more = bool(self._asked)
        return frozenset(self._asked)

    async def put_back(self, steps: Sequence[StepRecord], sentence: str) -> None:
        """Let steps be as they were before they were taken again in vain, with a warning that says so."""
        self._asked.difference_update(one.index for one in steps)
        async with self._recording:
            done = {one.index for one in self.manifest.steps if one.state is StepState.DONE}
            lost = [one for one in steps if one.index not in done]
            for step in warned(lost, sentence):
                self.manifest = self.manifest.with_step(step)
            if lost:
                await self._sink.write()
        self.publish()

    async def add_files(self, index: int, files: Sequence[FileRecord]) -> None:
        """Give a step files that came after its others; to one that is not told as done, together with them."""
        async with self._recording:
            known: StepRecord = next(one for one in self.manifest.steps if one.index == index)
            if known.state is not StepState.DONE:
                self._late.setdefault(index, []).extend(files)
                return
            self.manifest = self.manifest.with_step(known.model_copy(update={"files": (*known.files, *files)}))
            await self._sink.write()
        self.publish()

    def rested(self) -> None:
        """Count the time of the next step from now on."""
        self._last_step_at = asyncio.get_running_loop().time()

    def _measure(self) -> None:
        now = asyncio.get_running_loop().time()
        took, self._last_step_at = now - self._last_step_at, now
        known = self._seconds_per_step
        self._seconds_per_step = took if known is None else 0.5 * (known + took)

    # What axes ask for

    def place(self, axis: str) -> PlaceRecord | None:
        """Return where something stands that has only relative moves."""
        return self.manifest.places.get(axis)

    async def keep_place(self, axis: str, place: PlaceRecord) -> None:
        """Keep it, on the disk where there is a manifest."""
        async with self._recording:
            self._put_place(axis, place)
            await self._sink.write()

    def _put_place(self, axis: str, place: PlaceRecord) -> None:
        self.manifest = self.manifest.model_copy(update={"places": {**self.manifest.places, axis: place}})

    def warn(self, sentence: str) -> None:
        """Add a sentence to the warnings of the result."""
        self.manifest = self.manifest.model_copy(update={"warnings": (*self.manifest.warnings, sentence)})

    def waiting(self, seconds: float) -> None:
        """Tell that nothing happens for so long."""
        self._sink.waiting(seconds)

    async def stopped_within(self, seconds: float) -> bool:
        """Wait so long, or until the run is to end."""
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._stop.wait()
        return self._stop.is_set()

    # What others are told

    def publish(self) -> None:
        """Tell the job as it is now."""
        self._publisher.publish(JOB_CHANGED, self.snapshot())

    def late_rounds(self) -> list[str]:
        """Return a sentence where rounds began late."""
        return self._time.late_rounds() if self._time is not None else []

    @property
    def _time(self) -> TimeAxis | None:
        return next((axis for axis in self.plan.axes if isinstance(axis, TimeAxis)), None)

    def _seconds_left(self) -> float | None:
        if not self.running or (self._seconds_per_step is None and self._time is None):
            return None
        each = self._seconds_per_step or 0.0
        left = [step for step in self.manifest.steps if step.state in {StepState.PENDING, StepState.RUNNING}]
        place = self.plan.position(TimeAxis.name)
        if self._time is None or place is None:
            return each * len(left)
        rounds: list[tuple[int, ...]] = [self.plan.cells[step.index].positions[: place + 1] for step in left]
        begun = rounds[0] if left and left[0].state is StepState.RUNNING else None
        return self._time.timetable.seconds_left(
            asyncio.get_running_loop().time(),
            exposure_s=each,
            this_round=sum(one == begun for one in rounds),
            rounds=len({*rounds} - {begun}),
            per_round=self.plan.size // len({cell.positions[: place + 1] for cell in self.plan.cells.values()}),
        )

    def _counted(self, step: StepRecord) -> bool:
        """Say whether a step counts as an image: an ambient frame does not."""
        return step.light is not None or self.plan.position(LIGHT) is None

    def snapshot(self) -> Job:
        """Return the job as messages carry it."""
        steps = self.manifest.steps
        running = next((step for step in reversed(steps) if step.state is StepState.RUNNING), None)
        untouched = {StepState.PENDING, StepState.SKIPPED}
        return Job(
            job_id=self.job_id,
            kind=self._sink.kind,
            state=self.state,
            camera_id=self.camera_id,
            set_name=self.set_name,
            set_folder=self.set_folder,
            index=sum(self._counted(step) and step.state not in untouched for step in steps),
            total=sum(self._counted(step) for step in steps),
            current_light=running.light if running else None,
            steps=[self._job_step(step) for step in steps],
            started_at=self.manifest.started_at or datetime.now(UTC),
            finished_at=self.manifest.finished_at,
            seconds_left=self._seconds_left(),
            error=self.manifest.error,
            error_code=self.manifest.error_code,
            hint=self.hint,
        )

    def _job_step(self, step: StepRecord) -> JobStep:
        return JobStep(
            index=step.index,
            light=step.light,
            value=bracketed(step.at),
            # What a newer version did with a step is no work of ours.
            state=step.state if isinstance(step.state, StepState) else StepState.SKIPPED,
            files=self._sink.files(step),
            error=step.error,
            error_code=step.error_code,
            warning=" ".join(step.warnings) or None,
            shutterspeed=next((one.shutterspeed for one in self._record.metered if one.light == step.light), None),
            findings=findings_of(step),
            again=step.index in self._asked,
        )


def warned(steps: Sequence[StepRecord], sentence: str) -> list[StepRecord]:
    """Return steps with one more warning."""
    return [step.model_copy(update={"warnings": (*step.warnings, sentence)}) for step in steps]


def cameras_of(plan: Plan, grant: Grant) -> tuple[Camera, ...]:
    """Return the cameras that were granted in the order in which a plan names them."""
    if not plan.cameras:
        return (grant.camera,)
    by_id = {camera.camera_id: camera for camera in grant.cameras}
    return tuple(by_id[one] for one in plan.cameras)


async def check_axes(plan: Plan, stage: Stage) -> None:
    """Make sure that the rig has every value of a plan, before anything moves; raise what stands against it."""
    for axis in plan.axes:
        await axis.check(stage)
    entries = [entry for axis in plan.axes for entry in axis.entries]
    if doubled := [entry for entry in entries if entries.count(entry) > 1]:
        raise InvalidPayload(f"Two axes of the plan set '{doubled[0]}'.", hint="Let one of them set it.")
    held = any(axis.holds_shutter for axis in plan.axes)
    for camera in stage.cameras:
        camera.check_release(entries, held=held)
