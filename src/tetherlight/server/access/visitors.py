"""Every raw connection from the moment in which it is made: how many there may be, and who goes where one more comes.

Who has not shown the token yet gives way to who comes: so the right client always gets in, whoever else is there.
"""

import ipaddress
import logging
from collections.abc import Callable

logger = logging.getLogger(__name__)

UNKNOWN_PER_ADDRESS = 32
"""Connections of one address that have not shown the token; a browser opens six."""

VISITOR = "tetherlight.visitor"
"""Where the visitor stands in the scope of a request."""


class Visitor:
    """One raw connection. `drop` ends it at once, `rests` says whether it is between two requests."""

    def __init__(
        self,
        visitors: "Visitors",
        drop: Callable[[], None] = lambda: None,
        rests: Callable[[], bool] = lambda: False,
    ) -> None:
        self.known = False
        """Whether it has shown the token."""
        self.address: str | None = None
        """What it is counted under; None where nothing can be told from the address."""
        self.requests = 0
        """How many it has brought since it last showed the token."""
        self.drop = drop
        self.rests = rests
        self._visitors = visitors

    def enter(self, address: str | None) -> bool:
        """Come in from an address; return whether there is room."""
        return self._visitors.enter(self, address)

    def comes_from(self, address: str | None) -> None:
        """Take note that a proxy has said who it is."""
        self._visitors.move(self, address)

    def shows(self, *, known: bool) -> None:
        """Take note whether it has shown the token."""
        self._visitors.recognise(self, known=known)

    def leave(self) -> None:
        """Go; once is enough."""
        self._visitors.leave(self)


class Visitors:
    """All raw connections, the oldest first."""

    def __init__(self, most: int, unknown_per_address: int = UNKNOWN_PER_ADDRESS) -> None:
        self._most = most
        self._unknown_per_address = unknown_per_address
        self._known: dict[Visitor, None] = {}
        self._unknown: dict[Visitor, None] = {}
        self._unknown_at: dict[str, dict[Visitor, None]] = {}

    def __len__(self) -> int:
        return len(self._known) + len(self._unknown)

    def __contains__(self, visitor: Visitor) -> bool:
        return visitor in self._known or visitor in self._unknown

    def enter(self, visitor: Visitor, address: str | None) -> bool:
        """Let a connection in, another one giving way where there are too many; return False where none can."""
        if len(self) >= self._most and not self._give_way():
            return False
        visitor.address = address
        self._add(visitor)
        return True

    def move(self, visitor: Visitor, address: str | None) -> None:
        """Count a connection under another address."""
        if visitor in self and visitor.address != address:
            self.leave(visitor)
            visitor.address = address
            self._add(visitor)

    def recognise(self, visitor: Visitor, *, known: bool) -> None:
        """Count a connection among those that have shown the token, or have not."""
        if visitor in self and visitor.known != known:
            self.leave(visitor)
            visitor.known = known
            self._add(visitor)

    def leave(self, visitor: Visitor) -> None:
        """Forget a connection."""
        self._known.pop(visitor, None)
        self._unknown.pop(visitor, None)
        if visitor.address is not None and (same := self._unknown_at.get(visitor.address)) is not None:
            same.pop(visitor, None)
            if not same:
                del self._unknown_at[visitor.address]

    def _add(self, visitor: Visitor) -> None:
        if visitor.known:
            self._known[visitor] = None
            return
        self._unknown[visitor] = None
        if visitor.address is None:
            return
        same = self._unknown_at.setdefault(visitor.address, {})
        same[visitor] = None
        if len(same) > self._unknown_per_address:
            self._drop(next(iter(same)), f"{self._unknown_per_address} of {visitor.address} have not shown the token")

    def _give_way(self) -> bool:
        oldest = next(iter(self._unknown), None) or next((one for one in self._known if one.rests()), None)
        if oldest is None:
            logger.warning("A connection was refused: %d are open, and all of them are in use", self._most)
            return False
        self._drop(oldest, f"{self._most} are open")
        return True

    def _drop(self, visitor: Visitor, reason: str) -> None:
        logger.debug("A connection was dropped for a newer one: %s", reason)
        self.leave(visitor)
        visitor.drop()


def counted_address(address: str | None, *, forwarded: bool = False) -> str | None:
    """Return what an address is counted under: itself, or its network where one machine has a whole network.

    Of this machine's own address nothing can be told, since a proxy may stand there; that is None.
    """
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is None:
            return address if forwarded and found.is_loopback else _network_of(found)
        found = found.ipv4_mapped
    return None if found.is_loopback and not forwarded else str(found)


def is_loopback(address: str) -> bool:
    """Say whether an address is this machine's own."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_loopback


def _network_of(address: ipaddress.IPv6Address) -> str | None:
    return None if address.is_loopback else str(ipaddress.ip_network((address, 64), strict=False))
