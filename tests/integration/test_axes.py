"""Plans of several axes, on a real camera worker and a scene that the lights really light."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from support.rig_world import World, open_world, world_settings
from tetherlight import errors
from tetherlight.protocol.captures import CAPTURE_SERIES
from tetherlight.protocol.models import JobState
from tetherlight.protocol.sets import CAPTURE_SET, PhotometricSetResult
from tetherlight.rig.rig import Rig

LIGHTS = ["light_left", "light_right"]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as opened:
        yield opened


async def start(world: World, *axes: dict[str, Any], **wanted: Any) -> Any:
    """Start a set over these axes."""
    return await world.rig.start_set(CAPTURE_SET.parse({"axes": list(axes)} | wanted))


def manifest(world: World, result: PhotometricSetResult) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(
        (world.rig.settings.captures_base_dir / result.set_folder / "manifest.json").read_text()
    )
    return read


def names(result: PhotometricSetResult) -> list[str]:
    return [Path(path).name for path in result.images_captured]


async def value(world: World, name: str) -> Any:
    """Give an entry as the camera has it now."""
    camera = world.rig.cameras.camera()
    await camera.refresh([name])
    (entry,) = await camera.get_config(name)
    return entry.value


async def test_each_light_is_exposed_several_times_while_it_is_on(world: World) -> None:
    await world.rig.cameras.camera().set_config("shutterspeed", "1/60")
    result = await (await world.start(*LIGHTS, exposure=[-2, 0, 2])).result()
    assert names(result) == [
        f"image_{number:02d}_{light}_e{exposure:02d}.jpg"
        for number, light in enumerate(LIGHTS, start=1)
        for exposure in (1, 2, 3)
    ]
    written = manifest(world, result)
    times = [step["exposure"]["exposure_time_s"] for step in written["steps"]]
    assert times == pytest.approx([1 / 250, 1 / 60, 1 / 15] * 2, rel=0.05)
    assert [step["exposure"]["shutterspeed"] for step in written["steps"]] == ["1/250", "1/60", "1/15"] * 2
    assert [step["at"] for step in written["steps"]][:2] == [
        {"light": "light_left", "exposure": -2},
        {"light": "light_left", "exposure": 0},
    ]
    assert {step["on_at"] for step in written["steps"][:3]} == {written["steps"][0]["on_at"]}
    assert result.warnings == []
    assert await value(world, "shutterspeed") == "1/60"
    begun = [status for status in world.hearing.statuses() if status.startswith("processing")]
    assert begun == ["processing_light_1_of_2", "processing_light_2_of_2"]
    assert await world.lit() == []


async def test_axes_of_every_kind_make_one_set(world: World) -> None:
    before = await value(world, "iso")
    axes: list[dict[str, Any]] = [
        {"axis": "time", "count": 2, "step": 0.5},
        {"axis": "repeat", "count": 2},
        {"axis": "light", "values": [None, "light_left"]},
        {"axis": "setting", "name": "iso", "values": ["100", "400"]},
    ]
    result = await (await start(world, *axes)).result()
    written = manifest(world, result)
    assert [step["index"] for step in written["steps"]] == list(range(16))
    assert [axis["axis"] for axis in written["plan"]["axes"]] == ["time", "repeat", "light", "setting"]
    assert written["steps"][-1]["at"] == {"time": 0.5, "repeat": 2, "light": "light_left", "setting": "400"}
    assert names(result)[-1] == "image_01_light_left_t02_r02_s02.jpg"
    assert result.image_count == 8
    assert {step["exposure"]["iso_speed"] for step in written["steps"]} == {100, 400}
    assert await value(world, "iso") == before


async def test_a_plan_without_lights_leaves_the_lights_to_others(world: World) -> None:
    job = await start(world, {"axis": "time", "count": 2, "step": 3600})
    await world.hearing.wait("photometric_progress", lambda one: one.status == "captured_step_1_of_2")
    await world.rig.lights.set({"light_left": True})
    assert (await world.rig.jobs.cancel(job.job_id)).state is JobState.CANCELLED
    assert await world.lit() == ["light_left"]


async def test_a_lamp_is_off_while_a_round_is_waited_for(world: World) -> None:
    axes: list[dict[str, Any]] = [
        {"axis": "light", "values": ["light_left"]},
        {"axis": "time", "count": 2, "step": 3600},
    ]
    job = await start(world, *axes)
    await world.hearing.wait("photometric_progress", lambda one: one.status == "captured_light_1_of_2")
    assert await world.lit() == []
    await world.rig.jobs.cancel(job.job_id)


WRONG: list[tuple[list[dict[str, Any]], type[errors.TetherlightError]]] = [
    ([{"axis": "light", "values": ["nobody"]}], errors.UnknownLight),
    ([{"axis": "exposure", "values": [20]}], errors.ConfigInvalid),
    ([{"axis": "exposure", "values": [{"iso": "7"}]}], errors.ConfigInvalid),
    ([{"axis": "setting", "name": "nothing", "values": ["1"]}], errors.ConfigNotFound),
    ([{"axis": "setting", "name": "serialnumber", "values": ["1"]}], errors.ConfigReadonly),
    ([{"axis": "colour", "values": [1]}], errors.InvalidPayload),
    (
        [{"axis": "setting", "name": "iso", "values": ["100"]}, {"axis": "exposure", "values": [{"iso": "200"}]}],
        errors.InvalidPayload,
    ),
]


@pytest.mark.parametrize(("axes", "error"), WRONG)
async def test_a_plan_that_cannot_be_had_is_refused_before_anything_moves(
    world: World, axes: list[dict[str, Any]], error: type[errors.TetherlightError]
) -> None:
    with pytest.raises(error):
        await start(world, {"axis": "focus", "count": 2}, *axes)
    assert (world.rig.jobs.list(), world.rig.store.captures.newest(10)) == ([], [])
    assert [path.name for path in world.rig.settings.sets_dir.iterdir()] == [".reserve"]
    assert (world.rig.cameras.camera().owner, world.rig.lights.owner) == (None, None)


PLANS: list[list[dict[str, Any]]] = [
    [{"axis": "setting", "name": "iso", "values": ["200", "800"]}, {"axis": "light", "values": LIGHTS}],
    [{"axis": "light", "values": [None, *LIGHTS]}, {"axis": "exposure", "values": [-1, 1]}],
    [{"axis": "time", "count": 3, "step": 0.2}, {"axis": "repeat", "count": 2}],
]


@pytest.mark.parametrize("axes", PLANS)
async def test_any_plan_is_finished_by_the_next_server(tmp_path: Path, axes: list[dict[str, Any]]) -> None:
    """Each cell is taken once, and the camera is left as the plan found it, whatever it has when the plan goes on."""
    async with open_world(tmp_path) as world:
        found = [await value(world, name) for name in ("iso", "shutterspeed")]
        job = await start(world, *axes)
        await world.hearing.wait("job_changed", lambda one: one.steps[1].state == "done")
        await world.rig.stop()
        async with Rig.open(world_settings(world.simulator, tmp_path)) as rig:
            await rig.cameras.select(None, None, None)
            await rig.cameras.camera().set_config("iso", "400")
            again = rig.jobs.find(job.job_id)
            assert again.state is JobState.INTERRUPTED
            last = again.snapshot().steps[-1].index
            await rig.jobs.skip(job.job_id, [last])
            await rig.jobs.resume(job.job_id)
            await again.result()
            steps = again.snapshot().steps
            assert [step.state for step in steps] == ["done"] * (len(steps) - 1) + ["skipped"]
            assert len({name for step in steps for name in step.files}) == len(steps) - 1
            now = [(await rig.cameras.camera().get_config(name))[0].value for name in ("iso", "shutterspeed")]
            assert now == found


async def test_any_cell_can_be_taken_again_and_only_that_one(world: World) -> None:
    job = await world.start(*LIGHTS, exposure=[-1, 0, 1])
    await job.result()
    before = {step["index"]: step["captured_at"] for step in manifest(world, await job.result())["steps"]}
    with pytest.raises(errors.JobConflict, match="does not drive the focus"):
        world.rig.shooting.choose_focus(job.job_id, "here", [5])
    await world.rig.jobs.retry(job.job_id, [5])
    result = await job.result()
    after = {step["index"]: step["captured_at"] for step in manifest(world, result)["steps"]}
    assert [index for index in after if after[index] != before[index]] == [5]
    assert names(result)[4] == "image_02_light_right_e02.jpg"
    assert result.image_count == 6


async def test_single_captures_can_be_a_plan_of_axes_too(world: World) -> None:
    job = await world.rig.start_series(CAPTURE_SERIES.parse({"count": 2, "focus": {"count": 2}, "exposure": [0, 1]}))
    result = await job.result()
    assert result.image_count == 8
    assert job.manifest.places["focus"].at == 0


async def two_cameras(world: World) -> list[str]:
    first, second = await world.rig.cameras.look()
    await world.rig.cameras.select(None, None, second.camera_id, select=False)
    return [first.camera_id, second.camera_id]


async def test_two_cameras_take_each_light_together(tmp_path: Path) -> None:
    """A slow camera does not keep the other one waiting, and the lamp stays on for both."""
    async with open_world(tmp_path, "--cameras", "2") as world:
        ids = await two_cameras(world)
        other = world.rig.cameras.camera(ids[1])
        await other.set_config("iso", "1600")
        job = await start(world, {"axis": "light", "values": LIGHTS}, {"axis": "camera", "values": ids})
        result = await job.result()
        assert names(result) == [
            f"image_{number:02d}_{light}_c{camera:02d}.jpg"
            for number, light in enumerate(LIGHTS, start=1)
            for camera in (1, 2)
        ]
        steps = manifest(world, result)["steps"]
        assert [step["at"]["camera"] for step in steps] == ids * 2
        assert {step["exposure"]["iso_speed"] for step in steps[1::2]} == {1600}
        assert {step["exposure"]["iso_speed"] for step in steps[::2]} != {1600}
        assert steps[0]["on_at"] == steps[1]["on_at"]
        assert steps[0]["captured_at"] < steps[1]["off_at"]
        assert result.warnings == []
        begun = [status for status in world.hearing.statuses() if status.startswith("processing")]
        assert begun == ["processing_light_1_of_2", "processing_light_2_of_2"]
        assert all(world.rig.cameras.camera(one).owner is None for one in ids)


async def test_the_picture_of_one_camera_is_kept_when_the_other_has_none(tmp_path: Path) -> None:
    async with open_world(tmp_path, "--cameras", "2") as world:
        ids = await two_cameras(world)
        await world.simulator.control("fault", camera="camera2", kind="store_full", when="capture", count=1)
        job = await start(world, {"axis": "light", "values": LIGHTS}, {"axis": "camera", "values": ids})
        with pytest.raises(errors.SequenceFailed) as failed:
            await job.result()
        assert [step.state for step in job.snapshot().steps] == ["done", "failed", "pending", "pending"]
        assert failed.value.data.image_count == 1
        await world.rig.jobs.retry(job.job_id, None)
        assert (await job.result()).image_count == 4


async def test_a_set_of_two_cameras_needs_both(tmp_path: Path) -> None:
    async with open_world(tmp_path, "--cameras", "2") as world:
        first, second = await world.rig.cameras.look()
        axes = {"axis": "camera", "values": [first.camera_id, second.camera_id]}
        with pytest.raises(errors.CameraError, match=second.camera_id):
            await start(world, axes)
        with pytest.raises(errors.InvalidPayload, match="camera_id"):
            await start(world, axes, camera_id=first.camera_id)
        assert world.rig.cameras.camera().owner is None
