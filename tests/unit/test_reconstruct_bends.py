"""Sets whose JPEGs bend the light: told, and undone where the set shows how."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support import surfaces
from support.image_sets import coded_normals_error, folder_with_manifest
from support.surfaces import RenderedSet
from tetherlight.reconstruct.options import Options
from tetherlight.reconstruct.surface import reconstruct

SIZE = 64
LIGHTS = surfaces.dome(9)
RELIEF = surfaces.relief(SIZE)
WHITE = 3.0


def unheard(done: float, total: float, activity: str | None = None) -> None:
    """Hear nothing of the progress."""


def taken(folder: Path, rendered: RenderedSet, *, bent: bool) -> Path:
    """Write a set that is exposed up to white by a camera that keeps highlights, or by one that does not."""
    light = 0.95 * rendered.values / np.quantile(rendered.values, 0.995)
    shown = np.log1p(8 * light) / np.log1p(8) if bent else light
    shown = np.clip(np.where(shown > light, np.maximum(light, 0.35 + 0.65 * shown - 0.15), light), 0, 1)
    pictures = [np.repeat(one.reshape(SIZE, SIZE, 1), 3, axis=2) for one in shown]
    return folder_with_manifest(folder, np.asarray(rendered.lights, np.float64), pictures)


def surface(folder: Path, **options: Any) -> tuple[float, dict[str, Any], Path]:
    """Return the mean error of a set's normals in degrees, its report, and where its files are."""
    out = folder.parent / f"out-{len(list(folder.parent.iterdir()))}"
    out.mkdir()
    reconstruct(unheard, folder=str(folder), into=str(out), options=Options(**options).as_dict())
    truth = np.asarray(surfaces.normals_of(RELIEF), np.float64)
    return coded_normals_error(out / "normals.png", truth), json.loads((out / "report.json").read_text()), out


@pytest.fixture(scope="module")
def rendered() -> RenderedSet:
    return surfaces.render(RELIEF, LIGHTS)


def test_a_camera_that_bends_the_light_is_told_and_undone(tmp_path: Path, rendered: RenderedSet) -> None:
    folder = taken(tmp_path / "bent", rendered, bent=True)
    plain, _, _ = surface(folder, response="srgb", method="lit-huber")
    error, report, out = surface(folder)
    assert error < plain / 2
    assert report["response"] == "estimated"
    (found,) = (one for one in report["findings"] if one["code"] == "response_estimated")
    assert found["figure"] < found["limit"]
    assert found["unit"] == "ratio"
    again, told, _ = surface(folder, response=str(out / "response.txt"), method=report["method"])
    assert again == pytest.approx(error, abs=0.1)
    assert told["response"] == "response.txt"


def test_a_camera_that_does_not_is_taken_at_its_word(tmp_path: Path, rendered: RenderedSet) -> None:
    _, report, out = surface(taken(tmp_path / "plain", rendered, bent=False))
    assert report["response"] == "srgb"
    assert not [one for one in report["findings"] if one["code"].startswith("response")]
    assert not (out / "response.txt").exists()


def test_few_lights_cannot_tell_so_bright_images_are_warned_of(tmp_path: Path, rendered: RenderedSet) -> None:
    few = RenderedSet(rendered.values[:4], rendered.lights[:4], rendered.normals, rendered.albedo, rendered.shape)
    _, report, _ = surface(taken(tmp_path / "few", few, bent=True))
    (found,) = (one for one in report["findings"] if one["code"] == "response_bent")
    assert found["unit"] == "share"
    assert found["figure"] > found["limit"]
    assert "4 lights are too few" in found["message"]
