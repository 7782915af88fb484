"""A plain WebSocket connection that asks and waits for the answer."""

import itertools
import json
import time
from types import TracebackType
from typing import Any, Self

from websockets.sync.client import connect

ANSWER_S = 60.0


class Wire:
    """One connection; what is no answer to its request is passed over."""

    def __init__(self, url: str) -> None:
        self._ids = itertools.count(1)
        self._socket = connect(url, compression=None, max_size=None, proxy=None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._socket.close()

    def do(self, action: str, **payload: Any) -> Any:
        """Send a request and return its data; raise RuntimeError where it failed."""
        reply = self.ask(action, **payload)
        if not reply["success"]:
            raise RuntimeError(f"{action}: {reply['error']}")
        return reply["data"]

    def ask(self, action: str, **payload: Any) -> dict[str, Any]:
        """Send a request and return its reply."""
        number = next(self._ids)
        self._socket.send(json.dumps({"action": action, "payload": payload, "request_id": number}))
        while True:
            message = self.next_message()
            if isinstance(message, dict) and message.get("request_id") == number:
                return message

    def next_message(self) -> dict[str, Any] | bytes:
        """Wait for any message: parsed text, or bytes."""
        message = self._socket.recv(timeout=ANSWER_S)
        parsed: dict[str, Any] | bytes = message if isinstance(message, bytes) else json.loads(message)
        return parsed

    def heard(self, seconds: float) -> dict[str, Any] | bytes | None:
        """Return the next message, None where none comes within so many seconds."""
        try:
            message = self._socket.recv(timeout=seconds)
        except TimeoutError:
            return None
        return message if isinstance(message, bytes) else dict(json.loads(message))

    def echo(self, text: str) -> float:
        """Send a text, wait for the next message, and return the seconds that it took."""
        began = time.perf_counter()
        self._socket.send(text)
        self._socket.recv(timeout=ANSWER_S)
        return time.perf_counter() - began
