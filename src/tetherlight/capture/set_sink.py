"""A plan whose pictures fill the folder of an image set, with a manifest that tells at any time how far it is."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

from tetherlight.camera.camera import Camera
from tetherlight.camera.exposure import Exposure, SavedFile
from tetherlight.capture.axes.settings import held_seconds
from tetherlight.capture.patience import PATIENCE_S
from tetherlight.capture.sink import Shot, Sink
from tetherlight.collection.set_changes import SetChanges
from tetherlight.errors import ImageUnreadable, JobConflict, SetNotFound, TetherlightError
from tetherlight.photometric.checks import Brightness, brightness_of, missing_light
from tetherlight.protocol.events import PHOTOMETRIC_PROGRESS, PhotometricProgress
from tetherlight.protocol.manifest import LIGHT, FileRecord, StepRecord
from tetherlight.protocol.messages import RequestId
from tetherlight.protocol.models import JobState, StepState
from tetherlight.protocol.sets import PhotometricSetResult
from tetherlight.publisher import Publisher
from tetherlight.store.drawing import Costly, levels_of
from tetherlight.store.exif import drift, exif_of
from tetherlight.store.store import Store

logger = logging.getLogger(__name__)

LEVELS = "tetherlight.store.drawing:levels_apart"


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
        requester: str | None = None,
        request_id: RequestId = None,
    ) -> None:
        self._store = store
        self._publisher = publisher
        self._set_changes = set_changes
        self._requester = requester
        self._request_id = request_id
        self._ambient: dict[int, Brightness] = {}

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

    async def take(self, camera: Camera, step: StepRecord, exposed: Callable[[], None]) -> Shot:
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
            )
        except asyncio.CancelledError:
            wanted = False
            raise
        return Shot(_records(exposure.files), exposure.captured_at, exposure)

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
        warnings = (*done.warnings, *found, *await self._without_light(done))
        return done.model_copy(update={"exposure": planned | facts, "warnings": warnings})

    async def _without_light(self, done: StepRecord) -> list[str]:
        """Return a sentence where a step's image does not show its light."""
        if done.light is None or done.image is None:
            return []
        folder = await asyncio.to_thread(self._store.places.set_folder, self.name)
        try:
            ambient = await self._ambient_for(done, folder)
            if ambient is None and self.host.plan.varies_exposure:
                return []  # a dark frame may be meant
            missing = missing_light(await self._brightness(folder / done.image.filename), ambient)
        except ImageUnreadable as error:
            logger.warning("Whether %s shows its light is not known: %s", done.image.filename, error.message)
            return []
        return [missing] if missing else []

    async def _ambient_for(self, done: StepRecord, folder: Path) -> Brightness | None:
        """Return how bright the frame without light is that has the other values of a step."""
        wanted = {**done.at, LIGHT: None}
        step = next((one for one in self.host.manifest.steps if one.light is None and one.at == wanted), None)
        if step is None or step.state is not StepState.DONE or step.image is None:
            return None
        if step.index not in self._ambient:
            self._ambient[step.index] = await self._brightness(folder / step.image.filename)
        return self._ambient[step.index]

    async def _compared(
        self, planned: Mapping[str, Any], exposure: Exposure | None
    ) -> tuple[dict[str, Any], list[str]]:
        """Return what the picture says of its own exposure, and a sentence for each value that was not planned."""
        if exposure is None or not exposure.files:
            return {}, []
        try:
            facts = await exif_of(exposure.files[0].path, self._store.places.captures_dir, self._store.apart)
        except ImageUnreadable as error:
            return {}, [error.message]
        found = {"exposure_time_s": facts.exposure_time_s, "f_number": facts.f_number, "iso_speed": facts.iso}
        return {name: value for name, value in found.items() if value is not None}, drift(planned, facts)

    async def _brightness(self, path: Path) -> Brightness:
        within = self._store.places.captures_dir
        try:
            levels = await asyncio.to_thread(levels_of, path, within)
        except Costly:
            levels = await self._store.apart.ask(LEVELS, path, within)
        return brightness_of(levels)

    # What is kept and told

    async def record(self, step: StepRecord, *, visit: bool, error: TetherlightError | None) -> None:
        """Write the manifest and tell the step."""
        if step.state is StepState.RUNNING and visit:
            self._progress(self._status("processing", step), step)
        await self.write()
        if step.state is StepState.DONE:
            self._ambient.pop(step.index, None)
            self._progress(self._status("captured", step), step)
            self._store.space.taken(sum(file.size for file in step.files))
            await self._set_changes.tell(self.name, "updated")
        elif step.state is StepState.FAILED:
            self._progress(self._status("error_processing", step), step, error)
        self.host.publish()

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
        self._tell(self._told(status, number, light=step.light, detail=detail), error)

    def _told(self, status: str, index: int, *, light: str | None, detail: str | None) -> PhotometricProgress:
        return PhotometricProgress(
            status=status,
            current_light=light,
            set_folder=self.folder,
            error_detail=detail,
            job_id=self.host.job_id,
            index=index,
            total=sum(not self._is_ambient(step) for step in self.host.manifest.steps),
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
        done = [step for step in steps if step.state is StepState.DONE and not self._is_ambient(step)]
        images = [self._path(step.image.filename) for step in done if step.image is not None]
        told = [f"{self.host.plan.label(step.at)}: {warning}" for step in done for warning in step.warnings]
        return PhotometricSetResult(
            message=message,
            set_folder=self.folder,
            image_count=len(images),
            images_captured=images,
            job_id=self.host.job_id,
            warnings=[*told, *self.host.manifest.warnings],
        )


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
