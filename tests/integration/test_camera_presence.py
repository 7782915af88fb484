"""An idle camera that is gone is noticed, whatever libgphoto2 goes on answering from its cache."""

from pathlib import Path

import pytest

from camera_world import open_camera


@pytest.mark.parametrize("vendor", ["canon", "nikon", "generic"])
async def test_an_idle_camera_that_is_unplugged_is_lost_and_its_config_stays_known(tmp_path: Path, vendor: str) -> None:
    """Its config is read all the time, as far as libgphoto2 still knows it."""
    async with open_camera(tmp_path, "--vendor", vendor, settings_refresh_interval=0.2) as world:
        before = {entry.path for entry in await world.camera.get_config()}
        await world.simulator.control("unplug", camera="camera1")
        await world.recorder.until(lambda: "lost" in world.recorder.kinds())
        assert {entry.path for entry in await world.camera.get_config()} == before
        assert (await world.camera.get_config("iso"))[0].value
        await world.simulator.control("plug", camera="camera1")
        await world.recorder.ready_again()
        assert {entry.path for entry in await world.camera.get_config()} == before
