"""Many sets on the disk: the gallery shows them by pages, and no screen waits for them or asks again for each frame."""

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocket, WebSocketRoute, expect

from support.browser_screens import eventually, go, open_screen, wait_until_answered
from support.rig_in_browser import RigServer
from support.store_world import jpeg
from tetherlight.client.sync import Client

COUNT = 150
NO_CONNECTION = "There is no connection to the server."


@pytest.fixture
def archive(rig: RigServer) -> Iterator[None]:
    """Many sets of one picture each, as another program has put them there."""
    folder = rig.folder / "captures" / "photometric_sets"
    picture = jpeg()
    made = [
        folder / f"coin_{number:03d}_2025{number // 28 + 1:02d}{number % 28 + 1:02d}-120000" for number in range(COUNT)
    ]
    for place in made:
        place.mkdir(parents=True)
        (place / "image_01_light_left.jpg").write_bytes(picture)
    yield
    for place in made:
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def asked(page: Page) -> list[dict[str, Any]]:
    """The requests that the page sends."""
    sent: list[dict[str, Any]] = []

    def keep(frame: str | bytes) -> None:
        if isinstance(frame, str):
            sent.append(json.loads(frame))

    def follow(socket: WebSocket) -> None:
        socket.on("framesent", keep)

    page.on("websocket", follow)
    return sent


def lists(asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [message["payload"] for message in asked if message["action"] == "LIST_IMAGE_SETS"]


@pytest.mark.usefixtures("archive")
def test_the_gallery_loads_sets_as_they_are_scrolled_to(
    page: Page, rig: RigServer, asked: list[dict[str, Any]]
) -> None:
    """Each request is for a page; the scroll bar knows of all; Ctrl+A means all; search is the server's."""
    open_screen(page, f"{rig.url}/gallery/")
    cards = page.get_by_role("list", name="Sets").get_by_role("link")
    expect(cards.first).to_contain_text(f"coin_{COUNT - 1:03d}")
    assert [one["limit"] for one in lists(asked)] == [60]
    cards.first.focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    expect(page.locator("[data-set]:focus")).to_be_in_viewport()
    scroller = page.locator("main > div").first
    scroller.evaluate("(part) => part.scrollTo(0, part.scrollHeight)")
    last = page.locator('[data-set^="coin_000"]')
    expect(last).to_be_in_viewport()
    assert all(one.get("limit", 0) >= 60 for one in lists(asked))
    page.keyboard.press("Control+a")
    expect(page.get_by_role("region", name="Chosen sets")).to_contain_text(f"{COUNT} sets")
    page.keyboard.press("Escape")
    page.get_by_role("searchbox", name="Search sets").fill("coin_007")
    expect(cards).to_have_count(1)
    expect(cards.first).to_contain_text("coin_007")


@pytest.mark.usefixtures("archive")
def test_chosen_sets_are_deleted_and_come_back_where_they_were(page: Page, rig: RigServer) -> None:
    """Undo brings all of them back, and the next card has the focus meanwhile."""
    open_screen(page, f"{rig.url}/gallery/")
    cards = page.get_by_role("list", name="Sets").get_by_role("link")
    names = [f"coin_{COUNT - 1 - number:03d}" for number in range(6)]
    expect(cards.nth(4)).to_contain_text(names[4])
    cards.nth(1).click(modifiers=["Control"])
    cards.nth(3).click(modifiers=["Shift"])
    page.keyboard.press("Delete")
    page.get_by_role("dialog").get_by_role("button", name="Move to the trash").click()
    expect(cards.nth(1)).to_contain_text(names[4])
    expect(cards.nth(1)).to_be_focused()
    page.get_by_role("button", name="Undo").click()
    for place, name in enumerate(names):
        expect(cards.nth(place)).to_contain_text(name)


@pytest.mark.usefixtures("archive")
def test_the_frames_of_a_set_are_followed_without_asking(
    page: Page, rig: RigServer, asked: list[dict[str, Any]]
) -> None:
    """Its card comes and counts its frames; no list is asked for, on the gallery and on no other screen."""
    open_screen(page, f"{rig.url}/gallery/")
    cards = page.get_by_role("list", name="Sets").get_by_role("link")
    expect(cards.first).to_contain_text("coin")
    before = len(lists(asked))
    with Client(rig.url) as client:
        client.capture_set(["light_left", "light_right", "lights_top"], prefix="urn")
    expect(cards.first).to_contain_text("urn")
    expect(cards.first).to_contain_text("3 images")
    expect(cards.first).not_to_contain_text("being captured")
    go(page, "Settings")
    with Client(rig.url) as client:
        client.capture_set(["light_left"], prefix="vase")
    wait_until_answered(page)
    assert len(lists(asked)) == before
    go(page, "Gallery")
    expect(cards.first).to_contain_text("vase")


@pytest.mark.parametrize("screen", ["/", "/lights/", "/sequence/", "/gallery/", "/settings/"])
def test_a_page_that_connects_says_so_and_nothing_red(page: Page, rig: RigServer, screen: str) -> None:
    """Until the server has told how the rig stands nothing is wrong; then everything is there."""
    held: list[str | bytes] = []
    holding = True
    routes: list[WebSocketRoute] = []

    def between(route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        routes.append(route)

        def answered(message: str | bytes) -> None:
            if holding and isinstance(message, str) and json.loads(message)["action"] == "SUBSCRIBE":
                held.append(message)
            else:
                route.send(message)

        server.on_message(answered)

    page.route_web_socket("**/ws", between)
    page.goto(f"{rig.url}{screen}")
    eventually(page, lambda: held != [])
    expect(page.get_by_text("Connecting…").first).to_be_visible()
    page.wait_for_timeout(300)
    assert page.get_by_text(NO_CONNECTION).count() == 0
    assert page.locator(f'[title="{NO_CONNECTION}"]').count() == 0
    assert page.get_by_text("No camera", exact=True).count() == 0
    holding = False
    for message in held:
        routes[0].send(message)
    expect(page.get_by_text("Connected", exact=True)).to_be_attached()
    expect(page.get_by_text("Connecting…")).to_have_count(0)
    expect(page.get_by_role("button", name="Canon")).to_be_visible()


@pytest.mark.usefixtures("archive")
def test_a_list_of_sets_that_failed_says_so_and_is_asked_for_again_by_a_press(page: Page, rig: RigServer) -> None:
    refused: list[dict[str, Any]] = []

    def between(route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        def sent(message: str | bytes) -> None:
            asked = json.loads(message)
            if refused or asked["action"] != "LIST_IMAGE_SETS":
                server.send(message)
                return
            refused.append(asked)
            failure = {"success": False, "data": None, "error": "The disk is gone.", "error_code": "store_error"}
            route.send(json.dumps({"action": asked["action"], "request_id": asked["request_id"], **failure}))

        route.on_message(sent)

    page.route_web_socket("**/ws", between)
    open_screen(page, f"{rig.url}/gallery/")
    expect(page.get_by_role("heading", name="The sets could not be listed")).to_be_visible()
    assert refused != []
    page.get_by_role("button", name="Try again").click()
    cards = page.get_by_role("list", name="Sets").get_by_role("link")
    expect(cards.first).to_contain_text(f"coin_{COUNT - 1:03d}")
