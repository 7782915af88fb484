"""Everything that can go wrong, as one tree with a stable code for each leaf.

TetherlightError                 internal_error
├── RequestError                 the request itself is wrong; nothing was touched
│   ├── InvalidMessage           invalid_message
│   ├── UnknownAction            unknown_action
│   ├── InvalidPayload           invalid_payload
│   ├── MessageTooLarge          message_too_large
│   ├── InvalidName              invalid_name
│   ├── TooManyRequests          too_many_requests
│   ├── RequestTooSlow           request_too_slow
│   ├── ServerOnly               server_only
│   ├── RecipeUnfit              recipe_unfit
│   ├── Unauthorized             unauthorized
│   └── Forbidden                forbidden
│       └── RightMissing         right_missing
├── CameraError                  camera_error
│   ├── NoCameraSelected         no_camera_selected
│   ├── CameraNotFound           camera_not_found
│   ├── CameraNotOpen            camera_not_open
│   ├── CameraBusy               camera_busy
│   ├── CameraClaimed            camera_claimed
│   ├── CameraForbidden          camera_forbidden
│   ├── CameraLost               camera_lost
│   ├── CameraTimeout            camera_timeout
│   ├── CameraCrashed            camera_crashed
│   ├── DetectionFailed          detection_failed
│   ├── CaptureFailed            capture_failed
│   ├── CardFull                 card_full
│   ├── CaptureIncomplete        capture_incomplete
│   ├── TriggerMissed            trigger_missed
│   ├── CaptureRefused           capture_refused
│   ├── PreviewUnsupported       preview_unsupported
│   ├── PreviewFailed            preview_failed
│   ├── LiveviewStopped          liveview_stopped
│   ├── ConfigNotFound           config_not_found
│   ├── ConfigReadonly           config_readonly
│   ├── ConfigInvalid            config_invalid
│   ├── ConfigRejected           config_rejected
│   └── FocusUnknown             focus_unknown
├── LightError                   light_error
│   ├── UnknownLight             unknown_light
│   ├── LightsBusy               lights_busy
│   ├── LightLimited             light_limited
│   ├── LampFailed               lamp_failed
│   └── LightNotMeasured         light_not_measured
├── TriggerError                 trigger_error
│   ├── TriggerMissing           trigger_missing
│   ├── TriggerFailed            trigger_failed
│   ├── SyncMissing              sync_missing
│   ├── SyncLate                 sync_late
│   └── SyncMismatch             sync_mismatch
├── StoreError                   store_error
│   ├── SetNotFound              set_not_found
│   ├── SetBusy                  set_busy
│   ├── SetExists                set_exists
│   ├── ManifestNewer            manifest_newer
│   ├── RecipeNotFound           recipe_not_found
│   ├── RecipeExists             recipe_exists
│   ├── ObjectNotFound           object_not_found
│   ├── ObjectListInvalid        object_list_invalid
│   ├── ObjectConflict           object_conflict
│   ├── BackupInvalid            backup_invalid
│   ├── ImageNotFound            image_not_found
│   ├── ImageUnreadable          image_unreadable
│   ├── ExportMissing            export_missing
│   ├── LightsFileInvalid        lights_file_invalid
│   ├── DiskFull                 disk_full
│   └── StoreFull                store_full
├── SurfaceError                 surface_error
│   ├── TooFewLights             too_few_lights
│   ├── LightsCoplanar           lights_coplanar
│   ├── LightsUnknown            lights_unknown
│   ├── NoFocusStack             no_focus_stack
│   ├── ImagesBlack              images_black
│   ├── ImagesClipped            images_clipped
│   ├── NormalsInvalid           normals_invalid
│   ├── CameraMatrixInvalid      camera_matrix_invalid
│   └── ShapesDiffer             shapes_differ
├── CalibrationError             calibration_error
│   ├── SphereNotFound           sphere_not_found
│   └── SphereTooSmall           sphere_too_small
├── JobError                     job_error
│   ├── JobNotFound              job_not_found
│   ├── CpuBusy                  cpu_busy
│   ├── JobConflict              job_conflict
│   ├── SequenceFailed           sequence_failed
│   ├── WorkFailed               work_failed
│   ├── WorkTimeout              work_timeout
│   └── WorkMemory               work_memory
└── ServerError                  server_error
    ├── InvalidSetting           invalid_setting
    ├── StartFailed              start_failed
    ├── SetupFailed              setup_failed
    ├── ServerStopping           server_stopping
    ├── ServerUnreachable        server_unreachable
    ├── ClientTooSlow            client_too_slow
    ├── NotInstalled             not_installed
    ├── HookFailed               hook_failed
    └── OutOfResources           out_of_resources

The client raises the same class that the server raised: see `error_class`.
"""

import errno
import os
from collections.abc import Iterator
from typing import Any, ClassVar, Self, TypeVar

SCARCE = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.ENOBUFS})
"""What the operating system answers where files, memory or processes are used up."""
NO_THREAD = "can't start new thread"
"""All that Python says where the operating system has no thread left."""


class TetherlightError(Exception):
    """A failure that is told to people by its sentence and to programs by its code."""

    code: ClassVar[str] = "internal_error"
    retryable: ClassVar[bool] = False
    status: ClassVar[int] = 500
    """What an HTTP response with this error has as its status."""

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        details: dict[str, Any] | None = None,
        data: Any = None,
    ) -> None:
        """Keep the sentence, what to do about it, facts for programs, and partial results for the reply's `data`."""
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details
        self.data = data

    def again(self) -> Self:
        """Return the same error for another raise: one object keeps the frames of every time that it is raised."""
        fresh = type(self).__new__(type(self), *self.args)
        fresh.__dict__.update(self.__dict__)
        return fresh


class RequestError(TetherlightError):
    """The request itself is wrong; nothing was touched."""

    code = "invalid_request"
    status = 400


class InvalidMessage(RequestError):
    """The message is no JSON object, or its envelope has the wrong form."""

    code = "invalid_message"


class UnknownAction(RequestError):
    """The action is not in the table."""

    code = "unknown_action"


class InvalidPayload(RequestError):
    """A field of the payload is missing, unknown, or of the wrong type."""

    code = "invalid_payload"


class MessageTooLarge(RequestError):
    """The message is longer than the server reads."""

    code = "message_too_large"
    status = 413


class InvalidName(RequestError):
    """A name holds characters that no file or light may have."""

    code = "invalid_name"


class TooManyRequests(RequestError):
    """The client asks faster than the server answers."""

    code = "too_many_requests"
    status = 429
    retryable = True


class RequestTooSlow(RequestError):
    """The request's body did not come in time."""

    code = "request_too_slow"
    status = 408
    retryable = True


class ServerOnly(RequestError):
    """What runs programs, opens ports or holds secrets is set in the server's own files, never by a client."""

    code = "server_only"


class RecipeUnfit(RequestError):
    """A recipe names lights, settings or a camera that this rig does not have; nothing was begun."""

    code = "recipe_unfit"


class Unauthorized(RequestError):
    """The token is missing or wrong."""

    code = "unauthorized"
    status = 401


class Forbidden(RequestError):
    """The request comes from a page, through a host name or from a caller that may not make it."""

    code = "forbidden"
    status = 403


class RightMissing(Forbidden):
    """Who asks is known and may not do that: the role of its token has not the right that it needs."""

    code = "right_missing"


class CameraError(TetherlightError):
    """The camera did not do what it was asked."""

    code = "camera_error"
    status = 503


class NoCameraSelected(CameraError):
    """The action needs a selected camera."""

    code = "no_camera_selected"
    status = 409


class CameraNotFound(CameraError):
    """No camera matches the model, port or camera_id."""

    code = "camera_not_found"
    status = 404


class CameraNotOpen(CameraError):
    """The camera is known but not open."""

    code = "camera_not_open"
    status = 409


class CameraBusy(CameraError):
    """A job owns the camera, or the camera says that it is busy."""

    code = "camera_busy"
    retryable = True


class CameraClaimed(CameraError):
    """Another program holds the USB device."""

    code = "camera_claimed"
    retryable = True


class CameraForbidden(CameraError):
    """The user who runs the server may not open the USB device."""

    code = "camera_forbidden"


class CameraLost(CameraError):
    """The camera does not answer any more: unplugged, switched off or asleep."""

    code = "camera_lost"
    retryable = True


class CameraTimeout(CameraError):
    """The camera did not answer before the deadline."""

    code = "camera_timeout"
    retryable = True


class CameraCrashed(CameraError):
    """The camera's worker process ended without being asked to."""

    code = "camera_crashed"
    retryable = True


class DetectionFailed(CameraError):
    """The cameras could not be listed."""

    code = "detection_failed"
    retryable = True


class CaptureFailed(CameraError):
    """The camera took no picture, or did not deliver it."""

    code = "capture_failed"


class CardFull(CaptureFailed):
    """The camera's card has no room left."""

    code = "card_full"


class CaptureIncomplete(CaptureFailed):
    """Of cameras that were released together some gave no picture; `data` has those of the others."""

    code = "capture_incomplete"


class TriggerMissed(CaptureFailed):
    """The line at its release was pressed, and the camera announced no picture."""

    code = "trigger_missed"
    retryable = True


class CaptureRefused(CaptureFailed):
    """By the settings of the camera a release would give no picture of a known exposure; it was not released."""

    code = "capture_refused"
    status = 409


class PreviewUnsupported(CameraError):
    """The camera has no live view."""

    code = "preview_unsupported"


class PreviewFailed(CameraError):
    """The camera delivered no usable preview."""

    code = "preview_failed"
    retryable = True


class LiveviewStopped(CameraError):
    """The live view was stopped before its first frame."""

    code = "liveview_stopped"


class ConfigNotFound(CameraError):
    """The camera has no config entry of that name."""

    code = "config_not_found"


class ConfigReadonly(CameraError):
    """The config entry cannot be set."""

    code = "config_readonly"


class ConfigInvalid(CameraError):
    """The value is not one that the entry can take; the camera was not asked."""

    code = "config_invalid"


class ConfigRejected(CameraError):
    """The camera was asked and kept another value."""

    code = "config_rejected"


class FocusUnknown(CameraError):
    """Nobody knows where the lens stands now, in a plan that counts from where it stood."""

    code = "focus_unknown"


class LightError(TetherlightError):
    """A light did not do what it was asked."""

    code = "light_error"


class UnknownLight(LightError):
    """The rig has no light of that name."""

    code = "unknown_light"


class LightsBusy(LightError):
    """A job owns the lights."""

    code = "lights_busy"
    retryable = True


class LightLimited(LightError):
    """A limit that the rig file states for lamps stands in the way; `details` has `limit`, `lights` and `wait_s`."""

    code = "light_limited"
    retryable = True


class LampFailed(LightError):
    """The lamp's driver reported an error."""

    code = "lamp_failed"


class TriggerError(TetherlightError):
    """A line that fires cameras did not do what it was asked."""

    code = "trigger_error"
    status = 503


class TriggerMissing(TriggerError):
    """The rig file has no line that fires this camera."""

    code = "trigger_missing"
    status = 409


class TriggerFailed(TriggerError):
    """The line could not be driven: another program holds it, or its chip is not there."""

    code = "trigger_failed"
    retryable = True


class SyncMissing(TriggerError):
    """The release was held, and the sync line did not tell that the shutter opened, or not in time."""

    code = "sync_missing"


class SyncLate(TriggerError):
    """The shutter opened before the light of the next frame had settled."""

    code = "sync_late"


class SyncMismatch(TriggerError):
    """In a burst the sync line told of other exposures than the camera; which frame is which is not sure."""

    code = "sync_mismatch"


class LightNotMeasured(LightError):
    """The live view does not tell how a lamp behaves; `details` has the cause of each of the `lights`."""

    code = "light_not_measured"
    status = 422


class StoreError(TetherlightError):
    """A file could not be read, written or deleted."""

    code = "store_error"


class SetNotFound(StoreError):
    """There is no image set of that name, or it is empty."""

    code = "set_not_found"
    status = 404


class SetBusy(StoreError):
    """The image set is being captured."""

    code = "set_busy"
    retryable = True


class SetExists(StoreError):
    """There is already an image set of that name."""

    code = "set_exists"


class ManifestNewer(StoreError):
    """A newer version wrote the manifest, so this one must not change it."""

    code = "manifest_newer"


class RecipeNotFound(StoreError):
    """There is no recipe of that name, or a beginning of a name fits several."""

    code = "recipe_not_found"
    status = 404


class RecipeExists(StoreError):
    """There is already a recipe of that name."""

    code = "recipe_exists"


class ObjectNotFound(StoreError):
    """The queue has no object of that catalogue number."""

    code = "object_not_found"
    status = 404


class ObjectListInvalid(StoreError):
    """A list of objects cannot be read, or is longer than the queue may be; nothing was added."""

    code = "object_list_invalid"
    status = 400


class ObjectConflict(StoreError):
    """Another object is the current one by now, as where two people go on at once; nothing was changed."""

    code = "object_conflict"
    status = 409


class BackupInvalid(StoreError):
    """A file is no backup of a rig, or none that this version can read; nothing was changed."""

    code = "backup_invalid"


class ImageNotFound(StoreError):
    """There is no image at that path, or it must not be read."""

    code = "image_not_found"
    status = 404


class ImageUnreadable(StoreError):
    """The image is damaged, or of a kind of which no picture can be drawn."""

    code = "image_unreadable"
    status = 415


class LightsFileInvalid(StoreError):
    """A light file (`.lp`) is not as such files are."""

    code = "lights_file_invalid"
    status = 422


class DiskFull(StoreError):
    """The disk has too little room for what was asked."""

    code = "disk_full"
    status = 507


class StoreFull(DiskFull):
    """The disk has too little room, and nothing in the trash is old enough to go by itself."""

    code = "store_full"


class ExportMissing(StoreError):
    """The export was not made yet, or images were taken again since."""

    code = "export_missing"
    status = 404


class SurfaceError(TetherlightError):
    """No surface can be computed of what was given."""

    code = "surface_error"
    status = 422


class TooFewLights(SurfaceError):
    """There are fewer usable lights than the method needs."""

    code = "too_few_lights"


class LightsCoplanar(SurfaceError):
    """The directions of the lights lie in one plane, so the slope across it stays unknown."""

    code = "lights_coplanar"


class LightsUnknown(SurfaceError):
    """Nobody says from where the light of an image came."""

    code = "lights_unknown"


class NoFocusStack(SurfaceError):
    """The set has no images of one light at several places of the lens."""

    code = "no_focus_stack"


class ImagesBlack(SurfaceError):
    """The images show no light of the lamps."""

    code = "images_black"


class ImagesClipped(SurfaceError):
    """The images are white nearly everywhere, so they show no differences of light."""

    code = "images_clipped"


class NormalsInvalid(SurfaceError):
    """The normals are none: no height follows from them."""

    code = "normals_invalid"


class CameraMatrixInvalid(SurfaceError):
    """The camera matrix is not as such matrices are."""

    code = "camera_matrix_invalid"


class ShapesDiffer(SurfaceError):
    """Images, lights or masks that belong together differ in size or number."""

    code = "shapes_differ"


class CalibrationError(TetherlightError):
    """The lights could not be calibrated from these images."""

    code = "calibration_error"
    status = 422


class SphereNotFound(CalibrationError):
    """No mirror sphere was found in the images, or none with highlights that could be used."""

    code = "sphere_not_found"


class SphereTooSmall(CalibrationError):
    """The sphere has too few pixels for directions that are worth anything."""

    code = "sphere_too_small"


class JobError(TetherlightError):
    """A job could not be started, changed or finished."""

    code = "job_error"


class JobNotFound(JobError):
    """There is no job with that id."""

    code = "job_not_found"


class CpuBusy(JobError):
    """A job already computes, and takes all the power that there is for that."""

    code = "cpu_busy"
    retryable = True


class JobConflict(JobError):
    """The job's state does not allow what was asked."""

    code = "job_conflict"


class SequenceFailed(JobError):
    """A photometric sequence or a series of captures ended before its last step."""

    code = "sequence_failed"


class WorkFailed(JobError):
    """A computation ended before it had a result."""

    code = "work_failed"


class WorkTimeout(JobError):
    """A computation took longer than it may."""

    code = "work_timeout"


class WorkMemory(JobError):
    """A computation needed more memory than it may have, or than there was."""

    code = "work_memory"


class ServerError(TetherlightError):
    """The server cannot start, go on or be reached."""

    code = "server_error"


class InvalidSetting(ServerError):
    """A setting or the rig file has a value that cannot be used."""

    code = "invalid_setting"


class StartFailed(ServerError):
    """The server could not start."""

    code = "start_failed"


class SetupFailed(ServerError):
    """A step of preparing a machine could not be done."""

    code = "setup_failed"


class ServerStopping(ServerError):
    """The server is about to end and takes no new work."""

    code = "server_stopping"
    status = 503
    retryable = True

    def __init__(self, message: str = "The server is stopping.", **more: Any) -> None:
        super().__init__(message, **more)


class ServerUnreachable(ServerError):
    """No server answers at the address."""

    code = "server_unreachable"
    retryable = True


class ClientTooSlow(ServerError):
    """The client does not read what it asked for."""

    code = "client_too_slow"


class NotInstalled(ServerError):
    """A library that comes with an extra of the package is needed, and is not there."""

    code = "not_installed"
    status = 501

    @classmethod
    def of(cls, error: BaseException) -> Self | None:
        """Return our error for a module that is missing, or None where it is one of ours or something else failed."""
        if not isinstance(error, ModuleNotFoundError) or error.name is None:
            return None
        library = error.name.partition(".")[0]
        if library == "tetherlight":
            return None
        return cls(
            f"The library '{library}' is needed for this, and is not installed.",
            hint="pip install 'tetherlight[all]' brings all of them; the extras server, simulator and surface some.",
        )


class HookFailed(ServerError):
    """What a hook runs or tells did not take the event."""

    code = "hook_failed"


class OutOfResources(ServerError):
    """The server's machine has no files, memory or processes left to do it."""

    code = "out_of_resources"
    status = 503
    retryable = True

    @classmethod
    def of(cls, error: BaseException) -> Self | None:
        """Return our error for one of the operating system, or None where that is about something else."""
        if isinstance(error, MemoryError):
            number: int | None = errno.ENOMEM
        elif isinstance(error, RuntimeError) and str(error) == NO_THREAD:
            number = errno.EAGAIN
        else:
            number = error.errno if isinstance(error, OSError) else None
        if number is None or number not in SCARCE:
            return None
        return cls(f"The server's machine cannot do it now ({os.strerror(number)}).", hint=MAKE_ROOM)


MAKE_ROOM = "Close what is not needed on that machine; `ulimit -n` and `free` show its limits."


E = TypeVar("E", bound=TetherlightError)


def held(error: type[E], thing: str, job_id: str) -> E:
    """Return the refusal of a thing that a job holds; these are the words for everything that can be held."""
    return error(
        f"Job '{job_id}' is using {thing}.",
        hint="Wait until it is done, or cancel it.",
        details={"job_id": job_id},
    )


def unexpected(error: Exception) -> TetherlightError:
    """Return what a client is told of an exception that nobody foresaw."""
    known = OutOfResources.of(error) or NotInstalled.of(error)
    return known or TetherlightError("The server made a mistake; its log says more.")


def error_classes(root: type[TetherlightError] = TetherlightError) -> Iterator[type[TetherlightError]]:
    """Walk the tree from `root`, parents first."""
    yield root
    for child in root.__subclasses__():
        yield from error_classes(child)


def error_class(code: str) -> type[TetherlightError]:
    """Return the class with this code, or the root for a code of a newer server."""
    return next((found for found in error_classes() if found.code == code), TetherlightError)
