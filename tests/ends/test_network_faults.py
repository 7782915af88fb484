"""What lamps show when their network is cut, and when somebody else has them: `make test-ends` prints its figures."""

import asyncio
import contextlib
import json
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from support import olad as olads
from support.mosquitto import MOSQUITTO, needs_mosquitto
from support.olad import INSIDE, THEIRS, Olad, needs_olad
from support.patience import stretched
from support.turns import listens, until_found
from tetherlight.lights.drivers.sacn import data_packet
from tetherlight.lights.lights import Lights
from tetherlight.rigfile.rigfile import RigFile

pytestmark = [needs_olad, pytest.mark.asyncio(loop_scope="module")]
PLACES = {"artnet": (f"{THEIRS}/1", Olad.artnet), "sacn": (f"{THEIRS}/4", Olad.sacn)}
OTHER, SACN_PORT = bytes(range(16)), 5568
LISTENER = """
import paho.mqtt.client as mqtt

def heard(client, _, message):
    print(message.payload.decode(), flush=True)

client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
client.on_message = heard
client.on_connect = lambda *_: client.subscribe("lamp", 1)
client.on_subscribe = lambda *_: print("listening", flush=True)
client.connect("127.0.0.1")
client.loop_forever()
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def olad(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Olad]:
    async with Olad(tmp_path_factory.mktemp("olad")) as olad:
        yield olad


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Iterator[list[str]]:
    """Figures for whoever runs this."""
    lines: list[str] = []
    yield lines
    with capsys.disabled():
        print("", *lines, sep="\n")  # noqa: T201 - that is what they are for


@contextlib.asynccontextmanager
async def opened(text: str) -> AsyncIterator[Lights]:
    lights = await Lights.open(RigFile.parse(text, Path("rig.toml")))
    try:
        yield lights
    finally:
        await lights.close()


def rig(driver: str) -> str:
    place, _ = PLACES[driver]
    lamps = "\n".join(f'l{n} = {{ address = "{place}/{n}", allow_hold = true }}' for n in (1, 2))
    return f'driver = "{driver}"\n[lights]\n{lamps}\n'


async def seen_inside(universe: int) -> list[int]:
    """Look as somebody on the other side of a cut."""
    look = (
        f"import urllib.request as u; print(u.urlopen('http://127.0.0.1:19090/get_dmx?u={universe}').read().decode())"
    )
    asked = await asyncio.create_subprocess_exec(*INSIDE, sys.executable, "-c", look, stdout=asyncio.subprocess.PIPE)
    told, _ = await asyncio.wait_for(asked.communicate(), stretched(30))
    return [int(value) for value in json.loads(told)["dmx"]]


@pytest.mark.parametrize("driver", list(PLACES))
@pytest.mark.parametrize("end", ["ours", "theirs"])
async def test_a_network_that_is_cut_leaves_them_on_and_off_reaches_them_when_it_is_whole(
    end: str, driver: str, olad: Olad, told: list[str]
) -> None:
    """Nobody can see such a cut from here: a datagram is gone as soon as there is a route to anywhere."""
    universe = PLACES[driver][1]
    async with opened(rig(driver)) as lights:
        await lights.set({"l1": True})
        await olad.until(universe, [255])
        olads.cut(end)
        try:
            await lights.set({"l1": False})
            assert (await seen_inside(universe))[0] == 255
        finally:
            olads.join()
        begun = time.perf_counter()
        await olad.until(universe, [0])
        told.append(f"{driver}, cut at {end} end: off {time.perf_counter() - begun:.1f} s after it was whole again")


class OtherSender:
    """Somebody else who sends sACN to the same universe."""

    def __init__(self, priority: int) -> None:
        self._priority = priority
        self._sequence = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def send(self, value: int, *, last: bool = False) -> None:
        self._sequence += 1
        frame = bytes([value, value])
        packet = data_packet(
            Olad.sacn, self._sequence, frame, cid=OTHER, source="other", priority=self._priority, last=last
        )
        self._socket.sendto(packet, (THEIRS, SACN_PORT))

    async def keep(self, value: int) -> None:
        while True:
            self.send(value)
            await asyncio.sleep(0.3)

    def close(self) -> None:
        self._socket.close()


@pytest.mark.parametrize("ends", ["says so", "is silent"])
async def test_another_sender_with_a_higher_priority_has_them_until_it_ends(
    ends: str, olad: Olad, told: list[str]
) -> None:
    async with opened(rig("sacn")) as lights:
        await lights.set({"l1": True})
        await olad.until(Olad.sacn, [255, 0])
        other = OtherSender(priority=150)
        task = asyncio.create_task(other.keep(77))
        await olad.until(Olad.sacn, [77, 77])
        await lights.set({"l1": False, "l2": True})
        await asyncio.sleep(2)
        assert (await olad.look(Olad.sacn))[:2] == [77, 77]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        begun = time.perf_counter()
        for _ in range(3 if ends == "says so" else 0):
            other.send(0, last=True)
        await olad.until(Olad.sacn, [0, 255])
        told.append(f"sacn: ours again {time.perf_counter() - begun:.1f} s after another sender of 150 {ends}")
        other.close()


async def test_a_sender_with_a_lower_priority_changes_nothing(olad: Olad) -> None:
    async with opened(rig("sacn")) as lights:
        await lights.set({"l1": True})
        await olad.until(Olad.sacn, [255, 0])
        other = OtherSender(priority=50)
        for _ in range(3):
            other.send(77)
        await lights.set({"l2": True})
        await olad.until(Olad.sacn, [255, 255])
        other.close()


@needs_mosquitto
@pytest.mark.usefixtures("olad")
async def test_a_broker_that_hears_nothing_of_the_server_switches_them_off(tmp_path: Path, told: list[str]) -> None:
    """The broker and the lamp are on the other side of the cut."""
    (tmp_path / "broker.conf").write_text("listener 1883 0.0.0.0\nallow_anonymous true\npersistence false\nuser root\n")
    quiet = asyncio.subprocess.DEVNULL
    broker = await asyncio.create_subprocess_exec(
        *INSIDE, str(MOSQUITTO), "-c", str(tmp_path / "broker.conf"), stdout=quiet, stderr=quiet
    )
    lamp = None
    try:
        await until_found(lambda: listens(1883, THEIRS), 30)
        lamp = await asyncio.create_subprocess_exec(
            *INSIDE, sys.executable, "-c", LISTENER, stdout=asyncio.subprocess.PIPE
        )
        await hears(lamp, "listening")
        text = f'driver = "mqtt"\n[lights]\nl1 = {{ address = "topic:lamp" }}\n[drivers.mqtt]\nhost = "{THEIRS}"\n'
        async with opened(text) as lights:
            await lights.set({"l1": True})
            await hears(lamp, "ON")
            olads.cut("theirs")
            begun = time.perf_counter()
            try:
                await hears(lamp, "OFF")
                told.append(f"mqtt: off {time.perf_counter() - begun:.1f} s after the network was cut")
            finally:
                olads.join()
    finally:
        for process in (lamp, broker):
            if process is not None:
                process.kill()
                await process.communicate()


async def hears(lamp: asyncio.subprocess.Process, word: str) -> None:
    """Wait until the lamp has heard a word."""
    assert lamp.stdout is not None
    async with asyncio.timeout(stretched(60)):
        while (line := (await lamp.stdout.readline()).decode().strip()) != word:
            assert line, "the lamp has ended"
