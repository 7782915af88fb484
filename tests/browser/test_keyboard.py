"""Every screen by the keyboard alone, on a tablet and on a phone with keys."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from support.browser_screens import SCREENS, open_screen, start_sequence
from support.rig_in_browser import RigServer

SIZES = {"tablet": (820, 1180), "phone": (390, 844)}
MOST_STOPS = 400

REACHABLE = """() => {
    const seen = (part) => part.checkVisibility({visibilityProperty: true, contentVisibilityAuto: true});
    const wanted = "a[href], button:not([disabled]), input:not([disabled]), select:not([disabled]), "
        + "textarea:not([disabled]), summary, [role=button], [role=switch], [role=slider], [role=option]";
    const groups = "[data-own-keys], [role=listbox], [role=radiogroup], svg";
    const roving = (part) => part.tabIndex < 0 && part.closest(groups);
    const parts = [...document.querySelectorAll(wanted)].filter((part) => seen(part) && !roving(part));
    parts.forEach((part, number) => { part.dataset.stop = String(number); });
    return parts.map((part) => [part.dataset.stop, part.outerHTML.slice(0, 160)]);
}"""
FOCUSED = """() => {
    const part = document.activeElement;
    if (!part || part === document.body) return null;
    const box = part.getBoundingClientRect();
    const middle = [box.x + box.width / 2, box.y + box.height / 2];
    const inside = middle[0] >= 0 && middle[0] <= innerWidth && middle[1] >= 0 && middle[1] <= innerHeight;
    const top = inside ? document.elementFromPoint(...middle) : null;
    const around = (one) => one.closest("label, li");
    const same = top && (part.contains(top) || top.contains(part) || around(top) === around(part));
    return {stop: part.dataset.stop ?? null, html: part.outerHTML.slice(0, 160), covered: !same};
}"""


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("screen", [*SCREENS, "/set/"])
def test_tab_reaches_everything_in_sight(page: Page, rig: RigServer, screen: str, size: str) -> None:
    """Tab visits each control of a screen and scrolls it to where it can be seen."""
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    open_screen(page, f"{rig.url}{screen}")
    wanted = dict(page.evaluate(REACHABLE))
    visited = tab_through(page)
    missed = [html for stop, html in wanted.items() if stop not in visited]
    assert missed == []
    assert [stop["html"] for stop in visited.values() if stop["covered"]] == []


@pytest.mark.parametrize("size", SIZES)
def test_a_set_is_captured_and_looked_at_without_a_pointer(page: Page, rig: RigServer, size: str) -> None:
    """Keys choose a light on the dome, start the set, open it, and flick through its images."""
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    open_screen(page, f"{rig.url}/sequence/")
    expect(page.get_by_role("button", name="None", exact=True)).to_be_enabled()
    press(page, page.get_by_role("button", name="None", exact=True))
    tab_to(page, "[data-light][tabindex='0']")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("[data-light][data-ordered]")).to_have_count(1)
    blackout = page.get_by_role("checkbox", name="Black out this screen")
    expect(blackout).to_be_checked()
    blackout.focus()
    page.keyboard.press("Space")
    expect(blackout).not_to_be_checked()
    start = page.get_by_role("button", name="Start")
    expect(start).not_to_have_attribute("aria-disabled", "true")
    press(page, start)
    link = page.get_by_role("link", name="Look at the set")
    expect(link).to_be_visible()
    press(page, link)
    shots = page.get_by_test_id("contact-sheet").locator("[data-index]")
    expect(shots).to_have_count(2)
    tab_to(page, "[data-index]")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 of 2")
    page.keyboard.press("ArrowRight")
    expect(dialog).to_contain_text("2 of 2")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


@pytest.mark.parametrize("opened", ["All settings", "Presets", "viewer", "delete", "download", "rename"])
def test_dialogs_open_and_close_by_keys(page: Page, rig: RigServer, opened: str) -> None:
    """Escape closes each dialog, and the focus is where it was."""
    page.set_viewport_size({"width": 390, "height": 844})
    if opened in {"delete", "download", "rename"}:
        start_sequence(page, rig.url, lights=1)
        page.get_by_role("link", name="Look at the set").click()
        opener = page.get_by_role("button", name=opened.capitalize())
    else:
        open_screen(page, rig.url)
        opener = page.get_by_role("button", name=opened)
        if opened == "viewer":
            page.keyboard.press("Space")
            opener = page.get_by_role("button", name="Last shot: ")
            expect(opener).to_be_visible()
            expect(page.locator("[data-capturing]")).to_have_count(0)
    press(page, opener)
    close_by_escape(page)
    expect(opener).to_be_focused()


def test_the_dialog_that_stops_a_job_opens_and_closes_by_keys(page: Page, slow_rig: RigServer) -> None:
    """Escape closes it and the job goes on, with the focus where it was."""
    page.set_viewport_size({"width": 390, "height": 844})
    start_sequence(page, slow_rig.url)
    opener = page.get_by_role("button", name="Pause")
    opener.focus()
    page.keyboard.press("Control+.")
    close_by_escape(page)
    expect(opener).to_be_focused()
    assert [job.state for job in slow_rig.jobs()] == ["running"]


def close_by_escape(page: Page) -> None:
    """Move inside the open dialog by Tab, then close it."""
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def tab_through(page: Page) -> dict[str, Any]:
    """Press Tab until it comes round; return what had the focus by the numbers that the page was given."""
    visited: dict[str, Any] = {}
    last = None
    page.evaluate("document.activeElement?.blur()")
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUSED)
        if found is None:
            return visited
        if found["stop"] is None or found["stop"] == last:  # a date has stops of its own inside
            continue
        if found["stop"] in visited:
            return visited
        last = found["stop"]
        visited[last] = found
    raise AssertionError(f"more than {MOST_STOPS} stops")


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until an element of that kind has the focus."""
    for _ in range(MOST_STOPS):
        if page.evaluate("(wanted) => document.activeElement?.matches(wanted) ?? false", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {selector}")


def press(page: Page, button: Locator) -> None:
    """Go to a button by Tab and press it."""
    button.evaluate("(part) => { part.dataset.goal = 'true'; }")
    tab_to(page, "[data-goal]")
    button.evaluate("(part) => { delete part.dataset.goal; }")
    page.keyboard.press("Enter")
