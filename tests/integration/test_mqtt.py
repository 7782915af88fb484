"""The MQTT bridge against a real broker: what it tells, what it does, and what happens when the broker does not."""

import asyncio
import contextlib
import json
import logging
import signal
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from support.mosquitto import Mosquitto, needs_mosquitto
from support.patience import stretched
from support.rig_world import World, open_world
from support.server_process import ServerProcess
from support.tls_certificate import CERTIFICATE, ELSEWHERE, EXPIRED, KEY, NOT_YET
from tetherlight.bridges.bridges import Bridges
from tetherlight.bridges.mqtt import bridge as module
from tetherlight.rigfile.rigfile import RigFile

pytestmark = [pytest.mark.asyncio(loop_scope="module"), needs_mosquitto]

RIG = """
[bridges]
id = "lab"
name = "Lab / left 1"
[bridges.mqtt]
host = "127.0.0.1"
port = {port}
{more}
[lights]
light_left = {{ pin = 27 }}
"größe.1" = {{ pin = 4 }}
"""
BASE = "tetherlight/lab"
WAIT_S = 60.0


@dataclass
class Prepared:
    """A rig with an open camera, and a broker."""

    world: World
    broker: Mosquitto
    camera_id: str

    @contextlib.asynccontextmanager
    async def bridged(self, more: str = "allow_commands = true", port: int | None = None) -> AsyncIterator[Bridges]:
        """Run the bridge while the context lasts."""
        rig = self.world.rig
        text = RIG.format(port=port or self.broker.port, more=more)
        rig.lights.rig_file = RigFile.parse(text, rig.lights.rig_file.path)
        async with Bridges.open(rig) as bridges:
            yield bridges


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prepared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Prepared]:
    folder = tmp_path_factory.mktemp("mqtt")
    (folder / "rig.toml").write_text(RIG.format(port=1, more=""))
    async with Mosquitto(folder) as broker, open_world(folder, rig_file=folder / "rig.toml") as world:
        yield Prepared(world, broker, next(one.camera_id for one in world.rig.cameras.open))


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the bridge try again soon."""
    monkeypatch.setattr(module, "FIRST_DELAY_S", 0.05)
    monkeypatch.setattr(module, "LONGEST_DELAY_S", 0.1)


async def until(bridges: Bridges, level: str) -> str:
    """Wait until the bridge stands so, and give what it says."""
    status = bridges.statuses["mqtt"]
    async with asyncio.timeout(stretched(WAIT_S)):
        while status.level != level:
            status.changed.clear()
            await status.changed.wait()
    return f"{status.message} {status.remedy}"


async def test_the_rig_its_camera_and_its_lights_are_told_and_stay_told(prepared: Prepared) -> None:
    camera = f"{BASE}/cameras/{prepared.camera_id}"
    async with prepared.bridged(), prepared.broker.listening(f"{BASE}/#", "homeassistant/#") as listener:
        # What the broker has kept of an earlier run may come first.
        await listener.until(f"{BASE}/availability", lambda said: said == b"online")
        await listener.until(f"{camera}/availability", lambda said: said == b"online")
        assert json.loads(await listener.until(f"{camera}/state"))["battery_percent"] == 100
        assert json.loads(await listener.until(f"{camera}/config", lambda said: b"iso" in said))["iso"]
        assert json.loads(await listener.until(f"{BASE}/lights/light_left"))["state"] == "OFF"
        rig = json.loads(await listener.until("homeassistant/device/tetherlight_lab/config"))
        assert rig["device"]["name"] == "Lab / left 1"
        assert len([one for one in rig["components"].values() if one["platform"] == "light"]) == 2
    async with prepared.broker.listening(f"{BASE}/#") as listener:
        assert await listener.until(f"{BASE}/availability") == b"offline"
        assert await listener.until(f"{camera}/availability") == b"offline"


async def test_a_command_does_what_it_says_and_the_state_and_the_picture_follow(prepared: Prepared) -> None:
    camera = f"{BASE}/cameras/{prepared.camera_id}"
    async with prepared.bridged() as bridges, prepared.broker.listening(f"{BASE}/#") as listener:
        await until(bridges, "ok")
        await listener.until(f"{camera}/config", lambda said: b"iso" in said)
        await listener.send(f"{BASE}/lights/light_left/set", "ON")
        await listener.until(f"{BASE}/lights/light_left", lambda said: b"ON" in said)
        await listener.send(f"{camera}/config/iso/set", "400")
        await listener.until(f"{camera}/config", lambda said: b'"iso":"400"' in said)
        await listener.send(f"{BASE}/lights/off")
        await listener.until(f"{BASE}/lights/light_left", lambda said: b"OFF" in said)
        await listener.send(f"{camera}/capture")
        picture = await listener.until(f"{camera}/picture")
        assert picture.startswith(b"\xff\xd8")
        await listener.send(f"{BASE}/sets/capture", '{"light_sequence":["light_left"]}')
        done = await listener.until(f"{BASE}/event", lambda said: b"job_completed" in said)
        assert json.loads(done)["set_name"]
        results = [json.loads(said) for topic, said in listener.heard if topic == f"{BASE}/result"]
        assert all(one["ok"] for one in results), results


async def test_a_retained_command_does_nothing_and_says_so(prepared: Prepared) -> None:
    topic = f"{BASE}/lights/light_left/set"
    async with prepared.broker.listening(f"{BASE}/result") as listener:
        await listener.send(topic, "ON", retain=True)
        async with prepared.bridged():
            result = json.loads(await listener.until(f"{BASE}/result"))
        await listener.send(topic, "", retain=True)
    assert (result["command"], result["ok"], result["error_code"]) == (topic, False, "invalid_payload")
    assert prepared.world.rig.lights.states["light_left"] is False


async def test_without_leave_no_command_is_heard(prepared: Prepared) -> None:
    async with prepared.bridged(more=""), prepared.broker.listening(f"{BASE}/#", "homeassistant/#") as listener:
        await listener.until(f"{BASE}/availability", lambda said: said == b"online")
        await listener.send(f"{BASE}/lights/light_left/set", "ON")
        # Home Assistant's birth comes after it on the same connection: what it leads to shows that nothing came before.
        message = "homeassistant/device/tetherlight_lab/config"
        await listener.until(message)
        listener.forget()
        await listener.send("homeassistant/status", "online")
        assert b"command_topic" not in await listener.until(message)
        assert prepared.world.rig.lights.states["light_left"] is False
        assert not any(topic == f"{BASE}/result" for topic, _ in listener.heard)


async def test_a_storm_of_commands_leaves_the_rig_as_the_last_one_says(prepared: Prepared) -> None:
    topic = f"{BASE}/lights/light_left/set"
    async with prepared.bridged() as bridges, prepared.broker.listening(f"{BASE}/#") as listener:
        await until(bridges, "ok")
        for number in range(300):
            await listener.send(topic, "OFF" if number % 2 else "ON")
        await listener.send(topic, '{"state":"ON"}')
        await listener.send(f"{BASE}/jobs/nothing", "the end")
        await listener.until(f"{BASE}/result", lambda said: b"jobs/nothing" in said)
        await listener.until(f"{BASE}/lights/light_left", lambda said: b"ON" in said)
        await prepared.world.rig.lights.all_off()


@pytest.mark.usefixtures("soon")
async def test_captures_go_on_without_the_broker_which_hears_all_when_it_is_back(
    prepared: Prepared, tmp_path: Path
) -> None:
    rig = prepared.world.rig
    async with Mosquitto(tmp_path) as broker, prepared.bridged(port=broker.port) as bridges:
        await until(bridges, "ok")
        await broker.stop()
        said = await until(bridges, "error")
        assert said.startswith(("The connection to the broker was lost", "The broker cannot be reached"))
        assert "127.0.0.1" not in said
        taken = await rig.captures.capture(await rig.cameras.find(), download=True)
        assert taken.files
        await broker.start()
        async with broker.listening(f"{BASE}/#") as listener:
            assert await listener.until(f"{BASE}/availability") == b"online"
            await listener.until(f"{BASE}/cameras/{prepared.camera_id}/picture")


@pytest.mark.usefixtures("soon")
async def test_wrong_credentials_are_a_sentence_and_stay_out_of_the_log(
    prepared: Prepared, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    passwords = tmp_path / "passwords"
    make = ["mosquitto_passwd", "-b", "-c", str(passwords), "rig", "right-password"]
    await asyncio.to_thread(subprocess.run, make, check=True, capture_output=True)
    (tmp_path / "password").write_text("very-wrong-password\n")
    keys = f'username = "rig"\npassword_file = "{tmp_path / "password"}"'
    async with Mosquitto(tmp_path, f"password_file {passwords}") as broker:
        with caplog.at_level(logging.DEBUG):
            async with prepared.bridged(keys, broker.port) as bridges:
                said = await until(bridges, "error")
                assert said.startswith("The broker refuses this username and password. Compare username and password")
                # The file is read anew each time.
                (tmp_path / "password").write_text("right-password\n")
                await until(bridges, "ok")
    assert "very-wrong-password" not in caplog.text
    assert "right-password" not in caplog.text


@pytest.mark.usefixtures("soon")
async def test_a_broker_with_tls_is_trusted_by_its_certificate_alone(prepared: Prepared, tmp_path: Path) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    certificate.write_text(CERTIFICATE)
    key.write_text(KEY)
    async with Mosquitto(tmp_path, f"certfile {certificate}", f"keyfile {key}") as broker:
        async with prepared.bridged("tls = true", broker.port) as bridges:
            assert (await until(bridges, "error")).startswith("The broker's certificate is not trusted: ")
        async with prepared.bridged(f'tls = true\ntls_ca = "{certificate}"', broker.port) as bridges:
            await until(bridges, "ok")


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize(
    ("presented", "words"),
    [
        (EXPIRED, "certificate has expired"),
        (NOT_YET, "certificate is not yet valid"),
        (ELSEWHERE, "it was made out for another name"),
    ],
)
async def test_a_certificate_that_does_not_hold_is_told_and_one_that_does_mends_it(
    prepared: Prepared, tmp_path: Path, presented: str, words: str
) -> None:
    """All are trusted by themselves; meanwhile captures go on."""
    rig = prepared.world.rig
    certificate, key, trusted = tmp_path / "certificate.pem", tmp_path / "key.pem", tmp_path / "trusted.pem"
    certificate.write_text(presented)
    key.write_text(KEY)
    trusted.write_text(presented + CERTIFICATE)
    async with (
        Mosquitto(tmp_path, f"certfile {certificate}", f"keyfile {key}") as broker,
        prepared.bridged(f'tls = true\ntls_ca = "{trusted}"', broker.port) as bridges,
    ):
        said = await until(bridges, "error")
        assert said.startswith(f"The broker's certificate is not trusted: {words}. Compare tls_ca in the rig file with")
        assert "127.0.0.1" not in said
        assert (await rig.captures.capture(await rig.cameras.find(), download=True)).files
        await broker.stop()
        certificate.write_text(CERTIFICATE)
        await broker.start()
        await until(bridges, "ok")


async def test_a_light_whose_name_topics_do_not_take_is_switched_by_the_topic_that_is_told(prepared: Prepared) -> None:
    name = "größe.1"
    async with prepared.bridged() as bridges, prepared.broker.listening("homeassistant/#", f"{BASE}/#") as listener:
        await until(bridges, "ok")
        said = await listener.until("homeassistant/device/tetherlight_lab/config", lambda one: b"command_topic" in one)
        light = next(part for part in json.loads(said)["components"].values() if part.get("name") == name)
        assert light["command_topic"].isascii()
        await listener.send(light["command_topic"], "ON")
        await listener.until(light["state_topic"], lambda one: b"ON" in one)
        assert prepared.world.rig.lights.states[name] is True
        listener.forget()
        await prepared.world.rig.lights.all_off()
        await listener.until(light["state_topic"], lambda one: b"OFF" in one)


async def test_the_last_will_of_a_server_that_is_killed_is_told(tmp_path: Path, prepared: Prepared) -> None:
    (tmp_path / "rig.toml").write_text(RIG.format(port=prepared.broker.port, more="").replace('"lab"', '"killed"'))
    server = ServerProcess(tmp_path)
    async with prepared.broker.listening("tetherlight/killed/availability") as listener:
        await server.start()
        await listener.until("tetherlight/killed/availability", lambda said: said == b"online")
        await server.stop(signal.SIGKILL)
        await listener.until("tetherlight/killed/availability", lambda said: said == b"offline")
