"""The queue of objects in a browser: paste a list, go through it by keys, scan a label, and see what was done."""

from pathlib import Path

import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from support.browser_screens import open_screen, violations
from support.rig_in_browser import RigServer, Simulator
from tetherlight.client.sync import Client

LIST = "number;name\n1923/41;Vase\n1923.42;Bowl\n1923.43;Dish\n1923.42;twice"


def test_a_list_is_pasted_gone_through_and_told_as_a_day(page: Page, rig: RigServer, complaints: list[str]) -> None:
    """By keys alone behind the list; what gave no object is named by its line, and the work of the day follows."""
    open_screen(page, f"{rig.url}/objects/")
    expect(page.get_by_text("No object is before the camera.")).to_be_visible()
    page.get_by_label("List", exact=True).fill(LIST)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("3 objects added, 1 line left out.")).to_be_visible()
    expect(page.get_by_text("Line 5: 1923.42 is in the queue already")).to_be_visible()
    current = page.get_by_role("region", name="Current object")
    page.locator("h1").click()
    page.keyboard.press("n")
    expect(current).to_contain_text("1923/41")
    page.keyboard.press("k")
    expect(current).to_contain_text("1923.42")
    expect(current).to_contain_text("Next: 1923.43, Dish")
    expect(page.get_by_text("2 waiting · 1 skipped")).to_be_visible()
    page.get_by_label("Which").select_option("all")
    page.locator("h1").click()
    page.keyboard.press("/")
    page.keyboard.type("vase")
    rows = page.get_by_role("region", name="List of objects").get_by_role("listitem")
    expect(rows).to_have_count(1)
    rows.get_by_role("button").first.click()
    rows.get_by_role("button", name="Work on it").click()
    expect(current).to_contain_text("1923/41")
    work = page.get_by_role("region", name="Work of the day").get_by_role("row")
    expect(work.filter(has_text="1923.42")).to_be_visible()
    assert violations(page) == []
    with page.expect_download() as saved:
        page.get_by_role("link", name="Save as CSV").click()
    assert saved.value.suggested_filename.startswith("objects-20")
    assert "1923/41,Vase,waiting" in Path(saved.value.path()).read_text(encoding="utf-8-sig")
    assert complaints == []


def test_a_label_before_the_camera_becomes_the_object_when_it_is_confirmed(
    page: Page, rig: RigServer, simulator: Simulator, tmp_path: Path
) -> None:
    """Its number is shown first; then it is the one that the next set is of."""
    label = tmp_path / "label.png"
    code = zxingcpp.create_barcode("1987.5", zxingcpp.BarcodeFormat.QRCode)
    Image.fromarray(zxingcpp.write_barcode_to_image(code, scale=8)).save(label)
    open_screen(page, f"{rig.url}/objects/")
    with Client(rig.url) as client:
        client.set_lights({"lights_top": True})
    simulator.control("label", file=str(label))
    try:
        page.locator("h1").click()
        page.keyboard.press("b")
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("radio", name="1987.5")).to_be_checked()
        expect(dialog).to_contain_text("not in the list")
        assert violations(page) == []
        dialog.get_by_role("button", name="Add it and use it").click()
    finally:
        simulator.control("label")
    expect(page.get_by_role("region", name="Current object")).to_contain_text("1987.5")
    open_screen(page, f"{rig.url}/sequence/")
    expect(page.locator("summary").filter(has_text="Details")).to_contain_text("1987.5")
