"""Which driver a rig's lamps get."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from tetherlight.errors import InvalidSetting
from tetherlight.lights.drivers.rpi_gpio import RpiGpioLamps, load_module
from tetherlight.lights.drivers.simulated import RememberedLamps, SceneLamps
from tetherlight.lights.lamps import LampDriver
from tetherlight.rigfile.rigfile import RigFile

if TYPE_CHECKING:
    from tetherlight.lights.drivers.gpiod_lamps import Chips


@dataclass(frozen=True)
class Choice:
    """A driver that holds no lamps yet, and what people should know about the choice."""

    driver: LampDriver
    message: str | None = None


def choose_driver(rig: RigFile, control: Path | None = None, chips: "Chips | None" = None) -> Choice:
    """Choose a driver: the simulator's scene, what the rig file says, a Raspberry Pi's header, else simulated lamps.

    `control` is the simulator's socket, `chips` the machine's GPIO chips. Unknown lines are never driven: without a
    chip in the rig file only a Raspberry Pi's header counts. Raises InvalidSetting where the rig file asks for what is
    not there.
    """
    if control is not None:
        return Choice(SceneLamps(control), "Lights are simulated: they light the simulator's scene.")
    if rig.driver == "simulated":
        return Choice(RememberedLamps(), "The rig file asks for it: lights are simulated.")
    if rig.driver == "RPi.GPIO":
        return Choice(RpiGpioLamps(load_module()))
    if find_spec("gpiod") is None:
        return _without_chip(rig, "This system has no GPIO chips that can be driven")
    return _gpiod(rig, chips)


def _gpiod(rig: RigFile, chips: "Chips | None") -> Choice:
    # The bindings exist on Linux only.
    from tetherlight.lights.drivers import gpiod_lamps  # noqa: PLC0415

    chips = chips or gpiod_lamps.Chips()
    if rig.chip is not None:
        chip = gpiod_lamps.open_named(chips, rig.chip)
        label = chip.get_info().label
        if rig.default_lights and label not in gpiod_lamps.PI_HEADER_LABELS:
            chip.close()
            raise InvalidSetting(
                f"The rig file {rig.path} names the GPIO chip '{rig.chip}' but no lights: "
                "the default pins are those of a Raspberry Pi's header."
            )
        return Choice(gpiod_lamps.GpiodLamps(chip, lambda: gpiod_lamps.named_if_there(chips, label)))
    search = gpiod_lamps.find_header(chips)
    if search.chip is not None:
        return Choice(gpiod_lamps.GpiodLamps(search.chip, lambda: gpiod_lamps.find_header(chips).chip))
    if search.forbidden:
        problem = f"No permission to open {', '.join(search.forbidden)}"
        return _without_chip(rig, problem, hint=gpiod_lamps.FORBIDDEN_HINT)
    return _without_chip(rig, "No GPIO chip of a Raspberry Pi was found")


def _without_chip(rig: RigFile, problem: str, *, hint: str | None = None) -> Choice:
    if rig.driver == "gpiod":
        raise InvalidSetting(f"The rig file {rig.path} asks for the driver gpiod. {problem}.", hint=hint)
    return Choice(RememberedLamps(), f"{problem}: lights are simulated.")
