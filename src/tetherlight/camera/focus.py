"""Moving a lens's focus, which each maker's cameras want said in other words."""

import asyncio
from typing import Protocol

from tetherlight.camera import focus_point
from tetherlight.camera.faults import said
from tetherlight.camera.focus_point import Area, Point, Size
from tetherlight.camera.worker.widgets import ACTIONS_SECTION
from tetherlight.errors import CameraBusy, ConfigNotFound, ConfigRejected, held
from tetherlight.protocol.models import ConfigEntry, ConfigValue

STRIDES = (20, 150, 1000)
"""What small, middle and large steps are for cameras that count motor steps."""
SONY_DRIVE, SONY_STRIDES = "manualfocus", (1, 4, 7)
"""The same on the scale from 1 to 7 of Sony's bodies."""
HALF_PRESS_S = 1.5
"""Seconds for which cameras focus that would go on with it: those whose button is held half, and Canon's."""


class Lens(Protocol):
    """What of a camera is needed to focus it."""

    camera_id: str
    model: str

    @property
    def picture_size(self) -> Size | None:
        """Return width and height of the largest picture that was downloaded."""

    @property
    def owner(self) -> str | None:
        """Return the job that owns the camera."""

    async def get_config(self, name: str | None = None) -> list[ConfigEntry]:
        """Return the entry of that name; raise ConfigNotFound."""

    async def set_config(self, name: str, value: ConfigValue, *, owner: str | None = None) -> ConfigEntry:
        """Set one entry; raise ConfigRejected, and CameraBusy where another job owns the camera."""

    async def preview(self) -> object:
        """Take a preview, which begins the live view."""


async def drive_entry(camera: Lens) -> ConfigEntry:
    """Return the entry by which the focus is moved; raise ConfigNotFound where the camera has none."""
    return await _action(camera, SONY_DRIVE) or (await camera.get_config("manualfocusdrive"))[0]


async def drive_focus(camera: Lens, step: int, *, owner: str | None = None) -> None:
    """Move the focus by a step from -3 (far towards near) to 3.

    Raises ConfigNotFound where the camera cannot, and ConfigRejected where it did not move all the way.
    """
    entry = await drive_entry(camera)
    if step == 0:
        return
    value: ConfigValue = f"{'Near' if step < 0 else 'Far'} {abs(step)}"
    if not entry.options:
        stride = (SONY_STRIDES if entry.name == SONY_DRIVE else STRIDES)[abs(step) - 1]
        value = -stride if step < 0 else stride
    try:
        await camera.set_config(entry.path, value, owner=owner)
    except ConfigRejected as error:
        raise ConfigRejected(
            f"The lens did not move all the way{said(error)}",
            hint="Often it is at its end; else set lens and body to autofocus, and try again.",
            details=error.details,
        ) from None


async def autofocus(camera: Lens, point: Point | None = None, *, live: bool = False) -> None:
    """Let the camera focus once, at a point of its live view where one is given: shares of width and height.

    `live` tells that its live view runs. Raises CameraBusy while a job owns the camera, ConfigNotFound where the camera
    cannot, with nothing moved, and ConfigRejected where it does not take the point or finds no focus.
    """
    if camera.owner is not None:
        # A preview would wait for the end of the job.
        raise held(CameraBusy, f"camera '{camera.camera_id}'", camera.owner)
    drive = await _action(camera, "autofocusdrive") or await _action(camera, "autofocus")
    if drive is None:
        raise ConfigNotFound("This camera cannot be told to focus.", hint="Focus with the lens's ring.")
    if point is not None:
        await _aim(camera, point, live=live)
    try:
        await _focus(camera, drive)
    except ConfigRejected as error:
        raise ConfigRejected(
            f"The camera could not focus{said(error)}",
            hint="Check that lens and body are set to autofocus, and that there is light and contrast.",
            details=error.details,
        ) from None


async def _focus(camera: Lens, drive: ConfigEntry) -> None:
    """Let the camera focus, and let go of it in the end, also for a caller who gives up meanwhile."""
    cancel = drive if drive.name == "autofocus" else await _action(camera, "cancelautofocus")
    try:
        await camera.set_config(drive.path, True)
        if cancel is not None:
            await asyncio.sleep(HALF_PRESS_S)
    finally:
        if cancel is not None:
            await camera.set_config(cancel.path, cancel is not drive)


async def _aim(camera: Lens, point: Point, *, live: bool) -> None:
    """Move the focus frame, which cameras allow only while their live view runs."""
    entry, area = await _area(camera)
    value = area.write(point)
    if not live:
        await camera.preview()
    try:
        await camera.set_config(entry, value)
    except ConfigRejected:
        # After an exposure the live view may not be up again yet.
        await camera.preview()
        try:
            await camera.set_config(entry, value)
        except ConfigRejected as error:
            raise ConfigRejected(
                f"The camera did not take the focus point{said(error)}",
                hint="Set its focus area to a single point or spot that can be moved.",
                details=error.details,
            ) from None


async def _area(camera: Lens) -> tuple[str, Area]:
    """Return the path of the entry that takes a focus point, and how it wants to be told."""
    if (entry := await _action(camera, "eoszoomposition")) is not None:
        size = focus_point.canon_size(camera.model) or camera.picture_size
        if size is None:
            raise ConfigNotFound(
                "This camera takes no focus point before it is known how many pixels it has.",
                hint="Take a picture at full size first.",
            )
        return entry.path, focus_point.canon(size)
    if (entry := await _action(camera, "changeafarea")) is not None:
        return entry.path, focus_point.nikon(await _largest_picture(camera))
    if (entry := await _action(camera, "spotfocusarea")) is not None:
        return entry.path, focus_point.SONY
    raise _takes_none()


async def _largest_picture(camera: Lens) -> Size:
    try:
        (entry,) = await camera.get_config("imagesize")
    except ConfigNotFound:
        size = camera.picture_size
    else:
        size = focus_point.largest((*entry.options, str(entry.value))) or camera.picture_size
    if size is None:
        raise _takes_none()
    return size


def _takes_none() -> ConfigNotFound:
    return ConfigNotFound("This camera takes no focus point.", hint="Focus without a point, or on the body.")


async def _action(camera: Lens, name: str) -> ConfigEntry | None:
    """Return the entry of that name that makes the camera do something; a setting of the same name is none."""
    try:
        (entry,) = await camera.get_config(ACTIONS_SECTION + name)
    except ConfigNotFound:
        return None
    return None if entry.readonly else entry
