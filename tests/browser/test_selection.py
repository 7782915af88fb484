"""Choosing images of a set, and what can be done with them."""

from playwright.sync_api import Download, Page, expect

from support.browser_screens import eventually, go, open_screen, start_sequence
from support.rig_in_browser import RigServer


def test_images_of_a_set_are_chosen_rated_and_downloaded(page: Page, rig: RigServer) -> None:
    """Marks, Shift and Ctrl+A choose; keys rate all of them; some come one by one, all of a set as its zip."""
    open_set(page, rig)
    sheet = page.get_by_test_id("contact-sheet")
    chosen = page.get_by_role("region", name="Chosen images")
    shots = sheet.locator("[data-index]")
    expect(shots).to_have_count(4)
    shots.nth(0).click(modifiers=["Control"])
    expect(chosen).to_contain_text("1 image chosen")
    shots.nth(2).click(modifiers=["Shift"])
    expect(chosen).to_contain_text("3 images chosen")
    sheet.get_by_role("checkbox").nth(1).click()
    expect(chosen).to_contain_text("2 images chosen")
    files: list[str] = []

    def keep(download: Download) -> None:
        files.append(download.suggested_filename)

    page.on("download", keep)
    chosen.get_by_role("button", name="Download").click()
    eventually(page, lambda: len(set(files)) == 2)
    expect(chosen.get_by_role("button", name="Download")).to_be_enabled()
    page.keyboard.press("Control+a")
    expect(chosen).to_contain_text("4 images chosen")
    page.keyboard.press("x")
    expect(sheet.get_by_text("rejected")).to_have_count(4)
    chosen.get_by_role("button", name="3 of 5").click()
    expect(sheet.locator("[data-rejected]")).to_have_count(0)
    chosen.get_by_role("button", name="Download").click()
    eventually(page, lambda: files[2:] != [] and files[2].endswith(".zip"))
    page.keyboard.press("Escape")
    expect(chosen).to_be_hidden()


def test_images_are_chosen_by_keys_alone(page: Page, rig: RigServer) -> None:
    """Arrows move, with Shift they choose; Enter opens, and a plain arrow chooses nothing."""
    open_set(page, rig)
    shots = page.get_by_test_id("contact-sheet").locator("[data-index]")
    chosen = page.get_by_role("region", name="Chosen images")
    shots.nth(0).focus()
    page.keyboard.press("ArrowRight")
    expect(shots.nth(1)).to_be_focused()
    expect(chosen).to_be_hidden()
    page.keyboard.press("Shift+ArrowRight")
    expect(chosen).to_contain_text("2 images chosen")
    page.keyboard.press("4")
    expect(page.get_by_test_id("contact-sheet").get_by_label("4 of 5")).to_have_count(2)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(shots.nth(2)).to_be_focused()
    expect(chosen).to_contain_text("2 images chosen")


def test_single_shots_can_be_chosen_too(page: Page, rig: RigServer) -> None:
    """Pictures outside of sets are chosen, rated and downloaded in the same way."""
    open_screen(page, rig.url)
    shots = page.get_by_test_id("filmstrip").get_by_role("button")
    page.get_by_role("button", name="Take a picture").click()
    expect(shots.first).to_be_visible()
    go(page, "Gallery")
    page.get_by_role("button", name="Single shots").click()
    page.get_by_test_id("contact-sheet").locator("[data-index]").first.wait_for()
    page.keyboard.press("Control+a")
    chosen = page.get_by_role("region", name="Chosen images")
    expect(chosen.get_by_role("button", name="Download")).to_be_visible()
    chosen.get_by_role("group", name="Rating").get_by_role("button", name="1 of 5").click()
    expect(page.get_by_test_id("contact-sheet").get_by_label("1 of 5")).not_to_have_count(0)


def open_set(page: Page, rig: RigServer) -> None:
    """Capture a set of an ambient frame and three lights and open it."""
    start_sequence(page, rig.url, lights=3)
    page.get_by_role("link", name="Look at the set").click()
    expect(page.get_by_test_id("contact-sheet").locator("[data-index]")).to_have_count(4)
