"""Bodies of one model that no serial number tells apart: none of them is ever taken for the other."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.rig_world import World, open_world
from tetherlight.errors import CameraLost, CameraNotFound
from tetherlight.protocol.events import CameraChange
from tetherlight.protocol.models import CameraState


@pytest.fixture(params=["none", "zero", "doubled"])
async def twins(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """A rig with two bodies of one model, both open."""
    async with open_world(tmp_path, "--cameras", "2", "--serial", request.param, select=False) as world:
        for found in await world.rig.cameras.look():
            await world.rig.cameras.select(None, None, found.camera_id)
        yield world


def at(world: World, port: str) -> str:
    """Give the id of the camera that was opened at a port."""
    return next(camera.camera_id for camera in world.rig.cameras.open if camera.port == port)


async def lost(world: World, name: str, camera_id: str) -> None:
    await world.simulator.control("unplug", camera=name)
    await world.hearing.wait("camera_lost", lambda change: change.camera_id == camera_id)


async def question(world: World, camera_id: str, port: str) -> CameraChange:
    """Wait until a person is asked whether a camera is at a port."""
    asked: CameraChange = await world.hearing.wait(
        "camera_lost", lambda change: change.camera_id == camera_id and port in (change.next or "")
    )
    return asked


async def test_a_twin_that_comes_back_elsewhere_is_asked_about_and_never_answers_for_the_other(twins: World) -> None:
    left, right = (at(twins, one.port) for one in twins.simulator.cameras)
    order = [one.camera_id for one in await twins.rig.cameras.look()]
    assert {left, right} == set(order)
    await lost(twins, "camera1", left)
    await lost(twins, "camera2", right)
    moved = (await twins.simulator.control("plug", camera="camera2", move=True))["port"]
    for camera_id in (left, right):
        asked = await question(twins, camera_id, moved)
        assert f"SELECT_CAMERA with camera_id '{camera_id}'" in str(asked.next)
        with pytest.raises(CameraLost) as refused:
            await twins.rig.captures.capture(twins.rig.cameras.camera(camera_id), download=True)
        assert refused.value.hint == asked.next
        (status,) = [one for one in twins.rig.cameras.statuses() if one.camera_id == camera_id]
        assert (status.state, status.next) == (CameraState.LOST, asked.next)
    taken = {one["name"]: one["captures"] for one in (await twins.simulator.control("status"))["cameras"]}
    assert taken == {"camera1": 0, "camera2": 0}
    # A person says which one it is.
    told = await twins.rig.cameras.select(None, moved, right)
    assert (told.camera_id, told.port, told.state) == (right, moved, CameraState.READY)
    result = await twins.rig.captures.capture(twins.rig.cameras.camera(right), download=True)
    assert result.camera_id == right
    assert (await twins.simulator.status("camera2"))["captures"] == 1
    assert [one.camera_id for one in await twins.rig.cameras.look()][:2] == order
    assert twins.rig.cameras.camera(left).state is CameraState.LOST


async def test_a_twin_comes_back_at_its_own_place_by_itself(twins: World) -> None:
    left, right = (at(twins, one.port) for one in twins.simulator.cameras)
    await lost(twins, "camera1", left)
    await twins.simulator.control("plug", camera="camera1", move=False)
    await twins.hearing.wait("camera_ready", lambda change: change.camera_id == left)
    assert at(twins, twins.simulator.cameras[0].port) == left
    assert at(twins, twins.simulator.cameras[1].port) == right


async def test_the_order_of_cameras_stays_whatever_is_open(tmp_path: Path) -> None:
    async with open_world(tmp_path, "--cameras", "3", "--serial", "none,unique,none", select=False) as world:
        order = [one.camera_id for one in await world.rig.cameras.look()]
        await world.rig.cameras.select(None, None, order[2])
        await world.rig.cameras.select(None, None, order[1])
        assert [one.camera_id for one in await world.rig.cameras.look()] == order
        assert [one.camera_id for one in world.rig.cameras.inventory().cameras] == order
        await world.rig.cameras.deselect(order[2])
        assert [one.camera_id for one in world.rig.cameras.inventory().cameras] == order


async def test_the_only_body_of_its_model_comes_back_anywhere_without_a_serial(tmp_path: Path) -> None:
    async with open_world(tmp_path, "--serial", "none") as world:
        camera = world.rig.cameras.camera()
        await lost(world, "camera1", camera.camera_id)
        moved = (await world.simulator.control("plug", camera="camera1", move=True))["port"]
        ready = await world.hearing.wait("camera_ready")
        assert (ready.camera_id, ready.port) == (camera.camera_id, moved)
        assert camera.status().next is None


async def test_another_model_does_not_take_the_place_of_a_camera_without_a_serial(tmp_path: Path) -> None:
    """A person may say so by mistake; the body says what it is."""
    async with open_world(tmp_path, "--cameras", "2", "--vendor", "both", "--serial", "none", select=False) as world:
        for found in await world.rig.cameras.look():
            await world.rig.cameras.select(None, None, found.camera_id)
        canon, nikon = (at(world, one.port) for one in world.simulator.cameras)
        await lost(world, "camera1", canon)
        await lost(world, "camera2", nikon)
        moved = (await world.simulator.control("plug", camera="camera2", move=True))["port"]
        async with asyncio.timeout(60):
            await world.hearing.wait("camera_ready", lambda change: change.camera_id == nikon)
        await world.rig.cameras.deselect(nikon)
        with pytest.raises(CameraNotFound, match="Another camera is at that port: D750"):
            await world.rig.cameras.select(None, moved, canon)
