"""Our simulators of WLED and Shelly, judged by other people's clients while our drivers have them: `make test-ends`."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from support.lamp_devices import Device, device, strip
from support.patience import stretched
from tetherlight.lights.lights import Lights
from tetherlight.rigfile.rigfile import RigFile

HERE = Path(__file__).parent
JUDGES = HERE.parents[1] / ".cache" / "lamp-judges"
pytestmark = pytest.mark.skipif(
    not (JUDGES / "installed.txt").exists(), reason="needs the clients wled and aioshelly: make test-ends"
)
LEVEL = 40
MODELS = {
    ("gen1", False): "SHSW-1",
    ("gen1", True): "SHDM-2",
    ("gen2", False): "SNSW-001X16EU",
    ("gen2", True): "SNDM-0013US",
}


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def judged(kind: str, one: Device, stack: AsyncExitStack, folder: Path) -> list[Any]:
    """Let a client read a device and switch it on; it must not complain of anything."""
    server = await one.listen_at(folder / "device")
    stack.callback(server.close)
    client = await asyncio.create_subprocess_exec(
        JUDGES / "bin" / "python", HERE / "judge_lamps.py", kind, folder / "device",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    told, complaints = await asyncio.wait_for(client.communicate(), stretched(60))
    assert (client.returncode, complaints.decode()) == (0, "")
    found: list[Any] = json.loads(told)
    return found


async def opened(text: str, stack: AsyncExitStack) -> Lights:
    lights = await Lights.open(RigFile.parse(text, Path("rig.toml")))
    stack.push_async_callback(lights.close)
    assert lights.light("a").fault is None
    return lights


async def test_a_strip_is_what_the_client_of_wled_knows(stack: AsyncExitStack, tmp_path: Path) -> None:
    one = await stack.enter_async_context(strip())
    place = f"127.0.0.1:{one.port}/3"
    lights = await opened(
        f'driver = "wled"\n[lights]\na = {{ address = "{place}" }}\n[drivers.wled]\nport = {one.udp_port}', stack
    )
    await lights.set({"a": True})
    await one.until(lambda: one.leds[9:12] == b"\xff" * 3)
    ours, theirs = await judged("wled", one, stack, tmp_path)
    known = {"leds": 30, "live": True, "override": 0, "segments": 1}
    assert ours == known | {"on": False, "brightness": 255}
    assert theirs == known | {"on": True, "brightness": LEVEL}


@pytest.mark.parametrize("dims", [False, True])
@pytest.mark.parametrize("kind", ["gen1", "gen2"])
async def test_an_output_is_what_the_client_of_shelly_knows(
    kind: str, dims: bool, stack: AsyncExitStack, tmp_path: Path
) -> None:
    one = await stack.enter_async_context(device(kind, dims=dims))
    if kind == "gen1":
        await stack.enter_async_context(one.coap())
    place = f"127.0.0.1:{one.port}/{'light/' if dims else ''}0"
    lights = await opened(f'driver = "shelly"\n[lights]\na = {{ address = "{place}" }}', stack)
    if dims:
        await lights.set({"a": 0.7})
        await lights.all_off()
    supported, model, ours, theirs = await judged(kind, one, stack, tmp_path)
    assert (supported, model) == (True, MODELS[kind, dims])
    off, on = (0, 1) if kind == "gen1" else (False, True)
    assert ours == {"output": off} | ({"brightness": 70} if dims else {})
    assert theirs == {"output": on} | ({"brightness": LEVEL} if dims else {})
