"""Which drivers a rig's lamps get."""

from collections.abc import Callable
from importlib.util import find_spec

from tetherlight.errors import InvalidSetting
from tetherlight.lights.lamps import LampDriver, LampKind, NothingToDrive, Setup
from tetherlight.lights.rack import Rack, together
from tetherlight.lights.registry import find_kind

Find = Callable[[str], LampKind]

AUTO, GPIOD, SIMULATED = "auto", "gpiod", "simulated"
SCENE = "Lights are simulated: they light the simulator's scene."


async def choose_drivers(setup: Setup, find: Find = find_kind) -> Rack:
    """Open the rig's own driver, and one for each kind that a light names.

    Where there is a simulator its scene has all lights. Raises InvalidSetting where the rig file asks for what is not
    there.
    """
    if setup.simulator is not None:
        return Rack(_open(find(SIMULATED), setup), message=SCENE)
    driver, message = _rigs_own(setup, find)
    named = {light.driver for light in setup.rig.lights if light.driver is not None}
    own: dict[str, LampDriver] = {}
    try:
        for name in sorted(named - {driver.name}):
            own[name] = _open(find(name), setup)
    except BaseException:
        await together(one.close() for one in (driver, *own.values()))
        raise
    return Rack(driver, own, message=message)


def _rigs_own(setup: Setup, find: Find) -> tuple[LampDriver, str | None]:
    """Choose what drives the lights that name no driver, and what people should know about it.

    Unknown lines are never driven: without a chip in the rig file only a Raspberry Pi's header counts.
    """
    wanted = setup.rig.driver
    if wanted != AUTO:
        message = "The rig file asks for it: lights are simulated." if wanted == SIMULATED else None
        return _open(find(wanted), setup), message
    try:
        return _header(setup, find), None
    except NothingToDrive as nothing:
        return _open(find(SIMULATED), setup), f"{nothing.problem}: lights are simulated."


def _header(setup: Setup, find: Find) -> LampDriver:
    # The bindings exist on Linux only.
    if find_spec("gpiod") is None:
        raise NothingToDrive("This system has no GPIO chips that can be driven")
    return find(GPIOD).open(setup)


def _open(kind: LampKind, setup: Setup) -> LampDriver:
    try:
        return kind.open(setup)
    except NothingToDrive as nothing:
        raise InvalidSetting(
            f"The rig file {setup.rig.path} asks for the driver {kind.name}. {nothing.problem}.", hint=nothing.hint
        ) from None
