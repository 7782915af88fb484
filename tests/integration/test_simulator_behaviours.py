"""What simulated bodies of all makers can be made to do, under unmodified libgphoto2."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from support.gphoto_process import GphotoProcess
from support.simulator_process import ControlRefusedError, SimulatorProcess

ALL_MAKERS = ("--vendor", "canon,nikon,generic", "--cameras", "3")
LONG_S, SHORT_S = 60, 0.2
SENTENCES: dict[str, dict[str, str | None]] = {
    "Canon EOS 1300D": {
        "card_locked": "Canon EOS Full-Press failed (0x200e: PTP Store Read Only)",
        "no_card": "Canon EOS Full-Press failed (0x2013: PTP Store Not Available)",
        "store_full": "Canon EOS Full-Press failed (0x200c: PTP Store Full)",
        "no_focus": "Canon EOS Auto-Focus failed, could not capture.",
        "no_lens": "Canon EOS Full-Press failed (0xa006: Lens Cover Present)",
        "battery_empty": "Canon EOS Full-Press failed (0xa101: Battery Low)",
        "session_lost": "Canon EOS Half-Press failed (0x2003: PTP Session Not Open)",
    },
    "D750": {
        "card_locked": "PTP Store Read Only",
        "no_focus": "Out of Focus",
        "no_lens": "Camera Mode Not Adjust FNumber",
        "mirror_up": "Mirror Up Sequence",
        "session_lost": "PTP Session Not Open",
    },
    "PTP Camera": {
        "ran_full": "Camera memorycard ran full during capture.",
        "card_locked": None,
        "no_focus": None,
    },
}
"""What libgphoto2 says of a capture that fails by each fault."""


def picture(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def tags(content: bytes) -> Image.Exif:
    """Give the EXIF tags of a JPEG or of a TIFF structure."""
    exif = Image.Exif()
    exif.load(picture(content).info["exif"] if content[:2] == b"\xff\xd8" else b"Exif\0\0" + content)
    return exif


async def property_count(simulator: SimulatorProcess, camera: str) -> int:
    count: int = (await simulator.status(camera))["events"]["property"]
    return count


async def test_a_burst_is_complete_at_its_end_and_a_second_file_may_come_after_that() -> None:
    """Each exposure has its RAW and its JPEG; a body that writes the one late has told its end before."""
    async with SimulatorProcess(*ALL_MAKERS) as simulator:
        for camera, raw in zip(simulator.cameras, ("CR2", "NEF", "DNG"), strict=True):
            async with GphotoProcess(camera.port) as opened:
                if camera.model.startswith("Canon"):
                    await opened.call("set", name="capturetarget", value="Memory card")
                await simulator.control("set_format", camera=camera.name, format="RAW+JPEG")
                await simulator.control("press_shutter", camera=camera.name, count=3, interval=0.05)
                files = [path.rsplit("/", 1)[1] for path in await opened.call("events", seconds=60, deadline=70)]
                assert [name.split(".")[1] for name in files] == [raw, "JPG"] * 3
                assert len({name.split(".")[0] for name in files}) == 3
                await simulator.wait("idle", camera=camera.name)
                counts = (await simulator.status(camera.name))["events"]
                assert (counts["exposure"], counts["capture"], counts["idle"]) == (3, 3, 1)
                await simulator.control("quirks", camera=camera.name, second_file_s=0.3)
                await simulator.control("press_shutter", camera=camera.name)
                assert await opened.call("order", seconds=60, files=2, deadline=70) == ["file", "complete", "file"]


@pytest.mark.parametrize("vendor", ["canon", "generic"])
async def test_settings_come_late_in_steps_or_never(vendor: str) -> None:
    """Of a Canon body libgphoto2 believes at once what it has set; only the body's own news corrects it."""
    async with SimulatorProcess("--vendor", vendor) as simulator, GphotoProcess(simulator.camera.port) as camera:
        name = simulator.camera.name

        async def real() -> Any:
            return (await simulator.status())["properties"]["iso"]

        await simulator.control("property_fault", name="iso", effect="late", seconds=LONG_S)
        await camera.call("set", name="iso", value="800")
        assert await camera.call("get", name="iso") == ("800" if vendor == "canon" else "400")
        assert await real() == "400"
        await simulator.control("property_fault", name="iso", effect="steps", seconds=SHORT_S)
        before = await property_count(simulator, name)
        await camera.call("set", name="iso", value="3200")
        await simulator.control("wait", event="property", count=before + 3, timeout=60)
        assert await real() == "3200"
        await simulator.control("property_fault", name="iso", effect="late", seconds=SHORT_S)
        await camera.call("set", name="iso", value="100")
        await simulator.control("wait", event="property", count=before + 4, timeout=60)
        assert await real() == "100"
        await simulator.control("property_fault", name="iso", effect="never", announced=True)
        await camera.call("set", name="iso", value="1600")
        await camera.call("wait_for", text="d103" if vendor == "canon" else "500f")
        assert (await real(), await camera.call("get", name="iso")) == ("100", "100")
        await simulator.control("property_fault", name="iso", effect=None)
        await camera.call("set", name="iso", value="1600")
        assert await real() == "1600"


async def test_a_property_claims_to_be_readonly_or_has_a_number_for_its_name() -> None:
    """libgphoto2 believes what the description claims; where the claim has gone meanwhile, setting works."""
    async with SimulatorProcess("--vendor", "generic,canon", "--cameras", "2") as simulator:
        generic, canon = simulator.cameras

        async def fault(**fields: Any) -> None:
            await simulator.control("property_fault", name="f-number", camera=generic.name, **fields)

        async with GphotoProcess(generic.port, cachetime=0) as camera:
            await fault(effect="readonly", count=1)
            assert await camera.call("readonly", name="f-number")
            await camera.call("set", name="f-number", value="f/8")
            assert await camera.call("get", name="f-number") == "f/8"
            await fault(effect="readonly")
            assert await camera.fails("set", name="f-number", value="f/4") < 0
            assert camera.said[0] == "Sorry, the property 'F-Number' / 0x5007 is currently read-only."
            await fault(effect=None)
            await camera.call("set", name="f-number", value="f/4")
            await simulator.control("quirks", camera=generic.name, raw_only=True)
            names = await camera.call("names")
            assert not {"shutterspeed", "f-number", "exposurecompensation"} & set(names)
            assert (names["500d"][0], names["5007"][0], names["5010"][0]) == ("166", "400", "0")
            await camera.call("set", name="500d", value="400")
            assert (await simulator.status(generic.name))["properties"]["shutterspeed"] == "0.0400s"
        with pytest.raises(ControlRefusedError, match="cannot say that a property is read-only"):
            await simulator.control("property_fault", camera=canon.name, name="iso", effect="readonly")


async def test_sensitivities_go_beyond_sixteen_bits() -> None:
    """Each maker has its own way; EXIF has the number in another field."""
    makers = ("--vendor", "canon,nikon,sony,generic", "--cameras", "4", "--highest-iso", "409600")
    settings = {"Canon EOS 1300D": "iso", "D750": "d0b4", "ILCE-7S": "iso", "PTP Camera": "500f"}
    async with SimulatorProcess(*makers) as simulator:
        for camera in simulator.cameras:
            async with GphotoProcess(camera.port) as opened:
                await opened.call("set", name=settings[camera.model], value="409600")
                await opened.call("download", path=await opened.call("capture"), save="picture.jpg")
                details = tags(opened.read("picture.jpg")).get_ifd(0x8769)
                assert (details[0x8827], details[0x8830], details[0x8832]) == (65535, 2, 409600)
                if camera.model == "PTP Camera":
                    # Under its name libgphoto2 sends 16 bits, which such a body refuses.
                    assert await opened.fails("set", name="iso", value="102400") < 0


async def test_the_live_views_size_depends_on_where_it_goes() -> None:
    async with SimulatorProcess() as simulator, GphotoProcess(simulator.camera.port) as camera:
        for output, size in (("PC", (1024, 680)), ("MOBILE", (768, 510)), ("TFT + MOBILE2", (480, 320))):
            await camera.call("set", name="output", value=output)
            assert picture(await camera.first_preview()).size == size
        assert (await camera.call("names"))["liveviewsize"][0] == "Small"


async def test_a_turned_body_with_a_wrong_clock_says_so_in_its_files() -> None:
    """Pixels stay as the sensor has them, in the live view too, where nothing tells the turn."""
    at_start = ("--do", "quirks turned=270", "--do", "clock time=2000-01-01T00:00:00")
    async with SimulatorProcess(*at_start) as simulator, GphotoProcess(simulator.camera.port) as camera:
        await simulator.control("set_format", format="RAW+JPEG")
        for path in await camera.call("trigger", deadline=60):
            await camera.call("download", path=path, save="picture")
            told = tags(camera.read("picture"))
            assert told[0x0112] == 8
            assert told[0x0132].startswith("2000:01:01 00:0")
        assert picture(camera.read("picture")).size == (600, 400)
        assert picture(await camera.first_preview()).size == (1024, 680)
        assert (await simulator.control("clock", offset_s=-3600))["time"] < (
            await simulator.control("clock", offset_s=0)
        )["time"]


async def test_failures_have_the_drivers_sentences() -> None:
    async with SimulatorProcess(*ALL_MAKERS) as simulator:
        for camera in simulator.cameras:
            async with GphotoProcess(camera.port) as opened:
                await opened.call("names")
                for kind, sentence in SENTENCES[camera.model].items():
                    await simulator.control("fault", camera=camera.name, kind=kind)
                    assert await opened.fails("capture") < 0
                    assert opened.said == ([] if sentence is None else [sentence]), kind
                    await simulator.control("clear_faults")
                assert (await simulator.status(camera.name))["captures"] == 0
        nikon = simulator.cameras[1]
        async with GphotoProcess(nikon.port) as opened:
            await simulator.control("set_property", camera=nikon.name, name="liveviewprohibit", value=1 << 17)
            assert await opened.fails("preview") == -1
            assert opened.said == ["Liveview cannot start: Temperature too high"]
            await simulator.control("fault", camera=nikon.name, kind="focus_limit", count=1)
            assert await opened.fails("set", name="manualfocusdrive", value=100.0) == -113
            assert opened.said == ["Nikon manual focus at limit."]


async def test_another_program_takes_the_camera_and_gives_it_back() -> None:
    async with SimulatorProcess("--vendor", "generic") as simulator, GphotoProcess(simulator.camera.port) as camera:
        await simulator.control("take_camera")
        assert (await simulator.status())["taken"]
        assert await camera.fails("storage") < 0
        assert await camera.fails("reopen") == -1
        await simulator.control("give_back_camera")
        await camera.call("reopen")
        await simulator.control("fault", kind="session_open", count=1)
        await camera.call("reopen")
        assert await camera.fails("storage") < 0
        await camera.call("reopen")
        await camera.call("storage")


async def test_a_wrong_request_at_the_start_ends_it(tmp_path: Path) -> None:
    for request, sentence in (("quirks turned=45", "turned must be one of 0, 90"), ("dance", "no operation 'dance'")):
        simulator = SimulatorProcess("--do", request, "--control", str(tmp_path / "control"))
        assert sentence in await simulator.refused()
