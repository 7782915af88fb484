"""Simulated Canon cameras under unmodified libgphoto2."""

import io
from collections.abc import AsyncIterator

import numpy as np
import pytest
from PIL import Image

from support.gphoto_process import GphotoProcess
from support.simulator_process import SimulatorProcess

FOLDER = "/store_00010001/DCIM/100CANON"
SETTINGS = {
    "iso": "1600",
    "shutterspeed": "1/250",
    "aperture": "8",
    "whitebalance": "Tungsten",
    "exposurecompensation": "-0.3",
    "autoexposuremode": "AV",
    "drivemode": "Timer 2 sec",
    "imageformat": "RAW + L",
    "meteringmode": "Partial",
    "picturestyle": "Neutral",
    "colorspace": "AdobeRGB",
    "artist": "A. Painter",
    "copyright": "2026",
    "ownername": "Museum",
    "capturetarget": "Memory card",
}


@pytest.fixture
async def simulator() -> AsyncIterator[SimulatorProcess]:
    async with SimulatorProcess() as running:
        yield running


@pytest.fixture
async def camera(simulator: SimulatorProcess) -> AsyncIterator[GphotoProcess]:
    async with GphotoProcess(simulator.camera.port) as opened:
        yield opened


def brightness(jpeg: bytes) -> float:
    return float(np.asarray(Image.open(io.BytesIO(jpeg))).mean())


async def test_a_camera_says_who_it_is(simulator: SimulatorProcess, camera: GphotoProcess) -> None:
    summary = await camera.call("summary")
    assert "Model: Canon EOS 1300D" in summary
    assert f"Serial Number: {simulator.camera.serial}" in summary


async def test_every_setting_is_listed_with_its_choices(camera: GphotoProcess) -> None:
    names = await camera.call("names")
    assert names["iso"] == ["400", ["Auto", "100", "200", "400", "800", "1600", "3200", "6400"]]
    assert names["shutterspeed"][0] == "1/60"
    assert {"bulb", "30", "1", "1/15", "1/4000"} <= set(names["shutterspeed"][1])
    assert {"2.8", "5.6", "22"} <= set(names["aperture"][1])
    assert names["imageformat"] == ["L", ["L", "cL", "M", "cM", "S", "cS", "RAW + L", "RAW"]]
    assert names["drivemode"][1] == ["Single", "Continuous", "Timer 10 sec", "Timer 2 sec"]
    assert names["batterylevel"][0] == "100%"
    assert names["lensname"][0] == "EF50mm f/1.8 STM"
    assert {"exposurecompensation", "autoexposuremode", "focusmode", "whitebalance", "availableshots"} <= set(names)
    assert {"shuttercounter", "eosserialnumber", "ownername", "artist", "copyright", "output", "evfmode"} <= set(names)


async def test_a_setting_reads_as_it_was_set(camera: GphotoProcess) -> None:
    for name, value in SETTINGS.items():
        await camera.call("set", name=name, value=value)
    assert {name: await camera.call("get", name=name) for name in SETTINGS} == SETTINGS


async def test_a_value_that_the_camera_does_not_have_is_refused(camera: GphotoProcess) -> None:
    """A number beside the list passes libgphoto2 and is refused by the camera."""
    assert await camera.fails("set", name="iso", value="125") < 0
    assert await camera.call("get", name="iso") == "400"


async def test_previews_move_and_never_repeat(camera: GphotoProcess) -> None:
    digests = await camera.call("previews", count=10)
    assert len(set(digests)) == 10


async def test_a_preview_is_a_plain_small_jpeg(camera: GphotoProcess) -> None:
    await camera.call("preview", save="preview.jpg")
    content = camera.read("preview.jpg")
    image = Image.open(io.BytesIO(content))
    assert image.size == (1024, 680)
    assert content.count(b"\xff\xd8\xff") == 1


async def test_previews_keep_to_the_frame_rate(simulator: SimulatorProcess, camera: GphotoProcess) -> None:
    """The camera hands out each frame of its schedule at most once, so numbers and frames grow alike."""
    await camera.call("preview")
    before = await simulator.control("frame_index")
    await camera.call("previews", count=15)
    after = await simulator.control("frame_index")
    assert after["served"] - before["served"] >= 15


async def test_a_picture_goes_to_the_card(camera: GphotoProcess) -> None:
    await camera.call("set", name="capturetarget", value="Memory card")
    path = await camera.call("capture")
    assert path == f"{FOLDER}/IMG_0001.JPG"
    size = await camera.call("download", path=path, save="picture.jpg")
    assert await camera.call("info", path=path) == [size, 600, 400]
    assert Image.open(io.BytesIO(camera.read("picture.jpg"))).size == (600, 400)


async def test_a_picture_goes_to_the_computer(simulator: SimulatorProcess, camera: GphotoProcess) -> None:
    await camera.call("set", name="capturetarget", value="Internal RAM")
    path = await camera.call("capture")
    assert path == "/capt0000.jpg"
    await camera.call("download", path=path, save="picture.jpg")
    assert Image.open(io.BytesIO(camera.read("picture.jpg"))).size == (600, 400)
    assert (await simulator.status())["card"]["files"] == []


async def test_a_picture_tells_how_it_was_taken(simulator: SimulatorProcess, camera: GphotoProcess) -> None:
    for name, value in (("iso", "800"), ("aperture", "8"), ("shutterspeed", "1/30"), ("artist", "A. Painter")):
        await camera.call("set", name=name, value=value)
    await camera.call("download", path=await camera.call("capture"), save="picture.jpg")
    exif = Image.open(io.BytesIO(camera.read("picture.jpg"))).getexif()
    details = exif.get_ifd(0x8769)
    assert (exif[0x010F], exif[0x0110], exif[0x0112]) == ("Canon", "Canon EOS 1300D", 1)
    assert exif[0x013B] == "A. Painter"
    assert float(details[0x829A]) == pytest.approx(1 / 30)
    assert float(details[0x829D]) == 8
    assert details[0x8827] == 800
    assert details[0xA434] == "EF50mm f/1.8 STM"
    assert details[0xA431] == simulator.camera.serial
    assert len(details[0x9003]) == 19
    assert len(details[0x9291]) == 3


async def test_a_file_has_a_thumbnail(camera: GphotoProcess) -> None:
    await camera.call("set", name="capturetarget", value="Memory card")
    path = await camera.call("capture")
    await camera.call("download", path=path, save="thumb.jpg", kind="PREVIEW")
    assert Image.open(io.BytesIO(camera.read("thumb.jpg"))).size == (160, 120)


async def test_files_are_listed_and_deleted(simulator: SimulatorProcess, camera: GphotoProcess) -> None:
    await camera.call("set", name="capturetarget", value="Memory card")
    paths = [await camera.call("capture") for _ in range(3)]
    assert await camera.call("folders", folder="/store_00010001/DCIM") == ["100CANON"]
    assert await camera.call("files", folder=FOLDER) == ["IMG_0001.JPG", "IMG_0002.JPG", "IMG_0003.JPG"]
    await camera.call("delete", path=paths[1])
    assert await camera.call("files", folder=FOLDER) == ["IMG_0001.JPG", "IMG_0003.JPG"]
    assert (await simulator.status())["card"]["files"] == ["IMG_0001.JPG", "IMG_0003.JPG"]


async def test_raw_and_jpeg_are_two_files_of_one_exposure(camera: GphotoProcess) -> None:
    await camera.call("set", name="capturetarget", value="Memory card")
    await camera.call("set", name="imageformat", value="RAW + L")
    assert await camera.call("trigger") == [f"{FOLDER}/IMG_0001.CR2", f"{FOLDER}/IMG_0001.JPG"]
    await camera.call("download", path=f"{FOLDER}/IMG_0001.CR2", save="raw")
    assert camera.read("raw")[:4] == b"II*\0"


async def test_raw_and_jpeg_both_reach_the_computer(camera: GphotoProcess) -> None:
    await camera.call("set", name="capturetarget", value="Internal RAM")
    await camera.call("set", name="imageformat", value="RAW + L")
    assert await camera.call("trigger") == ["/capt0000.cr2", "/capt0001.jpg"]


async def test_lights_and_exposure_show_in_pictures(simulator: SimulatorProcess, camera: GphotoProcess) -> None:
    async def taken() -> float:
        await camera.call("download", path=await camera.call("capture"), save="picture.jpg")
        return brightness(camera.read("picture.jpg"))

    dark = await taken()
    await simulator.control("set_lights", lights={"light_left": True})
    lit = await taken()
    await camera.call("set", name="shutterspeed", value="1/15")
    longer = await taken()
    assert dark + 20 < lit < longer - 20


async def test_the_exposure_time_is_waited(camera: GphotoProcess) -> None:
    await camera.call("set", name="shutterspeed", value="1")
    await camera.call("capture")
    assert camera.seconds >= 1


async def test_the_self_timer_delays_the_exposure(camera: GphotoProcess) -> None:
    await camera.call("set", name="drivemode", value="Timer 2 sec")
    await camera.call("capture")
    assert camera.seconds >= 2


async def test_a_bulb_exposure_lasts_until_it_is_ended(simulator: SimulatorProcess, camera: GphotoProcess) -> None:
    await camera.call("set", name="capturetarget", value="Memory card")
    await camera.call("set", name="shutterspeed", value="bulb")
    await camera.call("set", name="bulb", value=1)
    await simulator.wait("exposure")
    assert (await simulator.status())["exposing"]
    await camera.call("set", name="bulb", value=0)
    assert await camera.call("events", seconds=10, wanted=1) == [f"{FOLDER}/IMG_0001.JPG"]


async def test_bulb_is_refused_at_another_shutter_speed(camera: GphotoProcess) -> None:
    assert await camera.fails("set", name="bulb", value=1) < 0


async def test_the_button_on_the_body_is_heard_of(simulator: SimulatorProcess, camera: GphotoProcess) -> None:
    await camera.call("preview")
    await simulator.control("press_shutter")
    files = await camera.call("events", seconds=10, wanted=1)
    assert len(files) == 1
    await camera.call("download", path=files[0], save="picture.jpg")


async def test_a_dial_on_the_body_is_heard_of(simulator: SimulatorProcess, camera: GphotoProcess) -> None:
    await camera.call("names")
    await simulator.control("set_property", name="iso", value="3200")
    assert "d103" in await camera.call("wait_for", text="d103")
    assert await camera.call("get", name="iso") == "3200"


async def test_the_battery_and_the_card_run_down(simulator: SimulatorProcess, camera: GphotoProcess) -> None:
    await camera.call("set", name="capturetarget", value="Memory card")
    await simulator.control("battery", percent=20)
    await simulator.control("card", free_bytes=0)
    await camera.call("wait_for", text="d11b")
    names = await camera.call("names")
    assert names["batterylevel"][0] == "25%"
    assert names["availableshots"][0] == "0"
    assert await camera.fails("capture") == -1


async def test_the_focus_ring_turns_and_autofocus_runs(simulator: SimulatorProcess, camera: GphotoProcess) -> None:
    await camera.call("preview")
    await camera.call("set", name="manualfocusdrive", value="Near 2")
    assert (await simulator.wait("focus"))["count"] == 1
    await camera.call("set", name="autofocusdrive", value=1)


async def test_a_manual_lens_is_photographed_without_focusing(
    simulator: SimulatorProcess, camera: GphotoProcess
) -> None:
    await simulator.control("set_property", name="focusmode", value="Manual")
    await camera.call("capture")
    assert camera.seconds < 5


async def test_a_second_client_is_refused_and_the_first_stays(
    simulator: SimulatorProcess, camera: GphotoProcess
) -> None:
    async with GphotoProcess(simulator.camera.port, opened=False) as second:
        assert await second.fails("open", port=simulator.camera.port) < 0
        await camera.call("preview")
        await camera.call("exit")
        await second.call("open", port=simulator.camera.port)
        await second.call("preview")


async def test_a_camera_can_be_opened_again_and_again(camera: GphotoProcess) -> None:
    for _ in range(10):
        await camera.call("reopen")
        await camera.call("preview")


async def test_two_cameras_see_the_scene_at_once() -> None:
    async with SimulatorProcess("--cameras", "2", "--vendor", "both") as simulator:
        canon, nikon = simulator.cameras
        assert (canon.model, nikon.model) == ("Canon EOS 1300D", "D750")
        async with GphotoProcess(canon.port) as first, GphotoProcess(nikon.port) as second:
            await first.call("preview", save="first.jpg")
            await second.call("preview", save="second.jpg")
            assert first.read("first.jpg") != second.read("second.jpg")


async def test_an_unknown_setting_has_no_widget(camera: GphotoProcess) -> None:
    """libgphoto2 reports no error here: callers must look at what they got."""
    assert await camera.call("get", name="nonsense") is None
