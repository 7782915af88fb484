"""The Sequence screen in a real browser: frames that show no light, stacks whose lens nobody can place any more."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from playwright.sync_api import Page, expect

from support.browser_screens import eventually, go, open_screen, start_sequence, violations
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
        page.get_by_role("button", name="Take front again").click()
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


def test_any_frame_is_looked_at_and_taken_again(page: Page, rig: RigServer) -> None:
    """A press enlarges a frame; one that looks good is taken again as well, and so is the ambient one."""
    start_sequence(page, rig.url, lights=2)
    expect(page.get_by_role("heading", name="Done")).to_be_visible()
    page.get_by_role("button", name="Look at ambient").click()
    viewer = page.get_by_role("dialog")
    expect(viewer).to_contain_text("1 of 3")
    page.keyboard.press("ArrowRight")
    expect(viewer).to_contain_text("2 of 3")
    assert violations(page) == []
    page.keyboard.press("r")
    with Client(rig.url) as client:
        (one,) = client.sets()
        eventually(page, lambda: attempts(client, one.name) == [1, 2, 1])
        page.keyboard.press("Escape")
        expect(page.get_by_role("heading", name="Done")).to_be_visible()
        page.get_by_role("button", name="Take ambient again").click()
        eventually(page, lambda: attempts(client, one.name) == [2, 2, 1])
    expect(page.get_by_role("heading", name="Done")).to_be_visible()


def attempts(client: Client, name: str) -> list[int]:
    """Return how often each frame of a set was taken."""
    manifest = client.show_set(name).manifest
    assert manifest is not None
    return [step.attempts for step in manifest.steps]


def test_the_question_whether_to_stop_stays_when_the_set_ends_meanwhile(page: Page, rig: RigServer) -> None:
    """It says that nothing is left to stop, instead of vanishing under the hand."""
    start_sequence(page, rig.url)
    page.keyboard.press("Control+.")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Stop this sequence?")
    expect(dialog).to_contain_text("was completed meanwhile")
    assert violations(page) == []
    dialog.get_by_text("Close", exact=True).click()
    expect(dialog).to_be_hidden()


def test_a_set_is_told_in_the_title_and_its_end_on_other_screens(page: Page, rig: RigServer) -> None:
    """Who works elsewhere meanwhile need not look after it."""
    start_sequence(page, rig.url)
    expect(page).to_have_title(re.compile(r"^▸ \d/9 · Tetherlight$"))
    go(page, "Settings")
    expect(page.get_by_text("is done: 9 pictures.")).to_be_visible()
    expect(page).to_have_title("Tetherlight")
    page.get_by_role("button", name="Look", exact=True).click()
    expect(page.get_by_role("navigation", name="Screens").get_by_role("link", name="Sequence")).to_have_attribute(
        "aria-current", "page"
    )


def test_a_plan_becomes_a_recipe_that_one_press_starts(page: Page, rig: RigServer, tmp_path: Path) -> None:
    """It is kept with the exposure, told to every page, started by one press, exported, deleted and brought back."""
    with Client(rig.url) as client:
        without_recipes(client)
        client.set_config("iso", "200")
        open_screen(page, f"{rig.url}/sequence/")
        page.get_by_role("button", name="None", exact=True).click()
        for number in range(2):
            page.locator("[data-light]").nth(number).click()
        page.get_by_role("checkbox", name="Black out this screen").uncheck()
        page.get_by_role("button", name="Save as recipe").click()
        page.get_by_role("dialog").get_by_role("textbox", name="Name").fill("Coins, f/8")
        assert violations(page) == []
        page.get_by_role("button", name="Save", exact=True).click()
        start = page.get_by_role("button", name="Start Coins, f/8")
        expect(start).to_be_visible()
        client.set_config("iso", "100")
        page.get_by_role("button", name="All", exact=True).click()
        start.click()
        expect(page.get_by_role("heading", name="Done")).to_be_visible()
        assert client.get_config("iso").value == "200"
        (taken,) = client.sets()
        assert taken.image_count == 3  # the ambient frame, too
        page.get_by_role("button", name="Next set").click()
        page.get_by_role("button", name="Coins, f/8 2 lights").click()
        assert violations(page) == []
        with page.expect_download() as download:
            page.get_by_role("button", name="Export").click()
        file = tmp_path / "coins.json"
        download.value.save_as(file)
        page.get_by_role("button", name="Delete").click()
        expect(start).to_be_hidden()
        page.get_by_label("File of recipes").set_input_files(file)
        expect(start).to_be_visible()
        client.delete_recipe("Coins, f/8")
        expect(start).to_be_hidden()


def test_a_recipe_for_lights_that_are_not_there_says_so_and_begins_nothing(page: Page, rig: RigServer) -> None:
    """One sentence names what is missing; a file that is no recipe is named, and is in nobody's way."""
    with Client(rig.url) as client:
        without_recipes(client)
        client.save_recipe({"name": "Elsewhere", "settings": {"iso": "800"}, "light_sequence": ["light_moon"]})
        (folder,) = rig.folder.glob("state/*/recipes")
        broken = folder / "broken.json"
        broken.write_text("{")
        open_screen(page, f"{rig.url}/sequence/")
        expect(page.get_by_text("broken.json: It is no recipe")).to_be_visible()
        broken.unlink()
        page.get_by_role("button", name="Start Elsewhere").click()
        expect(
            page.get_by_text("Recipe 'Elsewhere' cannot be used: the rig has no light 'light_moon'.")
        ).to_be_visible()
        assert client.jobs() == [] or client.jobs()[0].state != "running"
        assert client.get_config("iso").value != "800"
        client.delete_recipe("Elsewhere")


def without_recipes(client: Client) -> None:
    """Delete what earlier tests have kept."""
    for recipe in client.recipes().recipes:
        client.delete_recipe(recipe.name)


def test_the_plan_says_what_releases_the_camera(page: Page, own_simulator: Simulator, tmp_path: Path) -> None:
    """The choice goes with the set; where the rig has no such line, the page says so."""
    (tmp_path / "rig.toml").write_text('[triggers.body]\ncameras = ["canon-eos-1300d-087000000001"]\nfull_press = 40\n')
    with RigServer(tmp_path, own_simulator) as server, Client(server.url) as client:
        client.select()
        open_screen(page, f"{server.url}/sequence/")
        page.get_by_text("Details", exact=True).click()
        page.get_by_label("The camera is released by").select_option("Its line, held for a burst")
        assert violations(page) == []
        page.get_by_role("button", name="Start").click()
        expect(page.get_by_text("No line tells when the shutter")).to_be_visible()
        page.get_by_label("The camera is released by").select_option("Its trigger line")
        start_sequence(page, server.url, lights=1)
        expect(page.get_by_role("heading", name="Done")).to_be_visible()
        (one,) = client.sets()
        manifest = client.show_set(one.name).manifest
        assert manifest is not None
        assert {step.trigger for step in manifest.steps} == {"line"}
