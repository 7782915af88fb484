"""Put a picture of each screen at three widths into docs/images, taken from the real server on the simulated rig."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
WIDTHS = {1440: 900, 820: 1180, 390: 844}
START_S = 60.0
SURFACE_MS = 300_000.0
ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--force-color-profile=srgb",
)  # fmt: skip


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Run a server with a simulated rig; give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"XDG_STATE_HOME": str(folder / "state"), "CAPTURES_BASE_DIR": "captures"}
    command = [sys.executable, "-m", "tetherlight", "serve", "--simulate", "--port", str(port)]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=os.environ | settings, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(f"{url}/health", process)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_S
    while True:
        try:
            opener.open(address, timeout=5).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


def prepare(page: Page, url: str) -> None:
    """Fill the rig with what there is to see: a few shots and a few sets."""
    page.goto(f"{url}/lights/")
    page.locator("[data-light]").first.wait_for()
    page.get_by_role("navigation").get_by_role("link", name="Capture").click()
    for light in ("light_left", "light_rear_right", "light_front_right"):
        lit(page, url, light)
        shots = page.get_by_test_id("filmstrip").get_by_role("button")
        page.keyboard.press("Space")
        shots.first.wait_for()
        page.locator("[data-capturing]").wait_for(state="detached")
    for name in ("Ammonite medallion", "Ammonite reverse", "Test plate"):
        run_sequence(page, url, name)


def lit(page: Page, url: str, light: str) -> None:
    """Show the live view under one light."""
    page.goto(f"{url}/lights/")
    dot = page.locator(f'[data-light="{light}"]')
    dot.wait_for()
    if dot.get_attribute("aria-checked") == "false":
        dot.click()
    page.locator(f'[data-light="{light}"][aria-checked="true"]').wait_for()
    page.get_by_role("navigation").get_by_role("link", name="Capture").click()
    page.wait_for_function("Number(document.querySelector('[data-testid=readout]')?.dataset.frames ?? 0) > 5")


def plan_sequence(page: Page, url: str, name: str) -> None:
    """Open the plan of a set with a name."""
    page.goto(f"{url}/sequence/")
    page.locator("[data-light]").first.wait_for()
    again = page.get_by_role("button", name="Next set")
    if again.is_visible():
        again.click()
    page.get_by_label("Name").fill(name)
    number = page.get_by_label("Catalogue number")
    if not number.is_visible():
        page.locator("summary", has_text="Details").click()
    number.fill("1984.3.117")
    blackout = page.get_by_role("checkbox", name="Black out this screen")
    if blackout.is_checked():
        blackout.click()
    page.get_by_role("heading", name="Photometric set").scroll_into_view_if_needed()


def run_sequence(page: Page, url: str, name: str) -> None:
    """Capture a set to its end."""
    plan_sequence(page, url, name)
    page.get_by_role("button", name="Start").click()
    page.get_by_role("heading", name="Done").wait_for(timeout=120_000)


def show_lights(page: Page, url: str) -> None:
    """Show the dome with two lights on."""
    page.goto(f"{url}/lights/")
    page.locator("[data-light]").first.wait_for()
    page.get_by_role("button", name="Several").click()
    for light in ("light_left", "light_rear_right"):
        if page.locator(f'[data-light="{light}"]').get_attribute("aria-checked") == "false":
            page.locator(f'[data-light="{light}"]').click()
    page.locator('[data-light="light_left"][aria-checked="true"]').wait_for()


def show_capture(page: Page, url: str) -> None:
    """Show the live view under a raking light, with its histogram."""
    lit(page, url, "light_rear_left")


def show_series(page: Page, url: str) -> None:
    """Show the plan of a bracket."""
    lit(page, url, "light_rear_left")
    page.get_by_role("button", name="Series", exact=True).click()
    dialog = page.get_by_role("dialog", name="Series")
    dialog.get_by_text("Shutter", exact=True).click()


def show_editor(page: Page, url: str) -> None:
    """Show the editor of the rig."""
    page.goto(f"{url}/lights/")
    page.get_by_role("button", name="Edit rig").click()


def show_running(page: Page, url: str) -> None:
    """Show a set half captured."""
    plan_sequence(page, url, "Ammonite raking")
    page.get_by_role("button", name="Start").click()
    page.wait_for_function("document.querySelectorAll('li[data-state=done]').length >= 6", timeout=120_000)


def finish_running(page: Page) -> None:
    """Wait for the end of the set under way, so that the next picture starts from a quiet rig."""
    page.get_by_role("heading", name="Done").wait_for(timeout=120_000)


def show_set(page: Page, url: str) -> None:
    """Show the contact sheet of a set."""
    page.goto(f"{url}/gallery/")
    page.get_by_label("Search sets").fill("medallion")
    page.locator("[data-set^=Ammonite_medallion]").click()
    page.get_by_test_id("contact-sheet").get_by_role("button").first.wait_for()


def show_viewer(page: Page, url: str) -> None:
    """Show one image of a set with its facts."""
    show_set(page, url)
    page.get_by_test_id("contact-sheet").get_by_role("button").nth(4).click()
    page.get_by_test_id("viewed").wait_for()
    page.keyboard.press("i")


def show_results(page: Page, url: str) -> None:
    """Show the surface of the newest set under a light from the side; it is computed the first time."""
    page.goto(f"{url}/results/")
    make, drawn = page.get_by_role("button", name="Make the surface"), page.locator("canvas[data-drawn]").first
    make.or_(drawn).first.wait_for()
    if make.is_visible():
        make.click()
    drawn.wait_for(timeout=SURFACE_MS)
    # A quick preview comes first, and it has no mesh.
    page.get_by_role("button", name="Mesh").wait_for(timeout=SURFACE_MS)
    page.keyboard.press("1")
    for _ in range(6):
        page.keyboard.press("ArrowLeft")


def opens(path: str) -> Callable[[Page, str], None]:
    """Show the screen at a path."""

    def show(page: Page, url: str) -> None:
        page.goto(f"{url}{path}")

    return show


SCREENS: dict[str, Callable[[Page, str], None]] = {
    "capture": show_capture,
    "series": show_series,
    "lights": show_lights,
    "rig": show_editor,
    "sequence": lambda page, url: plan_sequence(page, url, "Ammonite raking"),
    "running": show_running,
    "gallery": opens("/gallery/"),
    "set": show_set,
    "viewer": show_viewer,
    "results": show_results,
    "settings": opens("/settings/"),
}


def take(browser: Browser, url: str, wanted: list[str]) -> None:
    """Take every wanted screen at every width."""
    for width, height in WIDTHS.items():
        with browser.new_context(
            viewport={"width": width, "height": height}, has_touch=width < 1000, bypass_csp=True
        ) as context:
            page = context.new_page()
            for name in wanted:
                SCREENS[name](page, url)
                page.wait_for_timeout(1200)
                page.screenshot(path=IMAGES / f"{name}-{width}.png")
                if name == "running":
                    finish_running(page)


def main() -> None:
    """Take the screens named on the command line, or all."""
    wanted = sys.argv[1:] or list(SCREENS)
    IMAGES.mkdir(parents=True, exist_ok=True)
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        with browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True) as context:
            prepare(context.new_page(), url)
        take(browser, url, wanted)
        browser.close()


if __name__ == "__main__":
    main()
