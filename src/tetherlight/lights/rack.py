"""All lamps of a rig behind one face, whatever kinds of drivers they have."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from tetherlight.errors import LampFailed
from tetherlight.lights.lamps import LampDriver, Levels, failed_lights, lamp_failed
from tetherlight.rigfile.lights import RigLight

logger = logging.getLogger(__name__)

T = TypeVar("T")
OTHER_DRIVER = "The rig file names another driver for it than at the start: start the server again."
HANGS = "Its driver does not answer."
BROKEN = "Its driver failed; the server's log says more."


class Rack:
    """The rig's own driver, and those of lights that name theirs.

    Drivers work side by side: none waits for another one, and what one of them cannot do does not stop the others.
    `own` is None where the rig's driver has every light, whatever the rig file says.
    """

    def __init__(
        self, driver: LampDriver, own: Mapping[str, LampDriver] | None = None, *, message: str | None = None
    ) -> None:
        self._driver = driver
        self._own = own
        self._drivers = (driver, *(own or {}).values())
        self._by_light: dict[str, LampDriver] = {}
        self._lost: dict[str, str] = {}
        self._message = message

    @property
    def name(self) -> str:
        """What the rig's own driver is called."""
        return self._driver.name

    @property
    def message(self) -> str | None:
        """What people should know about the rig's own driver, if it has any light."""
        return self._message if self._driver in self._used else None

    @property
    def real(self) -> bool:
        """Whether electricity flows in any of the lamps."""
        return any(driver.real for driver in self._used)

    @property
    def _used(self) -> tuple[LampDriver, ...]:
        return tuple(self._by_light.values()) or (self._driver,)

    @property
    def unavailable(self) -> Mapping[str, str]:
        """The lights that cannot be driven now, each with its cause as one sentence."""
        found = dict(self._lost)
        for driver in self._drivers:
            found |= driver.unavailable
        return found

    def dims(self, light: str) -> bool:
        """Tell whether a light can be anything but off or on."""
        return light in self._by_light and self._by_light[light].can_dim(light)

    def holds(self, light: str) -> bool:
        """Tell whether a light stays as it is when the server dies without a word."""
        return light in self._by_light and self._by_light[light].holds(light)

    def on_change(self, tell: Callable[[Levels], None]) -> None:
        """Tell from now on when lamps are lost or back by themselves."""
        for driver in self._drivers:
            driver.on_change(tell)

    async def define(self, lights: Sequence[RigLight]) -> None:
        """Take these lights instead of the former ones, all off; those that cannot be had become `unavailable`."""
        drivers = {light.name: self._driver_of(light) for light in lights}
        self._by_light = {name: driver for name, driver in drivers.items() if driver is not None}
        self._lost = {name: OTHER_DRIVER for name, driver in drivers.items() if driver is None}
        parts = [(driver, [light for light in lights if drivers[light.name] is driver]) for driver in self._drivers]
        for hanging in await together(_defined(driver, part) for driver, part in parts):
            self._lost |= hanging

    def _driver_of(self, light: RigLight) -> LampDriver | None:
        if self._own is None or light.driver is None or light.driver == self._driver.name:
            return self._driver
        return self._own.get(light.driver)

    async def switch(self, levels: Levels) -> None:
        """Switch lights, each driver its own; raise one LampFailed for all that stayed as they were."""
        parts = (
            (driver, {name: level for name, level in levels.items() if self._by_light.get(name) is driver})
            for driver in self._drivers
        )
        lost = {name: cause for name, cause in self._lost.items() if name in levels}
        ends = await together(_switched(driver, part) for driver, part in parts if part)
        failures = [error for errors in ends for error in errors]
        if lost:
            failures.append(lamp_failed(lost))
        if failures:
            raise _as_one(failures, levels)

    async def look(self) -> bool:
        """Notice lamps that came or went since; tell whether there are any."""
        return any(await together(driver.look() for driver in self._drivers))

    def off_now(self) -> frozenset[str]:
        """Switch each lamp off without an event loop; return the lights that may still be on."""
        return frozenset(name for driver in self._drivers for name in driver.off_now())

    async def close(self) -> None:
        """Give all lamps back, also where one driver cannot."""
        await together(_closed(driver) for driver in self._drivers)


async def together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Do what several drivers have to do, each to its end; raise what the first one of them raised."""
    coroutines = list(work)
    if len(coroutines) == 1:
        return [await coroutines[0]]
    ends = await asyncio.gather(*coroutines, return_exceptions=True)
    for end in ends:
        if isinstance(end, BaseException):
            raise end
    return [end for end in ends if not isinstance(end, BaseException)]


async def _defined(driver: LampDriver, lights: Sequence[RigLight]) -> dict[str, str]:
    """Let a driver take its lights; give back those that it did not take in time."""
    try:
        async with asyncio.timeout(driver.deadline_s):
            await driver.define(lights)
    except TimeoutError:
        logger.error("The lamp driver %s did not take its lights in %g s", driver.name, driver.deadline_s)  # noqa: TRY400
        return {light.name: HANGS for light in lights}
    return {}


async def _closed(driver: LampDriver) -> None:
    try:
        async with asyncio.timeout(driver.deadline_s):
            await driver.close()
    except TimeoutError:
        logger.error("The lamp driver %s did not end in %g s", driver.name, driver.deadline_s)  # noqa: TRY400


async def _switched(driver: LampDriver, levels: Levels) -> list[LampFailed]:
    """Let a driver switch; give back the error of what it could not do, if there is one."""
    try:
        async with asyncio.timeout(driver.deadline_s):
            await driver.switch(levels)
    except LampFailed as error:
        return [error]
    except TimeoutError:
        logger.error("The lamp driver %s did not answer in %g s", driver.name, driver.deadline_s)  # noqa: TRY400
        return [lamp_failed(dict.fromkeys(levels, HANGS))]
    except Exception:
        logger.exception("The lamp driver %s failed unexpectedly", driver.name)
        return [lamp_failed(dict.fromkeys(levels, BROKEN))]
    return []


def _as_one(failures: Sequence[LampFailed], levels: Levels) -> LampFailed:
    """Return one error for several: the sentence of the first light that failed, and the causes of all."""
    causes = {name: cause for error in failures for name, cause in failed_lights(error).items()}
    first = next((name for name in levels if name in causes), None)
    told = next((error for error in failures if first in failed_lights(error)), failures[0])
    ordered = {name: causes[name] for name in levels if name in causes}
    return LampFailed(told.message, hint=told.hint, details={"lights": ordered})
