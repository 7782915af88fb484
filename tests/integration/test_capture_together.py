"""Several cameras released in one moment: by lines and by software, whole or with one that gives nothing."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from support.patience import stretched
from support.rig_world import World, open_world
from support.turns import turns
from tetherlight.errors import (
    CameraBusy,
    CaptureIncomplete,
    CaptureRefused,
    TriggerMissing,
)
from tetherlight.protocol.together import CaptureAllResult, Frame, Trigger

pytestmark = pytest.mark.asyncio(loop_scope="module")

IDS = ("canon-eos-1300d-087000000001", "canon-eos-1300d-087000000002")
DEADLINE_S = stretched(4)
RIG = f"""
driver = "simulated"
[lights]
light_left = {{ direction = [-1, 0, 1] }}
[triggers.left]
cameras = ["{IDS[0]}"]
full_press = 5
[triggers.right]
cameras = ["{IDS[1]}"]
half_press = 12
full_press = 13
half_press_s = 0
deadline_s = {DEADLINE_S}
"""
NAMES = dict(zip(IDS, ("camera1", "camera2"), strict=True))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world() -> AsyncIterator[World]:
    """A rig with two bodies that keep their pictures on the card, both on lines."""
    folder = Path(tempfile.mkdtemp(prefix="together-"))
    rig_file = folder / "rig.toml"
    rig_file.write_text(RIG)
    try:
        async with open_world(folder, "--cameras", "2", select=False, rig_file=rig_file) as world:
            await world.rig.cameras.look()
            for camera_id in IDS:
                await world.rig.cameras.select(None, None, camera_id)
                await world.rig.cameras.camera(camera_id).set_config("capturetarget", "Memory card")
            yield world
    finally:
        shutil.rmtree(folder)


async def capture(world: World, trigger: Trigger | None = None) -> CaptureAllResult:
    """Take one exposure with both cameras."""
    return await world.rig.together.capture(await world.rig.cameras.turns(), trigger=trigger, download=True)


async def exposures(world: World, camera_id: str) -> list[dict[str, Any]]:
    """Give the exposures that a body made, by its own record."""
    found: list[dict[str, Any]] = (await world.simulator.control("exposures", camera=NAMES[camera_id]))["exposures"]
    return found


async def line_of(world: World, frame: Frame) -> int | None:
    """Give the event on its line by which the body took the picture of a frame, by its own record."""
    assert frame.camera_path is not None
    name = Path(frame.camera_path).name
    (made,) = [one for one in await exposures(world, frame.camera_id) if name in one["files"]]
    line: int | None = made["line"]
    return line


async def lines_of(world: World, result: CaptureAllResult) -> set[int | None]:
    """Give the events by which the frames of an exposure were taken."""
    return {await line_of(world, frame) for frame in result.frames if frame.error is None}


async def quirk(world: World, camera_id: str, **quirks: Any) -> None:
    await world.simulator.control("quirks", camera=NAMES[camera_id], **quirks)


async def test_a_line_fires_both_bodies_within_a_millisecond(world: World) -> None:
    result = await capture(world)
    assert result.trigger == "line"
    assert [frame.camera_id for frame in result.frames] == list(IDS)
    assert len(await lines_of(world, result) - {None}) == 1
    opened = [(await exposures(world, camera_id))[-1]["opened_s"] for camera_id in IDS]
    assert abs(opened[0] - opened[1]) <= 0.001
    assert result.skew_ms == pytest.approx(1000 * abs(opened[0] - opened[1]), abs=0.001)


async def test_frames_of_an_exposure_are_known_by_it_on_the_disk(world: World) -> None:
    result = await capture(world, "software")
    listed = {file.path: file for file in await asyncio.to_thread(world.rig.store.captures.newest)}
    assert {listed[file.path].exposure_id for file in result.files} == {result.exposure_id}
    assert {file.exposure_id for file in result.files} == {result.exposure_id}


async def test_a_body_that_opens_late_shows_in_the_skew(world: World) -> None:
    await quirk(world, IDS[1], line_lag_s=0.2)
    try:
        result = await capture(world, "line")
    finally:
        await quirk(world, IDS[1], line_lag_s=0)
    assert result.skew_ms == pytest.approx(200, abs=1)


async def test_software_releases_every_camera_and_tells_how_far_apart(world: World) -> None:
    result = await capture(world, "software")
    assert result.trigger == "software"
    assert await lines_of(world, result) == {None}
    first, second = (frame.captured_at for frame in result.frames)
    assert first is not None
    assert second is not None
    assert result.skew_ms == pytest.approx(1000 * abs((first - second).total_seconds()), abs=0.01)


async def test_a_body_that_does_not_fire_is_told_and_the_other_keeps_its_frame(world: World) -> None:
    await quirk(world, IDS[1], line_drops=1)
    with pytest.raises(CaptureIncomplete, match=IDS[1]) as caught:
        await capture(world, "line")
    result = caught.value.data
    good, missing = result.frames
    assert good.file_path is not None
    assert (missing.file_path, missing.error_code) == (None, "capture_failed")
    told = await world.hearing.wait("frames_changed", lambda one: one.exposure_id == result.exposure_id)
    assert told == result
    assert len(await lines_of(world, await capture(world, "line"))) == 1


async def test_a_picture_that_a_body_takes_beyond_is_in_no_exposure(world: World) -> None:
    await quirk(world, IDS[0], line_doubles=1)
    first = await capture(world, "line")
    second = await capture(world, "line")
    (line,), (next_line,) = await lines_of(world, first), await lines_of(world, second)
    assert line is not None
    assert next_line == line + 1
    (extra,) = [one for one in (await exposures(world, IDS[0]))[-3:] if one["line"] is None]
    told = await world.hearing.wait("image_captured", lambda one: one.camera_id == IDS[0])
    frames = {file.path for result in (first, second) for file in result.files}
    assert extra["files"]
    assert told.file_path not in frames


async def test_a_file_that_comes_late_joins_its_exposure(world: World) -> None:
    await world.simulator.control("set_format", camera=NAMES[IDS[0]], format="RAW+JPEG")
    await quirk(world, IDS[0], second_file_s=5)
    try:
        first = await capture(world, "line")
        assert len(first.frames[0].files) == 1
        await capture(world, "line")
        whole = await world.hearing.wait(
            "frames_changed", lambda one: one.exposure_id == first.exposure_id and len(one.frames[0].files) == 2
        )
    finally:
        await quirk(world, IDS[0], second_file_s=0)
        await world.simulator.control("set_format", camera=NAMES[IDS[0]], format="JPEG")
    assert len({Path(file.path).stem for file in whole.frames[0].files}) == 1


async def test_nothing_is_released_when_one_camera_is_not_ready(world: World) -> None:
    camera = world.rig.cameras.camera(IDS[1])
    before = [len(await exposures(world, camera_id)) for camera_id in IDS]
    await camera.set_config("shutterspeed", "bulb")
    try:
        with pytest.raises(CaptureRefused, match=IDS[1]):
            await capture(world, "line")
    finally:
        await camera.set_config("shutterspeed", "1/125")
    assert [len(await exposures(world, camera_id)) for camera_id in IDS] == before


async def test_a_camera_that_a_job_has_keeps_all_from_being_released(world: World) -> None:
    camera = world.rig.cameras.camera(IDS[1])
    camera.claim("job-x")
    try:
        with pytest.raises(CameraBusy, match="job-x"):
            await world.rig.cameras.turns()
    finally:
        camera.release("job-x")
    # The camera before it is free again.
    assert (await world.rig.captures.capture(world.rig.cameras.camera(IDS[0]), download=True)).file_path


async def test_who_gives_up_leaves_the_cameras_free_and_nothing_released(world: World) -> None:
    before = [len(await exposures(world, camera_id)) for camera_id in IDS]
    with world.rig.cameras.camera(IDS[1]).place():
        waiting = asyncio.create_task(capture(world, "line"))
        # The first camera is behind it, too, until it is clear what becomes of both.
        single = asyncio.create_task(world.rig.captures.capture(world.rig.cameras.camera(IDS[0]), download=True))
        await turns()
        waiting.cancel()
        assert (await single).file_path
        with pytest.raises(asyncio.CancelledError):
            await waiting
    assert [len(await exposures(world, camera_id)) for camera_id in IDS] == [before[0] + 1, before[1]]
    assert len(await lines_of(world, await capture(world, "line"))) == 1


async def test_a_camera_without_a_line_is_refused_and_each_has_its_deadline(world: World) -> None:
    with pytest.raises(TriggerMissing, match="No line fires camera 'nobody'"):
        world.rig.together.triggers.patience(["nobody"])
    assert world.rig.together.triggers.patience(IDS) == {IDS[0]: 10.0, IDS[1]: DEADLINE_S}
