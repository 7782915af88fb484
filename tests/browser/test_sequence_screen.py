"""The Sequence screen in a real browser: frames that show no light, stacks whose lens nobody can place any more."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from playwright.sync_api import Page, expect

from support.browser_screens import go, open_screen, start_sequence, violations
from support.rig_in_browser import RigServer, Simulator
from tetherlight.client.sync import Client
from tetherlight.protocol.axes import AxisPlan


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


def test_a_stack_whose_lens_stopped_on_the_way_asks_how_it_goes_on(
    page: Page, own_simulator: Simulator, tmp_path: Path
) -> None:
    """Nobody knows how far it came: the page offers to believe in it or to begin again, and nothing else."""
    axes = [AxisPlan(axis="focus", count=3), AxisPlan(axis="light", values=["light_left"])]
    with RigServer(tmp_path, own_simulator) as server, Client(server.url) as client, ThreadPoolExecutor(1) as pool:
        client.select()
        own_simulator.control("fault", camera="camera1", kind="focus_halts", count=1)
        taken = pool.submit(client.capture_axes, axes)
        try:
            open_screen(page, server.url)
            go(page, "Sequence")
            expect(page.get_by_role("heading", name="Paused")).to_be_visible()
            expect(page.get_by_test_id("trouble")).to_contain_text("The place of the focus is unknown.")
            expect(page.get_by_role("button", name="Go on from here")).to_be_visible()
            expect(page.get_by_role("button", name="Go on", exact=True)).to_be_hidden()
            assert violations(page) == []
            page.get_by_role("button", name="Begin the stack again").click()
            expect(page.get_by_role("heading", name="Done")).to_be_visible()
        except BaseException:
            server.tidy()
            raise
        assert taken.result().image_count == 3
