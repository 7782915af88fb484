"""Lamps measured through the live view, against lamps of the simulator whose delay, curve and flicker are known."""

import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from support.patience import stretched
from support.rig_world import World, open_world
from tetherlight.capture.measuring import Measurements
from tetherlight.errors import CameraBusy, JobError, LightNotMeasured, LightsBusy, UnknownLight
from tetherlight.protocol.measurement import LightMeasurement, MeasureLights
from tetherlight.protocol.models import JobState

LAMP = {"gamma": 2.2, "delay_s": 0.2, "rise_s": 0.2, "flicker": 0.04, "flicker_hz": 7}
SETTLED_S = 0.4
RIG = """
[lights]
light_left = { pin = 27, direction = [-0.7071, 0.0, 0.7071] }
light_right = { pin = 23, direction = [0.7071, 0.0, 0.7071] }  # a lamp on a stand
"""


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    (tmp_path / "rig.toml").write_text(RIG)
    async with open_world(tmp_path, "--width", "300", "--height", "200", rig_file=tmp_path / "rig.toml") as opened:
        await opened.rig.cameras.camera().set_config("shutterspeed", "1/125")
        yield opened


async def measure(world: World, *lights: str, **wanted: Any) -> LightMeasurement:
    job = await world.rig.measurements.start(MeasureLights(lights=list(lights), **wanted))
    return await job.result()


async def test_lamps_are_measured_as_they_are(world: World, tmp_path: Path) -> None:
    """Delay, curve and flicker come out as the simulator was told and stand in the rig file, and are made up for."""
    await world.simulator.control("lamp", light="light_left", **LAMP)
    told = await measure(world, "light_left", levels=4, apply=True)
    (found,) = told.lights
    assert found.problem is None
    assert found.settle_s is not None
    assert found.off_s is not None
    assert found.curve is not None
    assert found.flicker is not None
    assert found.settle_s >= 0.9 * SETTLED_S
    assert found.off_s >= 0.9 * SETTLED_S
    assert 0.02 <= found.flicker <= 0.06
    assert [signal for signal, _ in found.curve] == [0.25, 0.5, 0.75]
    for signal, share in found.curve:
        assert share == pytest.approx(signal ** LAMP["gamma"], abs=0.04)
    text = (tmp_path / "rig.toml").read_text()
    assert "# a lamp on a stand" in text
    lights = tomllib.loads(text)["lights"]
    assert "measured_at" not in lights["light_right"]
    kept = lights["light_left"]
    assert (kept["settle_s"], kept["flicker"], kept["measured_at"]) == (found.settle_s, found.flicker, told.measured_at)
    assert kept["curve"] == [list(pair) for pair in found.curve]
    light = world.rig.lights.light("light_left")
    assert (light.measured_at, light.curve, light.settle_s) == (told.measured_at, found.curve, found.settle_s)
    assert not any(world.rig.lights.states.values())
    # From now on half the level is half the light: the lamp is sent what makes it so.
    again = (await measure(world, "light_left", levels=2)).lights[0]
    assert again.curve is not None
    assert again.curve[0][1] == pytest.approx(0.5 ** LAMP["gamma"], abs=0.04)


async def test_a_measurement_has_the_lights_until_it_is_cancelled(world: World, tmp_path: Path) -> None:
    with pytest.raises(UnknownLight):
        await measure(world, "light_up")
    job = await world.rig.measurements.start(MeasureLights())
    assert [step.light for step in job.snapshot().steps] == ["light_left", "light_right"]
    with pytest.raises(CameraBusy):
        await measure(world, "light_right")
    with pytest.raises(LightsBusy):
        await world.rig.lights.set({"light_right": True})
    await world.hearing.wait("lights_changed", lambda one: one.states["light_left"])
    ended = await world.rig.jobs.cancel(job.job_id)
    assert (ended.kind, ended.state) == ("measurement", JobState.CANCELLED)
    assert await world.lit() == []
    with pytest.raises(JobError, match="cancelled"):
        await job.result()
    assert (tmp_path / "rig.toml").read_text() == RIG


async def test_a_lamp_that_the_camera_does_not_see_is_told_of_and_hinders_no_other(
    world: World, tmp_path: Path
) -> None:
    await world.simulator.control("light_fault", light="light_left", kind="dead")
    rig = world.rig
    hasty = Measurements(rig.lights, rig.jobs, rig.publisher, most_s=0.1)
    job = await hasty.start(MeasureLights(lights=["light_left"], apply=True))
    with pytest.raises(LightNotMeasured, match="Light 'light_left' was not measured"):
        await job.result()
    assert (tmp_path / "rig.toml").read_text() == RIG
    impatient = Measurements(rig.lights, rig.jobs, rig.publisher, most_s=stretched(2))
    told = await (await impatient.start(MeasureLights(levels=0, apply=True))).result()
    dark, lit = told.lights
    assert told.message == "1 light is measured. 1 could not be."
    assert (dark.settle_s, dark.curve, lit.curve, lit.problem) == (None, None, None, None)
    assert "does not show it" in str(dark.problem)
    assert [one.measured_at for one in rig.lights.rig_file.lights] == [None, told.measured_at]
