"""Errors as HTTP responses."""

from starlette.responses import Response

from tetherlight.errors import TetherlightError
from tetherlight.protocol.models import ErrorInfo


def error_response(error: TetherlightError) -> Response:
    """Return the error as JSON with the status that fits it."""
    info = ErrorInfo(
        error=error.message,
        error_code=error.code,
        hint=error.hint,
        retryable=error.retryable,
        error_details=error.details,
    )
    return Response(info.model_dump_json(), status_code=error.status, media_type="application/json")
