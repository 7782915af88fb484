"""Lamps and picture on one screen: another lamp is one press away from what it does."""

from playwright.sync_api import Page, expect

from support.browser_screens import open_screen, wait_for_frames
from support.rig_in_browser import RigServer
from tetherlight.client.sync import Client
from tetherlight.protocol.models import LightInfo


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


def test_how_bright_a_lamp_is_is_dragged_turned_and_stepped(page: Page, rig: RigServer) -> None:
    """The wheel counts only while the slider has the focus, so that it scrolls the page elsewhere."""
    with Client(rig.url) as client:
        name = client.lights().lights[0].name

        def until(level: float) -> None:
            for _ in client.events("lights"):
                if client.lights().levels[name] == level:
                    return

        open_screen(page, f"{rig.url}/lights/")
        slider = page.get_by_role("list", name="Lights").get_by_role("slider").first
        slider.fill("40")
        until(0.4)
        expect(slider).to_have_attribute("aria-valuetext", "40 %")
        slider.press("ArrowRight")
        until(0.41)
        slider.hover()
        page.mouse.wheel(0, -100)
        until(0.46)
        slider.blur()
        page.mouse.wheel(0, -100)
        client.set_light(name, on=False)
        until(0.0)
        expect(slider).to_have_attribute("aria-valuetext", "46 %")


def test_what_a_lamp_bears_and_how_it_shines_is_edited_on_the_page(page: Page, rig: RigServer) -> None:
    """Limits and the law of a lamp go into the rig file, stay there when something else is saved, and go again."""
    with Client(rig.url) as client:

        def save() -> LightInfo:
            page.get_by_role("button", name="Save the rig").click()
            expect(page.get_by_role("heading", name="Edit the rig")).to_have_count(0)
            return client.lights().lights[0]

        def edit() -> None:
            page.get_by_role("button", name="Edit rig").click()
            page.get_by_text("Limits", exact=True).click()
            page.get_by_text("Light", exact=True).last.click()

        open_screen(page, f"{rig.url}/lights/")
        edit()
        page.get_by_label("Brightest, %").fill("50")
        page.get_by_label("On at most, s").fill("30")
        law = page.get_by_label("Its light follows")
        law.select_option("curve")
        curve = page.get_by_label("Signal and light, %")
        curve.fill("50 20\n40 30")
        expect(page.get_by_text("Line 2: signal and light must both be more")).to_be_visible()
        page.get_by_role("button", name="Save the rig").click()
        expect(page.get_by_text("top: Line 2")).to_be_visible()
        curve.fill("25 4.7\n50 21.8")
        kept = save()
        assert (kept.max_level, kept.max_on_s, kept.duty, kept.gamma) == (0.5, 30, None, None)
        assert kept.curve == [(0.25, 0.047), (0.5, 0.218)]
        edit()
        page.get_by_label("Settles in, s").fill("0.4")
        kept = save()
        assert (kept.settle_s, kept.max_on_s, kept.curve) == (0.4, 30, [(0.25, 0.047), (0.5, 0.218)])
        edit()
        for label in ("Brightest, %", "On at most, s", "Settles in, s"):
            page.get_by_label(label).fill("")
        law.select_option("linear")
        kept = save()
        assert (kept.settle_s, kept.max_level, kept.max_on_s, kept.curve, kept.gamma) == (None,) * 5


def test_the_camera_measures_the_lamps_from_the_page(page: Page, rig: RigServer) -> None:
    """A press asks first; then the lights belong to the measurement, which can be stopped."""
    open_screen(page, f"{rig.url}/lights/")
    page.get_by_role("button", name="Measure").click()
    page.get_by_role("dialog").get_by_role("button", name="Measure").click()
    stop = page.get_by_role("button", name="Stop measuring, 1 of 9")
    expect(page.get_by_text("The lights are being measured.").first).to_be_visible()
    stop.click()
    expect(page.get_by_role("button", name="Measure")).to_be_visible()
    with Client(rig.url) as client:
        assert not any(client.lights().states.values())
        newest = client.jobs()[0]
        assert (newest.kind, newest.state.value) == ("measurement", "cancelled")
