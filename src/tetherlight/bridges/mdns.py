"""The mDNS bridge: the rig is found by its name on the network, and finds others."""

import asyncio
import contextlib
import ipaddress
import logging
import socket
from collections.abc import AsyncIterator, Sequence
from importlib.metadata import version
from typing import Any

from zeroconf import ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from tetherlight.bridges.bridge import Listens, Site
from tetherlight.bridges.identity import Identity
from tetherlight.errors import StartFailed
from tetherlight.neighbours import SERVICE, WEB, Neighbourhood, addresses, is_v6, multicast, told
from tetherlight.protocol.messages import PROTOCOL_VERSION

logger = logging.getLogger(__name__)

LOOK_AGAIN_S = 30.0
"""Seconds between two looks whether the machine has other addresses, as after it joined a Wi-Fi."""
EVERY_IPV4 = "0.0.0.0"  # noqa: S104 - compared, not bound
ANYWHERE = frozenset({EVERY_IPV4, "::", ""})
MOST_NAME_BYTES = 60
"""A name of a service has 63; a number may be added to one that is taken."""
REMEDY = "Look at the network of this machine; it is tried again by itself."


@contextlib.asynccontextmanager
async def open_bridge(site: Site) -> AsyncIterator[None]:
    """Tell the network where the rig is, and keep a list of others, while the context lasts."""
    rig = site.rig
    identity = await asyncio.to_thread(Identity.of, rig.lights.rig_file.bridges, rig.settings.state_dir)
    found = Neighbourhood(identity.id)
    task = asyncio.create_task(_run(site, identity, found), name="mdns")
    before, rig.neighbours = rig.neighbours, found.list
    try:
        yield
    finally:
        rig.neighbours = before
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _run(site: Site, identity: Identity, found: Neighbourhood) -> None:
    said = ""
    while True:
        try:
            await _while_the_same(site, identity, found)
        except StartFailed as error:
            site.status.ill(error.message, error.hint)
        except OSError as error:
            site.status.ill(f"The network cannot be told where the rig is: {error.strerror or error}.", REMEDY)
        if site.status.level == "error" and site.status.message != said:
            said = site.status.message
            logger.warning("%s", said)
        await asyncio.sleep(LOOK_AGAIN_S if site.status.level == "error" else 0)


async def _while_the_same(site: Site, identity: Identity, found: Neighbourhood) -> None:
    """Tell and look until the machine has other addresses; what is the same for ever is never asked for again."""
    chosen = await asyncio.to_thread(_chosen, site)
    async with multicast(chosen) as zeroconf, found.watched(zeroconf):
        await _announce(zeroconf, site, identity, chosen)
        try:
            while True:
                await asyncio.sleep(LOOK_AGAIN_S)
                if await asyncio.to_thread(_chosen, site) != chosen:
                    return
        finally:
            await zeroconf.async_unregister_all_services()


def _chosen(site: Site) -> Sequence[str]:
    """Return the addresses on whose networks the rig speaks: those of the rig file, else all but loopback; blocking."""
    table = site.rig.lights.rig_file.bridges.mdns
    return table.interfaces if table is not None and table.interfaces else addresses()


async def _announce(zeroconf: AsyncZeroconf, site: Site, identity: Identity, chosen: Sequence[str]) -> None:
    reached = _reached(site.listens, chosen)
    if site.listens is None or not reached:
        message = "Other machines cannot reach this server, so the network is not told of it; it finds other rigs."
        site.status.ill(message, "Start it with --host 0.0.0.0, or with --host :: for IPv6 as well.", level="info")
        return
    for service in (SERVICE, WEB):
        info = service_info(service, identity, site.listens, reached, site.rig.settings.base_path)
        await (await zeroconf.async_register_service(info, allow_name_change=True))
    site.status.well(f"The network knows this rig as '{identity.name}'.")


def _reached(listens: Listens | None, chosen: Sequence[str]) -> list[str]:
    """Return the addresses at which others find the server: of IPv4 alone where it listens on 0.0.0.0, else of both."""
    if listens is None:
        return []
    if listens.host in ANYWHERE:
        return told(one for one in chosen if listens.host != EVERY_IPV4 or not is_v6(one))
    host = "127.0.0.1" if listens.host == "localhost" else listens.host
    return [host] if _address(host) and (host in chosen or not ipaddress.ip_address(host).is_loopback) else []


def _address(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False


def service_info(
    service: str, identity: Identity, listens: Listens, reached: Sequence[str], base_path: str
) -> ServiceInfo:
    """Return what is told of the rig."""
    name = identity.name.encode()[:MOST_NAME_BYTES].decode(errors="ignore")
    said: dict[str | bytes, Any] = {
        "id": identity.id,
        "protocol": str(PROTOCOL_VERSION),
        "path": f"{base_path}/",
        "tls": str(int(listens.tls)),
        "version": version("tetherlight"),
    }
    host = socket.gethostname().partition(".")[0] or "tetherlight"
    return ServiceInfo(
        service, f"{name}.{service}", port=listens.port, properties=said, server=f"{host}.local.",
        parsed_addresses=list(reached),
    )  # fmt: skip
