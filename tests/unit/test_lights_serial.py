"""Lamps on a board with a serial line: its words, its watchdog, and a board that is gone or began anew."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import serial

from support.patience import stretched
from support.serial_peer import SerialPeer
from tetherlight.errors import InvalidSetting, LampFailed
from tetherlight.lights import board as boards
from tetherlight.lights import extras
from tetherlight.lights.board import framed, unframed
from tetherlight.lights.lights import Lights
from tetherlight.rigfile.rigfile import RigFile

Open = Callable[..., Awaitable[Lights]]


@pytest.fixture
async def peer() -> AsyncIterator[SerialPeer]:
    peer = SerialPeer()
    yield peer
    peer.unplug()


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Open]:
    found: list[Lights] = []

    async def open_lights(text: str) -> Lights:
        found.append(await Lights.open(RigFile.parse(f'driver = "serial"\n[lights]\n{text}', tmp_path / "rig.toml")))
        return found[0]

    yield open_lights
    for lights in found:
        await lights.close()


def rig(peer: SerialPeer, *channels: int) -> str:
    return "\n".join(f'l{channel} = {{ address = "{peer.port}/{channel}" }}' for channel in channels)


async def lost(lights: Lights, name: str, *, mended: bool = False) -> str:
    """Wait until a light has a fault and give it, or until it has none any more."""
    news = asyncio.Event()
    lights.listen(news.set)
    async with asyncio.timeout(stretched(30)):
        while ((fault := lights.light(name).fault) is None) is not mended:
            news.clear()
            await news.wait()
    return fault or ""


def test_a_disturbed_line_says_nothing() -> None:
    assert framed("k") == b"k*6b\n"
    assert unframed(b"k*6b\r\n") == "k"
    for line in (b"k*6a", b"k", b"", b"*", b"l*6b", b"\xff*ff", b"k*zz"):
        assert unframed(line) is None


async def test_all_lamps_of_a_board_change_with_one_line(opened: Open, peer: SerialPeer) -> None:
    lights = await opened(rig(peer, 1, 3, 6))
    assert peer.lines[:2] == ["?", "0"]
    await lights.set({"l1": 1.0, "l3": 0.5, "l6": 0.001})
    assert bytes(peer.values) == bytes([255, 0, 128, 0, 0, 1])
    assert [line for line in peer.lines if line.startswith("s")] == ["s 1 ff0080000001"]
    await lights.only("l3")
    assert bytes(peer.values) == bytes([0, 0, 255, 0, 0, 0])
    await lights.close()
    await peer.until(lambda: not any(peer.values))
    assert peer.went_dark == 0


async def test_a_board_is_kept_awake_while_the_server_lives_and_goes_dark_after(opened: Open, peer: SerialPeer) -> None:
    peer.watchdog_ms, peer.hello = 600, "tetherlight-lamps 1 6 600"
    lights = await opened(rig(peer, 1))
    await lights.set({"l1": True})
    await peer.until(lambda: peer.lines.count("k") > 4)
    assert (peer.went_dark, peer.values[0]) == (0, 255)
    driver = lights._rack._driver
    keeper = driver._boards[peer.port]._keeper  # type: ignore[attr-defined]
    keeper.cancel()  # as if the server had been killed
    await peer.until(lambda: peer.went_dark > 0)
    assert not any(peer.values)


async def test_a_board_that_began_anew_is_told_and_used_again(
    opened: Open, peer: SerialPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lamps are off then, and stay off until somebody switches them on."""
    monkeypatch.setattr(boards, "SEEK_S", 0.02)
    lights = await opened(rig(peer, 1, 2))
    await lights.set({"l1": True})
    peer.reset()
    assert "began anew" in await lost(lights, "l1")
    assert lights.states["l1"] is False
    await lost(lights, "l1", mended=True)
    await lights.set({"l1": True})
    assert peer.values[0] == 255


async def test_a_board_that_is_pulled_out_is_looked_for(opened: Open, peer: SerialPeer) -> None:
    lights = await opened(rig(peer, 1))
    await lights.set({"l1": True})
    peer.unplug()
    assert "Its board is gone" in await lost(lights, "l1")
    with pytest.raises(LampFailed, match=r"light 'l1'. Its board"):
        await lights.set({"l1": True})
    assert peer.port not in (lights.light("l1").fault or "")


async def test_a_port_that_another_program_has_names_it(opened: Open, peer: SerialPeer) -> None:
    with serial.Serial(peer.port, exclusive=True):
        lights = await opened(rig(peer, 1))
        assert (lights.light("l1").fault or "").startswith("Its port is held by ")


async def test_something_else_on_the_port_is_told(opened: Open, peer: SerialPeer) -> None:
    peer.hello = "modem ready"
    lights = await opened(rig(peer, 1))
    assert lights.light("l1").fault == "Something else than a board with our sketch answers on its port."


async def test_a_board_without_a_watchdog_holds_its_look(opened: Open, peer: SerialPeer) -> None:
    peer.watchdog_ms, peer.hello = 0, "tetherlight-lamps 1 6 0"
    lights = await opened(rig(peer, 1) + '\nother = { address = "nowhere" }')
    assert lights._rack.holds("l1")
    assert "no PORT/CHANNEL" in (lights.light("other").fault or "")


async def test_a_board_that_answers_late_at_first_is_understood(
    opened: Open, peer: SerialPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time it was greeted it answers, and only one of the answers is wanted."""
    monkeypatch.setattr(boards, "HELLO_EVERY_S", 0.02)
    peer.late = 3
    lights = await opened(rig(peer, 1))
    assert lights.light("l1").fault is None
    await lights.set({"l1": True})
    assert peer.values[0] == 255


async def test_a_channel_that_the_board_does_not_have_is_refused(opened: Open, peer: SerialPeer) -> None:
    lights = await opened(rig(peer, 1, 7))
    with pytest.raises(LampFailed, match=r"light 'l7'. Its board has 6 channels"):
        await lights.set({"l7": True})
    # It stands in no other lamp's way.
    await lights.only("l1")
    assert peer.values[0] == 255


async def test_a_silent_board_is_given_up(opened: Open, peer: SerialPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "HELLO_S", 0.1)
    monkeypatch.setattr(boards, "HELLO_EVERY_S", 0.05)
    peer.silent = True
    lights = await opened(rig(peer, 1))
    assert "does not answer" in (lights.light("l1").fault or "")


def test_without_its_library_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("importlib.import_module", missing)
    with pytest.raises(InvalidSetting, match="lamp driver serial, whose library is not installed") as caught:
        extras.need("serial", "serial", "serial")
    assert caught.value.hint == "pip install 'tetherlight[serial]'"
