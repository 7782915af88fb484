"""What is wanted of an entry is checked before the camera is asked."""

from typing import Any

import pytest

from tetherlight.camera.values import checked
from tetherlight.errors import ConfigInvalid, ConfigReadonly
from tetherlight.protocol.models import ConfigEntry, ConfigType


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
        (MENU, "automobile", "Value 'automobile' not in options."),
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


def menu(*options: str) -> ConfigEntry:
    return entry(ConfigType.MENU, options=list(options))


@pytest.mark.parametrize(
    ("options", "value", "wanted"),
    [
        (("f/4", "f/5.6", "f/8"), 8, "f/8"),
        (("f/4", "f/5.6", "f/8"), "5,6", "f/5.6"),
        (("4", "5.6", "8"), "f/5.6", "5.6"),
        (("4", "5.6", "8"), "F5.6", "5.6"),
        (("1/125", "1/60", "60"), "1/60s", "1/60"),
        (("1/125", "1/60", "60"), "1/60 sec", "1/60"),
        (("1/125", "1/60", "60"), 60, "60"),
        (("0.0080s", "0.0166s", "1.0000s"), "1/60", "0.0166s"),
        (("0.0080s", "0.0166s", "1.0000s"), "0,0166 s", "0.0166s"),
        (("0.0080s", "0.0166s", "1.0000s"), 1, "1.0000s"),
        (("Auto", "100"), "auto", "Auto"),
        (("Automatic", "Daylight"), "auto", "Automatic"),
        (("Auto ISO", "100"), "automatic", "Auto ISO"),
        (("RAW + L", "L"), "raw+l", "RAW + L"),
        (("0", "0.001"), 0, "0"),
    ],
)
def test_other_spellings_of_one_option_are_understood(options: tuple[str, ...], value: Any, wanted: str) -> None:
    assert checked(menu(*options), value) == wanted


@pytest.mark.parametrize(
    ("options", "value"),
    [
        (("Auto", "Auto ISO"), "automatic"),
        (("Auto A", "Auto B"), "auto"),
        (("1/60", "0.01666s"), "0.01664"),
        (("1", "1000"), "1,000"),
        (("100", "200"), "100,200"),
        (("1/60", "1/30"), 60),
        (("0.001", "1"), 0),
        (("Manual", "Movie"), "m"),
        (("100", "200"), float("nan")),
        (("100", "200"), "1" * 5000),
    ],
)
def test_what_may_mean_two_things_or_none_is_refused(options: tuple[str, ...], value: Any) -> None:
    with pytest.raises(ConfigInvalid, match="not in options"):
        checked(menu(*options), value)


@pytest.mark.parametrize(
    ("options", "value", "hint"),
    [
        (("f/4", "f/5.6", "f/8"), "6.3", "The nearest are f/5.6 and f/8."),
        (("f/4", "f/5.6", "f/8"), "f/32", "The nearest is f/8."),
        (("Bulb", "1/30", "1/125"), "1/60", "The nearest are 1/125 and 1/30."),
        (("Daylight", "Cloudy"), "daylite", "The nearest is Daylight."),
        (("L", "M"), "nonsense", "It can be L, M."),
        ((), "nonsense", "It has no options now."),
    ],
)
def test_a_refusal_names_what_is_nearest(options: tuple[str, ...], value: str, hint: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        checked(menu(*options), value)
    assert caught.value.hint == hint


def test_a_range_takes_a_decimal_comma_and_a_unit() -> None:
    assert [checked(RANGE, value) for value in ("2,5", "2.5 mm", "+3")] == [2.5, 2.5, 3.0]


def test_a_long_value_is_not_repeated_whole() -> None:
    with pytest.raises(ConfigInvalid) as caught:
        checked(MENU, "x" * 10_000)
    assert len(caught.value.message) < 250


def test_what_is_readonly_says_so_before_anything_else() -> None:
    with pytest.raises(ConfigReadonly, match=r"^It is read-only\.$"):
        checked(entry(ConfigType.MENU, readonly=True), "nonsense")


def test_what_is_called_readonly_is_let_through_where_that_is_wanted() -> None:
    """It may list no options then; its other bounds hold."""
    assert checked(entry(ConfigType.RANGE, readonly=True, min=0.0, max=100.0, step=0.1), 7.1, force=True) == 7.1
    assert checked(entry(ConfigType.MENU, readonly=True, options=["1/60"]), "1/60", force=True) == "1/60"
    assert checked(entry(ConfigType.MENU, readonly=True), "f/8", force=True) == "f/8"
    with pytest.raises(ConfigInvalid):
        checked(entry(ConfigType.RANGE, readonly=True, min=0.0, max=100.0, step=0.1), 200, force=True)
    with pytest.raises(ConfigInvalid):
        checked(entry(ConfigType.MENU, readonly=True, options=["1/60"]), "nonsense", force=True)
    with pytest.raises(ConfigInvalid):
        checked(entry(ConfigType.MENU), "f/8", force=True)
