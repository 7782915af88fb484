"""The table of topics: what can be subscribed to, and as what each stands.

A topic's events are the rows of the table of events that name it. What reads its state is bound to its row by the rig.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, RootModel

from tetherlight.protocol.events import EVENTS, CameraInventory, Event
from tetherlight.protocol.jobs import JobList
from tetherlight.protocol.lights import LightStates
from tetherlight.protocol.models import ConfigEntry, Storage
from tetherlight.protocol.names import Topic
from tetherlight.protocol.objects import ObjectStanding
from tetherlight.protocol.recipes import RecipeList
from tetherlight.protocol.set_lists import ImageSetPage

S = TypeVar("S", bound=BaseModel)


class CameraConfigs(RootModel[dict[str, list[ConfigEntry]]]):
    """The config entries of each open camera by its camera_id."""


@dataclass(frozen=True, eq=False)
class TopicRow(Generic[S]):
    """One row of the table: a name, what its snapshot is, and of what it tells."""

    name: Topic
    snapshot: type[S]
    summary: str

    @property
    def events(self) -> tuple[Event[Any], ...]:
        """What is told to who subscribes."""
        return tuple(event for event in EVENTS.values() if event.topic == self.name)


CAMERA = TopicRow("camera", CameraInventory, "Which cameras are there, and what happens at them.")
CONFIG = TopicRow("config", CameraConfigs, "How the open cameras are set.")
LIGHTS = TopicRow("lights", LightStates, "Which lights there are, and which are on.")
JOB = TopicRow("job", JobList, "What runs, and how far it is.")
SETS = TopicRow("sets", ImageSetPage, "Image sets and single captures; the snapshot is the first page, newest first.")
STORAGE = TopicRow("storage", Storage, "Room on the disk.")
RECIPES = TopicRow("recipes", RecipeList, "The recipes of the rig.")
OBJECTS = TopicRow("objects", ObjectStanding, "Where the queue of objects stands; LIST_OBJECTS tells every object.")

TOPICS: Mapping[Topic, TopicRow[Any]] = MappingProxyType(
    {row.name: row for row in (CAMERA, CONFIG, LIGHTS, JOB, SETS, STORAGE, RECIPES, OBJECTS)}
)
