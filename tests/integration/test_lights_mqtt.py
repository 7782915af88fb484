"""Lamps on MQTT against a real broker, which switches them off when the server dies."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.mosquitto import Mosquitto, needs_mosquitto
from support.patience import stretched
from tetherlight.errors import LampFailed
from tetherlight.lights.drivers import mqtt
from tetherlight.lights.lights import Lights
from tetherlight.rigfile.rigfile import RigFile

pytestmark = needs_mosquitto

RIG = """
driver = "mqtt"
[lights]
plug = {{ address = "tasmota:plug" }}
bulb = {{ address = "json:home/bulb" }}
[drivers.mqtt]
host = "127.0.0.1"
port = {port}
"""


class Plug:
    """A plug with Tasmota's words."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.mute = False

    async def run(self, broker: Mosquitto, ready: asyncio.Event) -> None:
        async with broker.listening("cmnd/plug/POWER") as listener:
            ready.set()
            async for message in listener._client.messages:
                self.commands.append(bytes(message.payload or b"").decode())
                if not self.mute:
                    await listener.send("stat/plug/POWER", self.commands[-1])


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    async with Mosquitto(tmp_path) as broker:
        yield broker


@pytest.fixture
async def plug(broker: Mosquitto) -> AsyncIterator[Plug]:
    plug, ready = Plug(), asyncio.Event()
    task = asyncio.create_task(plug.run(broker, ready))
    async with asyncio.timeout(stretched(30)):
        await ready.wait()
    yield plug
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@contextlib.asynccontextmanager
async def opened(broker: Mosquitto, folder: Path) -> AsyncIterator[Lights]:
    lights = await Lights.open(RigFile.parse(RIG.format(port=broker.port), folder / "rig.toml"))
    try:
        yield lights
    finally:
        await lights.close()


async def heard(lights: Lights, name: str, *, on: bool, fault: bool = False) -> None:
    news = asyncio.Event()
    lights.listen(news.set)
    async with asyncio.timeout(stretched(30)):
        while lights.states[name] is not on or (lights.light(name).fault is not None) is not fault:
            news.clear()
            await news.wait()


async def test_lamps_follow_and_answer(broker: Mosquitto, plug: Plug, tmp_path: Path) -> None:
    async with broker.listening("home/bulb") as bulb, opened(broker, tmp_path) as lights:
        assert [lights.light(name).fault for name in lights.names] == [None, None]
        assert [lights.light(name).dims for name in lights.names] == [False, True]
        await lights.set({"plug": True, "bulb": 0.5})
        assert plug.commands == ["OFF", "ON"]
        await bulb.until("home/bulb", lambda said: said == b'{"state": "ON", "brightness": 127}')
        await bulb.send("stat/plug/POWER", "OFF")  # somebody pressed its button
        await heard(lights, "plug", on=False)
        await lights.all_off()
        await bulb.until("home/bulb", lambda said: said == b'{"state": "OFF"}')


async def test_the_broker_switches_lamps_off_when_the_server_dies(broker: Mosquitto, tmp_path: Path) -> None:
    async with broker.listening("home/bulb") as bulb, opened(broker, tmp_path) as lights:
        await lights.set({"bulb": True})
        await bulb.until("home/bulb", lambda said: b"ON" in said)
        bulb.forget()
        lamp = lights._rack._driver._lamps["bulb"]  # type: ignore[attr-defined]
        lamp._client._client.socket().close()  # as the kernel does it for a process that was killed
        await bulb.until("home/bulb", lambda said: b"OFF" in said)


async def test_a_lamp_that_is_mute_or_a_broker_that_is_gone_is_told(
    broker: Mosquitto, plug: Plug, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt, "ANSWER_S", 0.3)
    monkeypatch.setattr(mqtt, "SEEK_S", 0.05)
    async with opened(broker, tmp_path) as lights:
        plug.mute = True
        with pytest.raises(LampFailed, match=rf"light 'plug'. {mqtt.MUTE}"):
            await lights.set({"plug": True})
        await broker.stop()
        with pytest.raises(LampFailed, match="light 'bulb'"):
            await lights.set({"bulb": True})
        await broker.start()
        await heard(lights, "bulb", on=False)


async def test_a_lamp_that_comes_back_to_the_broker_later_than_the_server_is_off_too(
    broker: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker that was killed switches nothing off; and what is said before the lamp is there is lost."""
    monkeypatch.setattr(mqtt, "SEEK_S", 0.05)
    monkeypatch.setattr(mqtt, "AGAIN_S", [0.05] * 1000)
    async with opened(broker, tmp_path) as lights:
        await lights.set({"bulb": True})
        await broker.stop()
        await heard(lights, "bulb", on=False, fault=True)
        await broker.start()
        await heard(lights, "bulb", on=False)
        async with broker.listening("home/bulb") as bulb:
            await bulb.until("home/bulb", lambda said: b"OFF" in said)
            # From the moment on that it is switched, it is left alone.
            await lights.set({"bulb": True})
            await bulb.until("home/bulb", lambda said: b"ON" in said)
        assert lights.states["bulb"]
