"""The order in which one iterator sees snapshots and events."""

from datetime import UTC, datetime
from io import BytesIO
from typing import get_args

import pytest
from PIL import Image

from tetherlight.client import EventData, Frame, Unknown
from tetherlight.client.events import UNREAD, RigEvent, Subscriber, event_of
from tetherlight.errors import ClientTooSlow, ServerUnreachable
from tetherlight.protocol.events import EVENTS, CameraChange, PhotometricProgress, StepStage
from tetherlight.protocol.models import Storage
from tetherlight.protocol.server import Subscription, TopicSnapshot
from tetherlight.protocol.topics import TOPICS

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


def test_the_data_of_an_event_is_one_of_the_models_that_are_told() -> None:
    """All that comes with a topic, what concerns cameras, the progress of jobs, and how topics stand."""
    with_topic = {event.data for event in EVENTS.values() if event.topic is not None}
    progress = {event.data for event in EVENTS.values() if event.name.endswith("_progress")}
    assert set(get_args(EventData)) == {
        *with_topic, *progress, CameraChange, *(row.snapshot for row in TOPICS.values()), Unknown,
    }  # fmt: skip


def test_data_of_a_known_event_is_its_model_and_that_of_a_newer_one_is_kept() -> None:
    known = event_of({"action": "storage_changed", "data": STORAGE | {"newer": 1}, "topic": "storage", "seq": 3})
    assert known.data == Storage.model_validate(STORAGE)
    newer = event_of({"action": "moon_rose", "data": {"phase": [1, 2]}, "topic": "storage", "seq": 4})
    assert newer.data == Unknown({"phase": [1, 2]})
    assert event_of({"action": "moon_set", "data": None}).data is None


@pytest.mark.parametrize(
    ("status", "stage"),
    [
        ("processing_light_1_of_3", StepStage.PROCESSING), ("processing_ambient", StepStage.PROCESSING),
        ("captured_light_3_of_3", StepStage.CAPTURED), ("captured_step_2_of_9", StepStage.CAPTURED),
        ("error_processing_light_2", StepStage.FAILED), ("paused", StepStage.PAUSED), ("newer_word", None),
    ],
)  # fmt: skip
def test_a_status_has_its_stage_beside_it(status: str, stage: StepStage | None) -> None:
    """Programs compare that instead of taking the text apart."""
    progress = PhotometricProgress(status=status, set_folder="photometric_sets/a", job_id="job-1", index=1, total=3)
    assert progress.stage is stage


def test_a_frame_is_a_picture_for_pillow_and_an_array_for_numpy() -> None:
    encoded = BytesIO()
    Image.new("RGB", (32, 16), (200, 100, 50)).save(encoded, "JPEG", quality=95)
    frame = Frame(encoded.getvalue(), "fake-1", 1, datetime.now(UTC), 32, 16)
    assert frame.image().size == (32, 16)
    array = frame.array()
    assert (array.shape, str(array.dtype)) == ((16, 32, 3), "uint8")
    assert [abs(int(found) - wanted) < 10 for found, wanted in zip(array[8, 16], (200, 100, 50), strict=True)] == [
        True
    ] * 3
