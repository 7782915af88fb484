"""A photometric set under way: wait for it, or follow it step by step."""

import asyncio
from collections.abc import AsyncIterator, Callable, Generator

from tetherlight.client.events import is_progress
from tetherlight.client.replies import value_of
from tetherlight.client.session import Message, Session
from tetherlight.errors import JobConflict, ServerUnreachable, TetherlightError
from tetherlight.protocol.events import PhotometricProgress
from tetherlight.protocol.sets import CAPTURE_PHOTOMETRIC_SET, CapturePhotometricSet, PhotometricSetResult

Progress = Callable[[PhotometricProgress], None]


class SetCapture:
    """Captures a set when it is awaited or iterated; the set goes on at the server whatever happens to this client.

    `result = await capture` waits for the end; `async for step in capture` gives each step, and then `capture.result`
    holds what was captured. Both raise SequenceFailed with the partial result as its `data`.
    """

    def __init__(self, session: Session, plan: CapturePhotometricSet, progress: Progress | None = None) -> None:
        self.job_id: str | None = None
        self._result: PhotometricSetResult | None = None
        self._session = session
        self._plan = plan
        self._progress = progress
        self._request_id = session.next_id()
        self._steps: asyncio.Queue[PhotometricProgress | None] = asyncio.Queue()

    @property
    def result(self) -> PhotometricSetResult:
        """What was captured; raise JobConflict before the end."""
        if self._result is None:
            raise JobConflict("The set is not complete.")
        return self._result

    def __await__(self) -> Generator[None, None, PhotometricSetResult]:
        """Capture the set and return what was captured."""
        return self._capture().__await__()

    async def __aiter__(self) -> AsyncIterator[PhotometricProgress]:
        """Capture the set and give each step as it begins, ends or fails."""
        capturing = asyncio.create_task(self._capture())
        try:
            while (step := await self._steps.get()) is not None:
                yield step
            await capturing
        finally:
            capturing.cancel()
            await asyncio.gather(capturing, return_exceptions=True)

    async def _capture(self) -> PhotometricSetResult:
        self._session.parts.append(self)
        try:
            self._result = await self._session.request(CAPTURE_PHOTOMETRIC_SET, self._plan, request_id=self._request_id)
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
        """Take a step of this set."""
        if not is_progress(message, self._request_id):
            return
        step = value_of(PhotometricProgress, message["data"])
        self.job_id = step.job_id
        if self._progress is not None:
            self._progress(step)
        self._steps.put_nowait(step)

    def frame(self, message: bytes) -> None:
        """Leave frames to the live view."""

    def broken(self) -> None:
        """Leave it to the request, which fails."""

    async def restore(self) -> None:
        """Ask for nothing: a set is never started twice."""

    def ended(self, error: TetherlightError) -> None:
        """Leave it to the request, which fails."""
