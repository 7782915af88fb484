"""How topics stand: each by itself, and with a number that misses nothing which happens meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import BaseModel
from pydantic_core import to_json

from support.turns import turns
from tetherlight.actions.context import Context
from tetherlight.actions.server import subscribe
from tetherlight.protocol.events import SETS_CHANGED, STORAGE_CHANGED, SetChange
from tetherlight.protocol.features import FEATURES
from tetherlight.protocol.models import ImageSet, Storage
from tetherlight.protocol.names import Topic
from tetherlight.protocol.server import Subscribe, TopicSnapshot
from tetherlight.protocol.set_lists import ImageSetPage, ListSets
from tetherlight.protocol.topics import TOPICS, TopicRow
from tetherlight.publisher import Publication, Publisher
from tetherlight.rig.rig import Rig
from tetherlight.rig.topics import Topics, readers_of
from tetherlight.settings import Settings
from tetherlight.store.space import Space
from tetherlight.store.store import Store


@pytest.fixture
async def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    monkeypatch.chdir(tmp_path)
    async with Rig.open(Settings(min_free_bytes=0)) as opened:
        yield opened


class BusyStore(Store):
    """A store in which something happens just after one has looked."""

    def __init__(self, happens: Any) -> None:
        super().__init__(Settings(min_free_bytes=0))
        self._happens = happens
        self.space = BusySpace(self, happens)

    def page_of_sets(self, wanted: ListSets, seq: int) -> ImageSetPage:
        page = super().page_of_sets(wanted, seq)
        self._happens()
        return page


class BusySpace(Space):
    """The same for the room on its disk."""

    def __init__(self, store: Store, happens: Any) -> None:
        super().__init__(store.places, store.sets, (), store.thumbnails, 0)
        self._happens = happens

    def storage(self) -> Storage:
        storage = super().storage()
        self._happens()
        return storage


@pytest.mark.parametrize("topic", ["sets", "storage"])
async def test_what_happens_while_one_looks_is_not_counted_as_seen(rig: Rig, topic: Topic) -> None:
    """The snapshot's number is older than the event, which a client therefore takes."""
    loop = asyncio.get_running_loop()
    heard: list[Publication] = []
    rig.publisher.listen(heard.append)

    def publish() -> None:
        rig.publisher.publish(SETS_CHANGED, SetChange(set_name="vase", change="created"))
        rig.publisher.publish(STORAGE_CHANGED, Storage(path="captures", free_bytes=1, total_bytes=2))

    def happens() -> None:
        asyncio.run_coroutine_threadsafe(asyncio.to_thread(lambda: None), loop).result()
        loop.call_soon_threadsafe(publish)
        asyncio.run_coroutine_threadsafe(turns(), loop).result()

    store = BusyStore(happens)
    rig.sets._store = store
    topics = Topics(
        rig.publisher,
        readers_of(
            rig.cameras,
            rig.light_states,
            rig.jobs,
            rig.sets,
            store,
            recipes=rig.recipes,
            objects=rig.objects,
        ),
    )
    snapshot = await topics.snapshot(topic)
    (event,) = [one for one in heard if one.topic == topic]
    assert event.seq is not None
    assert event.seq > snapshot.seq


def test_a_rig_reads_each_topic(rig: Rig) -> None:
    """None is forgotten, and none is read that is not in the table."""
    assert tuple(rig.topics.readers) == tuple(TOPICS)


@pytest.mark.parametrize("row", TOPICS.values(), ids=lambda row: row.name)
async def test_the_number_of_a_topic_is_older_than_its_state(row: TopicRow[Any]) -> None:
    """Whatever its reader does: an event that comes while it reads has a higher one."""
    publisher = Publisher()
    state = Storage(path="captures", free_bytes=1, total_bytes=2)

    async def read_while_something_happens() -> BaseModel:
        publisher.publish(row.events[0], state)
        return state

    topics = Topics(publisher, [(row, read_while_something_happens)])
    for number in range(3):
        found = await topics.snapshot(row.name)
        assert (found.seq, found.snapshot) == (number, state)
        assert publisher.seq(row.name) == number + 1


@pytest.mark.parametrize("topic", TOPICS)
async def test_a_topic_stands_as_its_row_says(rig: Rig, topic: Topic) -> None:
    """What is read can be sent, and read again by who knows the table."""
    found = await rig.topics.snapshot(topic)
    TOPICS[topic].snapshot.model_validate_json(to_json(found.snapshot))
    assert isinstance(found.snapshot, TOPICS[topic].snapshot)
    assert (await rig.topics.snapshot(topic, known=False)).snapshot is None


async def test_a_rig_has_every_feature_of_the_table(rig: Rig) -> None:
    """And tells no other one."""
    assert (await rig.info()).features == list(FEATURES)


class OneByOne:
    """The topics of a rig whose sets are known only after its lights were told."""

    def __init__(self) -> None:
        self.told = asyncio.Event()
        self.asked: list[tuple[Topic, bool]] = []

    async def snapshot(self, topic: Topic, *, known: bool = True) -> TopicSnapshot:
        self.asked.append((topic, known))
        if topic == "sets":
            await self.told.wait()
        self.told.set()
        return TopicSnapshot(seq=1, snapshot=topic if known else None)


async def test_no_topic_waits_for_another_one() -> None:
    """They are gathered together, each once, and only the wanted ones with their state."""
    rig = OneByOne()
    connection = SimpleNamespace(topics=frozenset())
    context = cast("Context", SimpleNamespace(rig=SimpleNamespace(topics=rig), caller=connection))
    found = await subscribe(context, Subscribe(topics=["sets", "lights", "sets"], snapshots=["lights"]))
    assert connection.topics == {"sets", "lights"}
    assert rig.asked == [("sets", False), ("lights", True)]
    assert {topic: one.snapshot for topic, one in found.topics.items()} == {"sets": None, "lights": "lights"}


async def test_the_last_event_of_a_set_tells_how_it_is(rig: Rig) -> None:
    """Changes that are told at the same time come in the order in which the set was seen."""
    heard: list[Publication] = []
    rig.publisher.listen(heard.append)
    folder = Path("captures/photometric_sets/vase")
    folder.mkdir()

    async def frame(number: int) -> None:
        (folder / f"image_{number:02d}.jpg").write_bytes(b"x")
        await rig.set_changes.tell("vase", "updated")

    await asyncio.gather(*(frame(number) for number in range(10)))
    seen = [cast("ImageSet", cast("SetChange", one.data).set).image_count for one in heard]
    assert seen == sorted(seen)
    assert seen[-1] == 10


async def test_a_set_that_is_gone_is_told_without_itself(rig: Rig) -> None:
    """Whatever was meant to be told of it."""
    heard: list[Publication] = []
    rig.publisher.listen(heard.append)
    await rig.set_changes.tell("vase", "updated")
    assert cast("SetChange", heard[0].data).set is None


async def test_lists_that_are_asked_together_take_one_thread(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many clients ask while a first list is being read, captures find threads for their disk work."""
    under_way, most = 0, 0
    entries = rig.store.sets.entries

    def counting() -> Any:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        found = entries()
        under_way -= 1
        return found

    monkeypatch.setattr(rig.store.sets, "entries", counting)
    await asyncio.gather(*(rig.sets.list(ListSets(limit=limit)) for limit in (None, 5, None, 7, None)))
    assert most == 1
