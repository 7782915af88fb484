"""Focus and light in one set, on a lens that really moves: a place is had, or told to be unknown, and never guessed."""

import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from support.rig_world import World, open_world
from support.server_process import ServerProcess
from support.simulator_process import SimulatorProcess
from tetherlight.camera.focus import drive_focus
from tetherlight.errors import FocusUnknown
from tetherlight.protocol.models import CameraState, JobState

LIGHTS = ("light_left", "light_right", "light_front", "lights_top")
STACK = {"count": 8, "step": 2}
DRIVE = 150
"""What a Canon's middle drive moves the simulated lens."""


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as opened:
        yield opened


async def place(simulator: SimulatorProcess) -> float:
    """Give where the lens really is."""
    return float((await simulator.control("lens", camera="camera1"))["place"])


async def place_at_rest(simulator: SimulatorProcess) -> float:
    """Wait until the lens stands still after its last drive, and give where that is."""
    before = (await simulator.status())["events"]["focus_still"]
    if (await simulator.control("lens", camera="camera1"))["moving"]:
        await simulator.wait("focus_still", before + 1)
    return await place(simulator)


def on_disk(world: World, job: Any) -> dict[str, Any]:
    path = world.rig.settings.captures_base_dir / job.set_folder / "manifest.json"
    read: dict[str, Any] = json.loads(path.read_text())
    return read


def told(message: dict[str, Any], event: str, field: str) -> Any:
    """Give a field of an event's data, None where it is another event."""
    return message["data"].get(field) if message["action"] == event else None


async def captured(world: World, image: int) -> None:
    """Wait for so many images of the stack."""
    await world.hearing.wait("photometric_progress", lambda one: one.status == f"captured_light_{image}_of_32")


async def camera_is_back(world: World) -> None:
    await world.hearing.wait("camera_ready")
    assert world.rig.cameras.camera().state is CameraState.READY


async def test_eight_places_under_four_lights_survive_a_pause_and_the_lens_comes_back(world: World) -> None:
    began = await place(world.simulator)
    job = await world.start(*LIGHTS, focus=STACK)
    await captured(world, 10)
    assert await place(world.simulator) > began
    assert (await world.rig.jobs.pause(job.job_id)).state is JobState.PAUSED
    assert await place_at_rest(world.simulator) == pytest.approx(began, abs=5)
    await world.rig.jobs.resume(job.job_id)
    result = await job.result()
    assert result.image_count == 32
    assert result.warnings == []
    assert Path(result.images_captured[-1]).name == "image_04_lights_top_f08.jpg"
    assert (await world.simulator.status())["captures"] == 32
    written = on_disk(world, job)
    assert written["places"] == {"focus": {"at": 0, "towards": None, "doubt": None}}
    assert [step["at"]["focus"] for step in written["steps"]] == [number for number in range(8) for _ in LIGHTS]
    assert [step["attempts"] for step in written["steps"]].count(1) >= 31
    assert await world.lit() == []


async def test_a_lens_that_somebody_moved_in_a_pause_is_not_believed(world: World) -> None:
    job = await world.start("light_left", focus=STACK)
    await world.hearing.wait("photometric_progress", lambda one: one.status == "captured_light_2_of_8")
    await world.rig.jobs.pause(job.job_id)
    await drive_focus(world.rig.cameras.camera(), 1)
    with pytest.raises(FocusUnknown, match="moved it meanwhile"):
        await world.rig.jobs.resume(job.job_id)
    world.rig.shooting.choose_focus(job.job_id, "again")
    await world.rig.jobs.resume(job.job_id)
    assert (await job.result()).warnings == []


async def test_every_place_of_the_stack_is_where_it_is_told_to_be(world: World) -> None:
    began = await place(world.simulator)
    job = await world.start("light_left", focus={"values": [0, 3, 1], "step": -2})
    await job.result()
    drives = (await world.simulator.status())["events"]["focus"]
    assert drives == 3 + 2 + 1
    seen = [step["at"]["focus"] for step in on_disk(world, job)["steps"]]
    assert seen == [0, 3, 1]
    assert await place_at_rest(world.simulator) == pytest.approx(began, abs=5)


@pytest.mark.parametrize(("choice", "exposures"), [("here", 33), ("again", 43)])
async def test_after_a_lost_camera_the_stack_asks_before_it_goes_on(world: World, choice: Any, exposures: int) -> None:
    job = await world.start(*LIGHTS, focus=STACK)
    await captured(world, 10)
    await world.simulator.control("unplug", camera="camera1")
    paused = await world.job_state("paused")
    assert paused.error_code == "focus_unknown"
    assert "focus: again" in str(paused.hint)
    done = {step["index"] for step in on_disk(world, job)["steps"] if step["state"] == "done"}
    assert len(done) >= 10
    await world.simulator.control("plug", camera="camera1")
    await camera_is_back(world)
    with pytest.raises(FocusUnknown, match="unknown"):
        await world.rig.jobs.resume(job.job_id)
    assert job.state is JobState.PAUSED
    world.rig.shooting.choose_focus(job.job_id, choice)
    await world.rig.jobs.resume(job.job_id)
    result = await job.result()
    assert result.image_count == 32
    warned = {step["index"] for step in on_disk(world, job)["steps"] if "lost before" in " ".join(step["warnings"])}
    assert warned == (set(range(1, 33)) - done if choice == "here" else set())
    assert (await world.simulator.status())["captures"] <= exposures + 2


async def test_a_drive_that_halts_is_written_down_as_unfinished(world: World) -> None:
    await world.simulator.control("fault", camera="camera1", kind="focus_halts", count=1)
    job = await world.start("light_left", focus=STACK)
    paused = await world.job_state("paused")
    assert paused.error_code == "focus_unknown"
    written = on_disk(world, job)
    assert (written["places"]["focus"]["at"], written["places"]["focus"]["towards"]) == (0, 1)
    assert [step["state"] for step in written["steps"][:3]] == ["done", "failed", "pending"]
    await world.rig.jobs.cancel(job.job_id)


async def test_a_body_that_tells_the_end_of_its_lens_ends_the_stack_there(tmp_path: Path) -> None:
    async with open_world(tmp_path, "--vendor", "nikon") as world:
        await world.simulator.control("lens", camera="camera1", place=16_000 - 2 * DRIVE - 10)
        job = await world.start("light_left", focus=STACK)
        paused = await world.job_state("paused")
        assert "Nikon manual focus at limit" in str(paused.error)
        assert [step["state"] for step in on_disk(world, job)["steps"][:4]] == ["done", "done", "done", "failed"]
        await world.rig.jobs.cancel(job.job_id)


async def test_a_killed_server_leaves_a_stack_that_asks_before_it_goes_on(tmp_path: Path) -> None:
    async with SimulatorProcess() as simulator:
        server = ServerProcess(tmp_path, environment=simulator.settings)
        await server.start()
        async with server.client() as client:
            await client.do("SELECT_CAMERA")
            await client.send("CAPTURE_PHOTOMETRIC_SET", {"light_sequence": LIGHTS, "focus": STACK})
            await client.event(lambda one: told(one, "photometric_progress", "status") == "captured_light_10_of_32")
            assert server.process is not None
            server.process.send_signal(signal.SIGKILL)
            await server.process.wait()
        (manifest,) = (tmp_path / "captures" / "photometric_sets").glob("*/manifest.json")
        done = {step["index"] for step in json.loads(manifest.read_text())["steps"] if step["state"] == "done"}
        async with ServerProcess(tmp_path, environment=simulator.settings) as again, again.client() as client:
            await client.do("SELECT_CAMERA")
            (job,) = await client.do("GET_JOBS")
            assert job["state"] == "interrupted"
            assert "focus: here" in job["hint"]
            refused = await client.request("RESUME_JOB", {"job_id": job["job_id"]})
            assert refused["error_code"] == "focus_unknown"
            await client.do("SUBSCRIBE", {"topics": ["job"]})
            await client.do("RESUME_JOB", {"job_id": job["job_id"], "focus": "here"})
            await client.event(lambda one: told(one, "job_changed", "state") == "completed")
        steps = json.loads(manifest.read_text())["steps"]
        assert {step["state"] for step in steps} == {"done"}
        assert {step["index"] for step in steps if step["warnings"]} == set(range(1, 33)) - done
        assert len(list(manifest.parent.glob("*.jpg"))) == 32
