"""Where the pictures of a plan go, and how that is told: what a set's folder and single captures have in common."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Generic, Literal, Protocol, TypeVar

from tetherlight.camera.camera import Camera
from tetherlight.camera.exposure import Exposure
from tetherlight.capture.axes.axis import Stage
from tetherlight.capture.burst import Burst, BurstFrame
from tetherlight.capture.firing import Firing
from tetherlight.capture.plan import Plan
from tetherlight.errors import TetherlightError
from tetherlight.protocol.captures import SeriesResult
from tetherlight.protocol.manifest import FileRecord, Manifest, MeteredRecord, StepRecord
from tetherlight.protocol.models import FrameFinding, Job
from tetherlight.protocol.sets import PhotometricSetResult

R = TypeVar("R", PhotometricSetResult, SeriesResult)


@dataclass(frozen=True)
class Shot:
    """What an exposure gave."""

    files: tuple[FileRecord, ...]
    captured_at: datetime
    exposure: Exposure | None = None
    trigger: str | None = None
    exposure_id: str | None = None


Keep = Callable[[BurstFrame, Shot], Awaitable[None]]
"""Keeps a frame of a burst."""


class Taking(Protocol):
    """How the engine takes a picture."""

    holds_exposure: ClassVar[bool]
    """Whether every frame shall have the exposure of the plan, whatever changes on the body."""
    overlaps: ClassVar[bool]
    """Whether the next step is prepared while the files of the one before are on their way."""

    def firing(self, cameras: Sequence[Camera]) -> Firing | None:
        """Return what releases these cameras together for their next pictures; None where each is told by itself."""

    async def take(
        self, camera: Camera, step: StepRecord, exposed: Callable[[], None], firing: Firing | None = None
    ) -> Shot:
        """Take a step's picture; `exposed` may be called when the exposure is over and its files are on their way."""

    def burst(
        self, stage: Stage, steps: Sequence[StepRecord], lit_at: datetime | None, stop: asyncio.Event
    ) -> Burst | None:
        """Return the burst by which these steps are taken, which differ by their light alone; None without bursts."""

    async def take_burst(self, camera: Camera, burst: Burst, keep: Keep) -> None:
        """Take the pictures of a burst, and keep those that are a step's; the burst says what else went wrong."""

    async def judged(self, done: StepRecord, shot: Shot) -> StepRecord:
        """Return the step with what its picture tells."""

    async def suspects(self, among: Collection[int]) -> Collection[int]:
        """Wait until the frames of these steps were checked; return those that are to be taken again, if they may."""


class Recorder(Protocol):
    """Who keeps the steps and tells how far the plan is."""

    manifest: Manifest

    async def record(self, step: StepRecord, *, visit: bool = True, error: TetherlightError | None = None) -> None:
        """Keep the step and tell it; `visit` says that its lamp goes on for it, `error` why it failed."""

    async def put_back(self, steps: Sequence[StepRecord], sentence: str) -> None:
        """Let steps that are not done now be as they were, with a warning."""

    def asked_again(self) -> Collection[int]:
        """Return the steps that somebody asked to have taken again since; they count as asked no more."""

    def rested(self) -> None:
        """Take note that a wait between two steps is over."""


class Host(Protocol):
    """The job whose pictures they are."""

    job_id: str
    set_name: str | None
    manifest: Manifest
    plan: Plan

    def snapshot(self) -> Job:
        """Return the job as messages carry it."""

    def publish(self) -> None:
        """Tell the job as it is now."""

    async def amend(self, index: int, change: Callable[[StepRecord], StepRecord]) -> StepRecord:
        """Change the record of a step that is done, and tell the job; return it as it is now."""

    async def add_files(self, index: int, files: Sequence[FileRecord]) -> None:
        """Give a step files that came after its others."""

    def late_rounds(self) -> list[str]:
        """Return a sentence where rounds began late."""


def findings_of(step: StepRecord) -> list[FrameFinding]:
    """Return what checks found of a step as messages carry it."""
    return [
        FrameFinding(
            code=one.code,
            severity="error" if one.severity == "error" else "warning",
            message=one.message,
            figure=one.figure,
            limit=one.limit,
            unit=one.unit,
        )
        for one in step.findings
    ]


class Sink(ABC, Generic[R]):
    """Takes the pictures of one job and tells them."""

    kind: ClassVar[Literal["photometric_set", "series"]]
    holds_exposure: ClassVar[bool]
    overlaps: ClassVar[bool]
    host: Host

    @property
    def folder(self) -> str | None:
        """The set's folder relative to CAPTURES_BASE_DIR; None for single captures."""
        return None

    async def check(self, left: int) -> None:
        """Make sure that so many pictures can be kept."""

    def hold(self) -> AbstractContextManager[None]:
        """Keep others from what the pictures go to, until the job has ended; entering may raise SetBusy."""
        return nullcontext()

    def firing(self, cameras: Sequence[Camera]) -> Firing | None:  # noqa: ARG002 - for those that have lines
        """Return what releases these cameras together; None where each is told by itself."""
        return None

    def check_lines(self, cameras: Sequence[Camera]) -> None:
        """Raise TriggerMissing where lines shall fire cameras that they do not."""

    @abstractmethod
    async def take(
        self, camera: Camera, step: StepRecord, exposed: Callable[[], None], firing: Firing | None = None
    ) -> Shot:
        """Take a step's picture."""

    def burst(
        self,
        stage: Stage,  # noqa: ARG002 - for those that have bursts
        steps: Sequence[StepRecord],  # noqa: ARG002
        lit_at: datetime | None,  # noqa: ARG002
        stop: asyncio.Event,  # noqa: ARG002
    ) -> Burst | None:
        """Return the burst by which these steps are taken; None where there are no bursts."""
        return None

    async def take_burst(self, camera: Camera, burst: Burst, keep: Keep) -> None:
        """Take the pictures of a burst."""
        raise NotImplementedError

    async def judged(self, done: StepRecord, shot: Shot) -> StepRecord:  # noqa: ARG002 - for those that look
        """Return the step with what its picture tells."""
        return done

    async def suspects(self, among: Collection[int]) -> Collection[int]:  # noqa: ARG002 - for those that look
        """Return the steps whose frames are to be taken again."""
        return ()

    async def checked(self, *, whole: bool) -> None:
        """Wait until all that was taken is checked; where that is not `whole`, give it up."""

    async def meter(self, stage: Stage) -> tuple[MeteredRecord, ...] | None:  # noqa: ARG002 - for those that may
        """Find the exposure of the plan's lights; None where somebody asked to stop before that."""
        return ()

    @abstractmethod
    async def record(self, step: StepRecord, *, visit: bool, error: TetherlightError | None) -> None:
        """Keep a step that changed, and tell it."""

    async def write(self) -> None:
        """Keep the record of the job, where it is kept on the disk."""

    @abstractmethod
    async def closed(self, cause: str | None) -> None:
        """Keep and tell that the run has ended, and why where something stopped it."""

    def waiting(self, seconds: float) -> None:
        """Tell that the next round begins in so many seconds."""

    @abstractmethod
    def sentence(self, step: StepRecord) -> str:
        """Say which step failed."""

    @abstractmethod
    def files(self, step: StepRecord) -> list[str]:
        """Return the paths of a step's files below CAPTURES_BASE_DIR."""

    @abstractmethod
    def taken(self) -> R:
        """Return what was captured by a job that came to its end."""

    @abstractmethod
    def failed(self) -> R:
        """Return what was captured by one that did not, with a sentence that says why."""
