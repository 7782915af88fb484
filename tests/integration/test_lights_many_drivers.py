"""64 lamps on four drivers in sets: whatever ends a set, nothing is left on."""

import os
import signal
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
from support.server_process import ServerProcess
from support.simulator_process import SimulatorProcess
from support.turns import turns
from support.watchers import watcher_ends
from tetherlight.errors import SequenceFailed
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


async def test_nothing_is_left_on_after_the_end_a_cancel_a_failure_and_a_stop(lamps: Lamps, tmp_path: Path) -> None:
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
            # The board is gone while another lamp shines; its own watchdog sees to those that hang on it.
            lamps.board.silent = True
            with pytest.raises(SequenceFailed):
                await (await world.start("a0", "b2", "s1", "w3", retakes=0)).result()
            await lamps.dark()
            lamps.board.silent = False
            await world.start(*rig.lights.names, retakes=0)
            await rig.lights.settled()
        await lamps.dark()
    await turns()


async def test_nothing_is_left_on_when_the_server_is_ended_or_killed_in_a_set(lamps: Lamps, tmp_path: Path) -> None:
    """By a signal, and by kill -9 with a lamp on in a set, and with all 64 on."""
    (tmp_path / "rig.toml").write_text(lamps.rig())
    names = [f"{kind}{number}" for number in range(EACH) for kind in "wbsa"]
    async with SimulatorProcess("--width", "300", "--height", "200") as simulator:
        camera = {"CAMERAS": ",".join(simulator.addresses), "PHOTOMETRIC_CAPTURE_DELAY": "20"}
        for number, with_all in ((signal.SIGTERM, False), (signal.SIGKILL, False), (signal.SIGKILL, True)):
            async with ServerProcess(tmp_path, environment=camera) as server, server.client() as client:
                if with_all:
                    await client.do("SET_LIGHT_STATES", {"states": dict.fromkeys(names, True)})
                    await lamps.strip.until(lambda: lamps.lit == 4 * EACH)
                else:
                    await client.do("SELECT_CAMERA", {})
                    reply = await client.send("CAPTURE_PHOTOMETRIC_SET", {"light_sequence": names})
                    await lamps.strip.until(lambda: lamps.lit == 1)
                    reply.cancel()
                async with watcher_ends(server.pid):
                    os.kill(server.pid, number)
                    await lamps.dark()
