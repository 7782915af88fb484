"""What other people's clients read from a device, and what they do to it; run by an environment that has them.

judge_lamps.py KIND SOCKET: the device listens on a socket of the file system. Its state is printed as JSON, how it is
found and then after the client switched it on; what the client complains of goes to standard error.
"""

import asyncio
import json
import logging
import sys
from typing import Any

import aiohttp
from aioshelly.block_device import COAP, BlockDevice
from aioshelly.common import ConnectionOptions
from aioshelly.rpc_device import RpcDevice
from wled import WLED

HERE = "127.0.0.1"
LEVEL = 40


async def judge_wled(session: aiohttp.ClientSession) -> list[Any]:
    """Read a strip by the client `wled`."""

    async def read() -> dict[str, Any]:
        device = await strip.update()
        state, info = device.state, device.info
        known = {"on": state.on, "brightness": state.brightness, "leds": info.leds.count, "live": info.live}
        return known | {"override": int(state.live_data_override), "segments": len(state.segments)}

    strip = WLED(HERE, session=session)
    before = await read()
    await strip.master(on=True, brightness=LEVEL)
    return [before, await read()]


async def judge_gen1(session: aiohttp.ClientSession) -> list[Any]:
    """Read an output of the first generation by the client `aioshelly`: over HTTP and CoAP."""
    coap = COAP()
    await coap.initialize(socket_port=0)
    device = await BlockDevice.create(session, coap, ConnectionOptions(HERE))
    await device.initialize()
    (block,) = device.blocks
    before = block.current_values()
    dimmed = {"brightness": LEVEL} if "brightness" in before else {}
    await block.set_state(turn="on", **dimmed)
    await device.update()
    told = [device.firmware_supported, device.model, before, block.current_values()]
    await device.shutdown()
    coap.close()
    return told


async def judge_gen2(session: aiohttp.ClientSession) -> list[Any]:
    """Read an output of a later generation by the client `aioshelly`: over a WebSocket."""
    device = await RpcDevice.create(session, None, ConnectionOptions(HERE))
    await device.initialize()
    heard = asyncio.Event()
    device.subscribe_updates(lambda *_: heard.set())
    (key,) = (key for key in device.status if key.partition(":")[0] in {"switch", "light"})

    def stands() -> dict[str, Any]:
        return {name: device.status[key][name] for name in ("output", "brightness") if name in device.status[key]}

    before = stands()
    if key.startswith("light"):
        await device.call_rpc("Light.Set", {"id": 0, "on": True, "brightness": LEVEL})
    else:
        await device.switch_set(0, True)
    await heard.wait()
    told = [device.firmware_supported, device.model, before, stands()]
    await device.shutdown()
    return told


async def main(kind: str, place: str) -> None:
    """Print what the client of a kind says."""
    judges = {"wled": judge_wled, "gen1": judge_gen1, "gen2": judge_gen2}
    async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(path=place)) as session:
        print(json.dumps(await judges[kind](session)))  # noqa: T201 - for the test that asks


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(main(*sys.argv[1:]))
