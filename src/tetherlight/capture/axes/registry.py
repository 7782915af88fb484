"""Which axes there are: those of the server, and those of plug-ins by the entry point `tetherlight.axes`."""

import logging
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points

from tetherlight.capture.axes.axis import Axis
from tetherlight.capture.axes.camera import CameraAxis
from tetherlight.capture.axes.focus import FocusAxis
from tetherlight.capture.axes.light import LightAxis
from tetherlight.capture.axes.repeat import RepeatAxis
from tetherlight.capture.axes.settings import ExposureAxis, SettingAxis
from tetherlight.capture.axes.time import TimeAxis
from tetherlight.errors import InvalidPayload, JobConflict
from tetherlight.protocol.axes import AxisPlan
from tetherlight.protocol.manifest import AxisRecord

logger = logging.getLogger(__name__)

GROUP = "tetherlight.axes"
OWN: tuple[type[Axis], ...] = (LightAxis, ExposureAxis, FocusAxis, SettingAxis, TimeAxis, RepeatAxis, CameraAxis)


@cache
def known_axes() -> Mapping[str, type[Axis]]:
    """Return the classes of all axes by name; a plug-in that cannot be loaded is told in the log and left out."""
    found: dict[str, type[Axis]] = {axis.name: axis for axis in OWN}
    letters = {axis.letter for axis in OWN}
    for point in entry_points(group=GROUP):
        try:
            axis = point.load()
        except Exception:
            logger.exception("The axis '%s' of a plug-in could not be loaded", point.name)
            continue
        if not (isinstance(axis, type) and issubclass(axis, Axis)) or axis.name in found or axis.letter in letters:
            logger.error("The axis '%s' of a plug-in is no axis, or its name or letter is taken", point.name)
            continue
        found[axis.name] = axis
        letters.add(axis.letter)
    return found


def planned_axis(wanted: AxisPlan) -> Axis:
    """Return the axis that a request asks for; raise InvalidPayload."""
    known = known_axes()
    if wanted.axis not in known:
        raise InvalidPayload(f"There is no axis '{wanted.axis}'.", hint=f"Known are {', '.join(known)}.")
    return known[wanted.axis].planned(wanted)


def recorded_axis(record: AxisRecord) -> Axis:
    """Return the axis of a plan that was written down; raise JobConflict where its plug-in is missing."""
    try:
        return known_axes()[record.axis](record)
    except KeyError:
        raise JobConflict(
            f"The plan needs the axis '{record.axis[:64]}', which this server does not have.",
            hint="Install the plug-in that brings it.",
        ) from None
