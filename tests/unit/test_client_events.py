"""The order in which one iterator sees snapshots and events."""

import pytest

from tetherlight.client.events import UNREAD, RigEvent, Subscriber
from tetherlight.errors import ClientTooSlow, ServerUnreachable
from tetherlight.protocol.server import Subscription, TopicSnapshot

STORAGE = {"path": "captures", "free_bytes": 1, "total_bytes": 2}


def snapshot(seq: int) -> Subscription:
    return Subscription(topics={"storage": TopicSnapshot(seq=seq, snapshot=STORAGE)})


def change(seq: int) -> RigEvent:
    return RigEvent("storage_changed", None, "storage", seq)


async def order(subscriber: Subscriber, count: int) -> list[tuple[str, int | None]]:
    events = [await subscriber.next() for _ in range(count)]
    return [(event.name, event.seq) for event in events]


async def test_events_that_are_in_the_snapshot_are_dropped_and_later_ones_follow_it() -> None:
    subscriber = Subscriber(("storage",))
    for seq in (4, 5, 6):
        subscriber.put(change(seq))
    subscriber.begin(snapshot(5))
    assert await order(subscriber, 2) == [("snapshot", 5), ("storage_changed", 6)]


async def test_a_new_connection_puts_its_snapshot_behind_what_was_unread() -> None:
    subscriber = Subscriber(("storage",))
    subscriber.begin(snapshot(8))
    subscriber.put(change(9))
    subscriber.disconnected()
    subscriber.put(change(2))
    assert await order(subscriber, 1) == [("snapshot", 8)]
    subscriber.begin(snapshot(1))
    expected = [("storage_changed", 9), ("snapshot", 1), ("storage_changed", 2)]
    assert await order(subscriber, 3) == expected


async def test_what_came_is_read_before_the_error_that_ended_the_stream() -> None:
    subscriber = Subscriber(("storage",))
    subscriber.begin(snapshot(1))
    subscriber.fail(ServerUnreachable("gone"))
    assert await order(subscriber, 1) == [("snapshot", 1)]
    with pytest.raises(ServerUnreachable):
        await subscriber.next()


async def test_an_iterator_that_is_not_read_fails_instead_of_growing() -> None:
    subscriber = Subscriber(("storage",))
    for seq in range(UNREAD + 10):
        subscriber.put(change(seq))
    assert len(await order(subscriber, UNREAD)) == UNREAD
    with pytest.raises(ClientTooSlow):
        await subscriber.next()
