"""What tests do again and again on the screens of the web application."""

import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, Response, expect

from support.patience import stretched

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
SCREENS = ("/", "/lights/", "/sequence/", "/objects/", "/gallery/", "/results/", "/settings/")
PATIENCE_MS = 30_000
QUIET_MS = 300


def eventually(page: Page, holds: Callable[[], bool]) -> None:
    """Wait until something holds that Playwright's own expectations cannot say."""
    deadline = time.monotonic() + stretched(PATIENCE_MS) / 1000
    while not holds():
        assert time.monotonic() < deadline, "this never came to hold"
        page.wait_for_timeout(50)


def open_screen(page: Page, address: str) -> Response:
    """Open a screen and wait until the server has answered all that it asked for; Capture also shows frames then."""
    response = page.goto(address)
    assert response is not None
    expect(page.get_by_text("Connected", exact=True)).to_be_attached()
    if page.get_by_test_id("liveview").count() > 0:
        wait_for_frames(page)
    wait_until_answered(page)
    return response


def wait_until_answered(page: Page) -> None:
    """Wait until the page has had no open request for a moment, and has drawn what it learned."""
    page.evaluate(
        """async (quiet) => {
            let since = performance.now();
            while (performance.now() - since < quiet) {
                if (window.unanswered.size > 0) since = performance.now();
                await new Promise((resolve) => setTimeout(resolve, 25));
            }
            await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
        }""",
        QUIET_MS,
    )


def frames(page: Page) -> int:
    """Return how many live view frames the page has drawn."""
    return int(page.get_by_test_id("readout").get_attribute("data-frames") or 0)


def wait_for_frames(page: Page, count: int = 3) -> int:
    """Wait until that many more frames are drawn; return the milliseconds that it took."""
    before = frames(page)
    script = """async ([wanted, patience]) => {
        const started = performance.now();
        const drawn = () => Number(document.querySelector('[data-testid=readout]')?.dataset.frames ?? 0);
        while (drawn() < wanted) {
            if (performance.now() - started > patience) throw new Error(`${drawn()} frames instead of ${wanted}`);
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
        return performance.now() - started;
    }"""
    return int(page.evaluate(script, [before + count, stretched(PATIENCE_MS)]))


def shoot(page: Page, press: Callable[[], None] | None = None) -> None:
    """Take a picture, by the space bar or otherwise, and wait until the shutter takes the next one."""
    shots = page.get_by_test_id("filmstrip").get_by_role("button")
    before = shots.count()
    (press or (lambda: page.keyboard.press("Space")))()
    expect(shots).to_have_count(before + 1)
    # The picture is told before the request for it is answered, and until then the shutter hears nothing.
    expect(page.locator("[data-capturing]")).to_have_count(0)


def go(page: Page, name: str) -> None:
    """Change to a screen as people do, by the rail."""
    link = page.get_by_role("navigation", name="Screens").get_by_role("link", name=name)
    link.click()
    expect(link).to_have_attribute("aria-current", "page")


def start_sequence(page: Page, url: str, lights: int = 9) -> None:
    """Begin a photometric set under the first lights, without blackout."""
    open_screen(page, f"{url}/sequence/")
    page.get_by_role("button", name="None", exact=True).click()
    dots = page.locator("[data-light]")
    for number in range(lights):
        dots.nth(number).click()
        expect(page.locator("[data-light][data-ordered]")).to_have_count(number + 1)
    page.get_by_role("checkbox", name="Black out this screen").uncheck()
    page.get_by_role("button", name="Start").click()
    page.get_by_test_id("progress").wait_for()


def violations(page: Page) -> list[str]:
    """Return what axe finds, each with the first place where it is."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [f"{one['id']}: {one['help']} ({one['nodes'][0]['html'][:160]})" for one in found["violations"]]
