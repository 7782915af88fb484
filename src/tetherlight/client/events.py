"""What happens at the rig, as an iterator that begins with how things stand."""

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue, RootModel

from tetherlight.client.replies import error_of, value_of
from tetherlight.client.session import Message, Session
from tetherlight.errors import ClientTooSlow, ServerUnreachable, TetherlightError
from tetherlight.protocol.events import (
    EVENTS,
    CameraChange,
    CameraInventory,
    CameraWarning,
    CapturesChange,
    ConfigChange,
    Event,
    ImageCaptured,
    PhotometricProgress,
    SeriesProgress,
    SetChange,
)
from tetherlight.protocol.jobs import JobList
from tetherlight.protocol.lights import LightStates, LightTrip
from tetherlight.protocol.models import Job, Storage
from tetherlight.protocol.names import Topic
from tetherlight.protocol.objects import ObjectsChange, ObjectStanding
from tetherlight.protocol.recipes import RecipeChange, RecipeList
from tetherlight.protocol.server import SUBSCRIBE, Subscribe, Subscription
from tetherlight.protocol.set_lists import ImageSetPage
from tetherlight.protocol.together import CaptureAllResult
from tetherlight.protocol.topics import TOPICS, CameraConfigs
from tetherlight.protocol.trash import TrashRemoved

SNAPSHOT = "snapshot"
UNREAD = 4096
"""Events that one iterator may leave unread."""


class Unknown(RootModel[JsonValue]):
    """The data of an event that a newer server tells and this client does not know."""


EventData = (
    CameraChange | CameraConfigs | CameraInventory | CameraWarning | CaptureAllResult | CapturesChange | ConfigChange
    | ImageCaptured | ImageSetPage | Job | JobList | LightStates | LightTrip | ObjectsChange | ObjectStanding
    | PhotometricProgress | RecipeChange | RecipeList | SeriesProgress | SetChange | Storage | TrashRemoved | Unknown
)  # fmt: skip
"""What events and snapshots hold: `isinstance(event.data, LightStates)` tells which it is."""


@dataclass(frozen=True)
class RigEvent:
    """An event, or a topic as it stands: then its name is `snapshot`."""

    name: str
    data: EventData | None
    topic: Topic | None = None
    seq: int | None = None
    error: TetherlightError | None = None


class Subscriber:
    """The unread events of one iterator."""

    def __init__(self, topics: tuple[Topic, ...]) -> None:
        self.topics = topics
        self._unread: deque[RigEvent] = deque()
        self._arrived = asyncio.Event()
        self._error: TetherlightError | None = None
        self._stale = 0

    def put(self, event: RigEvent) -> None:
        """Keep an event; one that leaves too many unread fails."""
        if len(self._unread) >= UNREAD:
            self.fail(ClientTooSlow(f"More than {UNREAD} events were left unread."))
            return
        self._unread.append(event)
        self._arrived.set()

    def disconnected(self) -> None:
        """Keep what came so far apart from what comes over the next connection, whose numbers begin anew."""
        self._stale = len(self._unread)

    def begin(self, subscription: Subscription) -> None:
        """Put the snapshots before the events that came since, and drop those that are in the snapshots."""
        known = {topic: one.seq for topic, one in subscription.topics.items() if topic in self.topics}
        unread = list(self._unread)
        self._unread = deque(unread[: self._stale])
        self._unread.extend(_snapshot(topic, subscription) for topic in self.topics)
        for event in unread[self._stale :]:
            if event.seq is None or event.topic is None or event.seq > known[event.topic]:
                self._unread.append(event)
        self._stale = 0
        self._arrived.set()

    def fail(self, error: TetherlightError) -> None:
        """Raise the error when everything was read."""
        self._error = self._error or error
        self._arrived.set()

    async def next(self) -> RigEvent:
        """Return the next event; raise what ended the stream."""
        while not self._unread:
            if self._error is not None:
                raise self._error.again()
            self._arrived.clear()
            await self._arrived.wait()
        self._stale = max(0, self._stale - 1)
        return self._unread.popleft()


class Subscriptions:
    """The topics of a session: what all its iterators together want."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._subscribers: list[Subscriber] = []
        self._asking = asyncio.Lock()
        session.parts.append(self)

    async def add(self, topics: tuple[Topic, ...]) -> Subscriber:
        """Begin to listen to the topics, all where none is named; raise InvalidPayload for unknown ones."""
        topics = SUBSCRIBE.parse({"topics": list(dict.fromkeys(topics or TOPICS))}).topics  # type: ignore[assignment]
        subscriber = Subscriber(tuple(topics))
        self._subscribers.append(subscriber)
        try:
            subscriber.begin(await self._subscribe())
        except BaseException:
            self._subscribers.remove(subscriber)
            raise
        return subscriber

    async def remove(self, subscriber: Subscriber) -> None:
        """Stop listening."""
        self._subscribers.remove(subscriber)
        if self._session.connected:
            with contextlib.suppress(ServerUnreachable):
                await self._subscribe()

    async def _subscribe(self) -> Subscription:
        async with self._asking:
            topics = list(dict.fromkeys(topic for one in self._subscribers for topic in one.topics))
            return await self._session.request(SUBSCRIBE, Subscribe(topics=topics))

    def message(self, message: Message) -> None:
        """Hand an event to those who want it."""
        topic = message.get("topic")
        event = EVENTS.get(str(message.get("action")))
        if topic is None and (event is None or event.data is not CameraChange):
            return
        if not any((topic or "camera") in one.topics for one in self._subscribers):
            return
        found = event_of(message)
        for one in self._subscribers:
            if (topic or "camera") in one.topics:
                one.put(found)

    def frame(self, message: bytes) -> None:
        """Leave frames to the live view."""

    def broken(self) -> None:
        """Expect new numbers."""
        for one in self._subscribers:
            one.disconnected()

    async def restore(self) -> None:
        """Subscribe again; every iterator starts from new snapshots."""
        if self._subscribers:
            subscription = await self._subscribe()
            for one in self._subscribers:
                one.begin(subscription)

    def ended(self, error: TetherlightError) -> None:
        """Let every iterator raise the error."""
        for one in self._subscribers:
            one.fail(error)


def is_progress(message: Message, event: Event[Any], request_id: str) -> bool:
    """Say whether a message is this event and tells how far the job of a request is."""
    data = message.get("data")
    return message.get("action") == event.name and isinstance(data, dict) and (
        data.get("request_id") == request_id
    )  # fmt: skip


def event_of(message: Message) -> RigEvent:
    """Read an event; raise ServerError where one that is known has another form."""
    name = str(message["action"])
    known, data = EVENTS.get(name), message.get("data")
    value = None if data is None else value_of(Unknown if known is None else known.data, data)
    error = error_of(message) if message.get("success") is False else None
    return RigEvent(name, value, message.get("topic"), message.get("seq"), error)


def _snapshot(topic: Topic, subscription: Subscription) -> RigEvent:
    found = subscription.topics[topic]
    return RigEvent(SNAPSHOT, value_of(TOPICS[topic].snapshot, found.snapshot), topic, found.seq)
