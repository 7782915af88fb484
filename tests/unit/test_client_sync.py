"""Work of the blocking client on its loop: its result, its failure, and how it is interrupted."""

import asyncio
import concurrent.futures
import random
import signal
import threading
from collections.abc import AsyncGenerator, Awaitable, Iterator
from typing import Any, TypeVar

import pytest

from support.turns import turns
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

    assert UnderWay(loop, answer()).begin().wait() == 42
    with pytest.raises(ValueError, match="no"):
        UnderWay(loop, fail()).begin().wait()


def test_cancelled_work_has_cleaned_up_when_cancel_returns(loop: asyncio.AbstractEventLoop) -> None:
    began, told = threading.Event(), []

    async def work() -> None:
        try:
            began.set()
            await asyncio.Event().wait()
        finally:
            await turns(100)
            told.append("clean")

    under_way = UnderWay(loop, work()).begin()
    assert began.wait(60)
    under_way.cancel()
    assert told == ["clean"]
    assert under_way.done


def test_work_that_was_cancelled_before_it_began_never_begins(loop: asyncio.AbstractEventLoop) -> None:
    told = []

    async def work() -> None:
        told.append("begun")

    under_way = UnderWay(loop, work())
    under_way.cancel()
    with pytest.raises(concurrent.futures.CancelledError):
        under_way.wait()
    assert told == []


def test_an_interruption_at_any_moment_is_told_and_leaves_the_loop_free(loop: asyncio.AbstractEventLoop) -> None:
    """However many hit, and wherever: each comes out as itself, and the loop goes on with the next work."""
    armed, interruptions, stop = False, 0, threading.Event()

    def interrupt(*_: object) -> None:
        nonlocal armed, interruptions
        if armed:
            armed, interruptions = False, interruptions + 1
            raise KeyboardInterrupt

    async def work() -> int:
        await turns()
        return 1

    def strike(thread: int) -> None:
        while not stop.wait(random.uniform(0.00005, 0.0004)):
            signal.pthread_kill(thread, signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, interrupt)
    striking = threading.Thread(target=strike, args=(threading.get_ident(),))
    striking.start()
    told = 0
    try:
        for _ in range(2000):
            under_way = UnderWay(loop, work())
            try:
                armed = True
                under_way.begin().wait()
                armed = False
            except KeyboardInterrupt:
                told += 1
                under_way.cancel()
    finally:
        stop.set()
        striking.join()
        signal.signal(signal.SIGUSR1, before)
    assert told == interruptions > 0
    assert UnderWay(loop, work()).begin().wait() == 1


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
            await turns()
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
