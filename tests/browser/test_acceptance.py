"""The web application in a real browser, against the real server and the simulated rig."""

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, WebSocket, expect

from support.browser_screens import (
    PATIENCE_MS,
    SCREENS,
    eventually,
    go,
    open_screen,
    shoot,
    start_sequence,
    violations,
    wait_for_frames,
)
from support.rig_in_browser import RigServer, Simulator

ROOT = Path(__file__).parents[2]
IN_FULLSCREEN = """async () => {
    while (document.fullscreenElement !== document.documentElement) await new Promise((go) => setTimeout(go, 50));
}"""
STILL_MS = 4000
STAND_STILL = f"""async () => {{
    const readout = document.querySelector('[data-testid=readout]');
    const number = (pattern) => Number(pattern.exec(readout.textContent)?.[1] ?? 0);
    const counts = () => [Number(readout.dataset.frames), number(/(\\d+) skipped/)];
    const [drawn, skipped] = counts();
    const until = performance.now() + {STILL_MS};
    while (performance.now() < until);
    const last = until + {PATIENCE_MS};
    const skippedMost = ([nowDrawn, nowSkipped]) => nowSkipped - skipped > nowDrawn - drawn;
    const fresh = () => skippedMost(counts()) && number(/(\\d+) ms/) < {STILL_MS};
    while (!fresh() && performance.now() < last) await new Promise(requestAnimationFrame);
    return fresh();
}}"""
"""Lets a page stand still; gives whether it then skipped more frames than it drew and shows one that came since."""
WIDTHS = {"desktop": (1440, 900), "tablet": (820, 1180), "phone": (390, 844)}


def test_the_live_view_comes_back_after_a_capture(page: Page, rig: RigServer) -> None:
    """A shot interrupts the live view and appears in the filmstrip; then frames flow again without being asked for."""
    open_screen(page, rig.url)
    page.keyboard.press("Space")
    expect(page.get_by_test_id("filmstrip").get_by_role("button")).to_have_count(1)
    wait_for_frames(page)


def test_the_live_view_comes_back_after_a_server_restart(page: Page, own_simulator: Simulator, tmp_path: Path) -> None:
    """The page says that the server is gone, greys the last picture, and goes on by itself when it is back."""
    with RigServer(tmp_path / "rig", own_simulator) as server:
        open_screen(page, server.url)
        server.stop()
        expect(page.get_by_text("Retry now")).to_be_visible()
        expect(page.get_by_test_id("liveview")).to_have_attribute("data-lost", "true")
        server.start()
        expect(page.get_by_text("Retry now")).to_be_hidden()
        expect(page.get_by_text("While the connection was gone: the server was started again.")).to_be_visible()
        wait_for_frames(page)


def test_a_pulled_cable_is_told_and_the_live_view_comes_back(page: Page, rig: RigServer, simulator: Simulator) -> None:
    """The page says which camera is gone and what to do, and shows frames again as soon as it is plugged in."""
    open_screen(page, rig.url)
    simulator.control("unplug", camera="camera1")
    expect(page.get_by_text("does not answer.").first).to_be_visible()
    simulator.control("plug", camera="camera1", move=True)
    wait_for_frames(page)
    expect(page.get_by_text("does not answer.").first).to_be_hidden()


def test_the_screen_goes_black_during_a_set_and_a_tap_wakes_it(page: Page, slow_rig: RigServer) -> None:
    """A screen is a light source: while exposures run it shows dim red figures on black, and no dialog or notice."""
    start_sequence(page, slow_rig.url)
    page.get_by_role("button", name="Blackout").click()
    page.get_by_test_id("blackout").click()
    expect(page.get_by_test_id("blackout")).to_be_hidden()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()


def test_a_failed_frame_pauses_the_set_until_it_is_retried(page: Page, rig: RigServer, simulator: Simulator) -> None:
    """A failure says its cause; the frame is taken again and the set goes on to its end."""
    simulator.control("fault", camera="camera1", kind="store_full", when="capture", count=1, after=2)
    start_sequence(page, rig.url, lights=4)
    trouble = page.get_by_test_id("trouble")
    expect(trouble).to_contain_text("could not be taken.")
    expect(trouble.locator("p").first).not_to_contain_text("light_")
    expect(page.get_by_role("button", name="Go on", exact=True)).to_be_hidden()
    page.get_by_role("button", name=re.compile("^Retry .* and go on$")).click()
    expect(page.get_by_role("heading", name="Done")).to_be_visible()


def test_a_deleted_set_comes_back_by_undo(page: Page, rig: RigServer) -> None:
    """Deleting names the set, moves it to the trash, and is taken back by one press."""
    start_sequence(page, rig.url, lights=1)
    expect(page.get_by_role("heading", name="Done")).to_be_visible()
    go(page, "Gallery")
    cards = page.get_by_role("list", name="Sets").get_by_role("link")
    cards.first.wait_for()
    name = cards.first.get_attribute("data-set") or ""
    page.get_by_role("checkbox", name=f"Choose {name}").check(force=True)
    page.keyboard.press("Delete")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(name)
    dialog.get_by_role("button", name="Move to the trash").click()
    expect(page.locator(f'[data-set="{name}"]')).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(f'[data-set="{name}"]')).to_have_count(1)


def test_twenty_page_changes_leave_one_live_socket(page: Page, rig: RigServer) -> None:
    """Screens come and go on one connection."""
    opened: list[WebSocket] = []

    def keep(socket: WebSocket) -> None:
        opened.append(socket)

    page.on("websocket", keep)
    open_screen(page, rig.url)
    for _ in range(4):
        for name in ("Lights", "Sequence", "Gallery", "Settings", "Capture"):
            go(page, name)
    wait_for_frames(page)
    assert len(opened) == 1
    assert not opened[0].is_closed()


def test_the_cancel_dialog_is_visible_in_fullscreen(page: Page, slow_rig: RigServer) -> None:
    """Fullscreen is asked for the whole page, so a dialog lies above it; Escape closes the dialog and not the job."""
    start_sequence(page, slow_rig.url)
    page.keyboard.press("Enter")
    page.evaluate(IN_FULLSCREEN)
    page.keyboard.press("Control+.")
    dialog = page.get_by_role("dialog", name="Stop this sequence?")
    expect(dialog).to_be_visible()
    inside = "document.elementFromPoint(innerWidth / 2, innerHeight / 2).closest('dialog') !== null"
    assert page.evaluate(inside)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("heading", name="Capturing")).to_be_visible()
    assert [job.state for job in slow_rig.jobs()] == ["running"]


def test_a_throttled_client_shows_the_newest_frame(page: Page, rig: RigServer) -> None:
    """A page that stood still skips what it missed instead of playing it late."""
    open_screen(page, rig.url)
    assert page.evaluate(STAND_STILL)


@pytest.mark.parametrize("size", WIDTHS)
@pytest.mark.parametrize("screen", [*SCREENS, "/set/", "/nowhere/"])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(page: Page, rig: RigServer, screen: str, size: str) -> None:
    """Every screen at every width can be used by everybody."""
    width, height = WIDTHS[size]
    page.set_viewport_size({"width": width, "height": height})
    open_screen(page, f"{rig.url}{screen}")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("opened", ["All settings", "Presets", "keys", "viewer", "editor", "set"])
def test_axe_finds_nothing_in_what_opens(page: Page, rig: RigServer, opened: str) -> None:
    """Dialogs, the viewer, the rig editor and a set can be used by everybody too."""
    if opened == "editor":
        open_screen(page, f"{rig.url}/lights/")
        page.get_by_role("button", name="Edit rig").click()
        expect(page.get_by_role("heading", name="Edit the rig")).to_be_visible()
    elif opened == "set":
        start_sequence(page, rig.url, lights=2)
        page.get_by_role("link", name="Look at the set").click()
        expect(page.get_by_test_id("contact-sheet").get_by_role("button")).to_have_count(3)
        page.keyboard.press("Control+a")
        expect(page.get_by_role("region", name="Chosen images")).to_be_visible()
    else:
        open_screen(page, rig.url)
        if opened == "keys":
            page.keyboard.press("?")
        elif opened == "viewer":
            shoot(page)
            page.get_by_test_id("filmstrip").get_by_role("button").first.click()
        else:
            page.get_by_role("button", name=opened).click()
        expect(page.get_by_role("dialog")).to_be_visible()
    assert violations(page) == []


@pytest.mark.parametrize("base_path", ["", "/studio"])
def test_the_export_works_under_any_path(
    page: Page, own_simulator: Simulator, tmp_path: Path, complaints: list[str], base_path: str
) -> None:
    """Pages, scripts, worker, socket and images are found under the base path, with nothing on the console."""
    with RigServer(tmp_path / "rig", own_simulator, BASE_PATH=base_path) as server:
        response = open_screen(page, f"{server.url}/")
        assert "script-src 'self' 'sha256-" in response.headers["content-security-policy"]
        page.keyboard.press("Space")
        expect(page.get_by_test_id("filmstrip").locator("img")).not_to_have_js_property("naturalWidth", 0)
        for name in ("Lights", "Sequence", "Gallery", "Results", "Settings", "Capture"):
            go(page, name)
            page.wait_for_url(f"{server.url}/**")
        page.reload()
        wait_for_frames(page)
        assert complaints == []


def test_everything_works_on_plain_http(page: Page, rig: RigServer, complaints: list[str]) -> None:
    """A rig is opened by its name without TLS, where browsers withhold what only secure pages get."""
    open_screen(page, f"http://rig.test:{rig.port}/")
    assert page.evaluate("isSecureContext") is False
    page.get_by_role("button", name="Take a picture").click()
    expect(page.get_by_test_id("filmstrip").get_by_role("button")).to_have_count(1)
    go(page, "Settings")
    page.get_by_role("button", name="Copy a report").click()
    expect(page.get_by_role("textbox", name="Report")).to_be_visible()
    assert complaints == []


def test_an_installation_without_the_application_says_so(browser: Browser, tmp_path: Path) -> None:
    """Without the export the server works with a small page of its own, and its log says what is missing."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("web", "__pycache__"))
    server = RigServer(tmp_path / "rig", None, PYTHONPATH=str(tmp_path / "src"), PYTHONDONTWRITEBYTECODE="1")
    with server, browser.new_context() as context:
        page = context.new_page()
        page.goto(server.url)
        expect(page.get_by_role("heading", name="Photometric set")).to_be_visible()
        eventually(page, lambda: "not part of this installation" in server.log)


def test_the_types_are_fresh() -> None:
    """The committed TypeScript types are what the protocol's schema gives."""
    place = importlib.util.spec_from_file_location("web_script", ROOT / "scripts" / "web.py")
    assert place is not None
    assert place.loader is not None
    script = importlib.util.module_from_spec(place)
    sys.modules["web_script"] = script
    place.loader.exec_module(script)
    node = script.find_node()
    assert node is not None
    command = [str(node.node), "scripts/types.mjs", "--check"]
    checked = subprocess.run(command, cwd=ROOT / "web", capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
