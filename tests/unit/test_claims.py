"""What jobs claim they have alone; jobs whose claims do not meet run side by side."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from support.jobs import Shelf, jobs_on, keep_vigil
from tetherlight.camera.lane import Lane
from tetherlight.errors import CameraBusy, CameraLost, CameraNotOpen, CpuBusy, JobConflict, LightsBusy, TetherlightError
from tetherlight.jobs import claims
from tetherlight.jobs.jobs import Jobs
from tetherlight.protocol.models import CameraState, JobState


@pytest_asyncio.fixture
async def jobs() -> AsyncIterator[Jobs]:
    """A registry with the cameras A, which is selected, and B."""
    jobs = jobs_on(Shelf("A", "B"))
    yield jobs
    await jobs.stop()


async def test_jobs_run_side_by_side_where_their_claims_do_not_meet(jobs: Jobs) -> None:
    await keep_vigil(jobs, "job-1", "camera:A", claims.LIGHTS)
    await keep_vigil(jobs, "job-2", "camera:B")
    await keep_vigil(jobs, "job-3", claims.CPU)
    assert jobs.claims.owners() == {"camera:A": "job-1", "lights": "job-1", "camera:B": "job-2", "cpu": "job-3"}
    assert {job.state for job in jobs.list()} == {JobState.RUNNING}


async def test_a_job_needs_no_camera_and_a_rig_no_camera_for_it() -> None:
    jobs = jobs_on(Shelf())
    job = await keep_vigil(jobs, "job-1", claims.CPU)
    job.may_end.set()
    await job.result()
    assert job.granted is not None
    assert job.granted.cameras == ()
    assert job.snapshot().camera_id is None
    assert jobs.claims.owners() == {}


async def test_the_claim_without_an_id_means_the_selected_camera(jobs: Jobs) -> None:
    await keep_vigil(jobs, "job-1", claims.camera(None))
    assert jobs.claims.owners() == {claims.camera("A"): "job-1"}


@pytest.mark.parametrize(
    ("claim", "error", "thing"),
    [
        ("camera:A", CameraBusy, "camera 'A'"),
        ("camera", CameraBusy, "camera 'A'"),
        ("lights", LightsBusy, "the lights"),
        ("cpu", CpuBusy, "the processor"),
    ],
)
async def test_what_a_job_has_is_refused_in_the_same_words_whatever_it_is(
    jobs: Jobs, claim: str, error: type[TetherlightError], thing: str
) -> None:
    await keep_vigil(jobs, "job-1", claim)
    with pytest.raises(error) as caught:
        await keep_vigil(jobs, "job-2", claim)
    assert caught.value.message == f"Job 'job-1' is using {thing}."
    assert caught.value.hint == "Wait until it is done, or cancel it."
    assert caught.value.details == {"job_id": "job-1"}


def test_a_lane_refuses_in_these_words_too() -> None:
    lane = Lane("camera 'A'")
    lane.claim("job-1")
    with pytest.raises(CameraBusy, match=r"^Job 'job-1' is using camera 'A'\.$"):
        lane.allow(None)


@pytest.mark.parametrize("held", ["camera:A", "camera:B", "lights", "cpu"])
async def test_a_job_gets_all_that_it_claims_or_nothing(jobs: Jobs, held: str) -> None:
    await keep_vigil(jobs, "job-1", held)
    with pytest.raises(TetherlightError):
        await keep_vigil(jobs, "job-2", "camera:A", "camera:B", claims.LIGHTS, claims.CPU)
    assert jobs.claims.owners() == {held: "job-1"}
    assert [job.job_id for job in jobs.list()] == ["job-1"]


async def test_nothing_is_claimed_where_a_camera_is_not_there_or_the_request_is_wrong() -> None:
    shelf = Shelf("A")
    jobs = jobs_on(shelf)
    shelf.cameras["A"].state = CameraState.LOST
    with pytest.raises(CameraLost, match=r"^Camera 'A' is lost\.$"):
        await keep_vigil(jobs, "job-1", claims.LIGHTS, "camera:A")
    shelf.cameras["A"].state = CameraState.READY
    with pytest.raises(CameraNotOpen):
        await keep_vigil(jobs, "job-1", claims.LIGHTS, "camera:C")

    def wrong() -> None:
        raise JobConflict("No.")

    with pytest.raises(JobConflict):
        async with jobs.starting("job-1", {claims.LIGHTS, "camera:A"}, wrong):
            pass
    assert jobs.claims.owners() == {}


async def test_a_start_that_fails_gives_everything_back(jobs: Jobs) -> None:
    async def start() -> None:
        async with jobs.starting("job-1", {"camera:A", claims.LIGHTS, claims.CPU}) as start:
            assert jobs.claims.owners() == {"camera:A": "job-1", "lights": "job-1", "cpu": "job-1"}
            assert start.camera.camera_id == "A"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await start()
    assert jobs.claims.owners() == {}


async def test_a_paused_job_holds_nothing_and_claims_again_when_it_goes_on(jobs: Jobs) -> None:
    job = await keep_vigil(jobs, "job-1", "camera:A", claims.CPU)
    assert (await jobs.pause("job-1")).state is JobState.PAUSED
    assert jobs.claims.owners() == {}
    other = await keep_vigil(jobs, "job-2", claims.CPU)
    with pytest.raises(CpuBusy):
        await jobs.resume("job-1")
    assert jobs.claims.owners() == {"cpu": "job-2"}
    other.may_end.set()
    await other.result()
    job.may_end.clear()
    assert (await jobs.resume("job-1")).state is JobState.RUNNING
    assert jobs.claims.owners() == {"camera:A": "job-1", "cpu": "job-1"}


async def test_what_a_job_had_is_free_when_its_end_is_told(jobs: Jobs) -> None:
    """Who hears that a job is over can begin the next one at once."""
    seen: list[tuple[JobState, dict[str, str]]] = []
    job = await keep_vigil(jobs, "job-1", "camera:A", claims.LIGHTS)
    job._publisher.listen(lambda _: seen.append((job.state, jobs.claims.owners())))
    job.may_end.set()
    await job.result()
    assert seen == [(JobState.COMPLETED, {})]


async def test_stopping_gives_everything_back() -> None:
    jobs = jobs_on(Shelf("A"))
    job = await keep_vigil(jobs, "job-1", "camera:A", claims.LIGHTS, claims.CPU)
    await jobs.stop()
    assert job.state in {JobState.INTERRUPTED, JobState.RUNNING}
    assert jobs.claims.owners() == {}
