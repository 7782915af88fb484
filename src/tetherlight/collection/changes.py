"""Changes of what is kept: made one after the other, in the order in which they were asked for."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Changes:
    """Gives each change its turn; threads alone would begin in order and end in any."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    async def make(self, change: Callable[[], T]) -> T:
        """Make a change in a thread, when those before it are made; its place is taken at once."""
        async with self._turn:
            return await asyncio.to_thread(change)
