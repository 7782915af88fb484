"""From a request to its reply: find the handler, check the payload, and make every failure a reply."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from tetherlight.actions.context import Caller, Context, require
from tetherlight.actions.table import HANDLERS
from tetherlight.errors import RequestError, TetherlightError, unexpected
from tetherlight.protocol.action import Action
from tetherlight.protocol.actions import find_action
from tetherlight.protocol.cameras import READY
from tetherlight.protocol.messages import Request, RequestId, failure_reply, success_reply
from tetherlight.protocol.server import DESCRIBE, GET_LOG, GET_NEIGHBOURS, PING
from tetherlight.protocol.sets import GET_IMAGE_DATA
from tetherlight.rig.rig import Rig

logger = logging.getLogger(__name__)

T = TypeVar("T")
ID_LENGTH = 100
BULKY = frozenset({GET_IMAGE_DATA.name, DESCRIBE.name, GET_LOG.name})
"""Actions whose replies take so long to encode that it is done off the loop."""
QUIET = frozenset({GET_LOG.name, GET_NEIGHBOURS.name, PING.name})
"""Actions that pages repeat for as long as they are open: at INFO they would fill the log."""


Finish = Callable[[Action[Any, Any], Any], Awaitable[T]]
"""Makes of an action's result what its caller gets."""


async def dispatch(rig: Rig, caller: Caller, request: Request) -> bytes | None:
    """Do what a request asks and return the encoded reply, None where none is due; it raises nothing."""

    async def encoded(action: Action[Any, Any], result: Any) -> bytes:
        if action.name in BULKY:
            return await asyncio.to_thread(success_reply, request.action, result, request.request_id)
        return success_reply(request.action, result, request.request_id)

    try:
        reply = await perform(rig, caller, request, encoded)
    except TetherlightError as error:
        reply = failure_reply(request.action, error, request.request_id)
    return None if _unanswered(request) else reply


async def perform(rig: Rig, caller: Caller, request: Request, finish: Finish[T]) -> T:
    """Do what a request asks, if its caller may; log who asked, with which rights, and how it ended.

    Raises one of our errors, whatever happens; RightMissing where the caller has not the right that the action needs.
    """
    started = time.perf_counter()
    outcome = "cancelled"
    try:
        done = await _done(Context(rig, caller, request), finish)
    except TetherlightError as error:
        outcome = error.code
        told = explained(error, request)
        if told is error:
            raise
        raise told from error
    except Exception as error:
        logger.exception("%s of %s failed unexpectedly", request.action[:100], caller.name)
        broken = explained(unexpected(error), request)
        outcome = broken.code
        raise broken from error
    else:
        outcome = "ok"
        return done
    finally:
        _log(caller, request, (time.perf_counter() - started) * 1000, outcome)


async def _done(context: Context, finish: Finish[T]) -> T:
    action = find_action(context.request.action)
    require(context.caller, action.right, action.name)
    payload = action.parse(context.request.payload)
    return await finish(action, await HANDLERS[action.name](context, payload))


def _log(caller: Caller, request: Request, duration_ms: float, outcome: str) -> None:
    level = logging.DEBUG if request.action.upper() in QUIET else logging.INFO
    if _unanswered(request) or not logger.isEnabledFor(level):
        return
    rights = ",".join(sorted(caller.rights)) or "no rights"
    action, request_id = request.action[:100], _shown(request.request_id)
    logger.log(level, "%s (%s) %s id=%s %.1f ms %s", caller.name, rights, action, request_id, duration_ms, outcome)


def _shown(request_id: RequestId) -> RequestId:
    """Return what the log tells of an id, which may be as long as a message and a number of any length."""
    if isinstance(request_id, str):
        return request_id[:ID_LENGTH]
    return request_id if request_id is None or abs(request_id) < 10**ID_LENGTH else "(a very long number)"


def _unanswered(request: Request) -> bool:
    """Say whether it is a confirmation of a frame, which comes with each one and gets no reply."""
    return request.request_id is None and request.action.upper() == READY.name


def explained(error: TetherlightError, request: Request) -> TetherlightError:
    """Begin the error's sentence as the action's failures begin; the cause follows after one space."""
    if isinstance(error, RequestError):
        return error
    beginning = find_action(request.action).failure_sentence(request.payload)
    if beginning is None or error.message.startswith(beginning):
        return error
    sentence = f"{beginning} {error.message}"
    return type(error)(sentence, hint=error.hint, details=error.details, data=error.data)
