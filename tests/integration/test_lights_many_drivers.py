"""64 lamps on four drivers in sets: whatever ends a set, nothing is left on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.dmx_receiver import DmxReceiver, dmx_receiver
from support.lamp_devices import Strip, strip
from support.rig_world import World, world_settings
from support.serial_peer import SerialPeer
from support.simulator_process import SimulatorProcess
from tetherlight.protocol.models import JobState
from tetherlight.rig.rig import Rig

EACH = 16


@dataclass
class Lamps:
    """What the four drivers reach."""

    artnet: DmxReceiver
    sacn: DmxReceiver
    board: SerialPeer
    strip: Strip

    @property
    def lit(self) -> int:
        looks = [self.artnet.looks.get(1, b""), self.sacn.looks.get(1, b""), self.board.values, self.strip.leds[::3]]
        return sum(bool(value) for look in looks for value in look)

    async def dark(self) -> None:
        await self.artnet.until(lambda: not any(self.artnet.looks[1]))
        await self.sacn.until(lambda: not any(self.sacn.looks[1]))
        await self.board.until(lambda: not any(self.board.values))
        await self.strip.until(lambda: not any(self.strip.leds))

    def rig(self) -> str:
        hold, lines = "allow_hold = true", []
        for number in range(EACH):
            dmx = f'address = "127.0.0.1:{{}}/1/{number + 1}", {hold}'
            lines += [
                f'a{number} = {{ driver = "artnet", {dmx.format(self.artnet.port)} }}',
                f's{number} = {{ driver = "sacn", {dmx.format(self.sacn.port)} }}',
                f'b{number} = {{ driver = "serial", address = "{self.board.port}/{number + 1}" }}',
                f'w{number} = {{ driver = "wled", address = "127.0.0.1:{self.strip.port}/{number}" }}',
            ]
        return "[lights]\n" + "\n".join(lines) + f"\n[drivers.wled]\nport = {self.strip.udp_port}\n"


@pytest.fixture
async def lamps() -> AsyncIterator[Lamps]:
    async with AsyncExitStack() as stack:
        artnet, sacn = [await stack.enter_async_context(dmx_receiver()) for _ in range(2)]
        board = SerialPeer(channels=EACH)
        stack.callback(board.unplug)
        yield Lamps(artnet, sacn, board, await stack.enter_async_context(strip()))


async def test_nothing_is_left_on_after_the_end_a_cancel_and_a_stop(lamps: Lamps, tmp_path: Path) -> None:
    (tmp_path / "rig.toml").write_text(lamps.rig())
    chosen: dict[str, Any] = {"simulator_control": None, "rig_file": tmp_path / "rig.toml"}
    async with SimulatorProcess("--width", "300", "--height", "200") as simulator:
        async with Rig.open(world_settings(simulator, tmp_path, **chosen)) as rig:
            world = World(rig, simulator)
            await rig.cameras.select(None, None, None)
            assert [light.name for light in rig.lights.status().lights if light.fault] == []
            job = await world.start("a0", "s1", "b2", "w3", retakes=0)
            assert (await job.result()).image_count == 4
            await lamps.dark()
            await rig.lights.set(dict.fromkeys(rig.lights.names, True))
            assert len(rig.lights.states) == 4 * EACH
            await lamps.strip.until(lambda: lamps.lit == 4 * EACH)
            await rig.lights.all_off()
            await lamps.dark()
            job = await world.start(*rig.lights.names, retakes=0)
            await world.hearing.wait("photometric_progress", lambda one: one.status == "captured_light_3_of_64")
            assert (await rig.jobs.cancel(job.job_id)).state is JobState.CANCELLED
            await lamps.dark()
            await world.start(*rig.lights.names, retakes=0)
            await rig.lights.settled()
        await lamps.dark()
    await asyncio.sleep(0)
