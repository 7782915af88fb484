"""Simulated Sony cameras under unmodified libgphoto2: pictures go through the body's memory only."""

import io
from pathlib import Path

from PIL import Image

from support.camera_world import open_camera
from support.gphoto_process import GphotoProcess
from support.simulator_process import SimulatorProcess

SETTINGS = {
    "iso": "800",
    "f-number": "f/8",
    "shutterspeed": "1/125",
    "whitebalance": "Tungsten",
    "imagesize": "Medium",
    "exposurecompensation": "-0.3",
    "expprogram": "A",
    "focusmode": "AF-C",
    "imagequality": "RAW+JPEG",
}


async def test_settings_preview_and_pictures_in_memory() -> None:
    """All properties come in one answer; libgphoto2 shows old values for two seconds after setting some of them."""
    async with (
        SimulatorProcess("--vendor", "sony") as simulator,
        GphotoProcess(simulator.camera.port, cachetime=0) as camera,
    ):
        for name, value in SETTINGS.items():
            await camera.call("set", name=name, value=value)
        assert {name: await camera.call("get", name=name) for name in SETTINGS} == SETTINGS
        assert (await camera.call("names"))["batterylevel"][0] == "100%"
        assert Image.open(io.BytesIO(await camera.first_preview())).size == (1024, 680)
        assert await camera.call("capture", deadline=60) == "/capt_DSC00001.ARW"
        assert await camera.call("events", seconds=60, wanted=1, deadline=70) == ["/capt_DSC00001.JPG"]
        assert (await simulator.status())["card"]["files"] == []


async def test_names_in_memory_are_counted_or_doubled() -> None:
    """libgphoto2 counts pictures without a name; of two with the same name it keeps the later one only."""
    counted = ("--do", "quirks memory_names=counted")
    async with (
        SimulatorProcess("--vendor", "sony", *counted) as simulator,
        GphotoProcess(simulator.camera.port) as camera,
    ):
        assert await camera.call("trigger", seconds=60, deadline=70) == ["/capt0000.jpg"]
        await simulator.control("wait", event="idle", count=1)
        assert await camera.call("trigger", seconds=60, deadline=70) == ["/capt0001.jpg"]
        await simulator.control("wait", event="idle", count=2)
        await camera.call("reopen")
        await simulator.control("quirks", memory_names="same")
        for number, iso in ((3, "400"), (4, "1600")):
            await camera.call("set", name="iso", value=iso)
            assert await camera.call("trigger", seconds=60, deadline=70) == ["/capt_DSC00000.JPG"]
            await simulator.control("wait", event="idle", count=number)
        await camera.call("download", path="/capt_DSC00000.JPG", save="picture.jpg")
        details = Image.open(io.BytesIO(camera.read("picture.jpg"))).getexif().get_ifd(0x8769)
        assert details[0x8827] == 1600


async def test_our_own_camera_has_every_picture_of_one_name(tmp_path: Path) -> None:
    small = ("--width", "300", "--height", "200", "--do", "quirks memory_names=same")
    async with open_camera(tmp_path, "--vendor", "sony", *small) as world:
        for number in (1, 2):
            (saved,) = (await world.camera.capture(world.folder, f"asked{number}")).files
            assert saved.size > 0
        await world.simulator.control("press_shutter", count=3, interval=0.1)
        await world.recorder.until(lambda: len(world.recorder.body_captures) == 3)
        for number, paths in enumerate(world.recorder.body_captures):
            await world.camera.download(paths, world.folder, f"pressed{number}")
    assert len(world.files()) == 5
    assert len({(world.folder / name).read_bytes() for name in world.files()}) == 5
