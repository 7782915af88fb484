"""The order of calls to one camera."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.turns import turns
from tetherlight.camera.lane import Lane
from tetherlight.errors import CameraBusy, CameraError


async def test_calls_run_one_at_a_time_in_the_order_in_which_they_came() -> None:
    lane, log = Lane(), []

    async def work(name: str) -> str:
        log.append(f"{name} begins")
        await turns()
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


async def test_a_place_keeps_those_who_came_later_behind_whatever_is_awaited_in_it() -> None:
    lane, log = Lane(), Log()
    gate = asyncio.Event()

    async def early() -> None:
        with lane.place():
            await gate.wait()
            await lane.run(log.call("early, first"))
            await turns()
            await lane.run(log.call("early, second"))

    tasks = [asyncio.create_task(early()), asyncio.create_task(lane.run(log.call("late")))]
    await turns(5)
    assert log.names == []
    gate.set()
    await asyncio.gather(*tasks)
    assert log.names == ["early, first", "early, second", "late"]


async def test_previews_go_on_while_who_has_the_first_place_makes_no_call() -> None:
    lane, log = Lane(), Log()
    with lane.place():
        preview = asyncio.create_task(lane.run(log.call("preview"), ordered=False), context=contextvars.Context())
        await preview
        await lane.run(log.call("mine"))
    assert log.names == ["preview", "mine"]


async def test_tasks_that_are_started_in_a_place_share_it() -> None:
    """Whoever waits for a task of its own would else wait for itself."""
    lane, log = Lane(), Log()
    with lane.place() as place:
        assert lane.place() is place
        await asyncio.create_task(lane.run(log.call("child")))
    assert log.names == ["child"]
    await lane.run(log.call("behind"))


async def test_a_place_is_left_at_once_and_what_was_begun_in_it_still_comes_first() -> None:
    lane, log = Lane(), Log()
    gate = asyncio.Event()

    async def early() -> None:
        with lane.place():
            await lane.run(log.call("early", gate))

    given_up, late = asyncio.create_task(early()), asyncio.create_task(lane.run(log.call("late")))
    await turns(5)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    assert log.begun == ["early"]
    gate.set()
    await late
    assert log.names == ["early", "late"]


async def test_a_caller_who_is_cut_off_before_its_turn_stops_nobody() -> None:
    lane, log, gate = Lane(), Log(), asyncio.Event()
    first = asyncio.create_task(lane.run(log.call("first", gate)))
    await turns(3)
    assert lane.busy
    second = asyncio.create_task(lane.run(log.call("second")))
    await turns(1)
    draining = asyncio.create_task(lane.drain(0))
    await asyncio.gather(first, second, draining, return_exceptions=True)
    await lane.run(log.call("third"))
    assert log.names == ["third"]
    assert not lane.busy


async def test_a_job_comes_behind_those_who_have_a_place_and_refuses_those_who_have_none() -> None:
    lane, log = Lane(), Log()
    with lane.place():
        lane.claim("job-1")
        lane.allow(None)
        await lane.free()
        jobs = asyncio.create_task(lane.run(log.call("job")), context=contextvars.Context())
        await turns(3)
        await lane.run(log.call("early"))
    with pytest.raises(CameraBusy):
        lane.allow(None)
    with pytest.raises(CameraBusy):
        lane.claim("job-2")
    await jobs
    assert log.names == ["early", "job"]
    lane.release("job-2")
    assert lane.owner == "job-1"
    lane.release("job-1")
    lane.allow(None)


async def test_who_waits_to_be_first_is_told_when_everything_earlier_is_done() -> None:
    lane, log, gate = Lane(), Log(), asyncio.Event()
    earlier = asyncio.create_task(lane.run(log.call("earlier", gate)))
    await turns(1)
    with lane.place() as place:
        waiting = asyncio.create_task(place.first())
        await turns(3)
        assert not waiting.done()
        gate.set()
        await waiting
        assert log.names == ["earlier"]
    await earlier


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_happens_calls_are_made_in_the_order_in_which_their_places_were_taken(data: st.DataObject) -> None:
    """Places are taken, used after a while, given up in the middle, and calls outlast their callers."""
    asyncio.run(_random_callers(data))


async def _random_callers(data: st.DataObject) -> None:
    lane, log = Lane(), Log()
    taken: list[str] = []

    async def caller(name: str, pauses: int, calls: list[int]) -> None:
        taken.append(name)
        with lane.place():
            await turns(pauses)
            for lasts in calls:
                await lane.run(log.call(name, pauses=lasts))

    tasks: list[asyncio.Task[None]] = []
    for number in range(data.draw(st.integers(1, 8))):
        name = f"caller {number}"
        # Nothing is drawn in a task: that an example is over would be raised there, where nobody hears it.
        pauses, calls = data.draw(st.integers(0, 4)), data.draw(st.lists(st.integers(0, 2), max_size=2))
        tasks.append(asyncio.create_task(caller(name, pauses, calls)))
        if data.draw(st.booleans()):
            tasks.append(asyncio.create_task(lane.run(log.call("preview"), ordered=False)))
        await turns(data.draw(st.integers(0, 3)))
        if data.draw(st.integers(0, 4)) == 0:
            data.draw(st.sampled_from(tasks)).cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert await lane.drain(5)
    made = [name for name in log.names if name != "preview"]
    assert made == sorted(made, key=taken.index)
    assert log.most_at_once <= 1
    assert not lane.busy
    await lane.run(log.call("last"))


class Log:
    """Calls that write down when they begin and end."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.names: list[str] = []
        self.most_at_once = 0

    def call(self, name: str, gate: asyncio.Event | None = None, *, pauses: int = 1) -> Callable[[], Awaitable[None]]:
        """Return a call that lasts until the gate opens, or for some turns of the loop."""

        async def work() -> None:
            self.begun.append(name)
            self.most_at_once = max(self.most_at_once, len(self.begun) - len(self.names))
            if gate is not None:
                await gate.wait()
            await turns(pauses)
            self.names.append(name)

        return work
