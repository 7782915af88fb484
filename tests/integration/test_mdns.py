"""Rigs find one another by mDNS; all of it on loopback."""

import asyncio
import ipaddress
import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from zeroconf import ServiceInfo

from support.free_ports import free_port
from support.patience import stretched
from support.program import PIPE, start
from support.server_process import ServerProcess
from tetherlight.bridges.bridge import Listens, Site, Status
from tetherlight.bridges.identity import Identity
from tetherlight.bridges.mdns import _reached, open_bridge, service_info
from tetherlight.errors import StartFailed
from tetherlight.neighbours import (
    SERVICE,
    WEB,
    Neighbourhood,
    addresses,
    links,
    look,
    multicast,
    neighbour,
    unreached,
)
from tetherlight.rigfile.rigfile import RigFile
from tetherlight.settings import Settings

LOOPBACK = ["127.0.0.1"]
WAIT_S = 60.0
OURS = f"-{os.getpid()}"
"""At the end of what is told: another run of these tests may stand in the same network."""
TEXT = '[bridges]\nid = "{0}"\nname = "{1}"\n[bridges.mdns]\ninterfaces = ["{2}"]\n'


def site(rig_id: str, name: str, folder: Path, *, interface: str = "127.0.0.1", host: str = "127.0.0.1") -> Site:
    rig: Any = SimpleNamespace(
        lights=SimpleNamespace(rig_file=RigFile.parse(TEXT.format(rig_id, name, interface), Path("rig.toml"))),
        settings=Settings(state_dir=folder, base_path="/rig"),
        neighbours=list,
    )
    return Site(rig, Listens(host, free_port()), Status("mdns"))


async def said(one: Site, level: str) -> str:
    """Wait until the bridge stands so, and give what it says."""
    async with asyncio.timeout(stretched(WAIT_S)):
        while one.status.level != level:
            one.status.changed.clear()
            await one.status.changed.wait()
    return one.status.message


async def test_rigs_are_found_while_they_are_there(tmp_path: Path) -> None:
    """By whoever looks, and by the commands; one that leaves says so."""
    first, news = site(f"one{OURS}", f"Studio, left / right{OURS}", tmp_path), asyncio.Event()
    found = Neighbourhood("me", news.set)
    async with asyncio.timeout(stretched(WAIT_S)), multicast(LOOPBACK) as zeroconf, found.watched(zeroconf):
        async with open_bridge(first):
            await said(first, "ok")
            while not (now := [one for one in found.list() if one.id == f"one{OURS}"]):
                news.clear()
                await news.wait()
            assert first.listens is not None
            assert now[0].url == f"http://127.0.0.1:{first.listens.port}/rig/"
            assert (now[0].name, now[0].protocol) == (f"Studio, left / right{OURS}", 1)
            assert f"one{OURS}" not in [one.id for one in first.rig.neighbours()], "a rig is no neighbour of its own"
            command = start(
                "tetherlight", "discover", "--interface", "127.0.0.1", "--seconds", str(stretched(3)), "--json",
                folder=tmp_path, stdout=PIPE,
            )  # fmt: skip
            assert await command.wait() == 0
            assert command.stdout is not None
            assert f"one{OURS}" in [one["id"] for one in json.loads(command.stdout.read())]
            command.stdout.close()
        while any(one.id == f"one{OURS}" for one in found.list()):
            news.clear()
            await news.wait()


async def test_a_server_is_told_with_the_port_that_it_listens_on(tmp_path: Path) -> None:
    (tmp_path / "rig.toml").write_text(TEXT.format(f"served{OURS}", f"Served{OURS}", "127.0.0.1"))
    news = asyncio.Event()
    found = Neighbourhood("me", news.set)
    server = ServerProcess(tmp_path)
    async with asyncio.timeout(stretched(WAIT_S)), multicast(LOOPBACK) as zeroconf, found.watched(zeroconf), server:
        while not (now := [one.url for one in found.list() if one.id == f"served{OURS}"]):
            news.clear()
            await news.wait()
        assert now == [f"{server.url}/"]


async def test_a_rig_is_none_of_its_own_neighbours(tmp_path: Path) -> None:
    first = site(f"same{OURS}", f"Same{OURS}", tmp_path)
    async with open_bridge(first):
        await said(first, "ok")
        assert f"same{OURS}" in [one.id for one in await look(stretched(2), LOOPBACK)]
        assert f"same{OURS}" not in [one.id for one in first.rig.neighbours()]
    assert first.rig.neighbours is list


async def test_without_a_route_the_bridge_says_so_and_goes_on_trying(tmp_path: Path) -> None:
    nowhere = site("none", "None", tmp_path, interface="192.0.2.77")
    async with open_bridge(nowhere):
        assert (await said(nowhere, "error")).startswith("There is no route for multicast (192.0.2.77: ")
        assert nowhere.status.remedy
    with pytest.raises(StartFailed, match="no route for multicast"):
        await look(0.1, ["192.0.2.77"])


needs_ipv6 = pytest.mark.skipif("::1" not in links(), reason="needs IPv6 on this machine")


@needs_ipv6
async def test_a_rig_tells_its_addresses_of_both_families_and_is_shown_with_them(tmp_path: Path) -> None:
    one, news = site(f"two{OURS}", f"Two{OURS}", tmp_path, interface='127.0.0.1", "::1', host="::"), asyncio.Event()
    found = Neighbourhood("me", news.set)
    both = ["127.0.0.1", "::1"]
    async with (
        asyncio.timeout(stretched(WAIT_S)),
        multicast(both) as zeroconf,
        found.watched(zeroconf),
        open_bridge(one),
    ):
        await said(one, "ok")
        while not (now := [rig for rig in found.list() if rig.id == f"two{OURS}"]):
            news.clear()
            await news.wait()
        assert one.listens is not None
        port = one.listens.port
        assert now[0].urls == [f"http://127.0.0.1:{port}/rig/", f"http://[::1]:{port}/rig/"]
        assert now[0].url == now[0].urls[0]


async def test_an_address_of_ipv6_that_is_not_here_is_told_and_the_others_work() -> None:
    """As on a machine without IPv6."""
    assert set(unreached(["127.0.0.1", "fd00:dead::77"])) == {"fd00:dead::77"}
    async with multicast(["127.0.0.1", "fd00:dead::77"]) as zeroconf:
        assert zeroconf is not None
    with pytest.raises(StartFailed, match=r"fd00:dead::77: "):
        await look(0.1, ["fd00:dead::77"])


def test_the_addresses_of_this_machine_are_those_of_both_families_without_loopback() -> None:
    assert set(addresses()) == {one for one in links() if not ipaddress.ip_address(one).is_loopback}


def test_where_others_reach_a_server() -> None:
    both, six = ["192.168.1.5", "10.0.0.5"], ["fd00::5", "fe80::5"]
    assert _reached(Listens("0.0.0.0", 8000), both) == both
    assert _reached(Listens("0.0.0.0", 8000), [*both, *six]) == both
    assert _reached(Listens("::", 8000), [*both, *six]) == [*both, "fd00::5"], "a link's own addresses open nowhere"
    assert _reached(Listens("::", 8000), ["fe80::5"]) == ["fe80::5"]
    assert _reached(Listens("fd00::5", 8000), [*both, *six]) == ["fd00::5"]
    assert _reached(Listens("10.0.0.5", 8000), both) == ["10.0.0.5"]
    assert _reached(Listens("127.0.0.1", 8000), both) == []
    assert _reached(Listens("localhost", 8000), LOOPBACK) == LOOPBACK
    assert _reached(None, both) == []


def test_what_a_rig_says_of_itself_is_read_back() -> None:
    told = service_info(SERVICE, Identity("a", "Ü" * 100), Listens("::", 8443, tls=True), ["192.168.1.5"], "")
    found = neighbour(told)
    assert found is not None
    assert (found.id, found.url) == ("a", "https://192.168.1.5:8443/")
    assert found.urls == [found.url]
    both = service_info(SERVICE, Identity("a", "A"), Listens("::", 8000), ["192.168.1.5", "fd00::5"], "")
    rig = neighbour(both)
    assert rig is not None
    assert rig.urls == ["http://192.168.1.5:8000/", "http://[fd00::5]:8000/"]
    assert len(told.name.removesuffix(f".{SERVICE}").encode()) <= 63
    assert told.properties[b"path"] == b"/"
    assert service_info(WEB, Identity("a", "A"), Listens("::", 80), ["192.168.1.5"], "").type == WEB


@pytest.mark.parametrize(
    ("properties", "port", "addresses"),
    [({}, 80, ["192.168.1.5"]), ({"id": "x"}, 0, ["192.168.1.5"]), ({"id": "x"}, 80, []), ({"id": ""}, 80, LOOPBACK)],
)
def test_what_says_nothing_of_use_is_no_rig(properties: dict[Any, Any], port: int, addresses: list[str]) -> None:
    info = ServiceInfo(SERVICE, f"x.{SERVICE}", port=port, properties=properties, parsed_addresses=addresses)
    assert neighbour(info) is None


def test_odd_words_of_a_stranger_do_no_harm() -> None:
    said = {"id": "\x00<b>", "protocol": "x" * 200, "path": "javascript:alert(1)", "tls": "maybe"}
    info = ServiceInfo(SERVICE, f"x.{SERVICE}", port=80, properties=said, parsed_addresses=["192.168.1.5"])
    found = neighbour(info)
    assert found is not None
    assert (found.url, found.protocol) == ("http://192.168.1.5:80/", None)
