"""Lamps and picture on one screen: another lamp is one press away from what it does."""

from playwright.sync_api import Page, expect

from support.browser_screens import open_screen, wait_for_frames
from support.rig_in_browser import RigServer


def test_another_lamp_is_one_key_away_from_the_live_view(page: Page, rig: RigServer) -> None:
    """The keys go through the lamps, a press shows one alone, Shift adds one, and the live view goes on beside it."""
    open_screen(page, rig.url)
    strip = page.get_by_role("group", name="Lamps")
    lamps = strip.locator("[data-lamp]")
    expect(lamps).to_have_count(9)
    page.keyboard.press(".")
    expect(lamps.nth(0)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press(".")
    page.keyboard.press(".")
    expect(lamps.nth(2)).to_have_attribute("aria-pressed", "true")
    expect(strip.locator("[aria-pressed=true][data-lamp]")).to_have_count(1)
    page.keyboard.press(",")
    expect(lamps.nth(1)).to_have_attribute("aria-pressed", "true")
    lamps.nth(4).click(modifiers=["Shift"])
    expect(strip.locator("[aria-pressed=true][data-lamp]")).to_have_count(2)
    wait_for_frames(page)
    lamps.nth(3).click()
    expect(strip.locator("[aria-pressed=true][data-lamp]")).to_have_count(1)
    strip.get_by_role("button", name="All lamps off").click()
    expect(strip.locator("[aria-pressed=true][data-lamp]")).to_have_count(0)


def test_the_lights_screen_shows_what_its_lamps_do(page: Page, rig: RigServer) -> None:
    """The picture stands beside the dome, also while the lamps walk, and can be put away."""
    open_screen(page, f"{rig.url}/lights/")
    page.get_by_role("button", name="Walk").click()
    wait_for_frames(page)
    expect(page.get_by_role("button", name="Stop walking")).to_be_visible()
    page.get_by_role("button", name="Stop walking").click()
    page.get_by_role("button", name="Hide the picture").click()
    expect(page.get_by_test_id("liveview")).to_have_count(0)
    page.get_by_role("button", name="Show the picture").click()
    wait_for_frames(page)
