"""Live views: binary frames, each sent only when the one before was taken, so that every frame is a fresh one."""

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING

from tetherlight.client.replies import error_of, value_of
from tetherlight.client.session import Message, Session
from tetherlight.errors import ServerUnreachable, TetherlightError
from tetherlight.protocol.action import CameraPayload
from tetherlight.protocol.cameras import READY, START_LIVEVIEW, STOP_LIVEVIEW, Ready, StartLiveview
from tetherlight.protocol.events import LIVEVIEW_ENDED, StreamEnd
from tetherlight.protocol.frames import HEADER, FrameHeader

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Frame:
    """One picture of a live view."""

    jpeg: bytes = field(repr=False)
    camera_id: str
    seq: int
    captured_at: datetime
    width: int
    height: int

    def image(self) -> "Image.Image":
        """Return the picture for Pillow."""
        from PIL import Image  # noqa: PLC0415 - most who watch only pass the JPEG on

        return Image.open(BytesIO(self.jpeg), formats=("JPEG",))

    def array(self) -> "NDArray[np.uint8]":
        """Return the picture for numpy: (height, width, 3), red, green and blue from 0 to 255."""
        import numpy as np  # noqa: PLC0415

        return np.asarray(self.image().convert("RGB"))


class Slot:
    """The newest frame for one iterator."""

    def __init__(self, max_fps: float | None) -> None:
        self.max_fps = max_fps
        self._newest: Frame | None = None
        self._error: TetherlightError | None = None
        self._changed = asyncio.Event()

    @property
    def empty(self) -> bool:
        """Whether the iterator has to wait for a frame."""
        return self._newest is None and self._error is None

    def put(self, frame: Frame) -> None:
        """Replace the frame."""
        self._newest = frame
        self._changed.set()

    def fail(self, error: TetherlightError) -> None:
        """Raise the error when the last frame was taken."""
        self._error = error
        self._changed.set()

    async def take(self) -> Frame:
        """Wait for a frame and take it; raise what ended the live view."""
        while self._newest is None:
            if self._error is not None:
                raise self._error.again()
            self._changed.clear()
            await self._changed.wait()
        frame, self._newest = self._newest, None
        return frame


@dataclass(eq=False)
class Watch:
    """The live view of one camera, shared by the iterators that show it."""

    camera_id: str
    stream: int
    slots: list[Slot] = field(default_factory=list)

    @property
    def wanted(self) -> StartLiveview:
        """The request that starts it: as fast as the fastest iterator wants."""
        speeds = [slot.max_fps for slot in self.slots]
        fastest = max((speed for speed in speeds if speed is not None), default=None) if None not in speeds else None
        return StartLiveview(camera_id=self.camera_id, encoding="binary", paced=True, max_fps=fastest)


class Watches:
    """The live views of a session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._watches: dict[str, Watch] = {}
        self._starting = asyncio.Lock()
        session.parts.append(self)

    async def open(self, camera_id: str | None, max_fps: float | None) -> tuple[Watch, Slot]:
        """Start the live view of a camera, or join it."""
        slot = Slot(max_fps)
        fields = {"camera_id": camera_id, "encoding": "binary", "paced": True, "max_fps": max_fps}
        async with self._starting:
            try:
                started = await self._session.request(START_LIVEVIEW, START_LIVEVIEW.parse(fields))
            except (asyncio.CancelledError, ServerUnreachable):
                await self._forget(camera_id)
                raise
            watch = self._watches.setdefault(started.camera_id, Watch(started.camera_id, started.stream))
            watch.stream = started.stream
            watch.slots.append(slot)
            if watch.wanted.max_fps != max_fps:
                await self._start_again(watch)
        return watch, slot

    async def _forget(self, camera_id: str | None) -> None:
        """Stop a live view that was asked for and that nobody waits for any more, unless it stands for others too."""
        if not self._watches or (camera_id is not None and camera_id not in self._watches):
            await self._session.post(STOP_LIVEVIEW, CameraPayload(camera_id=camera_id))

    async def _start_again(self, watch: Watch) -> None:
        watch.stream = (await self._session.request(START_LIVEVIEW, watch.wanted)).stream
        # The first frame may have come before its stream was known here: whoever waits would wait for ever.
        await self._session.post(READY, Ready(camera_id=watch.camera_id))

    async def close(self, watch: Watch, slot: Slot) -> None:
        """Leave a live view; the last one ends it."""
        async with self._starting:
            watch.slots.remove(slot)
            if watch.slots or self._watches.get(watch.camera_id) is not watch:
                return
            del self._watches[watch.camera_id]
            if self._session.connected:
                with contextlib.suppress(ServerUnreachable):
                    await self._session.request(STOP_LIVEVIEW, CameraPayload(camera_id=watch.camera_id))

    async def take(self, watch: Watch, slot: Slot) -> Frame:
        """Say that a frame may come, and wait for it."""
        if slot.empty:
            await self._session.post(READY, Ready(camera_id=watch.camera_id))
        return await slot.take()

    def message(self, message: Message) -> None:
        """Hear that a live view ended; one that comes back by itself is waited for."""
        if message.get("action") != LIVEVIEW_ENDED.name or not isinstance(message.get("data"), dict):
            return
        end, error = value_of(StreamEnd, message["data"]), error_of(message)
        if end.resumes:
            logger.info("The live view of %s pauses: %s", end.camera_id, error.message)
            return
        watch = self._watches.pop(end.camera_id, None)
        for slot in watch.slots if watch is not None else ():
            slot.fail(error)

    def frame(self, message: bytes) -> None:
        """Hand a frame to those who show its stream."""
        try:
            header = FrameHeader.unpack(message)
        except ValueError:
            logger.warning("A binary message is no frame of a version that this client knows")
            return
        taken = datetime.fromtimestamp(header.captured_at, UTC)
        for watch in self._watches.values():
            if watch.stream == header.stream:
                jpeg = message[HEADER.size :]
                frame = Frame(jpeg, watch.camera_id, header.seq, taken, header.width, header.height)
                for slot in watch.slots:
                    slot.put(frame)

    def broken(self) -> None:
        """Expect nothing: frames come again after `restore`."""

    async def restore(self) -> None:
        """Start every live view again."""
        async with self._starting:
            for watch in tuple(self._watches.values()):
                watch.stream = 0
                try:
                    await self._start_again(watch)
                except ServerUnreachable:
                    raise
                except TetherlightError as error:
                    del self._watches[watch.camera_id]
                    for slot in watch.slots:
                        slot.fail(error)

    def ended(self, error: TetherlightError) -> None:
        """Let every iterator raise the error."""
        for watch in self._watches.values():
            for slot in watch.slots:
                slot.fail(error)
