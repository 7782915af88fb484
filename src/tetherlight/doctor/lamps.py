"""The drivers that the rig file names."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from tetherlight.errors import InvalidSetting
from tetherlight.lights.board import NO_ANSWER
from tetherlight.lights.drivers.mqtt import REFUSED
from tetherlight.lights.drivers.wled import DEAF
from tetherlight.lights.guard import is_trip
from tetherlight.lights.lights import Lights
from tetherlight.lights.registry import find_kind
from tetherlight.protocol.server import Finding
from tetherlight.rigfile.rigfile import RigFile

REMEDIES: Mapping[str, str] = MappingProxyType({
    NO_ANSWER: "Say in [drivers.serial] the baud that its sketch has (115200), or load the sketch of deploy/arduino.",
    REFUSED: "Compare username and password_file of [drivers.mqtt] with the broker's, such as by mosquitto_passwd.",
    DEAF: "On the strip's own page: Config, Sync Interfaces, Receive UDP realtime; and end a Live Override there.",
})  # fmt: skip
"""What mends faults of lamps that tell it."""


def check_drivers(rig: RigFile) -> Iterator[Finding]:
    """Tell which drivers this system does not have; what a lamp's own driver is called is for nobody else."""
    if rig.driver != "auto" and not _there(rig.driver):
        yield _missing(f"This system does not have the lamp driver {rig.driver} that {rig.path} names.", rig)
    for light in rig.lights:
        if light.driver is not None and not _there(light.driver):
            yield _missing(f"Light {light.name}: this system does not have the driver that {rig.path} names.", rig)


def lamp_faults(lights: Lights) -> Iterator[Finding]:
    """Tell which lamps of a server that works have a fault, and which boards would not go dark by themselves."""
    for light in lights.status().lights:
        if light.fault is not None and is_trip(light.name, light.fault):
            remedy = "Switch it on again, once it has cooled where it has to. Lights, Edit rig has its limits."
            yield Finding(check="lamp_limits", level="info", message=light.fault, remedy=remedy)
        elif light.fault is not None:
            yield Finding(
                check="lamp_faults",
                level="error",
                message=f"Light {light.name}: {light.fault}",
                remedy=REMEDIES.get(light.fault, "Mend it, and switch the light: it is tried anew each time."),
            )
    for one in lights.rig_file.lights:
        if (one.driver or lights.rig_file.driver) == "serial" and lights.holds(one.name):
            yield Finding(
                check="lamp_faults",
                level="warning",
                message=f"Light {one.name}: the firmware of its board has no watchdog, so it would stay on.",
                remedy="Load the sketch of deploy/arduino onto the board.",
            )


def _there(driver: str) -> bool:
    try:
        find_kind(driver)
    except InvalidSetting:
        return False
    return True


def _missing(message: str, rig: RigFile) -> Finding:
    remedy = f"Install the package that brings it, or name another driver in {rig.path}."
    return Finding(check="lamp_drivers", level="error", message=message, remedy=remedy)
