"""Reverse proxies that may say for whom they ask."""

import ipaddress
from collections.abc import Iterable

from starlette.datastructures import Headers

FORWARDED_FOR = "x-forwarded-for"
FORWARDING = frozenset(
    {FORWARDED_FOR, "forwarded", "via", "x-real-ip", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-server"}
)
"""Headers of requests that somebody has passed on."""


class Proxies:
    """The addresses of TRUSTED_PROXIES, whose X-Forwarded-For is believed and nobody else's."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks = tuple(ipaddress.ip_network(network, strict=False) for network in networks)

    def trusts(self, address: str | None) -> bool:
        """Say whether a proxy of ours is at this address."""
        found = _parsed(address)
        return found is not None and any(found in network for network in self._networks)

    def forwarded(self, peer: str | None, headers: Headers) -> str | None:
        """Return for whom a proxy of ours asks; None where the peer is none, or does not say it.

        Each proxy adds at the end from whom it was asked: the last one that is no proxy of ours is the client. What
        stands in front of that is what the client says, and may be made up.
        """
        if not self.trusts(peer):
            return None
        client = None
        for entry in reversed(",".join(headers.getlist(FORWARDED_FOR)).split(",")):
            found = _parsed(_bare(entry.strip()))
            if found is None:
                break
            client = str(found)
            if not self.trusts(client):
                break
        return client


def _bare(entry: str) -> str:
    """Return an address without a port, as some proxies write it."""
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    return entry.partition(":")[0] if entry.count(":") == 1 else entry


def _parsed(address: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found
