"""The simulator as a program, and its control socket."""

import asyncio
import dataclasses
import json
import shlex
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.gphoto_process import GphotoProcess
from support.simulator_process import ControlRefusedError, SimulatorProcess
from tetherlight.simulator.faults import KINDS
from tetherlight.simulator.options import parser, request
from tetherlight.simulator.quirks import EFFECTS, MEMORY_NAMES, Quirks

REFUSALS: list[tuple[dict[str, Any], str]] = [
    ({"op": "nonsense"}, "There is no operation 'nonsense'"),
    ({"op": "unplug", "camera": "camera9"}, "There is no camera 'camera9'; there are camera1."),
    ({"op": "set_lights", "lights": {"moon": True}}, "There is no light 'moon'."),
    (
        {"op": "set_lights", "lights": {"light_left": 2}},
        "The states of lights are true or false, or levels from 0 to 1.",
    ),
    ({"op": "set_lights"}, "lights must be an object."),
    ({"op": "define_lights", "lights": {"a": {"direction": [0, 0, 0]}}}, "Light 'a' needs a direction"),
    ({"op": "define_lights", "lights": {"a": {}}}, "Light 'a' needs a direction of three numbers."),
    ({"op": "light_fault", "light": "moon", "kind": "dead"}, "There is no light 'moon'."),
    ({"op": "light_fault", "light": "light_left", "kind": "dead", "count": 0}, "count must be greater than 0."),
    ({"op": "room_light", "brightness": -1}, "brightness must be a number, 0 or more."),
    ({"op": "move", "right": 0.5}, "right and down must be whole numbers of pixels."),
    ({"op": "fault", "kind": "nonsense"}, "There is no fault 'nonsense'"),
    ({"op": "fault", "kind": "close", "when": "never"}, "There is no operation 'never' to fail"),
    ({"op": "fault", "kind": "close", "count": -1}, "count must be a number, 0 or more."),
    ({"op": "set_property", "name": "iso", "value": "75"}, "iso cannot be '75'"),
    ({"op": "set_property", "name": "taste", "value": "75"}, "There is no property 'taste'."),
    ({"op": "property_fault", "name": "iso", "effect": "x"}, "The effect is late, steps, never, readonly or null."),
    ({"op": "property_fault", "name": "taste", "effect": "late"}, "There is no property 'taste'."),
    ({"op": "property_fault", "name": "iso", "effect": "readonly"}, "The protocol of camera1 cannot say"),
    ({"op": "quirks", "turned": 45}, "turned must be one of 0, 90, 180, 270."),
    ({"op": "quirks", "memory_names": "x"}, "memory_names must be one of own, counted, same."),
    ({"op": "quirks", "second_file_s": -1}, "second_file_s must be a number, 0 or more."),
    ({"op": "clock"}, "time must be an ISO 8601 text"),
    ({"op": "clock", "time": "yesterday"}, "time must be an ISO 8601 text"),
    ({"op": "clock", "offset_s": 1e300}, "time must be an ISO 8601 text"),
    ({"op": "press_shutter", "count": 0}, "count must be greater than 0."),
    ({"op": "set_format", "format": "GIF"}, "The format is JPEG, RAW or RAW+JPEG."),
    ({"op": "set_speed", "fps": 0}, "fps must be greater than 0."),
    ({"op": "battery"}, "percent must be a number, 0 or more."),
    ({"op": "power"}, "on must be true or false."),
    ({"op": "wait", "event": "christmas"}, "There is no event 'christmas'"),
    ({"op": "wait", "event": "capture", "timeout": 0.01}, "camera1 had 0 of event 'capture' after 0.01 s."),
    ({"op": "lens", "place": 16001}, "place must be a number from 0 to 16000."),
    ({"op": "lens", "place": True}, "place must be a number from 0 to 16000."),
    ({"op": "lens", "depth_of_field": 1}, "depth_of_field must be true or false."),
    ({"op": "export_truth", "path": "/dev/null/x"}, "Cannot write to /dev/null/x: Not a directory."),
]


@pytest.fixture
async def simulator() -> AsyncIterator[SimulatorProcess]:
    async with SimulatorProcess() as running:
        yield running


async def start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tetherlight.simulator", "--no-warm", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_and_removes_its_socket(tmp_path: Path, number: signal.Signals) -> None:
    path = tmp_path / "control"
    process = await start("--control", str(path))
    assert process.stdout is not None
    announced = json.loads(await process.stdout.readline())
    assert announced["control"] == str(path)
    assert path.is_socket()
    process.send_signal(number)
    out, _ = await process.communicate()
    assert (process.returncode, out) == (0, b"")
    assert not path.exists()


async def test_the_end_of_stdin_ends_it_during_a_long_exposure() -> None:
    async with SimulatorProcess() as simulator:
        await simulator.control("set_property", name="shutterspeed", value="30")
        await simulator.control("press_shutter")
        await simulator.wait("exposure")


@pytest.mark.parametrize("arguments", [("--cameras", "0"), ("--fps", "0"), ("--vendor", "canon,x"), ("--serial", "x")])
async def test_wrong_arguments_are_refused(arguments: tuple[str, ...]) -> None:
    process = await start(*arguments)
    _, error = await process.communicate()
    assert process.returncode == 2
    assert arguments[0].encode() in error


async def test_cameras_have_stable_serial_numbers_and_two_ports_each() -> None:
    async with SimulatorProcess("--cameras", "2") as first, SimulatorProcess("--cameras", "2") as second:
        assert [camera.serial for camera in first.cameras] == [camera.serial for camera in second.cameras]
        assert len({camera.serial for camera in first.cameras}) == 2
        assert len(set(first.addresses + second.addresses)) == 8


async def test_lights_are_defined_switched_and_killed(simulator: SimulatorProcess) -> None:
    await simulator.control("define_lights", lights={"left": {"direction": [-1, 0, 1]}, "up": {"direction": [0, 1, 1]}})
    assert (await simulator.control("status"))["lights"] == {"left": False, "up": False}
    assert (await simulator.control("set_lights", lights={"up": True}))["lights"] == {"left": False, "up": True}
    await simulator.control("light_fault", light="up", kind="dead")
    assert (await simulator.control("status"))["lights"] == {"left": False, "up": True}
    await simulator.control("light_fault", light="up", kind=None)


async def test_a_refusal_says_why(simulator: SimulatorProcess) -> None:
    for fields, sentence in REFUSALS:
        with pytest.raises(ControlRefusedError) as refused:
            await simulator.control(**fields)
        assert str(refused.value).startswith(sentence)


async def test_lines_that_are_no_json_objects_are_answered(simulator: SimulatorProcess) -> None:
    reader, writer = await asyncio.open_unix_connection(simulator.control_path)
    for line, word in ((b"nonsense", "JSON"), (b"[]", "object"), (b'{"op": 5}', "operation"), (b"[" * 9999, "JSON")):
        writer.write(line + b"\n")
        answer = json.loads(await reader.readline())
        assert not answer["ok"]
        assert word in answer["error"]
    writer.close()
    await writer.wait_closed()


async def test_the_socket_is_for_its_owner_only(simulator: SimulatorProcess) -> None:
    assert Path(simulator.control_path).stat().st_mode & 0o777 == 0o600


async def test_a_wait_does_not_hold_up_other_connections(simulator: SimulatorProcess) -> None:
    waiting = asyncio.create_task(simulator.wait("capture", 2))
    await simulator.control("press_shutter")
    await simulator.wait("capture")
    assert not waiting.done()
    await simulator.wait("idle")
    await simulator.control("press_shutter")
    assert (await waiting)["count"] == 2


async def test_the_truth_is_exported_at_capture_size(simulator: SimulatorProcess, tmp_path: Path) -> None:
    await simulator.control("export_truth", path=str(tmp_path / "truth"))
    assert np.load(tmp_path / "truth" / "normals.npy").shape == (400, 600, 3)
    assert (tmp_path / "truth" / "lights.json").exists()


async def test_the_speed_of_the_link_is_kept(simulator: SimulatorProcess) -> None:
    """At least the time that the bytes need passes, and the default is too fast for that to show."""
    async with GphotoProcess(simulator.camera.port) as camera:
        await camera.call("set", name="capturetarget", value="Memory card")
        path = await camera.call("capture")
        await simulator.control("set_speed", bandwidth_bytes_per_s=20_000)
        size = await camera.call("download", path=path, save="picture.jpg", deadline=30)
        assert camera.seconds >= 0.9 * size / 20_000


async def test_status_tells_of_client_faults_and_plug(simulator: SimulatorProcess) -> None:
    assert not (await simulator.status())["connected"]
    async with GphotoProcess(simulator.camera.port):
        assert (await simulator.status())["connected"]
    await simulator.wait("disconnect")
    await simulator.control("fault", kind="delay", when="preview", seconds=1)
    await simulator.control("unplug")
    status = await simulator.status()
    assert not status["plugged"]
    assert [fault["kind"] for fault in status["faults"]] == ["delay"]


async def test_every_command_of_the_documentation_is_accepted() -> None:
    """And every kind of fault, effect and quirk is on the page."""
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "simulate-faults.md").read_text()
    lines = [shlex.split(line) for line in page.splitlines() if line.startswith("$ ")]
    asked = [request(" ".join(line[3:])) for line in lines if line[2].endswith("simulator_control.py")]
    for line in lines:
        if line[1].endswith("tetherlight"):
            assert parser().parse_args(line[3:]).cameras
    async with SimulatorProcess("--vendor", "canon,nikon,sony,generic", "--cameras", "4") as simulator:
        for fields in asked:
            await simulator.control(**fields)
    assert len(asked) > 20
    for word in (*KINDS, *EFFECTS, *MEMORY_NAMES, *(one.name for one in dataclasses.fields(Quirks))):
        assert word == "property_faults" or f"`{word}`" in page or f"={word}" in page, word
