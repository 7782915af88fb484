"""What a camera needs to know of the machine and of the rig around it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from tetherlight.camera.usb import Bus

THIS_MACHINE = Bus()


def _states_one(_model: str, serial: str | None) -> bool:
    return serial is not None


def _no_other(_camera_id: str) -> bool:
    return True


@dataclass(frozen=True)
class Surroundings:
    """The USB bus, and which other cameras there are."""

    ports_in_use: Callable[[], Collection[str]] = tuple
    """Names the ports of open cameras, where another one need not be looked for."""
    trusts: Callable[[str, str | None], bool] = _states_one
    """Tells whether a model's serial number tells the camera from all others."""
    alone: Callable[[str], bool] = _no_other
    """Tells whether the camera of this id is the only one of its model that is known."""
    bus: Bus = THIS_MACHINE


ALONE = Surroundings()
