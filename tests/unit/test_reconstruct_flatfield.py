"""A matte white plane under each lamp takes strength, fall-off and vignetting away."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.image_sets import Bump, coded_normals_error, dome, folder_with_lp, folder_with_manifest
from tetherlight.errors import CalibrationError, InvalidPayload, ShapesDiffer
from tetherlight.photometric import kernel
from tetherlight.photometric.falloff import falloff
from tetherlight.reconstruct.options import Options
from tetherlight.reconstruct.surface import reconstruct

LIGHTS = dome(8)
BUMP = Bump((96, 128))
STRENGTHS = np.array([1, 0.7, 0.9, 0.8, 1, 0.6, 0.9, 1.0])


def unheard(done: float, total: float, activity: str | None = None) -> None:
    """Hear nothing of the progress."""


def fading(number: int) -> Any:
    """Return how bright a lamp makes each place (H, W, 1): more on its own side."""
    y, x = np.mgrid[-1:1:96j, -1:1:128j]
    light = LIGHTS[number]
    return (STRENGTHS[number] * np.exp(0.7 * (x * light[0] - y * light[1]) - 0.4 * (x * x + y * y)))[..., None] * 0.6


def pictures() -> list[Any]:
    return [BUMP.lit(light) * fading(number) for number, light in enumerate(LIGHTS)]


def planes(noise: float = 0.0) -> list[Any]:
    dice = np.random.default_rng(3)
    texture = 1 + noise * dice.normal(size=(96, 128, 1))
    return [0.8 * light[2] * fading(number) * texture * np.ones(3) for number, light in enumerate(LIGHTS)]


def surface(folder: Path, **options: Any) -> dict[str, Any]:
    out = folder.parent / "out"
    out.mkdir(exist_ok=True)
    chosen = Options(**({"method": "l1", "response": "srgb"} | options)).as_dict()
    reconstruct(unheard, folder=str(folder), into=str(out), options=chosen)
    report: dict[str, Any] = json.loads((out / "report.json").read_text())
    return report


@pytest.mark.parametrize("compiled", [False, True])
def test_a_flat_field_takes_the_fall_off_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, compiled: bool
) -> None:
    """Also where rows are looked up by what is compiled; lights are matched by their names."""
    if compiled:
        pytest.importorskip("numba")
        monkeypatch.setattr(kernel, "LARGE", 1)
    folder = folder_with_manifest(tmp_path / "set", LIGHTS, pictures())
    flat = folder_with_manifest(tmp_path / "flat", LIGHTS, planes(0.03))
    surface(folder)
    assert coded_normals_error(tmp_path / "out" / "normals.png", BUMP.normals) > 3
    report = surface(folder, flat=str(flat))
    assert coded_normals_error(tmp_path / "out" / "normals.png", BUMP.normals) < 0.8
    strengths = np.array([one["intensity"] for one in report["lights"]])
    np.testing.assert_allclose(strengths / strengths[0], STRENGTHS / STRENGTHS[0], rtol=0.05)
    assert report["options"]["flat"] == "flat"


def test_images_without_names_of_lights_are_matched_in_their_order(tmp_path: Path) -> None:
    folder = folder_with_lp(tmp_path / "set", LIGHTS, pictures())
    flat = folder_with_lp(tmp_path / "flat", LIGHTS, planes())
    surface(folder, flat=str(flat), preview=True)
    surface(folder, flat=str(flat))
    assert coded_normals_error(tmp_path / "out" / "normals.png", BUMP.normals) < 0.8


def test_a_flat_field_of_other_lights_is_refused_by_name(tmp_path: Path) -> None:
    folder = folder_with_manifest(tmp_path / "set", LIGHTS, pictures())
    fewer = folder_with_manifest(tmp_path / "fewer", LIGHTS[:5], planes()[:5])
    with pytest.raises(CalibrationError, match="'fewer' has no image of light 'light_6' of 'set'"):
        surface(folder, flat=str(fewer))
    other = folder_with_manifest(tmp_path / "other", LIGHTS, [one[:, :96] for one in planes()])
    with pytest.raises(ShapesDiffer, match="no images of the same frame"):
        surface(folder, flat=str(other))


def test_positions_of_lights_would_take_the_fall_off_twice() -> None:
    with pytest.raises(InvalidPayload, match="twice"):
        Options.of({"near": True, "flat": "somewhere"})


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_plane_that_is_black_or_white_is_refused(value: float) -> None:
    with pytest.raises(CalibrationError, match="Light 1 leaves the flat field black or clipped"):
        falloff([np.full((20, 30), value, np.float32)], [1.0], np.array([[0, 0, 1.0]]))


def test_a_map_is_read_at_the_places_of_the_whole_image() -> None:
    ramp = np.linspace(0.2, 0.6, 60, dtype=np.float32)[None].repeat(40, axis=0)
    found = falloff([ramp, ramp], [1.0, 2.0], np.array([[0, 0, 1.0], [0, 0.6, 0.8]]))
    whole = found.at(np.arange(0, 400, 7), np.arange(600), (400, 600))
    assert whole.shape == (2, 58, 600)
    across = np.linspace(0.2, 0.6, 600)[20:-20] / 0.4
    np.testing.assert_allclose(whole[0, :, 20:-20], np.tile(across, (58, 1)), atol=0.02)
    np.testing.assert_allclose(found.strengths[0] / found.strengths[1], 2 * 0.8, rtol=1e-5)
