"""The limits of lamps: what they refuse, what they switch off, and what they leave alone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from support.fake_lamps import FakeLamps
from support.patience import stretched
from tetherlight.capture.axes.axis import NOBODY, Stage
from tetherlight.capture.axes.light import LightAxis
from tetherlight.errors import InvalidSetting, LampFailed, LightLimited
from tetherlight.lights.guard import Guard, Trip
from tetherlight.lights.lamps import LampKind, lamp_failed
from tetherlight.lights.lights import Lights
from tetherlight.protocol.lights import EditedLight
from tetherlight.protocol.manifest import AxisRecord, Plan
from tetherlight.rig.idle import LOOKS, lights_off_when_idle
from tetherlight.rigfile.lights import GuardTable, RigLight
from tetherlight.rigfile.rigfile import RigFile

Open = Callable[..., Awaitable[Lights]]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def guard(clock: Clock, *lights: RigLight, **table: float) -> Guard:
    made = Guard(GuardTable.model_validate(table), clock)
    made.define(lights)
    return made


@pytest.fixture
def fake() -> FakeLamps:
    return FakeLamps()


@pytest.fixture
async def opened(fake: FakeLamps, tmp_path: Path) -> AsyncIterator[Open]:
    opened: list[Lights] = []

    async def open_lights(text: str, made: Guard | None = None) -> Lights:
        (tmp_path / "rig.toml").write_text(f'driver = "fake"\n{text}')
        rig = RigFile.load(tmp_path / "rig.toml")
        opened.append(await Lights.open(rig, find=lambda _: LampKind("fake", lambda _: fake), guard=made))
        return opened[0]

    yield open_lights
    for lights in opened:
        await lights.close()


def test_nothing_is_limited_that_the_rig_file_does_not_state(clock: Clock) -> None:
    free = guard(clock, RigLight(name="a"), RigLight(name="b"))
    free.check({"a": 1.0, "b": 1.0})
    free.note({"a": 1.0, "b": 1.0})
    clock.now += 1e6
    assert free.due() is None
    assert free.tripped() == []


def test_a_lamp_that_was_on_for_too_long_goes_off_however_its_level_changed(clock: Clock) -> None:
    limited = guard(clock, RigLight(name="a", max_on_s=30.0))
    limited.note({"a": 0.5})
    clock.now += 20
    limited.note({"a": 1.0})
    assert limited.due() == pytest.approx(10)
    assert limited.tripped() == []
    clock.now += 10
    assert limited.due() == 0
    assert limited.tripped() == [Trip("a", "max_on_s", "Light 'a' was switched off. It was on for 30 s.")]
    limited.note({"a": 0.0})
    assert (limited.due(), limited.trips) == (None, 1)
    limited.check({"a": 1.0})


def test_a_duty_cycle_ends_in_cooling_and_a_dimmed_lamp_warms_less(clock: Clock) -> None:
    limited = guard(clock, RigLight(name="a", duty=0.25, duty_s=40.0))
    limited.note({"a": 1.0})
    assert limited.due() == pytest.approx(10 / 0.75)
    clock.now += 8
    limited.note({"a": 0.25})
    assert limited.due() is None
    limited.note({"a": 1.0})
    clock.now += limited.due() or 0
    assert [trip.limit for trip in limited.tripped()] == ["duty"]
    limited.note({"a": 0.0})
    with pytest.raises(LightLimited, match="has to cool") as caught:
        limited.check({"a": 0.1})
    assert caught.value.details == {"lights": ["a"], "limit": "duty", "wait_s": pytest.approx(20)}
    assert caught.value.hint == "Try again in 20.0 s."
    clock.now += 20.1
    limited.check({"a": 1.0})
    clock.now += 1000
    limited.note({"a": 1.0})
    assert limited.due() == pytest.approx(10 / 0.75)


def test_a_lamp_that_is_defined_anew_is_as_warm_as_before(clock: Clock) -> None:
    """Else an edit of the rig would be a way around its limits."""
    light = RigLight(name="a", duty=0.25, duty_s=40.0, min_off_s=5.0)
    limited = guard(clock, light)
    limited.note({"a": 1.0})
    clock.now += 20
    limited.tripped()
    limited.define([light])
    with pytest.raises(LightLimited, match="stays off for 5 s"):
        limited.check({"a": 1.0})
    clock.now += 6
    with pytest.raises(LightLimited, match="has to cool"):
        limited.check({"a": 1.0})


def test_a_lamp_stays_off_for_its_least_time(clock: Clock) -> None:
    limited = guard(clock, RigLight(name="a", min_off_s=2.0))
    limited.check({"a": 1.0})
    limited.note({"a": 1.0})
    limited.note({"a": 0.0})
    clock.now += 0.5
    with pytest.raises(LightLimited, match="stays off for 2 s") as caught:
        limited.check({"a": 1.0})
    assert (caught.value.details or {})["wait_s"] == pytest.approx(1.5)
    clock.now += 1.5
    limited.check({"a": 1.0})


def test_lamps_share_a_supply_and_a_number(clock: Clock) -> None:
    lights = [RigLight(name="a", watts=60.0), RigLight(name="b", watts=60.0), RigLight(name="c")]
    supply = guard(clock, *lights, max_watts=90)
    supply.check({"a": 1.0, "b": 0.5, "c": 1.0})
    with pytest.raises(LightLimited, match=r"would take 96 W, and the rig file allows 90 W"):
        supply.check({"a": 1.0, "b": 0.6, "c": 0.0})
    few = guard(clock, *lights, max_lamps=2)
    few.check({"a": 1.0, "b": 0.0, "c": 0.1})
    with pytest.raises(LightLimited, match="3 lights would be on") as caught:
        few.check({"a": 1.0, "b": 0.1, "c": 0.1})
    assert (caught.value.details or {})["lights"] == ["a", "b", "c"]


async def test_a_trip_switches_off_tells_and_is_the_lights_fault(opened: Open, fake: FakeLamps) -> None:
    lights = await opened("[lights]\na = { max_on_s = 0.05 }\nb = {}")
    told: asyncio.Queue[Trip] = asyncio.Queue()
    lights.on_trip(told.put_nowait)
    lights.claim("job-1")
    await lights.set({"a": 1.0, "b": 1.0}, owner="job-1")
    async with asyncio.timeout(stretched(20)):
        trip = await told.get()
    assert (trip.light, trip.limit) == ("a", "max_on_s")
    assert (fake.levels, lights.states) == ({"a": 0.0, "b": 1.0}, {"a": False, "b": True})
    assert lights.light("a").fault == trip.message
    assert lights.trips == 1
    lights.release("job-1")
    await lights.set({"a": True})
    async with asyncio.timeout(stretched(20)):
        await told.get()


async def test_a_lamp_that_does_not_go_off_at_its_limit_is_tried_again(
    opened: Open, fake: FakeLamps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tetherlight.lights.lights.TRY_AGAIN_S", 0.01)
    lights = await opened("[lights]\na = { max_on_s = 0.05 }")
    told: asyncio.Queue[Trip] = asyncio.Queue()
    lights.on_trip(told.put_nowait)
    await lights.set({"a": 1.0})
    fake.fails = lamp_failed({"a": "It is stuck."})
    fake.waits.clear()
    async with asyncio.timeout(stretched(20)):
        await fake.waits.wait()
        assert told.empty()
        fake.fails = None
        await told.get()
    assert fake.levels == {"a": 0.0}


async def test_a_lamp_is_never_brighter_than_its_limit(opened: Open, fake: FakeLamps) -> None:
    """On alone means its limit then."""
    lights = await opened("[lights]\na = { max_level = 0.5 }")
    await lights.set({"a": True})
    assert fake.levels == {"a": 0.5}
    with pytest.raises(LightLimited, match="at most 50% bright"):
        await lights.set({"a": 0.6})
    await lights.replace([EditedLight(name="a")])
    await lights.set({"a": True})
    assert fake.levels == {"a": 0.5}
    await lights.replace([EditedLight(name="a", max_level=0)])
    await lights.set({"a": 1.0})
    assert fake.levels == {"a": 1.0}
    assert lights.light("a").max_level is None


async def test_limits_stay_where_an_edit_says_nothing_of_them(opened: Open) -> None:
    lights = await opened("[lights]\na = { max_on_s = 5.0, duty = 0.5, allow_hold = true }\n[guard]\nmax_lamps = 1")
    await lights.replace([EditedLight(name="a", duty=0, watts=10.0), EditedLight(name="b")])
    (a, b), table = lights.rig_file.lights, lights.rig_file.guard
    assert (a.max_on_s, a.duty, a.watts, a.allow_hold, b.max_on_s, table.max_lamps) == (5.0, None, 10.0, True, None, 1)
    with pytest.raises(LightLimited, match="allows 1 at once"):
        await lights.set({"a": True, "b": True})


def stage(lights: Lights, keeper: object) -> Stage:
    return Stage((), lights, "job-1", Plan(), keeper)  # type: ignore[arg-type]


class Patient:
    """Waits without waiting: the clock goes on."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    async def stopped_within(self, seconds: float) -> bool:
        self.clock.now += seconds + 1e-3
        return False


async def test_a_set_waits_for_a_lamp_that_rests(opened: Open, fake: FakeLamps, clock: Clock) -> None:
    lights = await opened("[lights]\na = { min_off_s = 60.0 }\nb = {}", Guard(now=clock))
    axis = LightAxis(AxisRecord(axis="light", values=("a", "b")))
    await axis.apply(stage(lights, Patient(clock)), "a")
    await axis.apply(stage(lights, Patient(clock)), "b")
    assert await axis.apply(stage(lights, Patient(clock)), "a") == ()
    assert fake.levels == {"a": 1.0, "b": 0.0}
    assert clock.now == pytest.approx(1060, abs=0.1)
    assert axis.confirm(stage(lights, NOBODY)) == ()
    await lights.all_off()
    with pytest.raises(LampFailed, match="went off before the exposure"):
        axis.confirm(stage(lights, NOBODY))


async def test_a_lamp_that_burns_on_without_the_server_is_no_job_s_unless_allowed(
    opened: Open, fake: FakeLamps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake, "holds", lambda name: name in {"a", "b"}, raising=False)
    lights = await opened("[lights]\na = {}\nb = { allow_hold = true }\nc = {}")
    for allowed in ("b", "c"):
        await LightAxis(AxisRecord(axis="light", values=(allowed,))).check(stage(lights, NOBODY))
    with pytest.raises(LightLimited, match="Light 'a' would stay on if the server died") as caught:
        await LightAxis(AxisRecord(axis="light", values=("a",))).check(stage(lights, NOBODY))
    assert "allow_hold = true" in (caught.value.hint or "")
    await lights.set({"a": True})


async def test_lights_that_nobody_looks_after_go_off(opened: Open, fake: FakeLamps) -> None:
    lights = await opened("[lights]\na = {}")
    there, looks, often = True, 0, asyncio.Event()

    def busy() -> bool:
        nonlocal looks
        looks += 1
        if looks == 2 * LOOKS:
            often.set()
        return there

    idle = asyncio.create_task(lights_off_when_idle(lights, busy, 0.04))
    changes: asyncio.Queue[dict[str, float]] = asyncio.Queue()
    lights.listen(lambda: changes.put_nowait(lights.levels))
    await lights.set({"a": True})
    async with asyncio.timeout(stretched(20)):
        await often.wait()
    assert fake.levels == {"a": 1.0}
    there = False
    async with asyncio.timeout(stretched(20)):
        while (await changes.get())["a"]:
            pass
    idle.cancel()
    await asyncio.gather(idle, return_exceptions=True)
    assert fake.levels == {"a": 0.0}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a = { max_on_s = 0 }", "line 3, light 'a': max_on_s"),
        ("a = { duty = 1.0 }", "line 3, light 'a': duty"),
        ("a = { max_level = nan }", "line 3, light 'a': max_level"),
        ("a = {}\n[guard]\nmax_amps = 3", "guard.max_amps"),
        ("a = {}\n[guard]\nmax_lamps = 0", "guard.max_lamps"),
    ],
)
async def test_a_limit_that_cannot_be_is_told_by_its_place(opened: Open, text: str, problem: str) -> None:
    with pytest.raises(InvalidSetting, match=problem):
        await opened(f"[lights]\n{text}")
