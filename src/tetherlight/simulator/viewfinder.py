"""The electronic viewfinder: a new frame every 1/fps seconds on an absolute schedule, encoded only when asked for."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Frame:
    """One preview: its number on the schedule and its JPEG."""

    index: int
    jpeg: bytes


class Viewfinder:
    """Gives each frame of the schedule at most once; a request that comes early waits for the next one."""

    def __init__(self, fps: float, render: Callable[[float], bytes]) -> None:
        self._render = render
        self._lock = threading.Lock()
        self._fps = fps
        self._epoch = time.monotonic()
        self._base = 0
        self._phase = 0.0
        self._last: Frame | None = None

    @property
    def fps(self) -> float:
        """Give the frames per second."""
        return self._fps

    @property
    def index(self) -> int:
        """Give the number of the newest frame on the schedule."""
        with self._lock:
            return self._index_now()

    @property
    def served(self) -> int | None:
        """Give the number of the last frame that was handed out."""
        with self._lock:
            return None if self._last is None else self._last.index

    def set_fps(self, fps: float) -> None:
        """Change the rate; frame numbers and the scene's movement go on from where they are."""
        with self._lock:
            current = self._index_now()
            self._phase = self._time_of(current)
            self._base, self._epoch, self._fps = current, time.monotonic(), fps

    def next_frame(self, pause: Callable[[float], bool]) -> Frame | None:
        """Give the newest frame that was not given before; None when `pause` was interrupted.

        `pause` waits for some seconds and returns True when the wait is to be given up.
        """
        with self._lock:
            index = self._index_now()
            if self._last is not None and index <= self._last.index:
                index = self._last.index + 1
            wait = self._epoch + (index - self._base) / self._fps - time.monotonic()
            moment = self._time_of(index)
        if wait > 0 and pause(wait):
            return None
        frame = Frame(index, self._render(moment))
        with self._lock:
            self._last = frame
        return frame

    def _index_now(self) -> int:
        return self._base + int((time.monotonic() - self._epoch) * self._fps)

    def _time_of(self, index: int) -> float:
        """Give the scene's time of a frame, in seconds."""
        return self._phase + (index - self._base) / self._fps
