"""Who has which role at a real server, over every way in, and how one is sent out."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from support.patience import stretched
from support.server_process import ServerProcess
from support.wire_client import WireClient
from tetherlight.protocol.roles import Role
from tetherlight.tokens import Tokens

pytestmark = pytest.mark.asyncio(loop_scope="module")
OWNER = "the-owners-own-secret-token"


@dataclass
class World:
    """A server, its tokens, and one of each role."""

    server: ServerProcess
    tokens: Tokens
    secrets: dict[Role, str]

    def client(self, role: Role) -> WireClient:
        """Connect as this."""
        return self.server.client(additional_headers={"Authorization": f"Bearer {self.secrets[role]}"})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("roles")
    tokens = Tokens.beside(folder / "state")
    roles: tuple[Role, ...] = ("viewer", "operator", "owner", "metrics")
    secrets = {role: tokens.add(f"the {role}", role) for role in roles}
    environment = {
        "STATE_DIR": str(folder / "state"),
        "API_TOKEN": OWNER,
        "CAPTURES_BASE_DIR": str(folder / "captures"),
    }
    async with ServerProcess(folder, environment=environment) as server:
        yield World(server, tokens, secrets)


async def asked(world: World, role: Role, action: str, payload: Any = None) -> str | None:
    """Ask as somebody and return the code of the refusal, None where there was none."""
    async with world.client(role) as client:
        reply: dict[str, Any] = await client.request(action, payload)
        return reply.get("error_code")


RIGHTS: tuple[tuple[Role, list[str]], ...] = (
    ("viewer", ["metrics", "read"]),
    ("operator", ["control", "metrics", "read"]),
    ("owner", ["control", "delete", "metrics", "read", "settings"]),
)


async def test_the_first_answer_tells_a_client_its_role(world: World) -> None:
    for role, rights in RIGHTS:
        async with world.client(role) as client:
            told = await client.do("GET_SERVER_INFO")
        assert (told["role"], told["rights"], told["token_needed"]) == (role, rights, True)
    async with world.server.client() as client:
        await client.do("AUTH", {"token": OWNER})
        assert (await client.do("GET_SERVER_INFO"))["role"] == "owner"


async def test_each_role_may_do_its_own_and_no_more(world: World) -> None:
    light = {"light_name": "light_front", "state": False}
    assert await asked(world, "viewer", "GET_LIGHT_STATES") is None
    for role, action, payload in (
        ("viewer", "SET_LIGHT_STATE", light),
        ("viewer", "DELETE_IMAGE", {"image_path": "a.jpg"}),
        ("operator", "DELETE_IMAGE", {"image_path": "a.jpg"}),
        ("operator", "SET_NAMING", {"capture": "a_{number}"}),
        ("operator", "CALIBRATE_LIGHTS", {"set_name": "a", "apply": True}),
    ):
        assert await asked(world, role, action, payload) == "right_missing"  # type: ignore[arg-type]  # a tuple of words
    assert await asked(world, "operator", "CALIBRATE_LIGHTS", {"set_name": "a"}) == "set_not_found"
    assert await asked(world, "owner", "DELETE_IMAGE", {"image_path": "a.jpg"}) == "image_not_found"


async def test_a_refusal_says_who_may(world: World) -> None:
    async with world.client("viewer") as client:
        reply = await client.request("SET_LIGHT_STATE", {"light_name": "light_front", "state": True})
    assert reply["error"] == "SET_LIGHT_STATE needs the right 'control', which the role 'viewer' does not have."
    assert reply["hint"].startswith("Use a token of the role 'operator'")
    assert reply["error_details"] == {"right": "control"}


async def test_a_token_for_figures_opens_nothing_else(world: World) -> None:
    headers = {"Authorization": f"Bearer {world.secrets['metrics']}"}
    async with world.server.http() as http:
        for path in ("/", "/images/a.jpg", "/cameras/selected/liveview.mjpg"):
            answer = await http.get(path, headers=headers)
            assert (answer.status_code, answer.json()["error_code"]) == (403, "right_missing")
        answer = await http.post("/login", data={"token": world.secrets["metrics"]})
        assert (answer.status_code, len(answer.cookies)) == (403, 0)
    async with world.client("metrics") as client:
        await client.socket.wait_closed()
        assert client.socket.close_code == 4403
    async with world.server.client() as client:
        reply = await client.request("AUTH", {"token": world.secrets["metrics"]})
        assert reply["error_code"] == "right_missing"


async def test_a_login_is_worth_what_its_token_is(world: World) -> None:
    async with world.server.http() as http:
        answer = await http.post("/login", data={"token": world.secrets["viewer"]})
        assert answer.status_code == 303
        cookie = "; ".join(f"{name}={value}" for name, value in answer.cookies.items())
    async with world.server.client(additional_headers={"Cookie": cookie}) as client:
        assert (await client.do("GET_SERVER_INFO"))["role"] == "viewer"


async def test_who_is_connected_by_a_token_that_is_revoked_is_sent_out(world: World) -> None:
    """And nobody else is."""
    secret = world.tokens.add("guest", "operator")
    header = {"Authorization": f"Bearer {secret}"}
    async with world.client("viewer") as other, world.server.client() as shown:
        async with world.server.client(additional_headers=header) as guest:
            await guest.do("PING")
            await shown.do("AUTH", {"token": secret})
            world.tokens.revoke("guest")
            async with asyncio.timeout(stretched(20)):
                for one in (guest, shown):
                    await one.socket.wait_closed()
                    assert one.socket.close_code == 4401
        await other.do("PING")
    async with world.server.http() as http:
        assert (await http.get("/images/a.jpg", headers=header)).status_code == 401


async def test_the_first_token_sends_everybody_out_of_an_open_server(tmp_path: Path) -> None:
    tokens = Tokens.beside(tmp_path / "state")
    environment = {"STATE_DIR": str(tmp_path / "state"), "CAPTURES_BASE_DIR": str(tmp_path / "captures")}
    async with ServerProcess(tmp_path, environment=environment) as server:
        async with server.client() as client:
            told = await client.do("GET_SERVER_INFO")
            assert (told["role"], told["token_needed"]) == ("owner", False)
            secret = tokens.add("desk", "owner")
            async with asyncio.timeout(stretched(20)):
                await client.socket.wait_closed()
        async with server.client(additional_headers={"Authorization": f"Bearer {secret}"}) as client:
            assert (await client.do("GET_SERVER_INFO"))["token_needed"] is True
