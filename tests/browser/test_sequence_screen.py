"""The Sequence screen in a real browser: frames that show no light."""

from pathlib import Path

from playwright.sync_api import Page, expect

from support.browser_screens import start_sequence
from support.rig_in_browser import RigServer, Simulator


def test_a_frame_without_light_is_pointed_out_and_taken_again(
    page: Page, own_simulator: Simulator, tmp_path: Path
) -> None:
    """A lamp that does not fire leaves a frame as dark as the ambient one; a retry shows the new picture everywhere."""
    with RigServer(tmp_path, own_simulator) as server:
        own_simulator.control("light_fault", light="light_front", kind="dead")
        start_sequence(page, server.url, lights=3)
        expect(page.get_by_role("heading", name="Done")).to_be_visible()
        expect(page.get_by_text("1 frame to check.")).to_be_visible()
        frames_list = page.get_by_role("list", name="Frames")
        expect(frames_list.get_by_text("did the lamp come on?")).to_have_count(1)
        sheet = page.context.new_page()
        sheet.goto(page.get_by_role("link", name="Look at the set").evaluate("link => link.href"))
        shot = sheet.get_by_role("button", name="front", exact=True).locator("img")
        dark = shot.get_attribute("src") or ""
        own_simulator.control("light_fault", light="light_front", kind=None)
        page.get_by_role("button", name="Retry").click()
        expect(frames_list.get_by_text("did the lamp come on?")).to_have_count(0)
        expect(frames_list.get_by_text("OK")).to_have_count(4)
        expect(page.get_by_text("to check.")).to_have_count(0)
        expect(shot).not_to_have_attribute("src", dark)
