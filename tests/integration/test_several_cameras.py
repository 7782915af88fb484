"""Several cameras of several makers open at once; the same tests pass with each maker."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from support.patience import stretched
from support.rig_world import World, open_world
from tetherlight.errors import CameraNotFound, CameraNotOpen, InvalidPayload, NoCameraSelected, TetherlightError
from tetherlight.liveview.liveview import Frame
from tetherlight.protocol.models import CameraInfo
from tetherlight.protocol.sets import CapturePhotometricSet


class Watcher:
    """A viewer that counts."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.came = asyncio.Condition()
        self._told: set[asyncio.Task[None]] = set()

    def frame(self, frame: Frame) -> None:
        self.frames.append(frame)
        task = asyncio.ensure_future(self._tell())
        self._told.add(task)
        task.add_done_callback(self._told.discard)

    def ended(self, error: TetherlightError, *, resumes: bool) -> None:
        raise AssertionError(f"the stream ended: {error}, resumes: {resumes}")

    async def _tell(self) -> None:
        async with self.came:
            self.came.notify_all()

    async def wait(self, count: int) -> None:
        async with asyncio.timeout(stretched(60)), self.came:
            await self.came.wait_for(lambda: len(self.frames) >= count)


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[tuple[World, CameraInfo, CameraInfo]]:
    """A rig with a Canon and a Nikon, both open, the Nikon selected."""
    async with open_world(tmp_path, "--cameras", "2", "--vendor", "both", select=False) as world:
        found = {camera.model.split()[0]: camera for camera in await world.rig.cameras.look()}
        canon = await world.rig.cameras.select(None, None, found["Canon"].camera_id)
        (nikon_id,) = (camera.camera_id for camera in found.values() if camera.camera_id != canon.camera_id)
        nikon = await world.rig.cameras.select(None, None, nikon_id)
        yield world, canon, nikon


@pytest.fixture(params=["canon", "nikon"])
async def maker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path, "--vendor", request.param) as world:
        yield world


async def test_two_cameras_stay_open_and_the_last_selected_is_meant(pair: Any) -> None:
    world, canon, nikon = pair
    assert {one.camera_id: (one.open, one.selected) for one in await world.rig.cameras.look()} == {
        canon.camera_id: (True, False),
        nikon.camera_id: (True, True),
    }
    assert world.rig.cameras.camera().camera_id == nikon.camera_id
    assert world.rig.cameras.camera(canon.camera_id).model == canon.model


async def test_two_cameras_capture_at_the_same_time(pair: Any) -> None:
    world, canon, nikon = pair
    results = await asyncio.gather(
        *(world.rig.captures.capture(world.rig.cameras.camera(one.camera_id), download=True) for one in (canon, nikon))
    )
    assert [result.camera_id for result in results] == [canon.camera_id, nikon.camera_id]
    assert len({result.files[0].sha256 for result in results}) == 2


async def test_live_views_run_side_by_side(pair: Any) -> None:
    world, canon, nikon = pair
    watchers = {camera.camera_id: Watcher() for camera in (canon, nikon)}
    for camera_id, watcher in watchers.items():
        await world.rig.cameras.liveview(camera_id).watch(watcher)
    await asyncio.gather(*(watcher.wait(5) for watcher in watchers.values()))
    for camera_id, watcher in watchers.items():
        world.rig.cameras.liveview(camera_id).unwatch(watcher)
        assert {frame.camera_id for frame in watcher.frames} == {camera_id}


async def test_a_set_on_one_camera_leaves_the_other_free(pair: Any) -> None:
    world, canon, nikon = pair
    wanted = CapturePhotometricSet(light_sequence=["light_left", "light_right"], camera_id=canon.camera_id)
    job = await world.rig.start_set(wanted)
    assert (await world.rig.captures.capture(world.rig.cameras.camera(nikon.camera_id), download=True)).file_path
    result = await job.result()
    assert result.image_count == 2
    assert job.manifest.camera.model == canon.model


async def test_closed_and_unknown_cameras_are_refused_by_name(pair: Any) -> None:
    world, canon, _ = pair
    await world.rig.cameras.deselect(canon.camera_id)
    with pytest.raises(CameraNotOpen, match=canon.camera_id):
        world.rig.cameras.camera(canon.camera_id)
    with pytest.raises(CameraNotFound, match="nobody"):
        world.rig.cameras.camera("nobody")
    await world.rig.cameras.deselect()
    with pytest.raises(NoCameraSelected):
        world.rig.cameras.camera()
    assert [one.open for one in await world.rig.cameras.look()] == [False, False]


async def test_selecting_without_a_camera_id_closes_the_selected_one_first(pair: Any) -> None:
    world, canon, nikon = pair
    await world.rig.cameras.select(canon.model, None, None)
    assert [camera.camera_id for camera in world.rig.cameras.open] == [canon.camera_id]
    assert world.rig.cameras.camera().camera_id == canon.camera_id
    assert nikon.camera_id not in {camera.camera_id for camera in world.rig.cameras.open}


async def test_a_camera_that_is_lost_leaves_the_other_alone(pair: Any) -> None:
    world, canon, nikon = pair
    name = next(one.name for one in world.simulator.cameras if one.serial == canon.serial)
    await world.simulator.control("unplug", camera=name)
    await world.hearing.wait("camera_lost", lambda change: change.camera_id == canon.camera_id)
    assert (await world.rig.captures.capture(world.rig.cameras.camera(nikon.camera_id), download=True)).file_path
    await world.simulator.control("plug", camera=name, move=True)
    await world.hearing.wait("camera_ready", lambda change: change.camera_id == canon.camera_id)
    assert (await world.rig.captures.capture(world.rig.cameras.camera(canon.camera_id), download=True)).file_path


async def test_common_names_reach_every_maker(maker: World) -> None:
    camera = maker.rig.cameras.camera()
    for alias in ("iso", "shutterspeed", "aperture", "whitebalance", "imageformat"):
        (entry,) = await camera.get_config(alias)
        assert alias in {entry.name, entry.alias}
    (iso,) = await camera.get_config("iso")
    other = next(option for option in iso.options if option.isdigit() and option != iso.value)
    assert (await camera.set_config("iso", other)).value == other


async def test_every_file_of_an_exposure_is_kept(maker: World) -> None:
    await maker.simulator.control("set_format", camera="camera1", format="RAW+JPEG")
    result = await maker.rig.captures.capture(maker.rig.cameras.camera(), download=True)
    suffixes = sorted(Path(file.path).suffix for file in result.files)
    assert suffixes in (sorted([".jpg", ".cr2"]), sorted([".jpg", ".nef"]))
    assert result.file_path is not None
    assert result.file_path.endswith(".jpg")
    for file in result.files:
        content = maker.rig.store.places.resolve_image(file.path).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file.sha256


async def test_every_file_of_a_set_is_kept_and_told(maker: World) -> None:
    await maker.simulator.control("set_format", camera="camera1", format="RAW+JPEG")
    result = await (await maker.start("light_left", "light_right")).result()
    assert [Path(path).name for path in result.images_captured] == [
        "image_01_light_left.jpg",
        "image_02_light_right.jpg",
    ]
    names = [image.filename for image in maker.rig.store.sets.contents(Path(result.set_folder).name)]
    assert len(names) == 4
    assert sorted(Path(name).stem for name in names) == ["image_01_light_left"] * 2 + ["image_02_light_right"] * 2


async def test_the_live_view_comes_from_every_maker(maker: World) -> None:
    watcher = Watcher()
    liveview = maker.rig.cameras.liveview()
    await liveview.watch(watcher)
    await watcher.wait(3)
    liveview.unwatch(watcher)
    assert all(frame.jpeg.startswith(b"\xff\xd8") for frame in watcher.frames)
    assert watcher.frames[0].width > 100


async def test_a_camera_is_opened_beside_the_selected_one(pair: Any) -> None:
    world, canon, nikon = pair
    await world.rig.cameras.deselect(canon.camera_id)
    opened = await world.rig.cameras.select(None, None, canon.camera_id, select=False)
    assert (opened.open, opened.selected) == (True, False)
    assert world.rig.cameras.camera().camera_id == nikon.camera_id
    again = await world.rig.cameras.select(None, None, nikon.camera_id, select=False)
    assert again.selected
    with pytest.raises(InvalidPayload, match="needs the field 'camera_id'"):
        await world.rig.cameras.select(None, None, None, select=False)
    assert len(world.rig.cameras.open) == 2
