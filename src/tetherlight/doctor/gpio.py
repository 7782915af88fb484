"""The GPIO chip and the lines of the rig's lights."""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

from tetherlight.errors import InvalidSetting
from tetherlight.protocol.server import Finding
from tetherlight.rigfile.lights import RigLight
from tetherlight.rigfile.rigfile import RigFile

if TYPE_CHECKING:
    from tetherlight.lights.drivers.gpiod_lamps import Chip, Chips

ON_CHIP = ("auto", "gpiod")
"""The drivers that take lines of a chip."""

PULLED_UP = (2, 3)
"""BCM pins with fixed pull-up resistors of 1.8 kilohms on every Raspberry Pi."""

PLAIN_PINS = (4, 5, 6, 12, 13, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27)
"""BCM pins without another duty in the usual configuration."""


def check_gpio(rig: RigFile, chips: "Chips | None" = None) -> Iterator[Finding]:
    """Tell which chip the lamps hang on, and which of its lines cannot be had."""
    if rig.driver not in ON_CHIP and not _on_chip(rig):
        yield Finding(check="gpio_chip", level="info", message=f"The rig file chooses the lamp driver {rig.driver}.")
        return
    if find_spec("gpiod") is None:
        yield Finding(check="gpio_chip", level="info", message="This system has no GPIO chips that can be driven.")
        return
    # The bindings exist on Linux only.
    from tetherlight.lights.drivers import gpiod_lamps  # noqa: PLC0415

    chips = chips or gpiod_lamps.Chips()
    try:
        chip = gpiod_lamps.open_named(chips, rig.chip) if rig.chip else None
    except InvalidSetting as error:
        yield Finding(check="gpio_chip", level="error", message=error.message, remedy=error.hint or "gpiodetect")
        return
    if chip is None:
        search = gpiod_lamps.find_header(chips)
        chip = search.chip
        if chip is None:
            yield _without_header(rig, search.forbidden, gpiod_lamps.FORBIDDEN_HINT)
            return
    try:
        info = chip.get_info()
        yield Finding(check="gpio_chip", level="ok", message=f"Lamps hang on {info.name} ({info.label}).")
        yield from check_lines(rig, chip, gpiod_lamps.CONSUMER)
        if info.label in gpiod_lamps.PI_HEADER_LABELS:
            yield from check_pull_ups(rig)
    finally:
        chip.close()


def _on_chip(rig: RigFile) -> list[RigLight]:
    """Return the lights whose lamps hang on lines of the chip."""
    return [light for light in rig.lights if (light.driver or rig.driver) in ON_CHIP]


def _without_header(rig: RigFile, forbidden: tuple[str, ...], hint: str) -> Finding:
    if forbidden:
        message = f"This user may not open {', '.join(forbidden)}: lights are simulated."
        return Finding(check="gpio_chip", level="error", message=message, remedy=hint)
    message = "No GPIO chip of a Raspberry Pi was found: lights are simulated."
    remedy = f"Name a chip in {rig.path} to drive lamps on another board; gpiodetect lists them."
    return Finding(
        check="gpio_chip", level="error" if rig.driver == "gpiod" else "info", message=message, remedy=remedy
    )


def check_lines(rig: RigFile, chip: "Chip", ours: str) -> Iterator[Finding]:
    """Tell which lines of the rig are missing or held by another consumer than `ours`."""
    info = chip.get_info()
    lights, wrong = _on_chip(rig), 0
    for light in lights:
        problem = None
        if light.pin is None:
            problem = f"Light {light.name} has no pin in {rig.path}."
        elif light.pin >= info.num_lines:
            problem = f"Light {light.name}: {info.label} has no line {light.pin}, only 0 to {info.num_lines - 1}."
        else:
            line = chip.get_line_info(light.pin)
            if line.used and line.consumer != ours:
                problem = f"Light {light.name}: line {light.pin} is held by {line.consumer or 'the kernel'}."
        if problem:
            wrong += 1
            remedy = f"gpioinfo shows who holds which line; stop that program, or choose another pin in {rig.path}."
            yield Finding(check="gpio_lines", level="error", message=problem, remedy=remedy)
    if not wrong:
        yield Finding(check="gpio_lines", level="ok", message=f"All {len(lights)} lights have a line of their own.")


def check_pull_ups(rig: RigFile) -> Iterator[Finding]:
    """Tell which lamps may glow while nobody holds their line."""
    lights = _on_chip(rig)
    taken = {light.pin for light in lights}
    spare = ", ".join(str(pin) for pin in PLAIN_PINS if pin not in taken)
    for light in lights:
        if light.pin in PULLED_UP and not light.active_low:
            yield Finding(
                check="gpio_pull_ups",
                level="warning",
                message=f"Light {light.name} hangs on BCM {light.pin}, which the board pulls up: "
                "its lamp may glow while the server does not run.",
                remedy=f"Move the lamp to a pin without pull-up (free here: {spare}) and say so in {rig.path}.",
            )
