"""Sets whose camera is released by lines: once for each frame, or held for a burst that the sync line counts."""

import json
import os
import signal
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from PIL import Image

from support.patience import stretched
from support.rig_world import LIGHTS, World, open_world, world_settings
from support.simulator_process import SimulatorProcess
from tetherlight.capture.patience import MISSED
from tetherlight.errors import TriggerMissing
from tetherlight.protocol.axes import AxisPlan
from tetherlight.protocol.models import JobState
from tetherlight.protocol.sets import CaptureSet
from tetherlight.rig.rig import Rig
from tetherlight.settings import Settings

pytestmark = pytest.mark.asyncio(loop_scope="module")

IDS = ("canon-eos-1300d-087000000001", "canon-eos-1300d-087000000002")
DEADLINE_S = stretched(4)
RIG = f"""
driver = "simulated"
[lights]
light_left = {{ direction = [-1, 0, 1] }}
light_right = {{ direction = [1, 0, 1] }}
lights_top = {{ direction = [0, 0, 1] }}
[triggers.left]
cameras = ["{IDS[0]}"]
full_press = 5
sync = 6
deadline_s = {DEADLINE_S}
[triggers.right]
cameras = ["{IDS[1]}"]
full_press = 13
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("lines")
    (folder / "rig.toml").write_text(RIG)
    small = ("--cameras", "2", "--width", "240", "--height", "160")
    async with open_world(folder, *small, select=False, rig_file=folder / "rig.toml") as opened:
        await opened.rig.cameras.look()
        for camera_id in reversed(IDS):
            await opened.rig.cameras.select(None, None, camera_id)
        yield opened


async def quirk(world: World, **quirks: Any) -> None:
    await world.simulator.control("quirks", camera="camera1", **quirks)


async def exposures(world: World, camera: str = "camera1") -> list[dict[str, Any]]:
    """Give the exposures that a body made, by its own record."""
    found: list[dict[str, Any]] = (await world.simulator.control("exposures", camera=camera))["exposures"]
    return found


def steps_of(world: World, folder: str) -> list[dict[str, Any]]:
    """Give the steps of a set as its manifest has them, each with the path of its picture."""
    base = world.rig.settings.captures_base_dir / folder
    steps: list[dict[str, Any]] = json.loads((base / "manifest.json").read_text())["steps"]
    return [{**step, "path": base / step["files"][0]["filename"]} for step in steps]


def sums(world: World, folder: str) -> list[set[int]]:
    """Give the CRC-32 of each step's picture, as the simulator remembers its own."""
    return [{zlib.crc32(step["path"].read_bytes())} for step in steps_of(world, folder)]


def pixels(path: Path) -> "np.ndarray[Any, Any]":
    """Read a picture, small, so that its noise does not count."""
    with Image.open(path) as image:
        return np.asarray(image.convert("L").resize((24, 16), Image.Resampling.BOX), dtype=float)


TRUTHS: dict[str, "np.ndarray[Any, Any]"] = {}


async def truths(world: World) -> "dict[str, np.ndarray[Any, Any]]":
    """Give a picture of each light that was taken as ever."""
    if not TRUTHS:
        result = await (await world.start(*LIGHTS, set_name_prefix="truth")).result()
        TRUTHS.update({step["light"]: pixels(step["path"]) for step in steps_of(world, result.set_folder)})
    return TRUTHS


async def test_a_line_releases_each_frame_and_the_manifest_says_so(world: World) -> None:
    before = len(await exposures(world))
    result = await (await world.start(*LIGHTS, trigger="line")).result()
    made = (await exposures(world))[before:]
    assert [one["line"] is not None for one in made] == [True] * 3
    steps = steps_of(world, result.set_folder)
    assert [step["trigger"] for step in steps] == ["line"] * 3
    assert len({step["exposure_id"] for step in steps}) == 3
    assert [set(one["files"].values()) for one in made] == sums(world, result.set_folder)
    assert await world.lit() == []


async def test_a_press_that_the_body_misses_is_made_again_with_a_word(world: World) -> None:
    await quirk(world, line_drops=1)
    result = await (await world.start("light_left", trigger="line")).result()
    (step,) = steps_of(world, result.set_folder)
    assert (step["attempts"], step["warnings"]) == (2, [MISSED])
    assert await world.lit() == []


async def test_a_double_release_is_in_no_step(world: World) -> None:
    await quirk(world, line_doubles=1)
    before = len(await exposures(world))
    result = await (await world.start("light_left", "light_right", trigger="line")).result()
    made = (await exposures(world))[before:]
    first, extra, second = (set(one["files"].values()) for one in made)
    assert sums(world, result.set_folder) == [first, second]
    assert extra
    assert made[1]["line"] is None


async def test_without_a_word_a_set_is_released_as_ever(world: World) -> None:
    result = await (await world.start("light_left")).result()
    (step,) = steps_of(world, result.set_folder)
    assert (step["trigger"], step["exposure_id"]) == (None, None)


async def test_two_cameras_of_a_plan_are_pressed_at_once(world: World) -> None:
    axes = [AxisPlan(axis="light", values=["light_left"]), AxisPlan(axis="camera", values=list(IDS))]
    result = await (await world.rig.start_set(CaptureSet(axes=axes, trigger="line"))).result()
    steps = steps_of(world, result.set_folder)
    assert len({step["exposure_id"] for step in steps}) == 1
    lines = [(await exposures(world, camera))[-1]["line"] for camera in ("camera1", "camera2")]
    assert lines[0] == lines[1] is not None


async def test_a_camera_without_a_line_is_refused_before_anything_moves(world: World) -> None:
    triggers = world.rig.together.triggers
    tables = triggers._tables.pop("left")
    try:
        with pytest.raises(TriggerMissing, match="No line fires camera"):
            await world.start("light_left", trigger="line", camera_id=IDS[0])
    finally:
        triggers._tables["left"] = tables


async def test_a_set_by_lines_is_paused_and_resumed(world: World) -> None:
    job = await world.start(*LIGHTS, trigger="line")
    await world.hearing.wait("photometric_progress", lambda one: one.job_id == job.job_id and "captured" in one.status)
    await world.rig.jobs.pause(job.job_id)
    assert job.state is JobState.PAUSED
    assert await world.lit() == []
    await world.rig.jobs.resume(job.job_id)
    result = await job.result()
    assert [step["trigger"] for step in steps_of(world, result.set_folder)] == ["line"] * 3


@pytest_asyncio.fixture(loop_scope="module")
async def slow_body(world: World) -> AsyncIterator[None]:
    """Let the body take its time between two pictures of a burst: a light that is late all the same costs a picture."""
    await quirk(world, burst_fps=2)
    yield
    await quirk(world, sync_misses_at=0, files_lost_at=0, hurries_at=0)
    drive = await world.rig.cameras.camera(IDS[0]).get_config("drivemode")
    assert drive[0].value == "Single"
    assert await world.lit() == []


async def burst(world: World, *lights: str, **wanted: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Take a set in a burst; give the exposures that the body made, and the steps of the set."""
    before = len(await exposures(world))
    result = await (await world.start(*(lights or LIGHTS), trigger="burst", **wanted)).result()
    return (await exposures(world))[before:], steps_of(world, result.set_folder)


async def frames_show_their_lights(world: World, steps: list[dict[str, Any]]) -> None:
    """Make sure that each frame shows the light of its step, and no other."""
    truth = await truths(world)
    for step in steps:
        picture = pixels(step["path"])
        assert min(truth, key=lambda one: float(np.abs(truth[one] - picture).mean())) == step["light"]


@pytest.mark.usefixtures("slow_body")
async def test_a_burst_is_one_press_and_each_frame_shows_its_light(world: World) -> None:
    made, steps = await burst(world)
    assert {one["held"] for one in made} == {True}
    assert len({one["line"] for one in made}) == 1
    assert [step["trigger"] for step in steps] == ["burst"] * 3
    assert len({step["exposure_id"] for step in steps}) == 1
    assert [step["warnings"] for step in steps] == [[]] * 3
    await frames_show_their_lights(world, steps)


@pytest.mark.usefixtures("slow_body")
@pytest.mark.parametrize("fault", ["sync_misses_at", "files_lost_at"])
async def test_where_contact_and_camera_do_not_agree_frames_are_taken_alone(world: World, fault: str) -> None:
    await quirk(world, **{fault: 2})
    _, steps = await burst(world)
    assert {step["trigger"] for step in steps} == {"line"}
    assert {step["findings"][0]["code"] for step in steps} == {"sync_mismatch"}
    assert all("The sync line told of" in " ".join(step["warnings"]).replace("the sync", "The sync") for step in steps)
    await frames_show_their_lights(world, steps)


@pytest.mark.usefixtures("slow_body")
async def test_an_exposure_that_begins_before_its_light_has_settled_is_no_frame(world: World) -> None:
    await quirk(world, hurries_at=1)
    made, steps = await burst(world)
    assert len(made) >= 4
    assert [step["trigger"] for step in steps] == ["burst"] * 3
    await frames_show_their_lights(world, steps)


@pytest.mark.usefixtures("slow_body")
async def test_a_body_that_does_not_shoot_is_not_held_for_ever(world: World) -> None:
    await quirk(world, line_drops=1)
    _, steps = await burst(world, "light_left", "light_right")
    assert {step["trigger"] for step in steps} == {"line"}
    assert {step["findings"][0]["code"] for step in steps} == {"sync_missing"}


@pytest.mark.usefixtures("slow_body")
async def test_a_burst_stops_at_a_frame_and_goes_on_later(world: World) -> None:
    job = await world.start(*LIGHTS, trigger="burst")
    await world.simulator.control("wait", camera="camera1", event="exposure")
    await world.rig.jobs.pause(job.job_id)
    assert job.state is JobState.PAUSED
    assert await world.lit() == []
    await world.rig.jobs.resume(job.job_id)
    result = await job.result()
    steps = steps_of(world, result.set_folder)
    assert [step["state"] for step in steps] == ["done"] * 3
    await frames_show_their_lights(world, steps)


async def test_a_burst_needs_a_sync_line(world: World) -> None:
    with pytest.raises(TriggerMissing, match="No line tells when the shutter"):
        await world.start("light_left", trigger="burst", camera_id=IDS[1])


async def test_a_burst_outlives_the_loss_of_its_camera_and_the_end_of_its_server(tmp_path: Path) -> None:
    (tmp_path / "rig.toml").write_text(RIG)
    async with SimulatorProcess("--cameras", "2", "--width", "240", "--height", "160") as simulator:
        settings = world_settings(simulator, tmp_path, rig_file=tmp_path / "rig.toml")
        await simulator.control("quirks", camera="camera1", burst_fps=2)
        async with opened(settings, simulator) as world:
            job = await world.start(*LIGHTS, trigger="burst")
            await simulator.control("wait", camera="camera1", event="exposure")
            os.kill(world.rig.cameras.camera(IDS[0]).worker_pid or 0, signal.SIGKILL)
            await whole(world, (await job.result()).set_folder)
            job = await world.start(*LIGHTS, trigger="burst")
            await simulator.control("wait", camera="camera1", event="exposure")
        assert await world.lit() == []
        made = len(await exposures(world))
        async with opened(settings, simulator) as world:
            # A body whose release is held would have gone on.
            assert len(await exposures(world)) <= made + 1
            await world.rig.jobs.resume(job.job_id)
            done = await world.job_state("completed")
            await whole(world, str(done.set_folder))


@asynccontextmanager
async def opened(settings: Settings, simulator: SimulatorProcess) -> AsyncIterator[World]:
    """Give a rig whose first camera is open."""
    async with Rig.open(settings) as rig:
        await rig.cameras.look()
        await rig.cameras.select(None, None, IDS[0])
        yield World(rig, simulator)


async def whole(world: World, folder: str) -> None:
    """Make sure that a set has all its frames and left nothing on."""
    steps = steps_of(world, folder)
    assert [step["state"] for step in steps] == ["done"] * 3
    assert len({step["files"][0]["sha256"] for step in steps}) == 3
    assert await world.lit() == []
    status = await world.simulator.control("status")
    assert not status["cameras"][0]["exposing"]
