"""Lamps on Art-Net and sACN against OLA, which receives both; `make test-ends` runs this and prints its figures."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from support.olad import OURS, THEIRS, Olad, needs_olad
from support.server_process import ServerProcess
from tetherlight.lights.lights import Lights
from tetherlight.rigfile.rigfile import RigFile

pytestmark = [needs_olad, pytest.mark.asyncio(loop_scope="module")]

LAMPS = 100
PLACES = {
    "artnet": (f"{THEIRS}/1", Olad.artnet),
    "sacn": (f"{THEIRS}/4", Olad.sacn),
    "multicast": ("multicast/4", Olad.sacn),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def olad(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Olad]:
    async with Olad(tmp_path_factory.mktemp("olad")) as olad:
        yield olad


def rig(way: str) -> str:
    driver = "sacn" if way == "multicast" else way
    place, _ = PLACES[way]
    lamps = "\n".join(f'l{n} = {{ address = "{place}/{n}", allow_hold = true }}' for n in range(1, LAMPS + 1))
    more = f'[drivers.sacn]\ninterface = "{OURS}"\n' if driver == "sacn" else ""
    return f'driver = "{driver}"\n{more}[lights]\n{lamps}\n'


@pytest.mark.parametrize("way", list(PLACES))
async def test_a_hundred_lamps_follow(way: str, olad: Olad, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lights = await Lights.open(RigFile.parse(rig(way), tmp_path / "rig.toml"))
    universe = PLACES[way][1]
    asked, seen = [], []
    for number in range(20):
        level = 1.0 if number % 2 == 0 else 0.0
        begun = time.perf_counter()
        await lights.set(dict.fromkeys(lights.names, level))
        asked.append(time.perf_counter() - begun)
        await olad.until(universe, [round(255 * level)] * LAMPS)
        seen.append(time.perf_counter() - begun)
    await lights.set({"l1": 0.5, "l100": 1.0})
    await olad.until(universe, [128])
    assert (await olad.look(universe))[99] == 255
    await lights.close()
    await olad.until(universe, [0] * LAMPS)
    with capsys.disabled():
        worst = [f"{1000 * max(times):.1f}" for times in (asked, seen)]
        told = f"{LAMPS} lamps switched in at most {worst[0]} ms, read back by HTTP within {worst[1]} ms"
        print(f"\n{way}: {told}")  # noqa: T201 - a figure for whoever runs it


@pytest.mark.parametrize("way", ["artnet", "sacn"])
async def test_a_server_that_is_killed_leaves_them_off(
    way: str, olad: Olad, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rig.toml").write_text(rig(way))
    universe = PLACES[way][1]
    async with ServerProcess(tmp_path) as server:
        async with server.client() as client:
            await client.do("SET_LIGHT_STATE", {"light_name": "l1", "state": True})
        await olad.until(universe, [255])
        begun = time.perf_counter()
        os.kill(server.pid, signal.SIGKILL)
        await olad.until(universe, [0])
        took = time.perf_counter() - begun
    with capsys.disabled():
        print(f"\n{way}: dark {took:.1f} s after kill -9, by the watcher")  # noqa: T201 - a figure for whoever runs it


async def test_without_the_watcher_they_would_stay_on(
    olad: Olad, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The reason for it: what is received last is held."""
    lights = await Lights.open(RigFile.parse(rig("artnet"), tmp_path / "rig.toml"))
    await lights.set({"l1": True})
    await olad.until(Olad.artnet, [255])
    lights._rack._driver._refreshing.cancel()  # type: ignore[attr-defined]
    await asyncio.sleep(12)
    held = (await olad.look(Olad.artnet))[0]
    await lights.close()
    with capsys.disabled():
        print(f"\nartnet: {held} of 255 12 s after the last datagram")  # noqa: T201 - a figure for whoever runs it
    assert held == 255
