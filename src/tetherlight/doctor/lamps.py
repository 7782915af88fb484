"""The drivers that the rig file names."""

from collections.abc import Iterator

from tetherlight.errors import InvalidSetting
from tetherlight.lights.registry import find_kind
from tetherlight.protocol.server import Finding
from tetherlight.rigfile.rigfile import RigFile


def check_drivers(rig: RigFile) -> Iterator[Finding]:
    """Tell which drivers this system does not have."""
    named = {rig.driver, *(light.driver for light in rig.lights)} - {None, "auto"}
    for name in sorted(str(name) for name in named):
        try:
            find_kind(name)
        except InvalidSetting as error:
            remedy = f"Install the package that brings it, or name another driver in {rig.path}."
            yield Finding(check="lamp_drivers", level="error", message=error.message, remedy=remedy)
