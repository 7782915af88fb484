"""The gallery keeps its place, and what is done to many sets at once."""

import re
import shutil
import zipfile
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from support.browser_screens import eventually, open_screen, violations
from support.rig_in_browser import RigServer
from support.store_world import jpeg
from tetherlight.client.sync import Client

COUNT = 60


@pytest.fixture
def archive(rig: RigServer) -> Iterator[None]:
    """Sets of two objects from many days, as another program has put them there."""
    folder = rig.folder / "captures" / "photometric_sets"
    made = [
        folder / f"{'coin' if number % 2 else 'urn'}_2025{number // 28 + 1:02d}{number % 28 + 1:02d}-120000"
        for number in range(COUNT)
    ]
    picture = jpeg()
    for place in made:
        place.mkdir(parents=True)
        for light in ("01_light_left", "02_light_right"):
            (place / f"image_{light}.jpg").write_bytes(picture)
    yield
    for place in made:
        shutil.rmtree(place, ignore_errors=True)


@pytest.mark.usefixtures("archive")
def test_the_way_back_leads_to_where_one_was(page: Page, rig: RigServer) -> None:
    """Search, object, order and place come back, by the browser's way back and by the application's own."""
    page.set_viewport_size({"width": 820, "height": 700})
    open_screen(page, f"{rig.url}/gallery/?order=oldest")
    cards = page.get_by_role("list", name="Sets").get_by_role("link")
    expect(cards.first).to_contain_text("urn")
    page.get_by_label("Object").select_option("coin")
    page.get_by_role("searchbox", name="Search sets").fill("coin")
    expect(page).to_have_url(re.compile(r"order=oldest&object=coin&q=coin$"))
    expect(page.locator('[data-set^="urn"]')).to_have_count(0)
    scroller = page.locator("main > div").first
    scroller.evaluate("(part) => part.scrollTo(0, 1500)")
    name = "coin_20250210-120000"
    card = page.locator(f'[data-set="{name}"]')
    expect(card).to_be_in_viewport()
    place = top_of(card)
    for back in (page.go_back, page.get_by_role("link", name="Back to the gallery").click):
        card.click()
        expect(page.get_by_role("heading", name=name)).to_be_visible()
        back()
        expect(card).to_be_focused()
        expect(page.get_by_role("searchbox", name="Search sets")).to_have_value("coin")
        eventually(page, lambda: abs(top_of(card) - place) < 2)
    page.reload()
    expect(card).to_be_in_viewport()


def top_of(card: Locator) -> float:
    """Return how far below the window's top a card is."""
    box = card.bounding_box()
    assert box is not None
    return box["y"]


@pytest.mark.usefixtures("archive")
def test_an_opened_image_has_an_address(page: Page, rig: RigServer) -> None:
    """Its link opens it as closely; the way back closes it."""
    open_screen(page, f"{rig.url}/set/?name=coin_20250102-120000")
    page.locator("[data-index]").first.click()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("z")
    expect(page).to_have_url(re.compile(r"image=image_02_light_right.jpg&zoom=1"))
    link = page.url
    page.go_back()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("[data-index]")).to_have_count(2)
    open_screen(page, link)
    viewer = page.get_by_role("dialog")
    expect(viewer).to_contain_text("2 of 2")
    expect(viewer.get_by_role("button", name="100 %")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(viewer).to_be_hidden()


@pytest.mark.usefixtures("archive")
def test_four_thumbnails_are_under_way_and_a_set_opens_nevertheless(page: Page, rig: RigServer) -> None:
    """What is pressed waits for no picture, and what is scrolled away is not asked for any more."""
    held: list[Route] = []
    page.route("**/thumbnails/**", lambda route: held.append(route))  # noqa: PLW0108 - it wants a function
    open_screen(page, f"{rig.url}/gallery/")
    eventually(page, lambda: len(held) == 4)
    page.wait_for_timeout(300)
    assert len(held) == 4
    page.get_by_role("list", name="Sets").get_by_role("link").first.click()
    expect(page.locator("[data-index]")).to_have_count(2)
    eventually(page, lambda: len(held) == 6)
    for route in held:
        route.abort()


@pytest.mark.usefixtures("archive")
def test_many_sets_are_numbered_rated_and_taken_along_at_once(page: Page, rig: RigServer) -> None:
    """One bar for all chosen ones: a zip, a rating, a catalogue number; F2 renames the one that has the focus."""
    open_screen(page, f"{rig.url}/gallery/")
    cards = page.get_by_role("list", name="Sets").get_by_role("link")
    cards.nth(0).click(modifiers=["Control"])
    cards.nth(2).click(modifiers=["Shift"])
    bar = page.get_by_role("region", name="Chosen sets")
    with page.expect_download() as told:
        bar.get_by_role("link", name="Zip").click()
    with zipfile.ZipFile(told.value.path()) as archive:
        assert len({name.split("/")[0] for name in archive.namelist()}) == 3
    page.keyboard.press("Escape")
    with Client(rig.url) as client:
        sets = [client.capture_set(["light_left"], prefix="vase").set_folder.split("/")[-1] for _ in range(2)]
    for name in sets:
        page.locator(f'[data-set="{name}"]').click(modifiers=["Control"])
    bar.get_by_role("button", name="Number").click()
    assert violations(page) == []
    page.get_by_role("textbox", name="Catalogue number").fill("1984.3")
    page.get_by_role("button", name="Give the number").click()
    expect(page.get_by_role("list", name="Sets").get_by_text("1984.3")).to_have_count(2)
    page.keyboard.press("4")
    expect(page.get_by_role("list", name="Sets").get_by_label("4 of 5")).to_have_count(2)
    page.keyboard.press("Escape")
    page.locator(f'[data-set="{sets[0]}"]').focus()
    page.keyboard.press("F2")
    page.get_by_role("textbox", name="New name").fill("vase_front")
    page.get_by_role("button", name="Rename").click()
    expect(page.locator('[data-set="vase_front"]')).to_be_focused()


def test_the_trash_tells_what_it_holds_gives_it_back_and_is_emptied(page: Page, rig: RigServer) -> None:
    with Client(rig.url) as client:
        names = [client.capture_set(["light_left"], prefix="vase").set_folder.split("/")[-1] for _ in range(2)]
        for name in names:
            client.delete_set(name)
    open_screen(page, f"{rig.url}/gallery/")
    page.get_by_role("button", name="Trash", exact=True).click()
    shelf = page.get_by_role("region", name="Trash")
    expect(shelf.get_by_text("days left").first).to_be_visible()
    assert violations(page) == []
    shelf.get_by_role("button", name=f"Restore {names[0]}", exact=True).click()
    expect(shelf.get_by_text(names[0], exact=True)).to_have_count(0)
    shelf.get_by_role("button", name="Empty the trash").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("for good")
    dialog.get_by_role("button", name="Empty the trash").click()
    expect(page.get_by_role("heading", name="The trash is empty")).to_be_visible()
    page.get_by_role("button", name="Sets", exact=True).click()
    expect(page.locator(f'[data-set="{names[0]}"]')).to_be_visible()
