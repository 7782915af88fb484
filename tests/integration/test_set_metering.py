"""The exposure of a set, found with test shots of the real camera process on a lit scene."""

import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from support.rig_world import World, open_world
from tetherlight.camera.values import amount
from tetherlight.capture.metering import times_of
from tetherlight.errors import ConfigInvalid, InvalidPayload
from tetherlight.photometric.looks import CLIPPED
from tetherlight.photometric.metering import MOST_CLIPPED
from tetherlight.protocol.axes import AxisPlan
from tetherlight.protocol.events import PhotometricProgress
from tetherlight.protocol.models import ConfigEntry, ConfigType, JobState
from tetherlight.protocol.sets import CaptureSet, PhotometricSetResult
from tetherlight.simulator.scene import DEFAULT_LIGHTS, SceneLight

LIGHTS = ["light_left", "light_rear"]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as opened:
        yield opened


async def dim(world: World, light: str, brightness: float) -> None:
    changed = {**DEFAULT_LIGHTS, light: SceneLight(DEFAULT_LIGHTS[light].direction, brightness)}
    lights = {name: asdict(one) for name, one in changed.items()}
    await world.simulator.control("define_lights", lights=lights)


def manifest(world: World, result: PhotometricSetResult) -> dict[str, Any]:
    path = world.rig.settings.captures_base_dir / result.set_folder / "manifest.json"
    read: dict[str, Any] = json.loads(path.read_text())
    return read


def clipped(world: World, image: str) -> float:
    pixels = np.asarray(Image.open(world.rig.settings.captures_base_dir / image))
    return float((pixels.max(axis=2) >= CLIPPED).mean())


async def shutter(world: World) -> Any:
    (entry,) = await world.rig.cameras.camera().get_config("shutterspeed")
    return entry.value


async def clipped_at(world: World, light: str, seconds: float) -> float:
    """Take a single picture under a light at the next longer time; say what is clipped."""
    camera = world.rig.cameras.camera()
    (entry,) = await camera.get_config("shutterspeed")
    times = sorted((found, option) for option in entry.options if (found := amount(option)) is not None)
    await camera.set_config("shutterspeed", next(option for found, option in times if found > seconds * 1.1))
    await world.rig.lights.set({light: True})
    (file,) = (await world.rig.captures.capture(camera, download=True)).files
    await world.rig.lights.set({light: False})
    return clipped(world, file.filename)


@pytest.mark.parametrize("before", ["1/4", "1/1000"])
async def test_one_exposure_is_found_for_all_lights(world: World, before: str) -> None:
    """It holds the brightest of them, and the next longer one would not; the camera has its own again after the set."""
    await world.rig.cameras.camera().set_config("shutterspeed", before)
    await dim(world, "light_rear", 0.3)
    job = await world.start(*LIGHTS, metering="set", ambient=True)
    result = await job.result()
    assert (result.image_count, result.frames_to_check) == (2, [])
    plan = manifest(world, result)["plan"]
    (chosen,) = {one["shutterspeed"] for one in plan["metered"]}
    assert all(one["shots"] <= 3 for one in plan["metered"])
    steps = manifest(world, result)["steps"]
    assert {step["exposure"]["shutterspeed"] for step in steps} == {chosen}
    assert len({step["exposure"]["exposure_time_s"] for step in steps}) == 1
    assert [step.shutterspeed for step in job.snapshot().steps if step.light] == [chosen] * 2
    assert max(clipped(world, image) for image in result.images_captured) <= MOST_CLIPPED
    assert await shutter(world) == before
    assert await clipped_at(world, "light_left", plan["metered"][0]["seconds"]) > MOST_CLIPPED


async def test_each_light_may_have_its_own_exposure(world: World) -> None:
    await dim(world, "light_rear", 0.125)
    result = await (await world.start(*LIGHTS, metering="light", ambient=True)).result()
    left, rear = manifest(world, result)["plan"]["metered"]
    assert np.log2(rear["seconds"] / left["seconds"]) == pytest.approx(3, abs=0.4)
    ambient, *lit = manifest(world, result)["steps"]
    assert [step["exposure"]["shutterspeed"] for step in lit] == [left["shutterspeed"], rear["shutterspeed"]]
    assert ambient["exposure"]["shutterspeed"] == rear["shutterspeed"]
    assert not [step["warnings"] for step in lit if step["warnings"]]
    told = [one.data for one in world.hearing.heard if isinstance(one.data, PhotometricProgress)]
    assert [(one.status, one.shutterspeed) for one in told][:4] == [
        ("metering_light_1_of_2", None), ("metered_light_1_of_2", left["shutterspeed"]),
        ("metering_light_2_of_2", None), ("metered_light_2_of_2", rear["shutterspeed"]),
    ]  # fmt: skip


async def test_test_shots_stay_nowhere(world: World) -> None:
    result = await (await world.start(*LIGHTS, metering="set")).result()
    captures = world.rig.settings.captures_base_dir
    kept = [path for path in captures.rglob("*") if path.is_file() and path.suffix == ".jpg"]
    assert sorted(str(path.relative_to(captures)) for path in kept) == sorted(result.images_captured)
    assert not list((captures / ".thumbnails").glob("test-shot*"))


async def test_a_set_that_is_paused_while_it_meters_meters_when_it_goes_on(world: World) -> None:
    job = await world.start(*LIGHTS, metering="set")
    await world.hearing.wait("photometric_progress", lambda one: one.status == "metering_light_1_of_2")
    assert (await world.rig.jobs.pause(job.job_id)).state is JobState.PAUSED
    assert await world.lit() == []
    await world.rig.jobs.resume(job.job_id)
    assert (await job.result()).image_count == 2


async def test_what_cannot_be_metered_is_refused_before_anything_moves(world: World) -> None:
    bracket = [AxisPlan(axis="light", values=["light_left"]), AxisPlan(axis="exposure", values=[0, 1])]
    with pytest.raises(InvalidPayload, match="metering"):
        await world.rig.start_set(CaptureSet(axes=bracket, metering="set"))
    assert world.hearing.statuses() == []


@pytest.mark.parametrize(
    ("value", "readonly", "options"),
    [("bulb", False, ["bulb", "1/60", "1/30"]), ("1/60", True, ["1/60", "1/30"]), ("1/60", False, ["1/60"])],
)
def test_a_camera_that_offers_no_times_is_refused(value: str, readonly: bool, options: list[str]) -> None:
    entry = ConfigEntry(
        name="shutterspeed", label="", value=value, type=ConfigType.MENU, readonly=readonly, options=options, path="/x"
    )
    for config in ([], [entry]):
        with pytest.raises(ConfigInvalid, match="offers no exposure times"):
            times_of(config)
