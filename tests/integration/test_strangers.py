"""Whoever does not know the token cannot keep out who does, whatever they send and however long they stay silent."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from support.server_process import ServerProcess
from support.strangers import HOST, SAYS, SOURCES, Stranger, strangers
from support.tls_certificate import CERTIFICATE, KEY
from support.turns import until
from tetherlight.protocol.closing import CloseCode
from tetherlight.server.access.entrance import FURTHER_CONNECTIONS, UNKNOWN_REQUESTS
from tetherlight.server.access.security import FAILURES
from tetherlight.server.access.strangers import PLACES

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400)]

TOKEN = "a-token-for-the-test"
CAP = 20
MOST = CAP + FURTHER_CONNECTIONS
VISITS = 10


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    folder: Path = tmp_path_factory.mktemp("strangers")
    environment = {"API_TOKEN": TOKEN, "MAX_CONNECTIONS": str(CAP), "LOG_LEVEL": "INFO", "TRUSTED_PROXIES": HOST}
    async with ServerProcess(folder, environment=environment) as running:
        yield running
        log = running.log.read_text()
        assert "Traceback" not in log
        assert "unexpectedly" not in log


async def visit(server: ServerProcess, *, forwarded: str | None = None) -> int:
    """Come with the right token in every way, each on a connection of its own; return how often that was let in."""
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=200, headers=headers) as http:
        healthy = (await http.get("/health")).status_code == 200
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=200, headers=headers) as http:
        logged_in = (await http.post("/login", data={"token": TOKEN})).status_code == 303
        inside = (await http.get("/")).status_code == 200
    async with server.client(additional_headers=headers | {"Authorization": f"Bearer {TOKEN}"}) as client:
        asked = await client.do("PING")
    async with server.client(additional_headers=headers) as client:
        await client.do("AUTH", {"token": TOKEN})
    return healthy + logged_in + inside + (asked is not None) + 1


async def test_hundreds_of_strangers_keep_nobody_out(server: ServerProcess) -> None:
    """They fill every place there is and come again when they are dropped; who knows the token gets in each time."""
    async with strangers(server.port, MOST + 100) as there:
        assert len(there) > MOST
        for _ in range(VISITS):
            async with strangers(server.port, 30):
                assert await visit(server) == 5


async def test_connections_that_wait_to_show_the_token_take_nobody_elses_place(server: ServerProcess) -> None:
    """However many there are and however often they come again; the last ones are told why they had to go."""
    address = f"ws://{HOST}:{server.port}/ws"
    async with contextlib.AsyncExitStack() as crowd, server.client() as inside:
        await inside.do("AUTH", {"token": TOKEN})
        first = await crowd.enter_async_context(connect(address, local_addr=(SOURCES[0], 0), open_timeout=100))
        # Ten at a time: who waits too long for its turn goes for another reason.
        for _ in range(1 + (PLACES + CAP) // 10):
            others = (connect(address, local_addr=(source, 0), open_timeout=100) for source in 2 * SOURCES)
            await asyncio.gather(*(crowd.enter_async_context(other) for other in others))
            assert await visit(server) == 5
        with pytest.raises(ConnectionClosed):
            await first.recv()
        assert first.close_code == CloseCode.TOO_MANY
        await inside.do("PING")


async def test_who_shows_the_token_is_told_where_there_is_no_room(tmp_path: Path) -> None:
    """Connections that have shown it are bounded as before."""
    environment = {"API_TOKEN": TOKEN, "MAX_CONNECTIONS": "1"}
    async with ServerProcess(tmp_path, environment=environment) as server, server.client() as first:
        await first.do("AUTH", {"token": TOKEN})
        async with connect(f"ws://{HOST}:{server.port}/ws") as second:
            await second.send(json.dumps({"action": "AUTH", "payload": {"token": TOKEN}}))
            refused = json.loads(await second.recv())
            assert (refused["success"], refused["error_code"]) == (False, "too_many_requests")
            with pytest.raises(ConnectionClosed):
                await second.recv()
            assert second.close_code == CloseCode.TOO_MANY


async def test_every_stranger_is_sent_away_in_the_end(server: ServerProcess) -> None:
    """Each phase has its deadline, however the request trickles; only who has sent all of it is answered before."""
    async with strangers(server.port, 3 * len(SAYS)) as there:
        said = await asyncio.gather(*(one.ended() for one in there if not one.kind.endswith("does not read")))
        silent = [one for one in there if one.kind.endswith("does not read")]
        await asyncio.gather(*(gone(one) for one in silent))
        assert sum(answer.startswith(b"HTTP/1.1 408") for answer in said) > 0
    assert await visit(server) == 5


async def gone(stranger: Stranger) -> None:
    """Wait until the server has dropped who reads nothing: then it can be written to no more."""

    def dropped() -> bool:
        stranger.writer.write(b"\r\n")
        return stranger.writer.is_closing()

    await until(dropped, 120)


async def test_a_request_is_answered_408_when_its_body_does_not_come(server: ServerProcess) -> None:
    async with strangers(
        server.port, 3, kinds=["a length without a body", "half a body", "a body without end"]
    ) as there:
        for answer in await asyncio.gather(*(one.ended() for one in there)):
            head, _, body = answer.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 408")
            assert b"connection: close" in head.lower()
            assert b'"error_code":"request_too_slow"' in body


async def test_who_stays_unknown_is_answered_only_so_often_on_a_connection(server: ServerProcess) -> None:
    """Told so with the last answer, and whatever it has sent beyond that is not looked at."""
    async with strangers(server.port, 3, kinds=["too many requests at once"]) as there:
        for answer in await asyncio.gather(*(one.ended() for one in there)):
            assert answer.count(b"HTTP/1.1 200") <= UNKNOWN_REQUESTS
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=200) as http:
        answers = [await http.get("/health") for _ in range(UNKNOWN_REQUESTS + 1)]
        ends = [number for number, one in enumerate(answers) if one.headers.get("connection") == "close"]
        assert ends == [UNKNOWN_REQUESTS - 1]
        known = [await http.get("/", headers={"Authorization": f"Bearer {TOKEN}"}) for _ in range(UNKNOWN_REQUESTS)]
        assert not [one for one in known if "connection" in one.headers]


async def test_who_ends_its_half_of_the_connection_is_let_go(server: ServerProcess) -> None:
    async with strangers(server.port, 2 * len(SAYS), half_closed=True) as there:
        await asyncio.gather(*(one.ended() for one in there if not one.kind.endswith("does not read")))
    assert await visit(server) == 5


async def test_behind_a_proxy_each_client_counts_for_itself(server: ServerProcess) -> None:
    """A stranger who is bounded is the one whom the proxy names; who guesses tokens shuts out only itself."""
    kinds, header = ["a length without a body"], "X-Forwarded-For: 203.0.113.7"
    async with strangers(server.port, 60, kinds=kinds, sources=[HOST], header=header) as there:
        first = await asyncio.gather(*(one.ended() for one in there[:20]))
        assert first == [b""] * 20, "the oldest ones give way at once, without an answer"
        assert await visit(server, forwarded="203.0.113.8") == 5
        assert await visit(server, forwarded="203.0.113.7") == 5
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=200) as http:
        guesser = {"X-Forwarded-For": "10.1.1.1, 203.0.113.9"}
        answers = [await http.post("/login", data={"token": "wrong"}, headers=guesser) for _ in range(11)]
        assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert await visit(server, forwarded="203.0.113.8") == 5
    assert await visit(server) == 5


async def test_a_bare_uvicorn_ends_requests_whose_body_does_not_come(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path, environment={"API_TOKEN": TOKEN}, uvicorn=True) as server:
        kinds = ["a length without a body", "half a body", "a body without end", "a question"]
        async with strangers(server.port, 100, kinds=kinds) as there:
            assert await visit(server) == 5
            answers = await asyncio.gather(*(one.ended() for one in there))
        assert [b"HTTP/1.1 408" in answer for answer in answers] == [True] * 100
        assert "Traceback" not in server.log.read_text()


async def test_handshakes_of_tls_count_and_have_a_deadline(tmp_path: Path) -> None:
    """Also who never gets as far as a request takes a place, and loses it to who comes with the token."""
    (tmp_path / "cert.pem").write_text(CERTIFICATE)
    (tmp_path / "key.pem").write_text(KEY)
    environment = {"API_TOKEN": TOKEN, "MAX_CONNECTIONS": "1"}
    arguments = ("--tls-cert", "cert.pem", "--tls-key", "key.pem")
    trust = ssl.create_default_context(cadata=CERTIFICATE)
    server = ServerProcess(tmp_path, *arguments, environment=environment, tls=trust)
    async with server, strangers(server.port, FURTHER_CONNECTIONS + 50, kinds=["nothing"]) as there:
        for _ in range(3):
            async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=200, verify=trust) as http:
                assert (await http.get("/health")).status_code == 200
                assert (await http.post("/login", data={"token": TOKEN})).status_code == 303
            headers = {"Authorization": f"Bearer {TOKEN}"}
            async with server.client(ssl=trust, additional_headers=headers) as client:
                assert len((await client.do("DESCRIBE"))["schema"]) > 1
        assert await asyncio.gather(*(one.ended() for one in there)) == [b""] * len(there)


async def test_a_bare_uvicorn_does_not_count_a_guesser_under_names_that_it_makes_up(tmp_path: Path) -> None:
    """It believes X-Forwarded-For of everybody on this machine; we believe it of TRUSTED_PROXIES only."""
    async with ServerProcess(tmp_path, uvicorn=True, environment={"API_TOKEN": TOKEN}) as server, server.http() as http:
        answers = [
            await http.get("/", headers={"Authorization": "Bearer guess", "X-Forwarded-For": f"203.0.113.{n}"})
            for n in range(FAILURES + 1)
        ]
    assert [one.status_code for one in answers] == [401] * FAILURES + [429]
