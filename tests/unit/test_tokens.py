"""Tokens beside API_TOKEN: their file, and who is let in as what."""

import json
import stat
from pathlib import Path
from typing import get_args

import pytest
from typer.testing import CliRunner

from tetherlight.cli import token as token_command
from tetherlight.cli.main import app
from tetherlight.doctor.access import check_tokens
from tetherlight.errors import InvalidName, InvalidSetting, StoreError, TooManyRequests, Unauthorized
from tetherlight.protocol.actions import ACTIONS
from tetherlight.protocol.roles import ROLES, Role, role_of, role_with
from tetherlight.server.access.grants import MASTER, OPEN
from tetherlight.server.access.security import COOKIE, FAILURES, Guard
from tetherlight.settings import Settings
from tetherlight.tokens import FILE, Tokens


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    """The tokens of a state folder that is not there yet."""
    return Tokens.beside(tmp_path / "state")


def guard(tokens: Tokens, api_token: str | None = None, *, no_auth: bool = False) -> Guard:
    """A guard with these tokens, read from the disk."""
    tokens.refresh()
    return Guard(Settings(api_token=api_token), b"key", tokens, no_auth=no_auth)


def test_only_hashes_lie_on_the_disk_and_only_the_owner_reads_them(tokens: Tokens) -> None:
    secret = tokens.add("tablet", "viewer")
    content = tokens.path.read_text()
    assert secret.removeprefix("tl_")[:8] not in content
    assert [one["name"] for one in json.loads(content)["tokens"]] == ["tablet"]
    assert stat.S_IMODE(tokens.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(tokens.path.parent.stat().st_mode) == 0o700


def test_a_token_is_known_by_its_text_until_it_is_revoked(tokens: Tokens) -> None:
    secret = tokens.add("tablet", "viewer")
    assert tokens.refresh()
    assert not tokens.refresh()
    found = tokens.find(secret)
    assert found is not None
    assert (found.name, found.role) == ("tablet", "viewer")
    assert tokens.find(secret[:-1]) is None
    tokens.revoke("tablet")
    assert tokens.refresh()
    assert tokens.find(secret) is None


@pytest.mark.parametrize("name", ["", " a", "a ", "a\nb", "\x07", "x" * 65])
def test_a_name_can_be_read(tokens: Tokens, name: str) -> None:
    with pytest.raises(InvalidName):
        tokens.add(name, "viewer")
    assert tokens.all() == []


def test_a_name_stands_for_one_token(tokens: Tokens) -> None:
    tokens.add("tablet", "viewer")
    with pytest.raises(InvalidName, match="already a token 'tablet'"):
        tokens.add("tablet", "owner")
    with pytest.raises(InvalidName, match="no token 'phone'"):
        tokens.revoke("phone")
    assert [one.role for one in tokens.all()] == ["viewer"]


@pytest.mark.parametrize("content", ["{", "[]", '{"version": 2, "tokens": []}', '{"tokens": [{"name": "a"}]}', "\xff"])
def test_a_broken_file_is_told_and_what_was_known_stays(tokens: Tokens, content: str) -> None:
    """Whoever was let in stays in, nobody else comes in, and nothing is written over it."""
    secret = tokens.add("tablet", "viewer")
    tokens.refresh()
    tokens.path.write_bytes(content.encode("latin-1"))
    for ask in (tokens.refresh, lambda: tokens.add("b", "viewer")):
        with pytest.raises(InvalidSetting, match=FILE):
            ask()
    assert tokens.find(secret) is not None
    assert tokens.path.read_bytes() == content.encode("latin-1")


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=FILE):
        Tokens.beside(tmp_path / "file").add("a", "viewer")


def test_each_role_has_its_rights_and_every_right_a_role() -> None:
    assert ROLES["viewer"].rights < ROLES["operator"].rights < ROLES["owner"].rights
    for action in ACTIONS.values():
        least = {"read": "viewer", "control": "operator", "delete": "owner", "settings": "owner"}[action.right]
        assert role_with(action.right) == least
        assert action.right not in ROLES["metrics"].rights
    assert role_of(ROLES["operator"].rights) == "operator"
    assert role_of({"control"}) is None


def test_the_first_token_closes_an_open_server_and_the_last_opens_it(tokens: Tokens) -> None:
    """API_TOKEN stays what it is: the owner's."""
    watched = guard(tokens)
    assert watched.authenticated({}, "x") == OPEN
    secret = tokens.add("tablet", "viewer")
    tokens.refresh()
    assert watched.authenticated({}, "x") is None
    assert not watched.holds(OPEN)
    grant = watched.check_token(secret, "x")
    assert (grant.role, grant.name) == ("viewer", "tablet")
    with pytest.raises(Unauthorized):
        watched.check_token("guess", "x")
    tokens.revoke("tablet")
    tokens.refresh()
    assert not watched.holds(grant)
    assert watched.open
    assert guard(tokens, "the-owners-secret").check_token("the-owners-secret", "x") == MASTER


def test_without_authentication_tokens_count_for_nothing(tokens: Tokens) -> None:
    tokens.add("tablet", "viewer")
    assert guard(tokens, no_auth=True).authenticated({}, "x") == OPEN


def test_a_token_made_a_moment_ago_is_known(tokens: Tokens) -> None:
    """Nobody has to wait until the server looks at the file by itself."""
    watched = guard(tokens, "the-owners-secret")
    secret = tokens.add("tablet", "operator")
    assert watched.check_token(secret, "x").role == "operator"


def test_who_guesses_too_often_is_refused_and_a_right_token_passes_all_the_same(tokens: Tokens) -> None:
    secret = tokens.add("tablet", "viewer")
    watched = guard(tokens)
    for _ in range(FAILURES):
        with pytest.raises(Unauthorized):
            watched.check_token("guess", "x")
    with pytest.raises(TooManyRequests):
        watched.check_token("guess", "x")
    assert watched.check_token(secret, "x").role == "viewer"


def test_a_cookie_is_worth_what_its_token_is(tokens: Tokens) -> None:
    secret = tokens.add("tablet", "viewer")
    watched = guard(tokens, "the-owners-secret")
    cookie = f"{COOKIE}={watched.session(watched.check_token(secret, 'x'))}"
    grant = watched.authenticated({"cookie": cookie}, "x")
    assert grant is not None
    assert (grant.role, grant.name) == ("viewer", "tablet")
    expiry, key, signature = cookie.partition("=")[2].split(".")
    for forged in (f"{expiry}.{signature}", f"{expiry}.{key[:-1]}0.{signature}", f"9{expiry}.{key}.{signature}"):
        assert watched.authenticated({"cookie": f"{COOKIE}={forged}"}, "x") is None
    tokens.revoke("tablet")
    tokens.refresh()
    assert watched.authenticated({"cookie": cookie}, "x") is None


def test_a_cookie_of_an_open_server_opens_nothing_once_there_are_tokens(tokens: Tokens) -> None:
    watched = guard(tokens)
    cookie = f"{COOKIE}={watched.session(OPEN)}"
    tokens.add("tablet", "viewer")
    tokens.refresh()
    assert watched.authenticated({"cookie": cookie}, "x") is None


def test_commands_make_show_and_revoke_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    run = CliRunner().invoke
    made = run(app, ["token", "add", "tablet", "--role", "viewer"])
    assert made.exit_code == 0
    assert made.stdout.startswith("tl_")
    assert "asks for a token from now on" in made.stderr
    told = json.loads(run(app, ["token", "add", "desk", "--json"]).stdout)
    assert (told["name"], told["role"], told["token"][:3]) == ("desk", "operator", "tl_")
    shown = run(app, ["token", "list"]).stdout
    assert [line.split()[:2] for line in shown.splitlines()[1:]] == [["tablet", "viewer"], ["desk", "operator"]]
    assert made.stdout.strip() not in shown
    assert run(app, ["token", "revoke", "tablet"]).exit_code == 0
    gone = run(app, ["token", "revoke", "tablet"])
    assert isinstance(gone.exception, InvalidName)
    assert "lets everybody in" in run(app, ["token", "revoke", "desk"]).stderr


def test_the_doctor_tells_of_tokens_that_others_can_read(tokens: Tokens) -> None:
    settings = Settings(state_dir=tokens.path.parent)
    assert list(check_tokens(settings)) == []
    tokens.add("tablet", "viewer")
    assert [(one.level, one.message) for one in check_tokens(settings)] == [
        ("ok", "Beside API_TOKEN there are tokens: 1.")
    ]
    tokens.path.chmod(0o640)
    assert [(one.level, one.remedy) for one in check_tokens(settings)] == [("warning", f"chmod 600 {tokens.path}")]
    tokens.path.write_text("{")
    assert [one.level for one in check_tokens(settings)] == ["error"]


def test_the_command_offers_the_roles_that_there_are() -> None:
    assert get_args(token_command.Role) == get_args(Role) == tuple(ROLES)
