"""Which drivers a rig's lamps get."""

import logging
from collections.abc import Callable
from importlib.util import find_spec

from tetherlight.errors import InvalidSetting
from tetherlight.lights.lamps import LampDriver, LampKind, NothingToDrive, Setup
from tetherlight.lights.rack import Rack, together
from tetherlight.lights.registry import find_kind

logger = logging.getLogger(__name__)

Find = Callable[[str], LampKind]

AUTO, GPIOD, SIMULATED = "auto", "gpiod", "simulated"
ASKED_FOR = "The rig file asks for it: lights are simulated."
SCENE = "Lights are simulated: they light the simulator's scene."


async def choose_drivers(setup: Setup, find: Find = find_kind) -> Rack:
    """Open the rig's own driver, and one for each kind that a light names.

    Where there is a simulator its scene has all lights. Raises InvalidSetting where the rig file asks for what is not
    there.
    """
    if setup.simulator is not None:
        logger.info("%s", SCENE)
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
        if wanted != SIMULATED:
            return _open(find(wanted), setup), None
        logger.info("%s", ASKED_FOR)
        return _open(find(SIMULATED), setup), ASKED_FOR
    try:
        return _header(setup, find), None
    except NothingToDrive as nothing:
        message = f"{nothing.problem}: lights are simulated."
        # Where there is something to be done about it, somebody has lamps here: a dark set would be a late news of it.
        worrying = nothing.hint is not None
        message = f"{message} {nothing.hint}" if worrying else message
        logger.log(logging.WARNING if worrying else logging.INFO, "%s", message)
        return _open(find(SIMULATED), setup), message


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
