"""The order of calls to one camera."""

import asyncio

import pytest

from tetherlight.camera.lane import Lane
from tetherlight.errors import CameraError


async def test_calls_run_one_at_a_time_in_the_order_in_which_they_came() -> None:
    lane, log = Lane(), []

    async def work(name: str) -> str:
        log.append(f"{name} begins")
        await asyncio.sleep(0)
        log.append(f"{name} ends")
        return name

    found = await asyncio.gather(*(lane.run(lambda name=name: work(name)) for name in "abc"))  # type: ignore[misc]
    assert found == ["a", "b", "c"]
    assert log == [f"{name} {what}" for name in "abc" for what in ("begins", "ends")]
    assert not lane.busy


async def test_a_call_goes_on_when_its_caller_gives_up_and_its_error_is_nobodys() -> None:
    lane, begun, gate, done = Lane(), asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        await gate.wait()
        done.set()
        raise CameraError("Too late.")

    caller = asyncio.create_task(lane.run(work))
    await begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert lane.busy
    gate.set()
    assert await lane.drain(5)
    assert done.is_set()


async def test_an_error_reaches_the_caller() -> None:
    async def work() -> None:
        raise CameraError("No.")

    lane = Lane()
    with pytest.raises(CameraError, match="No"):
        await lane.run(work)
    assert not lane.busy


async def test_draining_cuts_off_what_does_not_end() -> None:
    lane, begun = Lane(), asyncio.Event()

    async def work() -> None:
        begun.set()
        await asyncio.Event().wait()

    caller = asyncio.create_task(lane.run(work))
    await begun.wait()
    assert not await lane.drain(0)
    with pytest.raises(asyncio.CancelledError):
        await caller
