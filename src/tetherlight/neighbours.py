"""Other rigs on the network, by mDNS: what is told of one, and how they are found."""

import asyncio
import contextlib
import errno
import ipaddress
import logging
import os
import socket
import struct
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tetherlight.errors import StartFailed
from tetherlight.protocol.server import Neighbour

if TYPE_CHECKING:
    from zeroconf import IPVersion
    from zeroconf.asyncio import AsyncZeroconf

logger = logging.getLogger(__name__)

SERVICE = "_tetherlight._tcp.local."
WEB = "_http._tcp.local."
"""Where browsers and file managers look for pages."""
GROUP, GROUP6, PORT = "224.0.0.251", "ff02::fb", 5353
NO_ROUTE_REMEDY = "Connect the network, or name addresses of this machine as interfaces of [bridges.mdns]."
ASK_MS = 3000
MOST_ADDRESSES = 16
MOST = 200
"""Rigs that are remembered: anybody on the network can make up more."""


def links() -> dict[str, int]:
    """Return the addresses of this machine, IPv4 and IPv6, each with the number of its interface; blocking."""
    import ifaddr  # noqa: PLC0415 - comes with an extra

    return {
        str(ip.ip if ip.is_IPv4 else ip.ip[0]): adapter.index or 0
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
    }


def addresses() -> list[str]:
    """Return the addresses of this machine, IPv4 before IPv6, loopback left out; blocking."""
    found = [ipaddress.ip_address(one) for one in links()]
    return [str(one) for one in sorted(found, key=lambda one: (one.version, int(one))) if not one.is_loopback]


def told(chosen: Iterable[str]) -> list[str]:
    """Leave out the IPv6 addresses that mean something on one link only: no browser opens them. Keep all of a kind."""
    found = list(chosen)
    wide = [one for one in found if not (is_v6(one) and ipaddress.ip_address(one).is_link_local)]
    return wide or found


def is_v6(address: str) -> bool:
    """Say whether it is an address of IPv6."""
    return ":" in address


def unreached(chosen: Sequence[str]) -> dict[str, str]:
    """Return the addresses from which nothing can be sent to all, each with the reason; blocking."""
    found, known = {}, links() if any(map(is_v6, chosen)) else {}
    for address in chosen:
        try:
            _join(address, known)
        except OSError as error:
            found[address] = (error.strerror or str(error)).lower()
    return found


def _join(address: str, known: Mapping[str, int]) -> None:
    if not is_v6(address):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            member = socket.inet_aton(GROUP) + socket.inet_aton(address)
            probe.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        return
    if address not in known:
        raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        member = socket.inet_pton(socket.AF_INET6, GROUP6) + struct.pack("@I", known[address])
        probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, member)
        # An interface may be a member of groups to which nothing can be sent from it, as that of loopback.
        probe.connect((GROUP6, PORT, 0, known[address]))


def no_route(reasons: Mapping[str, str]) -> str:
    """Say that nothing can be sent to all, with the reason of each address."""
    told = "; ".join(f"{address}: {reason}" for address, reason in reasons.items())
    return f"There is no route for multicast ({told or 'this machine is in no network'})."


@contextlib.asynccontextmanager
async def multicast(chosen: Sequence[str]) -> "AsyncIterator[AsyncZeroconf]":
    """Speak mDNS from these addresses of the machine, no others; raise StartFailed where that is not possible."""
    from zeroconf.asyncio import AsyncZeroconf  # noqa: PLC0415 - comes with an extra

    reasons = await asyncio.to_thread(unreached, chosen)
    usable = [address for address in chosen if address not in reasons]
    if not usable:
        raise StartFailed(no_route(reasons), hint=NO_ROUTE_REMEDY)
    try:
        zeroconf = AsyncZeroconf(interfaces=usable, ip_version=_version(usable))
    except OSError as error:
        raise StartFailed(
            f"The port of mDNS, 5353, cannot be used: {(error.strerror or str(error)).lower()}.",
            hint="Another program has it for itself: let that one go, or do without mDNS.",
        ) from None
    try:
        yield zeroconf
    finally:
        await zeroconf.async_close()


def _version(usable: Sequence[str]) -> "IPVersion":
    """Return what sockets are needed: on a machine without IPv6 none of it may be opened."""
    from zeroconf import IPVersion  # noqa: PLC0415 - comes with an extra

    six = [is_v6(address) for address in usable]
    return IPVersion.V6Only if all(six) else IPVersion.All if any(six) else IPVersion.V4Only


class Neighbourhood:
    """The rigs that are there now, kept as they come and go."""

    def __init__(self, own_id: str | None = None, changed: Callable[[], None] = lambda: None) -> None:
        self._own_id = own_id
        self._changed = changed
        self._found: dict[str, Neighbour] = {}
        self._asking: set[asyncio.Task[None]] = set()

    def list(self) -> list[Neighbour]:
        """Return the other rigs, by name."""
        others = {one.id: one for one in self._found.values() if one.id != self._own_id}
        return sorted(others.values(), key=lambda one: (one.name.lower(), one.id))

    @contextlib.asynccontextmanager
    async def watched(self, zeroconf: "AsyncZeroconf") -> AsyncIterator[None]:
        """Keep the list while the context lasts."""
        from zeroconf.asyncio import AsyncServiceBrowser  # noqa: PLC0415 - comes with an extra

        def changed(zeroconf: Any, service_type: str, name: str, state_change: Any) -> None:
            self._heard(zeroconf, service_type, name, gone=state_change.name == "Removed")

        browser = AsyncServiceBrowser(zeroconf.zeroconf, SERVICE, handlers=[changed])
        try:
            yield
        finally:
            await browser.async_cancel()
            for task in tuple(self._asking):
                task.cancel()
            await asyncio.gather(*self._asking, return_exceptions=True)
            self._found.clear()

    def _heard(self, zeroconf: Any, service_type: str, name: str, *, gone: bool) -> None:
        if gone:
            self._found.pop(name, None)
            self._changed()
        elif len(self._asking) < MOST and (name in self._found or len(self._found) < MOST):
            task = asyncio.get_running_loop().create_task(self._ask(zeroconf, service_type, name))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    async def _ask(self, zeroconf: Any, service_type: str, name: str) -> None:
        from zeroconf.asyncio import AsyncServiceInfo  # noqa: PLC0415 - comes with an extra

        info = AsyncServiceInfo(service_type, name)
        if await info.async_request(zeroconf, ASK_MS) and (found := neighbour(info)) is not None:
            self._found[name] = found
            self._changed()


def neighbour(info: Any) -> Neighbour | None:
    """Return the rig that a service is, None where what it says of itself is of no use."""
    said = {key.decode(errors="replace"): (value or b"").decode(errors="replace")[:200]
            for key, value in info.properties.items()}  # fmt: skip
    hosts = told(info.parsed_addresses())
    if not hosts or not info.port or not said.get("id"):
        return None
    scheme = "https" if said.get("tls") == "1" else "http"
    path = said.get("path", "/")
    place = f":{info.port}{path if path.startswith('/') else '/'}"
    urls = [f"{scheme}://{f'[{host}]' if is_v6(host) else host}{place}" for host in hosts[:MOST_ADDRESSES]]
    return Neighbour(
        id=said["id"],
        name=info.name.removesuffix(f".{SERVICE}")[:100],
        url=urls[0],
        urls=urls,
        protocol=int(said["protocol"]) if said.get("protocol", "").isdecimal() else None,
        version=said.get("version") or None,
    )


async def look(seconds: float, interfaces: Sequence[str] = ()) -> list[Neighbour]:
    """Return the rigs that answer within some seconds; raise StartFailed where nothing can be sent to all."""
    chosen = interfaces or await asyncio.to_thread(addresses)
    found = Neighbourhood()
    async with multicast(chosen) as zeroconf, found.watched(zeroconf):
        await asyncio.sleep(seconds)
        return found.list()
