"""The Python client when there is no server, the wrong one, or one that goes away."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from websockets.asyncio.server import ServerConnection, serve

from support.patience import stretched
from support.server_process import ServerProcess
from support.simulator_process import SimulatorProcess
from support.turns import turns
from tetherlight import errors
from tetherlight.client import Client
from tetherlight.client.address import Address
from tetherlight.protocol.closing import CloseCode
from tetherlight.protocol.server import GET_SERVER_INFO
from tetherlight.protocol.sets import CAPTURE_PHOTOMETRIC_SET

TOKEN = "a-token-for-tests"


class FakeServer:
    """A server that greets like the real one and answers what the test tells it to."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.connections = 0

    async def talk(self, socket: ServerConnection) -> None:
        """Answer until a request comes that has no answer: that one breaks the connection."""
        self.connections += 1
        async for text in socket:
            request = json.loads(text)
            self.asked.append(request["action"])
            if request["action"] not in self.answers:
                socket.transport.abort()
                return
            answer = self.answers[request["action"]]
            reply = {"action": request["action"], "success": True, "data": answer, "request_id": request["request_id"]}
            await socket.send(json.dumps(reply))

    @asynccontextmanager
    async def run(self) -> AsyncIterator[str]:
        """Listen for a while and give the address."""
        async with serve(self.talk, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            yield f"http://127.0.0.1:{port}"


INFO = GET_SERVER_INFO.example_result


@pytest.mark.parametrize(
    ("text", "http", "websocket"),
    [
        ("rig.local", "http://rig.local:8000", "ws://rig.local:8000/ws"),
        ("[::1]", "http://[::1]:8000", "ws://[::1]:8000/ws"),
        ("192.168.1.7/rig", "http://192.168.1.7:8000/rig", "ws://192.168.1.7:8000/rig/ws"),
        ("rig.local:80", "http://rig.local:80", "ws://rig.local:80/ws"),
        ("http://rig.local", "http://rig.local", "ws://rig.local/ws"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000", "ws://127.0.0.1:8000/ws"),
        ("ws://rig.local:8000/ws", "http://rig.local:8000", "ws://rig.local:8000/ws"),
        ("https://example.org/rig/", "https://example.org/rig", "wss://example.org/rig/ws"),
        ("http://[::1]:8000/login#token=abc", "http://[::1]:8000", "ws://[::1]:8000/ws"),
    ],
)
def test_addresses_are_read_as_people_write_them(text: str, http: str, websocket: str) -> None:
    address = Address.parse(text)
    assert (address.http, address.websocket) == (http, websocket)
    assert address.token == ("abc" if "#" in text else None)


@pytest.mark.parametrize("text", ["", "ftp://host", "http://", "http://host:99999", "http://host:x"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(errors.InvalidSetting):
        Client(text)


async def test_no_server_is_told_with_what_to_do(free_port: int) -> None:
    with pytest.raises(errors.ServerUnreachable, match="No server answers at") as refused:
        await Client(f"http://127.0.0.1:{free_port}").__aenter__()
    assert "tetherlight serve" in (refused.value.hint or "")


async def test_another_kind_of_server_is_told(free_port: int) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH\r\n")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", free_port):
        with pytest.raises(errors.ServerUnreachable, match="no Tetherlight server"):
            await Client(f"http://127.0.0.1:{free_port}").__aenter__()


async def test_a_capture_under_way_when_the_connection_breaks_fails_and_is_not_repeated() -> None:
    fake = FakeServer(GET_SERVER_INFO=INFO)
    async with fake.run() as url, Client(url) as rig:
        with pytest.raises(errors.ServerUnreachable, match="before CAPTURE_IMAGE was answered"):
            await rig.capture()
        await rig.info()
    assert fake.asked.count("CAPTURE_IMAGE") == 1
    assert fake.connections == 2


async def test_a_question_under_way_when_the_connection_breaks_is_asked_again() -> None:
    fake = FakeServer(GET_SERVER_INFO=INFO)
    async with fake.run() as url, Client(url) as rig:
        asking = asyncio.create_task(rig.jobs())
        with pytest.raises(errors.ServerUnreachable):
            await rig.capture()
        fake.answers["GET_JOBS"] = []
        assert await asking == []


async def test_without_reconnecting_everything_ends_with_the_connection() -> None:
    topics = {"lights": {"seq": 1, "snapshot": {"states": {}, "gpio_available": False, "driver": "x", "lights": []}}}
    fake = FakeServer(GET_SERVER_INFO=INFO, SUBSCRIBE={"topics": topics})
    async with fake.run() as url, Client(url, reconnect=False) as rig:
        async with aclosing(rig.events("lights")) as events:
            assert (await anext(events)).name == "snapshot"
            with pytest.raises(errors.ServerUnreachable):
                await rig.jobs()
            with pytest.raises(errors.ServerUnreachable, match="was lost"):
                await anext(events)
        with pytest.raises(errors.ServerUnreachable, match="was lost"):
            await rig.lights()


@pytest.mark.parametrize("code", [row for row in CloseCode if row.error is not None], ids=lambda row: row.name)
async def test_a_client_that_is_turned_away_is_told_why(code: CloseCode) -> None:
    async def refuse(socket: ServerConnection) -> None:
        await socket.close(code, "For a reason.")

    async with serve(refuse, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        with pytest.raises(errors.TetherlightError) as refused:
            await Client(f"http://127.0.0.1:{port}").__aenter__()
    assert type(refused.value) is code.error
    assert refused.value.message == "For a reason."


async def test_a_client_comes_again_to_a_full_server_and_not_to_one_that_locks_it_out() -> None:
    class Closing(FakeServer):
        async def talk(self, socket: ServerConnection) -> None:
            refusals = {2: CloseCode.TOO_MANY, 3: CloseCode.STOPPING, 5: CloseCode.UNAUTHORIZED}
            if self.connections + 1 in refusals:
                self.connections += 1
                await socket.close(refusals[self.connections])
                return
            await super().talk(socket)

    fake = Closing(GET_SERVER_INFO=INFO)
    async with fake.run() as url, Client(url) as rig:
        with pytest.raises(errors.ServerUnreachable):
            await rig.capture()
        await rig.info()
        assert fake.connections == 4
        with pytest.raises(errors.ServerUnreachable):
            await rig.capture()
        with pytest.raises(errors.Unauthorized):
            await rig.info()
    assert fake.connections == 5


async def test_answers_of_newer_and_of_broken_servers_are_told_apart() -> None:
    newer = {
        "filename": "a.jpg",
        "path": "a.jpg",
        "size": 1,
        "mimetype": "image/jpeg",
        "url": "/images/a.jpg",
        "new": 1,
    }
    fake = FakeServer(GET_SERVER_INFO=INFO | {"new": 1}, LIST_CAPTURES=[newer], LIST_IMAGE_SETS=[{"size": "x"}])
    async with fake.run() as url, Client(url) as rig:
        assert [image.filename for image in await rig.captures()] == ["a.jpg"]
        with pytest.raises(errors.ServerError, match="not a ImageSetList"):
            await rig.sets()


async def test_a_set_whose_connection_breaks_tells_its_job() -> None:
    class Capturing(FakeServer):
        async def talk(self, socket: ServerConnection) -> None:
            async for text in socket:
                request = json.loads(text)
                if request["action"] == CAPTURE_PHOTOMETRIC_SET.name:
                    data = {"status": "processing_light_1_of_1", "set_folder": "s", "job_id": "job-7", "index": 1}
                    data |= {"total": 1, "request_id": request["request_id"]}
                    await socket.send(json.dumps({"action": "photometric_progress", "success": True, "data": data}))
                    await socket.close()
                else:
                    reply = {"success": True, "data": INFO, "request_id": request["request_id"]}
                    await socket.send(json.dumps(reply))

    async with Capturing().run() as url, Client(url) as rig:
        with pytest.raises(errors.ServerUnreachable, match="CAPTURE_PHOTOMETRIC_SET") as lost:
            await rig.capture_set(["light_left"])
        assert lost.value.details == {"job_id": "job-7"}


async def test_a_closed_client_ends_what_still_waits() -> None:
    topics = {"storage": {"seq": 0, "snapshot": {"path": "x", "free_bytes": 1, "total_bytes": 2}}}
    fake = FakeServer(GET_SERVER_INFO=INFO, SUBSCRIBE={"topics": topics})
    async with fake.run() as url:
        async with Client(url) as rig:
            events = rig.events("storage")
            await anext(events)
            waiting = asyncio.create_task(asyncio.wait_for(anext(events), stretched(10)))
            await turns()
        with pytest.raises(errors.ServerUnreachable, match="closed"):
            await waiting
        with pytest.raises(errors.ServerUnreachable, match="closed"):
            await rig.lights()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def simulator() -> AsyncIterator[SimulatorProcess]:
    async with SimulatorProcess() as process:
        yield process


@pytest.mark.asyncio(loop_scope="module")
async def test_a_wrong_and_a_missing_token_are_refused_and_a_restart_is_survived(
    simulator: SimulatorProcess, tmp_path: Path
) -> None:
    """One server, killed and started again: tokens first, then settings, live view and events go on by themselves."""
    async with ServerProcess(tmp_path, environment=simulator.settings | {"API_TOKEN": TOKEN}) as server:
        with pytest.raises(errors.Unauthorized, match="token is wrong"):
            await Client(server.url, token="not-the-token").__aenter__()
        with pytest.raises(errors.Unauthorized, match="wants a token"):
            await Client(server.url).__aenter__()
        assert await exit_code(server.url, "--token", "not-the-token") == (4, "tetherlight: The token is wrong.\n")
        assert (await exit_code(server.url))[0] == 4
        for names in ({"TETHERLIGHT_TOKEN": TOKEN, "API_TOKEN": "another-token"}, {"API_TOKEN": TOKEN}):
            assert (await exit_code(server.url, **names))[0] == 0
        assert (await exit_code(server.url, "--token", TOKEN))[0] == 0
        async with Client(f"{server.url}/login#token={TOKEN}") as rig, aclosing(rig.liveview()) as frames:
            camera = await rig.select()
            assert (await anext(frames)).camera_id == camera.camera_id
            async with aclosing(rig.events("lights")) as events:
                await anext(events)
                await server.stop(signal.SIGKILL)
                assert server.process is not None
                waiting = asyncio.create_task(rig.get_config("iso"))
                await server.start()
                assert (await waiting).alias == "iso"
                again = await anext(events)
                assert (again.name, again.topic) == ("snapshot", "lights")
                await rig.set_light("light_left", True)
                assert (await anext(events)).name == "lights_changed"
            seen = [await anext(frames) for _ in range(3)]
            assert {frame.camera_id for frame in seen} == {camera.camera_id}
            [path] = await rig.download(await rig.capture(), tmp_path / "here")
            assert path.read_bytes().startswith(b"\xff\xd8")


async def exit_code(url: str, *words: str, **variables: str) -> tuple[int | None, str]:
    """Run `tetherlight info` and give its exit code and what it complains."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tetherlight", "info", "--server", url, *words, env=os.environ | variables,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, complaints = await process.communicate()
    return process.returncode, complaints.decode()


def test_the_client_loads_neither_the_server_nor_its_settings() -> None:
    """A program that uses the client should not carry a camera server with it."""
    script = "import sys, tetherlight.client.sync, tetherlight.client.downloads; print('\\n'.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    ours = {name.split(".")[1] for name in loaded if name.startswith("tetherlight.")}
    assert ours == {"client", "errors", "files", "protocol"}
    assert not {"fastapi", "uvicorn", "gphoto2", "pydantic_settings", "numpy"} & set(loaded)
