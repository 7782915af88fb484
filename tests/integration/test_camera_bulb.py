"""A body that stands on bulb takes no picture of unknown exposure, and none that nobody ends."""

from pathlib import Path
from typing import Any

import pytest

from support.camera_world import open_camera
from support.rig_world import open_world
from tetherlight.errors import CaptureRefused
from tetherlight.protocol.captures import CAPTURE_SERIES

BULB = {"canon": "bulb", "nikon": "Bulb"}
BOTH = pytest.mark.parametrize("vendor", ["canon", "nikon"])


@BOTH
async def test_a_capture_without_a_time_is_refused_before_the_shutter_is_released(vendor: str, tmp_path: Path) -> None:
    async with open_camera(tmp_path, "--vendor", vendor) as opened:
        (before,) = await opened.camera.get_config("shutterspeed")
        await opened.camera.set_config("shutterspeed", BULB[vendor])
        with pytest.raises(CaptureRefused) as caught:
            await opened.camera.capture(opened.folder, "image")
        assert caught.value.details == {"setting": "shutterspeed", "value": BULB[vendor], "kind": "bulb"}
        (state,) = (await opened.simulator.control("status"))["cameras"]
        assert (state["exposing"], state["captures"]) == (False, 0)
        await opened.camera.set_config("shutterspeed", before.value)
        await opened.camera.capture(opened.folder, "image")


async def test_a_dial_that_was_turned_to_bulb_just_now_counts(tmp_path: Path) -> None:
    async with open_camera(tmp_path) as opened:
        await opened.simulator.control("set_property", name="shutterspeed", value="bulb")
        with pytest.raises(CaptureRefused, match="'shutterspeed' at 'bulb'"):
            await opened.camera.capture(opened.folder, "image")


@pytest.mark.parametrize(
    "wanted",
    [
        {"bracket": {"config_name": "shutterspeed", "values": ["1/60", "bulb"]}},
        {"exposure": [{"shutterspeed": "1/60"}, {"shutterspeed": "bulb"}]},
    ],
)
async def test_a_plan_with_bulb_among_its_values_is_refused_before_it_begins(
    wanted: dict[str, Any], tmp_path: Path
) -> None:
    async with open_world(tmp_path) as world:
        with pytest.raises(CaptureRefused):
            await world.rig.start_series(CAPTURE_SERIES.parse({"count": 1, **wanted}))
        assert world.rig.jobs.list() == []


async def test_a_set_on_bulb_is_refused_before_its_folder_is_made(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        camera = world.rig.cameras.camera()
        await camera.set_config("shutterspeed", "bulb")
        with pytest.raises(CaptureRefused):
            await world.start("light_left")
        assert world.rig.store.sets.names() == []


async def test_a_plan_that_sets_the_time_itself_is_taken_on_a_body_that_stands_on_bulb(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        camera = world.rig.cameras.camera()
        await camera.set_config("shutterspeed", "bulb")
        wanted = {"count": 1, "bracket": {"config_name": "shutterspeed", "values": ["1/60", "1/30"]}}
        job = await world.rig.start_series(CAPTURE_SERIES.parse(wanted))
        assert (await job.result()).image_count == 2
        assert (await camera.get_config("shutterspeed"))[0].value == "bulb"
