"""Where a lost camera is looked for on USB: by its number anywhere, without one at its own socket."""

from collections.abc import Collection
from pathlib import Path

import pytest

from tetherlight.camera.identity import FoundCamera
from tetherlight.camera.search import Search
from tetherlight.camera.surroundings import Surroundings
from tetherlight.settings import Settings

EOS = "Canon EOS 1300D"


def at(path: str, serial: str | None = None, model: str = EOS) -> FoundCamera:
    """Make what is found at a socket; its address is new."""
    return FoundCamera(model, f"usb:001,0{path[-1]}9", serial, "found", path)


class World:
    """A search for one camera, on a bus where these others are."""

    def __init__(
        self,
        folder: Path,
        lost: FoundCamera,
        stated: str | None,
        *there: FoundCamera,
        alone: bool,
        trusted: bool = True,
    ) -> None:
        self._there = there
        around = Surroundings(trusts=lambda _, serial: trusted and serial is not None, alone=lambda _: alone)
        settings = Settings(state_dir=folder / "state", captures_base_dir=folder / "captures")
        self.search = Search(lost, stated, settings, around, self._look)

    async def _look(self, settings: Settings, *, skip_ports: Collection[str] = ()) -> list[FoundCamera]:
        assert settings.cameras == ()
        return [one for one in self._there if one.port not in skip_ports]

    async def sockets(self) -> list[str | None]:
        places = await self.search.places()
        assert {one.camera_id for one in places} <= {"eos-1"}
        return [one.path for one in places]


def eos(serial: str | None = None) -> FoundCamera:
    return FoundCamera(EOS, "usb:001,004", serial, "eos-1", "1-2")


@pytest.mark.parametrize("alone", [True, False])
async def test_a_number_on_the_bus_is_followed_to_any_socket(tmp_path: Path, alone: bool) -> None:
    others = at("1-3", "8"), at("1-4"), at("1-2", "9"), at("1-5", "7")
    world = World(tmp_path, eos("7"), "7", *others, alone=alone)
    assert await world.sockets() == ["1-5"]
    assert world.search.question is None


async def test_a_number_that_the_body_alone_states_is_looked_for_by_opening(tmp_path: Path) -> None:
    """Those whose number is another one are left alone; the own socket is the likeliest."""
    world = World(tmp_path, eos(), "7", at("1-3"), at("1-4", "9"), at("1-2"), at("1-6", model="D750"), alone=False)
    assert await world.sockets() == ["1-2", "1-3"]
    assert world.search.question is None


async def test_without_a_number_only_the_own_socket_counts(tmp_path: Path) -> None:
    world = World(tmp_path, eos(), None, at("1-3"), at("1-2"), alone=False)
    assert await world.sockets() == ["1-2"]


async def test_without_a_number_a_body_at_another_socket_is_asked_about(tmp_path: Path) -> None:
    world = World(tmp_path, eos(), None, at("1-3"), alone=False)
    assert "usb-1-2" in (world.search.question or "")
    assert await world.sockets() == []
    assert "usb:001,039" in (world.search.question or "")
    assert "camera_id 'eos-1'" in (world.search.question or "")


async def test_the_only_one_of_its_model_is_followed_and_of_two_neither(tmp_path: Path) -> None:
    assert await World(tmp_path, eos(), None, at("1-3"), at("1-4", model="D750"), alone=True).sockets() == ["1-3"]
    world = World(tmp_path, eos(), None, at("1-3"), at("1-4"), alone=True)
    assert await world.sockets() == []
    assert world.search.question is not None


@pytest.mark.parametrize("there", [at("1-2", "9"), at("1-2", "9", model="D750"), at("1-3", "9")])
async def test_a_body_that_has_a_number_is_not_the_one_without(tmp_path: Path, there: FoundCamera) -> None:
    assert await World(tmp_path, eos(), None, there, alone=True).sockets() == []


async def test_a_doubled_number_counts_as_none(tmp_path: Path) -> None:
    twins = at("1-3", "7"), at("1-2", "7")
    assert await World(tmp_path, eos("7"), "7", *twins, alone=False, trusted=False).sockets() == ["1-2"]
    assert await World(tmp_path, eos("7"), "7", twins[0], alone=False, trusted=False).sockets() == []
