"""A body that stands on bulb takes no picture of unknown exposure, and none that nobody ends."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from support.camera_world import OpenCamera, open_camera
from support.rig_world import open_world
from support.simulator_process import SimulatorProcess
from tetherlight.errors import CameraCrashed, CaptureFailed, CaptureRefused
from tetherlight.protocol.captures import CAPTURE_SERIES
from tetherlight.protocol.models import StepState
from tetherlight.store.exif import read_exif

BULB = {"canon": "bulb", "nikon": "Bulb"}
BOTH = pytest.mark.parametrize("vendor", ["canon", "nikon"])


@BOTH
async def test_a_capture_without_a_time_is_refused_before_the_shutter_is_released(vendor: str, tmp_path: Path) -> None:
    async with open_camera(tmp_path, "--vendor", vendor) as opened:
        (before,) = await opened.camera.get_config("shutterspeed")
        await opened.camera.set_config("shutterspeed", BULB[vendor])
        with pytest.raises(CaptureRefused) as caught:
            await opened.camera.capture(opened.folder, "image")
        assert caught.value.details == {"setting": "shutterspeed", "value": BULB[vendor], "kind": "bulb"}
        (state,) = (await opened.simulator.control("status"))["cameras"]
        assert (state["exposing"], state["captures"]) == (False, 0)
        await opened.camera.set_config("shutterspeed", before.value)
        await opened.camera.capture(opened.folder, "image")


async def test_a_dial_that_was_turned_to_bulb_just_now_counts(tmp_path: Path) -> None:
    async with open_camera(tmp_path) as opened:
        await opened.simulator.control("set_property", name="shutterspeed", value="bulb")
        with pytest.raises(CaptureRefused, match="'shutterspeed' at 'bulb'"):
            await opened.camera.capture(opened.folder, "image")


@pytest.mark.parametrize(
    "wanted",
    [
        {"bracket": {"config_name": "shutterspeed", "values": ["1/60", "bulb"]}},
        {"exposure": [{"shutterspeed": "1/60"}, {"shutterspeed": "bulb"}]},
    ],
)
async def test_a_plan_with_bulb_among_its_values_is_refused_before_it_begins(
    wanted: dict[str, Any], tmp_path: Path
) -> None:
    async with open_world(tmp_path) as world:
        with pytest.raises(CaptureRefused):
            await world.rig.start_series(CAPTURE_SERIES.parse({"count": 1, **wanted}))
        assert world.rig.jobs.list() == []


async def test_a_set_on_bulb_is_refused_before_its_folder_is_made(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        camera = world.rig.cameras.camera()
        await camera.set_config("shutterspeed", "bulb")
        with pytest.raises(CaptureRefused):
            await world.start("light_left")
        assert world.rig.store.sets.names() == []


async def test_a_plan_that_sets_the_time_itself_is_taken_on_a_body_that_stands_on_bulb(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        camera = world.rig.cameras.camera()
        await camera.set_config("shutterspeed", "bulb")
        wanted = {"count": 1, "bracket": {"config_name": "shutterspeed", "values": ["1/60", "1/30"]}}
        job = await world.rig.start_series(CAPTURE_SERIES.parse(wanted))
        assert (await job.result()).image_count == 2
        assert (await camera.get_config("shutterspeed"))[0].value == "bulb"


async def exposing(simulator: SimulatorProcess) -> bool:
    """Tell whether the simulated body takes a picture."""
    (state,) = (await simulator.control("status"))["cameras"]
    return bool(state["exposing"])


async def speed(opened: OpenCamera) -> Any:
    """Give the shutter time that the body itself has."""
    (state,) = (await opened.simulator.control("status"))["cameras"]
    return state["properties"]["shutterspeed"]


@BOTH
async def test_the_shutter_is_held_open_for_the_time_that_is_asked_for(vendor: str, tmp_path: Path) -> None:
    """And the body has the shutter time back that it had."""
    async with open_camera(tmp_path, "--vendor", vendor) as opened:
        before = await speed(opened)
        shot = await opened.camera.capture(opened.folder, "image", exposure_s=1.0)
        (file,) = shot.files
        seconds = read_exif(file.path).exposure_time_s
        assert seconds is not None
        assert seconds >= 1.0
        assert await speed(opened) == before
        assert not await exposing(opened.simulator)
        await opened.camera.capture(opened.folder, "another")


@BOTH
async def test_a_body_on_bulb_is_told_the_time_and_stays_there(vendor: str, tmp_path: Path) -> None:
    async with open_camera(tmp_path, "--vendor", vendor) as opened:
        await opened.camera.set_config("shutterspeed", BULB[vendor])
        assert (await opened.camera.capture(opened.folder, "image", exposure_s=1.0)).files
        assert await speed(opened) == BULB[vendor]


@BOTH
async def test_a_shutter_whose_worker_dies_is_closed_by_the_next_one(vendor: str, tmp_path: Path) -> None:
    async with open_camera(tmp_path, "--vendor", vendor) as opened:
        before = await speed(opened)
        taking = asyncio.create_task(opened.camera.capture(opened.folder, "image", exposure_s=3000.0))
        await opened.simulator.wait("exposure")
        assert opened.camera.worker_pid is not None
        os.kill(opened.camera.worker_pid, signal.SIGKILL)
        with pytest.raises(CameraCrashed):
            await taking
        await opened.simulator.wait("idle")
        await opened.recorder.ready_again()
        assert await speed(opened) == before
        assert (await opened.simulator.control("status"))["cameras"][0]["captures"] == 1, "it is not taken again"
        await opened.camera.capture(opened.folder, "another")


@BOTH
async def test_a_shutter_whose_server_dies_is_closed_by_the_worker(vendor: str, tmp_path: Path) -> None:
    async with SimulatorProcess("--vendor", vendor) as simulator:
        program = Path(__file__).with_name("open_and_hang.py")
        arguments = (str(program), str(tmp_path), simulator.addresses[0], "3000")
        server = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.DEVNULL)
        try:
            await simulator.wait("exposure")
        finally:
            server.kill()
            await server.wait()
        await simulator.wait("idle")
        await simulator.wait("disconnect")


async def test_a_shutter_that_a_server_before_left_open_is_closed(tmp_path: Path) -> None:
    """As after a power failure of the machine, from which only the body remembers it."""
    async with SimulatorProcess() as simulator:
        program = Path(__file__).with_name("open_and_hang.py")
        arguments = (str(program), str(tmp_path), simulator.addresses[0], "3000")
        server = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
        try:
            assert server.stdout is not None
            worker = int(await server.stdout.readline())
            await simulator.wait("exposure")
            os.kill(worker, signal.SIGKILL)
        finally:
            server.kill()
            await server.wait()
        await simulator.wait("disconnect")
        again = await asyncio.create_subprocess_exec(sys.executable, *arguments[:3], stdout=asyncio.subprocess.DEVNULL)
        try:
            await simulator.wait("idle")
        finally:
            again.kill()
            await again.wait()


async def test_a_camera_that_is_left_closes_its_shutter_before(tmp_path: Path) -> None:
    async with open_camera(tmp_path) as opened:
        taking = asyncio.create_task(opened.camera.capture(opened.folder, "image", exposure_s=3000.0))
        await opened.simulator.wait("exposure")
        await opened.camera.close()
        await opened.simulator.wait("idle")
        await asyncio.gather(taking, return_exceptions=True)


async def test_a_body_whose_dial_forbids_it_says_why(tmp_path: Path) -> None:
    async with open_camera(tmp_path) as opened:
        await opened.fault("error", when="capture", code=0x2002)
        with pytest.raises(CaptureFailed, match="make sure the mode dial is switched to 'M'"):
            await opened.camera.capture(opened.folder, "image", exposure_s=2.0)
        assert await speed(opened) == "1/60"


async def test_a_plan_holds_the_shutter_open_where_its_exposure_says_so(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        job = await world.start("light_left", exposure=[{"shutterspeed": "1/60"}, {"exposure_s": 1.0, "iso": "100"}])
        result = await job.result()
        assert [step.state for step in job.manifest.steps] == [StepState.DONE, StepState.DONE]
        assert [path.rpartition("/")[2] for path in result.images_captured] == [
            "image_01_light_left_e01.jpg", "image_01_light_left_e02.jpg",
        ]  # fmt: skip
        seconds = [step.exposure["exposure_time_s"] for step in job.manifest.steps]
        assert seconds[0] < 0.1
        assert seconds[1] >= 1.0
        (state,) = (await world.simulator.control("status"))["cameras"]
        assert (state["properties"]["shutterspeed"], state["properties"]["iso"]) == ("1/60", "400")


async def test_a_plan_of_held_shutters_is_taken_on_a_body_that_stands_on_bulb(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        await world.rig.cameras.camera().set_config("shutterspeed", "bulb")
        wanted = {"count": 2, "exposure": [{"exposure_s": 1.0}]}
        job = await world.rig.start_series(CAPTURE_SERIES.parse(wanted))
        assert (await job.result()).image_count == 2
