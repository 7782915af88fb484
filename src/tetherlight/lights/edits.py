"""Lights as a client has edited them, on their way into the rig file."""

from collections.abc import Iterable, Sequence

from pydantic import ValidationError

from tetherlight.errors import InvalidName, InvalidPayload
from tetherlight.protocol.lights import EditedLight
from tetherlight.protocol.models import first_fault
from tetherlight.rigfile.lights import LIMITS, RigLight, is_light_name, light_problem, name_problem


def edited_lights(lights: Sequence[EditedLight], former: Iterable[RigLight]) -> list[RigLight]:
    """Check lights as the rig file is checked, each with the driver that it has; raise InvalidName, InvalidPayload."""
    known = {light.name: light for light in former}
    for light in lights:
        if not is_light_name(light.name):
            raise InvalidName(f"{name_problem(light.name)}.")
    wanted = [_edited(light, known.get(light.name)) for light in lights]
    problem = light_problem((light.name, light) for light in wanted)
    if problem:
        raise InvalidPayload(f"Field 'lights' of SET_RIG: {problem}.")
    return wanted


def _edited(light: EditedLight, former: RigLight | None) -> RigLight:
    given = light.model_dump()
    kept = {} if former is None else former.own_driver | former.measured(given)
    given["curve"] = tuple(light.curve) if light.curve else None
    given |= {key: None for key in LIMITS if given[key] == 0}
    try:
        return RigLight(**(given | kept))
    except ValidationError as error:
        fault = first_fault(error)
        where = f"{fault.field}: " if fault.field else ""
        raise InvalidPayload(f"Field 'lights' of SET_RIG: light '{light.name}': {where}{fault.reason}.") from None
