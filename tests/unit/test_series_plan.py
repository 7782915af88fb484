"""What a series is before it begins, and when its rounds are due."""

from typing import Any

import pytest

from tetherlight import errors
from tetherlight.capture.axes.settings import check_bracket
from tetherlight.capture.axes.time import Timetable
from tetherlight.capture.plan import Plan, bracketed
from tetherlight.capture.requests import series_plan
from tetherlight.protocol.captures import CAPTURE_SERIES
from tetherlight.protocol.models import ConfigEntry, ConfigType

VALUES = ["1/250", "1/60", "1/15"]


def plan(**wanted: Any) -> Plan:
    return series_plan(CAPTURE_SERIES.parse(wanted))


def cells(found: Plan) -> list[tuple[int, Any, str | None]]:
    """Give number, round and bracketed value of each cell."""
    return [
        (index, at.get("repeat", at.get("time")), bracketed(at))
        for index, cell in found.cells.items()
        for at in [found.at(cell)]
    ]


def entry(**fields: Any) -> ConfigEntry:
    usual = {"name": "iso", "label": "ISO", "value": "100", "type": ConfigType.MENU, "readonly": False}
    return ConfigEntry(**(usual | {"options": ["100", "200", "400"], "path": "/main/imgsettings/iso"} | fields))


def test_each_round_has_every_value_in_its_order() -> None:
    bracketed_plan = plan(count=2, bracket={"config_name": "shutterspeed", "values": VALUES})
    rounds = [(1, value) for value in VALUES] + [(2, value) for value in VALUES]
    assert cells(bracketed_plan) == [(index, *one) for index, one in enumerate(rounds, start=1)]


def test_without_a_bracket_a_round_is_one_exposure() -> None:
    assert cells(plan(count=3)) == [(1, 1, None), (2, 2, None), (3, 3, None)]
    assert cells(plan(count=3, interval_s=10)) == [(1, 0, None), (2, 10, None), (3, 20, None)]


def test_more_exposures_than_a_series_may_have_are_refused() -> None:
    assert plan(count=333, bracket={"config_name": "iso", "values": VALUES}).size == 999
    with pytest.raises(errors.InvalidPayload, match="1002 exposures"):
        plan(count=334, bracket={"config_name": "iso", "values": VALUES})


def test_values_that_the_entry_takes_may_be_bracketed() -> None:
    check_bracket(entry(), ["400", "200"])
    check_bracket(entry(type=ConfigType.RANGE, value=0.0, options=[], min=-2, max=2, step=0.5), ["-1.5", "2"])
    check_bracket(entry(type=ConfigType.TOGGLE, value=False, options=[]), ["true", "false"])


@pytest.mark.parametrize(
    ("fields", "values", "error", "sentence"),
    [
        ({}, ["100", "300"], errors.ConfigInvalid, "'300' not in options"),
        ({"readonly": True}, ["100", "200"], errors.ConfigReadonly, "read-only"),
        ({"value": "Unknown value 00ff"}, ["100", "200"], errors.ConfigInvalid, "Unknown value 00ff"),
        ({"value": None}, ["100", "200"], errors.ConfigInvalid, "not in options"),
        ({"type": ConfigType.BUTTON, "options": []}, ["100", "200"], errors.ConfigInvalid, "button"),
        ({"path": "/main/actions/iso"}, ["100", "200"], errors.ConfigInvalid, "holds no value"),
        ({"type": ConfigType.RANGE, "value": 1, "min": 0, "max": 5}, ["1", "6"], errors.ConfigInvalid, "not in range"),
    ],
)
def test_what_cannot_be_set_or_set_back_is_refused_by_name(fields: Any, values: Any, error: Any, sentence: str) -> None:
    with pytest.raises(error, match=sentence) as refused:
        check_bracket(entry(**fields), values)
    assert str(refused.value).startswith("Config 'iso' cannot be bracketed. ")


def test_rounds_are_due_start_to_start() -> None:
    timetable = Timetable(10.0, now=100.0)
    assert timetable.due == 100.0
    assert timetable.begin(100.01) == 0.0
    assert timetable.due == 110.0
    assert timetable.begin(110.2) == 0.0
    assert timetable.due == 120.0


def test_a_late_round_is_told_and_does_not_delay_the_others() -> None:
    timetable = Timetable(10.0, now=100.0)
    timetable.begin(100.0)
    assert timetable.begin(113.0) == 3.0
    assert timetable.due == 120.0


def test_late_by_an_interval_the_timetable_begins_anew() -> None:
    timetable = Timetable(10.0, now=100.0)
    timetable.begin(100.0)
    assert timetable.begin(145.0) == 35.0
    assert timetable.due == 155.0


def test_a_burst_is_never_late() -> None:
    timetable = Timetable(0.0, now=100.0)
    assert [timetable.begin(now) for now in (100.0, 103.0, 107.5)] == [0.0, 0.0, 0.0]
    assert timetable.due == 107.5


@pytest.mark.parametrize(
    ("interval", "this_round", "rounds", "left"),
    [
        (0.0, 1, 3, 2 + 3 * 4),  # a burst: one exposure of the round under way, then three rounds of two
        (0.0, 2, 0, 4),
        (60.0, 0, 1, 60 + 4),  # waiting for the last round
        (60.0, 1, 3, 60 + 2 * 60 + 4),
        (3.0, 0, 2, 3 + 4 + 4),  # an interval that is shorter than a round
    ],
)
def test_the_time_left_counts_exposures_and_gaps(interval: float, this_round: int, rounds: int, left: float) -> None:
    timetable = Timetable(interval, now=100.0)
    timetable.begin(100.0)
    found = timetable.seconds_left(100.0, exposure_s=2.0, this_round=this_round, rounds=rounds, per_round=2)
    assert found == pytest.approx(left)
