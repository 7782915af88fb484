"""From a request to its reply: find the handler, check the payload, and make every failure a reply."""

import asyncio
import logging
import time

from tetherlight.actions.context import Caller, Context
from tetherlight.actions.table import HANDLERS
from tetherlight.errors import RequestError, TetherlightError, unexpected
from tetherlight.protocol.actions import find_action
from tetherlight.protocol.cameras import READY
from tetherlight.protocol.messages import Request, failure_reply, success_reply
from tetherlight.protocol.server import DESCRIBE, GET_LOG, PING
from tetherlight.protocol.sets import GET_IMAGE_DATA
from tetherlight.rig.rig import Rig

logger = logging.getLogger(__name__)

BULKY = frozenset({GET_IMAGE_DATA.name, DESCRIBE.name, GET_LOG.name})
"""Actions whose replies take so long to encode that it is done off the loop."""
QUIET = frozenset({GET_LOG.name, PING.name})
"""Actions that pages repeat for as long as they are open: at INFO they would fill the log."""


async def dispatch(rig: Rig, caller: Caller, request: Request) -> bytes | None:
    """Do what a request asks and return the encoded reply, None where none is due; it raises nothing."""
    started = time.perf_counter()
    outcome = "ok"
    try:
        reply = await _answer(Context(rig, caller, request))
    except TetherlightError as error:
        outcome = error.code
        reply = failure_reply(request.action, explained(error, request), request.request_id)
    except Exception as error:
        logger.exception("%s of %s failed unexpectedly", request.action[:100], caller.id)
        broken = unexpected(error)
        outcome = broken.code
        reply = failure_reply(request.action, explained(broken, request), request.request_id)
    if request.action.upper() == READY.name and request.request_id is None:
        return None
    duration_ms = (time.perf_counter() - started) * 1000
    level = logging.DEBUG if request.action.upper() in QUIET else logging.INFO
    logger.log(
        level, "%s %s id=%s %.1f ms %s", caller.id, request.action[:100], request.request_id, duration_ms, outcome
    )
    return reply


async def _answer(context: Context) -> bytes:
    request = context.request
    action = find_action(request.action)
    payload = action.parse(request.payload)
    result = await HANDLERS[action.name](context, payload)
    if action.name in BULKY:
        return await asyncio.to_thread(success_reply, request.action, result, request.request_id)
    return success_reply(request.action, result, request.request_id)


def explained(error: TetherlightError, request: Request) -> TetherlightError:
    """Begin the error's sentence as the action's failures begin; the cause follows after one space."""
    if isinstance(error, RequestError):
        return error
    beginning = find_action(request.action).failure_sentence(request.payload)
    if beginning is None or error.message.startswith(beginning):
        return error
    sentence = f"{beginning} {error.message}"
    return type(error)(sentence, hint=error.hint, details=error.details, data=error.data)
