"""All checks together."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING

from tetherlight.doctor.access import check_hooks, check_tokens
from tetherlight.doctor.bodies import check_bodies
from tetherlight.doctor.gpio import check_gpio
from tetherlight.doctor.lamp_places import check_lamps
from tetherlight.doctor.lamps import check_drivers
from tetherlight.doctor.machine import Machine
from tetherlight.doctor.network import check_network
from tetherlight.doctor.system import check_clock, check_disk, check_power, check_python, check_state
from tetherlight.doctor.usb import check_cameras, check_mode, usb_devices
from tetherlight.protocol.server import Finding
from tetherlight.rigfile.rigfile import RigFile
from tetherlight.settings import Settings, load_settings

if TYPE_CHECKING:
    from tetherlight.lights.drivers.gpiod_lamps import Chips

logger = logging.getLogger(__name__)


async def examine() -> list[Finding]:
    """Look for what is wrong beside a server, with its settings and its rig file; raise InvalidSetting."""
    settings = load_settings()
    return await diagnose(settings, RigFile.load(settings.rig_file))


async def diagnose(
    settings: Settings,
    rig_file: RigFile,
    *,
    open_ports: Collection[str] = (),
    serving: bool = False,
    machine: Machine | None = None,
    chips: "Chips | None" = None,
) -> list[Finding]:
    """Look for what is wrong with cameras, lights and machine, touching nothing; takes up to two seconds.

    `serving` says that this process is the rig's server, `open_ports` which cameras it has open; `machine` and `chips`
    stand in for the real ones.
    """
    machine = machine or Machine()
    simulated = settings.simulator_control is not None
    findings = await asyncio.to_thread(_look, settings, rig_file, machine, chips, serving)
    if simulated:
        message = "Cameras and lights are simulated."
        return [Finding(check="simulator", level="info", message=message), *findings]
    addresses = dict.fromkeys((*settings.cameras, *rig_file.cameras))
    return [*findings, *await check_network(addresses, open_ports)]


def _look(
    settings: Settings, rig_file: RigFile, machine: Machine, chips: "Chips | None", serving: bool
) -> list[Finding]:
    checks: dict[str, Callable[[], Iterator[Finding]]] = {
        "disk": lambda: check_disk(machine, settings),
        "state": lambda: check_state(settings),
        "tokens": lambda: check_tokens(settings),
        "clock": lambda: check_clock(machine),
        "power": lambda: check_power(machine),
        "python": check_python,
    }
    if not serving:
        # The server's own hooks say themselves how they stand.
        checks["hooks"] = lambda: check_hooks(rig_file)
    if settings.simulator_control is None:
        hardware: dict[str, Callable[[], Iterator[Finding]]] = {
            "usb_camera": lambda: check_cameras(machine, usb_devices(machine), serving=serving),
            "usb_body": lambda: check_bodies(usb_devices(machine)),
            "usb_mode": lambda: check_mode(usb_devices(machine)),
            "lamp_drivers": lambda: check_drivers(rig_file),
            "lamps": lambda: check_lamps(rig_file, serving=serving),
            "gpio_chip": lambda: check_gpio(rig_file, chips, serving=serving),
        }
        checks = hardware | checks
    return [finding for name, check in checks.items() for finding in _guarded(name, check)]


def _guarded(name: str, check: Callable[[], Iterator[Finding]]) -> list[Finding]:
    """Run a check; one that breaks must not hide what the others find."""
    try:
        return list(check())
    except Exception as error:
        logger.exception("The check %s failed", name)
        return [Finding(check=name, level="warning", message=f"This could not be checked: {error}.")]
