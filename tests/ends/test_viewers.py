"""What is made for other viewers, opened in them: OpenLIME and OpenSeadragon in Chromium, each by its own sources.

`make test-viewers OPENLIME=FOLDER OPENSEADRAGON=FOLDER` runs it. OPENLIME is a copy of the project's repository (of
cnr-isti-vclab), OPENSEADRAGON the unpacked npm package `openseadragon`; what is not there is skipped.
"""

import json
import os
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from support.image_sets import Bump, dome, folder_with_manifest
from support.patience import stretched
from tetherlight.pixels.response import linear_to_srgb
from tetherlight.reconstruct import viewer_files
from tetherlight.reconstruct.exports import iiif
from tetherlight.reconstruct.exports.export import export
from tetherlight.reconstruct.relight import relight

SIZE = (192, 256)
LIGHTS = dome(12)
BUMP = Bump(SIZE)
LAMP = LIGHTS[2]
KINDS = ("rbf", "ptm", "lptm", "hsh")
LEVELS = {"rbf": 3.0, "ptm": 6.0, "lptm": 6.0, "hsh": 6.0}
"""Of 256 that a picture may be off on average: planes are few, coded as JPEGs, and a polynomial is a model."""
ARGUMENTS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run")
LIME = """<!doctype html><style>#lime {{ position: relative; width: 256px; height: 192px }}
#lime canvas {{ position: absolute; width: 100%; height: 100% }}</style><div id="lime"></div>
<script type="importmap">{modules}</script><script type="module">
import {{ Viewer }} from "/openlime/src/Viewer.js";
import {{ Layer }} from "/openlime/src/Layer.js";
import "/openlime/src/LayerRTI.js";
import "/openlime/src/LayoutTiles.js";
const viewer = new Viewer("#lime", {{ background: "black" }});
const layer = new Layer({{ type: "rti", url: "/{folder}/info.json", layout: "{layout}", normals: false }});
viewer.addLayer("rti", layer);
layer.addEvent("ready", () => {{
  layer.setLight([{u}, {v}], 0);
  viewer.redraw();
  document.title = "ready";
}});
</script>"""
DRAGON = """<!doctype html><div id="osd" style="width:256px;height:192px"></div>
<script src="/osd/build/openseadragon/openseadragon.js"></script><script>
const viewer = OpenSeadragon({{ id: "osd", tileSources: "{source}", showNavigationControl: false, immediateRender: true,
  drawer: "canvas", visibilityRatio: 1, minZoomImageRatio: 1 }});
viewer.addHandler("open", () => {{
  const image = viewer.world.getItemAt(0);
  const done = () => {{ if (image.getFullyLoaded()) document.title = "ready"; }};
  image.addHandler("fully-loaded-change", done);
  done();
}});
viewer.addHandler("open-failed", ({{ message }}) => {{ document.title = `failed: ${{message}}`; }});
viewer.addHandler("tile-load-failed", ({{ tile }}) => {{ document.title = `failed: ${{tile.getUrl()}}`; }});
</script>"""


def looks(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how the scene looks under a light, as a screen shows it."""
    return np.asarray(linear_to_srgb(BUMP.lit(light)) * 255, float)


SEEN = looks(LAMP)


def sources(name: str) -> Path:
    """Return the folder with a viewer's sources; skip the test where there is none."""
    folder = os.environ.get(name)
    if not folder:
        pytest.skip(f"{name} names no folder with that viewer: see the top of this file")
    return Path(folder)


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name is that of the base class
        """Say nothing."""


def lime_page(place: Path, name: str, layout: str) -> str:
    """Write a page that opens a folder in OpenLIME; return its name. Some of its sources name others without `.js`."""
    names = [one.stem for one in (place / "openlime" / "src").glob("*.js")]
    modules = {"imports": {f"/openlime/src/{one}": f"/openlime/src/{one}.js" for one in names}}
    text = LIME.format(folder=name, layout=layout, u=LAMP[0], v=LAMP[1], modules=json.dumps(modules))
    (place / f"{name}.html").write_text(text)
    return f"{name}.html"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a set, which is served."""
    place = tmp_path_factory.mktemp("viewers")
    folder_with_manifest(place / "set", LIGHTS, [BUMP.lit(light) for light in LIGHTS])
    return place


@pytest.fixture(scope="module")
def address(place: Path) -> Iterator[str]:
    """Where the folder is served."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(place))) as server:
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The system's browser."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("there is no Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page of its own."""
    page = chromium.new_page(viewport={"width": 400, "height": 300})
    yield page
    page.close()


def shown(page: Page, url: str, selector: str) -> NDArray[np.float64]:
    """Open an address and return what a viewer draws there, once it says that it is ready."""
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.goto(url)
    page.wait_for_function("document.title !== ''", timeout=stretched(20_000))
    assert page.title() == "ready", (page.title(), said)
    page.evaluate("new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(r, 300))))")
    picture = Image.open(BytesIO(page.locator(selector).screenshot())).convert("RGB")
    return np.asarray(picture, float)


def made(place: Path, kind: str, name: str) -> Path:
    """Make what can be lit anew of the set, in a folder of the served one."""
    folder = place / name
    folder.mkdir()
    relight(lambda *_: None, folder=str(place / "set"), into=str(folder), options={"basis": kind})
    return folder


def far(found: NDArray[np.float64], picture: NDArray[np.float64]) -> float:
    """Return by how many levels of 256 a viewer's picture is off from what the scene looks like, on average."""
    assert found.shape == picture.shape
    return float(np.abs(found - picture).mean())


@pytest.fixture
def lime(place: Path) -> None:
    """Serve OpenLIME beside the set."""
    linked(place / "openlime", sources("OPENLIME"))


@pytest.fixture
def dragon(place: Path) -> None:
    """Serve OpenSeadragon beside the set."""
    linked(place / "osd", sources("OPENSEADRAGON"))


def linked(link: Path, folder: Path) -> None:
    """Make a link unless it is there."""
    if not link.exists():
        link.symlink_to(folder.resolve())


@pytest.mark.usefixtures("lime")
@pytest.mark.parametrize("kind", KINDS)
def test_openlime_lights_a_set_as_its_lamp_did(page: Page, place: Path, address: str, kind: str) -> None:
    made(place, kind, kind)
    found = shown(page, f"{address}/{lime_page(place, kind, 'image')}", "#lime canvas")
    assert far(found, SEEN) < LEVELS[kind]
    # And not as another one did.
    assert far(found, looks(LIGHTS[6])) > 3 * far(found, SEEN)


@pytest.mark.usefixtures("lime")
def test_openlime_opens_the_tiles_of_large_planes(
    page: Page, place: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewer_files, "TILED_EDGE", 100)
    monkeypatch.setattr(viewer_files, "TILE", 64)
    assert (made(place, "rbf", "tiled") / "plane_0.dzi").is_file()
    assert sorted(one.name for one in (place / "tiled" / "plane_0_files").iterdir()) == ["0", "1", "2"]
    assert far(shown(page, f"{address}/{lime_page(place, 'tiled', 'deepzoom')}", "#lime canvas"), SEEN) < LEVELS["rbf"]


@pytest.mark.usefixtures("dragon")
def test_openseadragon_opens_the_images_of_an_iiif_export(
    page: Page, place: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(iiif, "TILE", 64)
    (place / "iiif").mkdir()
    options = {"to": "iiif", "base_url": f"{address}/iiif"}
    export(lambda *_: None, folder=str(place / "set"), into=str(place / "iiif"), options=options)
    manifest = json.loads((place / "iiif" / "manifest.json").read_text())
    bodies = [canvas["items"][0]["items"][0]["body"] for canvas in manifest["items"]]
    service = next(body["service"][0]["id"] for body in bodies if body["id"].split("/")[-5].endswith("light_3"))
    (place / "iiif.html").write_text(DRAGON.format(source=f"{service}/info.json"))
    assert far(shown(page, f"{address}/iiif.html", "#osd canvas"), SEEN) < 2
