"""A real camera, named by --camera-port: what every camera must do. The pictures stay on its card as well."""

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from tetherlight.camera.camera import Camera
from tetherlight.camera.detection import find_cameras
from tetherlight.errors import PreviewUnsupported
from tetherlight.settings import Settings

pytestmark = pytest.mark.hardware


@pytest.fixture
async def camera(camera_port: str, tmp_path: Path) -> AsyncIterator[Camera]:
    """The camera at the given port; on the network it may have to be paired first."""
    cameras = (camera_port,) if camera_port.startswith("ptpip:") else ()
    settings = Settings(cameras=cameras, captures_base_dir=tmp_path / "captures", state_dir=tmp_path / "state")
    found = {one.port: one for one in await find_cameras(settings)}
    assert camera_port in found, f"no camera is at {camera_port}; there are: {', '.join(found) or 'none'}"
    camera = await Camera.open(found[camera_port], settings)
    try:
        yield camera
    finally:
        await camera.close()


async def test_it_says_who_it_is_and_how_it_is_set(camera: Camera) -> None:
    assert camera.model
    (iso,) = await camera.get_config("iso")
    assert iso.value in iso.options


async def test_a_setting_is_kept(camera: Camera) -> None:
    (iso,) = await camera.get_config("iso")
    other = next(option for option in iso.options if option != iso.value and option.isdigit())
    assert (await camera.set_config("iso", other)).value == other
    await camera.set_config("iso", iso.value)


async def test_a_picture_reaches_the_disk_with_all_its_files(camera: Camera, tmp_path: Path) -> None:
    exposure = await camera.capture(tmp_path, "picture")
    assert exposure.files
    assert all(file.path.stat().st_size == file.size > 0 for file in exposure.files)


async def test_the_live_view_goes_on_after_a_picture(camera: Camera, tmp_path: Path) -> None:
    with suppress(PreviewUnsupported):
        assert (await camera.preview()).jpeg.startswith(b"\xff\xd8")
        await camera.capture(tmp_path, "picture")
        assert (await camera.preview()).jpeg.startswith(b"\xff\xd8")
