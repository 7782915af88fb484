"""Handlers of the actions on lights."""

from tetherlight.actions.context import Context, Pair, bind
from tetherlight.lights.lamps import OFF, ON
from tetherlight.protocol.cameras import NoPayload
from tetherlight.protocol.lights import (
    GET_LIGHT_STATES,
    SET_LIGHT_STATE,
    SET_LIGHT_STATES,
    SET_RIG,
    LightChange,
    LightStates,
    SetLightState,
    SetLightStates,
    SetRig,
)


async def get_light_states(context: Context, _: NoPayload) -> LightStates:
    """Tell which lights are on."""
    return context.rig.light_states()


async def set_light_state(context: Context, payload: SetLightState) -> LightChange:
    """Switch one light."""
    lights = context.rig.lights
    levels = {} if payload.level is None else {payload.light_name: payload.level}
    states = await lights.set({payload.light_name: payload.state}, on_levels=levels)
    available = lights.gpio_available
    level = lights.levels[payload.light_name]
    word = f"ON at {level:.0%}" if OFF < level < ON else "ON" if payload.state else "OFF"
    message = f"Light '{payload.light_name}' turned {word}."
    return LightChange(
        light_name=payload.light_name,
        new_state=states[payload.light_name],
        gpio_available=available,
        message=message if available else f"{message} (simulated)",
    )


async def set_light_states(context: Context, payload: SetLightStates) -> LightStates:
    """Switch several lights in one step."""
    await context.rig.lights.set(payload.states, on_levels=payload.levels, others_off=payload.others_off)
    return context.rig.light_states()


async def set_rig(context: Context, payload: SetRig) -> LightStates:
    """Replace the lights of the rig file."""
    await context.rig.lights.replace(payload.lights)
    return context.rig.light_states()


PAIRS: tuple[Pair, ...] = (
    bind(GET_LIGHT_STATES, get_light_states),
    bind(SET_LIGHT_STATE, set_light_state),
    bind(SET_LIGHT_STATES, set_light_states),
    bind(SET_RIG, set_rig),
)
