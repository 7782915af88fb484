"""What the doctor says of lamps that hang on no GPIO chip, and what it keeps to itself."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from support.free_ports import free_port
from support.lamp_devices import device
from support.mosquitto import Mosquitto, needs_mosquitto
from support.patience import stretched
from support.serial_peer import SerialPeer
from tetherlight.doctor import lamp_places
from tetherlight.doctor.gpio import check_gpio
from tetherlight.doctor.lamp_places import check_lamps
from tetherlight.doctor.lamps import lamp_faults
from tetherlight.lights.lights import Lights
from tetherlight.protocol.server import Finding
from tetherlight.rigfile.rigfile import RigFile


def rig(text: str) -> RigFile:
    return RigFile.parse(text, Path("rig.toml"))


@contextlib.contextmanager
def receiving() -> Iterator[int]:
    """Give a port of loopback at which somebody listens, who never answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        yield receiver.getsockname()[1]


def errors(found: list[Finding]) -> list[str]:
    return [one.message for one in found if one.level == "error"]


def test_a_rig_on_a_chip_alone_hears_nothing_of_ports_and_networks() -> None:
    assert list(check_lamps(rig("[lights]\na = { pin = 4 }"))) == []


def test_lamps_on_dmx_are_told_to_stay_on_unless_that_is_allowed() -> None:
    allowed = 'b = { address = "127.0.0.1/1/2", allow_hold = true }'
    text = f'driver = "sacn"\n[lights]\na = {{ address = "127.0.0.1/1/1" }}\n{allowed}'
    with receiving() as port:
        warning, fine = check_lamps(rig(text.replace("127.0.0.1", f"127.0.0.1:{port}")))
    assert (warning.level, warning.message) == (
        "warning",
        "Jobs do not use a: such lamps stay as they are when the server dies.",
    )
    assert (fine.level, fine.message) == ("ok", "The ways to 2 lamps are open.")


@pytest.mark.parametrize(
    ("light", "problem"),
    [
        ('driver = "artnet", address = "10.0.0.7"', "its address is no HOST/UNIVERSE/CHANNEL, such as 10.0.0.7/1/12"),
        ('driver = "artnet", address = "no-such-host.invalid/1/1"', "the name of its host is not known"),
        ('driver = "serial", address = "/dev/no-such-board/1"', "its board is not plugged in"),
        ('driver = "pwm", address = "pwmchip99/0"', "this machine has no such PWM chip"),
        ('driver = "mqtt", address = "plug"', "its address is no KIND:NAME"),
    ],
)
def test_what_is_wrong_with_a_lamp_is_told_with_what_mends_it(light: str, problem: str) -> None:
    found = [one for one in check_lamps(rig(f"[lights]\na = {{ {light} }}")) if one.message.startswith("Light a")]
    assert [one.message for one in found] == [f"Light a: {problem}."]
    assert found[0].remedy
    assert "no-such-host" not in found[0].message
    assert "/dev/" not in found[0].message


async def test_devices_and_brokers_that_do_not_answer_are_told() -> None:
    port = free_port()
    async with device("gen1") as one:
        text = (
            f'driver = "shelly"\n[lights]\na = {{ address = "127.0.0.1:{one.port}/0" }}\n'
            f'b = {{ address = "127.0.0.1:{port}/0" }}\nc = {{ driver = "mqtt", address = "topic:x" }}\n'
            f'[drivers.mqtt]\nhost = "127.0.0.1"\nport = {port}'
        )
        found = await asyncio.to_thread(lambda: list(check_lamps(rig(text))))
    assert errors(found) == [
        "Light b: its device cannot be reached (Connection refused).",
        "The broker of the lamps cannot be reached (Connection refused).",
    ]


def test_a_missing_library_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lamp_places, "find_spec", lambda _: None)
    first = next(check_lamps(rig('[lights]\na = { driver = "serial", address = "/dev/ttyACM0/1" }')))
    assert first.remedy == "pip install 'tetherlight[serial]'"


async def test_a_port_that_another_program_has_is_told_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    peer = SerialPeer()
    monkeypatch.setattr(lamp_places, "holder_of", lambda _: "screen (process 12)")
    text = f'driver = "serial"\n[lights]\na = {{ address = "{peer.port}/1" }}'
    with serial.Serial(peer.port):
        assert errors(list(check_lamps(rig(text)))) == ["Light a: its serial port is held by screen (process 12)."]
        assert errors(list(check_lamps(rig(text), serving=True))) == []
    peer.unplug()


async def test_a_server_tells_the_faults_of_its_lamps_and_boards_without_a_watchdog() -> None:
    peer = SerialPeer(watchdog_ms=0)
    text = f'driver = "serial"\n[lights]\na = {{ address = "{peer.port}/1" }}\nb = {{ address = "nowhere" }}'
    lights = await Lights.open(rig(text))
    fault, warning = lamp_faults(lights)
    assert fault.message.startswith("Light b: In the rig file its address is no PORT/CHANNEL")
    assert warning.message == "Light a: the firmware of its board has no watchdog, so it would stay on."
    await lights.close()
    peer.unplug()


async def test_a_lamp_that_has_reached_a_limit_is_told_as_no_fault() -> None:
    lights = await Lights.open(rig('driver = "simulated"\n[lights]\na = { max_on_s = 0.01 }'))
    tripped = asyncio.Event()
    lights.on_trip(lambda _: tripped.set())
    await lights.set({"a": True})
    async with asyncio.timeout(stretched(30)):
        await tripped.wait()
    (told,) = lamp_faults(lights)
    assert (told.check, told.level) == ("lamp_limits", "info")
    assert told.message == "Light 'a' was switched off. It was on for 0.01 s."
    await lights.close()


def test_lamps_that_hang_on_no_chip_are_not_called_simulated() -> None:
    text = '[lights]\na = { driver = "artnet", address = "127.0.0.1/1/1" }'
    (told,) = check_gpio(rig(text))
    assert (told.level, told.message) == ("info", "No lamp hangs on a GPIO chip.")


def test_a_host_at_which_nobody_receives_is_told_once_for_its_universe() -> None:
    with receiving() as unheard:
        pass
    with receiving() as heard:
        text = "[lights]\n" + "".join(
            f'{name} = {{ driver = "{driver}", address = "127.0.0.1:{port}/1/{slot}", allow_hold = true }}\n'
            for slot, (name, driver, port) in enumerate(
                [("a", "artnet", unheard), ("b", "artnet", unheard), ("c", "sacn", unheard), ("d", "sacn", heard)], 1
            )
        )
        found = list(check_lamps(rig(text)))
    assert [one.message for one in found] == ["Light a and 2 more: at the host of its universe nobody receives."]
    assert "Start the receiver" in str(found[0].remedy)


@needs_mosquitto
async def test_a_broker_that_refuses_the_login_is_told_with_what_mends_it(tmp_path: Path) -> None:
    (tmp_path / "passwords").write_text("somebody:$7$101$AAAA$AAAA\n")
    (tmp_path / "secret").write_text("not-this-one\n")
    async with Mosquitto(tmp_path, "allow_anonymous false", f"password_file {tmp_path}/passwords") as broker:
        text = (
            f'[lights]\na = {{ driver = "mqtt", address = "topic:x" }}\n[drivers.mqtt]\nhost = "127.0.0.1"\n'
            f'port = {broker.port}\nusername = "somebody"\npassword_file = "{tmp_path}/secret"'
        )
        (refused,) = await asyncio.to_thread(lambda: list(check_lamps(rig(text))))
    assert refused.message == "Lamps on MQTT: The broker refuses the username and password of the rig file."
    assert "password_file" in str(refused.remedy)
    assert "not-this-one" not in refused.model_dump_json()


@needs_mosquitto
async def test_a_broker_that_takes_the_login_is_fine(tmp_path: Path) -> None:
    async with Mosquitto(tmp_path) as broker:
        text = (
            '[lights]\na = { driver = "mqtt", address = "topic:x" }\n'
            f'[drivers.mqtt]\nhost = "127.0.0.1"\nport = {broker.port}'
        )
        (fine,) = await asyncio.to_thread(lambda: list(check_lamps(rig(text))))
    assert (fine.level, fine.message) == ("ok", "The ways to 1 lamps are open.")
