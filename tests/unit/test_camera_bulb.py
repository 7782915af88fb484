"""A shutter that is held open: how it is opened, and what is done so that it is closed again."""

from typing import Any

import pytest

from tetherlight.camera.bulb import TRIES, Bulb
from tetherlight.camera.calls import Deadlines, Happened
from tetherlight.camera.config import ConfigCache
from tetherlight.errors import CameraCrashed, CameraError, CaptureRefused
from tetherlight.process.call import Call
from tetherlight.protocol.models import ConfigEntry, ConfigType

BULB = "/main/actions/bulb"


def cache(*paths: str, speed: str = "1/60") -> ConfigCache:
    filled = ConfigCache()
    entries = [
        ConfigEntry(name="bulb", label="Bulb", value=None, type=ConfigType.TOGGLE, readonly=False, path=path)
        for path in paths
    ]
    shutter = ConfigEntry(
        name="shutterspeed", label="Shutter", value=speed, type=ConfigType.MENU, readonly=False,
        options=["Bulb", "1/60"], path="/main/capturesettings/shutterspeed",
    )  # fmt: skip
    filled.fill([*entries, shutter])
    return filled


class Body:
    """Takes the calls of an exposure; `refuses` are the errors that it answers in turn to opening and closing."""

    def __init__(self, opening: list[CameraError] | None = None, closing: list[CameraError] | None = None) -> None:
        self._errors = {True: opening or [], False: closing or []}
        self.made: list[Any] = []
        self.happens = Happened((), (), complete=False)

    async def __call__(self, call: Call[Any]) -> Any:
        if call.name == "events":
            self.made.append("events")
            return self.happens
        on = call.arguments["value"]
        self.made.append(on)
        if self._errors[on]:
            raise self._errors[on].pop(0)
        return None


def bulb(body: Body) -> Bulb:
    return Bulb(body, cache(BULB), Deadlines())


def refused() -> CameraError:
    return CameraError("It failed.", details={"gphoto_code": -1})


def test_a_body_without_such_an_entry_is_asked_nothing() -> None:
    with pytest.raises(CaptureRefused, match="cannot be told to hold its shutter open"):
        Bulb(Body(), cache(), Deadlines()).require()
    with pytest.raises(CaptureRefused):
        Bulb(Body(), cache("/main/settings/bulb"), Deadlines()).require()
    bulb(Body()).require()


def test_the_shutter_time_is_set_to_bulb_where_the_body_has_that() -> None:
    speed = bulb(Body()).speed()
    assert speed is not None
    assert (speed[0].name, speed[1]) == ("shutterspeed", "Bulb")
    assert Bulb(Body(), cache(BULB, speed="Bulb"), Deadlines()).speed() is None


async def test_an_exposure_ends_when_the_body_has_ended_it_by_itself() -> None:
    body = Body()
    body.happens = Happened((), ("/a.jpg",), complete=True)
    heard: list[Happened] = []
    shutter = bulb(body)
    await shutter.expose(3000, heard.append)
    assert (body.made, heard, shutter.open) == ([True, "events", False], [body.happens], False)


async def test_a_body_that_does_not_open_its_shutter_is_not_told_to_close_it() -> None:
    body = Body(opening=[refused()])
    shutter = bulb(body)
    with pytest.raises(CameraError):
        await shutter.expose(3000, lambda _: None)
    assert (body.made, shutter.open) == ([True], False)


@pytest.mark.parametrize("error", [CameraCrashed("gone")])
async def test_a_shutter_of_which_nobody_knows_counts_as_open(error: CameraError) -> None:
    body = Body(opening=[error])
    shutter = bulb(body)
    with pytest.raises(type(error)):
        await shutter.expose(3000, lambda _: None)
    assert shutter.open
    await shutter.close_if_left_open()
    assert (body.made, shutter.open) == ([True, False], False)


async def test_a_body_that_does_not_close_its_shutter_at_once_is_told_again() -> None:
    body = Body(closing=[refused()])
    shutter = bulb(body)
    shutter.enough()
    await shutter.expose(3000, lambda _: None)
    assert (body.made, shutter.open) == ([True, False, False], False)


async def test_a_shutter_that_cannot_be_closed_stays_known_as_open() -> None:
    body = Body(closing=[refused() for _ in range(TRIES)])
    shutter = bulb(body)
    shutter.enough()
    with pytest.raises(CameraError):
        await shutter.expose(3000, lambda _: None)
    assert (body.made, shutter.open) == ([True] + [False] * TRIES, True)


async def test_a_closed_shutter_is_left_alone_unless_the_body_stands_on_bulb() -> None:
    body = Body()
    await bulb(body).close_if_left_open()
    assert body.made == []
    refusing = Body(closing=[refused()])
    await Bulb(refusing, cache(BULB, speed="bulb"), Deadlines()).close_if_left_open()
    assert refusing.made == [False]
