"""The map of the lights, with how well their places are known."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from support.browser_screens import open_screen, violations
from support.image_sets import dome, folder_with_manifest
from support.rig_in_browser import RigServer
from tetherlight.protocol.manifest import MANIFEST

AT = datetime(2026, 2, 2, tzinfo=UTC)
RIG = """
driver = "simulated"
[lights]
left = { direction = [-0.6, 0.0, 0.8], calibrated_at = 2026-02-02T00:00:00Z, intensity = 1.25 }
right = { direction = [0.6, 0.0, 0.8], calibrated_at = 2026-02-02T00:00:00Z }
behind = { direction = [0.0, 0.6, 0.8] }
[calibration]
at = 2026-02-02T00:00:00Z
set = "balls"
lights = 2
mean_error_deg = 0.5
largest_error_deg = 0.75
moved_deg = 4.0
sphere_radius = 151.2
"""


def noted(folder: Path, record: dict[str, object]) -> None:
    """Add a record to the results of a set."""
    place = folder / MANIFEST
    manifest = json.loads(place.read_text())
    manifest["results"] = [record]
    place.write_text(json.dumps(manifest))


@pytest.fixture
def calibrated(tmp_path: Path) -> Iterator[RigServer]:
    """A rig without cameras whose lights were calibrated; it has moved since."""
    (tmp_path / "rig.toml").write_text(RIG)
    place, lights = tmp_path / "captures" / "photometric_sets", dome(4)
    dark = [light * 0 + 0.1 for light in lights.reshape(4, 1, 1, 3)]
    told = [{"light": "left", "error_deg": 0.4, "off_deg": 4.0}, {"light": "right", "error_deg": 0.75}]
    folder_with_manifest(place / "balls", lights, dark, started_at=AT)
    noted(place / "balls", {"kind": "calibration", "made_at": AT.isoformat(), "lights": told})
    folder_with_manifest(place / "coin", lights, dark, started_at=AT.replace(month=3))
    finding = {"code": "rig_moved", "message": "The mirror sphere shows 3 lights elsewhere: the rig has moved."}
    noted(place / "coin", {"kind": "surface", "folder": "results", "findings": [finding]})
    with RigServer(tmp_path, None) as server:
        yield server


@pytest.mark.parametrize("width", [1440, 390])
def test_the_lights_tell_how_exactly_when_and_by_what_they_were_measured_and_what_has_moved(
    page: Page, calibrated: RigServer, width: int
) -> None:
    """Figures of all and of each lamp; what was placed by hand is another dot on the map."""
    page.set_viewport_size({"width": width, "height": 900})
    open_screen(page, f"{calibrated.url}/lights/")
    panel = page.get_by_role("region", name="Calibration")
    for words in ("Feb 2, 2026", "mirror sphere, radius 151 px", "0.50° mean, 0.75° at most", "4.0° at most"):
        expect(panel).to_contain_text(words)
    expect(panel.get_by_role("link", name="balls")).to_have_attribute("href", "/results/?set=balls")
    expect(panel.get_by_role("row", name="left")).to_contain_text("0.4°4.0°1.25")
    expect(panel.get_by_role("row", name="behind")).to_contain_text("by hand")
    expect(panel).to_contain_text("1 lamp of 3 was placed by hand")
    expect(panel).to_contain_text("Set coin: The mirror sphere shows 3 lights elsewhere: the rig has moved.")
    expect(page.locator("[data-by-hand]")).to_have_count(1)
    expect(page.get_by_role("switch", name="placed by hand")).to_have_count(1)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
