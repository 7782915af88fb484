"""Clients that ask for the whole list of sets after every change of one, as front ends of the first kind do."""

import threading
from typing import Any

from bench.processes import obey
from bench.wire import Wire


class Askers:
    """Clients, each in a thread of its own, from `begin` to `end`."""

    def __init__(self) -> None:
        self._wires: list[Wire] = []
        self._threads: list[threading.Thread] = []
        self._ending = threading.Event()
        self._lists = 0

    def begin(self, url: str, count: int) -> None:
        """Connect and subscribe."""
        self._ending.clear()
        self._lists = 0
        for _ in range(count):
            wire = Wire(url)
            wire.do("SUBSCRIBE", topics=["sets"])
            thread = threading.Thread(target=self._ask, args=(wire,))
            thread.start()
            self._wires.append(wire)
            self._threads.append(thread)

    def end(self) -> int:
        """Leave; return how many lists came."""
        self._ending.set()
        for thread in self._threads:
            thread.join()
        for wire in self._wires:
            wire.__exit__(None, None, None)
        self._threads, self._wires = [], []
        return self._lists

    def _ask(self, wire: Wire) -> None:
        while not self._ending.is_set():
            message: dict[str, Any] | bytes | None = wire.heard(0.1)
            if isinstance(message, dict) and message["action"] == "sets_changed":
                wire.do("LIST_IMAGE_SETS")
                self._lists += 1


if __name__ == "__main__":
    askers = Askers()
    obey({"begin": askers.begin, "end": askers.end})
