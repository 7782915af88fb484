"""Lights on a chip in memory: what reaches the lines, and what a line that cannot be had means."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.fake_gpio import FakeChip, FakeRpiGpio, on_chips
from support.turns import turns
from tetherlight.errors import (
    InvalidName,
    InvalidPayload,
    InvalidSetting,
    LampFailed,
    LightsBusy,
    TetherlightError,
    UnknownLight,
)
from tetherlight.lights.drivers.gpiod_lamps import consumer
from tetherlight.lights.drivers.rpi_gpio import RpiGpioLamps
from tetherlight.lights.lights import Lights
from tetherlight.lights.rack import Rack
from tetherlight.protocol.lights import EditedLight
from tetherlight.rigfile.rigfile import RigFile

RIG = """
[lights]
a = { pin = 4 }
b = { pin = 5, active_low = true, settle_s = 0.2, group = "ring" }
c = { pin = 6, position = [0, 0, 500] }
"""


@pytest.fixture
def chip() -> FakeChip:
    return FakeChip()


@pytest.fixture
def rig(tmp_path: Path) -> RigFile:
    (tmp_path / "rig.toml").write_text(RIG)
    return RigFile.load(tmp_path / "rig.toml")


@pytest.fixture
async def lights(chip: FakeChip, rig: RigFile) -> AsyncIterator[Lights]:
    lights = await Lights.open(rig, find=on_chips(chip))
    yield lights
    await lights.close()


async def test_all_lines_are_taken_at_once_and_off(chip: FakeChip, lights: Lights) -> None:
    assert chip.requests == [[4, 5, 6]]
    assert chip.lit == set()
    assert [chip.lines[pin].level for pin in (4, 5, 6)] == [0, 1, 0]
    assert {chip.lines[pin].consumer for pin in (4, 5, 6)} == {consumer()}
    assert lights.gpio_available
    assert lights.driver == "gpiod"
    assert lights.message is None
    assert lights.states == {"a": False, "b": False, "c": False}


async def test_several_lights_switch_in_one_step(chip: FakeChip, lights: Lights) -> None:
    await lights.set({"a": True, "b": True})
    assert chip.writes == [{4: True, 5: True}]
    assert chip.lines[5].level == 0
    await lights.only("c")
    assert chip.writes[1:] == [{4: False, 5: False, 6: True}]
    assert lights.states == {"a": False, "b": False, "c": True}
    await lights.only(None)
    assert chip.lit == set()


async def test_a_light_is_described_as_the_rig_file_does(lights: Lights) -> None:
    info = lights.light("c")
    assert (info.pin, info.direction, info.position, info.state) == (6, (0, 0, 1), (0, 0, 500), False)
    info = lights.light("b")
    assert (info.active_low, info.settle_s, info.group, info.fault) == (True, 0.2, "ring", None)
    assert [light.name for light in lights.status().lights] == ["a", "b", "c"]


async def test_an_unknown_light_is_refused_and_nothing_moves(chip: FakeChip, lights: Lights) -> None:
    with pytest.raises(UnknownLight, match=r"^Invalid light name: x\.$"):
        await lights.set({"a": True, "x": True})
    with pytest.raises(UnknownLight):
        await lights.only("x")
    with pytest.raises(UnknownLight):
        lights.light("x")
    assert chip.writes == []


async def test_a_line_of_another_program_is_a_fault_that_names_it(chip: FakeChip, rig: RigFile) -> None:
    """The other lights work, and the light itself as soon as its line is free."""
    chip.hold(5, "fan-control")
    lights = await Lights.open(rig, find=on_chips(chip))
    assert lights.light("b").fault == "Line 5 of pinctrl-bcm2711 is held by fan-control."
    await lights.only("a")
    assert chip.lit == {4}
    with pytest.raises(LampFailed) as caught:
        await lights.only("b")
    cause = "Line 5 of pinctrl-bcm2711 is held by fan-control."
    assert str(caught.value) == f"GPIO error setting light 'b'. {cause}"
    assert caught.value.details == {"lights": {"b": cause}}
    assert caught.value.hint
    assert lights.states == {"a": False, "b": False, "c": False}
    chip.free(5)
    await lights.set({"b": True})
    assert lights.light("b").fault is None
    assert chip.lit == {5}
    await lights.close()
    assert chip.lit == set()


async def test_a_line_that_is_taken_under_our_hands_does_not_stop_the_others(chip: FakeChip, rig: RigFile) -> None:
    chip.hides_holders = True
    chip.hold(4, "racer")
    lights = await Lights.open(rig, find=on_chips(chip))
    assert lights.light("a").fault == "Line 4 of pinctrl-bcm2711 cannot be had: another program holds it."
    await lights.set({"b": True, "c": True})
    assert chip.lit == {5, 6}
    await lights.close()


async def test_a_light_without_a_line_is_a_fault_and_never_pretends(tmp_path: Path) -> None:
    rig = RigFile.parse("[lights]\na = {}\nb = { pin = 58 }\n", tmp_path / "rig.toml")
    lights = await Lights.open(rig, find=on_chips(FakeChip()))
    assert lights.light("a").fault == "The rig file gives it no pin."
    assert lights.light("b").fault == "Chip pinctrl-bcm2711 has no line 58, only 0 to 57."
    with pytest.raises(LampFailed, match="The rig file gives it no pin"):
        await lights.set({"a": True})
    assert not lights.states["a"]
    await lights.close()


async def test_a_line_that_fails_keeps_its_state_and_shows_a_fault_until_it_works(
    chip: FakeChip, lights: Lights
) -> None:
    chip.lines[4].broken = True
    with pytest.raises(LampFailed, match=r"GPIO error setting light 'a'\. The GPIO chip says: Input/output error\."):
        await lights.set({"a": True})
    assert not lights.states["a"]
    assert lights.light("a").fault
    chip.lines[4].broken = False
    await lights.set({"a": True})
    assert lights.light("a").fault is None


async def test_everything_else_goes_off_where_one_line_fails(chip: FakeChip, lights: Lights) -> None:
    await lights.set({"a": True, "b": True, "c": True})
    chip.lines[4].broken = True
    await lights.all_off()
    assert chip.lit == {4}
    assert lights.states == {"a": True, "b": False, "c": False}
    chip.lines[4].broken = False
    lights.off_now()
    assert chip.lit == set()
    assert not any(lights.states.values())


async def test_closing_switches_off_and_gives_the_lines_back(chip: FakeChip, lights: Lights) -> None:
    await lights.set({"a": True})
    await lights.close()
    await lights.close()
    assert chip.lit == set()
    assert not any(line.used for line in chip.lines)
    assert chip.closed


async def test_claimed_lights_obey_their_owner_alone(chip: FakeChip, lights: Lights) -> None:
    lights.claim("job-1")
    with pytest.raises(LightsBusy) as caught:
        await lights.set({"a": True})
    assert caught.value.details == {"job_id": "job-1"}
    with pytest.raises(LightsBusy):
        await lights.replace([])
    with pytest.raises(LightsBusy):
        lights.claim("job-2")
    async with lights.off_after():
        await lights.only("b", owner="job-1")
        assert chip.lit == {5}
    assert chip.lit == set()
    lights.release("job-1")
    assert lights.owner is None
    await lights.set({"a": True})


async def test_changes_in_flight_together_happen_one_after_the_other(chip: FakeChip, lights: Lights) -> None:
    """Each is checked when its turn comes, and told how all stand then."""
    new = [EditedLight(name="new", pin=4)]
    *switched, replaced, lit, late, old = await asyncio.gather(
        lights.set({"a": True, "b": True}),
        lights.set({"b": True}, others_off=True),
        lights.replace(new),
        lights.set({"new": True}),
        lights.set({}, others_off=True),
        lights.set({"a": True}),
        return_exceptions=True,
    )
    assert switched == [{"a": True, "b": True, "c": False}, {"a": False, "b": True, "c": False}]
    assert (replaced, lit, late) == (None, {"new": True}, {"new": False})
    assert isinstance(old, UnknownLight)
    assert chip.lit == set()


async def test_a_job_gets_the_lights_behind_the_changes_before_it(lights: Lights) -> None:
    """What was asked for earlier is done; what comes later is refused at once."""
    earlier = asyncio.create_task(lights.set({"a": True}))
    await turns()
    lights.claim("job-1")
    with pytest.raises(LightsBusy):
        await lights.set({"b": True})
    await lights.settled()
    assert (await earlier)["a"]
    lights.release("job-2")
    assert lights.owner == "job-1"
    lights.release("job-1")
    await lights.set({"b": True})


async def test_lights_go_off_when_the_job_that_lit_them_fails(chip: FakeChip, lights: Lights) -> None:
    async def job() -> None:
        async with lights.off_after():
            await lights.only("a")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await job()
    assert chip.lit == set()


async def test_lights_go_off_when_the_job_that_lit_them_is_cancelled(chip: FakeChip, lights: Lights) -> None:
    lit = asyncio.Event()

    async def job() -> None:
        async with lights.off_after():
            await lights.only("a")
            lit.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(job())
    await lit.wait()
    assert chip.lit == {4}
    task.cancel()
    await turns()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert chip.lit == set()


async def test_listeners_hear_of_each_change_and_one_that_fails_stops_nothing(lights: Lights) -> None:
    heard = []

    def deaf() -> None:
        raise ZeroDivisionError

    lights.listen(deaf)
    end = lights.listen(lambda: heard.append(lights.states["a"]))
    await lights.set({"a": True})
    await lights.all_off()
    end()
    end()
    await lights.set({"a": True})
    assert heard == [True, False]


async def test_new_lights_replace_the_old_ones_and_the_file(chip: FakeChip, lights: Lights, rig: RigFile) -> None:
    await lights.set({"a": True})
    await lights.replace([EditedLight(name="z", pin=4), EditedLight(name="b", pin=7, direction=(0, 0, 2))])
    assert chip.lit == set()
    assert lights.names == ("z", "b")
    assert lights.light("b").direction == (0, 0, 1)
    assert not chip.lines[5].used
    await lights.set({"z": True})
    assert chip.lit == {4}
    assert RigFile.load(rig.path).lights == lights.rig_file.lights


@pytest.mark.parametrize(
    ("edited", "error", "sentence"),
    [
        ([EditedLight(name="a/b")], InvalidName, "'a/b' is no light name: "),
        ([EditedLight(name="")], InvalidName, "'' is no light name: "),
        ([EditedLight(name="a"), EditedLight(name="a")], InvalidPayload, "light 'a' is there twice."),
        ([EditedLight(name="a", pin=1), EditedLight(name="b", pin=1)], InvalidPayload, "pin 1 is used by both"),
        ([EditedLight(name="a", pin=-1)], InvalidPayload, "light 'a': pin: input should be greater"),
        ([EditedLight(name="a", direction=(0, 0, 0))], InvalidPayload, r"direction: must not be \[0, 0, 0\]"),
    ],
)
async def test_wrong_new_lights_are_refused_and_nothing_changes(
    lights: Lights, rig: RigFile, edited: list[EditedLight], error: type[TetherlightError], sentence: str
) -> None:
    before = rig.path.read_text()
    with pytest.raises(error, match=sentence):
        await lights.replace(edited)
    assert rig.path.read_text() == before
    assert lights.names == ("a", "b", "c")


async def test_a_header_is_found_by_label_among_other_chips(rig: RigFile) -> None:
    other, header = FakeChip("raspberrypi-exp-gpio", "gpiochip0", 8), FakeChip("pinctrl-rp1", "gpiochip4", 54)
    lights = await Lights.open(rig, find=on_chips(other, header))
    await lights.set({"a": True})
    assert header.lit == {4}
    assert other.requests == []
    assert other.closed
    await lights.close()


async def test_no_line_of_an_unknown_chip_is_ever_driven(rig: RigFile) -> None:
    chip = FakeChip("INT34C6:00", "gpiochip0", 400)
    lights = await Lights.open(rig, find=on_chips(chip))
    assert lights.message == "No GPIO chip of a Raspberry Pi was found: lights are simulated."
    assert not lights.gpio_available
    assert lights.driver == "simulated"
    await lights.set({"a": True})
    assert lights.states["a"]
    assert chip.requests == []
    await lights.close()


@pytest.mark.parametrize("wanted", ["INT34C6:00", "gpiochip1", "/dev/gpiochip1"])
async def test_a_chip_that_the_rig_file_names_is_driven(tmp_path: Path, wanted: str) -> None:
    """By label, name or path, on any machine."""
    chip, other = FakeChip("INT34C6:00", "gpiochip1", 400), FakeChip("other", "gpiochip0")
    rig = RigFile.parse(f'chip = "{wanted}"\n{RIG}', tmp_path / "rig.toml")
    lights = await Lights.open(rig, find=on_chips(other, chip))
    await lights.set({"a": True})
    assert chip.lit == {4}
    assert lights.gpio_available
    await lights.close()


@pytest.mark.parametrize("wanted", ["gpiochip4", "/dev/gpiochip4"])
async def test_a_number_that_means_the_boards_own_lines_here_is_refused(tmp_path: Path, wanted: str) -> None:
    """On a Raspberry Pi 5 the header's chip had number 4 with older kernels, and has number 0 since."""
    header, board = FakeChip("pinctrl-rp1", "gpiochip0", 54), FakeChip("gpio-brcmstb@107d517c00", "gpiochip4", 15)
    rig = RigFile.parse(f'chip = "{wanted}"\n{RIG}', tmp_path / "rig.toml")
    with pytest.raises(InvalidSetting) as caught:
        await Lights.open(rig, find=on_chips(header, board))
    assert "the header's chip is gpiochip0 here" in caught.value.message
    assert caught.value.hint == 'Name it by its label, which stays: chip = "pinctrl-rp1".'
    assert header.requests == board.requests == []
    assert header.closed
    assert board.closed


async def test_the_boards_own_chip_is_driven_where_it_is_named_by_its_label(tmp_path: Path) -> None:
    header, board = FakeChip("pinctrl-rp1", "gpiochip0", 54), FakeChip("relays", "gpiochip4", 15)
    rig = RigFile.parse(f'chip = "relays"\n{RIG}', tmp_path / "rig.toml")
    lights = await Lights.open(rig, find=on_chips(header, board))
    await lights.set({"a": True})
    assert board.lit == {4}
    await lights.close()


async def test_a_label_that_two_chips_have_is_not_guessed(tmp_path: Path) -> None:
    """Two relay boards on USB: each by its name, and nobody switches the wrong one."""
    one, other = FakeChip("cp2102n", "gpiochip5", 8), FakeChip("cp2102n", "gpiochip6", 8)
    rig = RigFile.parse(f'chip = "cp2102n"\n{RIG}', tmp_path / "rig.toml")
    with pytest.raises(InvalidSetting, match="may be any of gpiochip5 and gpiochip6"):
        await Lights.open(rig, find=on_chips(one, other))
    assert one.requests == other.requests == []
    named = RigFile.parse(f'chip = "gpiochip6"\n{RIG}', tmp_path / "rig.toml")
    lights = await Lights.open(named, find=on_chips(one, other))
    await lights.set({"a": True})
    assert (one.lit, other.lit) == (set(), {4})
    other.gone = True
    await lights.look()
    assert lights.light("a").fault is not None
    other.gone = False
    await lights.look()
    await lights.set({"a": True})
    assert (one.lit, other.lit) == (set(), {4})
    await lights.close()


async def test_two_chips_that_may_be_the_header_are_not_guessed_between(tmp_path: Path) -> None:
    one, other = FakeChip(name="gpiochip0"), FakeChip(name="gpiochip4")
    lights = await Lights.open(RigFile(tmp_path / "rig.toml"), find=on_chips(one, other))
    assert not lights.gpio_available
    assert "gpiochip0 and gpiochip4 may all be that of the header" in str(lights.message)
    assert one.requests == other.requests == []
    await lights.close()


async def test_a_chip_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    rig = RigFile.parse(f'chip = "pinctrl-rp1"\n{RIG}', tmp_path / "rig.toml")
    with pytest.raises(InvalidSetting) as caught:
        await Lights.open(rig, find=on_chips(FakeChip("other")))
    assert str(caught.value) == ("GPIO chip 'pinctrl-rp1' of the rig file was not found: there are gpiochip0 (other).")


async def test_default_pins_never_reach_a_chip_that_is_no_header(tmp_path: Path) -> None:
    chip = FakeChip("other")
    rig = RigFile.parse('chip = "other"', tmp_path / "rig.toml")
    with pytest.raises(InvalidSetting, match="names the GPIO chip 'other' but no lights"):
        await Lights.open(rig, find=on_chips(chip))
    assert chip.requests == []
    assert chip.closed


async def test_missing_permission_is_told_with_its_remedy(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Somebody has lamps there: that they are not driven must be seen before the first set is dark."""
    lights = await Lights.open(RigFile(tmp_path / "rig.toml"), find=on_chips(FakeChip(), forbidden=True))
    assert lights.message is not None
    assert lights.message.startswith("No permission to open /dev/gpiochip0: lights are simulated. Install deploy")
    assert [one.levelname for one in caplog.records if "lights are simulated" in one.message] == ["WARNING"]
    await lights.close()
    for head in ('driver = "gpiod"', 'chip = "gpiochip0"'):
        with pytest.raises(InvalidSetting) as caught:
            await Lights.open(RigFile.parse(head, tmp_path / "rig.toml"), find=on_chips(FakeChip(), forbidden=True))
        assert "usermod" in (caught.value.hint or "")


async def test_lights_that_must_be_real_are_not_simulated(tmp_path: Path) -> None:
    rig = RigFile.parse('driver = "gpiod"', tmp_path / "rig.toml")
    with pytest.raises(InvalidSetting, match=r"asks for the driver gpiod\. No GPIO chip of a Raspberry Pi was found\."):
        await Lights.open(rig, find=on_chips())


async def test_a_rig_file_can_ask_for_simulated_lights_on_a_pi(tmp_path: Path, chip: FakeChip) -> None:
    rig = RigFile.parse('driver = "simulated"', tmp_path / "rig.toml")
    lights = await Lights.open(rig, find=on_chips(chip))
    await lights.set({"light_front": True})
    assert chip.requests == []
    assert lights.message == "The rig file asks for it: lights are simulated."
    await lights.close()


async def test_the_old_library_drives_pins_by_level(rig: RigFile) -> None:
    gpio = FakeRpiGpio()
    gpio.broken = {6}
    lights = Lights(rig, Rack(RpiGpioLamps(gpio)))
    await lights.replace(
        [EditedLight(name=light.name, pin=light.pin, active_low=light.active_low) for light in rig.lights]
    )
    assert gpio.levels == {4: 0, 5: 1}
    assert lights.light("c").fault == "Pin 6 cannot be set up: Failed to add edge detection."
    await lights.set({"a": True, "b": True})
    assert gpio.levels == {4: 1, 5: 0}
    with pytest.raises(LampFailed, match="GPIO error setting light 'c'"):
        await lights.set({"c": True})
    assert lights.driver == "RPi.GPIO"
    await lights.close()
    assert gpio.levels == {4: 0, 5: 1}
    assert sorted(gpio.cleaned) == [4, 5]


async def test_the_old_library_that_is_missing_is_told_with_its_remedy(tmp_path: Path) -> None:
    rig = RigFile.parse('driver = "RPi.GPIO"', tmp_path / "rig.toml")
    with pytest.raises(InvalidSetting, match=r"RPi\.GPIO, which is not installed"):
        await Lights.open(rig)


async def test_a_chip_that_is_unplugged_is_told_and_taken_back(chip: FakeChip, lights: Lights) -> None:
    """What it lit is not told as lit any more, and nothing is told as switched while it is gone."""
    told: list[dict[str, bool]] = []
    lights.listen(lambda: told.append(dict(lights.states)))
    await lights.set({"a": True})
    await lights.look()
    assert told == [{"a": True, "b": False, "c": False}]
    chip.gone = True
    await lights.look()
    assert told[1:] == [{"a": False, "b": False, "c": False}]
    assert {light.fault for light in lights.status().lights} == {"The GPIO chip pinctrl-bcm2711 is gone."}
    with pytest.raises(LampFailed, match="is gone"):
        await lights.set({"b": True})
    assert lights.states == {"a": False, "b": False, "c": False}
    await lights.all_off()
    chip.gone = False
    await lights.look()
    assert {light.fault for light in lights.status().lights} == {None}
    await lights.set({"b": True})
    assert chip.lit == {5}


async def test_a_chip_that_goes_while_it_is_switched_is_a_fault_and_no_change(chip: FakeChip, lights: Lights) -> None:
    chip.gone = True
    with pytest.raises(LampFailed, match="No such device"):
        await lights.set({"a": True})
    assert not lights.states["a"]


async def test_a_named_chip_that_is_unplugged_is_taken_back_by_its_label(tmp_path: Path) -> None:
    (tmp_path / "rig.toml").write_text(f'chip = "/dev/gpiochip7"\n{RIG}')
    chip = FakeChip(label="ft232h", name="gpiochip7")
    lights = await Lights.open(RigFile.load(tmp_path / "rig.toml"), find=on_chips(chip))
    chip.gone = True
    await lights.look()
    chip.gone, chip.name = False, "gpiochip8"
    await lights.look()
    assert {light.fault for light in lights.status().lights} == {None}
    await lights.close()
