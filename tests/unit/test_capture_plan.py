"""A plan before it begins: its cells, their numbers, the names of their files, and what is refused."""

import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tetherlight import errors
from tetherlight.capture.axes.settings import shifted
from tetherlight.capture.plan import Plan
from tetherlight.capture.requests import set_plan
from tetherlight.protocol.axes import AxisPlan
from tetherlight.protocol.manifest import Plan as PlanRecord
from tetherlight.protocol.manifest import PlannedLight
from tetherlight.protocol.models import ConfigEntry, ConfigType
from tetherlight.protocol.sets import CAPTURE_PHOTOMETRIC_SET, CAPTURE_SET

LIGHTS = ["light_left", "light_right"]


def photometric(**wanted: Any) -> Plan:
    return set_plan(CAPTURE_PHOTOMETRIC_SET.parse({"light_sequence": LIGHTS} | wanted))


def of(*axes: dict[str, Any]) -> Plan:
    return set_plan(CAPTURE_SET.parse({"axes": list(axes)}))


def stems(plan: Plan) -> list[str]:
    return [plan.stem(index) for index in plan.cells]


def test_lights_alone_are_named_and_numbered_as_ever() -> None:
    assert stems(photometric()) == ["image_01_light_left", "image_02_light_right"]
    plan = photometric(ambient=True, light_sequence=["a", "a"])
    assert list(plan.cells) == [0, 1, 2]
    assert stems(plan) == ["image_00_ambient", "image_01_a", "image_02_a"]
    assert list(plan.visits.values()) == [0, 1, 2]


def test_further_axes_mark_the_names_in_the_order_of_the_plan() -> None:
    plan = photometric(focus={"count": 3}, exposure=[-2, 0])
    assert [axis.name for axis in plan.axes] == ["focus", "light", "exposure"]
    assert stems(plan)[:5] == [
        "image_01_light_left_f01_e01",
        "image_01_light_left_f01_e02",
        "image_02_light_right_f01_e01",
        "image_02_light_right_f01_e02",
        "image_01_light_left_f02_e01",
    ]
    assert list(plan.cells) == list(range(1, 13))


def test_an_axis_of_one_value_marks_no_name() -> None:
    assert stems(photometric(focus={"values": [0]}, exposure=[0])) == ["image_01_light_left", "image_02_light_right"]


def test_without_lights_the_number_is_that_of_the_cell() -> None:
    assert stems(of({"axis": "repeat", "count": 2})) == ["image_01_r01", "image_02_r02"]


def test_many_values_have_more_digits() -> None:
    names = stems(of({"axis": "repeat", "count": 120}, {"axis": "light", "values": ["a"]}))
    assert (names[0], names[-1]) == ("image_01_a_r001", "image_01_a_r120")


def test_a_lamp_is_visited_once_for_all_that_changes_inside_of_it() -> None:
    assert max(photometric(focus={"count": 8}, light_sequence=["a", "b", "c", "d"]).visits.values()) == 32
    inside = of({"axis": "light", "values": [None, *LIGHTS]}, {"axis": "exposure", "values": [-2, 0, 2]})
    assert list(inside.visits.values()) == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_a_lamp_that_waits_for_a_round_is_visited_again() -> None:
    plan = of({"axis": "light", "values": ["a"]}, {"axis": "time", "count": 3, "step": 60})
    assert list(plan.visits.values()) == [1, 2, 3]


def test_steps_tell_their_values_and_their_light() -> None:
    record = PlanRecord(lights=(PlannedLight(name="light_left", direction=(0, 0, 1), settle_s=2.0),), settle_s=0.5)
    left, right = photometric(focus={"values": [4], "step": -2}).steps(record)
    assert (left.at, left.light, left.settle_s) == ({"focus": 4, "light": "light_left"}, "light_left", 2.0)
    assert (left.direction, right.settle_s, right.direction) == ((0, 0, 1), 0.5, None)


NAMES = st.lists(st.text(string.ascii_letters + "_0123456789", min_size=1, max_size=12), min_size=1, max_size=5)
AXES = st.fixed_dictionaries(
    {},
    optional={
        "light": NAMES.map(lambda values: {"values": [None, *values]}) | NAMES.map(lambda values: {"values": values}),
        "focus": st.integers(1, 4).map(lambda count: {"count": count}),
        "exposure": st.lists(st.integers(-5, 5), min_size=1, max_size=4).map(lambda values: {"values": values}),
        "repeat": st.integers(1, 12).map(lambda count: {"count": count}),
        "time": st.integers(1, 3).map(lambda count: {"count": count, "step": 5}),
        "setting": st.lists(st.text(max_size=5), min_size=1, max_size=3).map(lambda v: {"name": "iso", "values": v}),
    },
).flatmap(lambda axes: st.permutations([{"axis": name} | fields for name, fields in axes.items()]))


@settings(max_examples=150, deadline=None)
@given(axes=AXES)
def test_no_two_steps_of_any_plan_share_a_name(axes: list[dict[str, Any]]) -> None:
    """Whatever the axes, their order, and the names of the lights; nor where a file system ignores case."""
    try:
        plan = Plan.of([AxisPlan.model_validate(axis) for axis in axes])
    except errors.InvalidPayload as error:
        assert "exposures; at most 1000" in error.message  # noqa: PT017 - the only reason to refuse these
        return
    names = [name.casefold() for name in stems(plan)]
    assert len(set(names)) == len(names) == plan.size
    assert len(plan.cells) == plan.size


WRONG: list[tuple[list[dict[str, Any]], str]] = [
    ([{"axis": "colour", "values": [1]}], "no axis 'colour'"),
    ([{"axis": "repeat", "count": 2}, {"axis": "repeat", "count": 2}], "only once"),
    ([{"axis": "repeat", "count": 40}, {"axis": "focus", "count": 40}], "40 x 40 = 1600 exposures"),
    ([{"axis": "light", "values": [None]}], "at least one light"),
    ([{"axis": "light", "values": [3]}], "names of lights"),
    ([{"axis": "light"}], "names of lights"),
    ([{"axis": "focus", "count": 2, "step": 4}], "size of a drive"),
    ([{"axis": "focus", "count": 2, "step": 0}], "size of a drive"),
    ([{"axis": "focus", "values": [0.5]}], "whole numbers"),
    ([{"axis": "focus", "values": [10**9]}], "whole numbers"),
    ([{"axis": "focus"}], "count or values"),
    ([{"axis": "exposure", "values": ["bright"]}], "EV offsets"),
    ([{"axis": "exposure", "values": [True]}], "EV offsets"),
    ([{"axis": "exposure", "values": [{"colour": "1"}]}], "EV offsets"),
    ([{"axis": "exposure", "values": [1], "options": {"by": "colour"}}], "is one of"),
    ([{"axis": "setting", "values": ["1"]}], "name of a config entry"),
    ([{"axis": "setting", "name": "iso", "values": [["1"]]}], "texts, numbers"),
    ([{"axis": "time", "count": 2}], "seconds from start to start"),
    ([{"axis": "time", "count": 2, "step": -1}], "seconds from start to start"),
    ([{"axis": "repeat", "values": [1]}], "count"),
    ([{"axis": "camera", "values": ["a", "a"]}], "each once"),
    ([{"axis": "camera", "values": ["a", "b"]}, {"axis": "repeat", "count": 2}], "must be the last"),
    ([{"axis": "focus", "count": 2}, {"axis": "camera", "values": ["a", "b"]}], "no axis beside it"),
]


@pytest.mark.parametrize(("axes", "sentence"), WRONG)
def test_what_an_axis_cannot_have_is_refused_by_name(axes: list[dict[str, Any]], sentence: str) -> None:
    with pytest.raises(errors.InvalidPayload, match=sentence):
        of(*axes)


@pytest.mark.parametrize("focus", [{}, {"count": 2, "values": [1]}, {"count": 2, "step": 0}, {"count": 2, "step": 9}])
def test_places_of_focus_are_said_in_one_way(focus: dict[str, Any]) -> None:
    with pytest.raises(errors.InvalidPayload):
        photometric(focus=focus)


def entry(alias: str, options: list[str]) -> ConfigEntry:
    return ConfigEntry(
        name="x", label="X", value=options[0], type=ConfigType.MENU, readonly=False, options=options,
        path="/main/x", alias=alias,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("alias", "options", "base", "ev", "found"),
    [
        ("shutterspeed", ["1/250", "1/125", "1/60", "1/30", "1/15"], "1/60", 2, "1/15"),
        ("shutterspeed", ["1/250", "1/125", "1/60", "1/30", "1/15"], "1/60", -2, "1/250"),
        ("shutterspeed", ["bulb", "1/60", "1/50"], "1/60", 0, "1/60"),
        ("iso", ["auto", "100", "125", "160", "200"], "100", 2 / 3, "160"),
        ("aperture", ["4", "5.6", "8", "11"], "8", 1, "5.6"),
        ("aperture", ["4", "5.6", "8", "11"], "8", -1, "11"),
    ],
)
def test_an_ev_is_the_nearest_value_of_the_camera(
    alias: str, options: list[str], base: str, ev: float, found: str
) -> None:
    assert shifted(entry(alias, options), base, ev) == found


@pytest.mark.parametrize(("base", "ev", "sentence"), [("1/60", 3, r"no value \+3 EV"), ("bulb", 1, "'bulb'")])
def test_an_ev_that_the_camera_does_not_have_is_refused(base: str, ev: float, sentence: str) -> None:
    with pytest.raises(errors.ConfigInvalid, match=sentence):
        shifted(entry("shutterspeed", ["bulb", "1/60", "1/30"]), base, ev)
