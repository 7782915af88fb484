"""Lines that fire cameras: what the rig file may say, and one call of the kernel for all of them."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.fake_gpio import FakeChip, chips
from support.patience import stretched
from tetherlight.errors import InvalidSetting, TriggerFailed, TriggerMissing
from tetherlight.rigfile.rigfile import RigFile
from tetherlight.triggers.gpio_lines import GpioLines
from tetherlight.triggers.lines import Wired
from tetherlight.triggers.sync import Edge
from tetherlight.triggers.triggers import Triggers

RIG = """
[lights]
lamp = { pin = 17 }
[triggers.left]
cameras = ["a"]
full_press = 5
press_s = 0.001
[triggers.pair]
cameras = ["b", "c"]
half_press = 12
full_press = 13
half_press_s = 0
active_low = true
press_s = 0.001
"""
ALL = [Wired(name, "usb:001,002") for name in "abc"]


def rig(text: str = RIG) -> RigFile:
    return RigFile.parse(text, Path("rig.toml"))


def on(chip: FakeChip) -> tuple[Triggers, GpioLines]:
    """Give the triggers of the rig on this chip."""
    lines = GpioLines(rig().triggers, None, chips(chip))
    return Triggers(rig().triggers, lines), lines


async def test_all_releases_are_pressed_by_one_call_and_let_go_by_one() -> None:
    chip = FakeChip()
    triggers, lines = on(chip)
    fired = await triggers.fire(ALL)
    assert chip.requests == [[5, 12, 13]]
    assert chip.writes == [{12: True}, {5: True, 13: True}, {12: False, 5: False, 13: False}]
    assert fired.spread_s >= 0
    await lines.close()
    assert not chip.lines[5].used


async def test_only_the_lines_of_the_named_cameras_are_pressed() -> None:
    chip = FakeChip()
    triggers, _ = on(chip)
    await triggers.fire(ALL[:1])
    assert chip.writes == [{5: True}, {5: False}]


async def test_lines_are_held_inactive_from_the_start() -> None:
    chip = FakeChip()
    _, lines = on(chip)
    lines.take()
    assert chip.lines[13].used
    assert chip.lines[13].level == 1
    assert chip.lines[5].level == 0


async def test_a_line_that_another_program_holds_is_named_and_nothing_is_pressed() -> None:
    chip = FakeChip()
    chip.hold(13, "gpio-keys")
    triggers, _ = on(chip)
    with pytest.raises(TriggerFailed, match=r"Trigger 'pair' .* Line 13 of pinctrl-bcm2711 is held by gpio-keys"):
        await triggers.fire(ALL)
    assert chip.writes == []
    chip.free(13)
    await triggers.fire(ALL)
    assert {5: True, 13: True} in chip.writes


async def test_the_doctor_tells_whether_the_lines_can_be_driven() -> None:
    chip = FakeChip()
    chip.hold(13, "gpio-keys")
    triggers, _ = on(chip)
    (broken,) = triggers.findings()
    assert (broken.check, broken.level, broken.remedy) == ("triggers", "error", "gpioinfo shows who holds which line.")
    assert "gpio-keys" in broken.message
    chip.free(13)
    (sound,) = triggers.findings()
    assert (sound.level, sound.message) == ("ok", "2 triggers can fire cameras.")
    assert list(Triggers.open(rig("driver = 'simulated'")).findings()) == []


async def test_a_line_that_is_taken_just_before_is_busy() -> None:
    chip = FakeChip(hides_holders=True)
    chip.hold(5, "other")
    triggers, _ = on(chip)
    with pytest.raises(TriggerFailed, match="another program holds it"):
        await triggers.fire(ALL)


async def test_a_chip_that_was_unplugged_is_taken_again() -> None:
    chip = FakeChip()
    triggers, lines = on(chip)
    lines.take()
    chip.gone = True
    with pytest.raises(TriggerFailed, match="No such device"):
        await triggers.fire(ALL)
    with pytest.raises(TriggerFailed, match="No GPIO chip of a Raspberry Pi was found"):
        await triggers.fire(ALL)
    chip.gone = False
    chip.writes.clear()
    await triggers.fire(ALL)
    assert {5: True, 13: True} in chip.writes


SYNCED = """
[lights]
lamp = { pin = 17 }
[triggers.left]
cameras = ["a"]
half_press = 4
half_press_s = 0
full_press = 5
sync = 6
"""


@contextlib.asynccontextmanager
async def synced(chip: FakeChip) -> AsyncIterator[Triggers]:
    """Give a trigger with a contact on this chip."""
    tables = rig(SYNCED).triggers
    triggers = Triggers(tables, GpioLines(tables, None, chips(chip)))
    try:
        yield triggers
    finally:
        await triggers.close()


async def test_a_held_release_hears_its_contact_and_is_let_go() -> None:
    chip = FakeChip()
    async with synced(chip) as triggers:
        async with triggers.hold(ALL[0]) as held:
            await held.press()
            chip.turn(6, active=True, at=1.5)
            chip.turn(6, active=False, at=1.75)
            assert await held.edge(stretched(10)) == Edge(1.5, closed=True)
            assert await held.edge(stretched(10)) == Edge(1.75, closed=False)
        assert chip.requests == [[4, 5], [6]]
        assert chip.writes == [{4: True}, {5: True}, {4: False, 5: False}]
        with pytest.raises(TimeoutError):
            await held.edge(0)


async def test_what_a_contact_did_before_the_release_was_held_does_not_count() -> None:
    chip = FakeChip()
    async with synced(chip) as triggers:
        list(triggers.findings())
        chip.turn(6, active=True)
        chip.turn(6, active=False)
        async with triggers.hold(ALL[0]) as held:
            chip.turn(6, active=True, at=2.0)
            assert await held.edge(stretched(10)) == Edge(2.0, closed=True)


async def test_a_release_is_let_go_when_what_holds_it_fails() -> None:
    chip = FakeChip()
    async with synced(chip) as triggers:
        holding = triggers.hold(ALL[0])
        await (await holding.__aenter__()).press()
        assert chip.lit == {4, 5}
        assert not await holding.__aexit__(ZeroDivisionError, ZeroDivisionError(), None)
        assert chip.writes[-1] == {4: False, 5: False}


async def test_a_chip_that_is_gone_under_a_held_release_is_told() -> None:
    chip = FakeChip()
    async with synced(chip) as triggers:
        async with triggers.hold(ALL[0]) as held:
            await held.press()
            chip.gone = True
            with pytest.raises(TriggerFailed, match="No such device"):
                await held.let_go()
        chip.gone = False
        async with triggers.hold(ALL[0]) as held:
            await held.press()
        assert chip.writes[-1] == {4: False, 5: False}


async def test_the_doctor_tells_a_contact_that_is_closed_at_rest() -> None:
    chip = FakeChip()
    async with synced(chip) as triggers:
        assert [(one.check, one.level) for one in triggers.findings()] == [("triggers", "ok"), ("sync", "ok")]
        chip.turn(6, active=True)
        _, sync = triggers.findings()
        assert (sync.level, sync.message) == (
            "warning",
            "Sync line 6 of trigger 'left' is closed all the time, as if the shutter were open.",
        )


async def test_a_burst_needs_a_contact() -> None:
    triggers, _ = on(FakeChip())
    with pytest.raises(TriggerMissing, match="No line tells when the shutter of camera 'a' is open"):
        triggers.require_sync("a")


async def test_a_line_beyond_the_chip_is_told() -> None:
    chip = FakeChip(num_lines=10)
    triggers, _ = on(chip)
    with pytest.raises(TriggerFailed, match="has no line 12, only 0 to 9"):
        await triggers.fire(ALL)


async def test_a_camera_without_a_line_and_one_that_shares_a_line_are_refused_before_anything_is_pressed() -> None:
    chip = FakeChip()
    triggers, _ = on(chip)
    with pytest.raises(TriggerMissing, match="No line fires camera 'nobody'"):
        await triggers.fire([Wired("nobody", "")])
    with pytest.raises(TriggerMissing, match="Trigger 'pair' fires camera 'c', too"):
        await triggers.fire(ALL[:2])
    assert chip.writes == []
    assert triggers.fires(["a"])
    assert not triggers.fires(["a", "b"])


async def test_a_rig_without_triggers_fires_nobody() -> None:
    triggers = Triggers.open(rig("driver = 'simulated'"))
    with pytest.raises(TriggerMissing):
        await triggers.fire(ALL)
    await triggers.close()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[triggers.x]\ncameras = ['a']\nfull_press = 17\n[lights.lamp]\npin = 17",
            "pin 17 is used by both light 'lamp'",
        ),
        ("[triggers.x]\ncameras = ['a']\nfull_press = 24", "pin 24 is used by both light 'lights_top'"),
        ("[triggers.x]\ncameras = ['a']\nfull_press = 5\nhalf_press = 5", "half_press and full_press are two lines"),
        (
            "[triggers.x]\ncameras = ['a']\nfull_press = 5\n[triggers.y]\ncameras = ['a']\nfull_press = 6",
            "camera 'a' is fired by both trigger 'x' and trigger 'y'",
        ),
        ("[triggers.x]\ncameras = ['a']\nfull_press = 5\nsync = 5", "sync is a line of its own"),
        (
            "[triggers]\nx = { cameras = ['a'], full_press = 5, sync = 7 }\ny = { cameras = ['b'], full_press = 7 }",
            "pin 7 is used by both trigger 'x' and trigger 'y'",
        ),
        ("[triggers.x]\nfull_press = 5", "triggers.x.cameras"),
        ("[triggers.x]\ncameras = []\nfull_press = 5", "triggers.x.cameras"),
        ("[triggers.x]\ncameras = ['a']\nfull_press = -1", "triggers.x.full_press"),
        ("[triggers.x]\ncameras = ['a']\nfull_press = 5\ndeadline_s = nan", "triggers.x.deadline_s"),
        ("[triggers.x]\ncameras = ['a']\nfull_press = 5\nwhen = 1", "there is no key 'triggers.x.when'"),
    ],
)
def test_a_wrong_table_is_refused_by_its_key(text: str, said: str) -> None:
    with pytest.raises(InvalidSetting, match=said):
        rig(text)
