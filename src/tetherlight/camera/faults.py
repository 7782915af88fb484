"""What an error of the camera says: about the connection, and to people."""

from tetherlight.camera.worker.widgets import ACTIONS_SECTION
from tetherlight.errors import (
    CameraBusy,
    CameraCrashed,
    CameraError,
    CameraLost,
    CameraTimeout,
    CardFull,
    ConfigRejected,
    PreviewFailed,
    PreviewUnsupported,
)
from tetherlight.protocol.models import ConfigEntry, ConfigValue

SOUND = (CameraBusy, CardFull, PreviewUnsupported)
"""Errors by which the camera shows that it is there."""


def suspicious(error: CameraError) -> bool:
    """Tell whether the connection may be broken; only asking the camera something uncached shows it.

    A cut connection first appears as libgphoto2's general error, and a camera that is gone as one that has no entry
    of that name: neither code alone means anything.
    """
    if isinstance(error, SOUND):
        return False
    return isinstance(error, CameraTimeout | CameraCrashed | CameraLost) or "gphoto_code" in (error.details or {})


def repeatable(error: CameraError) -> bool:
    """Tell whether the same call may succeed when it is made once more."""
    return suspicious(error) or isinstance(error, PreviewFailed)


def away(error: CameraError) -> bool:
    """Tell whether an error means that the camera was gone for a moment at least."""
    return isinstance(error, CameraTimeout | CameraCrashed | CameraLost)


def lost(cause: str, question: str | None = None) -> CameraLost:
    """Return the error for calls to a camera that is away; a person must answer the question before it is back."""
    by_itself = "Check cable, battery and power; it is opened again by itself as soon as it is back."
    return CameraLost(f"The camera is lost: {cause}", hint=question or by_itself)


def worded(error: CameraError) -> CameraError:
    """Say that the camera is lost where the connection broke; libgphoto2 only reports that something failed."""
    return lost(error.message) if "gphoto_code" in (error.details or {}) else error


def said(error: CameraError | None, otherwise: str = ".") -> str:
    """Return the end of a sentence: what the driver said of a call that failed, or `otherwise`."""
    text = ((error.details if error else None) or {}).get("gphoto_text")
    return f": {text}." if text else otherwise


def refused(entry: ConfigEntry, wanted: ConfigValue, cause: CameraError | None) -> ConfigRejected:
    """Return the error for an entry that the camera did not take; an action is no setting that keeps a value."""
    details = cause.details if cause else None
    if entry.path.startswith(ACTIONS_SECTION):
        return ConfigRejected(f"The camera did not carry out '{entry.name}'{said(cause)}", details=details, data=entry)
    return ConfigRejected(
        f"The camera kept '{entry.value}' instead of '{wanted}'{said(cause)}", details=details, data=entry
    )


def of_exposure(error: CameraError, *, on_card: bool = False) -> CameraError:
    """Return an error with what it cost: an exposure that was begun, whose files may lie on the card or surely do."""
    told = {"released": True} | ({"on_card": True} if on_card else {})
    return type(error)(error.message, hint=error.hint, details={**(error.details or {}), **told}, data=error.data)
