"""Computations beside a real rig, and the end of a server in the middle of one."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from support.children import gone, marked
from support.jobs import Counted, compute
from support.patience import stretched
from support.rig_world import LIGHTS, open_world
from tetherlight.errors import CameraBusy, JobConflict
from tetherlight.protocol.models import JobState

pytestmark = pytest.mark.usefixtures("found_by_children")


async def test_a_set_is_captured_while_something_is_computed(tmp_path: Path) -> None:
    """Neither waits for the other, each is told, and each is refused what the other has."""
    async with open_world(tmp_path) as world:
        computing = await compute(world.rig.jobs, "job-1", "endless", mark=str(tmp_path / "pid"))
        pid = await marked(tmp_path / "pid")
        job = await world.start(*LIGHTS)
        camera = world.rig.cameras.camera()
        assert world.rig.jobs.claims.owners() == {
            f"camera:{camera.camera_id}": job.job_id, "lights": job.job_id, "cpu": "job-1",
        }  # fmt: skip
        with pytest.raises(CameraBusy):
            await world.start(*LIGHTS)
        assert (await job.result()).image_count == len(LIGHTS)
        with pytest.raises(JobConflict):
            await world.rig.jobs.pause("job-1")
        assert (await world.rig.info()).jobs[-1].kind == "computation"
        assert (await world.rig.jobs.cancel("job-1")).state is JobState.CANCELLED
        assert (await world.job_state("cancelled")).job_id == "job-1"
        await gone(pid)
        assert computing.snapshot().error is None


async def test_a_rig_without_cameras_computes(tmp_path: Path) -> None:
    async with open_world(tmp_path, select=False) as world:
        job = await compute(world.rig.jobs, "job-1", "add", a=1, b=2)
        assert await job.result() == Counted(value=3)


async def test_the_end_of_the_rig_ends_what_is_computed(tmp_path: Path) -> None:
    async with open_world(tmp_path, select=False) as world:
        job = await compute(world.rig.jobs, "job-1", "stubborn", mark=str(tmp_path / "pid"))
        pid = await marked(tmp_path / "pid")
        await world.rig.stop()
        await gone(pid)
        assert job.snapshot().state is JobState.INTERRUPTED


async def test_a_child_dies_with_the_server(tmp_path: Path) -> None:
    """The kernel ends what a server has computed that was killed, whatever that does."""
    mark = tmp_path / "pid"
    program = Path(__file__).with_name("compute_and_hang.py")
    process = await asyncio.create_subprocess_exec(sys.executable, str(program), str(mark), env=os.environ)
    try:
        pid = await marked(mark)
    finally:
        process.kill()
        await process.wait()
    async with asyncio.timeout(stretched(30)):
        await gone(pid)
