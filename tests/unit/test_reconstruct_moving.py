"""A set that shows a mirror sphere tells whether its rig has moved."""

import json
from pathlib import Path

import numpy as np
import pytest

from support.image_sets import Bump, folder_with_manifest
from support.rendered_balls import Balls, Doubles, render, ring_of_lights
from tetherlight.photometric.spheres import SEARCHED
from tetherlight.reconstruct import moving
from tetherlight.reconstruct.options import Options
from tetherlight.reconstruct.surface import reconstruct

LIGHTS = ring_of_lights(6, 42)
SIZE = (270, 480)
SPHERE = (200.0, 140.0, 105.0)


def turned(lights: Doubles, degrees: float) -> Doubles:
    """Return lights of a rig that was turned around the camera's axis."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    return np.asarray(lights @ turn.T)


def said(folder: Path, known: Doubles, pictures: list[Doubles]) -> list[str]:
    """Return the warnings of a set whose manifest knows these lights."""
    folder_with_manifest(folder / "set", known, pictures)
    (folder / "out").mkdir()
    options = Options(method="least-squares").as_dict()
    reconstruct(lambda *_: None, folder=str(folder / "set"), into=str(folder / "out"), options=options)
    report = json.loads((folder / "out" / "report.json").read_text())
    return [one for one in report["warnings"] if "rig" in one]


@pytest.fixture(scope="module")
def pictures() -> list[Doubles]:
    """A sphere under six lights."""
    return [np.repeat(one[..., None], 3, axis=2) for one in render(Balls(mirrors=(SPHERE,), shape=SIZE), LIGHTS)]


@pytest.fixture(autouse=True)
def _small_sets_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "LEAST_SAMPLES", 0)


def test_a_rig_that_has_moved_is_told_with_the_angle(tmp_path: Path, pictures: list[Doubles]) -> None:
    """Turned by 8 degrees around the axis, lights 42 degrees from it are 5.4 degrees from where they were."""
    assert max(SIZE) > SEARCHED[0]
    known = turned(LIGHTS, 8)
    off = np.degrees(np.arccos((known * LIGHTS).sum(axis=1))).max()
    (sentence,) = said(tmp_path, known, pictures)
    assert sentence.startswith("The mirror sphere at (200, 140) shows 6 of 6 lights elsewhere than the rig has them")
    assert float(sentence.split(" by ")[1].split(" ")[0]) == pytest.approx(off, abs=1)


def test_one_lamp_that_was_pushed_is_named(tmp_path: Path, pictures: list[Doubles]) -> None:
    known = LIGHTS.copy()
    known[3] = turned(LIGHTS, 20)[3]
    (sentence,) = said(tmp_path, known, pictures)
    assert "shows 1 of 6 lights elsewhere" in sentence
    assert "light 'light_4'" in sentence


def test_a_rig_that_stands_where_it_stood_is_not_told(tmp_path: Path, pictures: list[Doubles]) -> None:
    assert said(tmp_path, turned(LIGHTS, 1), pictures) == []


def test_a_set_without_a_sphere_says_nothing_of_the_rig(tmp_path: Path) -> None:
    bump = Bump((220, 320))
    assert said(tmp_path, turned(LIGHTS, 30), [bump.lit(light) for light in LIGHTS]) == []


def test_sets_of_small_images_are_not_searched(
    tmp_path: Path, pictures: list[Doubles], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "LEAST_SAMPLES", 1 + len(LIGHTS) * SIZE[0] * SIZE[1])
    assert said(tmp_path, turned(LIGHTS, 8), pictures) == []
