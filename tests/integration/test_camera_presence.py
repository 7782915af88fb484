"""An idle camera that is gone is noticed, whatever libgphoto2 goes on answering from its cache."""

from pathlib import Path

import pytest

from support.camera_world import open_camera


@pytest.mark.parametrize("refresh_s", [0.2, 3600])
@pytest.mark.parametrize("vendor", ["canon", "nikon", "generic"])
async def test_an_idle_camera_that_is_unplugged_is_lost_and_its_config_stays_known(
    tmp_path: Path, vendor: str, refresh_s: float
) -> None:
    """Whether its config is read all the time, as far as libgphoto2 still knows it, or never."""
    async with open_camera(tmp_path, "--vendor", vendor, settings_refresh_interval=refresh_s) as world:
        before = {entry.path for entry in await world.camera.get_config()}
        await world.simulator.control("unplug", camera="camera1")
        await world.recorder.until(lambda: "lost" in world.recorder.kinds())
        assert {entry.path for entry in await world.camera.get_config()} == before
        assert (await world.camera.get_config("iso"))[0].value
        await world.simulator.control("plug", camera="camera1")
        await world.recorder.ready_again()
        assert {entry.path for entry in await world.camera.get_config()} == before


async def test_an_idle_camera_that_falls_silent_is_noticed_where_its_events_are_only_listened_to(
    tmp_path: Path,
) -> None:
    """As when the network behind it is cut: nothing ends, and no event is what it always has."""
    async with open_camera(tmp_path, "--vendor", "generic", settings_refresh_interval=3600) as world:
        await world.fault("hang", count=None)
        await world.recorder.until(lambda: "recovering" in world.recorder.kinds())
        await world.simulator.control("clear_faults")
        await world.recorder.ready_again()
