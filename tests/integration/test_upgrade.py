"""What version 0.1.0 has left on the disk works with this one: rig file, sets and single captures."""

import asyncio
import os
import signal
import subprocess
import sys
import tarfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path

import pytest

from support.free_ports import free_port
from support.patience import stretched
from support.server_process import ServerProcess
from support.simulator_process import SimulatorProcess
from support.wire_client import WireClient

ROOT = Path(__file__).parents[2]
OLD = "fa306f1"
"""The commit of version 0.1.0."""
RIG = """\
[lights.light_left]
pin = 17
direction = [-0.8, 0.0, 0.6]

[lights.light_right]
pin = 27
direction = [0.8, 0.0, 0.6]
"""


def old_sources(folder: Path) -> Path:
    """Unpack the sources of version 0.1.0; skip where the history does not have them."""
    packed = subprocess.run(["git", "archive", OLD, "src"], cwd=ROOT, capture_output=True, check=False)
    if packed.returncode != 0:
        pytest.skip(f"the history of this checkout does not have {OLD}, which is version 0.1.0")
    with tarfile.open(fileobj=BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder / "src"


@asynccontextmanager
async def old_server(sources: Path, folder: Path, rig: Mapping[str, str]) -> AsyncIterator[WireClient]:
    """Run the server of version 0.1.0 in a folder, with the libraries of today; give a connection to it."""
    port = free_port()
    environment = os.environ | {
        "PYTHONPATH": str(sources), "XDG_STATE_HOME": str(folder / "state"), "MIN_FREE_BYTES": "0",
        "PHOTOMETRIC_CAPTURE_DELAY": "0.02", "PYTHONUNBUFFERED": "1", **rig,
    }  # fmt: skip
    words = (sys.executable, "-P", "-m", "tetherlight", "serve", "--port", str(port))
    server = await asyncio.create_subprocess_exec(
        *words, cwd=folder, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    assert server.stdout is not None
    said = b""
    try:
        async with asyncio.timeout(stretched(90)):
            while b"Tetherlight is at" not in said:
                said = await server.stdout.readline()
                assert said, "it ended before it listened"
        async with WireClient(f"ws://127.0.0.1:{port}/ws") as client:
            yield client
    finally:
        if server.returncode is None:
            server.send_signal(signal.SIGTERM)
        await server.communicate()


async def test_rig_sets_and_captures_of_the_first_version_are_there_after_an_upgrade(tmp_path: Path) -> None:
    """They are listed, read, retaken in part, travel as a zip, and go to the trash and back."""
    sources = old_sources(tmp_path)
    (tmp_path / "rig.toml").write_text(RIG)
    async with SimulatorProcess(width=300, height=200) as simulator:
        rig = {"CAMERAS": ",".join(simulator.addresses), "SIMULATOR_CONTROL": simulator.control_path}
        async with old_server(sources, tmp_path, rig) as client:
            (camera,) = await client.do("GET_CAMERAS")
            await client.do("SELECT_CAMERA", {"model": camera["model"], "port": camera["port"]})
            shot = (await client.do("CAPTURE_IMAGE"))["file_path"]
            lights = {"light_sequence": ["light_left", "light_right"], "set_name_prefix": "coin"}
            name = Path((await client.do("CAPTURE_PHOTOMETRIC_SET", lights))["set_folder"]).name
        before = (tmp_path / "captures" / "photometric_sets" / name / "manifest.json").read_bytes()

        async with ServerProcess(tmp_path, environment=rig) as server, server.client() as client:
            assert [*(await client.do("GET_LIGHT_STATES"))["states"]] == ["light_left", "light_right"]
            (listed,) = await client.do("LIST_IMAGE_SETS")
            assert (listed["name"], listed["image_count"]) == (name, 2)
            assert [one["filename"] for one in await client.do("LIST_CAPTURES")] == [Path(shot).name]
            details = await client.do("GET_IMAGE_SET", {"set_name": name})
            assert [step["light"] for step in details["manifest"]["steps"]] == ["light_left", "light_right"]
            assert (tmp_path / "captures" / "photometric_sets" / name / "manifest.json").read_bytes() == before
            await client.do("ANNOTATE_IMAGE_SET", {"set_name": name, "rating": 4})
            await client.do("DELETE_IMAGE_SET", {"set_name": name})
            await client.do("RESTORE_IMAGE_SET", {"set_name": name})
            async with server.http() as http:
                assert (await http.get(f"/sets/{name}.zip")).status_code == 200
                assert (await http.get(f"/images/{Path(shot).name}")).status_code == 200
