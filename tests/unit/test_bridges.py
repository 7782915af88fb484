"""Bridges run beside the rig: they begin and end with it, and what happens to one is told and hinders nobody."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from support.patience import stretched
from tetherlight.bridges import bridges as room
from tetherlight.bridges.bridge import Listens, Opens, Site
from tetherlight.bridges.bridges import Bridges
from tetherlight.bridges.checks import check_bridges
from tetherlight.bridges.table import BRIDGES, BridgeRow
from tetherlight.errors import InvalidSetting, NotInstalled, StartFailed
from tetherlight.rigfile.rigfile import RigFile
from tetherlight.settings import Settings


def row(name: str, opens: Opens) -> Any:
    """A row whose bridge is given."""
    return SimpleNamespace(name=name, wanted=lambda _: True, load=lambda: opens)


def rig(text: str = "") -> Any:
    return SimpleNamespace(lights=SimpleNamespace(rig_file=RigFile.parse(text, Path("rig.toml"))), reports=[])


async def test_a_bridge_is_there_while_the_context_lasts_and_the_doctor_hears_how_it_stands() -> None:
    came, went = asyncio.Event(), asyncio.Event()

    @contextlib.asynccontextmanager
    async def opens(site: Site) -> AsyncIterator[None]:
        assert site.listens == Listens("127.0.0.1", 8000)
        site.status.well("It tells.")
        came.set()
        yield
        went.set()

    one = rig()
    bridges = Bridges(one, Listens("127.0.0.1", 8000), [row("good", opens)])
    async with bridges.running(), asyncio.timeout(stretched(30)):
        await came.wait()
        assert [report().model_dump() for report in one.reports] == [
            {"check": "good", "level": "ok", "message": "It tells.", "remedy": None}
        ]
        assert bridges.statuses["good"].connected
        assert not went.is_set()
    assert went.is_set()
    assert one.reports == []


@pytest.mark.parametrize("error", [StartFailed("No way.", hint="Go round."), RuntimeError("broken")])
async def test_a_bridge_that_fails_is_told_and_the_others_go_on(error: Exception) -> None:
    came = asyncio.Event()

    def fails(_: Site) -> contextlib.AbstractAsyncContextManager[None]:
        raise error

    @contextlib.asynccontextmanager
    async def opens(_: Site) -> AsyncIterator[None]:
        came.set()
        yield

    class Told(logging.Handler):
        def emit(self, _: logging.LogRecord) -> None:
            told.set()

    one, told, handler = rig(), asyncio.Event(), Told(logging.ERROR)
    logging.getLogger(room.__name__).addHandler(handler)
    bridges = Bridges(one, None, [row("bad", fails), row("good", opens)])
    async with bridges.running(), asyncio.timeout(stretched(30)):
        await came.wait()
        await told.wait()
        [found] = [finding for report in one.reports if (finding := report()).check == "bad"]
        assert (found.level, str(error) in found.message) == ("error", True)
        assert found.remedy
    logging.getLogger(room.__name__).removeHandler(handler)


async def test_a_bridge_that_does_not_leave_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "LEAVE_S", 0.05)
    came, cancelled = asyncio.Event(), asyncio.Event()

    @contextlib.asynccontextmanager
    async def stays(_: Site) -> AsyncIterator[None]:
        came.set()
        yield
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async with Bridges(rig(), None, [row("slow", stays)]).running():
        await came.wait()
    assert cancelled.is_set()


async def test_a_bridge_whose_library_is_missing_says_what_to_install() -> None:
    far = BridgeRow("far", "nowhere", lambda _: True, "no_such_library", "far")
    with pytest.raises(NotInstalled, match="needs no_such_library, which is not installed") as caught:
        far.load()
    assert "pip install 'tetherlight[far]'" in str(caught.value.hint)


def test_the_rig_file_says_which_bridges_are_wanted() -> None:
    def wanted(text: str) -> list[str]:
        return [one.name for one in BRIDGES if one.wanted(RigFile.parse(text, Path("rig.toml")))]

    # What counts is there wherever its library is.
    assert wanted("") == ["metrics"]
    assert wanted("[bridges.mqtt]") == ["mqtt", "metrics"]
    assert wanted('bridges = { name = "Lab", mdns = { interfaces = ["127.0.0.1"] } }') == ["mdns", "metrics"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[bridges.mqtt]\nhots = 'x'", "there is no key 'bridges.mqtt.hots'"),
        ("[bridges.mqtt]\nport = 0", "bridges.mqtt.port: input should be greater than or equal to 1"),
        ("[bridges.mqtt]\ntopic = 'a/#'", "bridges.mqtt.topic: string should match"),
        ("[bridges.mqtt]\npassword = 'x'\npassword_file = 'y'", "give either password or password_file"),
        ("[bridges.mqtt]\ntls_ca = 'ca.pem'", "certificates are of use with tls = true alone"),
        ("[bridges.mqtt]\ntls = true\ntls_cert = 'a.pem'", "tls_cert and tls_key belong together"),
        ("[bridges.mdns]\ninterfaces = ['']", "an address is empty"),
    ],
)
def test_a_table_that_is_wrong_is_told_by_its_key(text: str, sentence: str) -> None:
    with pytest.raises(InvalidSetting, match=r"The rig file rig\.toml is wrong: ") as caught:
        RigFile.parse(text, Path("rig.toml"))
    assert sentence in caught.value.message


def test_the_words_of_ordinary_keys_stay_in_the_log() -> None:
    """A topic that is called as the program is would hide each of its lines."""
    keys = "password = 'very-secret'\ntopic = 'tetherlight'\nhost = 'broker.example'\nusername = 'rig-user'"
    found = RigFile.parse(f"[bridges.mqtt]\n{keys}", Path("rig.toml"))
    assert found.secrets == {"very-secret", "broker.example", "rig-user"}
    assert "very-secret" not in repr(found)


async def test_the_doctor_tries_the_bridges_that_the_rig_file_wants(free_port: int) -> None:
    """Beside a server; inside of one each bridge says how it stands."""

    async def found(text: str) -> dict[str, tuple[str, str]]:
        findings = await check_bridges(Settings(), RigFile.parse(text, Path("rig.toml")))
        return {one.check: (one.level, one.message) for one in findings}

    assert await found("") == {}
    assert await found(f"[bridges.mqtt]\nport = {free_port}\nhost = '127.0.0.1'") == {
        "mqtt": ("error", "The broker cannot be reached: connection refused.")
    }
    assert (await found("[bridges.mdns]\ninterfaces = ['127.0.0.1']"))["mdns"][0] == "ok"
    assert (await found("[bridges.mdns]\ninterfaces = ['192.0.2.77']"))["mdns"][1].startswith(
        "There is no route for multicast (192.0.2.77: "
    )


async def test_the_doctor_names_what_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tetherlight.bridges.table.find_spec", lambda _: None)
    [finding] = await check_bridges(Settings(), RigFile.parse("[bridges.mqtt]", Path("rig.toml")))
    assert finding.message == "The bridge mqtt needs aiomqtt, which is not installed."
    assert finding.remedy == "pip install 'tetherlight[mqtt]', then start the server again."
