"""The table of HTTP routes, and the server that goes by it."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from starlette.routing import Mount, Route, WebSocketRoute

from support.served_app import Served, serving
from tetherlight.protocol import routes
from tetherlight.protocol.routes import ROUTES
from tetherlight.protocol.schema import protocol_schema

TOKEN = "correct-horse"
GUESSED = {"to": "lp", "path": "a.jpg", "name": "vase", "camera_id": "camera-9"}

Kind = tuple[str, frozenset[str]]


@pytest.fixture
async def guarded() -> AsyncIterator[Served]:
    async with serving(api_token=TOKEN) as server:
        yield server


def served_routes(found: list[Any]) -> Iterator[Kind]:
    """Give path and methods of whatever an application answers, also of what is included in it."""
    for one in found:
        match one:
            case WebSocketRoute():
                yield one.path, frozenset({"GET"})
            case Mount():
                yield f"{one.path}/{{path:path}}", frozenset({"GET", "HEAD"})
            case Route():
                yield one.path, frozenset(one.methods or ())
            case _:
                inner = getattr(one, "routes", None) or getattr(one, "original_router", one).routes
                yield from served_routes(list(inner))


async def test_the_server_answers_the_table_and_nothing_else(guarded: Served) -> None:
    """A route without a row is found, and so is a row without a route."""
    found = list(served_routes(guarded.app.routes))
    assert sorted(found, key=str) == sorted(((row.path, frozenset(row.methods)) for row in ROUTES.values()), key=str)


async def test_a_route_without_a_row_is_found(guarded: Served) -> None:
    """The test before this one can fail."""
    guarded.app.add_api_route("/secret", lambda: None)
    assert ("/secret", frozenset({"GET"})) in set(served_routes(guarded.app.routes))


@pytest.mark.parametrize("row", ROUTES.values(), ids=lambda row: row.name)
async def test_what_is_open_is_answered_without_a_token_and_nothing_else_is(guarded: Served, row: routes.Route) -> None:
    """As the row says."""
    async with guarded.http() as http:
        answer = await http.request(row.methods[0], row.url(**GUESSED), data={} if row is routes.LOGIN else None)
    refused = answer.json() if answer.headers["content-type"] == "application/json" else {}
    wants_token = refused.get("error") == "This needs the server's token."
    assert wants_token is not row.open


@pytest.mark.parametrize("row", ROUTES.values(), ids=lambda row: row.name)
def test_a_route_is_described(row: routes.Route) -> None:
    """One sentence, and one for each thing that may be asked with it."""
    assert all(text.endswith(".") for text in (row.summary, *row.query.values()))
    assert row.path.startswith("/")
    assert row.path.startswith(row.prefix)


def test_addresses_are_quoted() -> None:
    """A name can hold what a path cannot."""
    assert routes.SET_FILE.url(name="a/b ?", path="results/x #.png") == "/sets/a%2Fb%20%3F/results/x%20%23.png"
    assert routes.HEALTH.url() == "/health"
    with pytest.raises(KeyError):
        routes.SET_ZIP.url()


def test_the_schema_has_the_whole_table() -> None:
    """So has what is made from it."""
    assert {name: one["path"] for name, one in protocol_schema()["x-routes"].items()} == {
        name: row.pattern for name, row in ROUTES.items()
    }
