"""The rig's lights: names that can be switched, whatever drives their lamps."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar

from pydantic import ValidationError

from tetherlight.errors import InvalidName, InvalidPayload, LampFailed, LightsBusy, UnknownLight, held
from tetherlight.lights.drivers.choice import Choice, choose_driver
from tetherlight.lights.lamps import failed_lights
from tetherlight.models import LightInfo, LightsStatus
from tetherlight.protocol.lights import EditedLight
from tetherlight.rigfile.rigfile import LIGHT_NAME, RigFile, RigLight, light_problem, name_problem
from tetherlight.settings import Settings
from tetherlight.validation import first_fault

if TYPE_CHECKING:
    from tetherlight.lights.drivers.gpiod_lamps import Chips

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Lights:
    """All lights of a rig and how they stand.

    Switching is never left half done: a cancelled caller waits for the switch under way before it goes.
    """

    def __init__(self, rig_file: RigFile, choice: Choice) -> None:
        self.rig_file = rig_file
        self.message = choice.message
        self._driver = choice.driver
        self._states: dict[str, bool] = {}
        self._faults: dict[str, str] = {}
        self._owner: str | None = None
        self._listeners: list[Callable[[], None]] = []
        self._lock = asyncio.Lock()
        self._closed = False
        self._driver.on_change(self._heard)

    @classmethod
    async def open(cls, settings: Settings, rig_file: RigFile, *, chips: "Chips | None" = None) -> Self:
        """Choose a driver and take the lamps, all off; raise InvalidSetting where the rig file cannot be followed."""
        lights = cls(rig_file, choose_driver(rig_file, settings.simulator_control, chips))
        try:
            await _to_the_end(lights._define(rig_file.lights))
        except BaseException:
            await lights.close()
            raise
        if lights.message:
            logger.info("%s", lights.message)
        return lights

    @property
    def names(self) -> tuple[str, ...]:
        """The lights in the rig file's order."""
        return tuple(self._states)

    @property
    def states(self) -> dict[str, bool]:
        """Which lights are on, in the rig file's order."""
        return dict(self._states)

    @property
    def driver(self) -> str:
        """The driver's name."""
        return self._driver.name

    @property
    def gpio_available(self) -> bool:
        """Whether real lamps are switched."""
        return self._driver.real

    @property
    def owner(self) -> str | None:
        """The job that has reserved the lights."""
        return self._owner

    def light(self, name: str) -> LightInfo:
        """Describe one light; raise UnknownLight."""
        self._require([name])
        light = next(light for light in self.rig_file.lights if light.name == name)
        return LightInfo(
            name=name,
            pin=light.pin,
            active_low=light.active_low,
            state=self._states[name],
            group=light.group,
            direction=light.unit_direction,
            position=light.position,
            settle_s=light.settle_s,
            fault=self._faults.get(name) or self._driver.unavailable.get(name),
        )

    def status(self) -> LightsStatus:
        """Describe all lights and their driver."""
        return LightsStatus(
            driver=self.driver,
            gpio_available=self.gpio_available,
            message=self.message,
            lights=[self.light(name) for name in self._states],
        )

    async def set(
        self, states: Mapping[str, bool], *, owner: str | None = None, others_off: bool = False
    ) -> dict[str, bool]:
        """Switch some lights, together where the driver can, and return how all stand then.

        Changes are made in the order of the calls. With `others_off` lamps that cannot be driven do not stand in the
        way of the named ones. Raises LightsBusy at once where a job has the lights; UnknownLight, LampFailed.
        """
        self._require_free(owner)
        return await _to_the_end(self._set(states, others_off=others_off))

    async def settled(self) -> None:
        """Wait until the changes that were asked for until now are made."""
        async with self._lock:
            pass

    async def only(self, name: str | None, *, owner: str | None = None) -> None:
        """Switch one light on and all others off, or all off with None; errors as for `set`."""
        await self.set({} if name is None else {name: True}, owner=owner, others_off=True)

    async def all_off(self) -> None:
        """Switch everything off whoever owns it, trying every lamp and never raising."""
        await _to_the_end(self._all_off())

    async def look(self) -> None:
        """Notice whether the lamps' hardware came or went; what is gone is not told as lit any more."""
        await _to_the_end(self._look())

    def off_now(self) -> None:
        """Switch everything off at once without waiting for anything; for the way out of a dying process."""
        lit = self._driver.off_now()
        self._states = {name: state and name in lit for name, state in self._states.items()}

    def claim(self, owner: str) -> None:
        """Give the lights to a job from now on, behind the changes asked for before; raise LightsBusy."""
        self._require_free(owner)
        self._owner = owner

    def release(self, owner: str) -> None:
        """Take the lights back from a job that has them."""
        if self._owner == owner:
            self._owner = None

    @asynccontextmanager
    async def off_after(self) -> AsyncIterator[None]:
        """Switch everything off on leaving, whatever happened."""
        try:
            yield
        finally:
            await self.all_off()

    async def replace(self, lights: Sequence[EditedLight]) -> None:
        """Write these lights into the rig file and use them from now on, all off.

        Raises InvalidName, InvalidPayload, LightsBusy, and StoreError or InvalidSetting where the file cannot be
        changed.
        """
        wanted = _rig_lights(lights)
        self._require_free(None)
        await _to_the_end(self._replace(wanted))

    def listen(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back after each change; return what ends that."""
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback) if callback in self._listeners else None

    async def close(self) -> None:
        """Switch everything off and give back the lamps; idempotent."""
        if not self._closed:
            self._closed = True
            await _to_the_end(self._close())

    def _require(self, names: Mapping[str, bool] | Sequence[str]) -> None:
        for name in names:
            if name not in self._states:
                raise UnknownLight(f"Invalid light name: {name[:200]}.", details={"lights": list(self._states)})

    def _require_free(self, owner: str | None) -> None:
        if self._owner is not None and self._owner != owner:
            raise held(LightsBusy, "the lights", self._owner)

    async def _set(self, states: Mapping[str, bool], *, others_off: bool) -> dict[str, bool]:
        async with self._lock:
            self._require(states)
            others = dict.fromkeys(self._reachable(), False) if others_off else {}
            await self._switch(others | dict(states))
            return self.states

    async def _switch(self, states: Mapping[str, bool]) -> None:
        problem: LampFailed | None = None
        try:
            await self._driver.switch(states)
        except LampFailed as error:
            problem = error
        failed = failed_lights(problem) if problem else {}
        for name, state in states.items():
            if name in failed:
                self._faults[name] = failed[name]
            else:
                self._faults.pop(name, None)
                self._states[name] = state
        self._changed()
        if problem:
            raise problem

    async def _all_off(self) -> None:
        async with self._lock:
            try:
                await self._switch(dict.fromkeys(self._reachable(), False))
            except LampFailed as error:
                logger.error("Not all lights went off together: %s", error)  # noqa: TRY400
            except Exception:
                logger.exception("Not all lights went off together")
            else:
                return
            self.off_now()
            self._changed()

    def _reachable(self) -> list[str]:
        """Return the lights that can be on: those that the driver holds, and those that it held when they were lit."""
        return [name for name in self._states if self._states[name] or name not in self._driver.unavailable]

    async def _define(self, lights: Sequence[RigLight]) -> None:
        async with self._lock:
            await self._take(lights)

    async def _take(self, lights: Sequence[RigLight]) -> None:
        self._faults = {}
        self._states = {light.name: False for light in lights}
        await self._driver.define(lights)

    async def _replace(self, lights: Sequence[RigLight]) -> None:
        async with self._lock:
            self.rig_file = await asyncio.to_thread(self.rig_file.save_lights, lights)
            await self._take(self.rig_file.lights)
            self._changed()

    async def _look(self) -> None:
        async with self._lock:
            if not self._closed and await self._driver.look():
                gone = self._driver.unavailable
                self._states = {name: state and name not in gone for name, state in self._states.items()}
                self._faults = {}
                self._changed()

    async def _close(self) -> None:
        await self._all_off()
        async with self._lock:
            await self._driver.close()

    def _heard(self, states: Mapping[str, bool]) -> None:
        """Take over how lamps stand that were lost or came back by themselves."""
        self._states |= {name: state for name, state in states.items() if name in self._states}
        self._faults = {name: fault for name, fault in self._faults.items() if name not in states}
        self._changed()

    def _changed(self) -> None:
        for callback in tuple(self._listeners):
            try:
                callback()
            except Exception:
                logger.exception("A listener to the lights failed")


async def _to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Run work that must not stop half-way; a cancellation that comes meanwhile is raised after it.

    Whatever the work waits for has a deadline, so this ends.
    """
    task = asyncio.ensure_future(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        if not task.cancelled() and task.exception():
            logger.info("A cancelled change of lights ended with: %s", task.exception())
        raise asyncio.CancelledError
    return task.result()


def _rig_lights(lights: Sequence[EditedLight]) -> list[RigLight]:
    """Check lights as the rig file is checked; raise InvalidName or InvalidPayload."""
    for light in lights:
        if not LIGHT_NAME.fullmatch(light.name):
            raise InvalidName(f"{name_problem(light.name)}.")
    problem = light_problem((light.name, light.pin) for light in lights)
    if problem:
        raise InvalidPayload(f"Field 'lights' of SET_RIG: {problem}.")
    return [_rig_light(light) for light in lights]


def _rig_light(light: EditedLight) -> RigLight:
    try:
        return RigLight(**light.model_dump())
    except ValidationError as error:
        fault = first_fault(error)
        raise InvalidPayload(
            f"Field 'lights' of SET_RIG: light '{light.name}': {fault.field}: {fault.reason}."
        ) from None
