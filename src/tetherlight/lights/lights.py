"""The rig's lights: names that can be switched, whatever drives their lamps."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self, TypeVar

from tetherlight.errors import InvalidPayload, LampFailed, LightLimited, LightsBusy, UnknownLight, held
from tetherlight.lights.choice import Find, choose_drivers
from tetherlight.lights.edits import edited_lights
from tetherlight.lights.guard import Guard, Trip
from tetherlight.lights.lamps import OFF, ON, Levels, Setup, failed_lights
from tetherlight.lights.rack import Rack
from tetherlight.lights.registry import find_kind
from tetherlight.process.threads import to_the_end
from tetherlight.protocol.lights import EditedLight
from tetherlight.protocol.models import LightInfo, LightsStatus
from tetherlight.rigfile.calibration import CalibrationFigures
from tetherlight.rigfile.lights import RigLight
from tetherlight.rigfile.rigfile import RigFile

logger = logging.getLogger(__name__)

T = TypeVar("T")
TRY_AGAIN_S = 1.0
NO_LEVELS: Levels = MappingProxyType({})


class Lights:
    """All lights of a rig and how they stand.

    Switching is never left half done: a cancelled caller waits for the switch under way before it goes.
    """

    def __init__(self, rig_file: RigFile, rack: Rack, guard: Guard | None = None) -> None:
        self.rig_file = rig_file
        self._rack = rack
        self._guard = guard or Guard()
        self._levels: dict[str, float] = {}
        self._on_levels: dict[str, float] = {}
        self._faults: dict[str, str] = {}
        self._owner: str | None = None
        self._listeners: list[Callable[[], None]] = []
        self._lock = asyncio.Lock()
        self._closed = False
        self._limit: asyncio.TimerHandle | None = None
        self._tripping: asyncio.Task[None] | None = None
        self._trip_listeners: list[Callable[[Trip], None]] = []
        self._rack.on_change(self._heard)

    @classmethod
    async def open(
        cls,
        rig_file: RigFile,
        *,
        simulator_control: Path | None = None,
        find: Find = find_kind,
        guard: Guard | None = None,
    ) -> Self:
        """Choose drivers and take the lamps, all off; raise InvalidSetting where the rig file cannot be followed.

        `simulator_control` is the socket of a simulator whose scene is lit; `find` gives kinds of lamps by name.
        """
        rack = await choose_drivers(Setup(rig_file, simulator_control), find)
        lights = cls(rig_file, rack, guard or Guard(rig_file.guard))
        try:
            await to_the_end(lights._define(rig_file.lights))
        except BaseException:
            await lights.close()
            raise
        return lights

    @property
    def names(self) -> tuple[str, ...]:
        """The lights in the rig file's order."""
        return tuple(self._levels)

    @property
    def states(self) -> dict[str, bool]:
        """Which lights are on, in the rig file's order."""
        return {name: level > OFF for name, level in self._levels.items()}

    @property
    def levels(self) -> dict[str, float]:
        """How bright the lights are, from 0 to 1, in the rig file's order."""
        return dict(self._levels)

    @property
    def driver(self) -> str:
        """The name of the rig's own driver."""
        return self._rack.name

    @property
    def message(self) -> str | None:
        """What people should know about the rig's own driver."""
        return self._rack.message

    @property
    def gpio_available(self) -> bool:
        """Whether real lamps are switched."""
        return self._rack.real

    @property
    def owner(self) -> str | None:
        """The job that has reserved the lights."""
        return self._owner

    def light(self, name: str) -> LightInfo:
        """Describe one light; raise UnknownLight."""
        self._require([name])
        light = next(light for light in self.rig_file.lights if light.name == name)
        return self._info(light, self._rack.unavailable)

    def require_level(self, name: str, level: float) -> None:
        """Raise UnknownLight or InvalidPayload where a light cannot be as bright as this."""
        self._require([name])
        self._require_possible({name: level})

    def holds(self, name: str) -> bool:
        """Tell whether a light would stay as it is if the server died without a word."""
        return self._rack.holds(name)

    def require_leaving(self, name: str) -> None:
        """Raise LightLimited where a light would burn on if the server died, and the rig file does not allow that."""
        light = next(light for light in self.rig_file.lights if light.name == name)
        if self._rack.holds(name) and not light.allow_hold:
            raise LightLimited(
                f"Light '{name}' would stay on if the server died, so jobs do not use it.",
                hint="Let something behind the server switch it off, or say allow_hold = true for it in the rig file.",
                details={"lights": [name], "limit": "allow_hold", "wait_s": None},
            )

    def status(self) -> LightsStatus:
        """Describe all lights and their driver."""
        # Asked once: each driver looks at all of its lamps for that.
        gone = self._rack.unavailable
        return LightsStatus(
            driver=self.driver,
            gpio_available=self.gpio_available,
            message=self.message,
            lights=[self._info(light, gone) for light in self.rig_file.lights if light.name in self._levels],
        )

    async def set(
        self,
        levels: Mapping[str, float | bool],
        *,
        on_levels: Levels = NO_LEVELS,
        owner: str | None = None,
        others_off: bool = False,
    ) -> dict[str, bool]:
        """Switch some lights, together where their driver can, and return which of all are on then.

        True is as bright as in `on_levels`, else as the light was last, at first ON. Changes are made in the order of
        the calls. With `others_off` lamps that cannot be driven do not stand in the way of the named ones. Raises
        LightsBusy at once where a job has the lights; UnknownLight, InvalidPayload for a level that a lamp cannot have,
        LampFailed.
        """
        self._require_free(owner)
        return await to_the_end(self._set(levels, on_levels, others_off=others_off))

    async def settled(self) -> None:
        """Wait until the changes that were asked for until now are made."""
        async with self._lock:
            pass

    async def only(self, name: str | None, level: float = ON, *, owner: str | None = None) -> None:
        """Switch one light on and all others off, or all off with None; errors as for `set`."""
        await self.set({} if name is None else {name: level}, owner=owner, others_off=True)

    async def all_off(self) -> None:
        """Switch everything off whoever owns it, trying every lamp and never raising."""
        await to_the_end(self._all_off())

    async def look(self) -> None:
        """Notice whether the lamps' hardware came or went; what is gone is not told as lit any more."""
        await to_the_end(self._look())

    def off_now(self) -> None:
        """Switch everything off at once without waiting for anything; for the way out of a dying process."""
        lit = self._rack.off_now()
        self._levels = {name: level if name in lit else OFF for name, level in self._levels.items()}
        self._guard.note(self._levels)

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
        wanted = edited_lights(lights, self.rig_file.lights)
        self._require_free(None)
        await to_the_end(self._replace(wanted))

    async def calibrated(self, changes: Mapping[str, Mapping[str, Any]], figures: CalibrationFigures) -> None:
        """Write what was measured of lights into the rig file, and tell it from now on; none is switched.

        What is not of this rig is left out. Raises StoreError or InvalidSetting where the file cannot be changed.
        """
        await to_the_end(self._calibrated(changes, figures))

    async def measured(self, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """Write how lamps follow their signal into the rig file and use it from now on, all off.

        What is not of this rig is left out. Raises StoreError or InvalidSetting where the file cannot be changed.
        """
        await to_the_end(self._measured(changes))

    def listen(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back after each change; return what ends that."""
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback) if callback in self._listeners else None

    def on_trip(self, callback: Callable[[Trip], None]) -> None:
        """Call back when a light had to go off because of a limit."""
        self._trip_listeners.append(callback)

    @property
    def trips(self) -> int:
        """How often a light had to go off because of a limit, since the start."""
        return self._guard.trips

    async def close(self) -> None:
        """Switch everything off and give back the lamps; idempotent."""
        if not self._closed:
            self._closed = True
            await to_the_end(self._close())

    def _info(self, light: RigLight, gone: Mapping[str, str]) -> LightInfo:
        name = light.name
        return light.info(
            state=self._levels[name] > OFF,
            fault=self._faults.get(name) or gone.get(name),
            dims=self._rack.dims(name),
            on_level=self._on_levels[name],
        )

    def _require(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self._levels:
                raise UnknownLight(f"Invalid light name: {name[:200]}.", details={"lights": list(self._levels)})

    def _require_possible(self, levels: Levels) -> None:
        for name, level in levels.items():
            if not OFF <= level <= ON:
                raise InvalidPayload(f"The level of light '{name}' must be from 0 to 1.")
            if level not in {OFF, ON} and not self._rack.dims(name):
                raise InvalidPayload(
                    f"Light '{name}' cannot be dimmed, only switched off and on.",
                    hint="Its lamp hangs on something that only switches; leave the level out, or say 1.",
                )

    def _require_free(self, owner: str | None) -> None:
        if self._owner is not None and self._owner != owner:
            raise held(LightsBusy, "the lights", self._owner)

    async def _set(self, levels: Mapping[str, float | bool], on_levels: Levels, *, others_off: bool) -> dict[str, bool]:
        async with self._lock:
            self._require([*levels, *on_levels])
            self._require_possible(on_levels)
            self._require_possible(levels)
            given = {name: float(level) for name, level in on_levels.items() if level > OFF}
            bright = self._on_levels | given
            others = dict.fromkeys(self._reachable(), OFF) if others_off else {}
            wanted = others | {name: bright[name] if level is True else float(level) for name, level in levels.items()}
            if any(level > self._levels[name] for name, level in wanted.items()):
                self._guard.check(self._levels | wanted)
            await self._switch(wanted)
            self._on_levels |= given
            return self.states

    async def _switch(self, levels: Levels) -> None:
        problem: LampFailed | None = None
        try:
            await self._rack.switch(levels)
        except LampFailed as error:
            problem = error
        failed = failed_lights(problem) if problem else {}
        for name, level in levels.items():
            if name in failed:
                self._faults[name] = failed[name]
            else:
                self._faults.pop(name, None)
                self._levels[name] = level
                if level > OFF:
                    self._on_levels[name] = level
        self._changed()
        if problem:
            raise problem

    async def _all_off(self) -> None:
        async with self._lock:
            try:
                await self._switch(dict.fromkeys(self._reachable(), OFF))
            except LampFailed as error:
                logger.error("Not all lights went off together: %s", error)  # noqa: TRY400
            except Exception:
                logger.exception("Not all lights went off together")
            else:
                return
            self.off_now()
            self._changed()

    def _reachable(self) -> list[str]:
        """Return the lights that can be on: those that a driver holds, and those that it held when they were lit."""
        gone = self._rack.unavailable
        return [name for name, level in self._levels.items() if level > OFF or name not in gone]

    async def _define(self, lights: Sequence[RigLight]) -> None:
        async with self._lock:
            await self._take(lights)

    async def _take(self, lights: Sequence[RigLight]) -> None:
        self._faults = {}
        self._levels = {light.name: OFF for light in lights}
        self._on_levels = {
            light.name: min(self._on_levels.get(light.name, ON), light.max_level or ON) for light in lights
        }
        self._guard.define(lights)
        await self._rack.define(lights)

    async def _replace(self, lights: Sequence[RigLight]) -> None:
        async with self._lock:
            self.rig_file = await asyncio.to_thread(self.rig_file.save_lights, lights)
            await self._take(self.rig_file.lights)
            self._changed()

    async def _calibrated(self, changes: Mapping[str, Mapping[str, Any]], figures: CalibrationFigures) -> None:
        async with self._lock:
            saved = await asyncio.to_thread(self.rig_file.save_calibration, changes, figures)
            # The lamps are those of the start, whatever somebody has written into the file meanwhile.
            lights = tuple(light.changed(changes.get(light.name, {})) for light in self.rig_file.lights)
            self.rig_file = replace(self.rig_file, lights=lights, calibration=saved.calibration)
            self._changed()

    async def _measured(self, changes: Mapping[str, Mapping[str, Any]]) -> None:
        async with self._lock:
            await asyncio.to_thread(self.rig_file.save_measured, changes)
            # The lamps are those of the start, whatever somebody has written into the file meanwhile.
            lights = tuple(light.changed(changes.get(light.name, {})) for light in self.rig_file.lights)
            self.rig_file = replace(self.rig_file, lights=lights)
            await self._take(lights)
            self._changed()

    async def _look(self) -> None:
        async with self._lock:
            if not self._closed and await self._rack.look():
                gone = self._rack.unavailable
                self._levels = {name: OFF if name in gone else level for name, level in self._levels.items()}
                self._faults = {}
                self._changed()

    def _watch(self) -> None:
        """Look at the limits again when the first of the lamps that shine has reached one."""
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
        due = None if self._closed else self._guard.due()
        if due is not None and (self._tripping is None or self._tripping.done()):
            self._limit = asyncio.get_running_loop().call_later(due, self._begin_trip)

    def _begin_trip(self) -> None:
        self._limit = None
        self._tripping = asyncio.get_running_loop().create_task(self._trip(), name="limits of the lights")

    async def _trip(self) -> None:
        """Switch off what has reached its limit, whoever owns it; what does not go off is tried again soon."""
        async with self._lock:
            # What has happened to the lights meanwhile counts.
            self._guard.note(self._levels)
            trips = self._guard.tripped()
            try:
                if trips:
                    await self._switch({trip.light: OFF for trip in trips})
            except LampFailed as error:
                logger.error("A light that has reached its limit does not go off: %s", error)  # noqa: TRY400
                await asyncio.sleep(TRY_AGAIN_S)
            off = [trip for trip in trips if self._levels.get(trip.light) == OFF]
            self._faults |= {trip.light: trip.message for trip in off}
        for trip in off:
            logger.warning("%s", trip.message)
            for tell in tuple(self._trip_listeners):
                tell(trip)
        self._tripping = None
        self._changed()

    async def _close(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
        if self._tripping is not None:
            await asyncio.gather(self._tripping, return_exceptions=True)
        await self._all_off()
        async with self._lock:
            await self._rack.close()

    def _heard(self, levels: Levels) -> None:
        """Take over how lamps stand that were lost or came back by themselves."""
        self._levels |= {name: float(level) for name, level in levels.items() if name in self._levels}
        self._faults = {name: fault for name, fault in self._faults.items() if name not in levels}
        self._changed()

    def _changed(self) -> None:
        self._guard.note(self._levels)
        self._watch()
        for callback in tuple(self._listeners):
            try:
                callback()
            except Exception:
                logger.exception("A listener to the lights failed")
