"""The results of sets: a light that follows the hand over a surface, layers, measures, and what stands against them."""

import json
import re
import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from support.browser_screens import eventually, open_screen, violations
from support.image_sets import Bump, dome, folder_with_manifest
from support.patience import stretched
from support.rig_in_browser import RigServer
from tetherlight.protocol.manifest import MANIFEST
from tetherlight.reconstruct import view_tiles, views
from tetherlight.reconstruct.keeping import keep_in_set, making
from tetherlight.reconstruct.options import Options
from tetherlight.reconstruct.relight import relight
from tetherlight.reconstruct.surface import reconstruct

LIGHTS = dome(8)
SIZE = (120, 160)
NOTHING_DRAWN = """HTMLCanvasElement.prototype.getContext = new Proxy(HTMLCanvasElement.prototype.getContext, {
    apply: (get, canvas, given) => (given[0] === "webgl2" ? null : Reflect.apply(get, canvas, given)),
});"""


def make_surface(folder: Path) -> None:
    """Compute the surface of a set's folder, as the server's child does."""
    with making(folder / "results") as made:
        options = Options(method="least-squares").as_dict()
        told = reconstruct(lambda *_: None, folder=str(folder), into=str(made), options=options)
        keep_in_set(made, folder, told)


@pytest.fixture(scope="module")
def sets(lasting_rig: RigServer) -> Iterator[Path]:
    """Two sets of a bump, of which one has a surface; the folder that holds them."""
    lasting_rig.tidy()
    place = lasting_rig.folder / "captures" / "photometric_sets"
    bump = Bump(SIZE)
    pictures = [bump.lit(light) for light in LIGHTS]
    folder_with_manifest(place / "bump", LIGHTS, pictures, started_at="2026-02-02T00:00:00Z")
    make_surface(place / "bump")
    shutil.copytree(place / "bump", place / "older")
    folder_with_manifest(place / "plain", LIGHTS, pictures, started_at="2026-03-03T00:00:00Z")
    yield place
    lasting_rig.tidy()


@pytest.fixture
def url(lasting_rig: RigServer, sets: Path) -> str:
    """The address of the Results screen."""
    assert sets.is_dir()
    return f"{lasting_rig.url}/results/"


def opened(page: Page, address: str, by: str = "gl") -> Locator:
    """Open a surface and wait until it is drawn; return its stage."""
    open_screen(page, address)
    stage = page.get_by_test_id("stage")
    expect(stage).to_have_attribute("data-by", by)
    expect(stage.locator("canvas[data-drawn]")).not_to_have_count(0)
    return stage


def light_of(stage: Locator) -> NDArray[np.float64]:
    """Return the mean light of each quarter of the stage, clockwise from the upper left one."""
    stage.page.evaluate("new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(r))))")
    picture = np.asarray(Image.open(BytesIO(stage.screenshot())).convert("L")).astype(float)
    rows, columns = picture.shape[0] // 2, picture.shape[1] // 2
    left, right = slice(columns // 2, columns), slice(columns, columns + columns // 2)
    upper, lower = slice(rows // 2, rows), slice(rows, rows + rows // 2)
    return np.array([picture[part].mean() for part in ((upper, left), (upper, right), (lower, right), (lower, left))])


def layer(page: Page, name: str) -> Locator:
    """Return the button of a layer."""
    return page.get_by_role("group", name="Layer").get_by_role("button", name=name)


def middle(stage: Locator) -> tuple[float, float, float, float]:
    box = stage.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["width"], box["height"]


def test_the_light_follows_the_hand_over_the_stage_and_beyond_it(page: Page, url: str) -> None:
    """What faces the hand is bright, also while the hand is outside of the picture."""
    stage = opened(page, f"{url}?set=bump&layer=shaded&ambient=0")
    x, y, width, _ = middle(stage)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + width / 5, y - 5)
    upper_left, upper_right, lower_right, lower_left = light_of(stage)
    assert upper_right + lower_right > 1.2 * (upper_left + lower_left)
    page.mouse.move(3, y, steps=4)  # over the rail, left of the stage
    upper_left, upper_right, lower_right, lower_left = light_of(stage)
    assert upper_left + lower_left > 1.2 * (upper_right + lower_right)
    page.mouse.move(x, 4, steps=4)  # over the strip above
    upper_left, upper_right, lower_right, lower_left = light_of(stage)
    assert upper_left + upper_right > 1.2 * (lower_left + lower_right)
    expect(page.get_by_text(re.compile(r"^Light (8\d|9\d)°, 3° up"))).to_be_visible()
    page.mouse.up()
    page.mouse.move(x - 40, y)
    expect(page.get_by_text(re.compile(r"^Light (8\d|9\d)°, 3° up"))).to_be_visible()


def test_keys_choose_layers_and_move_the_light_by_steps_and_from_lamp_to_lamp(page: Page, url: str) -> None:
    """Digits are layers, an arrow is five degrees, with Shift it goes to a lamp; the address follows."""
    opened(page, f"{url}?set=bump&light=0,60")
    light = page.get_by_role("slider", name="Light", exact=True)
    page.keyboard.press("ArrowRight")
    expect(light).to_have_attribute("aria-valuetext", "from 0 degrees, 55 degrees up")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.get_by_text("at 1", exact=False)).to_be_visible()
    expect(light).to_have_attribute("aria-valuetext", "from 10 degrees, 50 degrees up")
    for key, name in enumerate(("Relit", "Normals", "Albedo", "Shaded", "Height", "Residual", "Photograph"), start=1):
        page.keyboard.press(str(key))
        expect(layer(page, name)).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile(r"set=bump&layer=source&light=10,50$"))
    page.reload()
    expect(layer(page, "Photograph")).to_have_attribute("aria-pressed", "true")
    expect(light).to_have_attribute("aria-valuetext", "from 10 degrees, 50 degrees up")


def test_lengths_heights_and_the_scale_are_measured_on_the_picture(page: Page, url: str) -> None:
    """A length is in pixels until one is known; the profile tells the height of the bump and is a table, too."""
    stage = opened(page, f"{url}?set=bump")
    x, y, _, height = middle(stage)
    pixel = height / SIZE[0]
    page.get_by_role("button", name="Length").click()
    page.mouse.click(x - 40 * pixel, y)
    page.mouse.click(x + 40 * pixel, y)
    expect(page.get_by_test_id("length")).to_contain_text(re.compile(r"(79|80)\.\d px"))
    page.mouse.move(x, y)
    expect(page.get_by_test_id("values")).to_contain_text(re.compile(r"x \d+, y \d+ · tilted \d+° "))
    page.get_by_role("button", name="Profile").click()
    page.mouse.move(x - 70 * pixel, y)
    page.mouse.down()
    page.mouse.move(x + 70 * pixel, y, steps=3)
    page.mouse.up()
    profile = page.get_by_test_id("profile")
    expect(profile).to_contain_text(re.compile(r"Height range1[678]\.\d px"))  # 0.6 x 0.18 x 160 pixels
    with page.expect_download() as coming:
        profile.get_by_role("button", name="Table").click()
    rows = coming.value.path().read_text().splitlines()
    assert rows[0] == "distance_px,height_px"
    assert 130 < len(rows) < 150
    page.get_by_role("button", name="Scale", exact=True).click()
    page.mouse.click(x - 50 * pixel, y + 10)
    page.mouse.click(x + 50 * pixel, y + 10)
    page.get_by_label("Known length, mm").fill("10")
    page.get_by_role("button", name="Set scale").click()
    expect(page.get_by_test_id("length")).to_contain_text(re.compile(r"[78]\.\d+ mm"))
    expect(page.get_by_test_id("scale-bar")).to_contain_text("mm")


def test_one_button_makes_the_surface_of_a_set_without_a_lamp_where_that_lies_and_another_exports_it(
    page: Page, url: str
) -> None:
    """With the surface each lamp has a switch, and then it is made without that; Meshroom's files come as a zip."""
    open_screen(page, f"{url}?set=plain")
    page.get_by_role("button", name="Make the surface").click()
    stage = page.get_by_test_id("stage")
    stage.wait_for(timeout=120_000)
    page.get_by_text("Lamps", exact=True).click()
    page.get_by_role("checkbox", name="Use 3").uncheck()
    page.get_by_role("button", name="Make it again without 1").click()
    expect(page.get_by_text("7 lights", exact=False)).to_be_visible(timeout=120_000)
    expect(page.get_by_text("left out", exact=True)).to_be_visible()
    expect(page.get_by_role("checkbox", name="Use 3")).not_to_be_checked()
    page.get_by_role("button", name="Files").click()
    with page.expect_download() as coming:
        page.get_by_role("button", name="Zip for Meshroom").click()
    with ZipFile(coming.value.path()) as archive:
        assert any(name.endswith(".sfm") for name in archive.namelist())


def test_a_surface_tells_when_its_pictures_were_taken_again_or_an_older_version_made_it(
    page: Page, url: str, sets: Path
) -> None:
    """It is shown all the same, with the reason and the way to make it again; another set is one click away."""
    place = sets / "older" / MANIFEST
    manifest = json.loads(place.read_text())
    manifest["steps"][2]["files"][0]["sha256"] = "0" * 64
    [record] = manifest["results"]
    record["files"] = [file for file in record["files"] if "/view/" not in file["filename"]]
    place.write_text(json.dumps(manifest))
    opened(page, f"{url}?set=older")
    notes = page.get_by_role("region", name="State of the surface")
    expect(notes).to_contain_text("was taken again after this was made; make it again.")
    expect(notes).to_contain_text("This surface was made by an older version")
    expect(notes.get_by_role("button", name="Make it again")).to_be_enabled()
    expect(layer(page, "Height")).to_be_disabled()
    assert violations(page) == []
    page.get_by_role("navigation", name="Sets").get_by_role("link", name="bump").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("bump")
    expect(layer(page, "Height")).to_be_enabled()


def test_without_a_graphics_processor_the_light_follows_the_hand_as_well(page: Page, url: str) -> None:
    """The main processor draws where there is no WebGL."""
    page.add_init_script(NOTHING_DRAWN)
    stage = opened(page, f"{url}?set=bump&layer=shaded&ambient=0", by="cpu")
    expect(page.get_by_text("Drawn without a graphics processor")).to_be_visible()
    x, y, width, _ = middle(stage)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + width / 5, y)
    upper_left, upper_right, lower_right, lower_left = light_of(stage)
    page.mouse.up()
    assert upper_right + lower_right > 1.2 * (upper_left + lower_left)


def test_a_lost_graphics_processor_comes_back(page: Page, url: str) -> None:
    """Meanwhile the main processor draws."""
    stage = opened(page, f"{url}?set=bump")
    page.evaluate(
        """() => {
            const gl = document.querySelector('[data-testid=relight]').getContext('webgl2');
            window.lost = gl.getExtension('WEBGL_lose_context');
            window.lost.loseContext();
        }"""
    )
    expect(stage).to_have_attribute("data-by", "cpu")
    assert light_of(stage).min() > 40
    page.evaluate("window.lost.restoreContext()")
    expect(stage).to_have_attribute("data-by", "gl")
    assert light_of(stage).min() > 40


@pytest.fixture
def wide(sets: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a set with fine stripes whose surface is larger than what is looked at first."""
    monkeypatch.setattr(views, "LONGEST", 40)
    monkeypatch.setattr(view_tiles, "EDGE", 32)
    if not (sets / "wide").is_dir():
        stripes = np.where(np.arange(SIZE[1]) // 2 % 2, 1.0, 0.3)[:, None]
        bump = Bump(SIZE)
        pictures = [bump.lit(light) * stripes for light in LIGHTS]
        folder_with_manifest(sets / "wide", LIGHTS, pictures, started_at="2026-01-01T00:00:00Z")
        make_surface(sets / "wide")
    return "wide"


def test_a_large_surface_is_sharp_where_one_looks_by_tiles_of_what_is_seen(page: Page, url: str, wide: str) -> None:
    """Four pixels are one in what is looked at first, where the stripes are gray; nothing is loaded beside the view."""
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url) if "albedo_files" in request.url else None)
    stage = opened(page, f"{url}?set={wide}&layer=albedo&view=16,0.5,0.5")
    expect(stage).to_have_attribute("data-closer", "whole")
    light_of(stage)
    sharp = np.asarray(Image.open(BytesIO(stage.screenshot())).convert("L"), float)
    assert sharp.std() > 30
    assert 0 < len(loaded) <= 4  # of 20
    layer(page, "Relit").click()
    x, y, width, _ = middle(stage)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - width / 3, y, steps=2)
    page.mouse.up()
    light_of(stage)
    assert np.asarray(Image.open(BytesIO(stage.screenshot())).convert("L"), float).std() > 15
    page.keyboard.press("z")
    eventually(page, lambda: len({*loaded}) == 20)


def test_planes_of_more_than_4096_pixels_are_lit_by_tiles_as_well(page: Page, url: str, sets: Path) -> None:
    """Stripes of two pixels are not in what is looked at first, where three pixels are one."""
    folder, size = sets / "long", (12, 4300)
    stripes = np.where(np.arange(size[1]) // 2 % 2, 1.0, 0.2)[:, None]
    pictures = [Bump(size).lit(light) * stripes for light in LIGHTS[:5]]
    folder_with_manifest(folder, LIGHTS[:5], pictures, started_at="2026-01-01T00:00:00Z")
    make_surface(folder)
    with making(folder / "results" / "relight") as made:
        keep_in_set(made, folder, relight(lambda *_: None, folder=str(folder), into=str(made), options={}))
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url) if "plane_0_files" in request.url else None)
    stage = opened(page, f"{url}?set=long&layer=measured&view=20,0.5,0.5")
    expect(stage).to_have_attribute("data-closer", "whole")
    light_of(stage)
    assert 0 < len(loaded) <= 2  # of 9, of the finest
    picture = np.asarray(Image.open(BytesIO(stage.screenshot())).convert("L"), float)
    row = picture[len(picture) // 2, picture.shape[1] // 4 : picture.shape[1] // 2]
    assert row.std() > 25


def test_a_closer_look_that_does_not_come_is_told_and_the_picture_stays(page: Page, url: str, wide: str) -> None:
    """What was looked at first is there."""
    page.route("**/albedo_files/**", lambda route: route.abort())
    stage = opened(page, f"{url}?set={wide}")
    expect(stage).to_have_attribute("data-closer", "lacking")
    expect(page.get_by_text("A part of the closer look could not be loaded")).to_be_visible()
    assert light_of(stage).min() > 20


def test_a_set_is_lit_as_it_was_measured_once_that_was_made(page: Page, url: str) -> None:
    """The layer says that it was not made, one button makes it, and it follows the light; also without WebGL."""
    stage = opened(page, f"{url}?set=bump&layer=measured")
    expect(page.get_by_text("This was not made of the set yet")).to_be_visible()
    panel = page.get_by_role("region", name="As measured")
    panel.get_by_role("button", name="Make it").click()
    expect(panel).to_contain_text(re.compile(r"left out is predicted to \d+\.\d dB"), timeout=stretched(120_000))
    expect(page.get_by_text("This was not made of the set yet")).to_have_count(0)
    assert violations(page) == []

    def led(by: str) -> None:
        expect(stage).to_have_attribute("data-by", by)
        x, y, width, _ = middle(stage)
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + width / 5, y)
        upper_left, upper_right, lower_right, lower_left = light_of(stage)
        page.mouse.up()
        assert upper_right + lower_right > 1.1 * (upper_left + lower_left)

    led("gl")
    page.add_init_script(NOTHING_DRAWN)
    page.reload()
    expect(stage.locator("canvas[data-drawn]")).not_to_have_count(0)
    led("cpu")


def test_the_mesh_comes_on_a_press_and_is_turned_by_hand_and_by_keys(page: Page, url: str) -> None:
    """Its file is loaded then and not before; where nothing can draw it, that is said."""
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url) if "mesh.glb" in request.url else None)
    opened(page, f"{url}?set=bump")
    assert loaded == []
    page.get_by_role("button", name="Mesh").click()
    shown = page.get_by_role("application", name="The surface as a mesh")
    expect(shown.locator("canvas[data-drawn]")).to_have_count(1)
    assert len(loaded) == 1
    assert np.asarray(Image.open(BytesIO(shown.screenshot())).convert("L")).std() > 10
    before = shown.get_attribute("data-pose")
    x, y, width, _ = middle(shown)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + width / 4, y, steps=4)
    page.mouse.up()
    expect(shown).not_to_have_attribute("data-pose", before or "")
    page.get_by_role("button", name="From the camera").click()
    expect(shown).to_have_attribute("data-pose", "0 0")
    shown.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    expect(shown).to_have_attribute("data-pose", "5 -5")
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.evaluate(f"() => {{ {NOTHING_DRAWN} }}")
    page.get_by_role("button", name="Mesh").click()
    expect(page.get_by_role("alert").filter(has_text="cannot draw meshes")).to_be_visible()


@pytest.mark.parametrize("width", [1440, 820, 390])
def test_the_results_fit_any_screen_and_every_reader(page: Page, url: str, width: int, complaints: list[str]) -> None:
    """Nothing scrolls sideways, axe finds nothing, also with a comparison and all panels open; the console is clean."""
    page.set_viewport_size({"width": width, "height": 900})
    opened(page, f"{url.replace('127.0.0.1', 'rig.test')}?set=bump&layer=height&beside=normals")
    assert page.evaluate("isSecureContext") is False
    for title in ("Lamps", "How it was made"):
        page.get_by_text(title, exact=True).click()
    page.get_by_role("button", name="Profile").click()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Files").click()
    expect(page.get_by_role("dialog").get_by_role("link", name="Normals")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Link", exact=True).click()
    expect(page.get_by_role("dialog").get_by_role("textbox")).to_have_value(re.compile("layer=height"))
    page.keyboard.press("Escape")
    with page.expect_download() as coming:
        page.get_by_role("button", name="Snapshot").click()
    assert coming.value.suggested_filename == "bump_height_135_40.png"
    with Image.open(coming.value.path()) as picture:
        assert picture.size == (SIZE[1], SIZE[0])
        assert np.asarray(picture).std() > 5
    # Chromium without a graphics processor says so of each picture that it reads back to show or to save it.
    assert [one for one in complaints if "GPU stall due to ReadPixels" not in one] == []
