"""Checks a wanted value against its config entry before the camera is asked."""

import difflib
import re
from collections.abc import Sequence

from tetherlight.camera.worker.widgets import number
from tetherlight.errors import ConfigInvalid, ConfigReadonly
from tetherlight.protocol.models import ConfigEntry, ConfigType, ConfigValue

SWITCH = {"true": True, "on": True, "1": True, "yes": True, "false": False, "off": False, "0": False, "no": False}

COMMA = re.compile(r"^((?:f/?)?\s*[-+]?)(?!0*[1-9]\d*,\d{3}(?!\d))(\d+),(\d+\D*)$", re.IGNORECASE)
"""A decimal comma; before three digits it may stand for thousands, and then nobody knows what is meant."""
SAME = 0.01
"""How far apart two spellings of one number may be, as a share: cameras round, and their steps are larger."""
AUTOMATIC = frozenset({"auto", "automatic"})
AUTO = re.compile(r"\s*auto(?:matic)?\b", re.IGNORECASE)
MAY_BE_TRIED = "Drivers call some entries so that the camera takes: with 'force' it is tried, and what it kept is told."
LONG, MANY = 200, 500
"""How many letters, and how many options, are looked at for what is near."""


def checked(entry: ConfigEntry, value: ConfigValue, *, force: bool = False) -> ConfigValue:
    """Return the value in the entry's own type; raise ConfigReadonly or ConfigInvalid.

    With `force` an entry that the driver calls read-only is let through; those often list no options either.
    """
    if entry.readonly and not force:
        raise ConfigReadonly("It is read-only.", hint=MAY_BE_TRIED)
    match entry.type:
        case ConfigType.MENU:
            return _text(value) if entry.readonly and not entry.options else _option(entry, value)
        case ConfigType.RANGE:
            return _within(entry, value)
        case ConfigType.TOGGLE:
            return _switch(value)
        case ConfigType.DATE:
            return round(_number(value))
        case ConfigType.TEXT:
            return _text(value)
        case ConfigType.BUTTON:
            raise ConfigInvalid("It is a button and has no value.")


def _text(value: ConfigValue) -> str:
    if isinstance(value, bool) or value is None:
        raise ConfigInvalid(f"Value '{_shown(value)}' is no text.")
    text = _spelled(value)[0]
    if "\0" in text:
        raise ConfigInvalid("Its value must not contain NUL.")
    return text


def _option(entry: ConfigEntry, value: ConfigValue) -> str:
    """Return the one option that is meant: by its text, by its number, or as the only one that begins with auto."""
    if isinstance(value, bool) or value is None:
        raise ConfigInvalid(f"Value '{_shown(value)}' not in options.")
    for text in _spelled(value):
        if text in entry.options:
            return text
    for meant in (_alike, _of_number, _automatic):
        found = dict.fromkeys(meant(str(value), entry.options))
        if len(found) == 1:
            return next(iter(found))
    raise ConfigInvalid(f"Value '{_shown(value)}' not in options.", hint=_nearest(str(value), entry.options))


def _alike(text: str, options: Sequence[str]) -> list[str]:
    """Return the options that differ in letters' case and in spaces alone."""
    return [option for option in options if _folded(option) == _folded(text)]


def _folded(text: str) -> str:
    return "".join(text.split()).casefold()


def _of_number(text: str, options: Sequence[str]) -> list[str]:
    """Return the options that are the same number: f/5.6, 5.6 and 5,6; 1/60, 1/60s and 0.0166s."""
    wanted = amount(text)
    if wanted is None:
        return []
    off = {option: abs(found - wanted) for option in options if (found := amount(option)) is not None}
    near = [option for option, away in off.items() if away <= SAME * abs(wanted)]
    return [option for option in near if off[option] == 0] or near


def _automatic(text: str, options: Sequence[str]) -> list[str]:
    if text.strip().casefold() not in AUTOMATIC:
        return []
    return [option for option in options if AUTO.match(option)]


def _nearest(text: str, options: Sequence[str]) -> str:
    """Say which options lie next to what was wanted; where none does, which there are."""
    wanted = amount(text)
    numbers = sorted((found, option) for option in options if (found := amount(option)) is not None)
    if wanted is not None and len(numbers) > 1:
        below = [option for found, option in numbers if found <= wanted][-1:]
        above = [option for found, option in numbers if found > wanted][:1]
        near = below + above
    else:
        near = difflib.get_close_matches(text[:LONG], [*options[:MANY]], n=3)
    if near:
        return f"The nearest {'is' if len(near) == 1 else 'are'} {' and '.join(near)}."
    if not options:
        return "It has no options now."
    return f"It can be {', '.join(options[:20])}{' ...' if len(options) > 20 else ''}."


def amount(text: str) -> float | None:
    """Read a number as cameras or people write it, also with a decimal comma; None where there is none."""
    return number(COMMA.sub(r"\1\2.\3", text.strip())) if len(text) <= LONG else None


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
    found = None if isinstance(value, bool) or value is None else amount(str(value))
    if found is None:
        raise ConfigInvalid(f"Value '{_shown(value)}' is no number.")
    return found


def _spelled(value: str | float) -> list[str]:
    """Return the texts that a value may stand for: 2.0 is '2.0' and '2'."""
    if isinstance(value, float) and value.is_integer():
        return [str(value), str(int(value))]
    return [str(value)]


def _shown(value: ConfigValue) -> str:
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return text[:200]
