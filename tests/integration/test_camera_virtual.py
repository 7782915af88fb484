"""A camera that others wrote: libgphoto2's own virtual one, beside a simulated one in the same processes."""

from collections.abc import AsyncIterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image

from support.camera_world import PATIENT, Recorder, make_settings, patient
from support.server_process import ServerProcess
from support.simulator_process import SimulatorProcess
from support.usb_world import FakeBus
from tetherlight.camera.camera import Camera
from tetherlight.camera.detection import find_cameras
from tetherlight.camera.surroundings import Surroundings
from tetherlight.errors import CameraLost, PreviewUnsupported


@pytest.fixture(autouse=True)
def virtual_camera(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workers and scanner load the drivers of the virtual camera and of the network."""
    spec = find_spec("gphoto2")
    assert spec is not None
    assert spec.origin is not None
    library = Path(spec.origin).parent / "libgphoto2"
    drivers, pictures = tmp_path / "drivers", tmp_path / "card"
    drivers.mkdir()
    pictures.mkdir()
    for driver in (library / "iolibs" / "ptpip.so", library / "vusb" / "vusb.so"):
        (drivers / driver.name).symlink_to(driver)
    Image.new("RGB", (64, 48), "olive").save(pictures / "picture.jpg")
    monkeypatch.setenv("IOLIBS", str(drivers))
    monkeypatch.setenv("VCAMERADIR", str(pictures))


@pytest.fixture
async def camera(tmp_path: Path) -> AsyncIterator[Camera]:
    settings = make_settings(tmp_path)
    (found,) = await find_cameras(settings)
    assert found.port.startswith("usb:")
    camera = await Camera.open(found, settings, Recorder(), deadlines=patient(PATIENT))
    try:
        yield camera
    finally:
        await camera.close()


async def test_its_config_can_be_read_and_set(camera: Camera) -> None:
    (aperture,) = await camera.get_config("aperture")
    assert aperture.name == "f-number"
    assert (await camera.set_config("aperture", aperture.options[-1])).value == aperture.options[-1]
    assert camera.status().battery_percent == 50


async def test_it_takes_pictures_but_gives_no_previews(camera: Camera, tmp_path: Path) -> None:
    exposure = await camera.capture(tmp_path / "pictures", "picture")
    assert exposure.files[0].path.read_bytes()[:2] == b"\xff\xd8"
    with pytest.raises(PreviewUnsupported, match=r"^Camera does not support preview\.$"):
        await camera.preview()


async def test_it_works_beside_a_network_camera(tmp_path: Path) -> None:
    async with SimulatorProcess() as simulator:
        settings = make_settings(tmp_path, *simulator.addresses)
        found = await find_cameras(settings)
        assert [each.port.split(":")[0] for each in found] == ["usb", "ptpip"]
        cameras = [await Camera.open(each, settings, deadlines=patient(PATIENT)) for each in found]
        try:
            for camera in cameras:
                assert (await camera.capture(tmp_path / "pictures", camera.camera_id)).files
        finally:
            for camera in cameras:
                await camera.close()


async def test_a_server_serves_it_like_any_other(tmp_path: Path) -> None:
    """The contract's way through a real server: choose, set, capture, no live view, a set, images, goodbye."""
    async with ServerProcess(tmp_path / "server") as server, server.client() as client:
        (found,) = await client.do("GET_CAMERAS")
        chosen = await client.do("SELECT_CAMERA", {"model": found["model"], "port": found["port"]})
        assert (chosen["model"], chosen["port"]) == (found["model"], found["port"])
        aperture = await client.do("get_config", {"config_name": "aperture"})
        wanted = aperture["options"][-1]
        assert (await client.do("SET_CONFIG", {"config_name": "aperture", "value": wanted}))["value"] == wanted
        taken = await client.do("CAPTURE_IMAGE")
        assert (server.folder / taken["file_path"]).read_bytes().startswith(b"\xff\xd8")
        refused = await client.request("START_LIVEVIEW")
        assert refused["error"].startswith("Camera does not support preview.")
        done = await client.do("CAPTURE_PHOTOMETRIC_SET", {"light_sequence": ["light_left", "light_right"]})
        assert done["image_count"] == 2
        contents = await client.do("GET_IMAGE_SET_CONTENTS", {"set_name": Path(done["set_folder"]).name})
        assert [Path(image["filename"]).stem for image in contents] == ["image_01_light_left", "image_02_light_right"]
        assert (await client.do("DESELECT_CAMERA"))["message"] == "Camera deselected successfully."


async def test_a_camera_that_the_kernel_no_longer_knows_is_gone_whatever_answers(tmp_path: Path) -> None:
    """The virtual one still answers, as libgphoto2's caches do."""
    world = FakeBus(tmp_path / "usb")
    settings = make_settings(tmp_path)
    (found,) = await find_cameras(settings)
    assert world.plug("1-2", int(found.port.rpartition(",")[2])) == found.port
    recorder, around = Recorder(), Surroundings(bus=world.bus)
    camera = await Camera.open(replace(found, path="1-2"), settings, recorder, deadlines=PATIENT, around=around)
    try:
        await camera.check()
        assert recorder.kinds() == []
        world.unplug("1-2")
        with pytest.raises(CameraLost, match="unplugged"):
            await camera.check()
        await recorder.until(lambda: recorder.kinds()[:1] == ["recovering"])
    finally:
        await camera.close()
