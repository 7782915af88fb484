"""What tells cameras apart: serial numbers where there are any, else the place; nothing missing counts as agreement."""

import asyncio
import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest

from tetherlight.camera.identity import FoundCamera
from tetherlight.camera.known import KnownCameras
from tetherlight.protocol.models import CameraState
from tetherlight.rig import roster
from tetherlight.settings import Settings

EOS = "Canon EOS 1300D"


def found(port: str, serial: str | None = None, model: str = EOS, path: str | None = None) -> FoundCamera:
    """Make a camera that was found and has no name yet."""
    return FoundCamera(model, port, serial, "", path)


@dataclass
class FakeOpen:
    """A camera that is open."""

    found: FoundCamera
    serial: str | None
    state: CameraState = CameraState.READY


class FakeOwned:
    """A camera that a job has."""

    owner: str | None = "job-1"
    state = CameraState.READY

    def __init__(self) -> None:
        self.proven_at = self.opened_at = time.monotonic()

    def sign(self) -> None:
        """Give a sign, as an event does."""
        self.proven_at = time.monotonic() + 1

    async def check(self) -> None:
        """Fail: a job's camera is not asked."""
        raise AssertionError


class World:
    """What is known, and what is open of it."""

    def __init__(self) -> None:
        self.open: list[FakeOpen] = []
        self.known = KnownCameras(lambda: self.open)

    def look(self, *cameras: FoundCamera) -> list[str]:
        """Find these besides the open ones; return the ids of all in their order."""
        self.known.look(cameras)
        return self.ids()

    def ids(self) -> list[str]:
        return [one.camera_id for one in self.known]

    def opens(self, camera_id: str, serial: str | None = None) -> FakeOpen:
        """Open one, which states this serial number."""
        (one,) = [one for one in self.known if one.camera_id == camera_id]
        opened = FakeOpen(one, serial or one.serial)
        self.open.append(opened)
        self.known.opened(one, opened.serial)
        return opened

    def closes(self, opened: FakeOpen) -> None:
        self.open.remove(opened)
        self.known.closed(opened)


A, B, C = "ptpip:10.0.0.1", "ptpip:10.0.0.2", "ptpip:10.0.0.3"


def test_the_order_stays_the_same_whatever_is_open() -> None:
    world = World()
    ids = world.look(found(A, "1"), found(B, "2"), found(C, "3"))
    second = world.opens(ids[1])
    assert world.look(found(A, "1"), found(C, "3")) == ids
    third = world.opens(ids[2])
    assert world.look(found(A, "1")) == ids
    world.closes(second)
    world.closes(third)
    assert world.ids() == ids
    assert world.look(found(C, "3"), found(B, "2"), found(A, "1")) == ids


def test_a_camera_with_a_serial_keeps_its_name_wherever_it_is() -> None:
    world = World()
    (name,) = world.look(found(A, "1"))
    assert world.look(found(B, "1")) == [name]
    assert world.look() == []
    assert world.look(found(C, "1")) == [name]


def test_cameras_without_a_serial_are_told_by_their_places() -> None:
    world = World()
    left, right = world.look(found(A), found(B))
    assert left != right
    assert world.look(found(B)) == [right]
    assert world.look(found(B), found(A)) == [left, right]
    moved = world.look(found(A), found(C))
    assert moved[0] == left
    assert moved[1] not in {left, right}
    assert not world.known.alone(left)


def test_the_only_camera_of_its_model_keeps_its_name_without_a_serial() -> None:
    world = World()
    first = world.look(found(A), found(C, model="D750"))
    assert world.look(found(B), found(C, model="D750")) == first
    assert world.known.alone(first[0])


def test_a_camera_that_is_closed_is_still_there_unless_it_was_lost() -> None:
    world = World()
    left, right = (world.opens(name) for name in world.look(found(A, "1"), found(B, "2")))
    right.state = CameraState.LOST
    world.closes(left)
    world.closes(right)
    assert world.ids() == [left.found.camera_id]


def test_a_body_with_a_number_at_the_place_of_one_without_does_not_make_others_alone() -> None:
    world = World()
    left, right = world.look(found(A), found(B))
    lost = world.opens(right)
    lost.state = CameraState.LOST
    (_, numbered) = world.look(found(A, "9"))
    world.opens(numbered if numbered != right else world.ids()[0])
    assert not world.known.alone(right)
    assert left in world.known


def test_a_usb_socket_is_a_place_that_a_replug_keeps() -> None:
    world = World()
    names = world.look(found("usb:001,004", path="1-2"), found("usb:001,005", path="1-3"))
    assert names == ["canon-eos-1300d-usb-1-2", "canon-eos-1300d-usb-1-3"]
    assert world.look(found("usb:001,006", path="1-3"), found("usb:001,007", path="1-2")) == names


def test_a_serial_that_two_bodies_have_tells_nothing_from_then_on() -> None:
    world = World()
    left, right = world.look(found(A, "7"), found(B, "7"))
    assert left != right
    assert not world.known.trusts(EOS, "7")
    assert world.known.trusts("D750", "7")
    assert world.look(found(B, "7")) == [right]
    assert world.look(found(C, "7"))[-1] not in {left, right}


def test_a_second_body_with_the_number_of_an_open_one_gets_a_name_of_its_own() -> None:
    """The open one had its name from its number and keeps it."""
    world = World()
    (name,) = world.look(found(A, "7"))
    opened = world.opens(name)
    second = [found(B, "7")]
    assert world.known.rivals(opened, second) == second
    world.known.doubled(opened, second)
    names = world.look(*second)
    assert names[0] == name
    assert len(set(names)) == 2
    assert not world.known.trusts(EOS, "7")


@pytest.mark.parametrize("serial", ["7", None])
def test_an_open_camera_that_is_found_elsewhere_is_on_its_way_back(serial: str | None) -> None:
    """It is not listed a second time."""
    world = World()
    (name,) = world.look(found(A, serial))
    opened = world.opens(name)
    opened.state = CameraState.LOST
    assert world.known.rivals(opened, [found(B, serial)]) == []
    assert world.look(found(B, serial)) == [name]
    assert world.known.alone(name)


def test_an_open_camera_that_is_there_is_not_another_one_without_a_serial() -> None:
    world = World()
    (name,) = world.look(found(A))
    opened = world.opens(name)
    world.known.doubled(opened, [found(B)])
    names = world.look(found(B))
    assert names[0] == name
    assert len(names) == 2
    assert not world.known.alone(name)


def test_a_number_that_shows_only_after_opening_recognises_the_camera() -> None:
    world = World()
    names = world.look(found("usb:001,004", path="1-2"), found("usb:001,005", path="1-3"))
    world.closes(world.opens(names[0], "0870"))
    moved = world.look(found("usb:001,005", path="1-3"), found("usb:001,006", path="1-4"))
    again = world.opens(moved[-1], "0870")
    assert world.ids() == [names[1], again.found.camera_id]
    world.closes(again)
    assert world.look(found("usb:001,009", "0870", path="1-1"))[-1] == again.found.camera_id


def test_two_open_bodies_that_state_one_number_are_not_told_by_it() -> None:
    world = World()
    names = world.look(found("usb:001,004", path="1-2"), found("usb:001,005", path="1-3"))
    for name in names:
        world.opens(name, "0870")
    assert not world.known.trusts(EOS, "0870")
    assert world.ids() == names


@pytest.mark.parametrize("serial", ["1", None])
def test_what_may_be_an_open_camera_on_its_way_is_not_another_one(serial: str | None) -> None:
    """It was plugged in elsewhere before anybody noticed that it had gone: its number stays its own."""
    world = World()
    (name,) = world.look(found(A, serial))
    opened = world.opens(name)
    assert world.look(found(B, serial)) == [name]
    opened.state = CameraState.LOST
    assert world.look(found(B, serial)) == [name]
    assert world.known.alone(name)
    assert world.known.trusts(opened.found.model, serial) == (serial is not None)


@pytest.mark.parametrize("signs", [False, True])
async def test_a_camera_that_a_job_has_is_there_only_if_it_gives_a_sign(
    monkeypatch: pytest.MonkeyPatch, *, signs: bool
) -> None:
    """It is not asked, and that nobody heard of a fault yet shows nothing."""
    monkeypatch.setattr(roster, "CHECK_SECONDS", 0.2)
    camera = FakeOwned()
    if signs:
        asyncio.get_running_loop().call_later(0.05, camera.sign)
    assert await roster.is_there(camera, time.monotonic()) is signs


@pytest.mark.parametrize(("again", "one_body"), [((B,), True), ((A, B), False)])
async def test_a_network_camera_that_moves_while_it_is_looked_for_is_no_second_body(
    tmp_path: Path, again: tuple[str, ...], *, one_body: bool
) -> None:
    """The addresses are asked one beside the other, so one body may answer at both."""
    sights = [[found(port, "1234") for port in ports] for ports in ((A, B), again, again)]

    async def look(settings: Settings, *, skip_ports: Collection[str] = ()) -> list[FoundCamera]:
        assert not skip_ports, settings
        return sights.pop(0)

    cameras = roster.Roster(Settings(captures_base_dir=tmp_path), {}, look)
    assert await cameras.look()
    assert cameras.around.trusts(EOS, "1234") is one_body
    assert not await cameras.look()
    assert len(list(cameras)) == len(again)
    assert not sights


class FakeAsked:
    """An open camera that is asked whether it is there."""

    owner: str | None = None
    serial = "1234"
    state = CameraState.READY

    def __init__(self, one: FoundCamera, *, moves_to: str | None) -> None:
        self.found = one
        self.proven_at = self.opened_at = time.monotonic()
        self._moves_to = moves_to

    @property
    def port(self) -> str:
        return self.found.port

    async def check(self) -> None:
        """Answer, or be found to be gone and taken back elsewhere."""
        self.proven_at = time.monotonic()
        if self._moves_to is not None:
            self.found = replace(self.found, port=self._moves_to)
            self.opened_at = self.proven_at


@pytest.mark.parametrize(("moves_to", "one_body"), [(B, True), (A, True), (None, False)])
async def test_an_open_camera_that_is_taken_back_while_it_is_asked_is_no_second_body(
    tmp_path: Path, moves_to: str | None, *, one_body: bool
) -> None:
    """It was seen on its way, to another address or there and back; only a connection that held shows two bodies."""
    open_ones: dict[str, Any] = {}

    async def look(settings: Settings, *, skip_ports: Collection[str] = ()) -> list[FoundCamera]:
        assert settings.captures_base_dir == tmp_path
        return [found(port, "1234") for port in ((B,) if A in skip_ports else (A,))]

    cameras = roster.Roster(Settings(captures_base_dir=tmp_path), open_ones, look)
    await cameras.look()
    (first,) = cameras
    camera = FakeAsked(first, moves_to=moves_to)
    open_ones[first.camera_id] = camera
    cameras.opened(cast("Any", camera))
    await cameras.look()
    assert cameras.around.trusts(EOS, "1234") is one_body
    assert len(list(cameras)) == (1 if one_body else 2)
