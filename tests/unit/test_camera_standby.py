"""When the live view of a body is ended: after its last use, and only where nobody wants it on."""

import pytest

from tetherlight.camera.config import ConfigCache
from tetherlight.camera.standby import TRIES, Standby
from tetherlight.errors import CameraError
from tetherlight.protocol.models import ConfigEntry, ConfigType, ConfigValue, ViewfinderState

CANON_OUTPUTS = ("Off", "TFT", "PC", "TFT + PC")


def entry(path: str, value: ConfigValue, *options: str) -> ConfigEntry:
    """Make an entry; one with options is a menu, others are toggles."""
    kind = ConfigType.MENU if options else ConfigType.TOGGLE
    name = path.rpartition("/")[2]
    return ConfigEntry(name=name, label=name, value=value, type=kind, readonly=False, options=list(options), path=path)


def toggle(value: ConfigValue = False) -> ConfigEntry:
    return entry("/main/actions/viewfinder", value)


def output(value: str) -> ConfigEntry:
    return entry("/main/settings/output", value, *CANON_OUTPUTS)


def standby(*entries: ConfigEntry, after: float = 1e-9) -> Standby:
    """Make a standby of a camera that was just opened with these entries; its time is over at once."""
    cache = ConfigCache()
    cache.fill(entries)
    found = Standby(cache, after)
    found.adopt()
    return found


class FakeBody:
    """Writes down what it is told, and refuses where it is to."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.told: list[str | None] = []
        self._refuses = refuses

    async def tell(self, output: str | None) -> None:
        self.told.append(output)
        if self._refuses:
            raise CameraError("No.")


async def test_a_body_rests_until_a_preview_comes_and_again_after_it_was_ended() -> None:
    body, told = standby(toggle(), output("Off")), FakeBody()
    assert (body.state, body.due()) == (ViewfinderState.STANDBY, False)
    body.begun()
    assert (body.state, body.due()) == (ViewfinderState.ON, True)
    await body.end(told.tell)
    assert (body.state, body.due(), told.told) == (ViewfinderState.STANDBY, False, ["Off"])


async def test_it_is_not_ended_while_it_is_used() -> None:
    """Nor where it was used while the end waited for its turn."""
    body, told = standby(toggle(), after=3600), FakeBody()
    body.begun()
    assert not body.due()
    await body.end(told.tell)
    assert (body.on, told.told) == (True, [])


def test_zero_seconds_are_never() -> None:
    body = standby(toggle(), after=0)
    body.begun()
    assert (body.on, body.due()) == (True, False)


def test_a_body_that_cannot_be_told_is_left_alone() -> None:
    body = standby(entry("/main/settings/iso", "100", "100"))
    body.begun()
    assert (body.state, body.due()) == (ViewfinderState.UNSUPPORTED, False)


@pytest.mark.parametrize("left", [[toggle(value=True)], [toggle(), output("PC")]], ids=["nikon", "canon"])
def test_a_live_view_that_somebody_left_on_is_ended_too(left: list[ConfigEntry]) -> None:
    """As after a server that was killed while it ran."""
    body = standby(*left)
    assert (body.on, body.due()) == (True, True)


@pytest.mark.parametrize(
    ("before", "after"),
    [("Off", "Off"), ("TFT", "TFT"), ("PC", "Off"), ("TFT + PC", "TFT"), ("Unknown 8", "Off")],
)
def test_the_output_of_a_canon_body_becomes_what_it_was(before: str, after: str) -> None:
    assert standby(toggle(), output(before)).output == after


def test_an_output_of_another_maker_is_not_touched() -> None:
    assert standby(toggle(), entry("/main/settings/output", "LCD", "LCD", "Video OUT")).output is None


@pytest.mark.parametrize(
    ("on", "value", "off"), [(toggle(), True, False), (output("Off"), "PC", "TFT")], ids=["viewfinder", "output"]
)
def test_what_a_client_switched_on_a_client_switches_off(on: ConfigEntry, value: ConfigValue, off: ConfigValue) -> None:
    """A monitor at the body may be what it is for."""
    body = standby(toggle(), output("Off"))
    body.wrote(on, value)
    assert (body.on, body.due()) == (True, False)
    body.begun()
    assert not body.due()
    body.wrote(on, off)
    assert not body.on
    body.begun()
    assert body.due()


def test_a_focus_drive_a_focus_point_and_a_magnifier_are_uses_and_need_the_live_view() -> None:
    drives = [
        entry(f"/main/actions/{name}", "0") for name in ("manualfocusdrive", "changeafarea", "eoszoom", "spotfocusarea")
    ]
    for drive in drives:
        body = standby(toggle(), *drives, after=3600)
        assert body.wakes(drive)
        body.begun()
        assert not body.wakes(drive)
    resting = standby(toggle(), *drives)
    assert not resting.wakes(entry("/main/settings/eoszoom", "0"))
    assert not resting.wakes(entry("/main/actions/autofocusdrive", "0"))


async def test_a_body_that_refuses_is_not_asked_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    body, told = standby(toggle()), FakeBody(refuses=True)
    body.begun()
    while body.due():
        with pytest.raises(CameraError):
            await body.end(told.tell)
    assert len(told.told) == TRIES
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert body.on
    body.begun()
    assert body.due()
