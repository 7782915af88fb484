"""From a folder of images to files of a surface: what is in them, and what is said of images that give none."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from support.image_sets import (
    SIZE,
    Bump,
    coded_normals_error,
    dome,
    folder_with_lp,
    folder_with_manifest,
    name_of,
    save,
)
from tetherlight.errors import (
    DiskFull,
    ImagesBlack,
    ImagesClipped,
    ImageUnreadable,
    InvalidSetting,
    LightsCoplanar,
    ShapesDiffer,
    TooFewLights,
)
from tetherlight.photometric import normals as solvers
from tetherlight.pixels.decode import decode
from tetherlight.reconstruct.keeping import record_of
from tetherlight.reconstruct.options import METHODS, Options
from tetherlight.reconstruct.spool import Sheets
from tetherlight.reconstruct.surface import reconstruct

LIGHTS = dome(8)
BUMP = Bump()
PICTURES = [BUMP.lit(light) for light in LIGHTS]
QUICK = {"method": "least-squares"}
FILES = {
    "normals.png", "albedo.png", "albedo.tiff", "height.tiff", "mask.png", "error.png", "residual.png", "relief.png",
    "mesh.ply", "mesh.glb", "report.json", "report.html", "view",
}  # fmt: skip


def unheard(done: float, total: float, activity: str | None = None) -> None:
    """Hear nothing of the progress."""


def surface(folder: Path, **options: Any) -> dict[str, Any]:
    """Compute a folder's surface into the folder `out` beside it."""
    out = folder.parent / "out"
    out.mkdir(exist_ok=True)
    return reconstruct(unheard, folder=str(folder), into=str(out), options=Options(**(QUICK | options)).as_dict())


def report(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder.parent / "out" / "report.json").read_text())
    return found


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """A folder of PNGs with a light file."""
    return folder_with_lp(tmp_path / "set", LIGHTS, PICTURES)


def test_all_files_are_made_as_they_are_documented(images: Path) -> None:
    told = surface(images, response="srgb")
    out = images.parent / "out"
    assert {path.name for path in out.iterdir()} == FILES
    assert told["method"] == "least-squares"
    assert coded_normals_error(out / "normals.png", BUMP.normals) < 0.5
    light = tifffile.imread(out / "albedo.tiff")
    assert light.dtype == np.float32
    np.testing.assert_allclose(light[5:-5, 5:-5], 0.9 * BUMP.albedo[5:-5, 5:-5], rtol=0.03)
    assert decode(out / "albedo.png").shape == (*SIZE, 3)
    for name in ("mask.png", "error.png", "residual.png"):
        assert decode(out / name).dtype == np.uint8
        assert decode(out / name).shape == SIZE
    height = tifffile.imread(out / "height.tiff")
    off = height - BUMP.height
    assert height.dtype == np.float32
    assert np.std(off) < 0.02 * np.ptp(BUMP.height)


def test_the_report_tells_method_lights_figures_and_what_it_was_made_of(images: Path) -> None:
    surface(images, response="srgb")
    found = report(images)
    content = (images / "image_03.png").read_bytes()
    assert found["inputs_sha256"]["image_03.png"] == hashlib.sha256(content).hexdigest()
    assert [light["filename"] for light in found["lights"]] == [name_of(number, ".png") for number in range(8)]
    assert all(light["used"] for light in found["lights"])
    assert found["why"] == "least-squares: it was asked for."
    assert found["figures"]["lights"] == 8
    assert found["figures"]["valid_share"] == 1
    assert 1 < found["figures"]["lights_condition"] < 10
    assert found["warnings"] == []
    assert set(found["timings_s"]) == {"read", "choose", "solve", "height"}
    assert "tetherlight" in found["software"]


def test_the_page_needs_no_other_file_and_escapes_what_others_named(tmp_path: Path) -> None:
    folder = folder_with_lp(tmp_path / "<b>set<b>", LIGHTS, PICTURES)
    (folder / "image_01.png").rename(folder / "<script>1.png")
    text = (folder / "lights.lp").read_text().replace("image_01.png", "<script>1.png")
    (folder / "lights.lp").write_text(text)
    surface(folder)
    page = (tmp_path / "out" / "report.html").read_text()
    assert "&lt;b&gt;set&lt;b&gt;" in page
    assert "&lt;script&gt;1.png" in page
    assert "<script" not in page
    assert "<b>set" not in page
    assert page.count("data:image/jpeg;base64,") == page.count("<img") == 5


@pytest.mark.parametrize("form", ["jpg", "png16", "tiff"])
def test_every_kind_of_image_gives_the_same_surface(tmp_path: Path, form: str) -> None:
    suffix = {"jpg": ".jpg", "png16": ".png", "tiff": ".tiff"}[form]
    options = {"deep": True} if form == "png16" else {}
    folder = folder_with_lp(tmp_path / "set", LIGHTS, PICTURES, suffix, **options)
    surface(folder)
    assert report(folder)["response"] == ("linear" if form == "tiff" else "srgb")
    assert coded_normals_error(tmp_path / "out" / "normals.png", BUMP.normals) < (0.7 if form == "jpg" else 0.3)


def test_linear_values_are_told_from_coded_ones_by_what_predicts_left_out_lights(tmp_path: Path) -> None:
    folder = folder_with_lp(tmp_path / "set", LIGHTS, PICTURES)
    for number, picture in enumerate(PICTURES):
        Image.fromarray(np.rint(picture * 255).astype(np.uint8)).save(folder / name_of(number, ".png"))
    surface(folder)
    assert report(folder)["response"] == "linear"
    assert coded_normals_error(tmp_path / "out" / "normals.png", BUMP.normals) < 0.5


def test_a_measured_curve_is_used(tmp_path: Path) -> None:
    folder = folder_with_lp(tmp_path / "set", LIGHTS, PICTURES)
    for number, picture in enumerate(PICTURES):
        Image.fromarray(np.rint(np.sqrt(picture) * 255).astype(np.uint8)).save(folder / name_of(number, ".png"))
    (tmp_path / "curve.txt").write_text("".join(f"{level} {level**2}\n" for level in range(256)))
    surface(folder, response=str(tmp_path / "curve.txt"))
    assert coded_normals_error(tmp_path / "out" / "normals.png", BUMP.normals) < 0.5


def test_a_curve_that_is_none_is_refused(images: Path) -> None:
    (images.parent / "curve.txt").write_text("no curve")
    with pytest.raises(InvalidSetting, match=r"curve\.txt"):
        surface(images, response=str(images.parent / "curve.txt"))


def test_light_of_the_room_is_subtracted_and_told(tmp_path: Path) -> None:
    pictures = [BUMP.lit(light, ambient=0.04) for light in LIGHTS]
    folder = folder_with_manifest(tmp_path / "set", LIGHTS, pictures, ambient=0.04 + 0 * BUMP.albedo)
    surface(folder)
    assert coded_normals_error(tmp_path / "out" / "normals.png", BUMP.normals) < 0.7
    assert any("ambient light is" in warning for warning in report(folder)["warnings"])
    assert report(folder)["figures"]["ambient_share"] > 0.05


def test_with_a_scale_heights_are_in_millimetres(tmp_path: Path) -> None:
    folder = folder_with_manifest(tmp_path / "set", LIGHTS, PICTURES, scale_mm_per_pixel=0.05)
    surface(folder)
    height = tifffile.imread(tmp_path / "out" / "height.tiff")
    assert np.ptp(height) == pytest.approx(0.05 * np.ptp(BUMP.height), rel=0.05)
    assert report(folder)["height_unit"] == "mm"


def test_a_mask_that_is_given_counts(images: Path) -> None:
    mask = np.zeros(SIZE, np.uint8)
    mask[10:30, 12:50] = 255
    Image.fromarray(mask).save(images.parent / "mask.png")
    surface(images, mask=str(images.parent / "mask.png"))
    out = images.parent / "out"
    np.testing.assert_array_equal(decode(out / "mask.png"), mask)
    assert (decode(out / "normals.png")[mask == 0] == 0).all()
    assert np.isnan(tifffile.imread(out / "height.tiff")[mask == 0]).all()


def test_an_object_before_black_is_found(tmp_path: Path) -> None:
    y, x = np.mgrid[0 : SIZE[0], 0 : SIZE[1]]
    inside = (y - 24) ** 2 + (x - 32) ** 2 < 18**2
    folder = folder_with_lp(tmp_path / "set", LIGHTS, [picture * inside[..., None] for picture in PICTURES])
    surface(folder)
    found = decode(tmp_path / "out" / "mask.png") > 0
    assert (found != inside).mean() < 0.01


def test_pictures_of_a_camera_that_lies_on_its_side_are_turned_upright(tmp_path: Path) -> None:
    folder = folder_with_lp(tmp_path / "set", LIGHTS, PICTURES)
    exif = Image.Exif()
    exif[0x0112] = 6
    for number, picture in enumerate(PICTURES):
        save(folder / name_of(number, ".jpg"), np.rot90(picture), exif=exif)
        (folder / name_of(number, ".png")).unlink()
    surface(folder)
    assert coded_normals_error(tmp_path / "out" / "normals.png", BUMP.normals) < 0.7


def test_one_turn_is_taken_for_all_where_the_camera_looked_down(tmp_path: Path) -> None:
    folder = folder_with_lp(tmp_path / "set", LIGHTS, PICTURES, ".jpg")
    exif = Image.Exif()
    exif[0x0112] = 3
    save(folder / "image_02.jpg", PICTURES[1], exif=exif)
    surface(folder)
    assert coded_normals_error(tmp_path / "out" / "normals.png", BUMP.normals) < 0.7
    assert any("2 ways to be turned upright" in warning for warning in report(folder)["warnings"])


def test_a_preview_is_a_quarter_as_large(images: Path) -> None:
    told = surface(images, preview=True)
    assert told["kind"] == "preview"
    assert decode(images.parent / "out" / "normals.png").shape == (12, 16, 3)


def test_near_lights_have_positions(tmp_path: Path) -> None:
    """A plane under lights at a distance of three widths is flat, where directions alone would bend it."""
    positions = dome(8, elevation=45) * 1.5
    rows, columns = SIZE
    y, x = np.mgrid[0:rows, 0:columns].astype(float)
    points = np.stack(((x - (columns - 1) / 2) / columns, ((rows - 1) / 2 - y) / columns, 0 * x), axis=-1)
    towards = positions[:, None, None] - points
    distance = np.linalg.norm(towards, axis=-1)
    shading = towards[..., 2] / distance**3 * 1.5**2
    pictures = [np.repeat(0.5 * one[..., None], 3, axis=2) for one in shading]
    folder = folder_with_lp(tmp_path / "set", positions, pictures, ".tiff")
    flat = np.broadcast_to(np.array([0.0, 0.0, 1.0]), (*SIZE, 3))
    surface(folder, near=True)
    assert coded_normals_error(tmp_path / "out" / "normals.png", flat) < 0.3
    surface(folder)
    assert coded_normals_error(tmp_path / "out" / "normals.png", flat) > 3


# What gives no surface


def test_all_black_is_told(tmp_path: Path) -> None:
    with pytest.raises(ImagesBlack, match="All images are black"):
        surface(folder_with_lp(tmp_path / "set", LIGHTS, [one * 0 for one in PICTURES]))


def test_all_white_is_told(tmp_path: Path) -> None:
    with pytest.raises(ImagesClipped, match="All images are white"):
        surface(folder_with_lp(tmp_path / "set", LIGHTS, [one * 0 + 1 for one in PICTURES]))


def test_a_lamp_that_did_not_shine_is_left_out_and_named(tmp_path: Path) -> None:
    pictures = [one * (number != 2) for number, one in enumerate(PICTURES)]
    folder = folder_with_lp(tmp_path / "set", LIGHTS, pictures)
    surface(folder)
    assert coded_normals_error(tmp_path / "out" / "normals.png", BUMP.normals) < 0.5
    assert report(folder)["warnings"] == ["'image_03.png' is black: its lamp did not shine; it was left out."]
    assert [light["used"] for light in report(folder)["lights"]] == [True] * 2 + [False] + [True] * 5


def test_what_should_be_looked_at_is_noted_by_codes(tmp_path: Path) -> None:
    """With the image, its light and the measure, beside the sentences; the manifest has the same."""
    pictures = [BUMP.lit(light, ambient=0.04) * (number != 2) for number, light in enumerate(LIGHTS)]
    pictures[4] = pictures[4] * 1.5
    folder = folder_with_manifest(tmp_path / "set", LIGHTS, pictures, ambient=0.04 + 0 * BUMP.albedo)
    told = surface(folder)
    black, clipped, ambient = told["findings"]
    assert (black["code"], black["filename"], black["light"]) == ("image_black", "image_03_light_3.jpg", "light_3")
    assert (clipped["code"], clipped["light"]) == ("clipped", "light_5")
    assert 0.01 < clipped["figure"] < 0.5
    assert (ambient["code"], ambient["filename"]) == ("ambient_strong", None)
    assert ambient["figure"] == report(folder)["figures"]["ambient_share"]
    record = record_of(tmp_path / "out", "results", told)
    assert [one.message for one in record.findings] == list(record.warnings)
    assert [one.model_dump() for one in record.findings] == told["findings"]


def test_too_few_lamps_that_shone_are_told(tmp_path: Path) -> None:
    pictures = [one * (number < 2) for number, one in enumerate(PICTURES)]
    with pytest.raises(TooFewLights, match="Only 2 of 8 images"):
        surface(folder_with_lp(tmp_path / "set", LIGHTS, pictures))


def test_lights_in_one_plane_are_told(tmp_path: Path) -> None:
    lights = dome(8)
    lights[:, 1] = 0
    lights /= np.linalg.norm(lights, axis=1, keepdims=True)
    with pytest.raises(LightsCoplanar):
        surface(folder_with_lp(tmp_path / "set", lights, [BUMP.lit(one) for one in lights]))


def test_an_image_of_another_size_is_named(images: Path) -> None:
    save(images / "image_04.png", Bump((48, 60)).lit(LIGHTS[3]))
    with pytest.raises(ShapesDiffer, match=r"'image_04\.png' has 60 x 48 pixels of uint8"):
        surface(images)


def test_a_broken_image_is_named(images: Path) -> None:
    content = (images / "image_04.png").read_bytes()
    (images / "image_04.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(ImageUnreadable, match=r"image_04\.png"):
        surface(images)


def test_a_mask_of_another_size_is_told(images: Path) -> None:
    Image.new("L", (10, 10), 255).save(images.parent / "mask.png")
    with pytest.raises(ShapesDiffer, match=r"mask\.png has 10 x 10"):
        surface(images, mask=str(images.parent / "mask.png"))


def test_a_full_disk_is_told_before_anything_is_mapped(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full)
    with pytest.raises(DiskFull):
        surface(images)
    assert not list((images.parent / "out").iterdir())


def test_the_originals_are_only_read(images: Path) -> None:
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in images.iterdir()}
    for path in images.iterdir():
        path.chmod(0o400)
    surface(images)
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in images.iterdir()} == before


def test_sheets_of_a_file_do_not_overlap(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path / "sheets")
    one, other = sheets.sheet((3, 5), np.uint8), sheets.sheet((4,), np.float32)
    one[:] = 7
    other[:] = 1.5
    assert (one == 7).all()
    assert (other == 1.5).all()


def test_the_protocol_names_the_methods_that_there_are() -> None:
    assert ("auto", *solvers.METHODS) == METHODS
