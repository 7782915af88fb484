"""Simulated cameras without a maker's extension under unmodified libgphoto2."""

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from support.camera_world import open_camera
from support.gphoto_process import GphotoHungError, GphotoProcess
from support.simulator_process import SimulatorProcess
from tetherlight.errors import PreviewUnsupported

FOLDER = "/store_00010001/DCIM/100_PTPC"
SETTINGS = {
    "iso": "1600",
    "shutterspeed": "0.0040s",
    "f-number": "f/8",
    "whitebalance": "Tungsten",
    "imagequality": "Unknown value 0013",
    "imagesize": "300x200",
    "exposurecompensation": "-0.3",
    "expprogram": "A",
    "focusmode": "Manual",
    "capturedelay": "2.000s",
    "capturemode": "Burst",
    "burstnumber": "2",
}
"""Names and words that libgphoto2 has for PTP's own properties; of the image's quality PTP defines only the number."""


@pytest.fixture
async def simulator() -> AsyncIterator[SimulatorProcess]:
    async with SimulatorProcess("--vendor", "generic") as running:
        yield running


@pytest.fixture
async def camera(simulator: SimulatorProcess) -> AsyncIterator[GphotoProcess]:
    async with GphotoProcess(simulator.camera.port) as opened:
        yield opened


async def test_a_body_without_extension_has_settings_and_no_live_view(
    simulator: SimulatorProcess, camera: GphotoProcess
) -> None:
    """Its settings come from PTP's own properties, which libgphoto2 lists by name and by number."""
    summary = await camera.call("summary")
    assert "Generic Image Capture, No Open Capture, No vendor specific capture" in summary
    assert f"Serial Number: {simulator.camera.serial}" in summary
    names = await camera.call("names")
    assert names["f-number"][0] == "f/5.6"
    assert names["5007"][0] == "560"
    assert (names["shutterspeed"][0], names["500d"][0]) == ("0.0166s", "166")
    assert (names["batterylevel"][0], names["focallength"][0]) == ("100%", 50.0)
    assert "capturetarget" not in names
    for name, value in SETTINGS.items():
        await camera.call("set", name=name, value=value)
    assert {name: await camera.call("get", name=name) for name in SETTINGS} == SETTINGS
    assert await camera.fails("preview") == -6


async def test_pictures_are_told_on_the_event_connection(simulator: SimulatorProcess, camera: GphotoProcess) -> None:
    path = await camera.call("capture")
    assert path == f"{FOLDER}/P0000001.JPG"
    await camera.call("download", path=path, save="picture.jpg")
    assert Image.open(io.BytesIO(camera.read("picture.jpg"))).getexif()[0x0110] == "PTP Camera"
    await simulator.control("set_format", format="RAW+JPEG")
    assert await camera.call("trigger") == [f"{FOLDER}/P0000002.DNG", f"{FOLDER}/P0000002.JPG"]
    await camera.call("set", name="capturemode", value="Burst")
    await camera.call("set", name="burstnumber", value="2")
    await simulator.control("press_shutter")
    assert len(await camera.call("events", seconds=10)) == 4
    await camera.call("delete", path=path)
    assert "P0000001.JPG" not in await camera.call("files", folder=FOLDER)
    await simulator.control("set_property", name="iso", value="3200")
    assert '"iso" to "3200"' in await camera.call("wait_for", text="500f")


async def test_settings_read_from_the_cache_after_an_unplug_until_it_is_old(simulator: SimulatorProcess) -> None:
    """libgphoto2 keeps a property for two seconds unless told otherwise; then a listing succeeds without it."""
    port = simulator.camera.port
    async with GphotoProcess(port, cachetime=600) as patient:
        before = await patient.call("names")
        await simulator.control("unplug")
        assert await patient.call("names") == before
        assert await patient.call("get", name="iso") == "400"
        assert await patient.fails("storage") < 0
    await simulator.control("plug")
    async with GphotoProcess(port) as usual:
        await usual.call("names")
        await simulator.control("unplug")
        async with asyncio.timeout(30):
            while {"iso", "f-number", "5007"} & set(after := await usual.call("names")):
                pass
        assert "opcode" in after
        assert await usual.fails("get", name="iso") < 0


async def test_a_picture_that_is_never_told_is_waited_for_without_end(
    simulator: SimulatorProcess, camera: GphotoProcess
) -> None:
    await simulator.control("fault", kind="no_object", count=1)
    with pytest.raises(GphotoHungError):
        await camera.call("capture", deadline=2)
    assert (await simulator.status())["captures"] == 0


async def test_our_own_camera_sets_takes_and_downloads(tmp_path: Path) -> None:
    async with open_camera(tmp_path, "--vendor", "generic") as world:
        for alias, value in (("iso", "800"), ("aperture", "f/8"), ("shutterspeed", "0.0040s")):
            assert (await world.camera.set_config(alias, value)).value == value
        assert (await world.camera.set_config("aperture", 5.6)).value == "f/5.6"
        assert (await world.camera.set_config("shutterspeed", "1/60")).value == "0.0166s"
        await world.camera.set_config("imageformat", "Unknown value 0013")
        await world.camera.capture(world.folder, "both")
        assert world.files() == ["both.dng", "both.jpg"]
        with pytest.raises(PreviewUnsupported):
            await world.camera.preview()
        await world.simulator.control("press_shutter")
        await world.recorder.until(lambda: bool(world.recorder.body_captures))
        assert [len(paths) for paths in world.recorder.body_captures] == [2]
