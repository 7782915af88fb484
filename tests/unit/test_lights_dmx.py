"""Lamps on Art-Net and sACN: the bytes on the wire, darkness that arrives, and networks that do not."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from support.dmx_receiver import DmxReceiver, dmx_receiver
from tetherlight.errors import InvalidSetting, LampFailed
from tetherlight.lights.dmx import DARK_TIMES, DmxLamps, Slot
from tetherlight.lights.drivers.artnet import art_dmx
from tetherlight.lights.drivers.sacn import data_packet, group_of
from tetherlight.lights.lights import Lights
from tetherlight.rigfile.rigfile import RigFile

Open = Callable[..., Awaitable[Lights]]
both = pytest.mark.parametrize("driver", ["artnet", "sacn"])


@pytest.fixture
async def receiver() -> AsyncIterator[DmxReceiver]:
    async with dmx_receiver() as receiver:
        yield receiver


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Open]:
    found: list[Lights] = []

    async def open_lights(text: str) -> Lights:
        found.append(await Lights.open(RigFile.parse(text, tmp_path / "rig.toml")))
        return found[0]

    yield open_lights
    for lights in found:
        await lights.close()


def rig(driver: str, port: int, more: str = "") -> str:
    place = f"127.0.0.1:{port}"
    return (
        f'driver = "{driver}"\n[lights]\n'
        f'a = {{ address = "{place}/1/1" }}\n'
        f'b = {{ address = "{place}/1/4", gamma = 2.0 }}\n'
        f'c = {{ address = "{place}/258/2-3" }}\n{more}'
    )


def test_an_artnet_packet_is_what_the_standard_says() -> None:
    assert art_dmx(0x0102, 7, b"\x01\x02\xff\x00") == bytes.fromhex(
        "4172742d4e657400"  # Art-Net
        "0050"  # OpDmx, low byte first
        "000e"  # protocol 14, high byte first
        "07"  # sequence
        "00"  # physical port
        "0201"  # port-address 0x0102, low byte first
        "0004"  # length, high byte first
        "0102ff00"
    )


def test_an_sacn_packet_is_what_the_standard_says() -> None:
    cid = bytes(range(16))
    packet = data_packet(258, 9, b"\x01\x02\xff", cid=cid, source="Rig", priority=120)
    assert packet == bytes.fromhex(
        "00100000" "4153432d45312e3137000000"  # preamble, postamble, ACN identifier
        "7071" "00000004" "000102030405060708090a0b0c0d0e0f"  # root layer: 113 bytes from here, data, CID
        "705b" "00000002"  # framing layer: 91 bytes from here, data
        + b"Rig".ljust(64, b"\0").hex()
        + "78" "0000" "09" "00" "0102"  # priority, no synchronisation, sequence, options, universe
        "700e" "02" "a1" "0000" "0001" "0004" "00"  # DMP: 14 bytes from here, set property, addresses, 4 values, code
        "0102ff"
    )  # fmt: skip
    assert len(packet) == 129
    assert data_packet(1, 1, b"", cid=cid, source="é" * 60, priority=100, last=True)[112] == 0x40
    assert group_of(258) == "239.255.1.2"


@both
async def test_a_change_is_sent_at_once_with_one_datagram_for_a_universe(
    driver: str, opened: Open, receiver: DmxReceiver
) -> None:
    slow = 4 if driver == "artnet" else 2
    lights = await opened(rig(driver, receiver.port, f"[drivers.{driver}]\nrefresh_s = {slow}"))
    await receiver.until(lambda: len(receiver.packets) == 2 * DARK_TIMES)
    assert {bytes(look) for look in receiver.looks.values()} == {bytes(4)}
    before = len(receiver.packets)
    await lights.set({"a": 1.0, "b": 0.25, "c": 0.5})
    await receiver.until(lambda: bool(receiver.looks[258][1]) and bool(receiver.looks[1][0]))
    assert receiver.looks == {1: bytes([255, 0, 0, 128]), 258: bytes([0, 128, 0, 0])}
    # Half of 65535 is 32768: the finer channel has the rest.
    assert len(receiver.packets) - before == 2
    await lights.only("c")
    await receiver.until(lambda: receiver.looks == {1: bytes(4), 258: bytes([0, 255, 255, 0])})
    assert (lights.gpio_available, lights.light("a").dims) == (True, True)


@both
async def test_frames_are_sent_again_while_nothing_changes(driver: str, opened: Open, receiver: DmxReceiver) -> None:
    lights = await opened(rig(driver, receiver.port, f"[drivers.{driver}]\nrefresh_s = 0.03"))
    await lights.set({"a": True})
    await receiver.until(lambda: receiver.looks.get(1, b"\0")[0] == 255)
    count = len(receiver.packets)
    await receiver.until(lambda: len(receiver.packets) > count + 4)
    numbers = [packet[12 if driver == "artnet" else 111] for packet in receiver.packets[-4:]]
    assert len(set(numbers)) > 1


@both
async def test_all_goes_dark_several_times_at_the_end(driver: str, opened: Open, receiver: DmxReceiver) -> None:
    lights = await opened(rig(driver, receiver.port))
    await lights.set({"a": True, "c": True})
    await lights.close()
    await receiver.until(lambda: receiver.looks == {1: bytes(4), 258: bytes(4)})
    assert not any(lights.states.values())
    if driver == "sacn":
        await receiver.until(lambda: receiver.ended == {1, 258})


async def test_a_hundred_lamps_of_a_universe_are_one_datagram(opened: Open, receiver: DmxReceiver) -> None:
    text = "\n".join(f'l{n} = {{ address = "127.0.0.1:{receiver.port}/0/{n}" }}' for n in range(1, 101))
    lights = await opened(f'driver = "artnet"\n[lights]\n{text}')
    await receiver.until(lambda: 0 in receiver.looks)
    await lights.set(dict.fromkeys(lights.names, 1.0))
    await receiver.until(lambda: receiver.looks[0] == b"\xff" * 100)


async def test_a_network_that_is_lost_is_the_fault_of_its_lamps_and_lights_none_when_it_is_back(
    opened: Open, receiver: DmxReceiver
) -> None:
    lights = await opened(rig("artnet", receiver.port, "[drivers.artnet]\nrefresh_s = 0.03"))
    driver = lights._rack._driver
    assert isinstance(driver, DmxLamps)
    changes: asyncio.Queue[str | None] = asyncio.Queue()
    lights.listen(lambda: changes.put_nowait(lights.light("a").fault))
    places = {key: universe.place for key, universe in driver._universes.items()}
    for universe in driver._universes.values():
        universe.place = ("224.0.0.1", 0)  # nothing can be sent to port 0
    with pytest.raises(
        LampFailed, match=r"Failed to switch light 'a'. Its network cannot be reached: Invalid argument"
    ):
        await lights.set({"a": True})
    assert "127.0.0.1" not in (lights.light("a").fault or "")
    count = len(receiver.packets)
    for key, place in places.items():
        driver._universes[key].place = place
    await receiver.until(lambda: len(receiver.packets) > count + 2)
    assert receiver.looks[1] == bytes(4)
    while await changes.get() is not None:
        await lights.set({"b": False})
        await lights.set({"a": False})
    await lights.set({"a": True})
    await receiver.until(lambda: receiver.looks[1][0] == 255)


async def test_a_host_without_an_address_is_told_and_stops_nobody(opened: Open, receiver: DmxReceiver) -> None:
    text = rig("artnet", receiver.port, 'd = { address = "no-such-host.invalid/0/1" }')
    lights = await opened(text)
    assert lights.light("d").fault == "The name of its host in the rig file is not known."
    await lights.set({"a": True})
    with pytest.raises(LampFailed, match="Failed to switch light 'd'"):
        await lights.set({"d": True})


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        (None, "no HOST/UNIVERSE/CHANNEL"),
        ("10.0.0.7", "no HOST/UNIVERSE/CHANNEL"),
        ("10.0.0.7/1/x", "no HOST/UNIVERSE/CHANNEL"),
        ("10.0.0.7/32768/1", "universe is not from 0 to 32767"),
        ("10.0.0.7/1/0", "channel is not from 1 to 512"),
        ("10.0.0.7/1/513", "channel is not from 1 to 512"),
        ("10.0.0.7/1/4-4", "channel is not from 1 to 512"),
    ],
)
def test_an_address_that_is_none_is_told(address: str | None, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Slot.of(address, 6454, range(32768))


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ('d = { address = "127.0.0.1/0/1" }\ne = { address = "127.0.0.1/0/1" }', "'d' and 'e' have the same address"),
        (
            'd = { address = "127.0.0.1/0/1" }\ne = { driver = "sacn", address = "127.0.0.1/0/1" }',
            "'d' and 'e' have the same address",
        ),
        ("[drivers.sacn]\npriority = 201", "drivers.sacn.priority"),
        ("[drivers.sacn]\nspeed = 1", "drivers.sacn.speed: there is no such key"),
        ('[drivers.sacn]\ninterface = "nowhere"', "the interface of drivers.sacn cannot be used"),
    ],
)
async def test_a_wrong_rig_file_stops_the_start(opened: Open, more: str, problem: str) -> None:
    with pytest.raises(InvalidSetting, match=problem):
        await opened(rig("sacn", 1, more))


async def test_a_channel_that_two_lamps_have_is_told_and_the_first_goes_on(opened: Open, receiver: DmxReceiver) -> None:
    """Written in two ways it is the same channel."""
    place = f"127.0.0.1:{receiver.port}/1"
    lights = await opened(
        'driver = "sacn"\n[lights]\n'
        f'a = {{ address = "{place}/1-2" }}\nb = {{ address = "{place}/2" }}\nc = {{ address = "{place}/03" }}\n'
    )
    assert [lights.light(name).fault is None for name in "abc"] == [True, False, True]
    with pytest.raises(LampFailed, match=r"light 'b'. In the rig file light 'a' has its channel, too"):
        await lights.set({"b": True})
    await lights.set({"a": True, "c": True})
    await receiver.until(lambda: receiver.looks[1][:3] == b"\xff\xff\xff")
