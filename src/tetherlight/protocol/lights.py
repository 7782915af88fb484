"""Actions on lights."""

from pydantic import AwareDatetime, Field

from tetherlight import errors
from tetherlight.protocol.action import Action, Payload
from tetherlight.protocol.cameras import NoPayload
from tetherlight.protocol.models import Direction, LightInfo, Model

SERVER_ONLY = frozenset({"hooks", "bridges", "offload", "driver", "chip", "address"})
"""Keys of the rig file that run programs, open ports or hold secrets: clients neither write nor read them.

They mean the same wherever they stand: of the rig the first three are tables; a lamp has a driver and an address."""


class LightStates(Model):
    """Every light by name, on or off, in the rig file's order."""

    states: dict[str, bool]
    gpio_available: bool
    driver: str
    message: str | None = None
    lights: list[LightInfo]


class SetLightState(Payload):
    """A light and whether it shall be on."""

    light_name: str
    state: bool


class LightChange(Model):
    """A light's new state."""

    light_name: str
    new_state: bool
    gpio_available: bool
    message: str


class SetLightStates(Payload):
    """Several lights at once; the others stay as they are unless `others_off`."""

    states: dict[str, bool]
    others_off: bool = False


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
        "gpio_available": True,
        "driver": "gpiod",
        "lights": [{"name": "lights_top", "pin": 24, "state": False},
                   {"name": "light_front", "pin": 4, "state": True}]},
)  # fmt: skip
SET_LIGHT_STATE = Action(
    "SET_LIGHT_STATE", SetLightState, LightChange,
    right="control",
    summary="Switch one light on or off.",
    errors=(errors.UnknownLight, errors.LightsBusy, errors.LampFailed),
    example={"light_name": "light_front", "state": True},
    example_result={"light_name": "light_front", "new_state": True, "gpio_available": True,
                    "message": "Light 'light_front' turned ON."},
)  # fmt: skip
SET_LIGHT_STATES = Action(
    "SET_LIGHT_STATES", SetLightStates, LightStates,
    right="control",
    summary="Switch several lights in one step.",
    errors=(errors.UnknownLight, errors.LightsBusy, errors.LampFailed),
    example={"states": {"light_front": True}, "others_off": True},
    example_result={"states": {"lights_top": False, "light_front": True}, "gpio_available": True, "driver": "gpiod",
                    "lights": []},
)  # fmt: skip
SET_RIG = Action(
    "SET_RIG", SetRig, LightStates,
    right="control",
    summary="Replace the lights of the rig file; all lights go off.",
    server_only=SERVER_ONLY,
    errors=(errors.ServerOnly, errors.LightsBusy, errors.InvalidName, errors.StoreError, errors.InvalidSetting),
    example={"lights": [{"name": "light_front", "pin": 4, "direction": [0.0, -0.7071, 0.7071]}]},
    example_result={"states": {"light_front": False}, "gpio_available": True, "driver": "gpiod", "lights": []},
)  # fmt: skip
