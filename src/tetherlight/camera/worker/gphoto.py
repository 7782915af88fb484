"""The one place where libgphoto2's objects are made and its errors become ours."""

import contextlib
import os
import stat
from collections.abc import Iterator

from tetherlight import errors, usb

__all__ = ["Library", "gp", "keep_descriptor_zero", "leave", "translated"]

CHOSEN_IOLIBS = os.environ.get("IOLIBS")

import gphoto2 as gp  # noqa: E402 - only here: importing it overwrites IOLIBS, which somebody may have set on purpose

if CHOSEN_IOLIBS:
    os.environ["IOLIBS"] = CHOSEN_IOLIBS

NETWORK_MODEL = "PTP/IP Camera"
"""The driver's name for every camera on the network; what the camera calls itself is in its summary."""
UNREACHABLE = (gp.GP_ERROR, gp.GP_ERROR_IO, gp.GP_ERROR_TIMEOUT)
GONE = (gp.GP_ERROR_IO_USB_FIND, gp.GP_ERROR_FILE_NOT_FOUND, gp.GP_ERROR_MODEL_NOT_FOUND, gp.GP_ERROR_UNKNOWN_PORT)


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


def _translate(error: gp.GPhoto2Error, doing: str) -> errors.CameraError:
    details = {"gphoto_code": error.code}
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
            return errors.CameraError(f"The camera failed to {doing} ({error.string}).", details=details)


def _not_opened(error: gp.GPhoto2Error, port: str) -> errors.CameraError:
    details = {"gphoto_code": error.code, "port": port}
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
    return errors.CameraError(f"The camera at {port} could not be opened ({error.string}).", details=details)


def _claimed(port: str, details: dict[str, object]) -> errors.CameraError:
    found = usb.holders(port)
    hint = (
        "; ".join(f"{name}, pid {pid}, holds it; stop it with: {usb.stop_command(name, pid)}" for name, pid in found)
        if found
        else "Often it is gvfs-gphoto2-volume-monitor; stop it and try again."
    )
    holder_details = {**details, "holders": [{"name": name, "pid": pid} for name, pid in found]}
    return errors.CameraClaimed(f"Another program holds the camera at {port}.", hint=hint, details=holder_details)


class Library:
    """libgphoto2's lists of ports and of drivers, loaded once per process."""

    def __init__(self) -> None:
        keep_descriptor_zero()
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

    def open(self, model: str, port: str) -> gp.Camera:
        """Open the camera; raise CameraNotFound, CameraClaimed, CameraForbidden, CameraBusy or CameraTimeout."""
        camera = gp.Camera()
        try:
            camera.set_port_info(self._ports.get_info(self._ports.lookup_path(port)))
            driver = NETWORK_MODEL if port.startswith("ptpip:") else model
            camera.set_abilities(self._abilities.get_abilities(self._abilities.lookup_model(driver)))
            camera.init()
        except gp.GPhoto2Error as error:
            raise _not_opened(error, port) from None
        finally:
            keep_descriptor_zero()
        return camera


def leave(camera: gp.Camera) -> None:
    """Close the camera; after a fault libgphoto2 complains but frees everything all the same."""
    with contextlib.suppress(gp.GPhoto2Error):
        camera.exit()
    keep_descriptor_zero()
