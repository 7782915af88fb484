"""What it means to tell something once: with success, without, or not now."""

from typing import Protocol

from tetherlight.bridges.hooks.events import Happened


class NotTold(Exception):
    """It was not told, and trying again will not help."""


class NotNow(NotTold):
    """It was not told, and may be later."""


class Way(Protocol):
    """A way to tell something."""

    async def tell(self, happened: Happened) -> str:
        """Tell it and say in one sentence how that went; raise NotTold. It takes a bounded time."""

    def fault(self) -> str | None:
        """Say what can be seen to be wrong before anything has happened. Blocking."""
