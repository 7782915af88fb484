"""What a camera needs to know of the machine and of the rig around it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from tetherlight.camera.usb import Bus

THIS_MACHINE = Bus()


@dataclass(frozen=True)
class Surroundings:
    """The USB bus, and what else is open."""

    ports_in_use: Callable[[], Collection[str]] = tuple
    """Names the ports of other open cameras, where this one need not be looked for."""
    bus: Bus = THIS_MACHINE


ALONE = Surroundings()
