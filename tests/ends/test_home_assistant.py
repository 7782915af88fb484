"""The MQTT bridge against a real Home Assistant; `make test-home-assistant` installs that, and runs this."""

import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio

from support.home_assistant import GONE, HomeAssistant, needs_home_assistant
from support.mosquitto import Listener, Mosquitto, needs_mosquitto
from support.rig_world import World, open_world
from tetherlight.bridges.bridges import Bridges
from tetherlight.bridges.identity import Identity
from tetherlight.bridges.mqtt.commands import Reader
from tetherlight.bridges.mqtt.names import Topics, safe
from tetherlight.bridges.mqtt.outbox import Outbox
from tetherlight.bridges.mqtt.states import States
from tetherlight.protocol.events import LIGHTS_CHANGED, CameraInventory
from tetherlight.protocol.lights import LightStates
from tetherlight.protocol.models import CameraState, CameraStatus, ConfigEntry, ConfigType, LightInfo
from tetherlight.publisher import Publication
from tetherlight.rigfile.bridges import MqttTable
from tetherlight.rigfile.rigfile import RigFile

pytestmark = [
    needs_mosquitto, needs_home_assistant, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(900),
]  # fmt: skip

RIG = """
[bridges]
id = "lab"
name = "Lab / left 1"
[bridges.mqtt]
host = "127.0.0.1"
port = {port}
allow_commands = true
[lights]
light_left = {{ pin = 27 }}
light_right = {{ pin = 4 }}
"""
OF_THE_BRIDGE = {"binary_sensor", "button", "camera", "event", "image", "light", "select", "sensor"}


@dataclass
class House:
    """A rig with an open camera, a broker, and Home Assistant that knows the broker."""

    world: World
    broker: Mosquitto
    hass: HomeAssistant
    camera: str
    """What the entities of the camera begin with."""

    @contextlib.asynccontextmanager
    async def bridged(self) -> AsyncIterator[None]:
        """Run the bridge while the context lasts; Home Assistant knows when that begins and that it has ended."""
        rig = self.world.rig
        rig.lights.rig_file = RigFile.parse(RIG.format(port=self.broker.port), rig.lights.rig_file.path)
        async with Bridges.open(rig):
            marker = await self.entity("tetherlight_lab_lights_off")
            await self.hass.until(marker, lambda one: one["state"] != GONE)
            yield
        await self.hass.until(marker, lambda one: one["state"] == GONE)

    async def entity(self, unique: str) -> str:
        """Give the entity of the rig that has this id there, as soon as it is known."""
        await self.hass.until_known(unique)
        return (await self.hass.entities())[unique]


@dataclass
class Other:
    """What the bridge tells of a second rig, which has things that the simulated one has not."""

    states: States
    topics: Topics
    outbox: Outbox
    listener: Listener
    """Hears what the settings of its cameras shall be."""

    async def send(self) -> None:
        """Tell the broker what is due."""

        async def publish(topic: str, payload: bytes | str, retain: bool) -> None:
            text = payload if isinstance(payload, str) else payload.decode()
            await self.listener.send(topic, text, retain=retain)

        await self.outbox.flush(publish)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("house")
    (folder / "rig.toml").write_text(RIG.format(port=1))
    (folder / "hass").mkdir()
    async with (
        Mosquitto(folder) as broker,
        open_world(folder, rig_file=folder / "rig.toml") as world,
        HomeAssistant(folder / "hass") as hass,
    ):
        await hass.use_broker(broker.port)
        await hass.listen()
        camera_id = next(one.camera_id for one in world.rig.cameras.open)
        device = Topics("x").camera(camera_id, "state").split("/")[-2]
        yield House(world, broker, hass, f"tetherlight_lab_{device}")


async def test_home_assistant_makes_every_entity_of_rig_and_camera_by_itself(house: House) -> None:
    async with house.bridged():
        battery = await house.entity(f"{house.camera}_battery")
        await house.entity(f"{house.camera}_config_iso")
        await house.hass.until(battery, lambda one: one["state"] == "100")
        connection = await house.entity(f"{house.camera}_connection")
        await house.hass.until(connection, lambda one: one["state"] == "on")
        names = (await house.hass.entities()).values()
        assert {name.partition(".")[0] for name in names} == OF_THE_BRIDGE
        assert len([name for name in names if name.startswith("light.")]) == 2


async def test_a_light_is_switched_from_there_and_its_state_comes_back(house: House) -> None:
    async with house.bridged():
        light = await house.entity("tetherlight_lab_light_light_left")
        await house.hass.until(light, lambda one: one["state"] == "off")
        began = time.perf_counter()
        await house.hass.do("light.turn_on", light)
        await house.hass.until(light, lambda one: one["state"] == "on")
        took = 1e3 * (time.perf_counter() - began)
        print(f"\nlight.turn_on to the new state: {took:.0f} ms")  # noqa: T201 - a figure for whoever runs it
        assert house.world.rig.lights.states["light_left"] is True
        await house.hass.do("button.press", await house.entity("tetherlight_lab_lights_off"))
        await house.hass.until(light, lambda one: one["state"] == "off")


async def test_a_picture_is_taken_and_shown_and_a_setting_chosen(house: House) -> None:
    async with house.bridged():
        iso = await house.entity(f"{house.camera}_config_iso")
        await house.hass.until(iso, lambda one: one["state"] != GONE)
        await house.hass.do("select.select_option", iso, option="400")
        await house.hass.until(iso, lambda one: one["state"] == "400")
        event, image = await house.entity(f"{house.camera}_event"), await house.entity(f"{house.camera}_image")
        before = house.hass.states[image]["state"]
        await house.hass.do("button.press", await house.entity(f"{house.camera}_capture"))
        await house.hass.until(event, lambda one: one["attributes"].get("event_type") == "image_captured")
        await house.hass.until(image, lambda one: one["state"] not in {before, GONE})
        picture = await house.hass.picture(await house.entity(f"{house.camera}_camera"))
        assert picture.startswith(b"\xff\xd8")


async def test_a_set_is_captured_from_there(house: House) -> None:
    async with house.bridged():
        job = await house.entity("tetherlight_lab_job")
        await house.hass.do("button.press", await house.entity("tetherlight_lab_capture_set"))
        await house.hass.until(job, lambda one: one["state"] == "completed")
        progress = await house.entity("tetherlight_lab_progress")
        await house.hass.until(progress, lambda one: one["state"] == "100")


async def test_what_is_gone_is_unavailable(house: House) -> None:
    async with house.bridged():
        battery = await house.entity(f"{house.camera}_battery")
        await house.hass.until(battery, lambda one: one["state"] == "100")
    await house.hass.until(battery, lambda one: one["state"] == GONE)


async def test_home_assistant_that_starts_anew_knows_everything_again(house: House, tmp_path: Path) -> None:
    async with HomeAssistant(tmp_path) as hass:
        await hass.use_broker(house.broker.port)
        await hass.listen()
        async with replace(house, hass=hass).bridged():
            light = (await hass.entities())["tetherlight_lab_light_light_left"]
            await hass.do("light.turn_on", light)
            await hass.until(light, lambda one: one["state"] == "on")
            await hass.stop()
            await hass.start()
            await hass.listen()
            await hass.until(light, lambda one: one["state"] == "on")
            await house.world.rig.lights.all_off()
            await hass.until(light, lambda one: one["state"] == "off")


@pytest_asyncio.fixture(loop_scope="module")
async def other(house: House) -> AsyncIterator[Other]:
    outbox, topics = Outbox(), Topics("tetherlight/other")
    table = MqttTable(allow_commands=True, settings=("zoom", "beep"))
    states = States(outbox, topics, table, Identity("other", "Other"))
    async with house.broker.listening(f"{topics.base}/+/+/config/+/set") as listener:
        await listener.send(topics.availability, "online", retain=True)
        yield Other(states, topics, outbox, listener)


async def test_a_light_that_was_removed_is_no_entity_any_more(house: House, other: Other) -> None:
    def lights(*names: str) -> LightStates:
        return LightStates(
            states=dict.fromkeys(names, False), gpio_available=True, driver="fake",
            lights=[LightInfo(name=name, state=False) for name in names],
        )  # fmt: skip

    other.states.begin({"lights": lights("left", "größe.1")})
    await other.send()
    light = await house.entity(f"tetherlight_other_light_{safe('größe.1')}")
    await house.hass.until(light, lambda one: one["state"] == "off")
    gone = lights("left")
    other.states.hear(Publication(LIGHTS_CHANGED, gone, topic="lights", seq=1, requester=None, error=None))
    await other.send()
    await house.hass.until_gone(light)


async def test_settings_that_are_numbers_and_switches_go_both_ways(house: House, other: Other) -> None:
    """Of a camera that has such; the simulated one has none."""
    zoom = ConfigEntry(
        name="zoom", label="Zoom", value=2.0, type=ConfigType.RANGE, readonly=False, path="/main/zoom", min=0.0,
        max=10.0, step=0.5,
    )  # fmt: skip
    beep = ConfigEntry(name="beep", label="Beep", value=True, type=ConfigType.TOGGLE, readonly=False, path="/main/beep")
    camera = CameraStatus(model="Other", port="usb:1,2", camera_id="cam-2", open=True, state=CameraState.READY)
    other.states.begin({"camera": CameraInventory(cameras=[], open=[camera])})
    other.states.settings_read("cam-2", [zoom, beep])
    await other.send()
    number = await house.entity("tetherlight_other_cam-2_config_zoom")
    switch = await house.entity("tetherlight_other_cam-2_config_beep")
    await house.hass.until(number, lambda one: one["state"] == "2.0")
    await house.hass.until(switch, lambda one: one["state"] == "on")
    await house.hass.do("number.set_value", number, value=3.5)
    await house.hass.do("switch.turn_off", switch)
    reader = Reader(other.topics, other.states)
    for key, value in (("zoom", 3.5), ("beep", False)):
        topic = other.topics.setting("cam-2", key)
        command = reader.read(topic, await other.listener.until(topic))
        assert command.payload == {"camera_id": "cam-2", "config_name": key, "value": value}
