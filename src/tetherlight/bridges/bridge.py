"""What a bridge is given, and how it says how it stands."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from tetherlight.protocol.server import Finding
from tetherlight.rig.rig import Rig


@dataclass(frozen=True, slots=True)
class Listens:
    """Where the server listens."""

    host: str
    port: int
    tls: bool = False


@dataclass(slots=True)
class Status:
    """How one bridge stands: for the doctor, and for whoever counts."""

    name: str
    level: str = "info"
    message: str = "It has not started yet."
    remedy: str | None = None
    connected: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    """Set whenever it says something."""
    counts: dict[str, int] = field(default_factory=dict)
    """How often what has happened, where the bridge counts something."""

    def well(self, message: str) -> None:
        """Say that it does what it is there for."""
        self.connected, self.level, self.message, self.remedy = True, "ok", message, None
        self.changed.set()

    def ill(self, message: str, remedy: str | None = None, *, level: str = "error") -> None:
        """Say that it does not, why, and what mends it."""
        self.connected, self.level, self.message, self.remedy = False, level, message, remedy
        self.changed.set()

    def finding(self) -> Finding:
        """Give it as the doctor tells it."""
        return Finding.model_validate(
            {"check": self.name, "level": self.level, "message": self.message, "remedy": self.remedy}
        )


@dataclass(frozen=True, slots=True)
class Site:
    """What a bridge is given: the rig, how the server is reached, and where it says how it stands."""

    rig: Rig
    listens: Listens | None
    """None where it is not known, as under another server than uvicorn."""
    status: Status


Opens = Callable[[Site], AbstractAsyncContextManager[None]]
"""Opens a bridge. Its errors are told and end it alone; what it started must end with the context."""
