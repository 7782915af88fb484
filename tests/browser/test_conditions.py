"""The live view where the way is slow, the page hidden, the screen sharp, motion unwanted, the exposure long."""

import json
import re

from playwright.sync_api import Page, expect

from support.browser_screens import eventually, open_screen, shoot, violations, wait_for_frames
from support.rig_in_browser import RigServer

SLOW = {"offline": False, "latency": 20, "downloadThroughput": 120_000, "uploadThroughput": 120_000}
SHOW = """(state) => {
    Object.defineProperty(document, "visibilityState", {value: state, configurable: true});
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_over_a_slow_way_the_live_view_is_small_until_somebody_looks_closely(page: Page, rig: RigServer) -> None:
    """Smaller frames come often where whole ones would come late; the loupe shows what the camera sees."""
    open_screen(page, rig.url)
    page.keyboard.press(".")
    expect(page.get_by_role("group", name="Lamps").locator("[aria-pressed=true][data-lamp]")).to_have_count(1)
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", SLOW)
    readout = page.get_by_test_id("readout")
    expect(readout).to_have_text(re.compile(r"\b(640|480|320|240)\s\S\s"))
    page.keyboard.press("z")
    expect(readout).to_have_text(re.compile(r"\b1024\s\S\s"))


def test_a_hidden_page_watches_nothing_and_goes_on_when_it_is_seen(page: Page, rig: RigServer) -> None:
    """A tab in the background costs neither camera nor network."""
    asked: list[str] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda sent: asked.append(json.loads(sent)["action"])))
    open_screen(page, rig.url)
    page.evaluate(SHOW, "hidden")
    eventually(page, lambda: "STOP_LIVEVIEW" in asked)
    expect(page.get_by_test_id("liveview")).to_have_attribute("data-state", "off")
    page.evaluate(SHOW, "visible")
    wait_for_frames(page)


def test_a_sharp_screen_without_motion_shows_the_same(page: Page, rig: RigServer) -> None:
    """Three device pixels for each of the page's: the canvas has two, and nothing moves that need not."""
    metrics = {"width": 1280, "height": 800, "deviceScaleFactor": 3, "mobile": False}
    page.context.new_cdp_session(page).send("Emulation.setDeviceMetricsOverride", metrics)
    page.emulate_media(reduced_motion="reduce")
    open_screen(page, rig.url)
    shutter = page.get_by_role("button", name="Take a picture")
    assert shutter.evaluate("(part) => getComputedStyle(part).transitionDuration") == "0s"
    shoot(page, shutter.click)
    wait_for_frames(page)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= metrics["width"]
    assert violations(page) == []


def test_a_shutter_is_held_open_for_as_long_as_the_page_says(page: Page, rig: RigServer) -> None:
    """Seconds of bulb beside the shutter time; what is no such time takes no picture and says why."""
    asked: list[dict[str, object]] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda sent: asked.append(json.loads(sent))))
    open_screen(page, rig.url)
    field = page.get_by_label("Shutter held open, seconds")
    field.fill("0.5")
    expect(page.get_by_text("From 1 to 3600 seconds.")).to_be_visible()
    page.get_by_role("button", name="Take a picture").click()
    field.fill("1")
    shoot(page, page.get_by_role("button", name="Take a picture").click)
    assert [one["payload"] for one in asked if one["action"] == "CAPTURE_IMAGE"] == [{"exposure_s": 1}]
