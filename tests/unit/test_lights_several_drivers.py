"""Lamps of several kinds in one rig, their levels, and who is asked before one of them shines."""

import asyncio
from collections.abc import AsyncIterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from support.fake_gpio import FakeChip, on_chips
from support.fake_lamps import KIND, FakeLamps
from tetherlight.errors import InvalidPayload, InvalidSetting, LampFailed, UnknownLight
from tetherlight.lights import drivers, registry
from tetherlight.lights.choice import Find
from tetherlight.lights.guard import Guard
from tetherlight.lights.lamps import LampDriver, LampKind, Levels, NothingToDrive, Setup, lamp_failed
from tetherlight.lights.lights import Lights
from tetherlight.lights.rack import BROKEN, HANGS, OTHER_DRIVER
from tetherlight.protocol.lights import EditedLight
from tetherlight.rigfile.rigfile import RigFile

RIG = """
[lights]
a = { pin = 4 }
b = { driver = "fake", address = "10.0.0.7/1" }
c = { pin = 5 }
d = { driver = "fake", address = "10.0.0.7/2" }
"""


class Watt(Guard):
    """A power supply for lamps whose levels add up to 1."""

    def check(self, levels: Levels) -> None:
        if sum(levels.values()) > 1:
            raise lamp_failed(dict.fromkeys(levels, "The power supply is too weak."))


@pytest.fixture
def chip() -> FakeChip:
    return FakeChip()


@pytest.fixture
def fake() -> FakeLamps:
    return FakeLamps()


@pytest.fixture
def find(chip: FakeChip, fake: FakeLamps) -> Find:
    kinds = on_chips(chip)
    return lambda name: LampKind("fake", lambda _: fake) if name == "fake" else kinds(name)


@pytest.fixture
def rig(tmp_path: Path) -> RigFile:
    (tmp_path / "rig.toml").write_text(RIG)
    return RigFile.load(tmp_path / "rig.toml")


@pytest.fixture
async def lights(find: Find, rig: RigFile) -> AsyncIterator[Lights]:
    lights = await Lights.open(rig, find=find)
    yield lights
    await lights.close()


async def test_each_driver_gets_its_own_lights_with_one_call(chip: FakeChip, fake: FakeLamps, lights: Lights) -> None:
    assert fake.addresses == {"b": "10.0.0.7/1", "d": "10.0.0.7/2"}
    assert chip.requests == [[4, 5]]
    assert lights.names == ("a", "b", "c", "d")
    await lights.set({"a": True, "b": True, "c": True})
    assert (chip.writes, fake.switched) == ([{4: True, 5: True}], [{"b": 1.0}])
    await lights.only("d")
    assert (chip.lit, fake.levels) == (set(), {"b": 0.0, "d": 1.0})
    assert lights.states == {"a": False, "b": False, "c": False, "d": True}
    assert (lights.driver, lights.gpio_available) == ("gpiod", True)


async def test_a_lamp_that_dims_has_a_level_and_is_on_for_clients(lights: Lights, fake: FakeLamps) -> None:
    await lights.set({"b": 0.25})
    await lights.set({"a": True})
    assert lights.levels == {"a": 1.0, "b": 0.25, "c": 0.0, "d": 0.0}
    assert lights.states == {"a": True, "b": True, "c": False, "d": False}
    assert lights.light("b").state is True
    await lights.only("d", 0.5)
    assert fake.levels == {"b": 0.0, "d": 0.5}


@pytest.mark.parametrize(
    ("levels", "sentence"),
    [
        ({"b": 1.0, "a": 0.5}, "Light 'a' cannot be dimmed, only switched off and on."),
        ({"a": 1.0, "b": 1.5}, "The level of light 'b' must be from 0 to 1."),
        ({"b": -0.1}, "The level of light 'b' must be from 0 to 1."),
        ({"b": float("nan")}, "The level of light 'b' must be from 0 to 1."),
    ],
)
async def test_a_level_that_a_lamp_cannot_have_is_refused_and_nothing_moves(
    chip: FakeChip, fake: FakeLamps, lights: Lights, levels: dict[str, float], sentence: str
) -> None:
    with pytest.raises(InvalidPayload) as caught:
        await lights.set(levels)
    assert caught.value.message == sentence
    assert (chip.writes, fake.switched) == ([], [])


async def test_the_guard_is_asked_before_a_lamp_shines_and_never_before_it_goes_off(
    chip: FakeChip, fake: FakeLamps, find: Find, rig: RigFile
) -> None:
    lights = await Lights.open(rig, find=find, guard=Watt())
    await lights.set({"b": 0.6, "d": 0.4})
    with pytest.raises(LampFailed, match="too weak"):
        await lights.set({"a": True})
    with pytest.raises(LampFailed, match="too weak"):
        await lights.set({"b": 0.1, "d": 1.0})
    assert chip.writes == []
    assert fake.levels == {"b": 0.6, "d": 0.4}
    await lights.only("a")
    lights._guard = Guard()
    await lights.set({"b": 1.0, "d": 1.0})
    lights._guard = Watt()
    await lights.set({"b": 0.9})
    await lights.all_off()
    assert fake.levels == {"b": 0.0, "d": 0.0}
    await lights.close()


async def test_what_one_driver_cannot_do_does_not_stop_the_others(
    chip: FakeChip, fake: FakeLamps, lights: Lights
) -> None:
    """The error is the first lamp's, and tells of all."""
    fake.fails = lamp_failed({"b": "It is too hot."})
    chip.lines[5].broken = True
    with pytest.raises(LampFailed) as caught:
        await lights.set({"b": True, "c": True})
    assert caught.value.message == "Failed to switch light 'b'. It is too hot."
    assert caught.value.details == {
        "lights": {"b": "It is too hot.", "c": "The GPIO chip says: Input/output error."},
    }
    chip.lines[5].broken = False
    with pytest.raises(LampFailed):
        await lights.set({"b": True, "c": True})
    assert lights.states == {"a": False, "b": False, "c": True, "d": False}
    assert chip.lit == {5}
    assert (lights.light("b").fault, lights.light("c").fault) == ("It is too hot.", None)


async def test_a_driver_that_breaks_is_a_fault_of_its_lamps(
    chip: FakeChip, fake: FakeLamps, lights: Lights, caplog: pytest.LogCaptureFixture
) -> None:
    """Clients learn nothing of what it said; the log does."""
    fake.fails = RuntimeError("10.0.0.7 does not answer")
    with pytest.raises(LampFailed, match=f"Failed to switch light 'b'. {BROKEN}"):
        await lights.set({"a": True, "b": True})
    assert chip.lit == {4}
    assert "10.0.0.7" not in lights.status().model_dump_json()
    assert "10.0.0.7 does not answer" in caplog.text


async def test_a_slow_driver_holds_no_other_one_up(chip: FakeChip, fake: FakeLamps, lights: Lights) -> None:
    fake.hold = asyncio.Event()
    change = asyncio.create_task(lights.set({"b": True, "a": True}))
    await fake.waits.wait()
    assert chip.lit == {4}
    fake.hold.set()
    await change


async def test_a_driver_that_hangs_is_given_up_and_the_others_go_on(
    chip: FakeChip, fake: FakeLamps, lights: Lights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeLamps, "deadline_s", 0.05)
    fake.hold = asyncio.Event()
    with pytest.raises(LampFailed, match=f"light 'b'. {HANGS}"):
        await lights.set({"b": True, "a": True})
    assert (chip.lit, lights.states["b"]) == ({4}, False)
    fake.hold.set()
    await lights.set({"b": True})
    assert lights.light("b").fault is None


async def test_all_lamps_of_all_drivers_go_off_at_once(chip: FakeChip, fake: FakeLamps, lights: Lights) -> None:
    await lights.set({"a": True, "b": True})
    lights.off_now()
    assert (chip.lit, fake.levels) == (set(), {"b": 0.0, "d": 0.0})
    assert not any(lights.states.values())
    await lights.close()
    assert chip.closed
    assert fake.closed


async def test_a_light_that_is_edited_keeps_its_driver(
    chip: FakeChip, fake: FakeLamps, lights: Lights, rig: RigFile
) -> None:
    await lights.replace([EditedLight(name="d", group="x"), EditedLight(name="new", pin=9)])
    assert fake.addresses == {"d": "10.0.0.7/2"}
    assert chip.requests[1:] == [[9]]
    assert 'address = "10.0.0.7/2"' in rig.path.read_text()


async def test_a_driver_that_the_file_names_only_since_the_start_is_a_fault(lights: Lights, rig: RigFile) -> None:
    rig.path.write_text(RIG.replace('"fake", address = "10.0.0.7/2"', '"RPi.GPIO"'))
    await lights.replace([EditedLight(name=name) for name in lights.names])
    assert lights.light("d").fault == OTHER_DRIVER
    with pytest.raises(LampFailed, match="start the server again"):
        await lights.set({"b": True, "d": True})
    assert lights.states == {"a": False, "b": True, "c": False, "d": False}
    with pytest.raises(UnknownLight):
        await lights.set({"e": True})


async def test_a_simulator_has_every_light_whatever_its_driver(rig: RigFile, tmp_path: Path) -> None:
    """So nothing real is ever switched under it."""
    opened: list[str] = []

    def find(name: str) -> LampKind:
        opened.append(name)
        return registry.find_kind(name)

    lights = await Lights.open(rig, simulator_control=tmp_path / "none", find=find)
    assert opened == ["simulated"]
    assert not lights.gpio_available
    assert set(lights.names) == {"a", "b", "c", "d"}
    await lights.close()


async def test_a_rig_whose_lights_all_have_drivers_says_nothing_of_a_chip(find: Find, tmp_path: Path) -> None:
    rig = RigFile.parse('[lights]\nb = { driver = "fake" }', tmp_path / "rig.toml")
    lights = await Lights.open(rig, find=lambda name: find(name) if name == "fake" else on_chips()(name))
    assert (lights.message, lights.gpio_available) == (None, True)
    await lights.close()


async def test_drivers_that_were_opened_are_closed_where_another_one_cannot_be(
    chip: FakeChip, fake: FakeLamps, find: Find, tmp_path: Path
) -> None:
    rig = RigFile.parse('[lights]\na = { driver = "fake" }\nb = { driver = "missing" }', tmp_path / "rig.toml")
    with pytest.raises(InvalidSetting, match="names the lamp driver 'missing', and this system has only artnet, gpiod"):
        await Lights.open(rig, find=find)
    assert chip.closed
    assert fake.closed


async def test_a_kind_of_lamps_that_the_machine_does_not_have_stops_the_start(find: Find, tmp_path: Path) -> None:
    def nothing(_: Setup) -> LampDriver:
        raise NothingToDrive("No such lamp answers", hint="Plug it in.")

    rig = RigFile.parse('[lights]\na = { driver = "fake" }', tmp_path / "rig.toml")
    with pytest.raises(InvalidSetting, match=r"asks for the driver fake\. No such lamp answers\.") as caught:
        await Lights.open(rig, find=lambda name: LampKind("fake", nothing) if name == "fake" else find(name))
    assert caught.value.hint == "Plug it in."


def test_every_file_of_drivers_is_a_kind_that_is_found_by_its_name() -> None:
    folder = Path(drivers.__path__[0])
    files = [file.stem for file in folder.glob("*.py") if file.stem != "__init__"]
    names = sorted(kind.name for kind in registry._ours())
    assert names == [
        "RPi.GPIO", "artnet", "gpiod", "mqtt", "pwm", "sacn", "serial", "shelly", "simulated", "tasmota", "wled",
    ]  # fmt: skip
    assert len(files) == len(names)
    assert registry.find_kind("gpiod").name == "gpiod"


def test_other_packages_can_bring_kinds_of_lamps(monkeypatch: pytest.MonkeyPatch) -> None:
    """By an entry point; one that is broken is told by name and stops nothing else."""
    points = [
        EntryPoint("good", "support.fake_lamps:KIND", registry.GROUP),
        EntryPoint("wrong", "support.fake_lamps:FakeLamps", registry.GROUP),
        EntryPoint("broken", "no_such_module:KIND", registry.GROUP),
        EntryPoint("gpiod", "support.fake_lamps:KIND", registry.GROUP),
    ]
    monkeypatch.setattr(registry, "entry_points", lambda group: points if group == "tetherlight.lamps" else [])
    assert registry.find_kind("good") is KIND
    assert registry.find_kind("gpiod") is not KIND
    with pytest.raises(InvalidSetting, match="The lamp driver 'wrong' of another package is no LampKind"):
        registry.find_kind("wrong")
    with pytest.raises(InvalidSetting, match="'broken' of another package cannot be loaded: No module named"):
        registry.find_kind("broken")


async def test_telling_of_all_lights_asks_each_driver_once(rig: RigFile, find: Find, fake: FakeLamps) -> None:
    """A driver looks at all of its lamps to answer: once for each light would be the square of them."""
    lights = await Lights.open(rig, find=find)
    fake.asked = 0
    assert [light.name for light in lights.status().lights] == ["a", "b", "c", "d"]
    assert fake.asked == 1
    await lights.close()
