"""The deadline for a request's body."""

import asyncio
from collections.abc import Sequence

import pytest
from starlette.types import Message

from tetherlight.errors import RequestTooSlow
from tetherlight.server.access.deadlines import TimelyBody

WHOLE: Message = {"type": "http.request", "body": b"x", "more_body": False}
PART: Message = {"type": "http.request", "body": b"x", "more_body": True}
GONE: Message = {"type": "http.disconnect"}


def body_of(*messages: Message, seconds: float = 600.0) -> TimelyBody:
    """A body that brings these messages, and then nothing more."""
    coming: asyncio.Queue[Message] = asyncio.Queue()
    for message in messages:
        coming.put_nowait(message)
    return TimelyBody(coming.get, seconds)


async def taken(body: TimelyBody, count: int) -> Sequence[Message]:
    """Receive so many messages."""
    return [await body() for _ in range(count)]


async def test_what_comes_is_passed_on() -> None:
    assert await taken(body_of(PART, PART, WHOLE), 3) == [PART, PART, WHOLE]
    assert await taken(body_of(PART, GONE), 2) == [PART, GONE]


@pytest.mark.parametrize("messages", [(), (PART,), (PART, PART, PART)])
async def test_a_body_that_does_not_end_is_given_up(messages: tuple[Message, ...]) -> None:
    """Its pieces do not move the deadline."""
    body = body_of(*messages, seconds=0.05)
    await taken(body, len(messages))
    with pytest.raises(RequestTooSlow):
        await body()


async def test_after_the_answer_has_begun_the_client_counts_as_gone() -> None:
    """A response that is being sent ends without a traceback in the log."""
    body = body_of(PART, seconds=0.05)
    await body()
    body.answered = True
    assert await body() == GONE


async def test_who_has_sent_all_may_take_as_long_as_it_likes_to_leave() -> None:
    body = body_of(WHOLE, seconds=0.05)
    await body()
    leaving = asyncio.ensure_future(body())
    done, _ = await asyncio.wait({leaving}, timeout=0.2)
    assert not done
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
