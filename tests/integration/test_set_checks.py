"""Checks of the frames of a set while it is captured: what is wrong is told by codes, and nothing else is."""

import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from support.rig_world import World, open_world
from tetherlight.errors import JobConflict, SetNotFound, UnknownLight
from tetherlight.protocol.events import PhotometricProgress
from tetherlight.protocol.models import JobState
from tetherlight.protocol.sets import PhotometricSetResult, RetakeFrames
from tetherlight.rig.rig import Rig
from tetherlight.simulator.scene import DEFAULT_LIGHTS, SceneLight

RING = ["light_front", "light_front_left", "light_left", "light_rear_left", "light_rear", "light_right"]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as opened:
        yield opened


def steps(world: World, result: PhotometricSetResult) -> list[dict[str, Any]]:
    path = world.rig.settings.captures_base_dir / result.set_folder / "manifest.json"
    read: list[dict[str, Any]] = json.loads(path.read_text())["steps"]
    return read


def codes(found: list[dict[str, Any]]) -> dict[str | None, list[str]]:
    """Give the codes of each step that has some, by its light."""
    return {step["light"]: [one["code"] for one in step["findings"]] for step in found if step["findings"]}


def suspects(world: World) -> dict[str, list[str]]:
    """Give the codes of the last event that told a step to be suspect, by its status."""
    told = [one.data for one in world.hearing.heard if isinstance(one.data, PhotometricProgress)]
    return {one.status: [finding.code for finding in one.findings] for one in told if one.findings}


async def define(world: World, **changed: SceneLight) -> None:
    """Let some lights of the scene be others."""
    lights = {name: asdict(light) for name, light in {**DEFAULT_LIGHTS, **changed}.items()}
    await world.simulator.control("define_lights", lights=lights)


async def test_a_good_set_reports_nothing(world: World) -> None:
    result = await (await world.start(*RING, ambient=True)).result()
    assert (result.frames_to_check, result.warnings) == ([], [])
    assert codes(steps(world, result)) == {}
    told = [status.partition("_")[0] for status in world.hearing.statuses()]
    assert set(told) == {"processing", "captured"}


@pytest.mark.parametrize("ambient", [True, False])
async def test_a_lamp_that_fails_once_is_taken_again_by_itself(world: World, ambient: bool) -> None:
    """Progress says so by a status of its own; the set is whole, and its manifest tells of the frame that went."""
    await world.simulator.control("light_fault", light="light_left", kind="dead", count=1)
    result = await (await world.start("light_right", "light_left", ambient=ambient)).result()
    assert (result.image_count, result.frames_to_check) == (2, [])
    statuses = world.hearing.statuses()
    assert statuses[-3:] == ["suspect_light_2_of_2", "retaking_light_2_of_2", "retaken_light_2_of_2"]
    assert statuses.count("captured_light_2_of_2") == 1
    assert suspects(world)["suspect_light_2_of_2"] == ["light_missing"]
    *_, right, left = steps(world, result)
    assert (right["attempts"], right["replaced"]) == (1, [])
    assert (left["attempts"], left["findings"], left["warnings"]) == (2, [], [])
    (former,) = left["replaced"]
    assert [one["code"] for one in former["findings"]] == ["light_missing"]
    assert former["files"][0]["sha256"] != left["files"][0]["sha256"]
    assert await world.lit() == []


@pytest.mark.parametrize(("retakes", "attempts"), [(0, 1), (2, 3)])
async def test_a_dead_lamp_is_taken_again_as_often_as_was_asked_for(world: World, retakes: int, attempts: int) -> None:
    await world.simulator.control("light_fault", light="light_left", kind="dead")
    result = await (await world.start("light_right", "light_left", ambient=True, retakes=retakes)).result()
    assert steps(world, result)[2]["attempts"] == attempts
    (found,) = result.frames_to_check
    assert (found.light, [one.code for one in found.findings]) == ("light_left", ["light_missing"])
    assert found.image == f"{result.set_folder}/image_02_light_left.jpg"
    assert found.findings[0].severity == "error"
    assert (await world.simulator.status())["captures"] == 2 + attempts


async def test_a_frame_that_cannot_be_taken_again_stays_as_it_was(world: World) -> None:
    """The set is complete as before, and says that the second attempt failed."""
    await world.simulator.control("light_fault", light="light_left", kind="dead")
    await world.simulator.control("fault", camera="camera1", kind="store_full", when="capture", after=2, count=1)
    job = await world.start("light_right", "light_left")
    result = await job.result()
    assert job.snapshot().state is JobState.COMPLETED
    left = steps(world, result)[1]
    assert (left["state"], [one["code"] for one in left["findings"]]) == ("done", ["light_missing"])
    assert left["warnings"][-1].startswith("It could not be taken again. ")
    assert (world.rig.settings.captures_base_dir / result.images_captured[1]).exists()


async def test_a_lamp_that_is_wired_twice_gives_a_copy_that_is_told(world: World) -> None:
    await define(world, light_right=SceneLight(DEFAULT_LIGHTS["light_left"].direction))
    result = await (await world.start("light_left", "light_rear", "light_right")).result()
    assert codes(steps(world, result)) == {"light_right": ["duplicate_frame"]}
    assert "light_left" in result.frames_to_check[0].findings[0].message


async def test_a_clipped_frame_is_told_and_not_taken_again(world: World) -> None:
    await define(world, light_left=SceneLight((-1, 0, 1), intensity=30))
    result = await (await world.start("light_left", "light_right")).result()
    assert codes(steps(world, result)) == {"light_left": ["clipped"]}
    assert suspects(world) == {"suspect_light_1_of_2": ["clipped"]}
    assert (await world.simulator.status())["captures"] == 2


async def test_what_moved_is_told_of_the_frames_after_it(world: World) -> None:
    job = await world.start(*RING)
    await world.hearing.wait("photometric_progress", lambda one: one.status == "captured_light_3_of_6")
    await world.rig.jobs.pause(job.job_id)
    done = sum(step.state == "done" for step in job.snapshot().steps)
    await world.simulator.control("move", camera="camera1", right=9, down=-4)
    await world.rig.jobs.resume(job.job_id)
    result = await job.result()
    found = codes(steps(world, result))
    assert found == {light: ["moved"] for light in RING[done:]}
    pixels = steps(world, result)[-1]["findings"][0]["figure"]
    assert pixels == pytest.approx(9.8, abs=1.0)


async def test_a_bright_room_is_told_at_the_ambient_frame(world: World) -> None:
    await world.simulator.control("room_light", brightness=60)
    result = await (await world.start("light_left", "light_right", ambient=True)).result()
    assert codes(steps(world, result)) == {None: ["ambient_strong"]}
    assert [one.partition(" is ")[0] for one in result.warnings] == ["ambient: The light of the room"]
    assert suspects(world) == {"suspect_ambient": ["ambient_strong"]}


async def test_an_image_that_nobody_can_read_ends_no_set(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is another's by the time it is looked at, or the card gave nonsense: the set goes on without its check."""
    monkeypatch.setattr("tetherlight.capture.checking.reduced", None)
    result = await (await world.start("light_left", "light_right")).result()
    assert result.image_count == 2
    found = {frame.light: [finding.code for finding in frame.findings] for frame in result.frames_to_check}
    assert found == {"light_left": ["not_checked"], "light_right": ["not_checked"]}


async def test_frames_of_an_earlier_run_are_looked_at_again_when_a_server_takes_over(tmp_path: Path) -> None:
    """Without the ambient frame of before, nobody would know that the lamp stayed dark."""
    async with open_world(tmp_path) as world:
        await world.simulator.control("room_light", brightness=20)
        await world.simulator.control("light_fault", light="light_right", kind="dead")
        job = await world.start("light_left", "light_right", ambient=True, retakes=0)
        await world.hearing.wait("photometric_progress", lambda one: one.status == "captured_ambient")
        await world.rig.jobs.pause(job.job_id)
        job._sink._checks, job._sink._groups = None, set()
        await world.rig.jobs.resume(job.job_id)
        result = await job.result()
        assert codes(steps(world, result))["light_right"] == ["light_missing"]


async def test_frames_of_a_completed_set_are_taken_again_by_their_light(world: World) -> None:
    """One that nobody finds anything wrong with, too; its former picture is told in the manifest."""
    job = await world.start("light_left", "light_right", "light_rear")
    before = steps(world, await job.result())
    await world.rig.shooting.retake(RetakeFrames(set_name=job.set_name, lights=["light_right"]))
    result = await job.result()
    assert (result.image_count, job.snapshot().state) == (3, JobState.COMPLETED)
    after = steps(world, result)
    changed = [one["files"][0]["sha256"] != two["files"][0]["sha256"] for one, two in zip(before, after, strict=True)]
    assert changed == [False, True, False]
    assert after[1]["replaced"][0]["files"] == before[1]["files"]


async def test_a_set_of_an_earlier_server_has_its_failed_frames_taken_again(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        await world.simulator.control("light_fault", light="light_right", kind="dead")
        job = await world.start("light_left", "light_right", ambient=True, retakes=0)
        name, first = job.set_name, steps(world, await job.result())
        await world.rig.stop()
        await world.simulator.control("light_fault", light="light_right", kind=None)
        async with Rig.open(world.rig.settings) as rig:
            await rig.cameras.select(None, None, None)
            told = await rig.shooting.retake(RetakeFrames(set_name=name))
            again = rig.jobs.find(told.job_id)
            result = await again.result()
            assert isinstance(result, PhotometricSetResult)
            assert (result.image_count, result.frames_to_check) == (2, [])
            now = steps(world, result)
            assert [one["attempts"] for one in now] == [1, 1, 2]
            assert now[:2] == first[:2]


async def test_frames_that_are_not_there_are_not_taken_again(world: World) -> None:
    job = await world.start("light_left", "light_right")
    await job.result()
    refused = (
        (RetakeFrames(set_name=job.set_name), JobConflict),
        (RetakeFrames(set_name=job.set_name, lights=["light_rear"]), UnknownLight),
        (RetakeFrames(set_name=job.set_name, steps=[7]), JobConflict),
        (RetakeFrames(set_name="no_such_set"), SetNotFound),
    )
    for wanted, error in refused:
        with pytest.raises(error):
            await world.rig.shooting.retake(wanted)
    assert job.snapshot().state is JobState.COMPLETED


async def test_a_frame_is_taken_again_at_the_end_of_a_set_that_still_runs(world: World) -> None:
    """Whoever sees a hand in a frame need not wait; the ambient frame can be meant, too, what is not taken cannot."""
    job = await world.start(ambient=True)
    await world.hearing.wait("photometric_progress", lambda one: one.status.startswith("captured_light_1"))
    with pytest.raises(JobConflict):
        await world.rig.jobs.retry(job.job_id, [3])
    asked = await world.rig.jobs.retry(job.job_id, [0, 1])
    assert [step.again for step in asked.steps] == [True, True, False, False]
    result = await job.result()
    assert result.image_count == 3
    assert [step["attempts"] for step in steps(world, result)] == [2, 2, 1, 1]
    assert [step.again for step in job.snapshot().steps] == [False] * 4


async def test_what_was_asked_for_is_done_when_a_paused_set_goes_on(world: World) -> None:
    job = await world.start(*RING)
    await world.hearing.wait("photometric_progress", lambda one: one.index == 1 and one.status.startswith("captured"))
    await world.rig.jobs.retry(job.job_id, [1])
    await world.rig.jobs.pause(job.job_id)
    await world.rig.jobs.resume(job.job_id)
    result = await job.result()
    assert result.image_count == 6
    assert [step["attempts"] for step in steps(world, result)] == [2, 1, 1, 1, 1, 1]
