"""Patience with a camera that is away for a moment: a job has the time, and its lamps are off meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Protocol, TypeVar

from tetherlight.camera.faults import away
from tetherlight.errors import CameraError, TetherlightError

T = TypeVar("T")
PATIENCE_S = 30.0
"""How long a job waits for a camera that is away; most are back within two seconds."""
TRIES = 3
"""How often a step is begun before a camera that goes away each time is given up."""
REST_S = 1.0
"""How long a body that is back needs to deal with the exposure in which it was lost, beside the exposure itself."""
REPEATED = "The camera was lost while it took this picture, which was taken again: the first one may be on its card."

MISSED = "The camera's line was pressed and no picture came, so that it was pressed again."


class Absent(Protocol):
    """What is asked of a camera that may be away."""

    async def in_doubt(self) -> None:
        """Wait until it is not certain any more that it is there."""

    async def back(self, seconds: float) -> bool:
        """Wait so long at most until it is there; return whether it is."""


def passes(error: TetherlightError) -> bool:
    """Tell whether an error is about the connection, so that the same step may succeed when the camera is back.

    A picture that is known to be on the card is none: it is there, and must not be taken twice.
    """
    return isinstance(error, CameraError) and away(error) and not (error.details or {}).get("on_card")


def may_have_exposed(error: TetherlightError) -> bool:
    """Tell whether the shutter was released, or may have been, before the camera was lost."""
    return bool((error.details or {}).get("released"))


async def guarded(cameras: Sequence[Absent], work: Coroutine[Any, Any, T], alarm: Callable[[], Awaitable[None]]) -> T:
    """Do the work; raise the alarm, once, as soon as it is in doubt whether all cameras are there."""
    doing = asyncio.create_task(work)
    doubts = [asyncio.create_task(camera.in_doubt()) for camera in cameras]
    try:
        await asyncio.wait({doing, *doubts}, return_when=asyncio.FIRST_COMPLETED)
        if any(doubt.done() for doubt in doubts):
            await alarm()
        return await doing
    finally:
        await ended(doing, *doubts)


async def all_back(cameras: Sequence[Absent], stop: asyncio.Event) -> bool:
    """Wait until every camera is there; False where that takes too long, or something else is wished meanwhile."""
    waiting = [asyncio.create_task(camera.back(PATIENCE_S)) for camera in cameras]
    stopped = asyncio.create_task(stop.wait())
    try:
        for one in waiting:
            await asyncio.wait({one, stopped}, return_when=asyncio.FIRST_COMPLETED)
        return not stop.is_set() and all(one.done() and one.result() for one in waiting)
    finally:
        await ended(stopped, *waiting)


async def ended(*tasks: asyncio.Future[Any] | None) -> None:
    """Make sure that tasks have ended, and that nobody misses their exceptions."""
    there = [task for task in tasks if task is not None]
    for task in there:
        task.cancel()
    await asyncio.gather(*there, return_exceptions=True)
