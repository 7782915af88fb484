"""`serve --simulate`: its simulator may crash, and its terminal stays calm."""

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from support.server_process import ServerProcess
from support.turns import until

SMALL = ("--simulate", "--width", "600", "--height", "400")


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    async with ServerProcess(tmp_path, *SMALL) as running:
        yield running


def simulators(server: ServerProcess) -> list[int]:
    """Find the server's simulator among its children, whichever of its threads started it."""
    children = [pid for path in Path(f"/proc/{server.pid}/task").glob("*/children") for pid in path.read_text().split()]
    found = []
    for pid in children:
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended and was taken in since
            if b"tetherlight.simulator" in Path("/proc", pid, "cmdline").read_bytes():
                found.append(int(pid))
    return found


async def successor(server: ServerProcess, pid: int) -> int:
    """Wait until another simulator than the one with this id runs."""

    def others() -> list[int]:
        return [each for each in simulators(server) if each != pid]

    await until(lambda: bool(others()))
    return others()[0]


async def scene_lights() -> dict[str, bool]:
    """Ask the only running simulator how the lamps in its scene stand."""
    (path,) = Path(tempfile.gettempdir()).glob("tetherlight-simulator-*/control.sock")
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(b'{"op": "status"}\n')
    answer: dict[str, Any] = json.loads(await reader.readline())
    writer.close()
    await writer.wait_closed()
    lights: dict[str, bool] = answer["lights"]
    return lights


def lamps_work(message: dict[str, Any]) -> bool:
    """Tell whether a message says that no light has a fault."""
    return message["action"] == "lights_changed" and not any(light["fault"] for light in message["data"]["lights"])


async def test_a_simulator_that_is_killed_is_started_again(server: ServerProcess) -> None:
    """The camera is away and then ready again; the lamps that were on are on again, in the scene as in the server."""
    async with server.client() as client:
        camera = await client.do("SELECT_CAMERA")
        await client.do("SUBSCRIBE", {"topics": ["camera", "lights"]})
        await client.do("SET_LIGHT_STATE", {"light_name": "light_left", "state": True})
        await client.event("lights_changed")
        before = await client.do("GET_LIGHT_STATES")
        (pid,) = simulators(server)
        seen = len(client.events)
        os.kill(pid, signal.SIGKILL)
        # Where it is back at once, the first steps of the recovery find it before it counts as lost.
        await client.event(lambda one: one["action"] in {"camera_lost", "camera_recovering"}, after=seen)
        ready = await client.event("camera_ready", after=seen)
        assert ready["data"]["camera_id"] == camera["camera_id"]
        await client.event(lamps_work, after=seen)
        assert await scene_lights() == before["states"]
        assert (await client.do("GET_LIGHT_STATES"))["states"] == before["states"]
        assert before["states"]["light_left"]
        await client.do("CAPTURE_IMAGE")
        assert await successor(server, pid)
    log = server.log.read_text()
    assert "The simulator has ended (SIGKILL); it is started again in 0.5 s." in log
    assert "Traceback" not in log


async def test_nothing_is_left_of_a_simulator_that_crashed(server: ServerProcess) -> None:
    """Its card and its socket go with the server, and the one that was started last is ended."""
    (pid,) = simulators(server)
    os.kill(pid, signal.SIGKILL)
    last = await successor(server, pid)
    assert await server.stop() == 0
    assert not Path("/proc", str(last)).exists()
    assert not list(Path(tempfile.gettempdir()).glob("tetherlight-simulator-*"))
    assert "could not be started again" not in server.log.read_text()


async def said_at_start(*arguments: str, cache: Path) -> str:
    """Start a simulator, wait until it is ready, end it, and give what it said to the terminal."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tetherlight.simulator", "--exit-with-stdin", *arguments),
        env=os.environ | {"XDG_CACHE_HOME": str(cache)},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdin is not None
    assert json.loads(await asyncio.wait_for(process.stdout.readline(), 120))["cameras"]
    process.stdin.close()
    _, said = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0
    return said.decode()


async def test_the_scene_is_rendered_once_and_that_is_told(tmp_path: Path) -> None:
    """The first start says in one line what takes so long; the next one has nothing to say."""
    sentence = "Rendering the scene (once), 120 x 80 pixels ...\n"
    assert await said_at_start("--width", "120", cache=tmp_path) == sentence
    assert await said_at_start("--width", "120", cache=tmp_path) == ""


async def test_a_simulator_ends_while_it_renders(tmp_path: Path) -> None:
    """Who started it need not wait until the scene is done."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tetherlight.simulator", "--exit-with-stdin", "--width", "3000"),
        env=os.environ | {"XDG_CACHE_HOME": str(tmp_path)},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    assert process.stdin is not None
    assert b"Rendering" in await asyncio.wait_for(process.stderr.readline(), 60)
    process.stdin.close()
    announced, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0
    assert not announced


async def test_options_of_the_simulator_need_it(tmp_path: Path) -> None:
    """They are refused in one sentence that names them."""
    server = ServerProcess(tmp_path, "--width", "600", "--vendor", "nikon")
    with pytest.raises(AssertionError, match="only for simulated cameras"):
        await server.start()
    assert server.process is not None
    assert await server.process.wait() == 2
    assert "--vendor and --width" in server.log.read_text()
