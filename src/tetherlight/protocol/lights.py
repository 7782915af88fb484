"""Actions on lights."""

from typing import Annotated

from pydantic import AwareDatetime, Field, model_validator

from tetherlight import errors
from tetherlight.protocol.action import Action, Payload
from tetherlight.protocol.cameras import NoPayload
from tetherlight.protocol.models import Direction, LightInfo, Model

SERVER_ONLY = frozenset({
    "hooks", "bridges", "offload", "driver", "chip", "address", "allow_hold", "guard", "drivers", "triggers",
})  # fmt: skip
"""Keys of the rig file that run programs, open ports or hold secrets: clients neither write nor read them.

They mean the same wherever they stand: of the rig the first three and the last three are tables; a lamp has a driver,
an address and `allow_hold`."""


Level = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
"""How bright a light is: linear in its light, 1 at full power."""

ZERO = "the level of light '{}' is 0, and it shall be on: say state false, or a level above 0"


class RigCalibration(Model):
    """When the rig's lights were calibrated last, by which set, and how exactly."""

    at: AwareDatetime | None = None
    set_name: str | None = Field(default=None, description="The set whose mirror spheres told it.")
    lights: int | None = None
    mean_error_deg: float | None = Field(
        default=None, description="How far directions are off where a highlight is off by a pixel."
    )
    largest_error_deg: float | None = None
    moved_deg: float | None = Field(
        default=None, description="Largest angle between a direction and the one that it replaced."
    )
    sphere_radius: float | None = Field(default=None, description="Of the largest sphere, in pixels.")


class LightStates(Model):
    """Every light by name, on or off, in the rig file's order."""

    states: dict[str, bool]
    levels: dict[str, float] = Field(
        default_factory=dict, description="How bright each light is now, from 0 to 1, linear in light."
    )
    gpio_available: bool
    driver: str
    message: str | None = None
    lights: list[LightInfo]
    calibration: RigCalibration | None = Field(default=None, description="Null where they were never calibrated.")


class SetLightState(Payload):
    """A light and whether it shall be on."""

    light_name: str
    state: bool
    level: Level | None = Field(
        default=None,
        description="How bright it becomes, linear in light; without it as bright as it was last, 1 at first.",
    )

    @model_validator(mode="after")
    def _on_is_no_zero(self) -> "SetLightState":
        if self.state and self.level == 0:
            raise ValueError(ZERO.format(self.light_name[:200]))
        return self


class LightChange(Model):
    """A light's new state."""

    light_name: str
    new_state: bool
    gpio_available: bool
    message: str


class SetLightStates(Payload):
    """Several lights at once; the others stay as they are unless `others_off`."""

    states: dict[str, bool]
    levels: dict[str, Level] = Field(
        default_factory=dict,
        description="How bright those become that `states` names; the others as bright as they were last.",
    )
    others_off: bool = False

    @model_validator(mode="after")
    def _levels_of_states(self) -> "SetLightStates":
        for name, level in self.levels.items():
            if name not in self.states:
                raise ValueError(f"light '{name[:200]}' has a level and no state")
            if self.states[name] and level == 0:
                raise ValueError(ZERO.format(name[:200]))
        return self


class LightTrip(Model):
    """A light that the guard has switched off."""

    light: str
    limit: str = Field(description="The key of the rig file that says so: max_on_s or duty.")
    message: str


Limit = Annotated[float | None, Field(default=None, description="Stays where nothing is said; 0 for no limit.")]


class EditedLight(Payload):
    """A light as it shall stand in the rig file."""

    name: str
    pin: int | None = None
    active_low: bool = False
    direction: Direction | None = None
    position: tuple[float, float, float] | None = None
    settle_s: float | None = None
    group: str | None = None
    intensity: float | None = Field(default=None, description="Stays as it is where nothing is said.")
    calibrated_at: AwareDatetime | None = Field(
        default=None, description="Stays as it is where nothing is said and the light stands where it stood."
    )
    max_level: Limit = None
    max_on_s: Limit = None
    min_off_s: Limit = None
    duty: Limit = None
    duty_s: Limit = None
    watts: Limit = None
    gamma: float | None = Field(
        default=None,
        description=(
            "Its light is the lamp's signal to this power, 1 for linear. This and `curve` stay where neither is said."
        ),
    )
    curve: list[tuple[float, float]] | None = Field(
        default=None, description="Instead of gamma: measured pairs of signal and light, from 0 to 1; empty for none."
    )
    flicker: float | None = Field(default=None, description="Stays as it is where nothing is said.")
    measured_at: AwareDatetime | None = Field(
        default=None, description="Stays where nothing is said, and its law and `settle_s` are as they were."
    )


class SetRig(Payload):
    """All lights of the rig in their order; comments in the rig file are kept."""

    lights: list[EditedLight]


GET_LIGHT_STATES = Action(
    "GET_LIGHT_STATES", NoPayload, LightStates,
    right="read",
    summary="Tell which lights are on, and whether real lamps hang on them.",
    repeatable=True,
    example_result={
        "states": {"lights_top": False, "light_front": True},
        "levels": {"lights_top": 0.0, "light_front": 1.0},
        "gpio_available": True,
        "driver": "gpiod",
        "lights": [{"name": "lights_top", "pin": 24, "state": False},
                   {"name": "light_front", "pin": 4, "state": True}]},
)  # fmt: skip
SET_LIGHT_STATE = Action(
    "SET_LIGHT_STATE", SetLightState, LightChange,
    right="control",
    summary="Switch one light on or off, or to a level where its lamp can be dimmed.",
    errors=(errors.UnknownLight, errors.LightsBusy, errors.LightLimited, errors.LampFailed),
    example={"light_name": "light_front", "state": True},
    example_result={"light_name": "light_front", "new_state": True, "gpio_available": True,
                    "message": "Light 'light_front' turned ON."},
)  # fmt: skip
SET_LIGHT_STATES = Action(
    "SET_LIGHT_STATES", SetLightStates, LightStates,
    right="control",
    summary="Switch several lights in one step.",
    errors=(errors.UnknownLight, errors.LightsBusy, errors.LightLimited, errors.LampFailed),
    example={"states": {"light_front": True}, "others_off": True},
    example_result={"states": {"lights_top": False, "light_front": True},
                    "levels": {"lights_top": 0.0, "light_front": 1.0}, "gpio_available": True, "driver": "gpiod",
                    "lights": []},
)  # fmt: skip
SET_RIG = Action(
    "SET_RIG", SetRig, LightStates,
    right="settings",
    summary="Replace the lights of the rig file; all lights go off.",
    server_only=SERVER_ONLY,
    errors=(errors.ServerOnly, errors.LightsBusy, errors.InvalidName, errors.StoreError, errors.InvalidSetting),
    example={"lights": [{"name": "light_front", "pin": 4, "direction": [0.0, -0.7071, 0.7071]}]},
    example_result={"states": {"light_front": False}, "levels": {"light_front": 0.0}, "gpio_available": True,
                    "driver": "gpiod", "lights": []},
)  # fmt: skip
