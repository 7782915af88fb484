"""The simulated lamps and the scene that they light, in a simulator of its own."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.patience import stretched
from support.simulator_process import SimulatorProcess
from tetherlight.errors import LampFailed
from tetherlight.lights import Lights, RigFile
from tetherlight.protocol.lights import EditedLight


@pytest.fixture
async def simulator() -> AsyncIterator[SimulatorProcess]:
    async with SimulatorProcess() as simulator:
        yield simulator


@pytest.fixture
async def lights(simulator: SimulatorProcess, tmp_path: Path) -> AsyncIterator[Lights]:
    rig = RigFile(tmp_path / "rig.toml")
    lights = await Lights.open(rig, simulator_control=Path(simulator.control_path))
    yield lights
    await lights.close()


async def test_the_default_lights_are_the_scenes(simulator: SimulatorProcess, lights: Lights) -> None:
    assert (await simulator.control("status"))["lights"] == lights.states
    assert len(lights.names) == 9
    assert not any(lights.light(name).fault for name in lights.names)


async def test_a_light_that_is_switched_lights_the_scene(simulator: SimulatorProcess, lights: Lights) -> None:
    await lights.set({"light_front": True, "lights_top": True})
    assert (await simulator.control("status"))["lights"] == lights.states
    await lights.only("light_rear")
    lit = (await simulator.control("status"))["lights"]
    assert [name for name, state in lit.items() if state] == ["light_rear"]


async def test_a_rig_of_other_lights_replaces_the_scenes(simulator: SimulatorProcess, lights: Lights) -> None:
    await lights.replace([EditedLight(name="spot", direction=(0, 0.5, 0.5))])
    await lights.set({"spot": True})
    assert (await simulator.control("status"))["lights"] == {"spot": True}


async def test_all_lights_are_off_after_a_job_and_at_the_end(simulator: SimulatorProcess, lights: Lights) -> None:
    async with lights.off_after():
        await lights.only("light_left")
    assert not any((await simulator.control("status"))["lights"].values())
    await lights.set({"light_left": True})
    lights.off_now()
    assert not any((await simulator.control("status"))["lights"].values())
    await lights.set({"light_left": True})
    await lights.close()
    assert not any((await simulator.control("status"))["lights"].values())


async def test_a_simulator_that_ended_is_a_failed_lamp(tmp_path: Path) -> None:
    async with SimulatorProcess() as simulator:
        rig = RigFile(tmp_path / "rig.toml")
        lights = await Lights.open(rig, simulator_control=Path(simulator.control_path))
    with pytest.raises(LampFailed, match="The simulator does not answer"):
        await lights.set({"light_front": True})
    await lights.close()


def freeze(pid: int) -> None:
    """Stop a child of ours and wait until it stands still: until then it may answer."""
    os.kill(pid, signal.SIGSTOP)
    os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOWAIT)


async def test_a_frozen_simulator_holds_nobody_up_for_long(simulator: SimulatorProcess, lights: Lights) -> None:
    """After one missed deadline the way out is short, and a simulator that thaws is used again."""
    await lights.set({"light_front": True})
    freeze(simulator.pid)
    try:
        async with asyncio.timeout(stretched(15)):
            await lights.all_off()
            await lights.all_off()
        assert lights.light("light_front").fault == "The simulator does not answer."
    finally:
        os.kill(simulator.pid, signal.SIGCONT)
    await simulator.control("status")
    await lights.only("light_rear")
    lit = (await simulator.control("status"))["lights"]
    assert [name for name, state in lit.items() if state] == ["light_rear"]
