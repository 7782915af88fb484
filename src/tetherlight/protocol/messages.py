"""The envelope of every message, in both directions.

Client to server: `{"action": ..., "payload": {...}, "request_id": ...}`.
Server to client: `{"action", "success", "data", "error", "request_id"}`, and beside a failure `error_code`, `hint`,
`retryable`, `error_details`. Exactly one message, the final reply, carries `request_id` at top level.
"""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, RootModel
from pydantic_core import from_json, to_json

from tetherlight.errors import InvalidMessage, MessageTooLarge, TetherlightError

PROTOCOL_VERSION = 1
MAX_MESSAGE_BYTES = 64 * 1024
MAX_DEPTH = 32

R = TypeVar("R", bound=BaseModel)
RequestId = str | int | None


@dataclass(frozen=True, slots=True)
class Request:
    """A message from a client, its envelope checked and its payload not yet."""

    action: str
    payload: dict[str, Any]
    request_id: RequestId = None


class BadRequest(Exception):
    """A message that is no request, with as much of its envelope as could be read for the reply."""

    def __init__(self, error: TetherlightError, action: str = "error", request_id: RequestId = None) -> None:
        super().__init__(error.message)
        self.error = error
        self.action = action
        self.request_id = request_id


def parse_request(text: str | bytes) -> Request:
    """Read one message; raise BadRequest with a sentence that says what is wrong with it."""
    size = len(text) if isinstance(text, bytes) else len(text.encode())
    if size > MAX_MESSAGE_BYTES:
        raise BadRequest(MessageTooLarge(f"The message has {size} bytes; at most {MAX_MESSAGE_BYTES} are read."))
    try:
        value = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        if "recursion limit" in str(error):
            raise BadRequest(InvalidMessage(f"The message is nested deeper than {MAX_DEPTH} levels.")) from None
        raise BadRequest(InvalidMessage(f"The message is not JSON: {str(error)[:200]}.")) from None
    if not isinstance(value, dict):
        raise BadRequest(InvalidMessage("The message must be a JSON object."))
    return _request(value)


def _request(value: dict[str, Any]) -> Request:
    request_id = value.get("request_id")
    if isinstance(request_id, bool) or not isinstance(request_id, str | int):
        request_id = None
    action = value.get("action")
    if not isinstance(action, str) or not action:
        wrong = "is missing" if action is None or action == "" else "must be a string"
        raise BadRequest(InvalidMessage(f"The field 'action' {wrong}."), request_id=request_id)
    payload = value.get("payload")
    if payload is None:
        payload = {}
    if not isinstance(payload, dict):
        raise BadRequest(InvalidMessage("The field 'payload' must be an object."), action[:100], request_id)
    if _deeper_than(payload, MAX_DEPTH):
        raise BadRequest(
            InvalidMessage(f"The payload is nested deeper than {MAX_DEPTH} levels."), action[:100], request_id
        )
    return Request(action, payload, request_id)


def _deeper_than(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [child for part in level for child in _children(part)]
        if not level:
            return False
    return True


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


@dataclass(frozen=True, slots=True)
class Encoded(Generic[R]):
    """A result that is JSON already."""

    json: bytes


def success_reply(action: str, data: Any, request_id: RequestId = None) -> bytes:
    """Encode the reply to a request that did what was asked."""
    if isinstance(data, Encoded):
        return b'{"action":%b,"success":true,"data":%b,"error":null,"request_id":%b}' % (
            to_json(action), data.json, to_json(request_id)
        )  # fmt: skip
    # Left to itself the encoder tries each type that a root may have, which takes twice as long.
    data = data.root if isinstance(data, RootModel) else data
    return to_json(
        {"action": action, "success": True, "data": data, "error": None, "request_id": request_id}, inf_nan_mode="null"
    )


def failure_reply(action: str, error: TetherlightError, request_id: RequestId = None) -> bytes:
    """Encode the reply to a request that failed; `data` holds partial results where there are any."""
    reply = {"action": action, "success": False, "data": error.data, "error": error.message, "request_id": request_id}
    return to_json(reply | failure_fields(error), inf_nan_mode="null")


def failure_fields(error: TetherlightError) -> dict[str, Any]:
    """Return the fields that stand beside `error` in every failure."""
    fields: dict[str, Any] = {"error_code": error.code, "retryable": error.retryable}
    if error.hint is not None:
        fields["hint"] = error.hint
    if error.details is not None:
        fields["error_details"] = error.details
    return fields


def event_message(name: str, data: Any, *, error: TetherlightError | None = None, **top_level: Any) -> bytes:
    """Encode a message that the server sends of its own accord; it never carries a request_id at top level."""
    message: dict[str, Any] = {"action": name, "success": error is None, "data": data}
    if error is not None:
        message |= {"error": error.message} | failure_fields(error)
    return to_json(message | top_level, inf_nan_mode="null")
