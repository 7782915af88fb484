"""A plan whose pictures are single captures: a burst, one every so many seconds, a bracket."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from tetherlight.camera.camera import Camera
from tetherlight.capture.axes.settings import held_seconds
from tetherlight.capture.firing import Firing
from tetherlight.capture.patience import PATIENCE_S
from tetherlight.capture.plan import bracketed
from tetherlight.capture.single import Captures
from tetherlight.capture.sink import Shot, Sink
from tetherlight.errors import TetherlightError
from tetherlight.protocol.captures import SeriesResult
from tetherlight.protocol.events import SERIES_PROGRESS, SeriesProgress, SeriesStatus
from tetherlight.protocol.manifest import FileRecord, StepRecord
from tetherlight.protocol.messages import RequestId
from tetherlight.protocol.models import ImageFile, JobState, StepState
from tetherlight.publisher import Publisher
from tetherlight.store.store import Store


class SinglesSink(Sink[SeriesResult]):
    """Files in the captures folder, no manifest, `series_progress`.

    In the gaps of an interval the live view runs, but others' settings and captures stay refused: what lies between
    two frames of a time-lapse shows in it. Who wants to change something pauses the job.
    """

    kind = "series"
    holds_exposure = False
    overlaps = False

    def __init__(
        self,
        captures: Captures,
        store: Store,
        publisher: Publisher,
        *,
        requester: str | None = None,
        request_id: RequestId = None,
    ) -> None:
        self._captures = captures
        self._store = store
        self._publisher = publisher
        self._requester = requester
        self._request_id = request_id
        self._images: dict[int, list[ImageFile]] = {}

    async def check(self, left: int) -> None:
        """Make sure that the disk has room for every image."""
        await asyncio.to_thread(self._store.require_room, left)

    async def take(
        self,
        camera: Camera,
        step: StepRecord,
        exposed: Callable[[], None],  # noqa: ARG002 - nothing overlaps here
        firing: Firing | None = None,  # noqa: ARG002 - a series has no lines
    ) -> Shot:
        """Take a picture into the captures folder."""
        shot = await self._captures.capture(
            camera,
            download=True,
            exposure_s=held_seconds(step.at),
            owner=self.host.job_id,
            patience=PATIENCE_S,
            late=partial(self._came_late, step.index),
        )
        self._images[step.index] = shot.files
        return Shot(_records(shot.files), shot.captured_at)

    async def _came_late(self, index: int, files: Sequence[ImageFile]) -> None:
        self._images[index] = [*self._images.get(index, ()), *files]
        await self.host.add_files(index, _records(files))

    async def record(
        self,
        step: StepRecord,
        *,
        visit: bool,  # noqa: ARG002 - each step is told
        error: TetherlightError | None,
    ) -> None:
        """Tell the step."""
        self.host.publish()
        if step.state is StepState.RUNNING:
            self._tell("capturing", step)
        elif step.state is StepState.DONE:
            self._tell("captured", step, files=self._images[step.index])
        elif step.state is StepState.FAILED:
            self._tell("failed", step, error=error)

    async def closed(self, cause: str | None) -> None:  # noqa: ARG002 - the failed step told it
        """Tell that the run has ended."""
        self.host.publish()
        if self.host.snapshot().state is JobState.PAUSED:
            self._tell("paused")

    def waiting(self, seconds: float) -> None:
        """Tell when the next round begins."""
        self.host.publish()
        self._tell("waiting", next_in_s=seconds)

    def _tell(
        self,
        status: SeriesStatus,
        step: StepRecord | None = None,
        *,
        files: list[ImageFile] | None = None,
        error: TetherlightError | None = None,
        next_in_s: float | None = None,
    ) -> None:
        job = self.host.snapshot()
        progress = SeriesProgress(
            status=status,
            job_id=job.job_id,
            index=step.index if step else job.index,
            total=job.total,
            value=bracketed(step.at) if step else None,
            files=files or [],
            next_in_s=next_in_s,
            seconds_left=job.seconds_left,
            error_detail=error.message if error else None,
            request_id=self._request_id,
        )
        self._publisher.publish(SERIES_PROGRESS, progress, topic="job", requester=self._requester, error=error)

    def sentence(self, step: StepRecord) -> str:
        """Say which exposure failed."""
        labels = self.host.plan.label(
            {name: value for name, value in step.at.items() if name not in {"time", "repeat"}}
        )
        value = f" with {labels}" if labels != "image" else ""
        return f"Failed to capture image {step.index} of {len(self.host.manifest.steps)}{value}."

    def files(self, step: StepRecord) -> list[str]:
        """Return the paths of a step's files."""
        return [file.path for file in self._images.get(step.index, [])] if step.files else []

    def taken(self) -> SeriesResult:
        """Return what was captured."""
        return self._result(f"Series of {len(self._done)} images completed.")

    def failed(self) -> SeriesResult:
        """Return what was captured of a series that was not completed."""
        return self._result(f"The series failed. {self.host.manifest.error or 'It was cancelled.'}")

    @property
    def _done(self) -> list[int]:
        return sorted(self._images)

    def _result(self, message: str) -> SeriesResult:
        return SeriesResult(
            message=message,
            job_id=self.host.job_id,
            image_count=len(self._done),
            files=[file for index in self._done for file in self._images[index]],
            warnings=[*self.host.late_rounds(), *self.host.manifest.warnings],
        )


def _records(files: Sequence[ImageFile]) -> tuple[FileRecord, ...]:
    return tuple(
        FileRecord(filename=one.filename, size=one.size, sha256=one.sha256 or "", mimetype=one.mimetype)
        for one in files
    )
