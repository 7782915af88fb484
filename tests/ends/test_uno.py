"""The sketch of deploy/arduino on an AVR, in QEMU; `make test-ends` runs this and prints its figures."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from support.arduino_uno import ArduinoUno, build, needs_uno
from support.patience import stretched
from support.rig_world import World, world_settings
from support.server_process import ServerProcess
from support.simulator_process import SimulatorProcess
from support.watchers import watchers
from tetherlight.errors import LampFailed, SequenceFailed
from tetherlight.lights import board as boards
from tetherlight.lights.lights import Lights
from tetherlight.rig.rig import Rig
from tetherlight.rigfile.rigfile import RigFile

pytestmark = needs_uno
DARK = dict.fromkeys((3, 5, 6, 9, 10, 11), 0)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("uno"))


@pytest.fixture
async def uno(program: Path, tmp_path: Path) -> AsyncIterator[ArduinoUno]:
    async with ArduinoUno(program, tmp_path) as uno:
        yield uno


def rig(uno: ArduinoUno) -> str:
    lamps = "\n".join(f'l{n} = {{ address = "{uno.port}/{n}" }}' for n in range(1, 8))
    return f'driver = "serial"\n[lights]\n{lamps}'


async def until_mended(lights: Lights) -> None:
    """Wait until its board is there again."""
    news = asyncio.Event()
    lights.listen(news.set)
    async with asyncio.timeout(stretched(30)):
        while lights.light("l1").fault is not None:
            news.clear()
            await news.wait()


async def test_its_pins_follow_and_go_dark_when_the_server_and_its_watcher_are_killed(
    uno: ArduinoUno, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rig.toml").write_text(rig(uno))
    async with ServerProcess(tmp_path) as server, server.client() as client:
        await client.do("SET_LIGHT_STATES", {"states": {"l1": True, "l2": True}})
        await client.do("SET_LIGHT_STATE", {"light_name": "l2", "state": True, "level": 0.5})
        await uno.until(DARK | {3: 255, 5: 128})
        refused = await client.request("SET_LIGHT_STATE", {"light_name": "l7", "state": True})
        assert "Its board has 6 channels" in refused["error"]
        begun = time.perf_counter()
        for process in (*watchers(server.pid), server.pid):
            os.kill(process, signal.SIGKILL)
        await uno.until(DARK)
        took = time.perf_counter() - begun
    with capsys.disabled():
        print(f"\nserial: dark {took:.1f} s after kill -9 of all, by the board")  # noqa: T201 - for whoever runs it


async def test_its_cable_is_pulled_out_and_plugged_in_again(
    uno: ArduinoUno, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boards, "SEEK_S", 0.05)
    lights = await Lights.open(RigFile.parse(rig(uno), tmp_path / "rig.toml"))
    times = []
    for number in range(20):
        begun = time.perf_counter()
        await lights.set(dict.fromkeys([f"l{n}" for n in range(1, 7)], number % 2 == 0))
        times.append(1000 * (time.perf_counter() - begun))
    await lights.set({"l6": 0.25})
    await uno.until(DARK | {11: 64})
    begun = time.perf_counter()
    uno.pull()
    with pytest.raises(LampFailed, match=r"light 'l6'. Its board is"):
        await lights.set({"l6": True})
    await uno.until(DARK)
    took = time.perf_counter() - begun
    uno.plug()
    await until_mended(lights)
    await lights.set({"l6": True})
    await uno.until(DARK | {11: 64})
    await lights.close()
    await uno.until(DARK)
    with capsys.disabled():
        print(f"\nserial: 6 lamps switched in {min(times):.1f} to {max(times):.1f} ms")  # noqa: T201 - as above
        print(f"serial: dark {took:.1f} s after its cable was pulled out")  # noqa: T201 - as above


async def test_it_begins_anew_in_a_set(uno: ArduinoUno, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The set fails with a sentence, nothing stays on, and the next one is whole."""
    monkeypatch.setattr(boards, "SEEK_S", 0.05)
    (tmp_path / "rig.toml").write_text(rig(uno))
    lamps = [f"l{n}" for n in range(1, 7)]
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(SimulatorProcess("--width", "300", "--height", "200"))
        settings = world_settings(simulator, tmp_path, simulator_control=None, rig_file=tmp_path / "rig.toml")
        opened = await stack.enter_async_context(Rig.open(settings))
        world = World(opened, simulator)
        await opened.cameras.select(None, None, None)
        job = await world.start(*lamps, retakes=0)
        await world.hearing.wait("photometric_progress", lambda one: one.status == "captured_light_1_of_6")
        await uno.reset()
        with pytest.raises(SequenceFailed, match=r"began anew|does not answer any more"):
            await job.result()
        await uno.until(DARK)
        await until_mended(opened.lights)
        assert (await (await world.start(*lamps, retakes=0)).result()).image_count == 6
        await uno.until(DARK)
