"""What a job does while it is not certain that its cameras are there."""

import asyncio

import pytest

from support.patience import stretched
from support.turns import turns
from tetherlight.capture import patience
from tetherlight.capture.patience import all_back, guarded, may_have_exposed, passes
from tetherlight.errors import CameraBusy, CameraCrashed, CameraLost, CameraTimeout, CaptureFailed, TetherlightError


class FakeCamera:
    """A camera that is there until a test says otherwise."""

    def __init__(self) -> None:
        self.doubt = asyncio.Event()
        self.there = asyncio.Event()

    async def in_doubt(self) -> None:
        await self.doubt.wait()

    async def back(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self.there.wait()
        except TimeoutError:
            return False
        return True


async def test_the_alarm_is_raised_while_the_work_still_waits() -> None:
    camera, rang, end = FakeCamera(), asyncio.Event(), asyncio.Event()

    async def ring() -> None:
        rang.set()

    async def work() -> str:
        await end.wait()
        return "done"

    guard = asyncio.create_task(guarded([FakeCamera(), camera], work(), ring))
    await turns()
    assert not rang.is_set()
    camera.doubt.set()
    async with asyncio.timeout(stretched(10)):
        await rang.wait()
        assert not guard.done()
        end.set()
        assert await guard == "done"


async def test_without_doubt_there_is_no_alarm_and_an_error_comes_through() -> None:
    async def ring() -> None:
        raise AssertionError

    async def work() -> None:
        raise CaptureFailed("no")

    with pytest.raises(CaptureFailed):
        await guarded([FakeCamera()], work(), ring)


async def test_all_cameras_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE_S", stretched(30))
    one, other, stop = FakeCamera(), FakeCamera(), asyncio.Event()
    waiting = asyncio.create_task(all_back([one, other], stop))
    one.there.set()
    await turns()
    assert not waiting.done()
    other.there.set()
    assert await waiting
    monkeypatch.setattr(patience, "PATIENCE_S", 0.01)
    assert not await all_back([one, FakeCamera()], stop)
    stop.set()
    assert not await all_back([one], stop)


@pytest.mark.parametrize(
    ("error", "waits"),
    [
        (CameraLost("x"), True),
        (CameraTimeout("x"), True),
        (CameraCrashed("x", details={"released": True}), True),
        (CameraLost("x", details={"released": True, "on_card": True}), False),
        (CameraBusy("x"), False),
        (CaptureFailed("x"), False),
        (TetherlightError("x"), False),
    ],
)
def test_only_what_a_camera_comes_back_from_is_waited_for(error: TetherlightError, waits: bool) -> None:
    assert passes(error) is waits


def test_an_error_tells_whether_the_shutter_was_released() -> None:
    assert may_have_exposed(CameraLost("x", details={"released": True}))
    assert not may_have_exposed(CameraLost("x"))
