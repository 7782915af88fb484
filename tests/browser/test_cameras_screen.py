"""Several cameras on one screen, in front of two simulated bodies."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from support.browser_screens import open_screen, violations
from support.rig_in_browser import RigServer, Simulator
from tetherlight.client.sync import Client

SIZES = {"desk": (1440, 900), "tablet": (820, 1180), "phone": (390, 844), "phone across": (844, 390)}


@pytest.fixture(scope="module")
def bodies() -> Iterator[Simulator]:
    """Two bodies."""
    simulator = Simulator("--cameras", "2")
    yield simulator
    simulator.stop()


@pytest.fixture(scope="module")
def pair(bodies: Simulator, tmp_path_factory: pytest.TempPathFactory, lasting_rig: RigServer) -> Iterator[RigServer]:
    """A server with both; the other one's page is the same."""
    assert lasting_rig.url
    with RigServer(tmp_path_factory.mktemp("pair"), bodies) as server:
        yield server


@pytest.fixture
def both(pair: RigServer, bodies: Simulator) -> RigServer:
    """The server with both bodies ready and open, at ISO 100."""
    bodies.control("clear_faults")
    with Client(pair.url) as client:
        for camera in client.cameras():
            client.select(camera_id=camera.camera_id)
            client.set_config("iso", "100", camera_id=camera.camera_id)
    return pair


def watch(page: Page, width: int) -> None:
    """Wait until both tiles show frames that wide."""
    tiles = page.get_by_test_id("tile-live")
    expect(tiles).to_have_count(2)
    for number in range(2):
        expect(tiles.nth(number)).to_have_attribute("data-width", str(width))


def test_both_are_opened_watched_in_small_frames_shot_and_set_together(
    page: Page, pair: RigServer, complaints: list[str]
) -> None:
    """Four presses from two closed cameras to two pictures and one setting on both, each result told by itself."""
    with Client(pair.url) as client:
        for camera in client.cameras():
            if camera.open:
                client.deselect(camera.camera_id)
    page.set_viewport_size({"width": 1440, "height": 900})
    open_screen(page, f"{pair.url}/")
    page.get_by_role("link", name="See all of them side by side").click()
    page.get_by_role("button", name="Open all 2").click()
    watch(page, 640)
    page.keyboard.press("Space")
    expect(page.get_by_test_id("together-result")).to_contain_text("2 of 2 gave a picture, released by software")
    expect(page.get_by_role("button", name="Look at image_")).to_have_count(2)
    page.get_by_label("Value").select_option("400")
    page.get_by_role("button", name="Set on all").click()
    expect(page.get_by_test_id("apply-result")).to_have_text("Set on all 2.")
    expect(page.get_by_text("ISO: 400")).to_have_count(2)
    page.get_by_role("button", name="Look at image_").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("1 of 2")
    page.keyboard.press("Escape")
    assert violations(page) == []
    assert complaints == []


def test_a_camera_that_is_left_out_stays_out_until_it_is_taken_in_again(page: Page, both: RigServer) -> None:
    """By its number; the choice, the setting and what releases them are remembered on this device."""
    open_screen(page, f"{both.url}/cameras/")
    expect(page.get_by_text("All 2 cameras")).to_be_visible()
    page.keyboard.press("2")
    expect(page.get_by_text("1 of 2 cameras")).to_be_visible()
    page.get_by_label("Setting", exact=True).select_option("aperture")
    page.get_by_label("Released by").select_option("software")
    page.reload()
    expect(page.get_by_text("1 of 2 cameras")).to_be_visible()
    expect(page.get_by_label("Setting", exact=True)).to_have_value("aperture")
    expect(page.get_by_label("Released by")).to_have_value("software")
    page.get_by_role("button", name="Shoot all").click()
    expect(page.get_by_test_id("together-result")).to_contain_text("1 of 1 gave a picture")
    page.get_by_role("checkbox").nth(1).check()
    expect(page.get_by_text("All 2 cameras")).to_be_visible()


def test_what_keeps_a_camera_from_its_picture_stands_on_its_tile(
    page: Page, both: RigServer, bodies: Simulator
) -> None:
    """A full card, then a pulled cable: nothing is lost of the other one, and all is well when it is back."""
    page.set_viewport_size({"width": 1280, "height": 720})
    open_screen(page, f"{both.url}/cameras/")
    watch(page, 480)
    second = page.get_by_test_id("camera-tile").nth(1)
    bodies.control("fault", camera="camera2", kind="store_full", when="capture", count=1)
    page.keyboard.press("Space")
    expect(second).to_contain_text("No picture: The card in the camera is full.")
    expect(page.get_by_role("button", name="Look at image_")).to_have_count(1)
    bodies.control("unplug", camera="camera2")
    expect(second).to_contain_text("Camera lost.")
    page.keyboard.press("Space")
    expect(page.get_by_test_id("together-result")).to_contain_text("Nothing was released.")
    bodies.control("plug", camera="camera2")
    expect(second).not_to_contain_text("Camera lost.")
    page.keyboard.press("Space")
    expect(page.get_by_test_id("together-result")).to_contain_text("2 of 2 gave a picture")


@pytest.mark.parametrize("size", SIZES)
def test_the_shutter_is_in_sight_and_nothing_scrolls_sideways(page: Page, both: RigServer, size: str) -> None:
    """On every size of screen."""
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    open_screen(page, f"{both.url}/cameras/")
    expect(page.get_by_role("button", name="Shoot all")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    assert violations(page) == []
