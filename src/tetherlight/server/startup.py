"""How a start is ended: uvicorn looks at signals only when the application has started, however long that takes."""

import asyncio
import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

from tetherlight.errors import ServerStopping


@contextlib.contextmanager
def endable_start() -> Iterator[None]:
    """Let SIGTERM and SIGINT cancel the task that starts the server; raise ServerStopping then."""
    task = asyncio.current_task()
    if task is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    ended = False
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def end() -> None:
        nonlocal ended
        if not ended:
            ended = True
            task.cancel()

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(end)
        next_handler: Any = before[signal.Signals(number)]
        if callable(next_handler):
            next_handler(number, frame)

    # Without a server that handles signals, as in a test, they end the process as ever.
    taken = [number for number, one in before.items() if callable(one) and one is not signal.default_int_handler]
    for number in taken:
        signal.signal(number, handle)
    try:
        yield
    except asyncio.CancelledError:
        if not ended:
            raise
        task.uncancel()
        raise ServerStopping("The server was stopped while it started.") from None
    finally:
        for number in taken:
            signal.signal(number, before[number])
