"""Other rigs on the network, by mDNS: what is told of one, and how they are found."""

import asyncio
import contextlib
import ipaddress
import logging
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tetherlight.errors import StartFailed
from tetherlight.protocol.server import Neighbour

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncZeroconf

logger = logging.getLogger(__name__)

SERVICE = "_tetherlight._tcp.local."
WEB = "_http._tcp.local."
"""Where browsers and file managers look for pages."""
GROUP = "224.0.0.251"
NO_ROUTE_REMEDY = "Connect the network, or name addresses of this machine as interfaces of [bridges.mdns]."
ASK_MS = 3000
MOST = 200
"""Rigs that are remembered: anybody on the network can make up more."""


def addresses() -> list[str]:
    """Return the IPv4 addresses of this machine, loopback left out; blocking."""
    import ifaddr  # noqa: PLC0415 - comes with an extra

    found = [str(ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4]
    return sorted({one for one in found if not ipaddress.ip_address(one).is_loopback})


def unreached(chosen: Sequence[str]) -> dict[str, str]:
    """Return the addresses from which nothing can be sent to all, each with the reason; blocking."""
    found = {}
    for address in chosen:
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                member = socket.inet_aton(GROUP) + socket.inet_aton(address)
                probe.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        except OSError as error:
            found[address] = (error.strerror or str(error)).lower()
    return found


def no_route(reasons: Mapping[str, str]) -> str:
    """Say that nothing can be sent to all, with the reason of each address."""
    told = "; ".join(f"{address}: {reason}" for address, reason in reasons.items())
    return f"There is no route for multicast ({told or 'this machine is in no network'})."


@contextlib.asynccontextmanager
async def multicast(chosen: Sequence[str]) -> "AsyncIterator[AsyncZeroconf]":
    """Speak mDNS from these addresses of the machine, no others; raise StartFailed where that is not possible."""
    from zeroconf import IPVersion  # noqa: PLC0415 - comes with an extra
    from zeroconf.asyncio import AsyncZeroconf  # noqa: PLC0415

    reasons = await asyncio.to_thread(unreached, chosen)
    usable = [address for address in chosen if address not in reasons]
    if not usable:
        raise StartFailed(no_route(reasons), hint=NO_ROUTE_REMEDY)
    try:
        zeroconf = AsyncZeroconf(interfaces=usable, ip_version=IPVersion.V4Only)
    except OSError as error:
        raise StartFailed(
            f"The port of mDNS, 5353, cannot be used: {(error.strerror or str(error)).lower()}.",
            hint="Another program has it for itself: let that one go, or do without mDNS.",
        ) from None
    try:
        yield zeroconf
    finally:
        await zeroconf.async_close()


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
    hosts = info.parsed_addresses()
    if not hosts or not info.port or not said.get("id"):
        return None
    scheme = "https" if said.get("tls") == "1" else "http"
    host = f"[{hosts[0]}]" if ":" in hosts[0] else hosts[0]
    path = said.get("path", "/")
    return Neighbour(
        id=said["id"],
        name=info.name.removesuffix(f".{SERVICE}")[:100],
        url=f"{scheme}://{host}:{info.port}{path if path.startswith('/') else '/'}",
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
