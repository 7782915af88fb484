"""Work that holds up no end, work that no end cuts off, and work whose failure somebody hears of."""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")


async def in_daemon_thread(work: Callable[[], T]) -> T:
    """Do blocking work and return its result; cancelled, it is left to itself and does not hold up the process's end.

    A thread of `asyncio.to_thread` would: a disk that does not answer keeps it, and the interpreter waits for it.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if ended.done():
            return
        if error is not None:
            ended.set_exception(error)
        else:
            ended.set_result(result)  # type: ignore[arg-type]  # None only where T is None

    def run() -> None:
        result, failed = None, None
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
            failed = error
        with suppress(RuntimeError):  # the loop is closed: nobody awaits this any more
            loop.call_soon_threadsafe(settle, result, failed)

    threading.Thread(target=run, name=getattr(work, "__qualname__", "work"), daemon=True).start()
    return await ended


def failure_of(task: asyncio.Task[Any]) -> BaseException | None:
    """Return what a task that has ended failed with; None where it did its work or was cancelled."""
    return None if task.cancelled() else task.exception()


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Run work that must not stop half-way; a cancellation that comes meanwhile is raised after it.

    Whatever the work waits for must have a deadline, so that this ends.
    """
    task = asyncio.ensure_future(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        if (error := failure_of(task)) is not None:
            logger.info("Work that a cancellation did not stop ended with: %s", error)
        raise asyncio.CancelledError
    return task.result()
