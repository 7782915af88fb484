"""Series of captures as jobs, on real camera workers of several makers."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from support.patience import stretched
from support.rig_world import World, open_world, world_settings
from tetherlight import errors
from tetherlight.camera.worker.widgets import number
from tetherlight.capture.job import CaptureJob
from tetherlight.protocol.captures import CAPTURE_SERIES, SeriesResult
from tetherlight.protocol.models import JobState, StepState
from tetherlight.protocol.sets import CapturePhotometricSet
from tetherlight.rig.rig import Rig

BRACKET = {"config_name": "shutterspeed", "values": ["1/250", "1/60", "1/15"]}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as opened:
        yield opened


@pytest.fixture(params=["canon", "nikon"])
async def maker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path, "--vendor", request.param) as opened:
        yield opened


async def start(world: World, **wanted: Any) -> CaptureJob[SeriesResult]:
    return await world.rig.start_series(CAPTURE_SERIES.parse(wanted))


async def value(world: World, name: str) -> Any:
    """Give an entry as the camera has it now."""
    camera = world.rig.cameras.camera()
    await camera.refresh([name])
    (entry,) = await camera.get_config(name)
    return entry.value


async def fast(world: World, count: int) -> list[str]:
    """Give some exposure times below a tenth of a second that the camera does not have now."""
    (entry,) = await world.rig.cameras.camera().get_config("shutterspeed")
    return [one for one in entry.options if one != entry.value and 0 < (number(one) or 0) < 0.1][:count]


def files(world: World) -> list[str]:
    return sorted(image.filename for image in world.rig.store.captures.newest(1000))


def heard(world: World, event: str) -> list[Any]:
    return [one.data for one in world.hearing.heard if one.event.name == event]


def progress(world: World) -> list[tuple[str, int]]:
    return [(one.status, one.index) for one in heard(world, "series_progress")]


async def test_a_burst_gives_single_captures_that_never_overwrite_each_other(world: World) -> None:
    job = await start(world, count=4)
    result = await job.result()
    assert result.message == "Series of 4 images completed."
    assert (result.image_count, result.warnings, result.job_id) == (4, [], job.job_id)
    assert sorted(file.filename for file in result.files) == files(world)
    assert len({file.path for file in result.files}) == 4
    snapshot = job.snapshot()
    assert (snapshot.kind, snapshot.set_name, snapshot.set_folder) == ("series", None, None)
    assert (snapshot.state, snapshot.index, snapshot.total) == (JobState.COMPLETED, 4, 4)
    assert [step.files for step in snapshot.steps] == [[file.path] for file in result.files]
    created = heard(world, "captures_changed")
    assert [file.path for change in created for file in change.files] == [file.path for file in result.files]


async def test_progress_and_the_job_tell_each_exposure(world: World) -> None:
    job = await start(world, count=2, bracket=BRACKET | {"values": ["1/250", "1/60"]})
    await job.result()
    assert progress(world) == [(status, index) for index in (1, 2, 3, 4) for status in ("capturing", "captured")]
    told = heard(world, "series_progress")
    assert [one.value for one in told if one.status == "capturing"] == ["1/250", "1/60"] * 2
    assert all(len(one.files) == 1 for one in told if one.status == "captured")
    assert told[-2].seconds_left is not None
    jobs = heard(world, "job_changed")
    assert [one.index for one in jobs] == sorted(one.index for one in jobs)
    assert jobs[-1].state is JobState.COMPLETED
    assert jobs[-1].finished_at is not None
    assert [step.value for step in jobs[-1].steps] == ["1/250", "1/60"] * 2


async def test_a_bracket_sets_each_value_and_then_the_old_one_with_every_maker(maker: World) -> None:
    before = await value(maker, "shutterspeed")
    wanted = await fast(maker, 3)
    result = await (await start(maker, bracket={"config_name": "shutterspeed", "values": wanted})).result()
    assert result.image_count == 3
    assert await value(maker, "shutterspeed") == before
    changed = [one.entries for one in heard(maker, "config_changed")]
    speeds = [entry.value for entries in changed for entry in entries if entry.alias == "shutterspeed"]
    assert speeds == [*wanted, before]


async def test_every_file_of_each_exposure_is_told(maker: World) -> None:
    await maker.simulator.control("set_format", camera="camera1", format="RAW+JPEG")
    result = await (await start(maker, count=2)).result()
    assert (result.image_count, len(result.files)) == (2, 4)


WRONG: list[tuple[dict[str, Any], type[errors.TetherlightError], str]] = [
    ({"count": 0}, errors.InvalidPayload, "count"),
    ({"count": 1000}, errors.InvalidPayload, "count"),
    ({"interval_s": -1.0}, errors.InvalidPayload, "interval_s"),
    ({"bracket": {"config_name": "iso", "values": ["100"]}}, errors.InvalidPayload, "values"),
    ({"count": 400, "bracket": BRACKET}, errors.InvalidPayload, "1200 exposures"),
    ({"bracket": {"config_name": "nothing", "values": ["1", "2"]}}, errors.ConfigNotFound, "nothing"),
    ({"bracket": {"config_name": "serialnumber", "values": ["1", "2"]}}, errors.ConfigReadonly, "serialnumber"),
    ({"bracket": {"config_name": "iso", "values": ["100", "7"]}}, errors.ConfigInvalid, "'7' not in options"),
    ({"bracket": {"config_name": "autofocusdrive", "values": ["1", "0"]}}, errors.ConfigInvalid, "no value"),
    ({"camera_id": "nobody"}, errors.CameraNotFound, "nobody"),
]


async def test_a_wrong_request_is_refused_before_the_first_exposure(world: World) -> None:
    for wanted, error, sentence in WRONG:
        with pytest.raises(error, match=sentence):
            await start(world, **wanted)
    assert (world.rig.jobs.list(), files(world), world.rig.cameras.camera().owner) == ([], [], None)


async def test_without_a_camera_a_series_is_refused(world: World) -> None:
    await world.rig.cameras.deselect()
    with pytest.raises(errors.NoCameraSelected):
        await start(world)


async def test_a_disk_without_room_for_all_of_it_is_told_before_the_first_exposure(tmp_path: Path) -> None:
    async with open_world(tmp_path, min_free_bytes=1 << 60) as world:
        with pytest.raises(errors.DiskFull):
            await start(world, count=2)
        assert (world.rig.jobs.list(), files(world)) == ([], [])


async def test_a_picture_taken_on_the_body_between_two_rounds_is_fetched(world: World) -> None:
    job = await start(world, count=2, interval_s=3600)
    await world.hearing.wait("series_progress", lambda one: one.status == "waiting")
    await world.simulator.control("press_shutter", camera="camera1")
    captured = await world.hearing.wait("image_captured")
    assert len(files(world)) == 2
    assert captured.files[0].filename in files(world)
    await job.halt("cancel")


async def test_others_are_refused_with_the_job_id_also_while_it_waits(world: World) -> None:
    job = await start(world, count=2, interval_s=3600)
    await world.hearing.wait("series_progress", lambda one: one.status == "waiting")
    camera = world.rig.cameras.camera()
    for attempt in (
        world.rig.captures.capture(camera, download=True),
        camera.set_config("iso", "800"),
        world.rig.cameras.deselect(),
        start(world),
        world.rig.start_set(CapturePhotometricSet(light_sequence=["light_left"])),
    ):
        with pytest.raises(errors.CameraBusy) as refused:
            await attempt
        assert refused.value.details == {"job_id": job.job_id}
    await world.rig.lights.set({"light_left": True})
    async with asyncio.timeout(stretched(60)):
        await world.rig.jobs.cancel(job.job_id)


async def test_the_live_view_runs_between_the_rounds_of_an_interval(world: World) -> None:
    job = await start(world, count=2, interval_s=3600)
    waiting = await world.hearing.wait("series_progress", lambda one: one.status == "waiting")
    assert 3000 < waiting.next_in_s <= 3600
    assert waiting.seconds_left > 3000
    async with asyncio.timeout(stretched(60)):
        assert (await world.rig.cameras.camera().preview()).jpeg.startswith(b"\xff\xd8")
        await world.rig.jobs.cancel(job.job_id)
    assert len(files(world)) == 1


async def test_rounds_begin_one_interval_apart(world: World) -> None:
    began = asyncio.get_running_loop().time()
    assert (await (await start(world, count=3, interval_s=1)).result()).image_count == 3
    assert asyncio.get_running_loop().time() - began >= 2


async def test_a_late_round_begins_at_once_and_is_told(world: World) -> None:
    await world.simulator.control("fault", camera="camera1", kind="delay", when="capture", seconds=1.5, count=1)
    job = await start(world, count=2, interval_s=1)
    result = await job.result()
    assert result.image_count == 2
    [warning] = result.warnings
    assert "rounds began late" in warning
    assert (job.snapshot().steps[1].warning or "").startswith("It began ")


async def test_cancel_keeps_the_exposure_under_way_and_gives_the_old_value_back(world: World) -> None:
    before = await value(world, "shutterspeed")
    job = await start(world, count=50, bracket=BRACKET)
    await world.hearing.wait("series_progress", lambda one: (one.status, one.index) == ("capturing", 3))
    assert (await world.rig.jobs.cancel(job.job_id)).state is JobState.CANCELLED
    with pytest.raises(errors.SequenceFailed, match=r"The series failed\. It was cancelled\.") as ended:
        await job.result()
    partial = ended.value.data
    assert partial.image_count == len(files(world)) == len(partial.files) >= 3
    assert await value(world, "shutterspeed") == before
    await world.rig.captures.capture(world.rig.cameras.camera(), download=True)


async def test_a_failure_ends_the_series_with_what_was_captured(world: World) -> None:
    before = await value(world, "shutterspeed")
    await world.simulator.control("fault", camera="camera1", kind="store_full", when="capture", after=1, count=1)
    job = await start(world, bracket=BRACKET)
    with pytest.raises(errors.SequenceFailed) as failed:
        await job.result()
    assert failed.value.message.startswith("The series failed. Failed to capture image 2 of 3 with shutterspeed 1/60.")
    assert failed.value.details == {"job_id": job.job_id, "cause": "card_full"}
    assert (failed.value.data.image_count, failed.value.data.warnings) == (1, [])
    snapshot = job.snapshot()
    assert [step.state for step in snapshot.steps] == [StepState.DONE, StepState.FAILED, StepState.PENDING]
    assert (snapshot.state, snapshot.error_code) == (JobState.FAILED, "card_full")
    assert progress(world)[-1] == ("failed", 2)
    assert await value(world, "shutterspeed") == before


async def test_a_failed_exposure_can_be_taken_again_or_left_out(world: World) -> None:
    before = await value(world, "shutterspeed")
    await world.simulator.control("fault", camera="camera1", kind="store_full", when="capture", after=1, count=2)
    job = await start(world, bracket=BRACKET)
    with pytest.raises(errors.SequenceFailed):
        await job.result()
    with pytest.raises(errors.JobConflict) as refused:
        await world.rig.jobs.resume(job.job_id)
    assert "RETRY_STEPS" in (refused.value.hint or "")
    await world.rig.jobs.retry(job.job_id, None)
    with pytest.raises(errors.SequenceFailed):
        await job.result()
    await world.rig.jobs.skip(job.job_id, None)
    await world.rig.jobs.retry(job.job_id, [1])
    assert (await job.result()).image_count == 2
    assert [step.state for step in job.snapshot().steps] == [StepState.DONE, StepState.SKIPPED, StepState.DONE]
    assert await value(world, "shutterspeed") == before


async def test_a_paused_series_leaves_the_camera_free_and_goes_on_with_its_next_exposure(world: World) -> None:
    before = await value(world, "shutterspeed")
    job = await start(world, count=2, bracket=BRACKET)
    await world.hearing.wait("series_progress", lambda one: (one.status, one.index) == ("capturing", 2))
    assert (await world.rig.jobs.pause(job.job_id)).state is JobState.PAUSED
    assert progress(world)[-1][0] == "paused"
    assert await value(world, "shutterspeed") == before
    assert world.rig.cameras.camera().owner is None
    await world.rig.captures.capture(world.rig.cameras.camera(), download=True)
    await world.rig.jobs.resume(job.job_id)
    assert (await job.result()).image_count == 6
    assert len(files(world)) == 7
    assert await value(world, "shutterspeed") == before


async def test_an_unplugged_camera_ends_the_series_and_has_its_old_value_when_it_is_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tetherlight.capture.patience.PATIENCE_S", 0.5)
    before = await value(world, "shutterspeed")
    job = await start(world, count=50, bracket=BRACKET)
    await world.hearing.wait("series_progress", lambda one: (one.status, one.index) == ("captured", 2))
    await world.simulator.control("unplug", camera="camera1")
    with pytest.raises(errors.SequenceFailed) as failed:
        await job.result()
    assert failed.value.data.image_count == len(files(world)) >= 2
    [warning] = failed.value.data.warnings
    assert warning.startswith(f"shutterspeed could not be set back to {before}: ")
    await world.simulator.control("plug", camera="camera1", move=True)
    await world.hearing.wait("camera_ready")
    assert await value(world, "shutterspeed") == before


async def test_a_camera_that_was_away_between_two_rounds_is_there_for_the_next(world: World) -> None:
    job = await start(world, count=2, interval_s=3600)
    await world.hearing.wait("series_progress", lambda one: one.status == "waiting")
    await world.simulator.control("unplug", camera="camera1")
    await world.hearing.wait("camera_lost")
    await world.simulator.control("plug", camera="camera1", move=True)
    await world.hearing.wait("camera_ready")
    assert job.snapshot().state is JobState.RUNNING
    # Resumed, the next round is due at once.
    await world.rig.jobs.pause(job.job_id)
    await world.rig.jobs.resume(job.job_id)
    assert (await job.result()).image_count == 2


async def test_a_value_that_cannot_be_put_back_is_told(world: World) -> None:
    values = ["1/250", "1/30", "1/15"]
    assert await value(world, "shutterspeed") not in values, "else it might have its old value when it fails"
    job = await start(world, count=50, bracket=BRACKET | {"values": values})
    await world.hearing.wait("series_progress", lambda one: (one.status, one.index) == ("captured", 1))
    await world.simulator.control("fault", camera="camera1", kind="error", when="set_config", code=0x201C, count=None)
    with pytest.raises(errors.SequenceFailed) as failed:
        await job.result()
    await world.simulator.control("clear_faults")
    assert any("could not be set back" in warning for warning in failed.value.data.warnings)


async def test_stopping_the_rig_gives_the_old_value_back(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        before = await value(world, "shutterspeed")
        job = await start(world, count=50, bracket=BRACKET)
        await world.hearing.wait("series_progress", lambda one: (one.status, one.index) == ("captured", 2))
        await world.rig.stop()
        with pytest.raises(errors.SequenceFailed, match="server was stopped"):
            await job.result()
        assert job.snapshot().state is JobState.INTERRUPTED
        async with Rig.open(world_settings(world.simulator, tmp_path)) as rig:
            await rig.cameras.select(None, None, None)
            (entry,) = await rig.cameras.camera().get_config("shutterspeed")
            assert entry.value == before


async def test_two_cameras_have_their_own_series(tmp_path: Path) -> None:
    async with open_world(tmp_path, "--cameras", "2", "--vendor", "both", select=False) as world:
        found = [camera.camera_id for camera in await world.rig.cameras.look()]
        for camera_id in found:
            await world.rig.cameras.select(None, None, camera_id)
        jobs = [await start(world, count=2, camera_id=camera_id) for camera_id in found]
        assert [(await job.result()).image_count for job in jobs] == [2, 2]
        assert len(files(world)) == 4
