"""The pictures of steps that are taken together: exposed, on their way, here."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from tetherlight.capture.axes.axis import Stage
from tetherlight.capture.moment import NotBegun
from tetherlight.capture.patience import ended
from tetherlight.capture.sink import Shot, Taking
from tetherlight.errors import CaptureFailed, TetherlightError
from tetherlight.protocol.manifest import StepRecord

Group = tuple[StepRecord, ...]
"""Steps that are taken together: one, or one for each camera."""


@dataclass(frozen=True)
class Ready:
    """Steps whose values are had and have settled."""

    steps: Group
    lit_at: datetime | None


class StepFailed(Exception):
    """A step did not give its image; its record tells it already."""

    def __init__(self, step: StepRecord, cause: TetherlightError) -> None:
        super().__init__(cause.message)
        self.step = step
        self.cause = cause


class NotTaken(Exception):
    """Some pictures of a group did not come; nothing has been told of that yet."""

    def __init__(self, missing: list[tuple[StepRecord, TetherlightError]]) -> None:
        super().__init__(missing[0][1].message)
        self.missing = missing


class Exposures:
    """The pictures of a group under way, one for each camera."""

    def __init__(self, taking: Taking, stage: Stage, steps: Group) -> None:
        self._firing = taking.firing([stage.camera_of(step) for step in steps])
        self._exposed: list[asyncio.Event] = []
        self._tasks = [self._begin(taking, stage, step) for step in steps]

    def _begin(self, taking: Taking, stage: Stage, step: StepRecord) -> asyncio.Task[Shot]:
        exposed = asyncio.Event()
        self._exposed.append(exposed)
        task = asyncio.create_task(taking.take(stage.camera_of(step), step, exposed.set, self._firing))
        task.add_done_callback(lambda done: self._over(done, exposed))
        return task

    def _over(self, done: asyncio.Task[Shot], exposed: asyncio.Event) -> None:
        exposed.set()
        if self._firing is not None and (done.cancelled() or done.exception() is not None):
            # The others must not wait for one that will not come.
            self._firing.never()

    async def exposed(self) -> bool:
        """Wait until every exposure is over; return whether all files are still on their way."""
        for one in self._exposed:
            await one.wait()
        return not any(task.done() for task in self._tasks)

    async def shots(self) -> list[Shot | TetherlightError]:
        """Wait for every picture, and return it or why there is none."""
        await asyncio.wait(self._tasks)
        outcomes = [_outcome(task) for task in self._tasks]
        causes = [one for one in outcomes if isinstance(one, TetherlightError)]
        unreleased = causes[0] if causes else CaptureFailed("No camera was released.")
        return [unreleased.again() if isinstance(one, NotBegun) else one for one in outcomes]

    async def late(self) -> list[Shot | None]:
        """Give up those whose exposure is not over, and wait for the files of the others; None where there are none."""
        under_way = []
        for exposed, task in zip(self._exposed, self._tasks, strict=True):
            if exposed.is_set():
                under_way.append(task)
            else:
                await ended(task)
        if under_way:
            await asyncio.wait(under_way)
        outcomes = [None if task.cancelled() else _outcome(task) for task in self._tasks]
        return [outcome if isinstance(outcome, Shot) else None for outcome in outcomes]

    async def end(self) -> None:
        """Make sure that nothing is under way any more."""
        for task in self._tasks:
            await ended(task)


def _outcome(task: asyncio.Task[Shot]) -> Shot | TetherlightError | NotBegun:
    try:
        return task.result()
    except (TetherlightError, NotBegun) as error:
        return error
