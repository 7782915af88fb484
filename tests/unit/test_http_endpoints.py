"""Health, headers, login, motion JPEG and pages under a real uvicorn."""

import contextlib
import json
import re
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from support.fakes import TINY_JPEG, FakeCamera
from support.served_app import Served, serving
from tetherlight.server.access.security import FAILURES
from tetherlight.server.http.pages import BASE_PLACEHOLDER, load_pages, page_csp
from tetherlight.server.ws.stream import PART

TOKEN = "correct-horse"


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    """An open server."""
    async with serving() as server:
        yield server


@pytest.fixture
async def guarded() -> AsyncIterator[Served]:
    """A server with a token."""
    async with serving(api_token=TOKEN) as server:
        yield server


async def test_health_answers_get_and_head(served: Served) -> None:
    """Also without a token, for supervisors."""
    async with served.http() as http:
        assert (await http.get("/health")).json()["status"] == "ok"
        assert (await http.head("/health")).status_code == HTTPStatus.OK


async def test_every_response_carries_the_security_headers(served: Served) -> None:
    """Pages, errors and files alike."""
    async with served.http() as http:
        for path in ("/", "/health", "/nothing"):
            headers = (await http.get(path)).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["x-frame-options"] == "DENY"
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert "access-control-allow-origin" not in headers


async def test_a_mistake_of_the_server_is_told_as_json_behind_the_security_headers(served: Served) -> None:
    """The fake rig has no store, which no request for an image foresees."""
    async with served.http() as client:
        response = await client.get("/images/some.jpg", headers={"Origin": f"http://127.0.0.1:{served.port}"})
    assert response.status_code == 500
    assert response.json()["error_code"] == "internal_error"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["x-frame-options"] == "DENY"
    assert response.headers["content-security-policy"].startswith("default-src 'none'")
    assert response.headers["access-control-allow-origin"].endswith(str(served.port))


async def test_a_foreign_host_name_is_refused_everywhere(served: Served) -> None:
    """DNS rebinding reads nothing, over HTTP or WebSocket."""
    async with served.http(headers={"Host": "evil.example"}) as http:
        for path in ("/", "/health", "/images/x.jpg"):
            reply = await http.get(path)
            assert (reply.status_code, reply.json()["error_code"]) == (403, "forbidden")
    async with served.connect(additional_headers={"Origin": "http://127.0.0.1:1"}) as client:
        await client.send('{"action":"ECHO"}')
        assert json.loads(await client.recv())["success"]
    async with served.connect(additional_headers={"Origin": "http://evil.example"}) as client:
        assert await code_of(client) == 4403


async def code_of(client: object) -> int | None:
    """Read to the end and return the close code."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            await client.recv()  # type: ignore[attr-defined]
    return client.close_code  # type: ignore[attr-defined, no-any-return]


async def test_other_origins_get_cors_only_where_they_are_allowed() -> None:
    """Same host on another port, or listed; preflight included."""
    async with serving(allowed_origins="https://studio.example") as server, server.http() as http:
        for origin in (f"http://127.0.0.1:{server.port + 1}", "https://studio.example"):
            reply = await http.options("/images/x.jpg", headers={"Origin": origin})
            assert reply.status_code == HTTPStatus.NO_CONTENT
            assert reply.headers["access-control-allow-origin"] == origin
            assert "Origin" in reply.headers["vary"]
        reply = await http.get("/health", headers={"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in reply.headers
        reply = await http.post("/logout", headers={"Origin": "https://evil.example"})
        assert reply.status_code == HTTPStatus.FORBIDDEN


async def test_a_token_is_asked_for_and_a_cookie_stands_for_it(guarded: Served) -> None:
    """Pages lead to the login, programs get 401, the cookie cannot be read by scripts or sent by other sites."""
    async with guarded.http() as http:
        assert (await http.get("/health")).status_code == HTTPStatus.OK
        assert (await http.get("/images/x.jpg")).status_code == HTTPStatus.UNAUTHORIZED
        reply = await http.get("/", headers={"Accept": "text/html"})
        assert (reply.status_code, reply.headers["location"]) == (303, "/login")
        page = await http.get("/login")
        assert "Token" in page.text
        assert re.search(r"script-src 'self' 'sha256-", page.headers["content-security-policy"])
        wrong = await http.post("/login", data={"token": "guess"})
        assert wrong.status_code == HTTPStatus.UNAUTHORIZED
        assert "guess" not in wrong.text
        right = await http.post("/login", data={"token": TOKEN})
        assert (right.status_code, right.headers["location"]) == (303, "/")
        cookie = right.headers["set-cookie"]
        assert TOKEN not in cookie
        assert "HttpOnly" in cookie
        assert "samesite=strict" in cookie.lower()
        assert (await http.get("/", headers={"Accept": "text/html"})).status_code == HTTPStatus.OK
        session = cookie.split(";")[0]
        async with guarded.connect(additional_headers={"Cookie": session}) as client:
            await client.send('{"action":"ECHO"}')
            assert json.loads(await client.recv())["success"]
        await http.post("/logout")
        assert (await http.get("/images/x.jpg")).status_code == HTTPStatus.UNAUTHORIZED


async def test_a_login_form_of_any_size_is_bounded(guarded: Served) -> None:
    """What is no token is not read to its end."""
    async with guarded.http() as http:
        reply = await http.post("/login", content=b"token=" + b"x" * 100_000)
        assert reply.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


async def test_guesses_over_http_are_stopped(guarded: Served) -> None:
    """429 after some wrong tokens, also for the right one."""
    async with guarded.http() as http:
        for _ in range(FAILURES):
            assert (await http.get("/x", headers={"Authorization": "Bearer guess"})).status_code == 401
        assert (await http.post("/login", data={"token": TOKEN})).status_code == HTTPStatus.TOO_MANY_REQUESTS
        async with guarded.connect() as client:
            await client.send(json.dumps({"action": "AUTH", "payload": {"token": TOKEN}}))
            assert json.loads(await client.recv())["error_code"] == "too_many_requests"
            assert await code_of(client) == 4429


async def test_a_connection_may_show_the_token_as_its_first_message(guarded: Served) -> None:
    """AUTH opens, anything else closes with 4401; before it no event is heard."""
    async with guarded.connect() as client:
        await client.send(json.dumps({"action": "auth", "payload": {"token": TOKEN}, "request_id": 1}))
        reply = json.loads(await client.recv())
        assert (reply["success"], reply["action"], reply["request_id"]) == (True, "auth", 1)
        await client.send('{"action":"ECHO"}')
        assert json.loads(await client.recv())["success"]
    for first in ('{"action":"ECHO"}', '{"action":"AUTH","payload":{"token":"guess"}}', "{", '{"action":"AUTH"}'):
        async with guarded.connect() as client:
            await client.send(first)
            assert json.loads(await client.recv())["success"] is False
            assert await code_of(client) == 4401
    async with guarded.connect(additional_headers={"Authorization": "Bearer guess"}) as client:
        assert await code_of(client) == 4401


async def test_a_connection_that_shows_nothing_is_closed(guarded: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time for AUTH is bounded."""
    monkeypatch.setattr("tetherlight.server.ws.websocket.AUTH_SECONDS", 0.05)
    async with guarded.connect() as client:
        assert await code_of(client) == 4401


async def test_motion_jpeg_sends_the_next_header_right_behind_each_picture() -> None:
    """So browsers show a picture when it comes and not when the next one does."""
    camera = FakeCamera()
    async with serving(camera) as server, server.http() as http:
        camera.give()
        async with http.stream("GET", "/cameras/selected/liveview.mjpg") as reply:
            assert reply.headers["content-type"].startswith("multipart/x-mixed-replace; boundary=")
            received = b""
            async for chunk in reply.aiter_raw():
                received += chunk
                if received == PART + TINY_JPEG + b"\r\n" + PART:
                    break
        while server.rig.live.viewers:
            await http.get("/health")


async def test_motion_jpeg_ends_when_the_server_stops() -> None:
    """An endless response does not hold the server up."""
    camera = FakeCamera()
    async with serving(camera) as server, server.http() as http:
        camera.give()
        async with http.stream("GET", "/cameras/fake-1/liveview.mjpg?max_fps=5") as reply:
            await anext(reply.aiter_raw())
            server.server.should_exit = True
            with contextlib.suppress(httpx.StreamConsumed):
                async for _ in reply.aiter_raw():
                    pass


async def test_motion_jpeg_of_no_camera_and_wrong_options_are_told_as_json(served: Served) -> None:
    """404, 400 and 405; HEAD starts no stream."""
    async with served.http() as http:
        assert (await http.get("/cameras/other/liveview.mjpg")).status_code == HTTPStatus.NOT_FOUND
        reply = await http.get("/cameras/selected/liveview.mjpg?max_fps=fast")
        assert (reply.status_code, reply.json()["error_code"]) == (400, "invalid_payload")
        assert (await http.post("/cameras/selected/liveview.mjpg")).status_code == HTTPStatus.METHOD_NOT_ALLOWED
        assert (await http.head("/cameras/selected/liveview.mjpg")).status_code == HTTPStatus.OK
        assert served.rig.camera.asked == 0


async def test_a_reverse_proxy_may_leave_the_base_path_on() -> None:
    """The same paths answer below it."""
    async with serving(base_path="/studio") as server, server.http() as http:
        for path in ("/studio/health", "/health", "/studio/", "/studio"):
            assert (await http.get(path)).status_code == HTTPStatus.OK, path


def export(folder: Path) -> Path:
    """A tiny exported application."""
    page = f'<html><link href="{BASE_PLACEHOLDER}/x.css"><script>boot("a")</script><script src="b.js"></script></html>'
    files = {
        "index.html": page,
        "set/index.html": "<html>set</html>",
        "set/index.txt": "prefetch",
        "404.html": "<html>missing</html>",
        "_next/static/app.js": f'const base = "{BASE_PLACEHOLDER}";' + "x" * 2000,
        "icon.png": "\x00",
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


@pytest.fixture
async def application(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the exported application under /studio."""
    pages = load_pages("/studio", export(tmp_path))
    transport = httpx.ASGITransport(app=pages)
    async with httpx.AsyncClient(transport=transport, base_url="http://rig.test") as http:
        yield http


async def test_the_exported_application_is_served_with_its_base_path_filled_in(application: httpx.AsyncClient) -> None:
    """GET and HEAD, a content policy with the hash of the inline script, and caching by kind."""
    page = await application.get("/")
    assert '<link href="/studio/x.css">' in page.text
    policy = page.headers["content-security-policy"]
    assert policy == page_csp(page.text)
    assert policy.count("'sha256-") == 1
    assert page.headers["cache-control"] == "no-cache"
    script = await application.get("/_next/static/app.js")
    assert 'base = "/studio"' in script.text
    assert "immutable" in script.headers["cache-control"]
    assert script.headers["content-encoding"] == "gzip"
    assert (await application.get("/set/")).text == "<html>set</html>"
    assert (await application.head("/set/index.txt")).status_code == HTTPStatus.OK
    again = await application.get("/", headers={"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_paths_without_slash_lead_to_their_page_and_unknown_ones_to_nothing(
    application: httpx.AsyncClient,
) -> None:
    """The query is kept; a missing page is a page, a missing file is text."""
    moved = await application.get("/set?name=a%20b")
    assert (moved.status_code, moved.headers["location"]) == (308, "/studio/set/?name=a%20b")
    missing = await application.get("/no/page", headers={"Accept": "text/html"})
    assert (missing.status_code, missing.text) == (404, "<html>missing</html>")
    assert (await application.get("/no.js")).headers["content-type"].startswith("text/plain")
    assert (await application.post("/")).status_code == HTTPStatus.METHOD_NOT_ALLOWED


async def test_the_small_page_stands_in_where_the_application_is_missing(tmp_path: Path) -> None:
    """At most two hundred lines, its script allowed by its policy."""
    pages = load_pages("", tmp_path)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=pages), base_url="http://rig.test") as http:
        page = await http.get("/")
        assert "<title>Tetherlight</title>" in page.text
        assert len(page.text.splitlines()) <= 200
        assert page.headers["content-security-policy"].count("'sha256-") == 1
