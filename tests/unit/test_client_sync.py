"""Work of the blocking client on its loop: its result, its failure, and how it is interrupted."""

import asyncio
import concurrent.futures
import threading
from collections.abc import AsyncGenerator, Awaitable, Iterator
from typing import Any, TypeVar

import pytest

from tetherlight.client.sync import Client, UnderWay, _iterating

T = TypeVar("T")


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    thread = threading.Thread(target=made.run_forever)
    thread.start()
    yield made
    made.call_soon_threadsafe(made.stop)
    thread.join()
    made.close()


def test_the_result_and_the_failure_of_the_work_are_told(loop: asyncio.AbstractEventLoop) -> None:
    async def answer() -> int:
        return 42

    async def fail() -> None:
        raise ValueError("no")

    assert UnderWay(loop, answer()).begin().result.result() == 42
    with pytest.raises(ValueError, match="no"):
        UnderWay(loop, fail()).begin().result.result()


def test_cancelled_work_has_cleaned_up_when_cancel_returns(loop: asyncio.AbstractEventLoop) -> None:
    began, told = threading.Event(), []

    async def work() -> None:
        try:
            began.set()
            await asyncio.Event().wait()
        finally:
            for _ in range(100):
                await asyncio.sleep(0)
            told.append("clean")

    under_way = UnderWay(loop, work()).begin()
    assert began.wait(60)
    under_way.cancel()
    assert told == ["clean"]
    assert under_way.result.done()


def test_work_that_was_cancelled_before_it_began_never_begins(loop: asyncio.AbstractEventLoop) -> None:
    told = []

    async def work() -> None:
        told.append("begun")

    under_way = UnderWay(loop, work())
    under_way.cancel()
    with pytest.raises(concurrent.futures.CancelledError):
        under_way.result.result()
    assert told == []


class Numbers:
    """In the place of the asynchronous client: counts for ever and says on which thread it was left."""

    def __init__(self) -> None:
        self.left_on: list[threading.Thread] = []

    async def count(self) -> AsyncGenerator[int]:
        """Give one number after another."""
        number = 0
        try:
            while True:
                number += 1
                yield number
        finally:
            await asyncio.sleep(0)
            self.left_on.append(threading.current_thread())


class Interrupted(Client):
    """A client that is interrupted in the moment in which an item has come."""

    def __init__(self, loop: asyncio.AbstractEventLoop, source: Any) -> None:
        super().__init__()
        self._loop = loop
        self._client = source
        self.interrupts_after = 2

    numbers: Any = _iterating(Numbers.count)  # type: ignore[arg-type]

    def wait_for(self, work: Awaitable[T]) -> T:
        """Wait, and raise what Ctrl-C raises after the second item."""
        result = super().wait_for(work)
        self.interrupts_after -= 1
        if self.interrupts_after == 0:
            raise KeyboardInterrupt
        return result


def test_an_iteration_interrupted_at_any_point_leaves_its_source(loop: asyncio.AbstractEventLoop) -> None:
    """Nothing of it is left for the garbage collector, which has no loop to clean up on."""
    source = Numbers()
    found: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        found.extend(Interrupted(loop, source).numbers())
    assert found == [1]
    assert [thread is threading.current_thread() for thread in source.left_on] == [False]
