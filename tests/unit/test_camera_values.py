"""What is wanted of an entry is checked before the camera is asked."""

from typing import Any

import pytest

from tetherlight.camera.values import checked
from tetherlight.errors import ConfigInvalid, ConfigReadonly
from tetherlight.models import ConfigEntry, ConfigType


def entry(kind: ConfigType, **fields: Any) -> ConfigEntry:
    return ConfigEntry(
        **{"name": "x", "label": "X", "value": None, "type": kind, "readonly": False, "path": "/main/x", **fields}
    )


MENU = entry(ConfigType.MENU, options=["100", "200", "5.6", "8", "Auto"])
RANGE = entry(ConfigType.RANGE, min=-5.0, max=5.0, step=1.0)


@pytest.mark.parametrize(
    ("target", "value", "wanted"),
    [
        (MENU, "Auto", "Auto"),
        (MENU, 200, "200"),
        (MENU, 5.6, "5.6"),
        (MENU, 8.0, "8"),
        (RANGE, 5, 5.0),
        (RANGE, "2.5", 2.5),
        (entry(ConfigType.TOGGLE), True, True),
        (entry(ConfigType.TOGGLE), 0, False),
        (entry(ConfigType.TOGGLE), "on", True),
        (entry(ConfigType.TEXT), "Ada", "Ada"),
        (entry(ConfigType.TEXT), 7, "7"),
        (entry(ConfigType.DATE), "1700000000", 1_700_000_000),
    ],
)
def test_a_good_value_is_taken(target: ConfigEntry, value: Any, wanted: Any) -> None:
    got = checked(target, value)
    assert (got, type(got)) == (wanted, type(wanted))


@pytest.mark.parametrize(
    ("target", "value", "sentence"),
    [
        (MENU, "auto", "Value 'auto' not in options."),
        (MENU, True, "Value 'true' not in options."),
        (MENU, 300, "Value '300' not in options."),
        (MENU, None, "Value '' not in options."),
        (RANGE, 6, "Value '6' not in range -5 to 5."),
        (RANGE, "wide", "Value 'wide' is no number."),
        (RANGE, float("nan"), "Value 'nan' is no number."),
        (RANGE, True, "Value 'true' is no number."),
        (entry(ConfigType.TOGGLE), "maybe", "Value 'maybe' is neither true nor false."),
        (entry(ConfigType.TEXT), True, "Value 'true' is no text."),
        (entry(ConfigType.TEXT), "a\0b", "Its value must not contain NUL."),
        (entry(ConfigType.BUTTON), "x", "It is a button and has no value."),
    ],
)
def test_a_bad_value_is_refused_by_name(target: ConfigEntry, value: Any, sentence: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        checked(target, value)
    assert caught.value.message == sentence


def test_a_long_value_is_not_repeated_whole() -> None:
    with pytest.raises(ConfigInvalid) as caught:
        checked(MENU, "x" * 10_000)
    assert len(caught.value.message) < 250


def test_what_is_readonly_says_so_before_anything_else() -> None:
    with pytest.raises(ConfigReadonly, match=r"^It is read-only\.$"):
        checked(entry(ConfigType.MENU, readonly=True), "nonsense")
