"""The GPIO chip and the lines of the rig's lights."""

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

from tetherlight.errors import InvalidSetting
from tetherlight.protocol.server import Finding
from tetherlight.rigfile.lights import RigLight
from tetherlight.rigfile.rigfile import RigFile

if TYPE_CHECKING:
    from tetherlight.lights.drivers.gpiod_lamps import Chip, Chips, HeaderSearch, LineInfo

ON_CHIP = ("auto", "gpiod")
"""The drivers that take lines of a chip."""

PULLED_UP = (2, 3)
"""BCM pins with fixed pull-up resistors of 1.8 kilohms on every Raspberry Pi."""

PLAIN_PINS = (4, 5, 6, 12, 13, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27)
"""BCM pins without another duty in the usual configuration."""


def check_gpio(rig: RigFile, chips: "Chips | None" = None, *, serving: bool = False) -> Iterator[Finding]:
    """Tell which chip the lamps hang on, and which of its lines cannot be had.

    `serving` says that this process is the rig's server: only then is it wrong that another server holds them.
    """
    if rig.lights and not _on_chip(rig):
        chosen = f"The rig file chooses the lamp driver {rig.driver}."
        message = "No lamp hangs on a GPIO chip." if rig.driver in ON_CHIP else chosen
        yield Finding(check="gpio_chip", level="info", message=message)
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
            yield _without_header(rig, search)
            return
    try:
        info = chip.get_info()
        yield Finding(check="gpio_chip", level="ok", message=f"Lamps hang on {info.name} ({info.label}).")
        fine = None if serving else gpiod_lamps.ANOTHER_SERVER
        yield from check_lines(rig, chip, gpiod_lamps.holder, fine)
        if info.label in gpiod_lamps.PI_HEADER_LABELS:
            yield from check_pull_ups(rig)
    finally:
        chip.close()


def _on_chip(rig: RigFile) -> list[RigLight]:
    """Return the lights whose lamps hang on lines of the chip."""
    return [light for light in rig.lights if (light.driver or rig.driver) in ON_CHIP]


def _without_header(rig: RigFile, search: "HeaderSearch") -> Finding:
    nothing = search.obstacle
    return Finding(
        check="gpio_chip",
        level="error" if nothing.hint or rig.driver == "gpiod" else "info",
        message=f"{nothing.problem}: lights are simulated.",
        remedy=nothing.hint or f"Name a chip in {rig.path} to drive lamps on another board; gpiodetect lists them.",
    )


def check_lines(
    rig: RigFile, chip: "Chip", holder: "Callable[[LineInfo], str | None]", fine: str | None = None
) -> Iterator[Finding]:
    """Tell which lines of the rig are missing, or held by somebody else.

    `holder` names whoever else holds a line; names that begin as `fine` may.
    """
    info = chip.get_info()
    lights, wrong = _on_chip(rig), 0
    served: set[str] = set()
    for light in lights:
        problem = None
        if light.pin is None:
            problem = f"Light {light.name} has no pin in {rig.path}."
        elif light.pin >= info.num_lines:
            problem = f"Light {light.name}: {info.label} has no line {light.pin}, only 0 to {info.num_lines - 1}."
        else:
            other = holder(chip.get_line_info(light.pin))
            if other is not None and fine is not None and other.startswith(fine):
                served.add(other.removeprefix("another "))
            elif other is not None:
                problem = f"Light {light.name}: line {light.pin} is held by {other}."
        if problem:
            wrong += 1
            remedy = f"gpioinfo shows who holds which line; stop that program, or choose another pin in {rig.path}."
            yield Finding(check="gpio_lines", level="error", message=problem, remedy=remedy)
    for server in sorted(served):
        yield Finding(check="gpio_lines", level="info", message=f"Lines of this rig are in use by the {server}.")
    if not wrong and not served:
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
