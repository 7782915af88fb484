"""The one place where libgphoto2's objects are made and its errors become ours."""

import contextlib
import os
import re
import stat
from collections.abc import Callable, Iterator
from typing import Any, ParamSpec, TypeVar

from tetherlight import errors
from tetherlight.camera import usb

__all__ = ["Device", "Library", "gp", "keep_descriptor_zero", "leave", "translated"]

CHOSEN_IOLIBS = os.environ.get("IOLIBS")

import gphoto2 as gp  # noqa: E402 - only here: importing it overwrites IOLIBS, which somebody may have set on purpose

if CHOSEN_IOLIBS:
    os.environ["IOLIBS"] = CHOSEN_IOLIBS

NETWORK_MODEL = "PTP/IP Camera"
"""The driver's name for every camera on the network; what the camera calls itself is in its summary."""
UNREACHABLE = (gp.GP_ERROR, gp.GP_ERROR_IO, gp.GP_ERROR_TIMEOUT)
GONE = (gp.GP_ERROR_IO_USB_FIND, gp.GP_ERROR_FILE_NOT_FOUND, gp.GP_ERROR_MODEL_NOT_FOUND, gp.GP_ERROR_UNKNOWN_PORT)
SAYS_NOTHING = "An error occurred in the io-library"
"""How a sentence begins that libgphoto2 itself adds to those of the drivers; it only words the code."""
NO_OTHER = re.compile("Property '.*' not found")

P = ParamSpec("P")
T = TypeVar("T")


def keep_descriptor_zero() -> None:
    """Put /dev/null on descriptor 0.

    Leaving a network camera closes descriptor 0 of the process. Without this the next socket would get the number 0,
    and leaving the next camera would cut it.
    """
    try:
        if stat.S_ISCHR(os.fstat(0).st_mode):
            return
    except OSError:
        pass  # it was closed: exactly the case that is mended here
    null = os.open(os.devnull, os.O_RDWR)
    if null != 0:
        os.dup2(null, 0)
        os.close(null)


@contextlib.contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn an error of libgphoto2 into ours; `doing` completes the sentence 'The camera failed to ...'."""
    try:
        yield
    except gp.GPhoto2Error as error:
        raise _translate(error, doing) from None


def _details(error: gp.GPhoto2Error) -> dict[str, Any]:
    """Return what programs are told: the code, and the driver's sentence where it said one."""
    notes = getattr(error, "__notes__", ())
    return {"gphoto_code": error.code} | ({"gphoto_text": notes[-1]} if notes else {})


def _translate(error: gp.GPhoto2Error, doing: str) -> errors.CameraError:
    details = _details(error)
    match error.code:
        case gp.GP_ERROR_CAMERA_BUSY:
            return errors.CameraBusy(
                f"The camera is busy and did not {doing}.", hint="Try again in a moment.", details=details
            )
        case gp.GP_ERROR_IO | gp.GP_ERROR_TIMEOUT:
            return errors.CameraTimeout(f"The camera did not answer when asked to {doing}.", details=details)
        case gp.GP_ERROR_IO_USB_FIND:
            return errors.CameraLost(
                f"The camera was gone when asked to {doing}.",
                hint="Check the cable and that the camera is on.",
                details=details,
            )
        case gp.GP_ERROR_NO_SPACE:
            return errors.CardFull(
                f"The camera's card is full: it did not {doing}.",
                hint="Change or empty the card.",
                details=details,
            )
        case _:
            why = details.get("gphoto_text", error.string)
            return errors.CameraError(f"The camera failed to {doing} ({why}).", details=details)


def _not_opened(error: gp.GPhoto2Error, port: str) -> errors.CameraError:
    details = {**_details(error), "port": port}
    if usb.Bus().forbidden(port):
        return errors.CameraForbidden(
            f"This user may not open the camera at {port}.",
            hint=usb.PERMISSION_HINT,
            details=details,
        )
    if error.code in {gp.GP_ERROR_IO_USB_CLAIM, gp.GP_ERROR_IO_LOCK}:
        return _claimed(port, details)
    if error.code in GONE:
        return errors.CameraNotFound(
            f"There is no camera at {port} any more.", hint="List the cameras again.", details=details
        )
    if error.code == gp.GP_ERROR_CAMERA_BUSY:
        return errors.CameraBusy(f"The camera at {port} is busy.", hint="Try again in a moment.", details=details)
    if error.code in UNREACHABLE:
        return errors.CameraTimeout(
            f"The camera at {port} does not answer.",
            hint="Check that it is on, awake, and connected to nobody else.",
            details=details,
        )
    why = details.get("gphoto_text", error.string)
    return errors.CameraError(f"The camera at {port} could not be opened ({why}).", details=details)


def _claimed(port: str, details: dict[str, object]) -> errors.CameraError:
    node = usb.Bus().node(port)
    if node is None:
        return errors.CameraClaimed(f"Another program holds the camera at {port}.", details=details)
    found = usb.holders(node, but=(os.getpid(), os.getppid()))
    seen = [one for one in found if one.seen]
    told = [{"name": one.name, "pid": one.pid} | ({"user": one.user} if one.user else {}) for one in seen]
    who = "Another Tetherlight" if len(seen) == 1 and seen[0].worker else "Another program"
    return errors.CameraClaimed(
        f"{who} holds the camera at {port}.",
        hint=usb.explained(found, node),
        details={**details, "holders": told},
    )


class Words:
    """What the drivers of libgphoto2 say in words while they work: their codes alone tell little."""

    def __init__(self) -> None:
        self.context = gp.Context()
        """One for the whole process: a driver keeps it beyond the call."""
        self._said: list[str] = []
        self._kept = self.context.set_error_func(self._hear, None)

    def _hear(self, _context: gp.Context, text: bytes | str, _data: object) -> None:
        sentence = (text if isinstance(text, str) else text.decode(errors="replace")).strip().rstrip(".")
        # A driver that refused a property looks for another of that name, and says in the end that there is none.
        also_missing = self._said and NO_OTHER.fullmatch(sentence)
        if sentence and not sentence.startswith(SAYS_NOTHING) and not also_missing:
            self._said.append(sentence)

    def of(self, call: Callable[P, T], *arguments: P.args, **more: P.kwargs) -> T:
        """Make a call; what was said of one that fails becomes the notes of its GPhoto2Error."""
        self._said.clear()
        try:
            return call(*arguments, **more)
        except gp.GPhoto2Error as error:
            for sentence in self._said:
                error.add_note(sentence)
            raise


class Device:
    """An open camera; each call raises GPhoto2Error with what the driver said of it."""

    def __init__(self, camera: gp.Camera, words: Words) -> None:
        self._camera = camera
        self._words = words
        self._context = words.context

    def get_summary(self) -> str:
        """Return libgphoto2's text about the camera."""
        return str(self._words.of(self._camera.get_summary, self._context))

    def get_storageinfo(self) -> list[gp.CameraStorageInformation]:
        """Return what is known of its cards."""
        return list(self._words.of(self._camera.get_storageinfo, self._context))

    def get_config(self) -> gp.CameraWidget:
        """Return the whole tree."""
        return self._words.of(self._camera.get_config, self._context)

    def get_single_config(self, name: str) -> gp.CameraWidget:
        """Return one entry."""
        return self._words.of(self._camera.get_single_config, name, self._context)

    def set_single_config(self, name: str, widget: gp.CameraWidget) -> None:
        """Write one entry."""
        self._words.of(self._camera.set_single_config, name, widget, self._context)

    def capture(self, kind: int) -> gp.CameraFilePath:
        """Release the shutter and wait for the picture."""
        return self._words.of(self._camera.capture, kind, self._context)

    def capture_preview(self) -> gp.CameraFile:
        """Take a preview."""
        return self._words.of(self._camera.capture_preview, None, self._context)

    def trigger_capture(self) -> None:
        """Release the shutter."""
        self._words.of(self._camera.trigger_capture, self._context)

    def wait_for_event(self, timeout: int) -> tuple[int, Any]:
        """Wait so many milliseconds; return the kind of an event and what belongs to it."""
        return self._words.of(self._camera.wait_for_event, timeout, self._context)

    def file_get(self, folder: str, name: str, kind: int) -> gp.CameraFile:
        """Return a file."""
        return self._words.of(self._camera.file_get, folder, name, kind, None, self._context)

    def file_delete(self, folder: str, name: str) -> None:
        """Delete a file."""
        self._words.of(self._camera.file_delete, folder, name, self._context)

    def exit(self) -> None:
        """Leave the camera."""
        self._words.of(self._camera.exit, self._context)


class Library:
    """libgphoto2's lists of ports and of drivers, loaded once per process."""

    def __init__(self) -> None:
        keep_descriptor_zero()
        self._words = Words()
        self._ports = gp.PortInfoList()
        self._ports.load()
        self._abilities = gp.CameraAbilitiesList()
        self._abilities.load()

    def autodetect(self) -> list[tuple[str, str]]:
        """Return model and port of every camera on USB; none is opened."""
        try:
            found = self._abilities.detect(self._ports)
        except gp.GPhoto2Error as error:
            raise errors.DetectionFailed(f"libgphoto2 could not look for cameras ({error.string}).") from None
        pairs = [(found.get_name(index), found.get_value(index)) for index in range(found.count())]
        return [(model, port) for model, port in pairs if port.startswith("usb:")]

    def open(self, model: str, port: str) -> Device:
        """Open the camera; raise CameraNotFound, CameraClaimed, CameraForbidden, CameraBusy or CameraTimeout."""
        camera = gp.Camera()
        try:
            camera.set_port_info(self._ports.get_info(self._ports.lookup_path(port)))
            driver = NETWORK_MODEL if port.startswith("ptpip:") else model
            camera.set_abilities(self._abilities.get_abilities(self._abilities.lookup_model(driver)))
            self._words.of(camera.init, self._words.context)
        except gp.GPhoto2Error as error:
            raise _not_opened(error, port) from None
        finally:
            keep_descriptor_zero()
        return Device(camera, self._words)


def leave(camera: Device) -> None:
    """Close the camera; after a fault libgphoto2 complains but frees everything all the same."""
    with contextlib.suppress(gp.GPhoto2Error):
        camera.exit()
    keep_descriptor_zero()
