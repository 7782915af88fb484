"""What becomes of lamps when the server is killed: the watcher switches them off, unless another server has them."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.dmx_receiver import DmxReceiver, dmx_receiver
from support.patience import stretched
from support.server_process import ServerProcess
from support.watchers import watcher_ends, watchers


@pytest.fixture
async def receiver() -> AsyncIterator[DmxReceiver]:
    async with dmx_receiver() as receiver:
        yield receiver


def write_rig(folder: Path, port: int) -> None:
    text = f'driver = "sacn"\n[lights]\na = {{ address = "127.0.0.1:{port}/1/1", allow_hold = true }}\n'
    (folder / "rig.toml").write_text(text)


async def test_a_server_that_is_killed_leaves_no_lamp_on(tmp_path: Path, receiver: DmxReceiver) -> None:
    write_rig(tmp_path, receiver.port)
    async with ServerProcess(tmp_path) as server:
        async with server.client() as client:
            await client.do("SET_LIGHT_STATE", {"light_name": "a", "state": True})
        await receiver.until(lambda: receiver.looks.get(1, b"\0")[0] == 255)
        async with watcher_ends(server.pid):
            os.kill(server.pid, signal.SIGKILL)
            await receiver.until(lambda: receiver.looks[1][0] == 0 and 1 in receiver.ended)
    assert "All 1 lights are off." in server.log.read_text()


async def test_lamps_of_a_server_that_works_are_left_alone(tmp_path: Path, receiver: DmxReceiver) -> None:
    """And where the server ends in order, the watcher ends with it."""
    write_rig(tmp_path, receiver.port)
    async with ServerProcess(tmp_path) as server:
        async with server.client() as client:
            await client.do("SET_LIGHT_STATE", {"light_name": "a", "state": True})
        await receiver.until(lambda: receiver.looks.get(1, b"\0")[0] == 255)
        other = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tetherlight.server.all_off", cwd=tmp_path, stderr=asyncio.subprocess.PIPE
        )
        _, told = await asyncio.wait_for(other.communicate(), stretched(60))
        assert (other.returncode, told) == (0, b"INFO Another server has the lamps.\n")
        assert receiver.looks[1][0] == 255
        (watcher,) = watchers(server.pid)
    assert not Path(f"/proc/{watcher}").exists()
    assert receiver.looks[1][0] == 0
