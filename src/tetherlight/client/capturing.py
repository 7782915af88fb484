"""Photometric sets and series under way: wait for them, or follow them step by step."""

import asyncio
from collections.abc import AsyncIterator, Callable, Generator
from typing import Generic, TypeVar

from tetherlight.client.events import is_progress
from tetherlight.client.replies import value_of
from tetherlight.client.session import Message, Session
from tetherlight.errors import JobConflict, ServerUnreachable, TetherlightError
from tetherlight.protocol.action import Action, P
from tetherlight.protocol.captures import CAPTURE_SERIES, CaptureSeries, SeriesResult
from tetherlight.protocol.events import (
    PHOTOMETRIC_PROGRESS,
    SERIES_PROGRESS,
    Event,
    PhotometricProgress,
    SeriesProgress,
)
from tetherlight.protocol.recipes import CAPTURE_RECIPE, CaptureRecipe
from tetherlight.protocol.sets import (
    CAPTURE_PHOTOMETRIC_SET,
    CAPTURE_SET,
    CapturePhotometricSet,
    CaptureSet,
    PhotometricSetResult,
)

S = TypeVar("S", PhotometricProgress, SeriesProgress)
C = TypeVar("C", PhotometricSetResult, SeriesResult)

Progress = Callable[[PhotometricProgress], None]
SeriesTold = Callable[[SeriesProgress], None]


class Capturing(Generic[P, S, C]):
    """Captures when it is awaited or iterated; the job goes on at the server whatever happens to this client.

    `result = await capture` waits for the end; `async for step in capture` gives each step, and then `capture.result`
    holds what was captured. Both raise SequenceFailed with the partial result as its `data`.
    """

    def __init__(
        self, session: Session, action: Action[P, C], event: Event[S], plan: P, *, progress: Callable[[S], None] | None
    ) -> None:
        self.job_id: str | None = None
        self._result: C | None = None
        self._session = session
        self._action: Action[P, C] = action
        self._event: Event[S] = event
        self._plan = plan
        self._progress: Callable[[S], None] | None = progress
        self._request_id = session.next_id()
        self._steps: asyncio.Queue[S | None] = asyncio.Queue()

    @property
    def result(self) -> C:
        """What was captured; raise JobConflict before the end."""
        if self._result is None:
            raise JobConflict("The capture is not complete.")
        return self._result

    def __await__(self) -> Generator[None, None, C]:
        """Capture and return what was captured."""
        return self._capture().__await__()

    async def __aiter__(self) -> AsyncIterator[S]:
        """Capture and give each step as it begins, ends or fails."""
        capturing = asyncio.create_task(self._capture())
        try:
            while (step := await self._steps.get()) is not None:
                yield step
            await capturing
        finally:
            capturing.cancel()
            await asyncio.gather(capturing, return_exceptions=True)

    async def _capture(self) -> C:
        self._session.parts.append(self)
        try:
            self._result = await self._session.request(self._action, self._plan, request_id=self._request_id)
        except ServerUnreachable as error:
            if self.job_id is not None:
                error.hint = f"If the server still runs, job {self.job_id} goes on there."
                error.details = {"job_id": self.job_id}
            raise
        except TetherlightError as error:
            if self.job_id is not None:
                error.details = {"job_id": self.job_id} | (error.details or {})
            raise
        else:
            self.job_id = self._result.job_id
            return self._result
        finally:
            self._session.parts.remove(self)
            self._steps.put_nowait(None)

    def message(self, message: Message) -> None:
        """Take a step of this capture."""
        if not is_progress(message, self._event, self._request_id):
            return
        step = value_of(self._event.data, message["data"])
        self.job_id = step.job_id
        if self._progress is not None:
            self._progress(step)
        self._steps.put_nowait(step)

    def frame(self, message: bytes) -> None:
        """Leave frames to the live view."""

    def broken(self) -> None:
        """Leave it to the request, which fails."""

    async def restore(self) -> None:
        """Ask for nothing: a capture is never started twice."""

    def ended(self, error: TetherlightError) -> None:
        """Leave it to the request, which fails."""


class SetCapture(Capturing[CapturePhotometricSet, PhotometricProgress, PhotometricSetResult]):
    """A photometric set under way."""

    def __init__(self, session: Session, plan: CapturePhotometricSet, progress: Progress | None = None) -> None:
        super().__init__(session, CAPTURE_PHOTOMETRIC_SET, PHOTOMETRIC_PROGRESS, plan, progress=progress)


class PlanCapture(Capturing[CaptureSet, PhotometricProgress, PhotometricSetResult]):
    """A set over several axes under way."""

    def __init__(self, session: Session, plan: CaptureSet, progress: Progress | None = None) -> None:
        super().__init__(session, CAPTURE_SET, PHOTOMETRIC_PROGRESS, plan, progress=progress)


class RecipeCapture(Capturing[CaptureRecipe, PhotometricProgress, PhotometricSetResult]):
    """The set of a recipe under way."""

    def __init__(self, session: Session, wanted: CaptureRecipe, progress: Progress | None = None) -> None:
        super().__init__(session, CAPTURE_RECIPE, PHOTOMETRIC_PROGRESS, wanted, progress=progress)


class SeriesCapture(Capturing[CaptureSeries, SeriesProgress, SeriesResult]):
    """A series of single captures under way."""

    def __init__(self, session: Session, plan: CaptureSeries, progress: SeriesTold | None = None) -> None:
        super().__init__(session, CAPTURE_SERIES, SERIES_PROGRESS, plan, progress=progress)
