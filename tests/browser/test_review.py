"""The shot just taken, large; and the viewer under a finger."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from support.browser_screens import PATIENCE_MS, open_screen, shoot, violations, wait_for_frames
from support.patience import stretched
from support.rig_in_browser import RigServer
from tetherlight.client.sync import Client

SWIPE = """async ([from, to]) => {
    const pane = document.querySelector("dialog [data-testid=viewed]").parentElement;
    const box = pane.getBoundingClientRect();
    const tell = (type, share) => pane.dispatchEvent(new PointerEvent(type, {
        pointerId: 7, pointerType: "touch", bubbles: true, isPrimary: true,
        clientX: box.x + box.width * share, clientY: box.y + box.height / 2,
    }));
    pane.setPointerCapture = () => undefined;
    tell("pointerdown", from);
    tell("pointermove", (from + to) / 2);
    tell("pointermove", to);
    tell("pointerup", to);
}"""


def test_a_fresh_shot_fills_the_stage_until_a_key(page: Page, rig: RigServer) -> None:
    """With its histogram and a piece at 100 %; Tab flips to the live view, B compares, Z magnifies."""
    open_screen(page, rig.url)
    page.get_by_label("Show the shot").select_option("Until a key")
    page.get_by_test_id("liveview").click()
    review = page.get_by_test_id("review")
    shoot(page)
    expect(review).to_be_visible()
    expect(review.get_by_role("img", name="Histogram")).to_be_visible()
    expect(review.get_by_text("100 %").last).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Tab")
    expect(review).to_be_hidden()
    page.keyboard.press("Tab")
    expect(review).to_be_visible()
    page.keyboard.press("z")
    expect(review.get_by_role("button", name="100 %")).to_have_attribute("aria-pressed", "true")
    expect(review.get_by_role("button", name="Before")).to_be_disabled()
    shoot(page)
    page.keyboard.press("b")
    expect(review.get_by_test_id("viewed")).to_have_count(2)
    page.keyboard.press("4")
    expect(page.get_by_test_id("filmstrip").get_by_role("button").first).to_have_accessible_name(re.compile("4 of 5"))
    expect(review).to_be_visible()
    page.keyboard.press("Escape")
    expect(review).to_be_hidden()
    wait_for_frames(page)


def test_a_fresh_shot_is_shown_for_two_seconds_or_not(page: Page, rig: RigServer) -> None:
    """By itself it goes again; where it is not wanted it does not come, and R shows it nevertheless."""
    open_screen(page, rig.url)
    review = page.get_by_test_id("review")
    shoot(page)
    expect(review).to_be_visible()
    expect(review).to_be_hidden()
    page.get_by_label("Show the shot").select_option("Off")
    shoot(page)
    expect(review).to_be_hidden()
    page.keyboard.press("r")
    expect(review).to_be_visible()
    page.keyboard.press("r")
    expect(review).to_be_hidden()


@pytest.mark.parametrize("size", [(390, 844), (844, 390)])
def test_a_finger_flicks_through_the_lamps(browser: Browser, rig: RigServer, size: tuple[int, int]) -> None:
    """A swipe goes on by one where the picture is whole; a tap hides everything but it, and brings that back."""
    with Client(rig.url) as client:
        name = client.capture_set(["light_left", "light_right", "lights_top"], prefix="coin").set_folder.split("/")[-1]
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, has_touch=True, is_mobile=True)
    context.set_default_timeout(stretched(PATIENCE_MS))
    try:
        page = context.new_page()
        page.goto(f"{rig.url}/set/?name={name}")
        page.locator("[data-index]").first.tap()
        viewer = page.get_by_role("dialog")
        expect(viewer).to_contain_text("1 of 3")
        page.evaluate(SWIPE, [0.7, 0.3])
        expect(viewer).to_contain_text("2 of 3")
        page.evaluate(SWIPE, [0.3, 0.7])
        expect(viewer).to_contain_text("1 of 3")
        viewer.get_by_test_id("viewed").tap()
        expect(viewer.get_by_role("button", name="Close")).to_be_hidden()
        viewer.get_by_test_id("viewed").tap()
        expect(viewer.get_by_role("button", name="Close")).to_be_visible()
    finally:
        context.close()
