"""The gallery: finding sets, what people note about them, and single shots with their trash."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from support.browser_screens import eventually, go, open_screen, shoot, start_sequence, violations
from support.rig_in_browser import RigServer


def test_what_is_typed_before_a_set_is_kept_with_it_and_found_again(page: Page, rig: RigServer) -> None:
    """Name, catalogue number, scale and notes go with the set, its card shows the number, and search finds it."""
    open_screen(page, f"{rig.url}/sequence/")
    page.get_by_text("Details", exact=True).click()
    page.get_by_label("Name", exact=True).fill("Roman coin")
    expect(page.get_by_text(re.compile(r"^Roman_coin_\d{8}-\d{6}$"))).to_be_visible()
    page.get_by_label("Catalogue number").fill("1984.3 b")
    scale = page.get_by_label("Scale, mm per pixel")
    scale.fill("fine")
    expect(page.get_by_text("The scale cannot be read.")).to_be_visible()
    scale.fill("12.5 px/mm")
    page.get_by_label("Notes").fill("Worn at the rim.")
    start_here(page)
    page.get_by_role("link", name="Look at the set").click()
    expect(page.get_by_label("Catalogue number")).to_have_value("1984.3 b")
    expect(page.get_by_label("Scale, mm per pixel")).to_have_value("0.08")
    expect(page.get_by_label("Notes")).to_have_value("Worn at the rim.")
    go(page, "Sequence")
    expect(page.get_by_label("Catalogue number")).to_have_value("")
    page.get_by_label("Name", exact=True).fill("")
    go(page, "Gallery")
    search = page.get_by_role("searchbox", name="Search sets")
    search.fill("1984.3 coin")
    cards = page.get_by_role("list", name="Sets").get_by_role("link")
    expect(cards).to_have_count(1)
    expect(cards.first).to_contain_text("1984.3 b")
    search.fill("1984.4")
    expect(page.get_by_role("heading", name="No set matches")).to_be_visible()


def test_a_set_is_rated_and_described_in_place(page: Page, rig: RigServer) -> None:
    """Rating, number and scale are kept as soon as they are given; the gallery sorts and filters by the rating."""
    start_sequence(page, rig.url, lights=1)
    page.get_by_role("link", name="Look at the set").click()
    stars = page.get_by_role("group", name="Rating of the set")
    stars.wait_for()
    name = page.get_by_role("heading", level=1).inner_text()
    stars.get_by_role("button", name="5 of 5").click()
    expect(stars.get_by_role("button", name="5 of 5")).to_have_attribute("aria-pressed", "true")
    number = page.get_by_label("Catalogue number")
    number.fill("A 77")
    number.press("Enter")
    scale = page.get_by_label("Scale, mm per pixel")
    scale.fill("nothing")
    expect(page.get_by_text("Millimetres per pixel, such as")).to_be_visible()
    scale.press("Escape")
    expect(scale).to_have_value("")
    scale.fill("0,5")
    scale.press("Enter")
    expect(scale).to_have_value("0.5")
    page.reload()
    expect(number).to_have_value("A 77")
    expect(scale).to_have_value("0.5")
    expect(stars.get_by_role("button", name="5 of 5")).to_have_attribute("aria-pressed", "true")
    go(page, "Gallery")
    page.get_by_label("Order").select_option("Best first")
    cards = page.get_by_role("list", name="Sets").get_by_role("link")
    expect(cards.first).to_have_attribute("data-set", name)
    page.get_by_label("Filter").select_option("5 stars")
    expect(cards).to_have_count(1)
    expect(cards.first.get_by_label("5 of 5")).to_be_visible()
    page.get_by_label("Filter").select_option("All sets")


def test_single_shots_are_rated_noted_and_deleted_with_undo(page: Page, rig: RigServer) -> None:
    """Keys mean the image that has the focus; after Del the next one has it; Undo brings back what went."""
    shots = single_shots(page, rig, 3)
    name = shots.nth(1).inner_text()
    shots.nth(1).focus()
    page.keyboard.press("4")
    expect(shots.nth(1).get_by_label("4 of 5")).to_be_visible()
    page.keyboard.press("Delete")
    expect(shots).to_have_count(2)
    expect(shots.nth(1)).to_be_focused()
    page.get_by_role("button", name="Undo").click()
    expect(shots).to_have_count(3)
    expect(shots.nth(1)).to_contain_text(name)
    expect(shots.nth(1).get_by_label("4 of 5")).to_be_visible()


def test_chosen_single_shots_are_treated_together(page: Page, rig: RigServer) -> None:
    """Notes, rejection and the trash take all chosen ones; one Undo brings them all back."""
    shots = single_shots(page, rig, 3)
    shots.nth(0).click(modifiers=["Control"])
    shots.nth(1).click(modifiers=["Control"])
    bar = page.get_by_role("region", name="Chosen images")
    page.keyboard.press("x")
    expect(page.get_by_test_id("contact-sheet").get_by_text("rejected")).to_have_count(2)
    bar.get_by_role("button", name="Write notes").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Notes").fill("Out of focus.")
    assert violations(page) == []
    dialog.get_by_role("button", name="Keep").click()
    expect(dialog).to_be_hidden()
    bar.get_by_role("button", name="Delete").click()
    expect(shots).to_have_count(1)
    expect(bar).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    expect(shots).to_have_count(3)
    shots.nth(0).click()
    page.get_by_role("button", name="Facts").click()
    expect(page.get_by_role("dialog").get_by_label("Notes")).to_have_value("Out of focus.")


@pytest.mark.parametrize("width", [1440, 390])
def test_the_viewer_goes_on_with_the_next_shot_after_a_deletion(page: Page, rig: RigServer, width: int) -> None:
    """Digits rate, letters in the notes do not, and Del shows the next image in the place of the one that went."""
    shots = single_shots(page, rig, 3)
    page.set_viewport_size({"width": width, "height": 844})
    following = shots.nth(1).inner_text().splitlines()[0]
    shots.nth(0).click()
    dialog = page.get_by_role("dialog")
    page.keyboard.press("2")
    rating = dialog.get_by_role("group", name="Rating")
    expect(rating.get_by_role("button", name="2 of 5")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("i")
    notes = dialog.get_by_label("Notes")
    notes.fill("x5")
    notes.press("5")
    expect(rating.get_by_role("button", name="2 of 5")).to_have_attribute("aria-pressed", "true")
    notes.press("Tab")
    page.keyboard.press("Delete")
    expect(dialog).to_contain_text("1 of 2")
    expect(dialog).to_contain_text(following)
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(shots).to_have_count(2)


def test_the_viewer_zooms_pans_compares_and_shows_what_is_clipped(page: Page, rig: RigServer) -> None:
    """100 % is one pixel of the screen for each of the picture, both halves of a comparison move together."""
    start_sequence(page, rig.url, lights=2)
    page.get_by_role("link", name="Look at the set").click()
    page.get_by_role("button", name="Flick through").click()
    dialog = page.get_by_role("dialog")
    viewed = dialog.get_by_test_id("viewed")
    dialog.get_by_role("button", name="100 %").click()
    expect(viewed).to_have_css("width", "900px")
    page.keyboard.press("z")
    expect(viewed).to_have_css("width", "1800px")
    before = left_edge(viewed)
    page.keyboard.press("Shift+ArrowRight")
    expect(viewed).not_to_have_css("transform", f"matrix(1, 0, 0, 1, {before})")
    dialog.get_by_role("button", name="Compare").click()
    expect(viewed).to_have_count(2)
    page.keyboard.press("ArrowRight")
    expect(dialog).to_contain_text("2 of 3")
    page.keyboard.press("+")
    expect(viewed.nth(0)).not_to_have_css("width", "1800px")
    eventually(page, lambda: left_edge(viewed.nth(0)) == left_edge(viewed.nth(1)))
    page.keyboard.press("c")
    expect(dialog.get_by_test_id("clipping")).to_have_count(2)
    page.keyboard.press("i")
    expect(dialog.get_by_role("complementary", name="Facts")).to_contain_text("Exposure")
    assert violations(page) == []


def start_here(page: Page) -> None:
    """Start the planned sequence under one light, without blackout, and wait for its end."""
    page.get_by_role("button", name="None", exact=True).click()
    page.locator("[data-light]").first.click()
    page.get_by_role("checkbox", name="Black out this screen").uncheck()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("heading", name="Done")).to_be_visible()


def single_shots(page: Page, rig: RigServer, count: int) -> Locator:
    """Take pictures and show the shelf of single shots; return its images."""
    open_screen(page, rig.url)
    for _ in range(count):
        shoot(page, page.get_by_role("button", name="Take a picture").click)
    go(page, "Gallery")
    page.get_by_role("button", name="Single shots").click()
    shots = page.get_by_test_id("contact-sheet").locator("[data-index]")
    expect(shots).to_have_count(count)
    return shots


def left_edge(image: Locator) -> str:
    """Return where a zoomed picture lies, as its transform says."""
    return str(image.evaluate("(part) => part.style.transform"))


def test_single_shots_are_searched_sorted_and_filtered(page: Page, rig: RigServer) -> None:
    """The rejected ones are found together; one that is rated in the viewer stays there, whatever the filter."""
    open_screen(page, rig.url)
    for _ in range(2):
        shoot(page)
    go(page, "Gallery")
    page.get_by_role("button", name="Single shots").click()
    shots = page.get_by_test_id("contact-sheet").locator("[data-index]")
    expect(shots).to_have_count(2)
    newest = shots.first.get_attribute("data-path")
    page.get_by_label("Order").select_option("Oldest first")
    expect(shots.last).to_have_attribute("data-path", newest or "")
    page.get_by_label("Order").select_option("Newest first")
    shots.first.focus()
    page.keyboard.press("x")
    page.get_by_label("Filter").select_option("Rejected")
    expect(page.get_by_test_id("contact-sheet").locator(f'[data-path="{newest}"]')).to_be_visible()
    shots.first.click()
    viewer = page.get_by_role("dialog")
    viewer.get_by_role("button", name="Reject").click()
    expect(viewer.get_by_role("button", name="Reject")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("contact-sheet").locator(f'[data-path="{newest}"]')).to_be_hidden()
    page.get_by_label("Filter").select_option("All shots")
    page.get_by_role("searchbox", name="Search single shots").fill("nothing is called so")
    expect(page.get_by_role("heading", name="No shot matches")).to_be_visible()
