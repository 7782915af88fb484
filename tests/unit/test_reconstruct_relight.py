"""A set becomes a picture that can be lit anew: the files that viewers read, by the rules by which they read them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from support.image_sets import Bump, dome, folder_with_lp, folder_with_manifest
from tetherlight.errors import InvalidPayload, TooFewLights
from tetherlight.pixels.decode import decode
from tetherlight.pixels.response import linear_to_srgb
from tetherlight.reconstruct.relight import relight

LIGHTS = dome(12)
BUMP = Bump()
NEW = np.array([0.3, -0.25, np.sqrt(1 - 0.3**2 - 0.25**2)])


def unheard(done: float, total: float, activity: str | None = None) -> None:
    """Hear nothing."""


def made(folder: Path, into: Path, **options: Any) -> dict[str, Any]:
    into.mkdir()
    return relight(unheard, folder=str(folder), into=str(into), options=options)


def shown(place: Path, light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Do what a viewer does: read info.json and planes, and return the picture (H, W, 3) under a light."""
    info = json.loads((place / "info.json").read_text())
    material, count = info["materials"][0], info["nplanes"]
    jpegs = [decode(place / f"plane_{number}.jpg") / 255 for number in range(count // 3)]
    texels = np.concatenate([one.transpose(2, 0, 1) for one in jpegs])
    planes = (texels - np.reshape(material["bias"], (-1, 1, 1))) * np.reshape(material["scale"], (-1, 1, 1))
    if info["colorspace"] == "mrgb":
        return of_components(info, planes, light)
    u, v = light[:2]
    terms = np.array([1, u, v, u * u, u * v, v * v])
    if info["colorspace"] == "lrgb":
        return np.asarray(np.einsum("t,thw->hw", terms, planes[3:])[..., None] * planes[:3].transpose(1, 2, 0))
    return np.asarray(np.einsum("t,tchw->hwc", terms, planes.reshape(6, 3, *planes.shape[1:])))


def of_components(info: dict[str, Any], planes: NDArray[np.float64], light: NDArray[np.float64]) -> NDArray[np.float64]:
    side, (x, y, z) = info["resolution"], light
    total = abs(x) + abs(y) + abs(z)
    right, up = ((x + y) / total + 1) / 2 * (side - 1), ((y - x) / total + 1) / 2 * (side - 1)
    column, row = int(right), int(up)
    table = np.reshape(info["basis"], (-1, side, side, 3)).astype(float)
    table[0] /= 255
    table[1:] = (table[1:] - 127) / np.reshape(info["materials"][0]["range"], (-1, 1, 1, 1))
    dx, dy = right - column, up - row
    weights = (
        (1 - dx) * (1 - dy) * table[:, row, column] + dx * (1 - dy) * table[:, row, column + 1]
        + (1 - dx) * dy * table[:, row + 1, column] + dx * dy * table[:, row + 1, column + 1]
    )  # fmt: skip
    found: NDArray[np.float64] = weights[0] + np.einsum("pc,phw->hwc", weights[1:], planes)
    return found


@pytest.mark.parametrize(("basis", "least"), [("ptm", 31), ("lptm", 31), ("rbf", 38)])
def test_a_viewer_shows_the_object_under_a_light_that_never_shone(tmp_path: Path, basis: str, least: float) -> None:
    folder = folder_with_lp(tmp_path / "set", LIGHTS, [BUMP.lit(one) for one in LIGHTS])
    told = made(folder, tmp_path / "out", basis=basis)
    off = shown(tmp_path / "out", NEW) - linear_to_srgb(BUMP.lit(NEW))
    assert -10 * np.log10((off**2).mean()) > least
    assert told["method"] == basis
    assert {f"psnr_{one}" for one in ("ptm", "lptm", "hsh", "rbf")} <= set(told["figures"])


def test_what_is_best_is_taken_and_a_page_a_preview_and_stills_lie_beside(tmp_path: Path) -> None:
    lights = dome(12)
    dark = np.full((*BUMP.albedo.shape[:2], 3), 0.02)
    folder = folder_with_manifest(
        tmp_path / "set", lights, [BUMP.lit(one, ambient=0.02) for one in lights], dark, scale_mm_per_pixel=0.1
    )
    place = tmp_path / "out"
    told = made(folder, place)
    assert told["method"] == "rbf"
    assert told["figures"]["psnr"] == max(v for k, v in told["figures"].items() if k.startswith("psnr"))
    assert len(told["inputs"]) == 13
    info = json.loads((place / "info.json").read_text())
    assert (info["width"], info["height"], info["type"], info["pixelSizeInMM"]) == (64, 48, "bilinear", 0.1)
    assert decode(place / "preview" / "plane_0.jpg").shape == (48, 64, 3)
    stills = json.loads((place / "stills" / "stills.json").read_text())
    assert decode(place / "stills" / stills[0]["file"]).shape == (48, 64, 3)
    page = (place / "index.html").read_text()
    assert "<title>set: relight</title>" in page
    assert "__DATA__" not in page
    assert not {"http://", "https://"} & set(page.split('"'))


def test_images_of_one_channel_are_shown_gray(tmp_path: Path) -> None:
    gray = [np.repeat(BUMP.lit(one)[..., :1], 3, axis=2) for one in LIGHTS]
    folder = folder_with_lp(tmp_path / "set", LIGHTS, gray)
    made(folder, tmp_path / "out", basis="lptm")
    seen = shown(tmp_path / "out", NEW)
    assert np.abs(seen - seen.mean(axis=2, keepdims=True)).max() < 0.03


def test_the_file_of_older_viewers_holds_the_same_polynomial_from_bottom_to_top(tmp_path: Path) -> None:
    folder = folder_with_lp(tmp_path / "set", LIGHTS, [BUMP.lit(one) for one in LIGHTS])
    made(folder, tmp_path / "out", basis="lptm", ptm=True)
    content = (tmp_path / "out" / "relight.ptm").read_bytes()
    *head, rest = content.split(b"\n", 6)
    assert head[:4] == [b"PTM_1.2", b"PTM_FORMAT_LRGB", b"64", b"48"]
    scale, bias = (np.array(line.split(), float) for line in head[4:])
    assert len(rest) == 9 * 48 * 64
    coded = np.frombuffer(rest, np.uint8, 6 * 48 * 64).reshape(48, 64, 6)[::-1]
    colour = np.frombuffer(rest, np.uint8, offset=6 * 48 * 64).reshape(48, 64, 3)[::-1]
    u, v = NEW[:2]
    shine = ((coded - bias) * scale) @ np.array([u * u, v * v, u * v, u, v, 1])
    off = np.clip(shine[..., None] * colour / 255 / 255, 0, 1) - np.clip(shown(tmp_path / "out", NEW), 0, 1)
    assert np.abs(off).mean() < 0.01


def test_a_basis_that_there_is_not_and_too_few_lights_are_refused(tmp_path: Path) -> None:
    folder = folder_with_lp(tmp_path / "set", dome(4), [BUMP.lit(one) for one in dome(4)])
    with pytest.raises(TooFewLights):
        made(folder, tmp_path / "out", basis="ptm")
    with pytest.raises(InvalidPayload, match="no basis 'best'"):
        relight(unheard, folder=str(folder), into=str(tmp_path), options={"basis": "best"})
    with pytest.raises(InvalidPayload, match="10 planes cannot be"):
        relight(unheard, folder=str(folder), into=str(tmp_path), options={"planes": 10})


def test_planes_that_are_too_large_for_a_texture_come_as_tiles_and_in_small(tmp_path: Path) -> None:
    wide = Bump((12, 4300))
    folder = folder_with_lp(tmp_path / "set", dome(6), [wide.lit(one) for one in dome(6)], ".jpg")
    place = tmp_path / "out"
    made(folder, place, basis="lptm")
    assert 'Width="4300" Height="12"' in (place / "plane_1.dzi").read_text()
    levels = sorted(int(path.name) for path in (place / "plane_1_files").iterdir())
    assert levels == [0, 1, 2, 3, 4]
    tiles = place / "plane_1_files" / "4"
    assert sorted(path.name for path in tiles.iterdir())[:2] == ["0_0.jpg", "1_0.jpg"]
    whole = decode(place / "plane_1.jpg").astype(int)
    assert np.abs(decode(tiles / "8_0.jpg").astype(int) - whole[:, 4096:]).mean() < 3
    # One tile holds the last: so OpenLIME counts the levels of what can be lit anew.
    assert decode(place / "plane_1_files" / "0" / "0_0.jpg").shape == (1, 269, 3)
    preview = json.loads((place / "preview" / "info.json").read_text())
    assert (preview["width"], preview["height"]) == (1434, 4)
    assert decode(place / "preview" / "plane_0.jpg").shape == (4, 1434, 3)
