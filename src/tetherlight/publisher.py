"""What changed in the rig, numbered by topic and handed to whoever listens."""

from collections.abc import Callable
from functools import cached_property
from typing import TypeVar

from pydantic import BaseModel

from tetherlight.errors import TetherlightError
from tetherlight.protocol.events import Event
from tetherlight.protocol.messages import event_message
from tetherlight.protocol.names import Topic

D = TypeVar("D", bound=BaseModel)


class Publication:
    """One event, encoded once however many connections hear it."""

    def __init__(
        self,
        event: Event[D],
        data: D,
        *,
        topic: Topic | None,
        seq: int | None,
        requester: str | None,
        error: TetherlightError | None,
    ) -> None:
        self.event = event
        self.data = data
        self.topic = topic
        self.seq = seq
        self.requester = requester
        self.error = error

    @cached_property
    def message(self) -> bytes:
        """The event as it goes over the wire."""
        place = {} if self.topic is None else {"topic": self.topic, "seq": self.seq}
        return event_message(self.event.name, self.data, error=self.error, **place)

    def concerns(self, connection_id: str, topics: frozenset[Topic]) -> bool:
        """Say whether a connection with these topics hears it: asked for, subscribed to, or meant for everybody."""
        if self.topic is None:
            return self.requester is None or self.requester == connection_id
        return self.topic in topics or (self.requester is not None and self.requester == connection_id)


Listener = Callable[[Publication], None]


class Publisher:
    """Numbers the events of each topic and calls every listener, on the event loop, in order."""

    def __init__(self) -> None:
        self._seq: dict[Topic, int] = {}
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Call the listener with every publication from now on; it must not block."""
        self._listeners.append(listener)

    def forget(self, listener: Listener) -> None:
        """Stop calling the listener."""
        self._listeners.remove(listener)

    def seq(self, topic: Topic) -> int:
        """Return the number of the topic's last event, 0 before the first."""
        return self._seq.get(topic, 0)

    def publish(
        self,
        event: Event[D],
        data: D,
        *,
        topic: Topic | None = None,
        requester: str | None = None,
        error: TetherlightError | None = None,
    ) -> None:
        """Tell an event to its topic, and to the connection that asked for what it tells of."""
        topic = topic or event.topic
        seq = None
        if topic is not None:
            seq = self._seq[topic] = self.seq(topic) + 1
        publication = Publication(event, data, topic=topic, seq=seq, requester=requester, error=error)
        for listener in tuple(self._listeners):
            listener(publication)
