"""How the topics of a rig stand."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

from tetherlight.collection.sets import Sets
from tetherlight.jobs.jobs import Jobs
from tetherlight.protocol import topics
from tetherlight.protocol.events import CameraInventory
from tetherlight.protocol.jobs import JobList
from tetherlight.protocol.lights import LightStates
from tetherlight.protocol.models import Storage
from tetherlight.protocol.names import Topic
from tetherlight.protocol.server import TopicSnapshot
from tetherlight.protocol.topics import CameraConfigs, TopicRow
from tetherlight.publisher import Publisher
from tetherlight.rig.cameras import Cameras
from tetherlight.rig.objects import Objects
from tetherlight.rig.recipes import Recipes
from tetherlight.store.store import Store

S = TypeVar("S", bound=BaseModel)
Reader = tuple[TopicRow[Any], Callable[[], Awaitable[BaseModel]]]


def reads(row: TopicRow[S], reader: Callable[[], Awaitable[S]]) -> Reader:
    """Pair a topic with what reads its state, of exactly its type."""
    return row, reader


class Topics:
    """Gives each topic as it stands, with a number that misses nothing which happens meanwhile."""

    def __init__(self, publisher: Publisher, readers: Iterable[Reader]) -> None:
        self._publisher = publisher
        self.readers: Mapping[Topic, Callable[[], Awaitable[BaseModel]]] = {row.name: read for row, read in readers}

    async def snapshot(self, topic: Topic, *, known: bool = True) -> TopicSnapshot:
        """Give a topic as it stands, where that is wanted, with the number of the last event that is in it for sure."""
        # The number first: what changes while one looks is then told by an event that counts.
        seq = self._publisher.seq(topic)
        return TopicSnapshot(seq=seq, snapshot=await self.readers[topic]() if known else None)


def readers_of(
    cameras: Cameras,
    lights: Callable[[], LightStates],
    jobs: Jobs,
    sets: Sets,
    store: Store,
    *,
    recipes: Recipes,
    objects: Objects,
) -> tuple[Reader, ...]:
    """Return what reads each topic of a rig."""

    async def inventory() -> CameraInventory:
        return cameras.inventory()

    async def configs() -> CameraConfigs:
        return CameraConfigs({one.camera_id: await one.get_config() for one in cameras.open})

    async def light_states() -> LightStates:
        return lights()

    async def job_list() -> JobList:
        return JobList(jobs.list())

    async def storage() -> Storage:
        return await asyncio.to_thread(store.space.storage)

    return (
        reads(topics.CAMERA, inventory),
        reads(topics.CONFIG, configs),
        reads(topics.LIGHTS, light_states),
        reads(topics.JOB, job_list),
        reads(topics.SETS, sets.page),
        reads(topics.STORAGE, storage),
        reads(topics.RECIPES, recipes.list),
        reads(topics.OBJECTS, objects.standing),
    )
