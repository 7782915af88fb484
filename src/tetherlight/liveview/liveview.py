"""The live view of one camera: previews pulled on a schedule and handed to every viewer.

The pull task runs while somebody watches. It waits while a job or a capture has the camera, and when the camera is lost
it tells the viewers once and goes on by itself when the camera is ready again.
"""

import asyncio
import base64
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from functools import cached_property
from typing import Protocol

from pydantic_core import to_json

from tetherlight.errors import (
    CameraError,
    CameraLost,
    CameraNotOpen,
    CameraTimeout,
    LiveviewStopped,
    PreviewFailed,
    PreviewUnsupported,
    TetherlightError,
)
from tetherlight.measures import FRAMES
from tetherlight.protocol.events import LIVEVIEW_FRAME
from tetherlight.protocol.frames import FrameHeader
from tetherlight.protocol.models import CameraState

logger = logging.getLogger(__name__)

FIRST_TRIES = 3
"""Failed previews after which a viewer who waits for the first one is refused."""

PATIENCE = 5.0
"""Seconds without a preview, the camera being there, after which viewers are told that the stream ended."""

RETRY_PAUSES = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds between tries while previews fail; the last one repeats."""

FPS_WINDOW = 2.0
"""Seconds over which frames are counted."""


class Preview(Protocol):
    """One JPEG from the camera."""

    @property
    def jpeg(self) -> bytes:
        """The picture."""

    @property
    def captured_at(self) -> float:
        """When it was taken, Unix seconds."""

    @property
    def width(self) -> int:
        """Pixels."""

    @property
    def height(self) -> int:
        """Pixels."""


class PreviewSource(Protocol):
    """What a live view needs of a camera."""

    @property
    def camera_id(self) -> str:
        """The camera's stable name."""

    @property
    def state(self) -> CameraState:
        """Whether the camera can be asked for previews."""

    @property
    def owner(self) -> str | None:
        """The job that has the camera now."""

    async def preview(self) -> Preview:
        """Give one preview; wait while the camera does other work."""


class Frame:
    """A preview on its way to clients, encoded at most once for each form in which it is sent."""

    def __init__(self, camera_id: str, seq: int, preview: Preview) -> None:
        self.camera_id = camera_id
        self.seq = seq
        self.jpeg = preview.jpeg
        self.captured_at = preview.captured_at
        self.width = preview.width
        self.height = preview.height
        self.smaller: dict[Hashable, asyncio.Task[Frame]] = {}
        """The frame in smaller sizes, made or being made."""
        self._encoded: dict[Hashable, bytes] = {}

    def shared(self, form: Hashable, encode: Callable[[], bytes]) -> bytes:
        """Return the frame in a form that is made once and named by `form`."""
        message = self._encoded.get(form)
        if message is None:
            message = self._encoded[form] = encode()
        return message

    def with_picture(self, picture: Preview) -> "Frame":
        """Return the same frame with another picture of what it shows."""
        return Frame(self.camera_id, self.seq, picture)

    @cached_property
    def base64_message(self) -> str:
        """The frame as a text message."""
        # The picture is spliced in: a JSON encoder would look at each of its characters.
        captured_at = datetime.fromtimestamp(self.captured_at, UTC).isoformat().replace("+00:00", "Z")
        rest = {"mimetype": "image/jpeg", "camera_id": self.camera_id, "seq": self.seq, "captured_at": captured_at}
        picture = base64.b64encode(self.jpeg)
        head = b'{"action":"%b","frame":"' % LIVEVIEW_FRAME.name.encode()
        return b"".join((head, picture, b'",', to_json(rest)[1:])).decode("ascii")

    def header(self, stream: int) -> bytes:
        """Return what stands in front of the picture in a viewer's binary stream."""
        return FrameHeader(stream, self.seq, self.captured_at, min(self.width, 65535), min(self.height, 65535)).pack()

    def binary(self, stream: int) -> bytes:
        """Return the frame behind the header of a viewer's stream; viewers with the same number share the bytes."""
        return self.shared(stream, lambda: self.header(stream) + self.jpeg)

    def followed_by(self, ending: bytes) -> bytes:
        """Return the picture and what shall stand behind it."""
        return self.shared(ending, lambda: self.jpeg + ending)


class Viewer(Protocol):
    """Somebody who watches; both methods are called on the event loop and must not block."""

    def frame(self, frame: Frame) -> None:
        """Take the newest frame."""

    def ended(self, error: TetherlightError, *, resumes: bool) -> None:
        """Hear that no more frames come, or none until the camera is back."""


def stopped() -> LiveviewStopped:
    """Return what a request for a live view is answered with that was stopped before its first frame."""
    return LiveviewStopped("The live view was stopped before its first frame.")


class Pace:
    """Lets at most so many frames a second through, on an absolute schedule."""

    def __init__(self, max_fps: float | None) -> None:
        self._period = 1 / max_fps if max_fps else 0.0
        self._due = 0.0

    def admits(self, now: float) -> bool:
        """Say whether a frame may pass at this time."""
        # A frame that comes a moment early belongs to the coming tick, or jitter would halve the rate.
        if now < self._due - self._period * 0.1:
            return False
        self._due += self._period
        if self._due <= now:
            self._due = now + self._period
        return True


class Liveview:
    """The stream of one camera: one pull task for any number of viewers."""

    def __init__(self, camera: PreviewSource, interval: float) -> None:
        self._camera = camera
        self._interval = interval
        self._viewers: dict[Viewer, None] = {}
        self._waiting: dict[Viewer, asyncio.Future[None]] = {}
        self._task: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._newest: Frame | None = None
        self._seq = 0
        self._times: deque[float] = deque(maxlen=256)
        self._failures = 0
        self._failing_since: float | None = None
        self._trouble: TetherlightError | None = None
        self._closed = False

    @property
    def camera_id(self) -> str:
        """The camera whose live view this is."""
        return self._camera.camera_id

    @property
    def viewers(self) -> int:
        """How many watch."""
        return len(self._viewers)

    @property
    def newest_at(self) -> float | None:
        """When the newest frame was taken, Unix seconds; None while none comes."""
        return None if self._newest is None else self._newest.captured_at

    @property
    def fps(self) -> float | None:
        """Previews per second over the last two seconds; None while nobody watches."""
        if self._task is None:
            return None
        now = asyncio.get_running_loop().time()
        recent = [time for time in self._times if now - time <= FPS_WINDOW]
        if len(recent) < 2:
            return 0.0
        return round((len(recent) - 1) / max(recent[-1] - recent[0], 1e-6), 1)

    async def watch(self, viewer: Viewer) -> None:
        """Send frames to the viewer from now on; raise the camera's error when no first preview comes.

        While a job has the camera it returns at once: the frames come when the job ends. Where `unwatch` comes first
        it raises LiveviewStopped, and no frame is sent.
        """
        self._require_open()
        if viewer not in self._viewers:
            await self._first_preview(viewer)
            self._require_open()
            self._viewers[viewer] = None
            self._start()
        if self._newest is not None:
            # Not before the reply that announces the stream is queued.
            asyncio.get_running_loop().call_soon(self._welcome, viewer, self._newest)

    def _require_open(self) -> None:
        if self._closed:
            raise CameraNotOpen(f"Camera '{self.camera_id}' is not open.")

    def is_watched_by(self, viewer: Viewer) -> bool:
        """Say whether the viewer gets frames now."""
        return viewer in self._viewers

    def unwatch(self, viewer: Viewer) -> None:
        """Stop sending to the viewer, also to one whose first preview is waited for; the camera rests without any."""
        self._viewers.pop(viewer, None)
        first = self._waiting.pop(viewer, None)
        if first is not None and not first.done():
            first.set_exception(stopped())
        self._stop_if_unwatched()

    def wake(self) -> None:
        """Try again at once: the camera is ready."""
        self._ready.set()

    async def close(self, error: TetherlightError | None = None) -> None:
        """End the stream; viewers are told why when there is an error to tell."""
        self._closed = True
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._end(error or CameraLost("The camera was closed."), tell=error is not None)

    def _welcome(self, viewer: Viewer, frame: Frame) -> None:
        if viewer in self._viewers and frame is self._newest:
            viewer.frame(frame)

    async def _first_preview(self, viewer: Viewer) -> None:
        first = self._waiting[viewer] = asyncio.get_running_loop().create_future()
        self._start()
        try:
            while self._camera.owner is None and (self._newest is None or self._failures):
                if self._trouble is not None:
                    raise self._trouble.again()
                done, _ = await asyncio.wait((first,), timeout=0.25)
                if done:
                    first.result()
                    break
            if viewer not in self._waiting:
                raise stopped()
        finally:
            self._waiting.pop(viewer, None)
            if first.done() and not first.cancelled():
                first.exception()
            else:
                first.cancel()
            if not self._viewers:
                asyncio.get_running_loop().call_soon(self._stop_if_unwatched)

    def _start(self) -> None:
        if self._task is None:
            self._newest = None
            self._failures, self._failing_since, self._trouble = 0, None, None
            self._times.clear()
            self._task = asyncio.create_task(self._run(), name=f"liveview of {self.camera_id}")

    def _stop_if_unwatched(self) -> None:
        if self._task is not None and not self._viewers and not self._waiting:
            self._task.cancel()
            self._task, self._newest = None, None

    async def _run(self) -> None:
        try:
            await self._pull()
        except TetherlightError as error:
            self._task = None
            self._end(error, tell=True)
        except Exception:
            logger.exception("The live view of %s failed unexpectedly", self.camera_id)
            self._task = None
            self._end(PreviewFailed("The live view failed; the server's log says more."), tell=True)

    async def _pull(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            try:
                preview = await self._camera.preview()
            except PreviewUnsupported:
                raise
            except CameraError as error:
                await self._pause(error)
                due = loop.time()
                continue
            self._publish(preview)
            now = loop.time()
            # Late by a whole period, as after a capture, the schedule begins anew instead of rushing after itself.
            due = due + self._interval if due + 2 * self._interval > now else now
            await asyncio.sleep(max(0.0, due - now))

    def _publish(self, preview: Preview) -> None:
        self._seq += 1
        self._failures, self._failing_since, self._trouble = 0, None, None
        frame = self._newest = Frame(self.camera_id, self._seq, preview)
        self._times.append(asyncio.get_running_loop().time())
        FRAMES.add(self.camera_id)
        for first in self._waiting.values():
            if not first.done():
                first.set_result(None)
        for viewer in tuple(self._viewers):
            viewer.frame(frame)

    async def _pause(self, error: CameraError) -> None:
        now = asyncio.get_running_loop().time()
        self._failures += 1
        if self._failing_since is None:
            self._failing_since = now
        lost = self._camera.state is not CameraState.READY
        if lost or self._failures >= FIRST_TRIES:
            self._refuse(error)
        # A timeout means that the camera was silent to two requests in a row, each for seconds.
        silent = isinstance(error, CameraTimeout)
        if self._trouble is None and (lost or silent or now - self._failing_since >= PATIENCE):
            self._trouble = error
            logger.warning("The live view of %s is interrupted: %s", self.camera_id, error.message)
            for viewer in tuple(self._viewers):
                viewer.ended(error, resumes=True)
        self._ready.clear()
        pause = RETRY_PAUSES[min(self._failures, len(RETRY_PAUSES)) - 1]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._ready.wait()
        while self._camera.state is not CameraState.READY:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RETRY_PAUSES[-1]):
                    await self._ready.wait()
            self._ready.clear()

    def _refuse(self, error: TetherlightError) -> None:
        for first in self._waiting.values():
            if not first.done():
                first.set_exception(error.again())

    def _end(self, error: TetherlightError, *, tell: bool) -> None:
        self._refuse(error)
        viewers, self._viewers = tuple(self._viewers), {}
        self._newest = None
        if tell:
            for viewer in viewers:
                viewer.ended(error, resumes=False)
