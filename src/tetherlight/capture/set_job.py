"""A photometric set as a job: runs, pauses, is resumed, ends, and always says so on disk."""

import asyncio
import logging
from datetime import UTC, datetime

from tetherlight.camera.camera import Camera
from tetherlight.capture.sequence import Sequence, StepFailed
from tetherlight.collection.set_changes import SetChanges
from tetherlight.errors import JobConflict, SequenceFailed, SetNotFound, TetherlightError
from tetherlight.jobs import claims
from tetherlight.jobs.claims import Grant
from tetherlight.jobs.job import Outcome, RigJob
from tetherlight.lights.lights import Lights
from tetherlight.manifest import Manifest, StepRecord
from tetherlight.models import Job, JobState, JobStep, StepState
from tetherlight.protocol.events import JOB_CHANGED, PHOTOMETRIC_PROGRESS, PhotometricProgress
from tetherlight.protocol.messages import RequestId
from tetherlight.protocol.sets import PhotometricSetResult
from tetherlight.publisher import Publisher
from tetherlight.store.store import Store

logger = logging.getLogger(__name__)


class SetJob(RigJob):
    """The sequence of one image set, whose manifest tells at any time how far it is."""

    set_name: str

    def __init__(
        self,
        set_name: str,
        manifest: Manifest,
        lights: Lights,
        store: Store,
        publisher: Publisher,
        *,
        set_changes: SetChanges,
        requester: str | None = None,
        request_id: RequestId = None,
    ) -> None:
        self.camera_id = manifest.camera.camera_id if manifest.camera else None
        super().__init__(
            manifest.job_id or f"set-{set_name}",
            manifest.status if isinstance(manifest.status, JobState) else JobState.INTERRUPTED,
            {claims.camera(self.camera_id), claims.LIGHTS},
        )
        self.set_name = set_name
        self.manifest = manifest
        self._lights = lights
        self._store = store
        self._publisher = publisher
        self._set_changes = set_changes
        self._requester = requester
        self._request_id = request_id
        self._sequence: Sequence | None = None
        self._holds = False
        self._recording = asyncio.Lock()
        self._seconds_per_step: float | None = None
        self._last_step_at = 0.0

    @property
    def set_folder(self) -> str:
        """The set's folder relative to CAPTURES_BASE_DIR."""
        return self._store.relative(self._store.places.sets_dir / self.set_name)

    async def check(self, grant: Grant) -> None:  # noqa: ARG002 - a set takes any camera settings
        """Make sure that the lights and the set's folder are still there."""
        await self._lights.settled()
        for light in {step.light for step in self.manifest.steps if step.light is not None}:
            self._lights.light(light)
        try:
            await asyncio.to_thread(self._store.set_folder, self.set_name)
        except SetNotFound as error:
            raise JobConflict(f"The set of job '{self.job_id}' is gone.") from error

    async def result(self) -> PhotometricSetResult:
        """Wait for the end and return what was captured; raise SequenceFailed with the partial result."""
        await self._ended.wait()
        if self.state is JobState.COMPLETED:
            return self._partial("Photometric sequence completed successfully.")
        cause = self.manifest.error or "The sequence was cancelled."
        sentence = f"Photometric sequence failed: {cause}"
        raise SequenceFailed(
            sentence, hint=self.hint, details={"job_id": self.job_id, "cause": self.manifest.error_code},
            data=self._partial(sentence),
        )  # fmt: skip

    async def record(self, step: StepRecord) -> None:
        """Put a step into the manifest and tell who listens; called by the sequence."""
        async with self._recording:
            await self._record(step)

    async def _record(self, step: StepRecord) -> None:
        self.manifest = self.manifest.with_step(step)
        if step.state is StepState.RUNNING:
            self._progress(_begins(step, self._total), step)
        elif step.state is StepState.DONE:
            self._measure()
        await self._write()
        if step.state is StepState.DONE:
            self._progress(_captured(step, self._total), step)
            self._store.exposure_arrived(sum(file.size for file in step.files))
            await self._set_changes.tell(self.set_name, "updated")
        elif step.state is StepState.FAILED:
            cause = TetherlightError(step.error or "The step failed.")
            self._progress(f"error_processing_light_{step.index}", step, cause)
        self._publish()

    def _begin(self) -> None:
        self._hold()
        self._last_step_at = asyncio.get_running_loop().time()
        self.manifest = self.manifest.model_copy(update={"finished_at": None, "error": None, "error_code": None})
        self._enter(JobState.RUNNING)

    def _break_off(self) -> None:
        if self._sequence is not None:
            self._sequence.stop()

    async def _work(self, grant: Grant) -> Outcome:
        try:
            async with self._lights.off_after():
                return Outcome(await self._run_steps(grant.camera))
        except StepFailed as failure:
            paused = self.manifest.plan is not None and self.manifest.plan.on_failure == "pause"
            state = JobState.PAUSED if paused else JobState.FAILED
            return Outcome.of(failure.cause, state=state, sentence=_sentence(failure))
        finally:
            self._sequence = None

    async def _run_steps(self, camera: Camera) -> JobState:
        folder = self._store.set_folder(self.set_name)
        self._sequence = Sequence(self, folder, camera, self._lights, self.job_id)
        if self._wish is not None:
            self._sequence.stop()
        await self._sequence.run()
        if all(step.state in {StepState.DONE, StepState.SKIPPED} for step in self.manifest.steps):
            return JobState.COMPLETED
        return JobState.PAUSED if self._wish == "pause" else JobState.CANCELLED

    async def _set_steps(self, indexes: frozenset[int], state: StepState) -> None:
        for step in self.manifest.steps:
            if step.index in indexes:
                self.manifest = self.manifest.with_step(step.model_copy(update={"state": state}))
        await self._write()
        self._publish()

    async def _close(self, outcome: Outcome) -> None:
        if outcome.state is JobState.INTERRUPTED:
            self.manifest = self.manifest.interrupted()
        ended = None if outcome.state is JobState.PAUSED else datetime.now(UTC)
        told = {"finished_at": ended, "error": outcome.error, "error_code": outcome.code}
        self.manifest = self.manifest.model_copy(update=told)
        self._enter(outcome.state)
        try:
            await self._write()
        except TetherlightError as failure:
            logger.error("The manifest of '%s' could not be closed: %s", self.set_name, failure.message)  # noqa: TRY400
        if outcome.state is JobState.PAUSED:
            self._tell_paused(outcome.error)
        self._publish()
        await self._set_changes.tell(self.set_name, "updated")

    def _hold(self) -> None:
        """Keep the set from being deleted or renamed until the job has ended, also while it is paused."""
        if not self._holds:
            self._held.enter_context(self._store.hold(self.set_name, self.job_id))
            self._held.callback(setattr, self, "_holds", False)
            self._holds = True

    def _measure(self) -> None:
        now = asyncio.get_running_loop().time()
        took, self._last_step_at = now - self._last_step_at, now
        known = self._seconds_per_step
        self._seconds_per_step = took if known is None else 0.5 * (known + took)

    def _enter(self, state: JobState) -> None:
        self.state = state
        self.manifest = self.manifest.model_copy(update={"status": state})

    async def _write(self) -> None:
        await asyncio.to_thread(self._store.write_manifest, self.set_name, self.manifest)

    @property
    def _total(self) -> int:
        return sum(step.light is not None for step in self.manifest.steps)

    def _progress(self, status: str, step: StepRecord, error: TetherlightError | None = None) -> None:
        detail = error.message if error else None
        self._tell(self._told(status, step.index, light=step.light, detail=detail), error)

    def _tell_paused(self, cause: str | None) -> None:
        """Say that nothing more comes until the job is resumed: the reply to the request waits for its end."""
        self._tell(self._told("paused", self.snapshot().index, light=None, detail=cause))

    def _told(self, status: str, index: int, *, light: str | None, detail: str | None) -> PhotometricProgress:
        return PhotometricProgress(
            status=status,
            current_light=light,
            set_folder=self.set_folder,
            error_detail=detail,
            job_id=self.job_id,
            index=index,
            total=self._total,
            request_id=self._request_id,
        )

    def _tell(self, progress: PhotometricProgress, error: TetherlightError | None = None) -> None:
        self._publisher.publish(PHOTOMETRIC_PROGRESS, progress, topic="job", requester=self._requester, error=error)

    def _publish(self) -> None:
        self._publisher.publish(JOB_CHANGED, self.snapshot())

    def _path(self, filename: str) -> str:
        return f"{self.set_folder}/{filename}"

    def _partial(self, message: str) -> PhotometricSetResult:
        lit = [step for step in self.manifest.steps if step.light is not None and step.state is StepState.DONE]
        images = [self._path(step.image.filename) for step in lit if step.image is not None]
        return PhotometricSetResult(
            message=message,
            set_folder=self.set_folder,
            image_count=len(images),
            images_captured=images,
            job_id=self.job_id,
            warnings=[f"{step.light}: {warning}" for step in lit for warning in step.warnings],
        )

    def snapshot(self) -> Job:
        """Return the job as messages carry it."""
        steps = self.manifest.steps
        running = next((step for step in reversed(steps) if step.state is StepState.RUNNING), None)
        begun = [s for s in steps if s.light is not None and s.state not in {StepState.PENDING, StepState.SKIPPED}]
        left = sum(step.state in {StepState.PENDING, StepState.RUNNING} for step in steps)
        estimate = self._seconds_per_step * left if self._seconds_per_step is not None and self.running else None
        return Job(
            job_id=self.job_id,
            state=self.state,
            camera_id=self.camera_id,
            set_name=self.set_name,
            set_folder=self.set_folder,
            index=len(begun),
            total=self._total,
            current_light=running.light if running else None,
            steps=[self._job_step(step) for step in steps],
            started_at=self.manifest.started_at or datetime.now(UTC),
            finished_at=self.manifest.finished_at,
            seconds_left=estimate,
            error=self.manifest.error,
            error_code=self.manifest.error_code,
            hint=self.hint,
        )

    def _job_step(self, step: StepRecord) -> JobStep:
        return JobStep(
            index=step.index,
            light=step.light,
            # What a newer version did with a step is no work of ours.
            state=step.state if isinstance(step.state, StepState) else StepState.SKIPPED,
            files=[self._path(file.filename) for file in step.files],
            error=step.error,
            warning=" ".join(step.warnings) or None,
        )


def _begins(step: StepRecord, total: int) -> str:
    return "processing_ambient" if step.light is None else f"processing_light_{step.index}_of_{total}"


def _captured(step: StepRecord, total: int) -> str:
    return "captured_ambient" if step.light is None else f"captured_light_{step.index}_of_{total}"


def _sentence(failure: StepFailed) -> str:
    what = "ambient frame" if failure.step.light is None else f"image for light: {failure.step.light}"
    return f"Failed to capture {what}. {failure.cause.message}"
