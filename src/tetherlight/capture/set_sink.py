"""A plan whose pictures fill the folder of an image set, with a manifest that tells at any time how far it is."""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from tetherlight.camera.camera import Camera
from tetherlight.camera.exposure import Exposure, SavedFile
from tetherlight.capture.axes.axis import Stage
from tetherlight.capture.axes.light import LightAxis
from tetherlight.capture.axes.settings import held_seconds
from tetherlight.capture.burst import Burst, BurstFrame
from tetherlight.capture.checking import FrameChecks, group_of
from tetherlight.capture.firing import Firing, check_lines, fired_by_lines
from tetherlight.capture.metering import Metering
from tetherlight.capture.patience import PATIENCE_S
from tetherlight.capture.sink import Keep, Shot, Sink, findings_of
from tetherlight.collection.set_changes import SetChanges
from tetherlight.errors import (
    CaptureFailed,
    ImageUnreadable,
    JobConflict,
    SetNotFound,
    SyncLate,
    SyncMismatch,
    SyncMissing,
    TetherlightError,
    TriggerMissed,
)
from tetherlight.protocol.events import PHOTOMETRIC_PROGRESS, PhotometricProgress
from tetherlight.protocol.manifest import FileRecord, FindingRecord, MeteredRecord, StepRecord
from tetherlight.protocol.messages import RequestId
from tetherlight.protocol.models import FrameFinding, JobState, StepState
from tetherlight.protocol.sets import FrameToCheck, PhotometricSetResult
from tetherlight.publisher import Publisher
from tetherlight.store.exif import TOLERANCE_STOPS, Drift, drift, exif_of
from tetherlight.store.store import Store
from tetherlight.triggers.triggers import Triggers

logger = logging.getLogger(__name__)

DRIFT = "exposure_drift"
OWN = frozenset({DRIFT, SyncMissing.code, SyncLate.code, SyncMismatch.code})
"""What is found as a frame is taken, and not by its checks."""
NO_CONTACT = "Look at the cable and the opto-coupler of its line; a body that is asleep may need its half press."
RETAKEN = frozenset({"light_missing", "duplicate_frame"})
"""What may be better at once when the frame is taken again."""


class SetSink(Sink[PhotometricSetResult]):
    """One folder, one manifest, `photometric_progress`."""

    kind = "photometric_set"
    holds_exposure = True
    overlaps = True

    def __init__(
        self,
        store: Store,
        publisher: Publisher,
        set_changes: SetChanges,
        *,
        triggers: Triggers,
        requester: str | None = None,
        request_id: RequestId = None,
    ) -> None:
        self._store = store
        self._triggers = triggers
        self._publisher = publisher
        self._set_changes = set_changes
        self._requester = requester
        self._request_id = request_id
        self._checks: FrameChecks | None = None
        self._groups: set[str] = set()
        """Of which frames were looked at, those of an earlier run included."""
        self._retaking: frozenset[int] = frozenset()

    @property
    def name(self) -> str:
        """The set's name."""
        return self.host.set_name or ""

    @property
    def folder(self) -> str:
        """The set's folder relative to CAPTURES_BASE_DIR."""
        return str(self._store.places.relative(self._store.places.sets_dir / self.name))

    async def check(self, left: int) -> None:  # noqa: ARG002 - the room was looked for when it began
        """Make sure that the set's folder is still there."""
        try:
            await asyncio.to_thread(self._store.places.set_folder, self.name)
        except SetNotFound as error:
            raise JobConflict(f"The set of job '{self.host.job_id}' is gone.") from error

    def hold(self) -> AbstractContextManager[None]:
        """Keep the set from being deleted or renamed."""
        return self._store.sets.hold(self.name, self.host.job_id)

    # The pictures

    def firing(self, cameras: Sequence[Camera]) -> Firing | None:
        """Return what releases these cameras, where lines do that in this set."""
        return Firing(self._triggers, cameras) if fired_by_lines(self.host.manifest.plan) else None

    def check_lines(self, cameras: Sequence[Camera]) -> None:
        """Raise TriggerMissing where lines shall fire cameras that they do not."""
        check_lines(self._triggers, self.host.manifest.plan, cameras)

    async def take(
        self, camera: Camera, step: StepRecord, exposed: Callable[[], None], firing: Firing | None = None
    ) -> Shot:
        """Take a picture into the folder, in the place of one that the step had before."""
        wanted = True

        def over() -> None:
            if not wanted:
                # The lamps went off in the middle of the exposure. On its card it is, and no step would have it.
                raise JobConflict(f"The run of job '{self.host.job_id}' has ended.")
            exposed()

        try:
            exposure = await camera.capture(
                self._store.places.set_folder(self.name),
                self.host.plan.stem(step.index),
                owner=self.host.job_id,
                replace=[file.filename for file in step.files],
                exposed=over,
                exposure_s=held_seconds(step.at),
                patience=PATIENCE_S,
                late=partial(self._came_late, step.index),
                start=None if firing is None else firing.start(camera),
            )
        except asyncio.CancelledError:
            wanted = False
            raise
        except CaptureFailed as error:
            if firing is None or not firing.released or type(error) is not CaptureFailed:
                raise
            raise TriggerMissed(error.message, hint=NO_CONTACT, details=error.details) from None
        shot = Shot(_records(exposure.files), exposure.captured_at, exposure)
        return shot if firing is None else replace(shot, trigger="line", exposure_id=firing.exposure_id)

    def burst(
        self, stage: Stage, steps: Sequence[StepRecord], lit_at: datetime | None, stop: asyncio.Event
    ) -> Burst | None:
        """Return the burst by which these steps are taken; None where this set has none."""
        axis = next((one for one in self.host.plan.axes if isinstance(one, LightAxis)), None)
        record = self.host.manifest.plan
        if axis is None or record is None or record.trigger != "burst":
            return None
        return Burst(self._triggers, stage, axis, steps, lit_at=lit_at, stop=stop)

    async def take_burst(self, camera: Camera, burst: Burst, keep: Keep) -> None:
        """Take the pictures of a burst into the folder, when all are exposed."""
        made: list[int] = []

        async def hold(shutter_s: float) -> int:
            made.append(await burst.hold(shutter_s))
            return made[0]

        patience = self._triggers.patience([camera.camera_id])[camera.camera_id]
        exposures = await camera.burst(hold, patience=patience, owner=self.host.job_id)
        mine = burst.assigned(exposures, made[0])
        known = [files for _, files in mine]
        camera.disown([files for files in exposures if files not in known])
        keeping: asyncio.Task[None] | None = None
        try:
            for frame, files in mine:
                shot = await self._brought(camera, frame, files, burst.exposure_id)
                if keeping is not None:
                    await keeping
                # While the next one travels.
                keeping = asyncio.create_task(_kept(keep, frame, shot))
        finally:
            if keeping is not None:
                await keeping

    async def _brought(self, camera: Camera, frame: BurstFrame, files: tuple[str, ...], exposure_id: str) -> Shot:
        """Download a frame of a burst, in the place of one that its step had before."""
        step = frame.step
        assert step is not None, "frames that are nobody's are not brought"  # noqa: S101
        folder, stem = self._store.places.set_folder(self.name), self.host.plan.stem(step.index)
        saved = await camera.download(
            files,
            folder,
            stem,
            owner=self.host.job_id,
            replace=[file.filename for file in step.files],
            late=partial(self._came_late, step.index),
        )
        exposure = Exposure(saved, files, frame.opened_at)
        return Shot(_records(saved), frame.opened_at, exposure, "burst", exposure_id)

    async def _came_late(self, index: int, saved: Sequence[SavedFile]) -> None:
        self._store.space.taken(sum(file.size for file in saved))
        await self.host.add_files(index, _records(saved))
        await self._set_changes.tell(self.name, "updated")

    async def judged(self, done: StepRecord, shot: Shot) -> StepRecord:
        """Return the step with the exposure of its picture, and warnings where that or its light is not as planned."""
        record = self.host.manifest.plan
        planned: dict[str, Any] = dict(self.host.plan.locked(done.at, record)) if record else {}
        if (seconds := held_seconds(done.at)) is not None:
            planned["shutterspeed"] = f"{seconds:g}"
        facts, found = await self._compared(planned, shot.exposure)
        drifted = tuple(
            FindingRecord(code=DRIFT, message=said)
            if stops is None
            else FindingRecord(code=DRIFT, message=said, figure=stops, limit=TOLERANCE_STOPS, unit="stops")
            for said, stops in found
        )
        warnings = (*done.warnings, *(one.sentence for one in found))
        return done.model_copy(update={"exposure": planned | facts, "warnings": warnings, "findings": drifted})

    async def _compared(
        self, planned: Mapping[str, Any], exposure: Exposure | None
    ) -> tuple[dict[str, Any], list[Drift]]:
        """Return what the picture says of its own exposure, and each value that was not planned."""
        if exposure is None or not exposure.files:
            return {}, []
        try:
            facts = await exif_of(exposure.files[0].path, self._store.places.captures_dir, self._store.apart)
        except ImageUnreadable as error:
            return {}, [Drift(error.message)]
        found = {"exposure_time_s": facts.exposure_time_s, "f_number": facts.f_number, "iso_speed": facts.iso}
        return {name: value for name, value in found.items() if value is not None}, drift(planned, facts)

    # What is kept and told

    async def record(self, step: StepRecord, *, visit: bool, error: TetherlightError | None) -> None:
        """Write the manifest and tell the step."""
        if step.state is StepState.RUNNING and visit:
            self._progress(self._status("retaking" if step.index in self._retaking else "processing", step), step)
        await self.write()
        if step.state is StepState.DONE:
            self._progress(self._status("retaken" if step.index in self._retaking else "captured", step), step)
            self._store.space.taken(sum(file.size for file in step.files))
            await self._set_changes.tell(self.name, "updated")
            await self._look(step)
        elif step.state is StepState.FAILED:
            self._progress(self._status("error_processing", step), step, error)
        self.host.publish()

    async def meter(self, stage: Stage) -> tuple[MeteredRecord, ...] | None:
        """Find the exposure of the plan's lights, and tell it."""
        plan = self.host.plan
        names = list(dict.fromkeys(step.light for step in self.host.manifest.steps if step.light is not None))

        def told(number: int, found: MeteredRecord | None) -> None:
            verb = "metering" if found is None else "metered"
            told = self._told(f"{verb}_light_{number}_of_{len(names)}", 0, light=names[number - 1], detail=None)
            self._tell(told.model_copy(update={"shutterspeed": found.shutterspeed if found else None}))

        return await Metering(plan, stage, self._store, told, shared=stage.plan.metering == "set").run()

    # Checks, beside the capture

    async def _look(self, step: StepRecord) -> None:
        """Let a frame be checked, and those of an earlier run that nobody has looked at since the server started."""
        if not self.host.plan.uses_lights:
            return
        folder = await asyncio.to_thread(self._store.places.set_folder, self.name)
        if self._checks is None:
            self._checks = FrameChecks(self._store, self._found, bracketed=self.host.plan.varies_exposure)
        if (group := group_of(step)) not in self._groups:
            self._groups.add(group)
            for known in self.host.manifest.steps:
                if known.state is StepState.DONE and known.index != step.index and group_of(known) == group:
                    self._checks.look(known, folder, self.host.plan.label(known.at))
        self._checks.look(step, folder, self.host.plan.label(step.at))

    async def _found(self, index: int, filename: str, findings: Sequence[FindingRecord]) -> None:
        """Keep and tell what a frame's check has found."""

        def with_findings(step: StepRecord) -> StepRecord:
            if step.image is None or step.image.filename != filename:
                return step  # another frame is there by now
            own = tuple(one for one in step.findings if one.code in OWN)
            former = {one.message for one in step.findings if one.code not in OWN}
            warnings = (*(one for one in step.warnings if one not in former), *(one.message for one in findings))
            return step.model_copy(update={"findings": (*own, *findings), "warnings": warnings})

        step = await self.host.amend(index, with_findings)
        if findings and step.state is StepState.DONE:
            self._progress(self._status("suspect", step), step)

    async def suspects(self, among: Collection[int]) -> Collection[int]:
        """Wait for the checks; return the steps whose frames do not show their light, or are copies of others."""
        await self.checked(whole=True)
        steps = [step for step in self.host.manifest.steps if step.index in among and step.state is StepState.DONE]
        self._retaking = frozenset(step.index for step in steps if any(one.code in RETAKEN for one in step.findings))
        return self._retaking

    async def checked(self, *, whole: bool) -> None:
        """Wait until every frame was checked, or where that is not wanted until none is any more."""
        self._retaking = frozenset()
        if self._checks is not None:
            await (self._checks.finish() if whole else self._checks.give_up())

    async def write(self) -> None:
        """Write the manifest."""
        await asyncio.to_thread(self._store.sets.write_manifest, self.name, self.host.manifest)

    async def closed(self, cause: str | None) -> None:
        """Write and tell that the run has ended."""
        try:
            await self.write()
        except TetherlightError as failure:
            logger.error("The manifest of '%s' could not be closed: %s", self.name, failure.message)  # noqa: TRY400
        job = self.host.snapshot()
        if job.state is JobState.PAUSED:
            # Nothing more comes until the job is resumed: the reply to the request waits for its end.
            self._tell(self._told("paused", job.index, light=None, detail=cause))
        self.host.publish()
        await self._set_changes.tell(self.name, "updated")

    def waiting(self, seconds: float) -> None:  # noqa: ARG002 - the job tells when it will be done
        """Tell the time that is left."""
        self.host.publish()

    def _status(self, verb: str, step: StepRecord) -> str:
        visits = self.host.plan.visits
        what = "light" if self.host.plan.uses_lights else "step"
        if verb == "error_processing":
            return f"{verb}_{what}_{visits[step.index]}"
        if self._is_ambient(step):
            return f"{verb}_ambient"
        return f"{verb}_{what}_{visits[step.index]}_of_{max(visits.values())}"

    def _is_ambient(self, step: StepRecord) -> bool:
        return self.host.plan.uses_lights and step.light is None

    def _progress(self, status: str, step: StepRecord, error: TetherlightError | None = None) -> None:
        counted = [one.index for one in self.host.manifest.steps if not self._is_ambient(one)]
        number = 0 if self._is_ambient(step) else counted.index(step.index) + 1
        detail = error.message if error else None
        findings = findings_of(step) if step.state is StepState.DONE else ()
        self._tell(self._told(status, number, light=step.light, detail=detail, findings=findings), error)

    def _told(
        self, status: str, index: int, *, light: str | None, detail: str | None, findings: Sequence[FrameFinding] = ()
    ) -> PhotometricProgress:
        return PhotometricProgress(
            status=status,
            current_light=light,
            set_folder=self.folder,
            error_detail=detail,
            job_id=self.host.job_id,
            index=index,
            total=sum(not self._is_ambient(step) for step in self.host.manifest.steps),
            findings=list(findings),
            request_id=self._request_id,
        )

    def _tell(self, progress: PhotometricProgress, error: TetherlightError | None = None) -> None:
        self._publisher.publish(PHOTOMETRIC_PROGRESS, progress, topic="job", requester=self._requester, error=error)

    def sentence(self, step: StepRecord) -> str:
        """Say which frame failed."""
        if self._is_ambient(step) and len(step.at) <= 1:
            return "Failed to capture ambient frame."
        label = self.host.plan.label(step.at)
        what = f"image for light: {label}" if step.light is not None else f"image: {label}"
        return f"Failed to capture {what}."

    def files(self, step: StepRecord) -> list[str]:
        """Return the paths of a step's files."""
        return [self._path(file.filename) for file in step.files]

    def _path(self, filename: str) -> str:
        return f"{self.folder}/{filename}"

    def taken(self) -> PhotometricSetResult:
        """Return what was captured."""
        return self._result("Photometric sequence completed successfully.")

    def failed(self) -> PhotometricSetResult:
        """Return what was captured of a set that was not completed."""
        cause = self.host.manifest.error or "The sequence was cancelled."
        return self._result(f"Photometric sequence failed: {cause}")

    def _result(self, message: str) -> PhotometricSetResult:
        steps = self.host.manifest.steps
        done = [step for step in steps if step.state is StepState.DONE]
        counted = [step.image for step in done if not self._is_ambient(step)]
        images = [self._path(image.filename) for image in counted if image is not None]
        told = [f"{self.host.plan.label(step.at)}: {warning}" for step in done for warning in step.warnings]
        return PhotometricSetResult(
            message=message,
            set_folder=self.folder,
            image_count=len(images),
            images_captured=images,
            job_id=self.host.job_id,
            warnings=[*told, *self.host.manifest.warnings],
            frames_to_check=[self._to_check(step) for step in done if step.findings],
        )

    def _to_check(self, step: StepRecord) -> FrameToCheck:
        image = self._path(step.image.filename) if step.image is not None else None
        return FrameToCheck(index=step.index, light=step.light, image=image, findings=findings_of(step))


async def _kept(keep: Keep, frame: BurstFrame, shot: Shot) -> None:
    await keep(frame, shot)


def _records(files: Sequence[SavedFile]) -> tuple[FileRecord, ...]:
    return tuple(
        FileRecord(
            filename=file.path.name,
            size=file.size,
            sha256=file.sha256,
            mimetype=file.mimetype,
            camera_name=file.camera_name,
        )
        for file in files
    )
