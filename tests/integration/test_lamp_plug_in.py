"""The lamps of the documentation are installed beside the server and switched, as its page says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.server_process import ServerProcess

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "file-lamps"


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


async def test_lamps_of_another_package_are_switched_dimmed_and_off_at_the_end(tmp_path: Path, installed: Path) -> None:
    lamp = tmp_path / "lamp"
    lamp.write_text("7\n")
    (tmp_path / "rig.toml").write_text(
        f'[lights]\na = {{ driver = "file", address = "{lamp}", gamma = 2.0 }}\n'
        'b = { driver = "file", address = "/nowhere" }\n'
    )
    async with ServerProcess(tmp_path, environment={"PYTHONPATH": str(installed)}) as server:
        assert lamp.read_text() == "0\n"
        async with server.client() as client:
            await client.do("SET_LIGHT_STATE", {"light_name": "a", "state": True, "level": 0.25})
            assert lamp.read_text() == "128\n"
            refused = await client.request("SET_LIGHT_STATE", {"light_name": "b", "state": True})
            told = await client.do("GET_LIGHT_STATES")
    assert refused["error"] == "Failed to switch light 'b'. Its file cannot be written: it is not there."
    assert [(light["dims"], light["fault"] is None) for light in told["lights"]] == [(True, True), (True, False)]
    assert lamp.read_text() == "0\n"
