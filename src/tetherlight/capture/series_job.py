"""A series of single captures as a job: a burst, one every so many seconds, or a bracket of a setting."""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from tetherlight.camera.camera import Camera
from tetherlight.capture.series_plan import SeriesPlan, Timetable, check_bracket
from tetherlight.capture.single import Captures
from tetherlight.errors import SequenceFailed, TetherlightError
from tetherlight.jobs import claims
from tetherlight.jobs.claims import Grant
from tetherlight.jobs.job import Outcome, RigJob
from tetherlight.models import ConfigValue, ImageFile, Job, JobState, JobStep, StepState
from tetherlight.protocol.captures import SeriesResult
from tetherlight.protocol.events import JOB_CHANGED, SERIES_PROGRESS, SeriesProgress, SeriesStatus
from tetherlight.protocol.messages import RequestId
from tetherlight.publisher import Publisher
from tetherlight.store.store import Store

logger = logging.getLogger(__name__)

REST_S = 3.0
"""Seconds until the next round from which on the live view may run meanwhile."""
LEAD_S = 0.5
"""Seconds before a round in which nothing new is begun that could make it late."""


class StepFailed(Exception):
    """A step did not give its image; the job tells it already."""

    def __init__(self, sentence: str, cause: TetherlightError) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.cause = cause


class SeriesJob(RigJob):
    """Exposures with one camera, which is the job's from the first to the last.

    In the gaps of an interval the live view runs, but others' settings and captures stay refused: what lies between
    two frames of a time-lapse shows in it. Who wants to change something pauses the job. Whatever ends or pauses it,
    a bracketed entry gets the value back that it had when the run began.
    """

    def __init__(
        self,
        job_id: str,
        camera_id: str,
        plan: SeriesPlan,
        *,
        captures: Captures,
        store: Store,
        publisher: Publisher,
        requester: str | None = None,
        request_id: RequestId = None,
    ) -> None:
        super().__init__(job_id, JobState.PAUSED, {claims.camera(camera_id)})
        self.camera_id = camera_id
        self._plan = plan
        self._captures = captures
        self._store = store
        self._publisher = publisher
        self._requester = requester
        self._request_id = request_id
        self._steps = {step.index: step for step in plan.steps()}
        self._files: dict[int, list[ImageFile]] = {}
        self._warnings: list[str] = []
        self._late: dict[int, float] = {}
        self._stop = asyncio.Event()
        self._timetable = Timetable(plan.interval_s, 0.0)
        self._round = 0
        self._exposure_s: float | None = None
        self._started_at = datetime.now(UTC)
        self._outcome = Outcome(JobState.RUNNING)
        self._finished_at: datetime | None = None

    async def check(self, grant: Grant) -> None:
        """Make sure that the camera takes every value of the bracket, and the disk every image."""
        camera = grant.camera
        left = sum(step.state is not StepState.DONE for step in self._steps.values())
        if self._plan.config_name is not None:
            await camera.get_config(self._plan.config_name)
            await camera.refresh([self._plan.config_name], owner=self.job_id)
            (entry,) = await camera.get_config(self._plan.config_name)
            check_bracket(entry, self._plan.values)
        await asyncio.to_thread(self._store.require_room, left)

    async def result(self) -> SeriesResult:
        """Wait for the end and return what was captured; raise SequenceFailed with the partial result."""
        await self._ended.wait()
        if self.state is JobState.COMPLETED:
            return self._taken(f"Series of {len(self._files)} images completed.")
        sentence = f"The series failed. {self._outcome.error or 'It was cancelled.'}"
        details = {"job_id": self.job_id, "cause": self._outcome.code}
        raise SequenceFailed(sentence, hint=self.hint, details=details, data=self._taken(sentence))

    def _begin(self) -> None:
        self._stop.clear()
        self._timetable, self._round = Timetable(self._plan.interval_s, asyncio.get_running_loop().time()), 0
        self._enter(Outcome(JobState.RUNNING), None)

    def _break_off(self) -> None:
        self._stop.set()

    async def _work(self, grant: Grant) -> Outcome:
        try:
            async with self._bracketed(grant.camera):
                await self._take_rounds(grant.camera)
        except StepFailed as failure:
            return Outcome.of(failure.cause, sentence=failure.sentence)
        if all(step.state in {StepState.DONE, StepState.SKIPPED} for step in self._steps.values()):
            return Outcome(JobState.COMPLETED)
        return Outcome(JobState.PAUSED if self._wish == "pause" else JobState.CANCELLED)

    async def _set_steps(self, indexes: frozenset[int], state: StepState) -> None:
        for index in indexes:
            self._put(index, state=state)
        self._publish()

    async def _close(self, outcome: Outcome) -> None:
        for step in self._steps.values():
            if step.state is StepState.RUNNING:
                self._put(step.index, state=StepState.PENDING)
        self._enter(outcome, None if outcome.state is JobState.PAUSED else datetime.now(UTC))
        if outcome.state is JobState.PAUSED:
            self._tell("paused")

    def _enter(self, outcome: Outcome, finished_at: datetime | None) -> None:
        self.state, self._outcome, self._finished_at = outcome.state, outcome, finished_at
        self._publish()

    # The exposures

    async def _take_rounds(self, camera: Camera) -> None:
        pending = [step for step in self._steps.values() if step.state is StepState.PENDING]
        for number, steps in itertools.groupby(pending, self._plan.round_of):
            await self._until_due(camera)
            if self._stop.is_set():
                return
            self._round, late = number, self._timetable.begin(asyncio.get_running_loop().time())
            for step in steps:
                if self._stop.is_set():
                    return
                await self._take(camera, step, late)
                late = 0.0

    async def _until_due(self, camera: Camera) -> None:
        """Wait for the next round or a stop; where there is time for it, the live view runs meanwhile."""
        wait = self._timetable.due - asyncio.get_running_loop().time()
        if wait >= REST_S:
            self._publish()
            self._tell("waiting", next_in_s=wait)
            with camera.resting():
                await self._stopped_within(wait - LEAD_S)
        await self._stopped_within(self._timetable.due - asyncio.get_running_loop().time())

    async def _stopped_within(self, seconds: float) -> None:
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._stop.wait()

    async def _take(self, camera: Camera, step: JobStep, late: float) -> None:
        """Take one step's image; raise StepFailed."""
        began = asyncio.get_running_loop().time()
        self._late.pop(step.index, None)
        if late:
            self._late[step.index] = late
        warning = f"It began {late:.1f} s late." if late else None
        self._put(step.index, state=StepState.RUNNING, error=None, warning=warning, files=[])
        self._publish()
        self._tell("capturing", step)
        try:
            if step.value is not None and self._plan.config_name is not None:
                await camera.set_config(self._plan.config_name, step.value, owner=self.job_id)
            shot = await self._captures.capture(camera, download=True, owner=self.job_id)
        except TetherlightError as error:
            self._put(step.index, state=StepState.FAILED, error=error.message)
            self._tell("failed", step, error=error)
            raise StepFailed(f"{self._failed(step)} {error.message}", error) from error
        self._measure(asyncio.get_running_loop().time() - began)
        self._files[step.index] = shot.files
        self._put(step.index, state=StepState.DONE, files=[file.path for file in shot.files])
        self._publish()
        self._tell("captured", step, files=shot.files)

    def _failed(self, step: JobStep) -> str:
        value = f" with {self._plan.config_name} {step.value}" if step.value is not None else ""
        return f"Failed to capture image {step.index} of {self._plan.exposures}{value}."

    def _measure(self, took: float) -> None:
        known = self._exposure_s
        self._exposure_s = took if known is None else 0.5 * (known + took)

    # The bracketed entry

    @contextlib.asynccontextmanager
    async def _bracketed(self, camera: Camera) -> AsyncIterator[None]:
        """Give the bracketed entry the value back that it has now, whatever happens."""
        if self._plan.config_name is None:
            yield
            return
        await camera.refresh([self._plan.config_name], owner=self.job_id)
        (entry,) = await camera.get_config(self._plan.config_name)
        try:
            yield
        finally:
            await self._restore(camera, entry.name, entry.value)

    async def _restore(self, camera: Camera, name: str, value: ConfigValue) -> None:
        # A camera that is lost gets the value when it is opened again; it must not get the bracket's last one then.
        camera.choose(name, value)
        try:
            await camera.set_config(name, value, owner=self.job_id)
        except TetherlightError as error:
            warning = f"{name} could not be set back to {value}: {error.message}"
            logger.warning("Job %s: %s", self.job_id, warning)
            self._warnings.append(warning)

    # What others are told

    def _put(self, index: int, **fields: Any) -> None:
        self._steps[index] = self._steps[index].model_copy(update=fields)

    def _publish(self) -> None:
        self._publisher.publish(JOB_CHANGED, self.snapshot())

    def _tell(
        self,
        status: SeriesStatus,
        step: JobStep | None = None,
        *,
        files: list[ImageFile] | None = None,
        error: TetherlightError | None = None,
        next_in_s: float | None = None,
    ) -> None:
        progress = SeriesProgress(
            status=status,
            job_id=self.job_id,
            index=step.index if step else self._begun(),
            total=self._plan.exposures,
            value=step.value if step else None,
            files=files or [],
            next_in_s=next_in_s,
            seconds_left=self._seconds_left(),
            error_detail=error.message if error else None,
            request_id=self._request_id,
        )
        self._publisher.publish(SERIES_PROGRESS, progress, topic="job", requester=self._requester, error=error)

    def _taken(self, message: str) -> SeriesResult:
        files = [file for index in sorted(self._files) for file in self._files[index]]
        return SeriesResult(
            message=message,
            job_id=self.job_id,
            image_count=len(self._files),
            files=files,
            warnings=[*self._late_rounds(), *self._warnings],
        )

    def _late_rounds(self) -> list[str]:
        if not self._late:
            return []
        sentence = f"{len(self._late)} of {self._plan.count} rounds began late, by {max(self._late.values()):.1f} s"
        return [f"{sentence} at most; a round may need more than the interval of {self._plan.interval_s:g} s."]

    def _begun(self) -> int:
        return sum(step.state not in {StepState.PENDING, StepState.SKIPPED} for step in self._steps.values())

    def _seconds_left(self) -> float | None:
        if not self.running or (self._exposure_s is None and not self._plan.interval_s):
            return None
        left = [
            self._plan.round_of(step)
            for step in self._steps.values()
            if step.state in {StepState.PENDING, StepState.RUNNING}
        ]
        return self._timetable.seconds_left(
            asyncio.get_running_loop().time(),
            exposure_s=self._exposure_s or 0.0,
            this_round=left.count(self._round),
            rounds=len({*left} - {self._round}),
            per_round=self._plan.per_round,
        )

    def snapshot(self) -> Job:
        """Return the job as messages carry it."""
        return Job(
            job_id=self.job_id,
            kind="series",
            state=self.state,
            camera_id=self.camera_id,
            index=self._begun(),
            total=self._plan.exposures,
            steps=list(self._steps.values()),
            started_at=self._started_at,
            finished_at=self._finished_at,
            seconds_left=self._seconds_left(),
            error=self._outcome.error,
            error_code=self._outcome.code,
            hint=self.hint,
        )
