"""Simulated Nikon cameras under unmodified libgphoto2."""

import io
from collections.abc import AsyncIterator

import pytest
from PIL import Image

from support.gphoto_process import GphotoProcess
from support.simulator_process import SimulatorProcess

FOLDER = "/store_00010001/DCIM/100D750_"
SETTINGS = {
    "iso": "1600",
    "shutterspeed": "0.0040s",
    "f-number": "f/8",
    "whitebalance": "Shade",
    "imagequality": "NEF+Fine",
    "imagesize": "300x200",
    "exposurecompensation": "-0.333",
    "artist": "A. Painter",
}


@pytest.fixture
async def simulator() -> AsyncIterator[SimulatorProcess]:
    async with SimulatorProcess("--vendor", "nikon") as running:
        yield running


@pytest.fixture
async def camera(simulator: SimulatorProcess) -> AsyncIterator[GphotoProcess]:
    async with GphotoProcess(simulator.camera.port) as opened:
        yield opened


async def test_every_setting_is_listed_with_its_choices(camera: GphotoProcess) -> None:
    names = await camera.call("names")
    assert names["f-number"][0] == "f/5.6"
    assert names["shutterspeed"][0] == "0.0166s"
    assert "Bulb" in names["shutterspeed"][1]
    assert names["imagequality"][0] == "JPEG Fine"
    assert names["imagesize"] == ["600x400", ["600x400", "450x300", "300x200"]]
    assert names["batterylevel"][0] == "100%"
    assert {"iso", "whitebalance", "expprogram", "exposurecompensation", "capturemode"} <= set(names)


async def test_a_setting_reads_as_it_was_set(camera: GphotoProcess) -> None:
    for name, value in SETTINGS.items():
        await camera.call("set", name=name, value=value)
    assert {name: await camera.call("get", name=name) for name in SETTINGS} == SETTINGS


async def test_previews_move_and_never_repeat(camera: GphotoProcess) -> None:
    await camera.call("preview", save="preview.jpg")
    assert Image.open(io.BytesIO(camera.read("preview.jpg"))).size == (1024, 680)
    digests = await camera.call("previews", count=10)
    assert len(set(digests)) == 10


@pytest.mark.parametrize(
    ("target", "path"), [("Memory card", f"{FOLDER}/DSC_0001.JPG"), ("Internal RAM", "/capt0000.jpg")]
)
async def test_a_picture_goes_where_it_shall(camera: GphotoProcess, target: str, path: str) -> None:
    await camera.call("set", name="capturetarget", value=target)
    assert await camera.call("capture") == path
    await camera.call("download", path=path, save="picture.jpg")
    image = Image.open(io.BytesIO(camera.read("picture.jpg")))
    assert image.size == (600, 400)
    assert image.getexif()[0x0110] == "D750"


@pytest.mark.parametrize(
    ("target", "paths"),
    [
        ("Memory card", [f"{FOLDER}/DSC_0001.NEF", f"{FOLDER}/DSC_0001.JPG"]),
        ("Internal RAM", ["/capt0000.nef", "/capt0001.jpg"]),
    ],
)
async def test_raw_and_jpeg_are_two_files_of_one_exposure(camera: GphotoProcess, target: str, paths: list[str]) -> None:
    await camera.call("set", name="capturetarget", value=target)
    await camera.call("set", name="imagequality", value="NEF+Fine")
    assert await camera.call("trigger") == paths


async def test_a_preview_follows_a_capture(camera: GphotoProcess) -> None:
    await camera.call("preview")
    await camera.call("capture")
    await camera.call("preview")


async def test_the_button_and_the_dials_are_heard_of(simulator: SimulatorProcess, camera: GphotoProcess) -> None:
    await simulator.control("press_shutter")
    assert await camera.call("events", seconds=10, wanted=1) == [f"{FOLDER}/DSC_0001.JPG"]
    await simulator.control("set_property", name="iso", value="3200")
    await camera.call("wait_for", text="500f")
    assert await camera.call("get", name="iso") == "3200"


async def test_a_bulb_exposure_lasts_until_it_is_ended(simulator: SimulatorProcess, camera: GphotoProcess) -> None:
    await camera.call("set", name="capturetarget", value="Memory card")
    await camera.call("set", name="bulb", value=1)
    await simulator.wait("exposure")
    assert (await simulator.status())["exposing"]
    await camera.call("set", name="bulb", value=0)
    assert await camera.call("events", seconds=10, wanted=1) == [f"{FOLDER}/DSC_0001.JPG"]


async def test_an_empty_preview_succeeds_while_the_camera_stays_busy(
    simulator: SimulatorProcess, camera: GphotoProcess
) -> None:
    """What libgphoto2 calls a success here has no bytes: callers must look at the length."""
    await camera.call("preview")
    await simulator.control("fault", kind="busy", when="preview")
    assert await camera.call("preview") == 0


async def test_a_preview_without_a_jpeg_fails(simulator: SimulatorProcess, camera: GphotoProcess) -> None:
    await camera.call("preview")
    await simulator.control("fault", kind="empty_preview", count=1)
    assert await camera.fails("preview") == -1
    await camera.call("preview")


async def test_after_an_unplug_the_camera_comes_back_on_another_port(
    simulator: SimulatorProcess, camera: GphotoProcess
) -> None:
    await camera.call("preview")
    await simulator.control("unplug")
    assert await camera.fails("preview") < 0
    moved = await simulator.control("plug", move=True)
    assert moved["port"] == simulator.camera.addresses[1]
    async with GphotoProcess(moved["port"]) as again:
        await again.call("preview")
