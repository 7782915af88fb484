"""The settings: names by templates, and the server's log."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from support.browser_screens import eventually, open_screen, violations
from support.patience import stretched
from support.rig_in_browser import RigServer, Simulator


@pytest.fixture
def own_rig(own_simulator: Simulator, tmp_path: Path) -> RigServer:
    """A server whose rig file may change."""
    return RigServer(tmp_path / "rig", own_simulator)


def test_names_are_tried_kept_and_reset(page: Page, own_rig: RigServer) -> None:
    """The preview follows what is typed, a bad template says why and cannot be kept, a good one names the next shot."""
    with own_rig as server:
        open_screen(page, f"{server.url}/settings/")
        template = page.get_by_label("Single captures")
        expect(template).to_have_value("image_{model}_{date}-{time}")
        keep = page.get_by_role("button", name="Keep these names")
        template.fill("lab_{nope}")
        expect(page.get_by_text("There is no placeholder '{nope}'")).to_be_visible()
        expect(keep).to_have_attribute("aria-disabled", "true")
        expect(keep).to_have_attribute("title", "A template is not right yet.")
        assert violations(page) == []
        template.fill("lab_")
        chips = page.get_by_role("list", name="What the name of a single capture can hold")
        chips.get_by_role("button", name=re.compile("^number")).click()
        expect(template).to_have_value("lab_{number}")
        expect(template).to_be_focused()
        expect(page.get_by_text("lab_0001.jpg")).to_be_visible()
        keep.click()
        expect(page.get_by_text("The names are kept in the rig file.")).to_be_visible()
        open_screen(page, server.url)
        page.get_by_role("button", name="Take a picture").click()
        expect(page.get_by_test_id("filmstrip").get_by_role("button", name="lab_0001.jpg")).to_be_visible()
        open_screen(page, f"{server.url}/settings/")
        expect(template).to_have_value("lab_{number}")
        page.get_by_role("button", name="Fill in the defaults").click()
        keep.click()
        expect(keep).to_have_attribute("title", "Nothing is changed.")
        page.reload()
        expect(template).to_have_value("image_{model}_{date}-{time}")


def test_a_placeholder_is_put_where_the_caret_is(page: Page, rig: RigServer) -> None:
    """Chips are reached by Tab, insert at the caret, and give the focus back behind what they inserted."""
    open_screen(page, f"{rig.url}/settings/")
    template = page.get_by_label("Image sets")
    expect(template).not_to_have_value("")
    template.fill("ab_{prefix}_{number}")
    template.evaluate("(part) => part.setSelectionRange(1, 1)")
    chip = page.get_by_role("list", name="What the name of an image set can hold").get_by_role("button", name="serial")
    chip.focus()
    page.keyboard.press("Enter")
    expect(template).to_have_value("a{serial}b_{prefix}_{number}")
    expect(template).to_be_focused()
    assert template.evaluate("(part) => part.selectionStart") == len("a{serial}")


def test_the_log_is_followed_and_filtered(page: Page, rig: RigServer) -> None:
    """New lines come by themselves, stay away where a level is asked for that they have not, and are in the report."""
    open_screen(page, f"{rig.url}/settings/")
    page.get_by_text("Server log", exact=True).click()
    log = page.get_by_role("log", name="Server log")
    expect(log).to_contain_text("tetherlight")
    other = page.context.new_page()
    open_screen(other, f"{rig.url}/settings/")
    other.get_by_label("Single captures").fill("{nope}")
    expect(log).to_contain_text("invalid_name")
    expect(log.locator("[data-level=INFO]").first).to_be_attached()
    eventually(page, lambda: log.evaluate("(part) => part.scrollHeight - part.scrollTop - part.clientHeight") < 24)
    page.get_by_label("What is shown").select_option("Only errors")
    expect(log.locator("[data-level=INFO]")).to_have_count(0)
    assert violations(page) == []
    page.get_by_label("What is shown").select_option("Info and worse")
    open_screen(page, f"http://rig.test:{rig.port}/settings/")
    page.get_by_role("button", name="Copy a report").click()
    report = page.get_by_role("textbox", name="Report")
    expect(report).to_be_focused()
    expect(report).to_have_value(re.compile("INFO tetherlight"))
    eventually(page, lambda: page.evaluate("String(getSelection())") == report.input_value())


def test_other_rigs_on_the_network_are_listed(page: Page, tmp_path: Path) -> None:
    """By name, with the way to their pages; the rig itself is not among them."""
    table = '[bridges]\nid = "{0}"\nname = "{1}"\n[bridges.mdns]\ninterfaces = ["127.0.0.1"]\n'
    here, there = (RigServer(tmp_path / name, None) for name in ("here", "there"))
    for server, name in ((here, "Attic"), (there, "Studio, left")):
        server.folder.mkdir()
        (server.folder / "rig.toml").write_text(table.format(server.folder.name, name))
    with here, there:
        open_screen(page, f"{here.url}/settings/")
        rig = page.get_by_role("link", name="Studio, left")
        expect(rig).to_have_attribute("href", f"{there.url}/", timeout=stretched(60) * 1000)
        expect(page.get_by_role("heading", name="Other rigs")).to_be_visible()
        expect(page.get_by_role("link", name="Attic")).to_have_count(0)
        assert violations(page) == []
