"""Simulated bodies with odd serial numbers, or none, under unmodified libgphoto2."""

import io
import re

from PIL import Image

from support.gphoto_process import GphotoProcess
from support.simulator_process import SimulatorProcess


async def test_serial_numbers_can_be_missing_zero_or_doubled() -> None:
    """What a body says of itself, its property, its pictures and the simulator's announcement agree."""
    kinds = ("--serial", "unique,none,zero,doubled,doubled")
    async with SimulatorProcess("--cameras", "5", *kinds) as simulator:
        unique, none, zero, *doubled = (camera.serial for camera in simulator.cameras)
        assert (none, zero) == ("", "0" * len(unique))
        assert doubled[0] == doubled[1] == unique
        for camera in (simulator.cameras[index] for index in (1, 2, 4)):
            async with GphotoProcess(camera.port) as opened:
                told = re.search(r"Serial Number: *(.*)", await opened.call("summary"))
                assert told is not None
                assert told[1] == camera.serial
                assert await opened.call("get", name="eosserialnumber") == camera.serial
                await opened.call("download", path=await opened.call("capture"), save="picture.jpg")
                exif = Image.open(io.BytesIO(opened.read("picture.jpg"))).getexif().get_ifd(0x8769)
                assert exif.get(0xA431, "") == camera.serial


async def test_cameras_of_several_makers_and_kinds_take_turns() -> None:
    kinds = ("--vendor", "canon,nikon,generic", "--serial", "unique,none")
    async with SimulatorProcess("--cameras", "4", *kinds) as simulator:
        assert [camera.model for camera in simulator.cameras] == [
            "Canon EOS 1300D", "D750", "PTP Camera", "Canon EOS 1300D"
        ]  # fmt: skip
        assert [bool(camera.serial) for camera in simulator.cameras] == [True, False, True, False]
