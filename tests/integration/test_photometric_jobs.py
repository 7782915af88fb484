"""Photometric sets as jobs, on a real camera worker and a scene that the lights really light."""

import asyncio
import hashlib
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from support.patience import stretched
from support.rig_world import LIGHTS, World, open_world, world_settings
from tetherlight.capture.patience import REPEATED
from tetherlight.errors import (
    CameraBusy,
    InvalidName,
    InvalidPayload,
    JobConflict,
    JobNotFound,
    LightsBusy,
    NoCameraSelected,
    SequenceFailed,
    SetBusy,
    UnknownLight,
)
from tetherlight.protocol.lights import LightStates
from tetherlight.protocol.models import JobState
from tetherlight.protocol.sets import CapturePhotometricSet, PhotometricSetResult
from tetherlight.rig.rig import Rig


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as opened:
        yield opened


def manifest(world: World, folder: str) -> dict[str, Any]:
    path = world.rig.settings.captures_base_dir / folder / "manifest.json"
    read: dict[str, Any] = json.loads(path.read_text())
    return read


async def test_a_set_has_one_image_per_light_and_a_manifest_that_tells_all(world: World) -> None:
    job = await world.start(*LIGHTS, set_name_prefix="my vase", notes="north side")
    result = await job.result()
    assert result.set_folder.startswith("photometric_sets/my_vase_")
    assert [Path(path).name for path in result.images_captured] == [
        f"image_{number:02d}_{light}.jpg" for number, light in enumerate(LIGHTS, start=1)
    ]
    written = manifest(world, result.set_folder)
    assert (written["status"], written["schema_version"], written["notes"]) == ("completed", 2, "north side")
    assert written["camera"]["serial"] == world.simulator.camera.serial
    assert written["camera"]["lens"]
    assert {entry["alias"] for entry in written["config"]} >= {"iso", "shutterspeed", "aperture"}
    for step in written["steps"]:
        (file,) = step["files"]
        image = world.rig.settings.captures_base_dir / result.set_folder / file["filename"]
        assert hashlib.sha256(image.read_bytes()).hexdigest() == file["sha256"]
        assert image.stat().st_size == file["size"]
        assert step["on_at"] <= step["captured_at"] <= step["off_at"]
        assert sum(part * part for part in step["direction"]) == pytest.approx(1)
        assert step["exposure"]["exposure_time_s"] > 0
    assert await world.lit() == []


@pytest.mark.parametrize(("halt", "state"), [("pause", JobState.PAUSED), ("cancel", JobState.CANCELLED)])
async def test_a_set_is_halted_by_who_asks_at_its_first_sign(world: World, halt: str, state: JobState) -> None:
    """Also while the request that started it still tells others of the new set."""
    async with world.rig.set_changes._telling:
        started = asyncio.create_task(world.start(*LIGHTS))
        begun = await world.hearing.wait("photometric_progress")
        halted = asyncio.create_task(getattr(world.rig.jobs, halt)(begun.job_id))
        await asyncio.wait([halted], timeout=0)
        assert not started.done()
    assert (await halted).state is state
    assert (await started).snapshot().index < len(LIGHTS)


async def test_a_set_keeps_camera_and_lights_when_its_start_is_given_up(world: World) -> None:
    """Whoever asked may go while others are still told of the new set: the set runs already, and goes on alone."""
    async with world.rig.set_changes._telling:
        started = asyncio.create_task(world.start(*LIGHTS))
        begun = await world.hearing.wait("photometric_progress")
        started.cancel()
        await asyncio.wait([started])
        assert world.rig.cameras.camera().owner == begun.job_id
        with pytest.raises(LightsBusy):
            await world.rig.lights.set({LIGHTS[0]: True})
    assert (await world.job_state("completed")).job_id == begun.job_id


async def test_each_image_shows_only_its_own_light(world: World) -> None:
    job = await world.start("light_left", "light_right", ambient=True)
    result = await job.result()
    folder = world.rig.settings.captures_base_dir / result.set_folder
    ambient, left, right = (
        np.asarray(Image.open(folder / name).convert("L"), dtype=float)
        for name in ("image_00_ambient.jpg", "image_01_light_left.jpg", "image_02_light_right.jpg")
    )
    assert ambient.mean() < 0.5 * min(left.mean(), right.mean())
    assert abs(left - right).mean() > abs(left - left.mean()).mean() * 0.1
    assert result.image_count == 2, "the ambient frame does not count"
    assert "processing_ambient" in world.hearing.statuses()


async def test_progress_tells_each_light_once_before_its_lamp(world: World) -> None:
    await (await world.start()).result()
    told = [status for status in world.hearing.statuses() if status.startswith("processing_light")]
    assert told == [f"processing_light_{number}_of_3" for number in (1, 2, 3)]


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        ({"light_sequence": []}, InvalidPayload),
        ({"light_sequence": ["light_left", "no_such_light"]}, UnknownLight),
        ({"light_sequence": ["light_left"], "set_name_prefix": "../out"}, InvalidName),
        ({"light_sequence": ["light_left"], "set_name_prefix": "a\0b"}, InvalidName),
        ({"light_sequence": ["light_left"] * 1001}, InvalidPayload),
    ],
)
async def test_a_wrong_request_is_refused_before_anything_moves(world: World, wanted: Any, error: Any) -> None:
    with pytest.raises(error):
        await world.rig.start_set(CapturePhotometricSet(**wanted))
    assert world.hearing.statuses() == []
    assert [path.name for path in world.rig.settings.sets_dir.iterdir()] == [".reserve"]


async def test_without_a_camera_a_set_is_refused(world: World) -> None:
    await world.rig.cameras.deselect()
    with pytest.raises(NoCameraSelected):
        await world.start()


async def test_while_a_set_runs_its_camera_and_lights_are_refused_with_the_job_id(world: World) -> None:
    await world.simulator.control("fault", camera="camera1", kind="delay", when="capture", seconds=0.3, count=1)
    job = await world.start()
    await world.hearing.wait("photometric_progress")
    refused = (
        (world.rig.captures.capture(world.rig.cameras.camera(), download=True), CameraBusy),
        (world.rig.cameras.camera().set_config("iso", "800"), CameraBusy),
        (world.rig.cameras.select(None, None, None), CameraBusy),
        (world.rig.cameras.deselect(), CameraBusy),
        (world.rig.lights.set({"light_left": True}), LightsBusy),
        (world.start(), CameraBusy),
        (world.rig.sets.delete(job.set_name), SetBusy),
    )
    for attempt, error in refused:
        with pytest.raises(error) as raised:
            await attempt
        if error is not SetBusy:
            assert raised.value.details == {"job_id": job.job_id}
    assert (await job.result()).image_count == len(LIGHTS)


async def test_a_failed_step_ends_the_set_with_what_was_captured(world: World) -> None:
    await world.simulator.control("fault", camera="camera1", kind="store_full", when="capture", after=1, count=1)
    job = await world.start()
    with pytest.raises(SequenceFailed) as raised:
        await job.result()
    assert raised.value.message.startswith(
        "Photometric sequence failed: Failed to capture image for light: light_right. "
    )
    assert raised.value.data.image_count == 1
    written = manifest(world, job.set_folder)
    assert written["status"] == "failed"
    assert [step["state"] for step in written["steps"]] == ["done", "failed", "pending"]
    assert "error_processing_light_2" in world.hearing.statuses()
    assert await world.lit() == []
    await world.rig.captures.capture(world.rig.cameras.camera(), download=True)


async def test_every_account_of_a_failed_step_has_the_same_code_and_sentence(world: World) -> None:
    """Progress, job, manifest and result; none of them is made of another's text."""
    await world.simulator.control("fault", camera="camera1", kind="error", when="capture", after=1, count=1)
    job = await world.start()
    with pytest.raises(SequenceFailed) as raised:
        await job.result()
    code = "capture_failed"
    (told,) = [one for one in world.hearing.heard if one.error is not None]
    assert told.error is not None
    sentence = told.error.message
    progress: Any = told.data
    assert (told.error.code, progress.error_detail) == (code, sentence)
    snapshot, written = job.snapshot(), manifest(world, job.set_folder)
    assert raised.value.details is not None
    assert (snapshot.error_code, written["error_code"], raised.value.details["cause"]) == (code, code, code)
    assert (snapshot.steps[1].error_code, snapshot.steps[1].error) == (code, sentence)
    assert (written["steps"][1]["error_code"], written["steps"][1]["error"]) == (code, sentence)
    assert all(text.endswith(sentence) for text in (snapshot.error, written["error"], raised.value.message))


async def test_a_failed_step_can_be_taken_again(world: World) -> None:
    await world.simulator.control("fault", camera="camera1", kind="store_full", when="capture", after=1, count=1)
    job = await world.start()
    with pytest.raises(SequenceFailed):
        await job.result()
    await world.rig.jobs.retry(job.job_id, None)
    assert (await job.result()).image_count == len(LIGHTS)
    assert manifest(world, job.set_folder)["status"] == "completed"


async def dark(world: World) -> None:
    """Wait until the last that was told of the lights is that none is on."""

    def off(_: Any) -> bool:
        told = [one.data for one in world.hearing.heard if isinstance(one.data, LightStates)]
        return not any(told[-1].states.values())

    await world.hearing.wait("lights_changed", off)
    assert await world.lit() == []


async def test_a_camera_that_is_away_for_a_moment_costs_a_set_nothing(world: World) -> None:
    job = await world.start(*LIGHTS * 2)
    await world.hearing.wait("photometric_progress", lambda one: one.status.startswith("captured_light_2"))
    await world.simulator.control("unplug", camera="camera1")
    await world.hearing.wait("camera_lost")
    await dark(world)
    assert job.snapshot().state is JobState.RUNNING
    await world.simulator.control("plug", camera="camera1", move=True)
    assert (await job.result()).image_count == 6
    assert not [status for status in world.hearing.statuses() if status.startswith("error")]
    steps = manifest(world, job.set_folder)["steps"]
    assert [step["state"] for step in steps] == ["done"] * 6
    assert len({step["files"][0]["sha256"] for step in steps}) == 6


async def test_a_picture_that_may_have_been_taken_is_taken_again_with_a_word(world: World) -> None:
    camera = world.rig.cameras.camera()
    await camera.set_config("shutterspeed", "2")
    job = await world.start()
    await world.simulator.control("wait", event="exposure", count=2)
    os.kill(camera.worker_pid or 0, signal.SIGKILL)
    result = await job.result()
    assert result.image_count == 3
    assert [one for one in result.warnings if "clipped" not in one] == [f"light_right: {REPEATED}"]
    steps = manifest(world, job.set_folder)["steps"]
    assert [step["attempts"] for step in steps] == [1, 2, 1]
    assert (await world.simulator.status())["captures"] == 4


async def test_a_set_that_waits_for_its_camera_can_be_cancelled(world: World) -> None:
    job = await world.start(*LIGHTS * 5)
    await world.hearing.wait("photometric_progress", lambda one: one.status.startswith("captured_light_1"))
    await world.simulator.control("unplug", camera="camera1")
    await world.hearing.wait("camera_lost")
    cancelled = await world.rig.jobs.cancel(job.job_id)
    assert cancelled.state is JobState.CANCELLED
    assert "running" not in [step["state"] for step in manifest(world, job.set_folder)["steps"]]
    assert await world.lit() == []


async def test_a_camera_that_stays_away_fails_the_set(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tetherlight.capture.patience.PATIENCE_S", 0.5)
    job = await world.start(*LIGHTS * 5)
    await world.hearing.wait("photometric_progress", lambda one: one.status.startswith("captured_light_1"))
    await world.simulator.control("unplug", camera="camera1")
    with pytest.raises(SequenceFailed):
        await job.result()
    states = [step["state"] for step in manifest(world, job.set_folder)["steps"]]
    assert states.count("failed") == 1
    assert "running" not in states
    assert await world.lit() == []


async def test_files_that_come_seconds_late_are_their_step_s(world: World) -> None:
    """As from a second card: the first of them arrive while the next step is exposed already."""
    await world.simulator.control("quirks", camera="camera1", second_file_s=stretched(2.5))
    camera = world.rig.cameras.camera()
    await camera.set_config("imageformat", "RAW + L")
    await camera.set_config("capturetarget", "Memory card")
    job = await world.start()
    assert (await job.result()).image_count == 3
    await world.hearing.wait("job_changed", lambda one: all(len(step.files) == 2 for step in one.steps))
    written = manifest(world, job.set_folder)["steps"]
    names = [[file["filename"] for file in step["files"]] for step in written]
    assert [sorted(Path(name).suffix for name in one) for one in names] == [[".cr2", ".jpg"]] * 3
    assert [len({Path(name).stem for name in one}) for one in names] == [1, 1, 1]
    assert [len({Path(file["camera_name"]).stem for file in step["files"]}) for step in written] == [1, 1, 1]
    folder = world.rig.store.places.set_folder(job.set_name)
    assert sorted(name for one in names for name in one) == sorted(
        path.name for path in folder.iterdir() if path.suffix in {".cr2", ".jpg"}
    )
    assert not [one for one in world.hearing.heard if one.event.name == "image_captured"]


async def test_a_late_file_of_a_single_capture_has_its_name(world: World) -> None:
    await world.simulator.control("quirks", camera="camera1", second_file_s=stretched(2.5))
    camera = world.rig.cameras.camera()
    await camera.set_config("imageformat", "RAW + L")
    await camera.set_config("capturetarget", "Memory card")
    (first,) = (await world.rig.captures.capture(camera, download=True)).files
    late = await world.hearing.wait(
        "captures_changed", lambda one: [file.filename for file in one.files] != [first.filename]
    )
    (second,) = late.files
    assert Path(second.filename).stem == Path(first.filename).stem
    assert Path(second.filename).suffix != Path(first.filename).suffix
    assert not [one for one in world.hearing.heard if one.event.name == "image_captured"]


async def test_a_set_that_still_has_a_failed_step_has_failed_and_was_not_cancelled(world: World) -> None:
    await world.simulator.control("fault", camera="camera1", kind="store_full", when="capture", after=1, count=1)
    job = await world.start()
    with pytest.raises(SequenceFailed) as first:
        await job.result()
    await world.rig.jobs.retry(job.job_id, [1])
    with pytest.raises(SequenceFailed) as raised:
        await job.result()
    assert raised.value.message == first.value.message
    assert raised.value.data.image_count == 2
    assert raised.value.hint == "Failed steps can be taken again (RETRY_STEPS)."
    written = manifest(world, job.set_folder)
    assert written["status"] == "failed"
    assert [step["state"] for step in written["steps"]] == ["done", "failed", "done"]


async def test_a_set_that_pauses_on_failure_frees_the_rig_and_can_be_resumed(world: World) -> None:
    await world.simulator.control("fault", camera="camera1", kind="store_full", when="capture", after=1, count=1)
    job = await world.start(on_failure="pause")
    paused = await world.job_state("paused")
    assert paused.error is not None
    assert world.hearing.statuses()[-1] == "paused"
    assert (world.rig.cameras.camera().owner, world.rig.lights.owner) == (None, None)
    assert await world.lit() == []
    await world.rig.captures.capture(world.rig.cameras.camera(), download=True)
    await world.rig.jobs.resume(job.job_id)
    assert (await job.result()).image_count == len(LIGHTS)


async def test_a_failed_step_can_be_skipped(world: World) -> None:
    await world.simulator.control("fault", camera="camera1", kind="store_full", when="capture", after=1, count=1)
    job = await world.start(on_failure="pause")
    await world.job_state("paused")
    await world.rig.jobs.skip(job.job_id, None)
    await world.rig.jobs.resume(job.job_id)
    result = await job.result()
    assert [Path(path).name for path in result.images_captured] == [
        "image_01_light_left.jpg",
        "image_03_lights_top.jpg",
    ]


async def test_cancel_waits_for_the_exposure_under_way_and_keeps_its_image(world: World) -> None:
    job = await world.start(*LIGHTS * 5)
    await world.hearing.wait("photometric_progress", lambda one: one.status.startswith("processing_light_2"))
    cancelled = await world.rig.jobs.cancel(job.job_id)
    assert cancelled.state is JobState.CANCELLED
    with pytest.raises(SequenceFailed, match="cancelled"):
        await job.result()
    written = manifest(world, job.set_folder)
    assert written["status"] == "cancelled"
    done = [step for step in written["steps"] if step["state"] == "done"]
    images = world.rig.store.sets.contents(job.set_name)
    assert len(images) == len(done) >= 1
    assert await world.lit() == []


async def test_pause_and_resume_take_every_light_exactly_once(world: World) -> None:
    job = await world.start(*LIGHTS * 2)
    await world.hearing.wait("photometric_progress")
    assert (await world.rig.jobs.pause(job.job_id)).state is JobState.PAUSED
    await world.rig.jobs.resume(job.job_id)
    result = await job.result()
    assert result.image_count == 6
    status = await world.simulator.status()
    assert status["captures"] == 6


async def test_a_long_settle_time_does_not_delay_a_cancel(world: World, tmp_path: Path) -> None:
    patient = world_settings(world.simulator, tmp_path / "second", photometric_capture_delay=600)
    await world.rig.cameras.deselect()
    async with Rig.open(patient) as rig:
        await rig.cameras.select(None, None, None)
        job = await rig.start_set(CapturePhotometricSet(light_sequence=LIGHTS))
        async with asyncio.timeout(stretched(10)):
            await rig.jobs.cancel(job.job_id)
        assert job.snapshot().state is JobState.CANCELLED


async def test_stopping_the_rig_interrupts_the_set_and_the_next_start_can_resume_it(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        job = await world.start(*LIGHTS * 4)
        await world.hearing.wait("photometric_progress", lambda one: one.status.startswith("captured_light_1_"))
        await world.rig.stop()
        assert await world.lit() == []
        assert manifest(world, job.set_folder)["status"] == "interrupted"
        async with Rig.open(world_settings(world.simulator, tmp_path)) as rig:
            (listed,) = rig.jobs.list()
            assert (listed.job_id, listed.state) == (job.job_id, JobState.INTERRUPTED)
            await rig.cameras.select(None, None, None)
            await rig.jobs.resume(job.job_id)
            result = await rig.jobs.find(job.job_id).result()
            assert isinstance(result, PhotometricSetResult)
            assert result.image_count == 12


@pytest.mark.parametrize(
    ("shutter", "bandwidth", "moment"),
    [("1/60", 400_000, "processing_light_2_"), ("1", None, "processing_light_1_")],
    ids=["its files on their way", "being exposed"],
)
async def test_a_picture_under_way_when_the_rig_stops_is_a_step_s_or_is_not_kept(
    tmp_path: Path, shutter: str, bandwidth: int | None, moment: str
) -> None:
    """None lies in the set that no step has: resuming would take it a second time under another name."""
    async with open_world(tmp_path) as world:
        await world.rig.cameras.camera().set_config("shutterspeed", shutter)
        await world.simulator.control("set_speed", camera="camera1", bandwidth_bytes_per_s=bandwidth)
        job = await world.start(*LIGHTS)
        await world.hearing.wait("photometric_progress", lambda one: one.status.startswith(moment))
        await world.rig.stop()
        written = manifest(world, job.set_folder)
        recorded = [file["filename"] for step in written["steps"] for file in step["files"]]
        folder = world.rig.settings.captures_base_dir / job.set_folder
        assert written["status"] == "interrupted"
        assert [path.name for path in folder.glob("image_*")] == recorded


async def test_a_setting_turned_on_the_body_is_put_back_and_told(world: World) -> None:
    job = await world.start(*LIGHTS * 3)
    await world.hearing.wait("photometric_progress", lambda one: one.status.startswith("processing_light_2"))
    await world.simulator.control("set_property", camera="camera1", name="iso", value="1600")
    result = await job.result()
    isos = [step["exposure"]["iso_speed"] for step in manifest(world, job.set_folder)["steps"]]
    assert isos[-1] == isos[0]
    assert any("iso" in warning for warning in result.warnings)


async def test_unknown_and_ended_jobs_are_refused_by_name(world: World) -> None:
    with pytest.raises(JobNotFound):
        await world.rig.jobs.cancel("job-unknown")
    job = await world.start("light_left")
    await job.result()
    for attempt in (world.rig.jobs.cancel(job.job_id), world.rig.jobs.resume(job.job_id)):
        with pytest.raises(JobConflict, match=job.job_id):
            await attempt


async def test_the_next_light_settles_while_files_are_on_their_way(world: World) -> None:
    await world.simulator.control("set_speed", camera="camera1", bandwidth_bytes_per_s=200_000)
    result = await (await world.start("light_left", "light_right")).result()
    statuses = world.hearing.statuses()
    assert statuses.index("processing_light_2_of_2") < statuses.index("captured_light_1_of_2")
    first, second = manifest(world, result.set_folder)["steps"]
    assert first["captured_at"] < first["off_at"] <= second["on_at"] < second["captured_at"]
    assert first["files"][0]["sha256"] != second["files"][0]["sha256"]


async def test_a_download_that_fails_leaves_the_next_step_to_do(world: World) -> None:
    await world.simulator.control("set_speed", camera="camera1", bandwidth_bytes_per_s=200_000)
    await world.simulator.control("fault", camera="camera1", kind="error", when="get_object", count=20, code=0x2002)
    job = await world.start("light_left", "light_right")
    with pytest.raises(SequenceFailed, match="light_left"):
        await job.result()
    written = manifest(world, job.set_folder)
    assert [step["state"] for step in written["steps"]] == ["failed", "pending"]
    assert await world.lit() == []


@pytest.mark.parametrize(
    ("ambient", "sentence"),
    [
        (True, "light_left: No brighter than without light: did the lamp come on?"),
        (False, "light_left: Nearly black: did the lamp come on?"),
    ],
)
async def test_a_frame_whose_lamp_stayed_dark_is_pointed_out_until_it_is_taken_again(
    world: World, ambient: bool, sentence: str
) -> None:
    """The result, the job and the manifest say so; a retry with the lamp mended takes the warning away."""
    await world.simulator.control("light_fault", light="light_left", kind="dead")
    job = await world.start("light_left", "light_right", ambient=ambient)
    result = await job.result()
    assert result.warnings == [sentence]
    *_, left, right = manifest(world, result.set_folder)["steps"]
    assert (f"light_left: {left['warnings'][0]}", right["warnings"]) == (sentence, [])
    assert [step.warning for step in job.snapshot().steps if step.warning] == left["warnings"]
    await world.simulator.control("light_fault", light="light_left", kind=None)
    await world.rig.jobs.retry(job.job_id, [1])
    assert (await job.result()).warnings == []


async def test_a_set_of_the_first_version_is_resumed_and_stays_one(tmp_path: Path) -> None:
    """As an older server left it in the middle."""
    async with open_world(tmp_path) as world:
        job = await world.start(*LIGHTS, ambient=True)
        await world.hearing.wait("photometric_progress", lambda one: one.status.startswith("captured_light_1_"))
        await world.rig.stop()
        path = world.rig.settings.captures_base_dir / job.set_folder / "manifest.json"
        old = json.loads(path.read_text()) | {"schema_version": 1}
        for since in ("results", "copies", "places"):
            del old[since]
        del old["plan"]["axes"]
        for step in old["steps"]:
            del step["at"]
        path.write_text(json.dumps(old))
        async with Rig.open(world_settings(world.simulator, tmp_path)) as rig:
            await rig.cameras.select(None, None, None)
            await rig.jobs.resume(job.job_id)
            result: Any = await rig.jobs.find(job.job_id).result()
            assert [Path(name).name for name in result.images_captured] == [
                f"image_{number:02d}_{light}.jpg" for number, light in enumerate(LIGHTS, start=1)
            ]
        now = json.loads(path.read_text())
        assert (now["schema_version"], now["status"], now["plan"]) == (1, "completed", old["plan"])
        assert now.keys() == old.keys()
        assert [step.keys() for step in now["steps"]] == [step.keys() for step in old["steps"]]
