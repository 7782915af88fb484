"""The axis of lights: one lamp at a time, or none."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from pydantic import JsonValue

from tetherlight.capture.axes.axis import Axis, Stage
from tetherlight.errors import InvalidPayload, LightLimited, TetherlightError
from tetherlight.lights.lamps import ON, lamp_failed
from tetherlight.protocol.axes import AxisPlan
from tetherlight.protocol.manifest import LIGHT, AxisRecord, Plan


class LightAxis(Axis):
    """Names of lights, of which only the one is on; None for a frame with every light off."""

    name = LIGHT
    letter = "l"
    uses_lights = True
    uses_camera = False

    def __init__(self, record: AxisRecord) -> None:
        super().__init__(record)
        self._lit: str | None = None

    @classmethod
    def planned(cls, wanted: AxisPlan) -> Self:
        """Read names of lights."""
        if wanted.values is None or any(not isinstance(one, str | None) for one in wanted.values):
            raise cls.invalid("its values are names of lights, or null for none")
        if all(one is None for one in wanted.values):
            raise InvalidPayload("Axis 'light': it must name at least one light.")
        if strange := [name for name in wanted.levels if name not in wanted.values]:
            raise cls.invalid(f"light '{strange[0][:200]}' has a level and is not in the plan")
        options: dict[str, JsonValue] = {"levels": dict(wanted.levels)} if wanted.levels else {}
        return cls(AxisRecord(axis=cls.name, values=tuple(wanted.values), options=options))

    @property
    def levels(self) -> Mapping[str, float]:
        """How bright lights are of which the request says so."""
        given = self.options.get("levels")
        return {name: float(str(level)) for name, level in given.items()} if isinstance(given, dict) else {}

    def level(self, name: str, plan: Plan) -> float:
        """Return how bright a light is in the plan."""
        known = next((light.level for light in plan.lights if light.name == name), None)
        return ON if known is None else known

    def writes(self, value: JsonValue, plan: Plan) -> Mapping[str, Any]:
        """Tell the light, where it shines from, and how long it settles."""
        known = next((light for light in plan.lights if light.name == value), None)
        kept = ("direction", "position", "intensity")
        place = {name: getattr(known, name) for name in kept} if known else {}
        level = known.level if known else None
        return {"light": value, "settle_s": self.settle_s(value, plan), "level": level, **place}

    def settle_s(self, value: JsonValue, plan: Plan) -> float:
        """Return the lamp's own time, else the rig's."""
        own = next((light.settle_s for light in plan.lights if light.name == value), None)
        return (plan.settle_s or 0.0) if own is None else own

    def locked(self, value: JsonValue, plan: Plan) -> Mapping[str, str]:
        """Let the frames of a light have the exposure time that was found for it, others the longest of those."""
        own = next((one for one in plan.metered if one.light == value), None)
        found = own or max(plan.metered, key=lambda one: one.seconds, default=None)
        return {"shutterspeed": found.shutterspeed} if found else {}

    def label(self, value: JsonValue) -> str:
        """Name the light."""
        return "ambient" if value is None else str(value)

    async def check(self, stage: Stage) -> None:
        """Make sure that the rig has all of them."""
        for name in self.values:
            if name is not None:
                stage.lights.require_level(str(name), self.level(str(name), stage.plan))
                stage.lights.require_leaving(str(name))

    async def apply(self, stage: Stage, value: JsonValue) -> Sequence[str] | None:
        """Switch it on and every other one off, when it has rested and cooled as the rig file says."""
        while True:
            try:
                await self.light(stage, value)
            except LightLimited as error:
                wait_s = (error.details or {}).get("wait_s")
                if wait_s is None:
                    raise
                await stage.lights.only(None, owner=stage.owner)
                if await stage.keeper.stopped_within(wait_s):
                    return None
            else:
                break
        self._lit = None if value is None else str(value)
        for name, wanted in self.locked(value, stage.plan).items():
            await stage.camera.set_config(name, wanted, owner=stage.owner)
        return ()

    def confirm(self, stage: Stage) -> Sequence[str]:
        """Raise where the light is not on any more, because of a limit or because its lamp is lost."""
        if self._lit is not None and not stage.lights.states.get(self._lit):
            fault = stage.lights.light(self._lit).fault
            raise lamp_failed({self._lit: fault or "It went off before the exposure."})
        return ()

    async def at_once(self, stage: Stage, value: JsonValue) -> None:
        """Switch to this light between two exposures of a burst, without a wait; raise LightLimited."""
        await self.light(stage, value)
        self._lit = None if value is None else str(value)

    async def light(self, stage: Stage, value: JsonValue) -> None:
        """Switch this light on as bright as the plan says, and every other one off."""
        if value is None:
            await stage.lights.only(None, owner=stage.owner)
        else:
            await stage.lights.only(str(value), self.level(str(value), stage.plan), owner=stage.owner)

    async def restore(self, stage: Stage) -> None:
        """Give the camera the exposure time back that it had before another one was found."""
        before = stage.plan.exposure.get("shutterspeed") if stage.plan.metered else None
        if before is None:
            return
        stage.camera.choose("shutterspeed", before)
        try:
            await stage.camera.set_config("shutterspeed", before, owner=stage.owner)
        except TetherlightError as error:
            stage.keeper.warn(f"shutterspeed could not be set back to {before}: {error.message}")
