"""The jobs of a day's work in as few clicks and keys as the best of their kind need; typing is not counted."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, Page, expect

from support.browser_screens import open_screen, wait_for_frames
from support.rig_in_browser import RigServer


class Hand:
    """Clicks and presses keys, and counts."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._count = 0

    def click(self, what: Locator) -> None:
        """Click once."""
        self._count += 1
        what.click()

    def press(self, key: str) -> None:
        """Press one key, or one with others held."""
        self._count += 1
        self._page.keyboard.press(key)

    @contextmanager
    def job(self, most: int) -> Iterator[None]:
        """Do a job in at most so many clicks and keys."""
        before = self._count
        yield
        assert self._count - before <= most


def test_what_is_done_at_the_camera(page: Page, rig: RigServer) -> None:
    """Look, set, shoot, see the shot at 100 %, judge it, throw it away and take it back, switch lamps and overlays."""
    hand = Hand(page)
    with hand.job(0):
        open_screen(page, rig.url)
        wait_for_frames(page)
    shutter = page.get_by_label("Shutter", exact=True)
    before = shutter.input_value()
    with hand.job(3):
        for _ in range(3):
            hand.click(page.get_by_role("button", name="Shutter: next value"))
        expect(shutter).not_to_have_value(before)
    page.get_by_label("Show the shot").select_option("Until a key")
    page.get_by_test_id("liveview").click()
    review, shots = page.get_by_test_id("review"), page.get_by_test_id("filmstrip").get_by_role("button")
    with hand.job(1):
        hand.press("Space")
        expect(shots).to_have_count(1)
    with hand.job(1):
        expect(review).to_be_visible()
        hand.press("z")
        expect(review.get_by_role("button", name="100 %")).to_have_attribute("aria-pressed", "true")
    with hand.job(1):
        hand.press("4")
        expect(shots.first).to_have_accessible_name(re.compile("4 of 5"))
    with hand.job(1):
        hand.press("x")
        expect(shots.first).not_to_have_accessible_name(re.compile("4 of 5"))
    with hand.job(2):
        hand.press("Delete")
        expect(shots).to_have_count(0)
        hand.click(page.get_by_role("button", name="Undo"))
        expect(shots).to_have_count(1)
    with hand.job(1):
        hand.press(".")
        expect(page.get_by_role("group", name="Lamps").locator("[aria-pressed=true][data-lamp]")).to_have_count(1)
    with hand.job(1):
        hand.press("g")
        expect(page.get_by_role("button", name="Grid")).to_have_attribute("aria-pressed", "true")
    with hand.job(2):
        hand.press("l")
        hand.click(page.get_by_role("button", name="Walk"))
        expect(page.get_by_role("button", name="Stop walking")).to_be_visible()
    page.get_by_role("button", name="Stop walking").click()


def test_what_is_done_with_a_set(page: Page, rig: RigServer) -> None:
    """Begin it, take a good frame again, find it, open it, go through its lamps at 100 %, take it along, rename it."""
    hand = Hand(page)
    page.add_init_script("localStorage.setItem('tetherlight.blackout', 'false')")
    open_screen(page, rig.url)
    with hand.job(2):
        hand.click(page.get_by_role("navigation", name="Screens").get_by_role("link", name="Sequence"))
        page.get_by_role("textbox", name="Name").fill("coin")
        hand.click(page.get_by_role("button", name="Start"))
        page.get_by_test_id("progress").wait_for()
    expect(page.get_by_role("heading", name="Done")).to_be_visible()
    with hand.job(1):
        hand.click(page.get_by_role("button", name="Take ambient again"))
    expect(page.get_by_role("heading", name="Done")).to_be_visible()
    page.get_by_role("navigation", name="Screens").get_by_role("link", name="Gallery").click()
    cards = page.get_by_role("list", name="Sets").get_by_role("link")
    with hand.job(1):
        search = page.get_by_role("searchbox", name="Search sets")
        hand.click(search)
        search.fill("coin")
        expect(cards).to_have_count(1)
    with hand.job(2):
        cards.first.focus()
        hand.press("Control+a")
        with page.expect_download():
            hand.click(page.get_by_role("region", name="Chosen sets").get_by_role("link", name="Zip"))
    page.keyboard.press("Escape")
    with hand.job(2):
        cards.first.focus()
        hand.press("F2")
        page.get_by_role("textbox", name="New name").fill("coin_front")
        hand.press("Enter")
        expect(page.locator('[data-set="coin_front"]')).to_be_visible()
    with hand.job(1):
        hand.click(cards.first)
        page.get_by_test_id("contact-sheet").locator("[data-index]").first.wait_for()
    with hand.job(3):
        hand.click(page.get_by_test_id("contact-sheet").locator("[data-index]").first)
        hand.press("z")
        hand.press("ArrowRight")
        expect(page.get_by_role("dialog")).to_contain_text("2 of 10")


def test_a_set_is_paused_taken_up_again_and_stopped(page: Page, slow_rig: RigServer) -> None:
    """One click each, and one more to stop what cannot be taken up again."""
    hand = Hand(page)
    open_screen(page, f"{slow_rig.url}/sequence/")
    page.get_by_role("checkbox", name="Black out this screen").uncheck()
    page.get_by_role("button", name="Start").click()
    with hand.job(1):
        hand.click(page.get_by_role("button", name="Pause"))
        expect(page.get_by_role("heading", name="Paused")).to_be_visible()
    with hand.job(1):
        hand.click(page.get_by_role("button", name="Go on", exact=True))
        expect(page.get_by_role("button", name="Pause")).to_be_visible()
    with hand.job(2):
        hand.press("Control+.")
        hand.click(page.get_by_role("dialog").get_by_role("button", name="Stop"))
        expect(page.get_by_role("heading", name="Stopped")).to_be_visible()
