"""Lamps of a scene: what the control socket hears, and what a lost simulator means."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from support.turns import turns
from tetherlight.errors import LampFailed
from tetherlight.lights.drivers.simulated import SceneLamps
from tetherlight.lights.lights import Lights
from tetherlight.lights.rack import Rack
from tetherlight.protocol.lights import EditedLight
from tetherlight.rigfile.rigfile import RigFile

SILENT = "The simulator does not answer."


class FakeScene:
    """The lights' part of a simulator's control socket."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lights: dict[str, bool] = {}
        self.asked: list[dict[str, Any]] = []
        self.refuses = False
        self.silent = False
        self.garbled = False
        self.waits = asyncio.Event()
        self.hold: asyncio.Event | None = None
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._talks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_unix_server(self._talk, self.path)

    async def stop(self) -> None:
        if self._server:
            self._server.close()
            for writer in tuple(self._writers):
                writer.close()
            await self._server.wait_closed()
            await asyncio.gather(*self._talks)
            self._server = None
            self.path.unlink(missing_ok=True)
            self.lights = {}

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        self._writers.add(writer)
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                answer = await self._answer(json.loads(line))
                if answer is not None:
                    writer.write(answer)
        self._writers.discard(writer)
        self._talks.discard(task)
        writer.close()

    async def _answer(self, request: dict[str, Any]) -> bytes | None:
        self.asked.append(request)
        self.waits.set()
        if self.hold:
            await self.hold.wait()
        if self.silent:
            return None
        if self.garbled:
            return b"nonsense\n"
        if self.refuses:
            return b'{"ok": false, "error": "There is no light of that name."}\n'
        if request["op"] == "define_lights":
            self.lights = dict.fromkeys(request["lights"], False)
        else:
            self.lights |= request["lights"]
        return b'{"ok": true}\n'


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[FakeScene]:
    scene = FakeScene(tmp_path / "control.sock")
    await scene.start()
    yield scene
    await scene.stop()


@pytest.fixture
def rig(tmp_path: Path) -> RigFile:
    return RigFile.parse("[lights]\na = { direction = [0, 3, 4] }\nb = {}\n", tmp_path / "rig.toml")


@pytest.fixture
async def lights(scene: FakeScene, rig: RigFile) -> AsyncIterator[Lights]:
    lights = await Lights.open(rig, simulator_control=scene.path)
    yield lights
    await lights.close()


async def test_the_scene_gets_our_lights_first_and_off(scene: FakeScene, lights: Lights) -> None:
    assert scene.asked == [
        {
            "op": "define_lights",
            "lights": {
                "a": {"direction": [0.0, 0.6, 0.8], "intensity": 1.0},
                "b": {"direction": [0.0, 0.0, 1.0], "intensity": 1.0},
            },
        },
        {"op": "set_lights", "lights": {"a": False, "b": False}},
    ]
    assert not lights.gpio_available
    assert lights.driver == "simulated"
    assert lights.message == "Lights are simulated: they light the simulator's scene."


async def test_lights_switch_together_in_one_request(scene: FakeScene, lights: Lights) -> None:
    await lights.only("a")
    assert scene.asked[2:] == [{"op": "set_lights", "lights": {"a": True, "b": False}}]
    assert lights.states == scene.lights == {"a": True, "b": False}


async def test_new_lights_reach_the_scene(scene: FakeScene, lights: Lights) -> None:
    await lights.replace([EditedLight(name="c", direction=(0, 0, 1))])
    assert scene.lights == {"c": False}


async def test_a_refusal_is_told_and_changes_nothing(scene: FakeScene, lights: Lights) -> None:
    scene.refuses = True
    with pytest.raises(LampFailed, match=r"^Failed to switch light 'a'\. There is no light of that name\.$"):
        await lights.set({"a": True})
    assert not lights.states["a"]
    scene.refuses = False
    await lights.set({"a": True})
    assert scene.lights["a"]


async def test_a_lost_simulator_fails_the_lamp(scene: FakeScene, lights: Lights) -> None:
    await scene.stop()
    with pytest.raises(LampFailed, match=rf"^Failed to switch light 'a'\. {SILENT}$"):
        await lights.set({"a": True})
    assert lights.light("a").fault == SILENT
    assert lights.light("b").fault == SILENT
    assert not lights.states["a"]


async def test_a_simulator_that_is_back_learns_everything_again(scene: FakeScene, lights: Lights) -> None:
    await lights.set({"b": True})
    await scene.stop()
    await scene.start()
    await lights.set({"a": True})
    assert scene.lights == {"a": True, "b": True}
    assert lights.light("a").fault is None


async def told(lights: Lights, fault: str | None) -> None:
    """Wait until the lights have told that light b has this fault, or none."""
    heard = asyncio.Event()
    stop = lights.listen(heard.set)
    async with asyncio.timeout(30):
        while lights.light("b").fault != fault:
            await heard.wait()
            heard.clear()
    stop()


async def test_a_simulator_that_is_back_is_told_at_once_how_the_lights_stand(scene: FakeScene, lights: Lights) -> None:
    """Nobody has to switch anything for that; its loss and its return are told."""
    await lights.set({"b": True})
    await scene.stop()
    await told(lights, SILENT)
    await scene.start()
    await told(lights, None)
    assert lights.states == scene.lights == {"a": False, "b": True}


async def test_lights_that_were_given_up_are_off_when_the_simulator_is_back(scene: FakeScene, lights: Lights) -> None:
    """A job's end could not switch them off while there was no simulator; what comes back is dark, and told to be."""
    await lights.set({"a": True})
    await scene.stop()
    await lights.all_off()
    assert lights.states["a"]
    await scene.start()
    await told(lights, None)
    assert lights.states == scene.lights == {"a": False, "b": False}


async def test_lights_open_without_a_simulator_and_find_it_later(tmp_path: Path, rig: RigFile) -> None:
    scene = FakeScene(tmp_path / "late.sock")
    lights = await Lights.open(rig, simulator_control=scene.path)
    assert lights.light("a").fault == SILENT
    await scene.start()
    await lights.only("a")
    assert scene.lights == {"a": True, "b": False}
    await lights.close()
    await scene.stop()


@pytest.mark.parametrize("kind", ["silent", "garbled"])
async def test_a_simulator_that_makes_no_sense_fails_the_lamp_by_a_deadline(
    scene: FakeScene, rig: RigFile, kind: str
) -> None:
    lights = Lights(rig, Rack(SceneLamps(scene.path, deadline_s=2.0)))
    await lights.replace([EditedLight(name="a"), EditedLight(name="b")])
    setattr(scene, kind, True)
    with pytest.raises(LampFailed, match=SILENT):
        await lights.set({"a": True})
    setattr(scene, kind, False)
    await lights.set({"a": True})
    assert scene.lights == {"a": True, "b": False}
    await lights.close()


async def test_a_cancelled_switch_is_finished_before_its_caller_goes(scene: FakeScene, lights: Lights) -> None:
    """What the server believes and what the lamp does never differ."""
    scene.hold = asyncio.Event()
    scene.waits.clear()
    task = asyncio.create_task(lights.set({"a": True}))
    await scene.waits.wait()
    task.cancel()
    await turns()
    task.cancel()
    await turns()
    assert not task.done()
    scene.hold.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert lights.states == scene.lights == {"a": True, "b": False}


async def test_all_off_never_fails_without_a_simulator(scene: FakeScene, lights: Lights) -> None:
    await lights.set({"a": True})
    await scene.stop()
    await lights.all_off()
    assert lights.states == {"a": True, "b": False}
    assert lights.light("a").fault == SILENT


async def test_off_at_once_works_beside_a_busy_connection(scene: FakeScene, lights: Lights) -> None:
    await lights.set({"a": True})
    await asyncio.to_thread(lights.off_now)
    assert scene.lights == lights.states == {"a": False, "b": False}


async def test_remembered_lights_work_without_anything(tmp_path: Path) -> None:
    lights = await Lights.open(RigFile.parse('driver = "simulated"', tmp_path / "rig.toml"))
    async with lights.off_after():
        await lights.only("light_rear")
        assert [name for name, state in lights.states.items() if state] == ["light_rear"]
    assert not any(lights.states.values())
    lights.off_now()
    await lights.close()
