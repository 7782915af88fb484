"""The outbox: order, bounds and the newest frame."""

import asyncio
from functools import partial

import pytest

from support.turns import turns
from tetherlight.errors import ClientTooSlow
from tetherlight.server.ws.fanout import LIMIT, Encoded, Outbox


async def taken(outbox: Outbox) -> Encoded:
    """Return what goes next."""
    outgoing = await outbox.get()
    assert outgoing is not None
    return outgoing.message


async def test_messages_come_in_order_and_before_frames() -> None:
    """Messages keep their order; a frame waits for them."""
    outbox = Outbox()
    outbox.put_frame(1, lambda: b"frame")
    outbox.put("a")
    outbox.put("b")
    assert [await taken(outbox) for _ in range(3)] == ["a", "b", b"frame"]


async def test_only_the_newest_frame_of_a_stream_is_sent_and_older_ones_are_never_encoded() -> None:
    """Skipped frames cost nothing."""
    outbox = Outbox()
    encoded = []

    def encode(name: bytes) -> bytes:
        encoded.append(name)
        return name

    for name in (b"1", b"2", b"3"):
        outbox.put_frame(7, partial(encode, name))
    assert await taken(outbox) == b"3"
    assert encoded == [b"3"]
    assert not outbox.waits(7)


async def test_streams_take_turns() -> None:
    """A stream that is refilled at once does not starve the other."""
    outbox = Outbox()
    outbox.put_frame(1, lambda: b"a1")
    outbox.put_frame(2, lambda: b"b1")
    assert await taken(outbox) == b"a1"
    outbox.put_frame(1, lambda: b"a2")
    assert [await taken(outbox), await taken(outbox)] == [b"b1", b"a2"]


async def test_one_message_too_many_is_refused() -> None:
    """The bound is the promised number of messages."""
    outbox = Outbox()
    for number in range(LIMIT):
        outbox.put(str(number))
    with pytest.raises(ClientTooSlow):
        outbox.put("one more")
    assert len(outbox) == LIMIT


async def test_a_waiting_reader_is_woken_by_a_message_and_by_a_frame() -> None:
    """`get` waits for what comes."""
    outbox = Outbox()
    waiting = asyncio.ensure_future(taken(outbox))
    await turns()
    outbox.put("x")
    assert await waiting == "x"
    waiting = asyncio.ensure_future(taken(outbox))
    await turns()
    outbox.put_frame(1, lambda: b"y")
    assert await waiting == b"y"


async def test_requests_are_read_again_when_half_of_the_replies_went_out() -> None:
    """A client that reads slowly is slowed down, not closed."""
    outbox = Outbox(limit=4)
    for number in range(3):
        outbox.put(str(number))
    waiting = asyncio.ensure_future(outbox.drained())
    await turns()
    assert not waiting.done()
    await outbox.get()
    await waiting


async def test_closing_tells_those_who_wait_for_their_message_to_be_sent() -> None:
    """A closed outbox holds nobody up and takes nothing."""
    outbox = Outbox()
    told = []
    outbox.put("big", sent=lambda: told.append("first"))
    outbox.put_frame(1, lambda: b"frame")
    outbox.close()
    outbox.put("late", sent=lambda: told.append("late"))
    outbox.put_frame(1, lambda: b"late")
    assert told == ["first", "late"]
    assert await outbox.get() is None


async def test_closing_may_let_waiting_messages_go_out_first() -> None:
    """The last words reach the client, its frames do not."""
    outbox = Outbox()
    outbox.put("last words")
    outbox.put_frame(1, lambda: b"frame")
    outbox.close(forget=False)
    assert await taken(outbox) == "last words"
    assert await outbox.get() is None


async def test_an_outbox_is_idle_only_while_its_writer_waits_for_something() -> None:
    """What is written past it overtakes neither what waits nor what is being sent."""
    outbox = Outbox()
    idle = [outbox.idle]
    filling = asyncio.ensure_future(outbox.filled())
    await turns()
    idle.append(outbox.idle)
    outbox.put("a")
    idle.append(outbox.idle)
    assert await filling
    assert outbox.take() is not None
    idle.append(outbox.idle)
    assert idle == [False, True, False, False]
    assert outbox.take() is None
