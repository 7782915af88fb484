"""WebSockets that were accepted and have not shown the token yet.

They have a few places of their own, so that they take nobody else's. Where those are taken one gives way to who comes:
the oldest of the address that holds the most. So who fills them pushes itself out, not who is about to show the token.
"""

from collections.abc import Iterator
from typing import Generic, TypeVar

PLACES = 64

T = TypeVar("T")


class Strangers(Generic[T]):
    """Those who wait, by address, the oldest first."""

    def __init__(self, places: int = PLACES) -> None:
        self._places = places
        self._at: dict[str | None, dict[T, None]] = {}

    def __iter__(self) -> Iterator[T]:
        return iter([one for same in self._at.values() for one in same])

    def __len__(self) -> int:
        return sum(map(len, self._at.values()))

    def add(self, one: T, address: str | None) -> T | None:
        """Take one in; return who has to go for it."""
        leaves = None
        if len(self) >= self._places:
            fullest = max(self._at, key=lambda address: len(self._at[address]))
            leaves = next(iter(self._at[fullest]))
            self.remove(leaves)
        self._at.setdefault(address, {})[one] = None
        return leaves

    def remove(self, one: T) -> None:
        """Forget one that showed the token, or left; once is enough."""
        for address, same in tuple(self._at.items()):
            same.pop(one, None)
            if not same:
                del self._at[address]
