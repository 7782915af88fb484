"""The pictures that a page shows of a surface, and lights that are left out of one."""

import json
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from support.image_sets import Bump, dome, error_of, folder_with_lp
from tetherlight.errors import TooFewLights
from tetherlight.reconstruct import view_tiles, views
from tetherlight.reconstruct.options import Options
from tetherlight.reconstruct.pictures import coded_normals
from tetherlight.reconstruct.surface import reconstruct
from tetherlight.reconstruct.view_tiles import Pyramid, coded_for_tiles
from tetherlight.reconstruct.views import Views, coded_height

LIGHTS = dome(8)
BUMP = Bump()


def unheard(done: float, total: float, activity: str | None = None) -> None:
    """Hear nothing of the progress."""


def picture(path: Path) -> NDArray[np.uint8]:
    """Return the pixels of a picture."""
    with Image.open(path) as image:
        return np.asarray(image)


def made(tmp_path: Path, **options: object) -> Path:
    """Compute the surface of a bump; return the folder with it."""
    folder = folder_with_lp(tmp_path / "set", LIGHTS, [BUMP.lit(light) for light in LIGHTS])
    out = tmp_path / "out"
    out.mkdir()
    chosen = Options(method="least-squares", response="srgb", **options)  # type: ignore[arg-type]
    reconstruct(unheard, folder=str(folder), into=str(out), options=chosen.as_dict())
    return out


def test_the_page_finds_normals_and_height_that_are_those_of_the_files(tmp_path: Path) -> None:
    folder = made(tmp_path) / "view"
    told = json.loads((folder / "view.json").read_text())
    height, width = BUMP.height.shape
    assert (told["width"], told["height"], told["step"]) == (width, height, 1)
    normals = picture(folder / "normals.png")
    assert normals.shape == (height, width, 4)
    assert (normals[..., 3] == 255).all()
    np.testing.assert_allclose(normals[..., :3] / 127.5 - 1, BUMP.normals, atol=0.02)
    deep = picture(folder / "height.png").astype(float)
    share = (deep[..., 0] * 256 + deep[..., 1]) / 65535
    found = told["height_low"] + share * (told["height_high"] - told["height_low"])
    off = found - BUMP.height
    assert told["height_unit"] == "pixels"
    dark, bright = told["height_shown"]
    assert 0 <= dark < 0.2
    assert 0.8 < bright <= 1
    assert np.std(off) < 0.02 * np.ptp(BUMP.height)


def test_large_surfaces_are_shown_by_the_mean_of_squares_of_valid_pixels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "LONGEST", 4)
    monkeypatch.setattr(view_tiles, "EDGE", 4)
    normals = np.zeros((9, 12, 3), np.float32)
    normals[..., 2] = 1
    valid = np.ones((9, 12), np.bool_)
    valid[:3, :3] = False
    valid[0, 3] = False
    gray = np.where(valid, 90, 0).astype(np.uint8)
    with ExitStack() as files:
        shown = Views(tmp_path, (9, 12), colour=False, files=files)
        for start in range(0, 9, 2):
            rows = slice(start, start + 2)
            given = normals[rows] * valid[rows][..., None]
            shown.take(given, gray[rows], gray[rows], valid[rows], coded_normals(given, valid[rows]))
    shown.write(tmp_path, np.zeros((9, 12), np.float32), shrunk=2, unit="pixels", factor=1.0)
    folder = tmp_path / "view"
    pixels = {name: picture(folder / f"{name}.png") for name in ("normals", "albedo", "residual")}
    assert pixels["normals"][0, 0].tolist() == [128, 128, 255, 0]
    assert (pixels["normals"][..., 3] == 255).sum() == 11
    assert pixels["albedo"].ravel().tolist() == [0, *[90] * 11]
    assert pixels["residual"].ravel().tolist() == [0, *[90] * 11]
    told = json.loads((folder / "view.json").read_text())
    assert (told["width"], told["height"], told["step"], told["image_width"]) == (4, 3, 6, 24)
    # 12, 6 and no 3 pixels: what is looked at first has 4.
    assert told["tiles"] == {"edge": 4, "steps": [1, 2], "width": 12, "height": 9}
    tiles = {f"{one.parent.name}/{one.name}": picture(one).shape for one in (folder / "normals_files").glob("*/*.jpg")}
    assert tiles == {
        **{f"1/{x}_{y}.jpg": ((4, 4, 1)[y], 4, 3) for x in range(3) for y in range(3)},
        **{f"2/{x}_{y}.jpg": ((4, 1)[y], (4, 2)[x], 3) for x in range(2) for y in range(2)},
    }
    assert picture(folder / "albedo_files" / "2" / "1_1.jpg").tolist() == [[90, 90]]


def test_tiles_have_the_normals_and_where_there_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view_tiles, "EDGE", 32)
    valid = np.ones(BUMP.height.shape, np.bool_)
    valid[:, :16] = False
    tiles = Pyramid(tmp_path, "normals", (48, 64), [1])
    coded = coded_for_tiles(coded_normals(BUMP.normals.astype(np.float32), valid), valid)
    for start in range(0, len(coded), 10):
        tiles.take(coded[start : start + 10])
    found = picture(tmp_path / "normals_files" / "1" / "1_0.jpg").astype(float) / 127.5 - 1
    found /= np.linalg.norm(found, axis=-1, keepdims=True)
    assert error_of(found, BUMP.normals[:32, 32:]) < 1
    nowhere = picture(tmp_path / "normals_files" / "1" / "0_1.jpg")[:, :12].astype(float) / 127.5 - 1
    assert np.linalg.norm(nowhere, axis=-1).max() < 0.15


def test_what_a_browser_shows_at_once_has_no_tiles() -> None:
    assert [view_tiles.steps_of(longest, 2048) for longest in (2048, 2049, 6000, 12000)] == [[], [1], [1, 2], [1, 2, 4]]


def test_height_outside_of_the_object_has_no_number() -> None:
    coded = coded_height(np.array([[1.0, np.nan, 3.0]], np.float32), 1.0, 3.0)
    assert coded.tolist() == [[[0, 0, 0, 255], [0, 0, 0, 0], [255, 255, 0, 255]]]


def test_lights_that_are_excluded_have_no_part_in_the_surface(tmp_path: Path) -> None:
    report = json.loads((made(tmp_path, exclude=("image_02.png",)) / "report.json").read_text())
    assert report["excluded"] == ["image_02.png"]
    assert [light["filename"] for light in report["lights"]].count("image_02.png") == 0
    assert report["figures"]["lights"] == 7
    # What is left explains the images, and each light is told how well.
    assert all(light["residual"] < 0.02 for light in report["lights"])


def test_to_exclude_nearly_all_lights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TooFewLights, match="2 lights"):
        made(tmp_path, exclude=tuple(f"image_{number:02d}.png" for number in range(1, 7)))
