"""A rig with a token, as a person with a browser meets it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from support.browser_screens import violations, wait_for_frames
from support.rig_in_browser import RigServer, Simulator
from tetherlight.tokens import Tokens

TOKEN = "correct-horse-battery-staple"


@pytest.fixture
def guarded(own_simulator: Simulator, tmp_path: Path) -> Iterator[RigServer]:
    """A server that asks for a token."""
    with RigServer(tmp_path / "rig", own_simulator, API_TOKEN=TOKEN) as server:
        yield server


def test_an_address_with_the_token_leads_into_the_application(page: Page, guarded: RigServer) -> None:
    """The token in the address logs in by itself, does not stay there, and holds for the live view and images."""
    printed = re.search(r"Tetherlight is at (\S+)", guarded.log)
    assert printed is not None
    assert printed[1] == f"{guarded.url}/login"
    address = f"{printed[1]}#token={TOKEN}"
    page.goto(address)
    page.wait_for_url(f"{guarded.url}/")
    wait_for_frames(page)
    page.keyboard.press("Space")
    expect(page.get_by_test_id("filmstrip").locator("img").first).not_to_have_js_property("naturalWidth", 0)
    page.goto(f"{guarded.url}/settings/")
    page.goto(address)
    wait_for_frames(page)
    assert TOKEN not in page.url


def test_a_wrong_token_is_answered_calmly(page: Page, guarded: RigServer) -> None:
    """The login page says what is wrong and takes another one."""
    page.goto(f"{guarded.url}/login#token=guessed")
    expect(page.get_by_role("alert")).to_have_text("The token is wrong.")
    assert "guessed" not in page.url
    assert violations(page) == []
    page.get_by_label("Token").fill(TOKEN)
    page.keyboard.press("Enter")
    wait_for_frames(page)


def test_without_a_token_every_page_asks_for_it(page: Page, guarded: RigServer) -> None:
    """Whoever opens a screen without the token is asked for it first."""
    page.goto(f"{guarded.url}/gallery/")
    page.wait_for_url(f"{guarded.url}/login")
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Log in").click()
    wait_for_frames(page)


def test_the_token_is_forgotten_on_request(page: Page, guarded: RigServer) -> None:
    """The settings say that a token guards the rig; whoever forgets it is asked for it again."""
    page.goto(f"{guarded.url}/login#token={TOKEN}")
    wait_for_frames(page)
    page.goto(f"{guarded.url}/settings/")
    expect(page.get_by_text("with a token")).to_be_visible()
    page.get_by_role("button", name="Forget the token").click()
    expect(page.get_by_label("Token")).to_be_visible()


def test_an_open_page_that_lost_its_login_is_unlocked_in_place(page: Page, guarded: RigServer) -> None:
    """A login that ends under an open page locks it; the token brings everything back without leaving the screen."""
    page.goto(f"{guarded.url}/login#token={TOKEN}")
    wait_for_frames(page)
    page.context.clear_cookies()
    guarded.stop()
    guarded.start()
    expect(page.get_by_role("heading", name="This rig is locked")).to_be_visible()
    page.get_by_label("Token").fill("guessed")
    page.get_by_role("button", name="Unlock").click()
    expect(page.get_by_text("This is not the server's token.")).to_be_visible()
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Unlock").click()
    expect(page.get_by_role("heading", name="This rig is locked")).to_be_hidden()
    wait_for_frames(page)


def test_who_may_only_look_is_told_why_nothing_can_be_pressed(
    page: Page, own_simulator: Simulator, tmp_path: Path
) -> None:
    """The pages are those of everybody; what the token does not open says so."""
    secret = Tokens.beside(tmp_path / "state").add("screen in the hall", "viewer")
    with RigServer(tmp_path / "rig", own_simulator, API_TOKEN=TOKEN, STATE_DIR=str(tmp_path / "state")) as server:
        page.goto(f"{server.url}/login#token={secret}")
        page.wait_for_url(f"{server.url}/")
        page.goto(f"{server.url}/settings/")
        expect(page.get_by_text("with a token, as viewer")).to_be_visible()
        page.goto(f"{server.url}/lights/")
        walk = page.get_by_role("button", name="Walk")
        expect(walk).to_have_attribute("aria-disabled", "true")
        expect(walk).to_have_attribute("title", "Your token's role is viewer: you may look, and change nothing.")
        assert violations(page) == []
