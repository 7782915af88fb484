"""Work that holds up no end: in a thread that nobody waits for, in a task whose failure somebody hears of."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

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
