"""The Capture screen in a real browser: series, focus at a tap, ratings, the trash, and what lies over the picture."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, FloatRect, Locator, Page, WebSocket, expect

from support.browser_screens import eventually, go, open_screen, shoot, violations, wait_for_frames
from support.rig_in_browser import RigServer, Simulator
from tetherlight.client.sync import Client

SIZES = {"desktop": (1440, 900), "portrait": (820, 1180), "phone": (390, 844)}
NEAR = 0.02
LIT = 100
"""How bright the edge of the lit scene is at least, of 255."""


@pytest.fixture
def asked(page: Page) -> list[dict[str, Any]]:
    """The requests that the page sends from now on."""
    requests: list[dict[str, Any]] = []

    def listen(connection: WebSocket) -> None:
        connection.on("framesent", lambda text: requests.append(json.loads(text)))

    page.on("websocket", listen)
    return requests


def test_a_bracket_is_taken_and_the_setting_is_as_it_was(page: Page, rig: RigServer) -> None:
    """The dialog shows the values and what they cost; each is taken, and the strip and the screens call it a series."""
    open_screen(page, rig.url)
    shutter = page.get_by_role("combobox", name="Shutter")
    shutter.select_option("1/60")
    expect(page.get_by_text("setting…")).to_be_hidden()
    shots = strip(page)
    dialog = plan_series(page, bracket="Shutter")
    expect(dialog.get_by_role("listitem")).to_have_text(["1/125 s", "1/60 s", "1/30 s"])
    expect(dialog.get_by_test_id("series-estimate")).to_contain_text("3 pictures · about")
    dialog.get_by_role("spinbutton", name="Times").fill("3")
    dialog.get_by_role("button", name="Take 9 pictures").click()
    expect(page.get_by_test_id("series-progress")).to_contain_text("of 9")
    expect(page.get_by_role("banner").get_by_role("link", name="Series: ")).to_be_visible()
    expect(page.get_by_text("Series of 9 images completed.")).to_be_visible()
    expect(shots).to_have_count(9)
    expect(page.get_by_test_id("series-progress")).to_be_hidden()
    expect(shutter).to_have_value("1/60")
    go(page, "Sequence")
    expect(page.get_by_role("button", name="Start")).to_be_visible()


def test_between_two_rounds_the_live_view_runs(page: Page, rig: RigServer) -> None:
    """In a time-lapse the page says when the next picture comes, and frames flow until then."""
    open_screen(page, rig.url)
    shots = strip(page)
    dialog = plan_series(page, bracket="None")
    dialog.get_by_role("spinbutton", name="Pictures").fill("2")
    dialog.get_by_role("spinbutton", name="Seconds").fill("600")
    dialog.get_by_role("button", name="Take 2 pictures").click()
    expect(page.get_by_test_id("series-progress")).to_contain_text("next in")
    expect(shots).to_have_count(1)
    wait_for_frames(page)
    page.get_by_test_id("series-progress").get_by_role("button", name="Stop the series").click()
    expect(page.get_by_text("The picture taken so far stays.")).to_be_visible()


def test_a_stopped_series_keeps_what_was_taken(page: Page, rig: RigServer) -> None:
    """Stop ends a series after the exposure under way, and says how many pictures stay."""
    open_screen(page, rig.url)
    shots = strip(page)
    dialog = plan_series(page, bracket="None")
    dialog.get_by_role("spinbutton", name="Pictures").fill("40")
    dialog.get_by_role("button", name="Take 40 pictures").click()
    expect(shots).not_to_have_count(0)
    page.get_by_test_id("series-progress").get_by_role("button", name="Stop the series").click()
    expect(page.get_by_text("The series was stopped.")).to_contain_text("taken so far stay")
    expect(page.get_by_test_id("series-progress")).to_be_hidden()
    assert 0 < shots.count() < 40
    wait_for_frames(page)


def test_a_failed_series_says_why_and_goes_on(page: Page, rig: RigServer, simulator: Simulator) -> None:
    """The cause stands beside the shutter until the series goes on to its end."""
    open_screen(page, rig.url)
    shots = strip(page)
    simulator.control("fault", camera="camera1", kind="store_full", when="capture", count=1, after=1)
    dialog = plan_series(page, bracket="None")
    dialog.get_by_role("spinbutton", name="Pictures").fill("3")
    dialog.get_by_role("button", name="Take 3 pictures").click()
    progress = page.get_by_test_id("series-progress")
    expect(progress.get_by_role("alert")).to_contain_text("Failed to capture image 2 of 3")
    progress.get_by_role("button", name="Go on").click()
    expect(progress).to_be_hidden()
    expect(shots).to_have_count(3)


@pytest.mark.parametrize("size", SIZES)
def test_a_tap_focuses_where_it_falls(page: Page, rig: RigServer, simulator: Simulator, size: str) -> None:
    """The camera is told the share of the frame under the finger, however the picture lies on the screen."""
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    open_screen(page, rig.url)
    stage, picture = picture_box(page)
    x, y = picture["x"] + 0.25 * picture["width"], picture["y"] + 0.4 * picture["height"]
    page.mouse.click(x, y)
    expect(page.get_by_test_id("focus-words")).to_have_text("Focused")
    frame = page.get_by_test_id("focus-frame").bounding_box()
    if frame is not None:
        assert abs(frame["x"] + frame["width"] / 2 - x) < 2
        assert abs(frame["y"] + frame["height"] / 2 - y) < 2
    assert focus_point(simulator) == pytest.approx((0.25, 0.4), abs=NEAR)
    expect(page.get_by_test_id("focus-frame")).to_be_hidden()
    assert stage["width"] >= picture["width"]


def test_a_tap_in_the_loupe_focuses_on_what_is_seen(page: Page, rig: RigServer, simulator: Simulator) -> None:
    """Magnified, a point of the screen is another point of the frame; F focuses there again."""
    open_screen(page, rig.url)
    page.keyboard.press("z")
    page.keyboard.press("z")
    # A busy browser may have had smaller frames until then.
    wait_for_frames(page)
    expect(page.get_by_test_id("readout")).to_have_text(re.compile(r"\b1024\s\S\s"))
    stage, _ = picture_box(page)
    columns, rows = frame_size(page)
    page.mouse.click(stage["x"] + stage["width"] / 2 + 100, stage["y"] + stage["height"] / 2 - 60)
    expect(page.get_by_test_id("focus-words")).to_have_text("Focused")
    wanted = (0.5 + 50 / columns, 0.5 - 30 / rows)
    assert focus_point(simulator) == pytest.approx(wanted, abs=NEAR)
    page.keyboard.press("z")
    page.keyboard.press("f")
    expect(page.get_by_test_id("focus-words")).to_have_text("Focused")
    assert focus_point(simulator) == pytest.approx(wanted, abs=NEAR)


def test_beside_the_picture_nothing_focuses_and_twice_magnifies(
    page: Page, rig: RigServer, asked: list[dict[str, Any]]
) -> None:
    """A tap on the empty edge means nothing, and a double tap is the loupe and no focusing."""
    open_screen(page, rig.url)
    stage, picture = picture_box(page)
    if picture["y"] - stage["y"] > 4:
        page.mouse.click(stage["x"] + stage["width"] / 2, stage["y"] + 2)
    page.mouse.dblclick(stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2)
    expect(page.get_by_text("Loupe 100 %")).to_be_visible()
    page.keyboard.press("]")
    eventually(page, lambda: sent(asked, "DRIVE_FOCUS"))
    assert not sent(asked, "AUTOFOCUS")


def test_a_camera_that_finds_no_focus_says_so(page: Page, rig: RigServer, simulator: Simulator) -> None:
    """The frame turns into a cross, with the camera's words."""
    open_screen(page, rig.url)
    simulator.control("fault", camera="camera1", kind="error", when="focus", count=1)
    _, picture = picture_box(page)
    page.mouse.click(picture["x"] + picture["width"] / 2, picture["y"] + picture["height"] / 2)
    expect(page.get_by_test_id("focus-words")).to_contain_text("could not focus")
    expect(page.get_by_test_id("focus-frame")).to_have_attribute("data-state", "failed")
    assert violations(page) == []


def test_ratings_and_the_trash_reach_every_screen(page: Page, browser: Browser, rig: RigServer) -> None:
    """Keys rate the last shot, reject it and delete it; another browser sees each, and Undo brings it back."""
    open_screen(page, rig.url)
    shoot(page)
    other = browser.new_page()
    other.goto(rig.url)
    wait_for_frames(other)
    name = (strip(page).first.get_attribute("aria-label") or "").split(",")[0]
    for key, words in (("4", f"{name}, 4 of 5"), ("x", f"{name}, rejected"), ("0", name)):
        page.keyboard.press(key)
        for screen in (page, other):
            expect(strip(screen).first).to_have_accessible_name(words)
    page.get_by_role("region", name="Last shot").get_by_role("button", name="3 of 5").click()
    expect(strip(other).first).to_have_accessible_name(f"{name}, 3 of 5")
    page.keyboard.press("Delete")
    for screen in (page, other):
        expect(screen.get_by_role("button", name=f"{name}, 3 of 5", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    for screen in (page, other):
        expect(strip(screen).first).to_have_accessible_name(f"{name}, 3 of 5")
    other.close()


def test_keys_judge_the_shot_that_they_are_on(page: Page, rig: RigServer) -> None:
    """In the filmstrip the shot with the focus is meant; when it goes, the next one has the focus."""
    open_screen(page, rig.url)
    for _ in range(3):
        shoot(page)
    paths = [strip(page).nth(number).get_attribute("data-shot") for number in range(3)]
    strip(page).first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("5")
    expect(strip(page).nth(1)).to_have_accessible_name(re.compile("5 of 5"))
    page.keyboard.press("Delete")
    expect(strip(page).nth(1)).to_have_attribute("data-shot", paths[2] or "")
    expect(strip(page).nth(1)).to_be_focused()
    expect(strip(page).first).to_have_attribute("data-shot", paths[0] or "")


def test_the_mask_darkens_what_will_be_cut_away(page: Page, rig: RigServer) -> None:
    """Each shape is chosen by name, and the edges of the picture go dark on both sides of it."""
    open_screen(page, rig.url)
    page.get_by_role("button", name="Switch one on").click()
    expect(page.get_by_text("All lights are off.")).to_be_hidden()
    choice = page.get_by_role("combobox", name="Aspect mask")
    shapes = choice.get_by_role("option").all_text_contents()
    assert shapes == ["Whole frame", "1 : 1", "4 : 5", "3 : 2", "16 : 9"]
    _, picture = picture_box(page)
    column: FloatRect = {
        "x": picture["x"] + 0.1 * picture["width"], "y": picture["y"] + 0.3 * picture["height"],
        "width": 20, "height": 0.3 * picture["height"],
    }  # fmt: skip
    eventually(page, lambda: luma(page, column) > LIT)
    choice.select_option("1 : 1")
    eventually(page, lambda: luma(page, column) < LIT / 2)
    choice.select_option("Whole frame")
    eventually(page, lambda: luma(page, column) > LIT)


def test_the_ghost_is_any_earlier_shot_and_stays(page: Page, rig: RigServer) -> None:
    """O lays the last shot over the picture, earlier ones are a press away, and a new shot does not take its place."""
    open_screen(page, rig.url)
    for _ in range(2):
        shoot(page)
    page.keyboard.press("o")
    ghost = page.get_by_role("group", name="Ghost")
    expect(ghost).to_contain_text("Last shot")
    ghost.get_by_role("button", name="Earlier shot").click()
    expect(ghost).to_contain_text("Shot 2 of")
    assert violations(page) == []
    shoot(page, lambda: page.keyboard.press("t"))
    expect(ghost).to_contain_text("Shot 3 of")
    page.keyboard.press("o")
    expect(ghost).to_be_hidden()


def test_the_next_name_is_told_and_kept(page: Page, rig: RigServer) -> None:
    """What stands beside the shutter is how the next shot is named, but for its time."""
    open_screen(page, rig.url)
    told = page.get_by_test_id("next-name")
    expect(told).to_contain_text(re.compile(r"image_Canon_EOS_1300D_\d{8}-\d{6}\.jpg"))
    shoot(page)
    expect(strip(page).first).to_have_accessible_name(re.compile(r"^image_Canon_EOS_1300D_\d{8}-\d{6}"))


def test_a_picked_setting_is_stepped_by_arrows_and_space_still_shoots(page: Page, rig: RigServer) -> None:
    """A, S, I and W pick a setting for the arrow keys; every other key keeps its meaning."""
    open_screen(page, rig.url)
    for key, name in {"s": "Shutter", "a": "Aperture", "i": "ISO", "w": "White balance"}.items():
        field = page.get_by_role("combobox", name=name)
        page.keyboard.press(key)
        expect(field).to_be_focused()
        before = field.input_value()
        first = before == field.locator("option").first.get_attribute("value")
        page.keyboard.press("ArrowUp" if first else "ArrowDown")
        expect(field).not_to_have_value(before)
        expect(page.get_by_text("setting…")).to_be_hidden()
        page.keyboard.press("ArrowDown" if first else "ArrowUp")
        expect(field).to_have_value(before)
        expect(page.get_by_text("setting…")).to_be_hidden()
    shoot(page)


def test_keys_switch_what_lies_over_the_picture(page: Page, rig: RigServer) -> None:
    """H, C, P, M, G, O and Z press the buttons that carry them, V ends the live view, and ? lists every key."""
    open_screen(page, rig.url)
    shoot(page)
    bar = page.get_by_role("toolbar", name="Over the live view")
    names = {"h": "Histogram", "c": "Clipping", "p": "Peaking", "m": "Focus score", "g": "Grid", "o": "Ghost"}
    for key, name in names.items():
        button = bar.get_by_role("button", name=name)
        before = button.get_attribute("aria-pressed")
        page.keyboard.press(key)
        expect(button).to_have_attribute("aria-pressed", "false" if before == "true" else "true")
        page.keyboard.press(key)
        expect(button).to_have_attribute("aria-pressed", before or "")
    for shown in ("Loupe 100 %", "Loupe 200 %"):
        page.keyboard.press("z")
        expect(page.get_by_text(shown)).to_be_visible()
    page.keyboard.press("z")
    expect(page.get_by_text(re.compile("^Loupe .00 %$"))).to_be_hidden()
    page.keyboard.press("v")
    expect(page.get_by_role("button", name="Start the live view")).to_be_visible()
    page.keyboard.press("v")
    wait_for_frames(page)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Rate the last shot")


def test_the_dark_of_a_simulated_room_is_explained(page: Page, own_simulator: Simulator, tmp_path: Path) -> None:
    """Without any light the picture says why it is black, and one press lights the scene and takes the words away."""
    with RigServer(tmp_path / "rig", own_simulator) as server:
        open_screen(page, server.url)
        hint = page.get_by_text("All lights are off.")
        expect(hint).to_be_visible()
        assert violations(page) == []
        page.get_by_role("button", name="Switch one on").click()
        expect(hint).to_be_hidden()
        expect(page.get_by_role("banner")).to_contain_text("1 of 9 lights on")
        page.keyboard.press("v")
        expect(page.get_by_role("button", name="Start the live view")).to_be_visible()
        expect(hint).to_be_hidden()


def test_the_page_says_when_the_body_has_ended_its_live_view(
    page: Page, own_simulator: Simulator, tmp_path: Path
) -> None:
    """Where nobody watches, the body first goes on by itself, then it rests; both are said."""
    with RigServer(tmp_path / "rig", own_simulator, AUTO_STANDBY="1") as server:
        open_screen(page, server.url)
        page.keyboard.press("v")
        expect(page.get_by_text("The camera is in standby")).to_be_visible()
        page.get_by_role("banner").get_by_role("button", name=re.compile("EOS")).click()
        expect(page.get_by_role("group", name="Cameras")).to_contain_text("live view in standby")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Start the live view").click()
        wait_for_frames(page)


def strip(page: Page) -> Locator:
    """Return the shots of the filmstrip, the newest first."""
    return page.get_by_test_id("filmstrip").get_by_role("button")


def plan_series(page: Page, *, bracket: str) -> Locator:
    """Open the dialog that plans a series, choose its bracket, and check that everybody can use it."""
    page.get_by_role("button", name="Series", exact=True).click()
    dialog = page.get_by_role("dialog", name="Series")
    dialog.get_by_text(bracket, exact=True).click()
    assert violations(page) == []
    return dialog


def frame_size(page: Page) -> tuple[int, int]:
    """Return the live view's width and height in pixels, as its readout tells them."""
    readout = page.get_by_test_id("readout")
    size = re.compile(r"(\d{3,})\s\S\s(\d{3,})")
    expect(readout).to_have_text(size)
    found = size.search(readout.text_content() or "")
    assert found is not None
    return int(found[1]), int(found[2])


def picture_box(page: Page) -> tuple[FloatRect, FloatRect]:
    """Return where the live view lies on the page, and where in it the whole picture."""
    columns, rows = frame_size(page)
    stage = page.get_by_role("group", name="Live view").bounding_box()
    assert stage is not None
    scale = min(stage["width"] / columns, stage["height"] / rows)
    width, height = columns * scale, rows * scale
    left = stage["x"] + (stage["width"] - width) / 2
    top = stage["y"] + (stage["height"] - height) / 2
    return stage, {"x": left, "y": top, "width": width, "height": height}


def focus_point(simulator: Simulator) -> tuple[float, float]:
    """Return where the camera's focus frame is, as shares of width and height."""
    (camera,) = [one for one in simulator.control("status")["cameras"] if one["name"] == "camera1"]
    x, y = camera["focus_point"]
    return x, y


def luma(page: Page, clip: FloatRect) -> float:
    """Return how bright a part of the page is on average, from 0 to 255."""
    picture = Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("L")
    pixels = list(picture.tobytes())
    return sum(pixels) / len(pixels)


def sent(asked: list[dict[str, Any]], action: str) -> bool:
    """Return whether the page has sent a request of that kind."""
    return any(request["action"] == action for request in asked)


def test_the_last_shot_is_judged_on_a_phone(page: Page, rig: RigServer) -> None:
    """Its stars, histogram and trash stand below the settings, and what the trash says leaves the shutter free."""
    page.set_viewport_size({"width": 390, "height": 844})
    open_screen(page, rig.url)
    shutter = page.get_by_role("button", name="Take a picture")
    review = page.get_by_role("button", name=re.compile("^(Last shot: |No shot yet)"))
    before = review.get_attribute("aria-label")
    shutter.click()
    expect(review).not_to_have_attribute("aria-label", before or "")
    last = page.get_by_role("region", name="Last shot")
    expect(last.get_by_role("img", name="Histogram")).to_be_visible()
    name = last.get_by_text(re.compile(r"^image_.*\.jpg$")).inner_text()
    last.get_by_role("button", name="4 of 5").click()
    expect(last.get_by_role("button", name="4 of 5")).to_have_attribute("aria-pressed", "true")
    last.get_by_role("button", name="Move the last shot to the trash").click()
    expect(last.get_by_text(name)).to_be_hidden()
    expect(page.get_by_text(f"{name} is in the trash.")).to_be_visible()
    shutter.click(trial=True)
    page.get_by_role("button", name="Undo").click()
    expect(last.get_by_text(name)).to_be_visible()


def test_a_lost_camera_is_told_once_per_place(page: Page, own_simulator: Simulator, tmp_path: Path) -> None:
    """On a phone the strip stays one line, nothing covers what is wrong, and no sequence can be started."""
    page.set_viewport_size({"width": 390, "height": 844})
    camera = own_simulator.control("status")["cameras"][0]["name"]
    with RigServer(tmp_path, own_simulator) as server:
        open_screen(page, server.url)
        strip = page.get_by_role("banner")
        height = strip.bounding_box()["height"]  # type: ignore[index]
        own_simulator.control("unplug", camera=camera)
        expect(strip).to_contain_text("not answering")
        assert strip.bounding_box()["height"] == height  # type: ignore[index]
        expect(page.get_by_role("button", name="Try again")).to_be_visible()
        expect(page.get_by_role("button", name="Switch one on")).to_be_hidden()
        page.get_by_role("button", name="Try again").click(trial=True)
        page.get_by_role("navigation", name="Screens").get_by_role("link", name="Sequence").click()
        start = page.get_by_role("button", name="Start")
        expect(start).to_have_attribute("aria-disabled", "true")
        expect(start).to_be_in_viewport()
        own_simulator.control("plug", camera=camera)
        expect(start).not_to_have_attribute("aria-disabled", "true")


def test_presets_of_a_browser_move_to_the_server_and_none_is_lost(page: Page, rig: RigServer) -> None:
    """One whose name is taken there stays in the browser."""
    with Client(rig.url) as client:
        for recipe in client.recipes().recipes:
            client.delete_recipe(recipe.name)
        iso = client.get_config("iso")
        model = client.cameras()[0].model
        kept = {"Coins": {iso.path: "200"}, "Taken": {iso.path: "400"}}
        client.save_recipe({"name": "Taken", "settings": {"iso": "1600"}, "camera_model": model})
        page.add_init_script(f"localStorage['tetherlight.presets.{model}'] ??= {json.dumps(json.dumps(kept))}")
        open_screen(page, rig.url)
        page.get_by_role("button", name="Presets").click()
        dialog = page.get_by_role("dialog")
        old = dialog.get_by_role("region", name="Presets of this browser")
        expect(old).to_contain_text("2 presets in this browser alone: Coins, Taken.")
        assert violations(page) == []
        dialog.get_by_role("button", name="Move to the server").click()
        expect(old).to_contain_text("1 preset in this browser alone: Taken.")
        dialog.get_by_role("button", name="Coins 1 difference").click()
        dialog.get_by_role("button", name="Apply").click()
        expect(dialog.get_by_role("button", name="Coins as it is now")).to_be_visible()
        assert client.get_config("iso").value == "200"
        assert [(one.name, one.settings) for one in client.recipes().recipes] == [
            ("Coins", {iso.path: "200"}),
            ("Taken", {"iso": "1600"}),
        ]
        for name in ("Coins", "Taken"):
            client.delete_recipe(name)
