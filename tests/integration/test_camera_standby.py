"""The live view of a body ends after its last use and begins again with the next, on every maker's bodies."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.camera_world import OpenCamera, open_camera
from tetherlight.protocol.models import ViewfinderState

SOON = 0.2
"""Seconds of AUTO_STANDBY."""


@pytest.fixture(params=["canon", "nikon"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[OpenCamera]:
    async with open_camera(tmp_path, "--vendor", request.param, "--fps", "200", auto_standby=SOON) as opened:
        yield opened


async def live(world: OpenCamera) -> bool:
    """Say whether the simulated body's live view is on."""
    return bool((await world.simulator.status())["liveview"]["on"])


async def rests(world: OpenCamera) -> None:
    """Wait until the camera tells that its body's live view has ended."""
    await world.recorder.until(lambda: world.camera.status().viewfinder is ViewfinderState.STANDBY)


async def test_it_ends_after_the_last_preview_and_begins_again_with_the_next(world: OpenCamera) -> None:
    assert world.camera.status().viewfinder is ViewfinderState.STANDBY
    for _ in range(2):
        assert (await world.camera.preview()).width
        assert world.camera.status().viewfinder is ViewfinderState.ON
        await rests(world)
        assert not await live(world)
    events = (await world.simulator.status())["events"]
    assert (events["live_on"], events["live_off"]) == (2, 2)
    assert (await world.camera.capture(world.folder, "picture")).files
    assert not await live(world)


async def test_moving_the_focus_begins_it_and_counts_as_use(world: OpenCamera) -> None:
    """Bodies move their lens only while it runs; afterwards it ends again."""
    await world.camera.preview()
    await rests(world)
    before = (await world.simulator.status())["events"]["live_on"]
    (drive,) = await world.camera.get_config("manualfocusdrive")
    await world.camera.set_config(drive.path, "Near 1" if drive.options else -20)
    assert (await world.simulator.status())["events"]["live_on"] == before + 1
    await rests(world)
    assert not await live(world)


async def test_what_a_client_switched_on_stays_on(world: OpenCamera) -> None:
    await world.camera.set_config("viewfinder", value=True)
    assert world.camera.status().viewfinder is ViewfinderState.ON
    assert (await world.camera.preview()).width
    # The config is read as a whole now and then: by its second reading the time is long over.
    polls = len(world.recorder.changes)
    await world.camera.refresh(["iso"])
    assert world.camera.status().viewfinder is ViewfinderState.ON
    assert len(world.recorder.changes) == polls
    await world.camera.set_config("viewfinder", value=False)
    assert world.camera.status().viewfinder is ViewfinderState.STANDBY


async def test_a_live_view_that_somebody_left_on_is_ended(tmp_path: Path) -> None:
    """As by a server that was killed: nobody asks for a preview again, and the body goes on."""
    async with open_camera(tmp_path, "--fps", "200", auto_standby=SOON) as world:
        await world.simulator.control("unplug", camera="camera1")
        await world.recorder.until(lambda: "lost" in world.recorder.kinds())
        await world.simulator.control("set_property", name="output", value="PC")
        assert await live(world)
        await world.simulator.control("plug", camera="camera1")
        await world.recorder.ready_again()
        await rests(world)
        assert not await live(world)


async def test_a_body_that_cannot_be_told_is_said_to_be(tmp_path: Path) -> None:
    async with open_camera(tmp_path, "--vendor", "generic", auto_standby=SOON) as world:
        assert world.camera.status().viewfinder is ViewfinderState.UNSUPPORTED
