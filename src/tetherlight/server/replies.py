"""Errors as HTTP responses."""

from starlette.responses import Response

from tetherlight.errors import (
    CameraError,
    CameraNotFound,
    CameraNotOpen,
    DiskFull,
    Forbidden,
    ImageNotFound,
    ImageUnreadable,
    MessageTooLarge,
    NoCameraSelected,
    OutOfResources,
    RequestError,
    RequestTooSlow,
    ServerStopping,
    SetNotFound,
    StoreError,
    TetherlightError,
    TooManyRequests,
    Unauthorized,
)
from tetherlight.models import ErrorInfo

STATUS: tuple[tuple[type[TetherlightError], int], ...] = (
    (Unauthorized, 401),
    (Forbidden, 403),
    (TooManyRequests, 429),
    (RequestTooSlow, 408),
    (MessageTooLarge, 413),
    (RequestError, 400),
    (ImageNotFound, 404),
    (SetNotFound, 404),
    (CameraNotFound, 404),
    (CameraNotOpen, 409),
    (NoCameraSelected, 409),
    (CameraError, 503),
    (ServerStopping, 503),
    (OutOfResources, 503),
    (ImageUnreadable, 415),
    (DiskFull, 507),
    (StoreError, 500),
)
"""The first class that matches gives the status."""


def error_response(error: TetherlightError) -> Response:
    """Return the error as JSON with the status that fits it."""
    status = next((status for kind, status in STATUS if isinstance(error, kind)), 500)
    info = ErrorInfo(
        error=error.message,
        error_code=error.code,
        hint=error.hint,
        retryable=error.retryable,
        error_details=error.details,
    )
    return Response(info.model_dump_json(), status_code=status, media_type="application/json")
