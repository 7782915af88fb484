"""What waits for the broker: of each state the newest, of what happens a bounded number."""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

MOST_EVENTS = 200
"""Events that wait for the broker; older ones are dropped."""
Payload = bytes | str
Publish = Callable[[str, Payload, bool], Awaitable[None]]
"""Sends a payload to a topic, retained or not."""


def encoded(value: Mapping[str, Any]) -> str:
    """Return a value as the bridge sends it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


class Outbox:
    """Takes what shall be sent, on the event loop, without ever waiting; a task sends it as the broker takes it."""

    def __init__(self) -> None:
        self._states: dict[str, Payload] = {}
        """What each retained topic says, sent or not: all of it again for a new connection."""
        self._due: dict[str, None] = {}
        self._events: deque[tuple[str, Payload]] = deque(maxlen=MOST_EVENTS)
        self._news = asyncio.Event()
        self.dropped = 0

    def keep(self, topic: str, payload: Payload) -> None:
        """Let a retained topic say this, where it does not yet."""
        if self._states.get(topic) != payload:
            self._states[topic] = payload
            self._due[topic] = None
            self._news.set()

    def tell(self, topic: str, payload: Payload) -> None:
        """Send an event once; one that has waited for too long makes room for it."""
        self.dropped += len(self._events) == MOST_EVENTS
        self._events.append((topic, payload))
        self._news.set()

    def forget(self, topic: str) -> None:
        """Let a retained topic say nothing any more."""
        if topic in self._states:
            self.keep(topic, b"")

    def again(self) -> None:
        """Send all states once more: the broker, or who listens there, may have forgotten them."""
        self._states = {topic: payload for topic, payload in self._states.items() if payload}
        self._due = dict.fromkeys(self._states)
        self._news.set()

    def lose_events(self) -> None:
        """Drop the events that were not sent: hours later they would be lies."""
        self.dropped += len(self._events)
        self._events.clear()

    @property
    def topics(self) -> Iterator[str]:
        """The topics that say something."""
        return (topic for topic, payload in self._states.items() if payload)

    async def send(self, publish: Publish) -> None:
        """Send what is due, for ever; what could not be sent stays due."""
        while True:
            await self.flush(publish)
            self._news.clear()
            await self._news.wait()

    async def flush(self, publish: Publish) -> None:
        """Send what is due now."""
        while self._due or self._events:
            # States first: who hears of an event finds the state that it led to.
            if self._due:
                topic = next(iter(self._due))
                payload = self._states[topic]
                await publish(topic, payload, True)
                if self._states.get(topic) == payload:
                    self._due.pop(topic, None)
            else:
                topic, payload = self._events[0]
                await publish(topic, payload, False)
                if self._events and self._events[0] == (topic, payload):
                    self._events.popleft()
