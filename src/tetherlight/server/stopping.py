"""How the server stops: lights and jobs first, then the clients, and only then whoever serves us.

uvicorn waits for every connection before it tells the application to stop, and without a time limit for ever. So the
signals come to us first and go on to uvicorn when nothing is left that it would wait for.
"""

import asyncio
import contextlib
import logging
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any, Protocol

from tetherlight.process.threads import failure_of
from tetherlight.server.clients import Clients

logger = logging.getLogger(__name__)

RIG_SECONDS = 2.5
"""Seconds in which the rig should stop before the clients are sent home."""

CLIENT_SECONDS = 1.0
RIG_GRACE = 1.0
"""Seconds that a rig which is still busy gets at the very end."""


class Stoppable(Protocol):
    """What must be stopped before the process may end."""

    async def stop(self) -> None:
        """Switch the lights off and end what runs."""


class Stopping:
    """Stops one server, once, whoever asks for it."""

    def __init__(self, rig: Stoppable, clients: Clients) -> None:
        self._rig = rig
        self._clients = clients
        self._task: asyncio.Task[None] | None = None
        self._rig_task: asyncio.Task[None] | None = None

    def begin(self) -> asyncio.Task[None]:
        """Start to stop; a second call returns the same task."""
        if self._task is None:
            self._clients.stopping = True
            self._task = asyncio.create_task(self._stop(), name="stop")
        return self._task

    async def finish(self) -> None:
        """Wait until everything has stopped, within a few seconds."""
        await self.begin()
        if self._rig_task is not None and not self._rig_task.done():
            await asyncio.wait({self._rig_task}, timeout=RIG_GRACE)
            self._rig_task.cancel()
            await asyncio.wait({self._rig_task}, timeout=RIG_GRACE)

    async def _stop(self) -> None:
        self._rig_task = asyncio.create_task(self._rig.stop(), name="stop of the rig")
        self._rig_task.add_done_callback(_report)
        await asyncio.wait({self._rig_task}, timeout=RIG_SECONDS)
        await self._clients.stop(CLIENT_SECONDS)

    @contextlib.contextmanager
    def on_signals(self) -> Iterator[None]:
        """Take SIGTERM, SIGINT and SIGHUP before uvicorn does, and hand them on when everything has stopped."""
        taken: dict[int, Any] = {}
        if threading.current_thread() is threading.main_thread():
            taken = self._take_signals(asyncio.get_running_loop())
        try:
            yield
        finally:
            for number, handler in taken.items():
                signal.signal(number, handler)

    def _take_signals(self, loop: asyncio.AbstractEventLoop) -> dict[int, Any]:
        found = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        taken: dict[int, Any] = {}
        for number, next_handler in found.items():
            # Without a server that handles signals, as in a test, there is nobody to hand them on to.
            if callable(next_handler) and next_handler is not signal.default_int_handler:
                taken[number] = signal.signal(number, self._handler(loop, number, next_handler))
        if signal.SIGTERM in taken and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
            # A terminal that is closed must not leave the lights on.
            handler = self._handler(loop, signal.SIGTERM, found[signal.SIGTERM])
            taken[signal.SIGHUP] = signal.signal(signal.SIGHUP, handler)
        return taken

    def _handler(self, loop: asyncio.AbstractEventLoop, number: int, next_handler: Any) -> Any:
        def handle(_: int, frame: FrameType | None) -> None:
            if self._task is not None:
                next_handler(number, frame)
                return
            loop.call_soon_threadsafe(lambda: self.begin().add_done_callback(lambda _: next_handler(number, None)))

        return handle


def _report(task: asyncio.Task[None]) -> None:
    if (error := failure_of(task)) is not None:
        logger.error("The rig did not stop cleanly", exc_info=error)
