"""Who may use the server: the rules by themselves."""

import contextlib
import socket
import stat
import time
from pathlib import Path

import pytest
from starlette.datastructures import Headers

from tetherlight.errors import Forbidden, TooManyRequests, Unauthorized
from tetherlight.server.access.grants import MASTER
from tetherlight.server.access.security import COOKIE, FAILURES, STRONG_BYTES, Guard, hostname, load_secret, session_key
from tetherlight.settings import Settings

TOKEN = "correct-horse"


def guard(**settings: object) -> Guard:
    """A guard with a token."""
    return Guard(Settings(**({"api_token": TOKEN} | settings)), b"key")  # type: ignore[arg-type]


OURS = ("localhost", "LOCALHOST:8000", "127.0.0.1:8000", "192.168.1.7", "[::1]:8000", "page.localhost")
OUR_NAMES = ("rig.lan", "RIG.lan:8000", "rig", "rig.local", "rig.local.:80")


@pytest.mark.parametrize("host", [*OURS, "studio.example", None])
def test_our_own_names_and_addresses_pass(host: str | None) -> None:
    """IP literals, localhost and what is allowed."""
    guard(allowed_hosts="studio.example").check_host(host)


@pytest.mark.parametrize("host", OUR_NAMES)
def test_the_names_of_this_machine_pass(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    """As it calls itself, with and without its domain, and as it is found on the network."""
    monkeypatch.setattr(socket, "gethostname", lambda: "Rig.lan")
    guard().check_host(host)


@pytest.mark.parametrize(
    "host",
    ["evil.example", "local", "evil.example:8000", "127.0.0.1.evil.example", "", "[", "a@127.0.0.1.x", "evil.local"],
)
def test_names_of_others_are_refused(host: str) -> None:
    """A page elsewhere can point its own name at us, and who is near can announce one, but it is in the header."""
    with pytest.raises(Forbidden) as refused:
        guard().check_host(host)
    assert "ALLOWED_HOSTS" in str(refused.value.hint)


STRANGER = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}
FRIEND = "https://studio.example"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        STRANGER | {"sec-fetch-site": "same-origin"},
        STRANGER | {"sec-fetch-site": "same-site"},
        STRANGER | {"sec-fetch-site": "none"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
        STRANGER | {"origin": FRIEND},
        STRANGER | {"referer": f"{FRIEND}/a/page.html"},
    ],
)
def test_our_own_pages_links_programs_and_allowed_pages_are_answered(headers: dict[str, str]) -> None:
    """Programs say nothing of sites; a link from anywhere opens the application."""
    guard(api_token=None, allowed_origins=FRIEND).check_site(headers)


@pytest.mark.parametrize(
    "headers",
    [
        STRANGER,
        STRANGER | {"origin": "http://evil.example"},
        STRANGER | {"referer": "http://evil.example/?https://studio.example"},
        STRANGER | {"referer": "https://studio.example.evil.example/"},
        STRANGER | {"referer": "http://["},
        STRANGER | {"sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"},
        STRANGER | {"sec-fetch-mode": "cors", "sec-fetch-dest": "empty"},
    ],
)
def test_a_page_of_another_site_shows_nothing_of_ours(headers: dict[str, str]) -> None:
    """Not even where no token is needed; a live view must not begin because somebody reads a page."""
    with pytest.raises(Forbidden, match="another site"):
        guard(api_token=None, allowed_origins=FRIEND).check_site(headers)


def test_a_token_opens_for_pages_of_any_site() -> None:
    """Where no token is needed one shows nothing."""
    headers = STRANGER | {"authorization": f"Bearer {TOKEN}"}
    guard().check_site(headers)
    with pytest.raises(Forbidden):
        guard(api_token=None).check_site(headers)


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        (None, "rig.local:8000", True),
        ("http://rig.local:8000", "rig.local:8000", True),
        ("http://rig.local:3000", "rig.local:8000", True),
        ("https://RIG.local", "rig.local:8000", True),
        ("http://[::1]:3000", "[::1]:8000", True),
        ("https://studio.example", "rig.local:8000", True),
        ("https://studio.example:444", "rig.local:8000", False),
        ("http://evil.example", "rig.local:8000", False),
        ("null", "rig.local:8000", False),
        ("file://", "rig.local:8000", False),
        ("http://rig.local.evil.example", "rig.local:8000", False),
        ("", "", False),
        ("http://[", "[", False),
    ],
)
def test_pages_of_the_same_host_and_allowed_ones_pass(origin: str | None, host: str, *, allowed: bool) -> None:
    """The port is free, since front ends are developed on another one."""
    assert guard(allowed_origins="https://studio.example").origin_allowed(origin, host) is allowed


def test_the_token_opens_by_header_and_by_password_of_a_player() -> None:
    """Bearer for programs, Basic for players."""
    assert guard().authenticated(Headers({"authorization": f"Bearer {TOKEN}"}), "1.2.3.4")
    assert guard().authenticated(Headers({"authorization": "Basic eDpjb3JyZWN0LWhvcnNl"}), "1.2.3.4")
    assert not guard().authenticated(Headers({}), "1.2.3.4")
    for wrong in ("Bearer no", "Bearer ", "Basic !!!", "Bearer \udcff"):
        with pytest.raises(Unauthorized):
            guard().authenticated({"authorization": wrong}, "1.2.3.4")


@pytest.mark.parametrize("token", ["short-and-guessable", "long-enough-that-nobody-guesses-it"])
def test_guessing_is_stopped_for_the_address_that_guesses(caplog: pytest.LogCaptureFixture, token: str) -> None:
    """The right token of others at that address is heard all the same, unless it is short enough to be guessed."""
    watched = guard(api_token=token)
    for _ in range(FAILURES):
        with pytest.raises(Unauthorized):
            watched.check_token("guess", "1.2.3.4")
    with pytest.raises(TooManyRequests):
        watched.check_token("guess", "1.2.3.4")
    watched.check_token(token, "5.6.7.8")
    short = len(token) < STRONG_BYTES
    with pytest.raises(TooManyRequests) if short else contextlib.nullcontext():
        watched.check_token(token, "1.2.3.4")
    assert ("short enough to be guessed" in caplog.text) is short


def test_a_session_is_valid_until_it_is_changed_or_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cookie is signed, dated and bound to the token."""
    ours = guard()
    cookie = f"{COOKIE}={ours.session(MASTER)}"
    assert ours.authenticated({"cookie": f"other=1; {cookie}"}, "x")
    assert not guard(api_token="another-token").authenticated({"cookie": cookie}, "x")
    assert not Guard(Settings(api_token=TOKEN), b"other key").authenticated({"cookie": cookie}, "x")
    for forged in ("", "=", f"{COOKIE}=", f"{COOKIE}=9999999999.", f"{COOKIE}=9999999999.00", f"{cookie}0", COOKIE):
        assert not ours.authenticated({"cookie": forged}, "x")
    later = time.time() + 40 * 24 * 3600
    monkeypatch.setattr(time, "time", lambda: later)
    assert not ours.authenticated({"cookie": cookie}, "x")


def test_without_a_token_everybody_is_in() -> None:
    """Open is open."""
    assert guard(api_token=None).authenticated({}, "x")
    assert guard(api_token=None).open


def test_a_secret_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    """The file outlives a restart; a short one is replaced."""
    path = tmp_path / "state" / "token"
    made = load_secret(path)
    assert len(made) >= 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_secret(path) == made
    path.write_text("short")
    assert load_secret(path) not in {"short", made}
    (tmp_path / "file").touch()
    assert session_key(tmp_path / "file" / "below") != session_key(tmp_path / "file" / "below")


def test_the_name_in_a_host_header_is_read_without_its_port() -> None:
    """IPv6 literals too."""
    assert [hostname(text) for text in ("A.b:1", "[::1]:2", "x.", None)] == ["a.b", "::1", "x", None]
