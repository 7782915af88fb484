"""Small stand-ins for what unit tests must not start."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tetherlight.errors import CameraError, TetherlightError
from tetherlight.liveview.liveview import Frame
from tetherlight.protocol.models import CameraState

TINY_JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")


@dataclass(frozen=True)
class FakePreview:
    """A preview that no camera took."""

    jpeg: bytes = TINY_JPEG
    captured_at: float = 0.0
    width: int = 4
    height: int = 3


class FakeCamera:
    """A camera whose previews come when the test lets them, or by themselves."""

    def __init__(
        self,
        camera_id: str = "fake-1",
        *,
        free_running: bool = False,
        jpeg: bytes = TINY_JPEG,
        size: tuple[int, int] = (4, 3),
    ) -> None:
        self.camera_id = camera_id
        self.state = CameraState.READY
        self.owner: str | None = None
        self.asked = 0
        self.jpeg = jpeg
        self.size = size
        self._free_running = free_running
        self._answers: asyncio.Queue[CameraError | None] = asyncio.Queue()

    def give(self, count: int = 1) -> None:
        """Let so many previews come."""
        for _ in range(count):
            self._answers.put_nowait(None)

    def fail(self, error: CameraError) -> None:
        """Let the next preview fail."""
        self._answers.put_nowait(error)

    async def preview(self) -> FakePreview:
        """Give the next preview."""
        self.asked += 1
        if not self._free_running:
            error = await self._answers.get()
            if error is not None:
                raise error
        return FakePreview(self.jpeg, time.time(), *self.size)


class FakeViewer:
    """A viewer that remembers what it saw."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.ends: list[tuple[TetherlightError, bool]] = []
        self._changed = asyncio.Event()

    def frame(self, frame: Frame) -> None:
        """Remember a frame."""
        self.frames.append(frame)
        self._changed.set()

    def ended(self, error: TetherlightError, *, resumes: bool) -> None:
        """Remember an end."""
        self.ends.append((error, resumes))
        self._changed.set()

    async def until(self, *, frames: int = 0, ends: int = 0) -> None:
        """Wait until so many frames and ends were seen."""
        while len(self.frames) < frames or len(self.ends) < ends:
            self._changed.clear()
            await self._changed.wait()


@dataclass
class FakeClock:
    """Two clocks that stand still until a test moves them; it begins at the machine's own time."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    seconds: float = 1000.0

    def wall(self) -> datetime:
        """Return the time that somebody set."""
        return self.now

    def steady(self) -> float:
        """Return the seconds that have passed."""
        return self.seconds

    def wait(self, **time: float) -> None:
        """Let time pass, as for timedelta."""
        passed = timedelta(**time)
        self.now += passed
        self.seconds += passed.total_seconds()

    def set_by(self, **time: float) -> None:
        """Set the clock forward, or back."""
        self.now += timedelta(**time)
