"""Plans of several axes by the Python client and by command, on a simulated rig."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from support.server_process import ServerProcess
from support.simulator_process import SimulatorProcess
from tetherlight import Client, SyncClient
from tetherlight.errors import ConfigInvalid, InvalidPayload
from tetherlight.protocol.axes import AxisPlan, FocusPlaces
from tetherlight.protocol.events import PhotometricProgress

pytestmark = pytest.mark.asyncio(loop_scope="module")

LIGHTS = ["light_left", "lights_top"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def simulator() -> AsyncIterator[SimulatorProcess]:
    async with SimulatorProcess() as process:
        yield process


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory, simulator: SimulatorProcess) -> AsyncIterator[ServerProcess]:
    async with ServerProcess(tmp_path_factory.mktemp("axes"), environment=simulator.settings) as process:
        async with Client(process.url) as client:
            await client.select()
            await client.set_config("shutterspeed", "1/60")
        yield process


async def command(server: ServerProcess, *words: str) -> tuple[int, str, str]:
    """Run a command and give its exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tetherlight", "--server", server.url, *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_the_client_captures_a_set_with_focus_and_exposure(server: ServerProcess) -> None:
    async with Client(server.url) as rig:
        assert "axes" in rig.server.features
        steps: list[PhotometricProgress] = []
        result = await rig.capture_set(
            LIGHTS, focus=FocusPlaces(values=[0, 2]), exposure=[-1, {"iso": "200"}], progress=steps.append
        )
        assert (result.image_count, result.warnings) == (8, [])
        assert (steps[-1].index, steps[-1].total, steps[-1].status) == (8, 8, "captured_light_4_of_4")
        manifest = (await rig.show_set(result.set_folder.rpartition("/")[2])).manifest
        assert manifest is not None
        assert manifest.plan is not None
        assert [axis.axis for axis in manifest.plan.axes] == ["focus", "light", "exposure"]
        assert manifest.steps[1].at == {"focus": 0, "light": "light_left", "exposure": {"iso": "200"}}
        assert [step.exposure["iso_speed"] for step in manifest.steps[1::2]] == [200] * 4
        assert [step.exposure["shutterspeed"] for step in manifest.steps] == ["1/125", "1/60"] * 4


async def test_the_client_captures_a_plan_of_axes(server: ServerProcess) -> None:
    async with Client(server.url) as rig:
        axes: list[AxisPlan | dict[str, Any]] = [
            AxisPlan(axis="repeat", count=2),
            {"axis": "light", "values": [None, *LIGHTS]},
        ]
        capture = rig.capture_axes(axes, prefix="averaged")
        statuses = [step.status async for step in capture]
        assert statuses.count("processing_ambient") == 2
        assert [one for one in statuses if one.startswith("captured_light")] == [
            f"captured_light_{visit}_of_4" for visit in (1, 2, 3, 4)
        ]
        assert capture.result.image_count == 4
        with pytest.raises(InvalidPayload, match="no axis 'colour'"):
            await rig.capture_axes([{"axis": "colour", "values": [1]}])
        with pytest.raises(ConfigInvalid):
            await rig.capture_set(LIGHTS, exposure=[15])


async def test_the_blocking_client_does_the_same(server: ServerProcess) -> None:
    def capture() -> tuple[int, int]:
        with SyncClient(server.url) as rig:
            stack = rig.capture_axes([{"axis": "focus", "count": 2, "step": -1}])
            series = rig.capture_series(exposure=[-1, 1], focus=(2, 1))
            return stack.image_count, series.image_count

    assert await asyncio.to_thread(capture) == (2, 4)


async def test_a_set_with_focus_and_exposure_is_captured_by_command(server: ServerProcess) -> None:
    words = ("set", "capture", *LIGHTS, "--focus", "2x3", "--exposure=-2,0,2", "--json")
    code, out, err = await command(server, *words)
    assert (code, err) == (0, "")
    shown: dict[str, Any] = json.loads(out)
    assert shown["image_count"] == 12
    assert Path(shown["images_captured"][0]).name == "image_01_light_left_f01_e01.jpg"
    code, out, _ = await command(server, "set", "capture", "light_left", "--axis", "repeat=2")
    assert (code, out.startswith("2 images in ")) == (0, True)


async def test_single_captures_with_focus_and_exposure_are_taken_by_command(server: ServerProcess) -> None:
    code, out, err = await command(server, "capture", "--focus", "2x1", "--exposure=-1,0", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["image_count"] == 4
    code, _, err = await command(server, "capture", "--focus", "2x9")
    assert code == 2
    assert "--focus is a count" in err
