"""The turntable of the documentation is installed beside the server and turns in a set, as its page says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.server_process import ServerProcess
from support.simulator_process import SimulatorProcess

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "turntable"


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The example, installed by pip without a network into a folder of its own."""
    target = tmp_path / "site"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run(
        [*command, "--disable-pip-version-check", "--target", str(target), str(EXAMPLE)],
        check=True,
        env=os.environ | {"PIP_CONFIG_FILE": os.devnull},
    )
    return target


def test_an_axis_of_a_plug_in_is_at_most_three_files() -> None:
    """Beside tests, and what Python and pip leave behind."""
    written = {path.name for path in EXAMPLE.rglob("*") if path.is_file() and path.suffix in {".py", ".toml"}}
    assert written == {"pyproject.toml", "tetherlight_turntable.py"}


async def test_the_example_turns_an_object_in_a_set_and_turns_it_back(tmp_path: Path, installed: Path) -> None:
    table = tmp_path / "table"
    table.touch()
    angles = {"axis": "angle", "values": [0, 120, 240], "options": {"device": str(table)}}
    lights = {"axis": "light", "values": ["light_left", "light_right"]}
    async with (
        SimulatorProcess() as simulator,
        ServerProcess(tmp_path, environment=simulator.settings | {"PYTHONPATH": str(installed)}) as server,
        server.client() as client,
    ):
        await client.do("SELECT_CAMERA")
        result = await client.do("CAPTURE_SET", {"axes": [angles, lights]})
        missing = angles | {"options": {"device": str(tmp_path / "nothing")}}
        refused = await client.request("CAPTURE_SET", {"axes": [missing, lights]})
        assert (refused["error"], refused["hint"]) == (
            f"There is no turntable at {tmp_path / 'nothing'}.",
            "Plug it in, or name its device.",
        )
        wrong = await client.request("CAPTURE_SET", {"axes": [angles | {"values": ["left"]}]})
        assert wrong["error"] == "Axis 'angle': its values are angles in degrees."
    assert [Path(path).name for path in result["images_captured"]] == [
        f"image_{number:02d}_{light}_a{angle:02d}.jpg"
        for angle in (1, 2, 3)
        for number, light in enumerate(lights["values"], start=1)
    ]
    assert table.read_text().split() == ["0", "120", "240", "0"]


async def test_a_set_whose_plug_in_is_missing_is_kept_and_said_in_the_log(tmp_path: Path, installed: Path) -> None:
    table = tmp_path / "table"
    table.touch()
    angles = {"axis": "angle", "values": [0, 120], "options": {"device": str(table)}}
    rounds = {"axis": "time", "count": 2, "step": 3600}
    async with SimulatorProcess() as simulator:
        settings = simulator.settings | {"PYTHONPATH": str(installed)}
        async with ServerProcess(tmp_path, environment=settings) as server, server.client() as client:
            await client.do("SELECT_CAMERA")
            await client.send("CAPTURE_SET", {"axes": [rounds, angles]})
            await client.event(
                lambda one: one["action"] == "photometric_progress" and one["data"]["status"] == "captured_step_2_of_4"
            )
        async with ServerProcess(tmp_path, environment=simulator.settings) as server, server.client() as client:
            assert await client.do("GET_JOBS") == []
            (kept,) = await client.do("LIST_IMAGE_SETS")
            details = await client.do("GET_IMAGE_SET", {"set_name": kept["name"]})
            assert details["manifest"]["plan"]["axes"][1]["axis"] == "angle"
            assert len(details["images"]) == 2
            assert "needs the axis 'angle'" in server.log.read_text()
            unknown = await client.request("CAPTURE_SET", {"axes": [angles]})
            assert unknown["error"] == "There is no axis 'angle'."
