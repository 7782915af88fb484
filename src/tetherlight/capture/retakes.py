"""Frames that do not show their light, taken again before the plan ends."""

import logging
from collections.abc import Awaitable, Callable, Collection

from tetherlight.capture.exposures import StepFailed
from tetherlight.capture.plan import Plan
from tetherlight.capture.sink import Recorder, Taking
from tetherlight.protocol.manifest import ReplacedRecord, StepRecord
from tetherlight.protocol.models import StepState

logger = logging.getLogger(__name__)

IN_VAIN = "It could not be taken again."
MOST_REPLACED = 10
"""Frames that a step had before and that its record still tells of."""


async def retaken(
    taken: Collection[int],
    *,
    plan: Plan,
    most: int,
    taking: Taking,
    recorder: Recorder,
    take: Callable[[list[StepRecord]], Awaitable[None]],
) -> None:
    """Take those of the steps again whose frames do not show their light, each at most so many times.

    One that cannot be taken again stays as it was, with a warning. In a plan that waits between rounds none is: what is
    taken later is no frame of an earlier round.
    """
    for _ in range(0 if has_rounds(plan) else most):
        wanted = await taking.suspects(taken)
        if not wanted or not await _taken_again(wanted, recorder, take):
            return


async def taken_as_asked(recorder: Recorder, take: Callable[[list[StepRecord]], Awaitable[None]]) -> None:
    """Take the steps again that somebody asked for while the plan ran, until nobody asks for more."""
    while wanted := recorder.asked_again():
        if not await _taken_again(wanted, recorder, take):
            return


def has_rounds(plan: Plan) -> bool:
    """Say whether a plan waits between rounds: what is taken later is no frame of an earlier one."""
    return any(axis.waits and len(axis.values) > 1 for axis in plan.axes)


async def _taken_again(
    wanted: Collection[int], recorder: Recorder, take: Callable[[list[StepRecord]], Awaitable[None]]
) -> bool:
    """Take steps again, and let those that fail be as they were; say whether none failed."""
    before = [step for step in recorder.manifest.steps if step.index in wanted]
    sentence = IN_VAIN
    try:
        await take([step.model_copy(update={"state": StepState.PENDING}) for step in before])
    except StepFailed as failure:
        logger.warning("A frame could not be taken again: %s", failure.cause.message)
        sentence = f"{IN_VAIN} {failure.cause.message}"
        return False
    finally:
        await recorder.put_back(before, sentence)
    return bool(before)


def replaced(step: StepRecord) -> tuple[ReplacedRecord, ...]:
    """Return what is kept of the frame that a step had before."""
    if not step.files:
        return ()
    return (ReplacedRecord(files=step.files, captured_at=step.captured_at, findings=step.findings),)
