"""The moment in which several cameras are released: all of them, or none."""

import asyncio
from pathlib import Path

import pytest

from support.patience import stretched
from support.turns import turns
from tetherlight.capture.moment import Moment, NotBegun
from tetherlight.errors import CameraNotOpen, TriggerFailed
from tetherlight.publisher import Publisher
from tetherlight.rig.cameras import Cameras
from tetherlight.settings import Settings
from tetherlight.triggers.scene_lines import SceneLines


async def by_itself() -> float:
    return 1.0


async def by_line() -> float:
    return 2.0


async def by_nothing() -> None:
    return None


async def broken() -> float:
    raise TriggerFailed("The line is broken.")


async def begun(moment: Moment, count: int) -> list[float | BaseException]:
    async with asyncio.timeout(stretched(10)):
        return await asyncio.gather(*(moment.begin(by_itself) for _ in range(count)), return_exceptions=True)


async def test_a_line_gives_all_cameras_the_same_moment() -> None:
    moment = Moment(3, by_line)
    assert await begun(moment, 3) == [2.0, 2.0, 2.0]
    assert moment.released


async def test_without_a_line_each_camera_releases_itself_when_all_are_ready() -> None:
    moment = Moment(2, by_nothing)
    first = asyncio.create_task(moment.begin(by_itself))
    await turns()
    assert not first.done()
    assert await begun(moment, 1) == [1.0]
    assert await first == 1.0


async def test_a_line_that_fails_releases_nobody() -> None:
    moment = Moment(2, broken)
    assert [type(one) for one in await begun(moment, 2)] == [TriggerFailed, TriggerFailed]
    assert not moment.released


async def test_the_ready_go_without_a_picture_when_one_camera_will_not_come() -> None:
    moment = Moment(2, by_line)
    ready = asyncio.create_task(moment.begin(by_itself))
    await turns()
    moment.never()
    with pytest.raises(NotBegun):
        await ready
    # One that comes after that fires nothing.
    assert [type(one) for one in await begun(moment, 1)] == [NotBegun]
    assert not moment.released


async def test_without_an_open_camera_there_is_nothing_to_release() -> None:
    with pytest.raises(CameraNotOpen, match="No camera is open"):
        await Cameras(Settings(), Publisher()).turns()


async def test_a_simulator_that_is_gone_fires_nobody(tmp_path: Path) -> None:
    with pytest.raises(TriggerFailed, match="The simulator does not answer"):
        await SceneLines(tmp_path / "nowhere.sock").fire({}, [])
