"""A computation is a job like any other: told, refused, cancelled and begun again in the same way."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import hypothesis.strategies as st
import pytest
import pytest_asyncio
from hypothesis import given, settings

from support.children import marked
from support.jobs import Computation, Counted, Shelf, compute, jobs_on, keep_vigil
from support.patience import stretched
from support.turns import turns
from tetherlight.errors import CpuBusy, JobConflict, JobError, WorkFailed, WorkTimeout
from tetherlight.jobs.computation import Work
from tetherlight.jobs.jobs import Jobs
from tetherlight.protocol.models import Job, JobState, StepState

pytestmark = pytest.mark.usefixtures("found_by_children")


@pytest_asyncio.fixture
async def jobs() -> AsyncIterator[Jobs]:
    """A registry with one camera."""
    jobs = jobs_on(Shelf("A"))
    yield jobs
    await jobs.stop()


def told_by(jobs: Jobs) -> list[Job]:
    """Give a list to which every state that is told is added."""
    told: list[Job] = []
    jobs._publisher.listen(lambda one: told.append(cast("Job", one.data)))
    return told


async def test_it_tells_how_far_it_is_and_what_it_has_computed(jobs: Jobs) -> None:
    told = told_by(jobs)
    job = await compute(jobs, "job-1", "count", upto=100, pause_s=0.02)
    assert await job.result() == Counted(value=100)
    assert {one.kind for one in told} == {"computation"}
    assert [one.state for one in (told[0], told[-1])] == [JobState.RUNNING, JobState.COMPLETED]
    shares = [one.progress for one in told]
    assert shares == sorted(shares, key=lambda share: share or 0.0)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert any(one.activity and one.activity.endswith("of 100") for one in told)
    assert any(one.seconds_left is not None and one.seconds_left > 0 for one in told)
    last = told[-1]
    assert (last.camera_id, last.index, last.total, last.activity, last.seconds_left) == (None, 1, 1, None, None)
    assert [(step.index, step.state) for step in last.steps] == [(1, StepState.DONE)]
    assert last.finished_at is not None


async def test_it_needs_no_camera_and_runs_beside_a_job_that_has_them_all(jobs: Jobs) -> None:
    await keep_vigil(jobs, "job-1", "camera:A", "lights")
    assert await (await compute(jobs, "job-2", "add", a=1, b=2)).result() == Counted(value=3)
    assert jobs.claims.owners() == {"camera:A": "job-1", "lights": "job-1"}


async def test_a_second_one_is_refused_until_the_first_is_over(jobs: Jobs, tmp_path: Path) -> None:
    await compute(jobs, "job-1", "endless", mark=str(tmp_path / "pid"))
    with pytest.raises(CpuBusy, match=r"^Job 'job-1' is using the processor\.$"):
        await compute(jobs, "job-2", "add", a=1, b=2)
    await jobs.cancel("job-1")
    assert await (await compute(jobs, "job-2", "add", a=1, b=2)).result() == Counted(value=3)


async def test_a_pause_is_refused_and_changes_nothing(jobs: Jobs, tmp_path: Path) -> None:
    job = await compute(jobs, "job-1", "endless", mark=str(tmp_path / "pid"))
    await marked(tmp_path / "pid")
    with pytest.raises(JobConflict, match=r"^Job 'job-1' cannot be paused\.$") as caught:
        await jobs.pause("job-1")
    assert caught.value.hint == "Wait until it is done, or cancel it."
    assert job.snapshot().state is JobState.RUNNING
    assert (await jobs.cancel("job-1")).state is JobState.CANCELLED


async def test_a_cancel_ends_the_child_at_once_and_the_job_may_begin_anew(jobs: Jobs, tmp_path: Path) -> None:
    job = await compute(jobs, "job-1", "endless", mark=str(tmp_path / "pid"))
    pid = await marked(tmp_path / "pid")
    cancelled = await jobs.cancel("job-1")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert (cancelled.state, cancelled.error, cancelled.steps[0].state) == (JobState.CANCELLED, None, StepState.PENDING)
    assert jobs.claims.owners() == {}
    with pytest.raises(JobError, match=r"^Job 'job-1' was cancelled\.$"):
        await job.result()
    (tmp_path / "pid").unlink()
    assert (await jobs.retry("job-1", [1])).state is JobState.RUNNING
    assert await marked(tmp_path / "pid") != pid
    await jobs.cancel("job-1")


async def test_a_failure_is_told_with_its_reason_and_its_step_can_be_taken_again(jobs: Jobs) -> None:
    job = await compute(jobs, "job-1", "crashes", how="segv")
    with pytest.raises(WorkFailed, match=r"crashed \(SIGSEGV\)\.$"):
        await job.result()
    failed = job.snapshot()
    assert (failed.state, failed.error_code, failed.steps[0].state) == (
        JobState.FAILED, "work_failed", StepState.FAILED,
    )  # fmt: skip
    assert failed.hint is not None
    assert (await jobs.retry("job-1", None)).state is JobState.RUNNING
    with pytest.raises(WorkFailed):
        await job.result()


async def test_a_missed_deadline_is_told_as_one(jobs: Jobs) -> None:
    job = await compute(jobs, "job-1", "endless", deadline_s=0.3)
    with pytest.raises(WorkTimeout):
        await job.result()
    assert job.snapshot().error_code == "work_timeout"


async def test_the_end_of_the_server_interrupts_it(tmp_path: Path) -> None:
    jobs = jobs_on(Shelf())
    job = await compute(jobs, "job-1", "endless", mark=str(tmp_path / "pid"))
    pid = await marked(tmp_path / "pid")
    await jobs.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert job.snapshot().state is JobState.INTERRUPTED
    assert jobs.claims.owners() == {}


async def test_a_pause_that_was_asked_for_before_it_began_is_refused_and_it_runs(jobs: Jobs) -> None:
    async with jobs.starting("job-1", {"cpu"}) as start:
        pausing = asyncio.create_task(jobs.pause("job-1"))
        await turns()
        job = Computation("job-1", Work("support.working:add", {"a": 1, "b": 2}, 600, 1 << 30), jobs._publisher)
        jobs.begin(job, start)
    with pytest.raises(JobConflict, match="cannot be paused"):
        await pausing
    assert await job.result() == Counted(value=3)


@given(moments=st.integers(0, 60), fine=st.booleans(), function=st.sampled_from(["endless", "count"]))
@settings(max_examples=20, deadline=None)
def test_it_can_be_cancelled_at_any_moment(moments: int, *, fine: bool, function: str) -> None:
    """It is cancelled, or was completed before; what it had is free, and no task is left."""

    async def scene() -> None:
        jobs = jobs_on(Shelf())
        arguments: dict[str, Any] = {"upto": 2, "pause_s": 0.05} if function == "count" else {}
        job = await compute(jobs, "job-1", function, **arguments)
        if fine:
            await turns(moments)
        else:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(job.result(), moments / 100)
        async with asyncio.timeout(stretched(60)):
            if job.snapshot().state is JobState.RUNNING:
                await jobs.cancel("job-1")
        assert job.snapshot().state in {JobState.CANCELLED, JobState.COMPLETED}
        assert jobs.claims.owners() == {}
        await jobs.stop()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(scene())
