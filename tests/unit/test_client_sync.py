"""Work of the blocking client on its loop: its result, its failure, and how it is interrupted."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from tetherlight.client.sync import UnderWay


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

    assert UnderWay(loop, answer()).result.result() == 42
    with pytest.raises(ValueError, match="no"):
        UnderWay(loop, fail()).result.result()


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

    under_way = UnderWay(loop, work())
    assert began.wait(60)
    under_way.cancel()
    assert told == ["clean"]
    assert under_way.result.done()
