"""Checks a wanted value against its config entry before the camera is asked."""

import math

from tetherlight.errors import ConfigInvalid, ConfigReadonly
from tetherlight.models import ConfigEntry, ConfigType, ConfigValue

SWITCH = {"true": True, "on": True, "1": True, "yes": True, "false": False, "off": False, "0": False, "no": False}


def checked(entry: ConfigEntry, value: ConfigValue) -> ConfigValue:
    """Return the value in the entry's own type; raise ConfigReadonly or ConfigInvalid."""
    if entry.readonly:
        raise ConfigReadonly("It is read-only.")
    match entry.type:
        case ConfigType.MENU:
            return _option(entry, value)
        case ConfigType.RANGE:
            return _within(entry, value)
        case ConfigType.TOGGLE:
            return _switch(value)
        case ConfigType.DATE:
            return round(_number(value))
        case ConfigType.TEXT if not isinstance(value, bool) and value is not None:
            text = _spelled(value)[0]
            if "\0" in text:
                raise ConfigInvalid("Its value must not contain NUL.")
            return text
        case ConfigType.TEXT:
            raise ConfigInvalid(f"Value '{_shown(value)}' is no text.")
        case ConfigType.BUTTON:
            raise ConfigInvalid("It is a button and has no value.")


def _option(entry: ConfigEntry, value: ConfigValue) -> str:
    """Return the option that is meant: its text, or a number whose text is an option."""
    if isinstance(value, bool) or value is None:
        raise ConfigInvalid(f"Value '{_shown(value)}' not in options.")
    for text in _spelled(value):
        if text in entry.options:
            return text
    raise ConfigInvalid(
        f"Value '{_shown(value)}' not in options.",
        hint=f"It can be {', '.join(entry.options[:20])}{' ...' if len(entry.options) > 20 else ''}.",
    )


def _within(entry: ConfigEntry, value: ConfigValue) -> float:
    wanted = _number(value)
    least, most = entry.min, entry.max
    if (least is not None and wanted < least) or (most is not None and wanted > most):
        raise ConfigInvalid(f"Value '{_shown(value)}' not in range {least:g} to {most:g}.")
    return wanted


def _switch(value: ConfigValue) -> bool:
    found = SWITCH.get(str(value).strip().lower())
    if found is None:
        raise ConfigInvalid(f"Value '{_shown(value)}' is neither true nor false.")
    return found


def _number(value: ConfigValue) -> float:
    try:
        number = math.nan if isinstance(value, bool) or value is None else float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ConfigInvalid(f"Value '{_shown(value)}' is no number.")
    return number


def _spelled(value: str | float) -> list[str]:
    """Return the texts that a value may stand for: 2.0 is '2.0' and '2'."""
    if isinstance(value, float) and value.is_integer():
        return [str(value), str(int(value))]
    return [str(value)]


def _shown(value: ConfigValue) -> str:
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return text[:200]
