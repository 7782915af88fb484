"""What comes from the server, turned back into values and errors of ours."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from tetherlight.errors import ServerError, TetherlightError, error_class
from tetherlight.protocol.models import first_fault

M = TypeVar("M", bound=BaseModel)


def value_of(model: type[M], data: Any) -> M:
    """Read a value; fields that a newer server added are left out. Raise ServerError where it has another form."""
    try:
        return model.model_validate(data, extra="ignore")
    except ValidationError as error:
        raise ServerError(
            f"The server's answer is not a {model.__name__}: {first_fault(error).message}.",
            hint="Client and server may be of different versions.",
        ) from error


def error_of(message: Mapping[str, Any]) -> TetherlightError:
    """Return the error that a failed reply, an event or an HTTP response tells, as an instance of its own class."""
    kind = error_class(str(message.get("error_code")))
    sentence = str(message.get("error") or "The server gave no reason.")
    details, hint = message.get("error_details"), message.get("hint")
    return kind(sentence, hint=hint, details=details, data=message.get("data"))


def http_error(status: int, body: bytes) -> TetherlightError:
    """Return the error of an HTTP response."""
    try:
        message = json.loads(body)
    except ValueError:
        message = None
    if isinstance(message, dict) and "error_code" in message:
        return error_of(message)
    return ServerError(f"The server answered with HTTP status {status}.")
