"""How the server starts and stops, as a process."""

import asyncio
import contextlib
import os
import pty
import re
import signal
import socket
import stat
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from support.patience import stretched
from support.process_figures import workers
from support.server_process import ServerProcess
from support.simulator_process import SimulatorProcess

STOP_S = 20.0
"""Seconds within which the server ends even on a busy machine; it promises 6."""


@pytest.fixture(scope="module")
def simulator_arguments() -> tuple[str, ...]:
    """What the simulator of this module is started with."""
    return ("--cameras", "1")


@pytest.fixture
async def simulator(simulator_arguments: tuple[str, ...]) -> AsyncIterator[SimulatorProcess]:
    """A simulated rig that outlives the server, so that its lights can be looked at."""
    async with SimulatorProcess(*simulator_arguments) as running:
        yield running


class Streams:
    """Clients of every kind with a live view open, some of which never read."""

    def __init__(self, server: ServerProcess) -> None:
        self._server = server
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> "Streams":
        try:
            await self._open()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def _open(self) -> None:
        self.client = await self._stack.enter_async_context(self._server.client())
        await self.client.do("SELECT_CAMERA")
        await self.client.do("START_LIVEVIEW")
        idle = await self._stack.enter_async_context(self._server.client(max_queue=1))
        await idle.do("START_LIVEVIEW", {"encoding": "binary"})
        idle.socket.transport.pause_reading()
        self._stack.callback(idle.socket.transport.resume_reading)
        for _ in range(2):
            await self._open_mjpeg()

    async def _open_mjpeg(self) -> None:
        # Asked for and never read: the kernel's buffers fill up.
        reader, writer = await asyncio.open_connection("127.0.0.1", self._server.port, limit=2**10)
        self._stack.callback(writer.close)
        writer.write(b"GET /cameras/selected/liveview.mjpg HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"200 OK" in await reader.readline()

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()


@pytest.mark.as_users
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("uvicorn", [False, True], ids=["tetherlight", "uvicorn"])
async def test_a_signal_ends_the_server_with_streams_open(
    tmp_path: Path, simulator: SimulatorProcess, number: signal.Signals, *, uvicorn: bool
) -> None:
    """Lights are off, clients are told, the camera is free and the process is gone within the promised time."""
    server = ServerProcess(tmp_path, uvicorn=uvicorn, environment=simulator.settings)
    async with server, Streams(server) as streams:
        await streams.client.do("SET_LIGHT_STATE", {"light_name": "light_front", "state": True})
        assert (await simulator.control("status"))["lights"]["light_front"] is True
        began = time.monotonic()
        code = await server.stop(number)
        took = time.monotonic() - began
        assert took < stretched(STOP_S), server.log.read_text()
        await streams.client.socket.wait_closed()
        assert streams.client.socket.close_code == 1012
    # What uvicorn caught it raises again; a closed terminal reaches it as SIGTERM.
    assert code in {0, -number, -signal.SIGTERM}
    status = await simulator.control("status")
    assert not any(status["lights"].values())
    assert status["cameras"][0]["connected"] is False
    assert "Traceback" not in server.log.read_text()


async def test_a_set_under_way_is_ended_with_its_lights(tmp_path: Path, simulator: SimulatorProcess) -> None:
    """The job stops after the exposure under way and leaves a manifest that says so."""
    settings = simulator.settings | {"PHOTOMETRIC_CAPTURE_DELAY": "0.3"}
    async with ServerProcess(tmp_path, environment=settings) as server, server.client() as client:
        await client.do("SELECT_CAMERA")
        names = list((await client.do("GET_LIGHT_STATES"))["states"])
        await client.send("CAPTURE_PHOTOMETRIC_SET", {"light_sequence": names})
        await simulator.wait("capture", camera="camera1")
        began = time.monotonic()
        await server.stop()
        assert time.monotonic() - began < stretched(STOP_S)
    assert not any((await simulator.control("status"))["lights"].values())
    (manifest,) = tmp_path.glob("captures/photometric_sets/*/manifest.json")
    assert '"running"' not in manifest.read_text()


async def test_a_bracket_under_way_gives_the_old_value_back(tmp_path: Path, simulator: SimulatorProcess) -> None:
    """The exposure under way is short enough to wait for, so the camera is left as it was found."""
    async with ServerProcess(tmp_path, environment=simulator.settings) as server, server.client() as client:
        await client.do("SELECT_CAMERA")
        before = (await client.do("SET_CONFIG", {"config_name": "shutterspeed", "value": "1/60"}))["value"]
        bracket = {"config_name": "shutterspeed", "values": ["1/125", "1/250"]}
        await client.send("CAPTURE_SERIES", {"count": 400, "bracket": bracket})
        await client.event(lambda message: message["data"].get("index") == 2)
        assert await server.stop() == 0
    assert (await simulator.status())["properties"]["shutterspeed"] == before
    assert "Traceback" not in server.log.read_text()


async def test_a_worker_has_nothing_of_the_server_but_its_wire(tmp_path: Path, simulator: SimulatorProcess) -> None:
    """The server's event loop hands down copies of what it makes for standard output; nobody would close them."""
    async with ServerProcess(tmp_path, environment=simulator.settings) as server, server.client() as client:
        await client.do("SELECT_CAMERA")
        (worker,) = workers(server.pid)
        files = {int(one.name): str(one.readlink()) for one in Path("/proc", str(worker), "fd").iterdir()}
        others = [file for number, file in files.items() if number > 2]
        assert files[1] == files[2]
        assert files[1] not in others
        # The wire, and the camera's two connections.
        assert len([file for file in others if file.startswith("socket:")]) == 3
        shared = {str(one.readlink()) for one in Path("/proc", str(server.pid), "fd").iterdir()}
        assert not shared & set(others)


async def test_an_exposure_of_half_a_minute_does_not_keep_the_server(
    tmp_path: Path, simulator: SimulatorProcess
) -> None:
    """Neither does a job that wants to set its camera back: the worker ends with the server."""
    async with ServerProcess(tmp_path, environment=simulator.settings) as server, server.client() as client:
        await client.do("SELECT_CAMERA")
        bracket = {"config_name": "shutterspeed", "values": ["30", "25"]}
        await client.send("CAPTURE_SERIES", {"bracket": bracket})
        await simulator.wait("exposure", camera="camera1")
        began = time.monotonic()
        assert await server.stop() == 0
        assert time.monotonic() - began < stretched(STOP_S)
    assert "Traceback" not in server.log.read_text()
    assert "Warning" not in server.log.read_text()


async def test_serve_simulate_brings_and_ends_its_own_simulator(tmp_path: Path) -> None:
    """One command gives a rig with a camera and lights, and leaves nothing behind."""
    async with ServerProcess(tmp_path, "--simulate", "--width", "600") as server, server.client() as client:
        cameras = await client.do("GET_CAMERAS")
        assert [camera["model"] for camera in cameras] == ["Canon EOS 1300D"]
        children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
        assert children
    assert not any(Path("/proc", pid).exists() for pid in children)


@pytest.mark.as_users
async def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    """No traceback, exit code 1."""
    server = ServerProcess(tmp_path)
    with socket.socket() as other:
        other.bind(("127.0.0.1", server.port))
        with pytest.raises(AssertionError, match=f"tetherlight: Port {server.port} is in use by another program"):
            await server.start()
        assert server.process is not None
        assert await server.process.wait() == 1
        assert "Traceback" not in server.log.read_text()


@pytest.mark.as_users
@pytest.mark.parametrize("uvicorn", [False, True], ids=["tetherlight", "uvicorn"])
async def test_a_wrong_setting_is_one_sentence(tmp_path: Path, *, uvicorn: bool) -> None:
    """The sentence names the variable."""
    server = ServerProcess(tmp_path, uvicorn=uvicorn, environment={"LIVEVIEW_FRAME_INTERVAL": "fast"})
    with contextlib.suppress(AssertionError):
        await server.start()
    assert server.process is not None
    assert await server.process.wait() in {1, 3}
    log = server.log.read_text()
    assert log.count("Setting LIVEVIEW_FRAME_INTERVAL is 'fast'") == 1
    assert "Traceback" not in log


async def test_a_bare_uvicorn_is_warned_about_compression_and_openness(tmp_path: Path) -> None:
    """Both warnings stand in the log, and the rest works as it does elsewhere."""
    async with ServerProcess(tmp_path, uvicorn=True) as server:
        log = server.log.read_text()
        assert "permessage-deflate is on" in log
        assert "API_TOKEN is not set" in log
        async with server.client() as client:
            await client.do("GET_JOBS")
        async with connect(f"ws://127.0.0.1:{server.port}/ws") as raw:
            await raw.send('{"action":"GET_JOBS","request_id":1,"filler":"' + "x" * 70_000 + '"}')
            assert '"error_code":"message_too_large"' in str(await raw.recv())


async def test_serving_other_machines_makes_a_token_and_tells_where_it_is(tmp_path: Path) -> None:
    """It is in a file of the owner's, and in nothing that a journal or the log of a container would keep."""
    async with ServerProcess(tmp_path, "--host", "0.0.0.0") as server:
        token = (tmp_path / "state" / "tetherlight" / "token").read_text().strip()
        assert stat.S_IMODE((tmp_path / "state" / "tetherlight" / "token").stat().st_mode) == 0o600
        async with server.http() as http:
            assert (await http.get("/images/x.jpg")).status_code == 401
            headers = {"Authorization": f"Bearer {token}"}
            assert (await http.get("/images/x.jpg", headers=headers)).status_code == 404
        async with connect(f"ws://127.0.0.1:{server.port}/ws", additional_headers=headers) as client:
            await client.send('{"action":"GET_JOBS","request_id":1}')
            assert '"success":true' in str(await client.recv())
    log = server.log.read_text()
    assert token not in log
    assert re.search(r"Tetherlight is at http://[\d.]+:\d+/login\n", log)
    assert f"Its token is in the file {tmp_path / 'state' / 'tetherlight' / 'token'}." in log


async def test_a_terminal_shows_the_address_with_the_token(tmp_path: Path) -> None:
    """Whoever starts the server by hand opens what is printed."""
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as screen:
        with os.fdopen(theirs, "wb") as output:
            server = ServerProcess(
                tmp_path, "--host", "0.0.0.0", environment={"API_TOKEN": "s3cret" * 5}, output=output
            )
            await server.start()
        try:
            shown = b""
            while not re.search(rb"Tetherlight is at http://[\d.]+:\d+/login#token=(s3cret){5}\r\n", shown):
                shown += await asyncio.to_thread(screen.read, 1000)
        finally:
            await server.stop()


async def test_no_auth_is_said_loudly(tmp_path: Path) -> None:
    """Without a token the log says so in capitals."""
    async with ServerProcess(tmp_path, "--host", "0.0.0.0", "--no-auth") as server:
        assert "AUTHENTICATION IS OFF" in server.log.read_text()
        async with server.client() as client:
            await client.do("GET_JOBS")


async def test_a_second_server_on_the_same_folder_ends_with_a_sentence(tmp_path: Path) -> None:
    """However it is started: what it says names the folder and what to do. The first goes on, and after it another."""
    first = ServerProcess(tmp_path / "one")
    await first.start()
    shared = {"CAPTURES_BASE_DIR": str(tmp_path / "one" / "captures")}
    for uvicorn, code in ((False, 1), (True, 3)):
        second = ServerProcess(tmp_path / f"two-{code}", environment=shared, uvicorn=uvicorn)
        with pytest.raises(AssertionError):  # it ends before it listens to anybody
            await second.start()
        assert await second.stop() == code
        told = " ".join(second.log.read_text().split())
        assert f"Another server works in the folder {tmp_path}/one/captures" in told
        assert "CAPTURES_BASE_DIR" in told
        assert "Traceback" not in told
    async with first.client() as client:
        await client.do("LIST_IMAGE_SETS")
    assert await first.stop() == 0
    third = ServerProcess(tmp_path / "three", environment=shared)
    await third.start()
    assert await third.stop() == 0


async def test_a_refused_server_leaves_the_lamps_of_the_first_alone(
    simulator: SimulatorProcess, tmp_path: Path
) -> None:
    """Two servers with one folder have one rig: what the first has lit stays lit."""
    shared = {**simulator.settings, "CAPTURES_BASE_DIR": str(tmp_path / "one" / "captures")}
    async with ServerProcess(tmp_path / "one", environment=shared) as first, first.client() as client:
        await client.do("SET_LIGHT_STATE", {"light_name": "light_left", "state": True})
        second = ServerProcess(tmp_path / "two", environment=shared)
        with pytest.raises(AssertionError):
            await second.start()
        assert await second.stop() == 1
        lit = (await simulator.control("status"))["lights"]
        assert [name for name, state in lit.items() if state] == ["light_left"]
        assert (await client.do("GET_LIGHT_STATES"))["states"] == lit
