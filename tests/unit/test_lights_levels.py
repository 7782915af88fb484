"""How bright lights are: what requests may say of it, what is remembered, and what a lamp's own law makes of it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer

from support.fake_gpio import FakeChip, on_chips
from support.fake_lamps import FakeLamps
from tetherlight.capture.requests import planned_light, set_plan
from tetherlight.cli.levels import Levels, level_of
from tetherlight.errors import InvalidPayload, InvalidSetting, LampFailed
from tetherlight.lights.lamps import LampKind, lamp_failed
from tetherlight.lights.lights import Lights
from tetherlight.protocol.lights import SET_LIGHT_STATE, SET_LIGHT_STATES, EditedLight
from tetherlight.protocol.manifest import Plan as PlanRecord
from tetherlight.protocol.sets import CAPTURE_PHOTOMETRIC_SET, CAPTURE_SET
from tetherlight.reconstruct.calibration_job import at_full_power
from tetherlight.rigfile.lights import RigLight
from tetherlight.rigfile.rigfile import RigFile

RIG = '[lights]\na = { pin = 4 }\nb = { driver = "fake" }\nc = { driver = "fake" }'


@pytest.fixture
def fake() -> FakeLamps:
    return FakeLamps()


@pytest.fixture
async def lights(fake: FakeLamps, tmp_path: Path) -> AsyncIterator[Lights]:
    (tmp_path / "rig.toml").write_text(RIG)
    kinds = on_chips(FakeChip())
    rig = RigFile.load(tmp_path / "rig.toml")
    lights = await Lights.open(
        rig, find=lambda name: LampKind("fake", lambda _: fake) if name == "fake" else kinds(name)
    )
    yield lights
    await lights.close()


async def test_a_light_that_is_switched_on_is_as_bright_as_it_was_last(lights: Lights, fake: FakeLamps) -> None:
    await lights.set({"b": True})
    assert fake.levels["b"] == 1.0
    await lights.set({"b": True, "c": True}, on_levels={"b": 0.4})
    assert fake.levels == {"b": 0.4, "c": 1.0}
    await lights.set({"b": False})
    assert (lights.levels["b"], lights.light("b").on_level) == (0.0, 0.4)
    await lights.set({"b": True})
    assert fake.levels["b"] == 0.4
    await lights.set({"b": False}, on_levels={"b": 0.7})
    await lights.set({"b": True})
    assert (fake.levels["b"], lights.levels["b"]) == (0.7, 0.7)
    await lights.replace([EditedLight(name="a", pin=4), EditedLight(name="b")])
    await lights.set({"b": True})
    assert fake.levels["b"] == 0.7


async def test_a_level_that_a_lamp_did_not_take_is_not_remembered(lights: Lights, fake: FakeLamps) -> None:
    fake.fails = lamp_failed({"b": "It is too hot."})
    with pytest.raises(LampFailed):
        await lights.set({"b": True}, on_levels={"b": 0.4})
    assert lights.light("b").on_level == 1.0


async def test_a_lamp_that_cannot_dim_says_so(lights: Lights) -> None:
    assert [lights.light(name).dims for name in lights.names] == [False, True, True]
    with pytest.raises(InvalidPayload, match="Light 'a' cannot be dimmed") as caught:
        await lights.set({"a": True}, on_levels={"a": 0.4})
    assert caught.value.hint
    await lights.set({"a": True}, on_levels={"a": 1.0})
    with pytest.raises(InvalidPayload, match="Light 'a' cannot be dimmed"):
        lights.require_level("a", 0.5)


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        ({"state": True, "level": 0}, "the level of light 'b' is 0, and it shall be on"),
        ({"state": True, "level": 1.01}, "Field 'level'"),
        ({"state": True, "level": -0.1}, "Field 'level'"),
        ({"state": True, "level": float("nan")}, "Field 'level'"),
        ({"state": True, "level": float("inf")}, "Field 'level'"),
        ({"state": True, "level": "0.5"}, "Field 'level'"),
        ({"state": True, "level": True}, "Field 'level'"),
    ],
)
def test_a_level_that_means_nothing_is_refused(payload: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidPayload, match=problem):
        SET_LIGHT_STATE.parse({"light_name": "b"} | payload)
    several = {"states": {"b": payload["state"]}, "levels": {"b": payload["level"]}}
    with pytest.raises(InvalidPayload):
        SET_LIGHT_STATES.parse(several)


def test_a_level_of_a_light_that_is_not_switched_is_refused() -> None:
    with pytest.raises(InvalidPayload, match="light 'c' has a level and no state"):
        SET_LIGHT_STATES.parse({"states": {"b": True}, "levels": {"c": 0.5}})
    assert SET_LIGHT_STATE.parse({"light_name": "b", "state": False, "level": 0}).level == 0


def test_levels_are_linear_in_light_whatever_the_lamp_makes_of_its_signal() -> None:
    assert RigLight(name="a").signal(0.25) == 0.25
    assert RigLight(name="a", gamma=2.0).signal(0.25) == pytest.approx(0.5)
    measured = RigLight(name="a", curve=((0.1, 0.02), (0.5, 0.2)))
    assert [measured.signal(level) for level in (0.0, 0.01, 0.02, 0.11, 0.2, 0.6, 1.0)] == pytest.approx(
        [0.0, 0.05, 0.1, 0.3, 0.5, 0.75, 1.0]
    )


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ("gamma = 2.2, curve = [[0.5, 0.2]]", "it has a gamma or a curve, not both"),
        ("curve = [[0.5, 0.2], [0.4, 0.6]]", "must both grow"),
        ("curve = [[0.5, 0.2], [0.6, 0.2]]", "must both grow"),
        ("curve = [[0.5, 1.2]]", "curve"),
        ("gamma = 0.0", "gamma"),
        ("gamma = nan", "gamma"),
    ],
)
def test_a_law_that_cannot_be_is_told_by_line_and_light(keys: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match=problem) as caught:
        RigFile.parse(f"[lights]\na = {{ {keys} }}", tmp_path / "rig.toml")
    assert "line 2, light 'a'" in caught.value.message


async def test_the_law_of_a_lamp_can_be_edited_and_stays_where_nothing_is_said(lights: Lights) -> None:
    path = lights.rig_file.path

    async def edited(**keys: Any) -> tuple[float | None, Any]:
        await lights.replace([EditedLight(name="a", pin=4), EditedLight(name="b", **keys)])
        told = lights.light("b")
        assert [(one.gamma, one.curve) for one in RigFile.load(path).lights[1:]] == [
            (told.gamma, None if told.curve is None else tuple(told.curve))
        ]
        return told.gamma, told.curve

    assert await edited(gamma=2.2) == (2.2, None)
    assert await edited(group="x") == (2.2, None)
    assert await edited(curve=[(0.5, 0.2)]) == (None, [(0.5, 0.2)])
    assert await edited() == (None, [(0.5, 0.2)])
    assert await edited(curve=[]) == (None, None)
    with pytest.raises(InvalidPayload, match=r"light .b.*must both grow"):
        await edited(curve=[(0.5, 0.2), (0.4, 0.3)])


async def test_what_was_measured_of_a_lamp_is_used_and_stays_until_somebody_writes_it_by_hand(lights: Lights) -> None:
    when = datetime(2026, 11, 30, 15, tzinfo=UTC)
    found = {"settle_s": 0.3, "flicker": 0.01, "measured_at": when, "curve": ((0.5, 0.2),), "gamma": None}
    await lights.measured({"b": found, "gone": found})
    assert RigFile.load(lights.rig_file.path).lights == lights.rig_file.lights

    async def edited(**keys: Any) -> Any:
        await lights.replace([EditedLight(name="a", pin=4), EditedLight(name="b", **keys)])
        return lights.light("b")

    told = await edited(settle_s=0.3, group="x")
    assert (told.measured_at, told.flicker, told.curve) == (when, 0.01, [(0.5, 0.2)])
    assert (await edited(settle_s=0.3, curve=[(0.5, 0.2)])).measured_at == when
    told = await edited(settle_s=0.4)
    assert (told.measured_at, told.flicker, told.curve) == (None, 0.01, [(0.5, 0.2)])
    await lights.measured({"b": found})
    assert (await edited(settle_s=0.3, gamma=2.2)).measured_at is None


async def test_a_set_keeps_the_level_of_each_light(lights: Lights) -> None:
    """As the request says it, else as bright as the light was last; a plan that is run again finds it there."""
    await lights.set({"c": True}, on_levels={"c": 0.5})
    plan = set_plan(CAPTURE_PHOTOMETRIC_SET.parse({"light_sequence": ["a", "b", "c"], "levels": {"b": 0.25}}))
    axis = plan.axes[0]
    planned = tuple(planned_light(lights.light(name), {"b": 0.25}.get(name)) for name in ("a", "b", "c"))
    record = PlanRecord(lights=planned, axes=(axis.record(),))
    assert [light.level for light in record.lights] == [None, 0.25, 0.5]
    assert [step.level for step in plan.steps(record)] == [None, 0.25, 0.5]


@pytest.mark.parametrize(
    ("levels", "problem"), [({"x": 0.5}, "light 'x' has a level and is not in the plan"), ({"a": 0}, "levels.a")]
)
def test_a_plan_with_a_wrong_level_is_refused(levels: dict[str, float], problem: str) -> None:
    axes = [{"axis": "light", "values": ["a"], "levels": levels}]
    with pytest.raises(InvalidPayload, match=problem):
        set_plan(CAPTURE_SET.parse({"axes": axes}))
    with pytest.raises(InvalidPayload, match=problem):
        set_plan(CAPTURE_PHOTOMETRIC_SET.parse({"light_sequence": ["a"], "levels": levels}))


def test_strengths_of_dimmed_lamps_are_those_at_full_power() -> None:
    told = {
        "lights": [
            {"light": "a", "intensity": 1.5},
            {"light": "b", "intensity": 0.5},
            {"light": None, "intensity": None},
        ]
    }
    scaled = at_full_power(told, {"b": 0.5})["lights"]
    assert [one["intensity"] for one in scaled] == [pytest.approx(1.2), pytest.approx(0.8), None]
    assert at_full_power(told, {}) is told


def test_the_command_line_takes_levels_as_shares_or_percent() -> None:
    assert (level_of("40%"), level_of("0.4"), level_of(" 100 % ")) == (0.4, 0.4, 1.0)
    assert Levels(["50%", "b=0.25"]).of(["a", "b"]) == {"a": 0.5, "b": 0.25}
    assert Levels(None).of(["a"]) == {}
    for text in ("0", "-1", "150%", "nan", "half", ""):
        with pytest.raises(typer.BadParameter, match="--level 40%"):
            level_of(text)
