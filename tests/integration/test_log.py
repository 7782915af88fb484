"""The log of a real server, as those see it who cannot reach its machine."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from support.program import finished
from support.server_process import ServerProcess

pytestmark = pytest.mark.asyncio(loop_scope="module")

TOKEN = "a-s3cret-of+this/server"
WRONG = "a-s3cret-of-another-server"
LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["serve", "uvicorn"])
async def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ServerProcess]:
    """A server that wants a token and logs all it can, started in both ways."""
    folder: Path = tmp_path_factory.mktemp("log")
    environment = {"API_TOKEN": TOKEN, "LOG_LEVEL": "DEBUG"}
    async with ServerProcess(folder, environment=environment, uvicorn=request.param == "uvicorn") as process:
        yield process


def connection(server: ServerProcess, token: str = TOKEN) -> Any:
    return server.client(additional_headers={"Authorization": f"Bearer {token}"})


async def test_the_newest_lines_come_oldest_first_and_from_a_level_on(server: ServerProcess) -> None:
    async with connection(server) as client:
        for _ in range(5):
            await client.do("GET_JOBS")
        lines = (await client.do("GET_LOG"))["lines"]
        assert [line["time"] for line in lines] == sorted(line["time"] for line in lines)
        assert any(
            line["logger"] == "tetherlight.actions.dispatch" and " GET_JOBS " in line["message"] for line in lines
        )
        assert any(line["logger"].startswith("uvicorn") for line in lines)
        assert len({json.dumps(line) for line in lines}) == len(lines)
        (newest,) = (await client.do("GET_LOG", {"limit": 1}))["lines"]
        assert newest in (await client.do("GET_LOG"))["lines"]
        assert newest["time"] >= lines[-1]["time"]
        for level in LEVELS:
            found = (await client.do("GET_LOG", {"level": level, "limit": 1000}))["lines"]
            assert {line["level"] for line in found} <= set(LEVELS[LEVELS.index(level) :])


async def test_watching_the_log_does_not_fill_it(server: ServerProcess) -> None:
    async with connection(server) as client:
        for _ in range(5):
            lines = (await client.do("GET_LOG", {"limit": 1000}))["lines"]
            assert await client.do("PING") == {"message": "Pong."}
        assert not any(" GET_LOG " in line["message"] or " PING " in line["message"] for line in lines)


@pytest.mark.parametrize("payload", [{"limit": 0}, {"limit": 1001}, {"level": "info"}, {"lines": 3}])
async def test_what_makes_no_sense_is_refused(server: ServerProcess, payload: dict[str, Any]) -> None:
    async with connection(server) as client:
        assert (await client.request("GET_LOG", payload))["error_code"] == "invalid_payload"


async def test_only_those_who_showed_the_token_see_the_log(server: ServerProcess) -> None:
    async with server.client() as stranger:
        reply = await stranger.request("GET_LOG")
        assert (reply["success"], reply["error_code"], reply["data"]) == (False, "unauthorized", None)
        assert (await stranger.closed())[0] == 4401
    async with server.client() as friend:
        await friend.do("AUTH", {"token": TOKEN})
        assert (await friend.do("GET_LOG"))["lines"]


async def test_no_token_ever_gets_into_the_log(server: ServerProcess) -> None:
    """However it was shown: in a header, a message, a form or an address, right or wrong."""
    async with server.client() as client:
        assert (await client.request("AUTH", {"token": WRONG}))["error_code"] == "unauthorized"
    async with server.http() as http:
        for token in (TOKEN, WRONG):
            await http.get("/images/x.jpg", params={"token": token})
            await http.get("/images/x.jpg", headers={"Authorization": f"Bearer {token}"})
            await http.get("/images/x.jpg", auth=("", token))
            await http.post("/login", data={"token": token}, headers={"Origin": server.url})
        cookie = http.cookies["tetherlight_session"]
        await http.get("/images/x.jpg")
    async with server.client() as client:
        await client.do("AUTH", {"token": TOKEN})
        lines = (await client.do("GET_LOG", {"level": "DEBUG", "limit": 1000}))["lines"]
    told = json.dumps(lines)
    assert "/images/x.jpg?token=***" in told
    assert "s3cret" not in told
    assert cookie not in told
    assert cookie.partition(".")[2] not in told


async def test_the_log_of_tetherlight_serve_holds_no_token_on_standard_error_either(server: ServerProcess) -> None:
    """With a bare uvicorn its own configuration decides what is printed."""
    log = server.log.read_text()
    if "Tetherlight is at" in log:
        assert "s3cret" not in log
        assert "/images/x.jpg?token=***" in log


async def test_the_command_shows_the_log(server: ServerProcess) -> None:
    async def command(*words: str) -> str:
        code, out, _ = await finished("tetherlight", "log", *words, "--server", server.url, "--token", TOKEN)
        assert code == 0
        return out

    assert " INFO    tetherlight.server.ws.websocket: c" in await command()
    assert len((await command("--limit", "2", "--level", "info")).splitlines()) == 2
    assert await command("--level", "critical") == "The log has no such lines.\n"
    (line,) = json.loads(await command("--limit", "1", "--json"))
    assert set(line) == {"time", "level", "logger", "message"}
