"""Lamps through RPi.GPIO, for old kernels without the GPIO character device; only where the rig file asks for it."""

import importlib
import logging
from collections.abc import Mapping, Sequence
from typing import ClassVar, Protocol

from tetherlight.errors import InvalidSetting
from tetherlight.lights.gpio import NO_PIN, gpio_failed
from tetherlight.lights.lamps import OFF, LampDriver, LampKind, Levels
from tetherlight.rigfile.lights import RigLight

logger = logging.getLogger(__name__)

HIGHEST_PIN = 27


class GpioModule(Protocol):
    """The part of the module `RPi.GPIO` that is used."""

    BCM: int
    OUT: int

    def setmode(self, mode: int, /) -> None:
        """Choose the numbering of pins."""

    def setwarnings(self, on: bool, /) -> None:
        """Choose whether pins in use are warned of."""

    def setup(self, pin: int, direction: int, *, initial: int) -> None:
        """Make a pin an output with this level."""

    def output(self, pins: list[int], levels: list[int], /) -> None:
        """Set the levels of outputs, one after the other."""

    def cleanup(self, pins: list[int], /) -> None:
        """Give pins back."""


def load_module() -> GpioModule:
    """Import RPi.GPIO; raise InvalidSetting where it is missing or refuses the board."""
    try:
        module: GpioModule = importlib.import_module("RPi.GPIO")
    except ImportError:
        raise InvalidSetting(
            "The rig file asks for the driver RPi.GPIO, which is not installed.",
            hint="pip install 'tetherlight[rpi-gpio]', or leave out the driver to use the kernel's own.",
        ) from None
    except RuntimeError as error:
        raise InvalidSetting(f"The driver RPi.GPIO does not run on this board: {error}.") from None
    return module


class RpiGpioLamps(LampDriver):
    """Lamps on a Raspberry Pi's header, by BCM number."""

    name: ClassVar[str] = "RPi.GPIO"
    real: ClassVar[bool] = True

    def __init__(self, gpio: GpioModule) -> None:
        self._gpio = gpio
        self._lights: dict[str, RigLight] = {}
        self._unavailable: dict[str, str] = {}
        self._pins: dict[str, int] = {}

    @property
    def unavailable(self) -> Mapping[str, str]:
        """The lights whose pin could not be set up."""
        return self._unavailable

    async def define(self, lights: Sequence[RigLight]) -> None:
        """Give back the former pins and make these outputs that are off."""
        await self.close()
        self._lights = {light.name: light for light in lights}
        self._unavailable = {}
        self._gpio.setwarnings(False)
        self._gpio.setmode(self._gpio.BCM)
        for light in lights:
            self._set_up(light)

    def _set_up(self, light: RigLight) -> None:
        if light.pin is None:
            self._unavailable[light.name] = NO_PIN
            return
        if light.pin > HIGHEST_PIN:
            self._unavailable[light.name] = f"A Raspberry Pi's header has no pin {light.pin}, only 0 to {HIGHEST_PIN}."
            return
        try:
            self._gpio.setup(light.pin, self._gpio.OUT, initial=self._volts(light.name, on=False))
        except (RuntimeError, ValueError, OSError) as error:
            self._unavailable[light.name] = f"Pin {light.pin} cannot be set up: {error}."
            logger.warning("Light %s cannot be driven: %s", light.name, error)
        else:
            self._pins[light.name] = light.pin

    def _volts(self, name: str, *, on: bool) -> int:
        return int(on != self._lights[name].active_low)

    async def switch(self, levels: Levels) -> None:
        """Set all pins with one call."""
        failed = {name: self._unavailable[name] for name in levels if name not in self._pins}
        driven = {name: level for name, level in levels.items() if name in self._pins}
        if driven:
            try:
                self._output(driven)
            except (RuntimeError, ValueError, OSError) as error:
                failed |= dict.fromkeys(driven, f"RPi.GPIO says: {error}.")
        if failed:
            raise gpio_failed(failed)

    def _output(self, levels: Levels) -> None:
        volts = [self._volts(name, on=level > OFF) for name, level in levels.items()]
        self._gpio.output([self._pins[name] for name in levels], volts)

    def off_now(self) -> frozenset[str]:
        """Set each pin off, going on where one fails."""
        failed: set[str] = set()
        for name in self._pins:
            try:
                self._output({name: OFF})
            except (RuntimeError, ValueError, OSError) as error:
                logger.error("Light %s cannot be switched off: %s", name, error)  # noqa: TRY400
                failed.add(name)
        return frozenset(failed)

    async def close(self) -> None:
        """Switch off and give back the pins."""
        self.off_now()
        if self._pins:
            self._gpio.cleanup(list(self._pins.values()))
        self._pins = {}


KIND = LampKind(RpiGpioLamps.name, lambda _: RpiGpioLamps(load_module()))
