"""Exports as the next tool reads them: by its own validator where that is light, else by its published rules."""

import hashlib
import json
import shutil
import stat
import struct
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import bagit
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from support.image_sets import Bump, dome, folder_with_lp, folder_with_manifest
from tetherlight.errors import ImageNotFound, InvalidPayload, LightsUnknown
from tetherlight.files.lp import read_lp
from tetherlight.pixels.decode import decode
from tetherlight.pixels.png import write_png
from tetherlight.reconstruct.exports.export import FORMS, export
from tetherlight.reconstruct.options import Options
from tetherlight.reconstruct.surface import reconstruct

LIGHTS = dome(6)
BUMP = Bump((150, 700))
NAME = "bump set"


def unheard(done: float, total: float, activity: str | None = None) -> None:
    """Hear nothing."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("exports") / NAME
    folder_with_manifest(
        made, LIGHTS, [BUMP.lit(one) for one in LIGHTS], scale_mm_per_pixel=0.05, catalogue_number="A 100%"
    )
    for path in made.iterdir():
        path.chmod(stat.S_IRUSR)
    return made


def exported(folder: Path, into: Path, to: str, **more: Any) -> dict[str, Any]:
    into.mkdir()
    return export(unheard, folder=str(folder), into=str(into), options={"to": to} | more)


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def loaded(path: Path) -> Any:
    return json.loads(path.read_text())


def test_textures_are_normals_of_both_conventions_with_albedo_and_height(folder: Path, tmp_path: Path) -> None:
    kept = tmp_path / NAME
    shutil.copytree(folder, kept)
    kept.chmod(stat.S_IRWXU)
    with pytest.raises(ImageNotFound, match="no surface"):
        exported(kept, tmp_path / "early", "textures")
    (kept / "results").mkdir()
    options = Options(method="least-squares").as_dict()
    reconstruct(unheard, folder=str(kept), into=str(kept / "results"), options=options)
    told = exported(kept, tmp_path / "out", "textures")
    maps = {name: decode(tmp_path / "out" / f"{NAME}_{name}.png") for name in ("normal_gl", "normal_dx", "height")}
    assert np.abs(maps["normal_gl"][..., 1].astype(int) + maps["normal_dx"][..., 1] - 65535).max() == 0
    assert (maps["normal_gl"][..., ::2] == maps["normal_dx"][..., ::2]).all()
    vectors = exr(tmp_path / "out" / f"{NAME}_normal_gl.exr")
    np.testing.assert_allclose((vectors + 1) / 2 * 65535, maps["normal_gl"], atol=1)
    height = exr(tmp_path / "out" / f"{NAME}_height.exr")[..., 0]
    np.testing.assert_array_equal(height, decode(kept / "results" / "height.tiff"))
    ends = loaded(tmp_path / "out" / "tetherlight.json")["height"]
    assert (ends["low"], ends["high"], ends["unit"]) == (height.min(), height.max(), "mm")
    np.testing.assert_allclose(maps["height"] / 65535, (height - ends["low"]) / np.ptp(height), atol=1e-4)
    assert {"results/normals.png", "results/height.tiff"} <= set(told["inputs"])
    exported(kept, tmp_path / "named", "textures", copies=False)
    named = loaded(tmp_path / "named" / "contents.json")["originals"]
    assert named[f"{NAME}_normal_gl.png"]["source"] == "results/normals.png"
    assert names(tmp_path / "out") == (names(tmp_path / "named") - {"contents.json"}) | set(named)


def exr(path: Path) -> NDArray[np.float32]:
    """Return the pixels of an OpenEXR file that is not packed, red first."""
    content = path.read_bytes()
    assert content[:8] == struct.pack("<II", 20000630, 2)
    left, top, right, bottom = struct.unpack_from("<4i", content, content.index(b"dataWindow\0box2i\0") + 21)
    width, height = right - left + 1, bottom - top + 1
    (size,) = struct.unpack_from("<i", content, content.index(b"channels\0chlist\0") + 16)
    channels = size // 18
    lines = np.dtype([("y", "<i4"), ("size", "<i4"), ("planes", "<f4", (channels, width))])
    found = np.frombuffer(content, lines, offset=len(content) - height * lines.itemsize)
    assert (found["y"] == np.arange(height)).all()
    (first,) = struct.unpack_from("<Q", content, len(content) - height * (lines.itemsize + 8))
    assert first == len(content) - height * lines.itemsize
    return found["planes"].transpose(0, 2, 1)[..., ::-1]


def test_a_light_file_comes_with_its_images_and_what_has_no_place_in_it(folder: Path, tmp_path: Path) -> None:
    told = exported(folder, tmp_path / "out", "lp")
    lines = read_lp(tmp_path / "out" / f"{NAME}.lp")
    assert np.allclose([line.vector for line in lines], LIGHTS, atol=1e-5)
    assert {line.filename for line in lines} | {f"{NAME}.lp", "tetherlight.json"} == names(tmp_path / "out")
    assert loaded(tmp_path / "out" / "tetherlight.json")["scale_mm_per_pixel"] == 0.05
    assert told["inputs"] == {
        line.filename: hashlib.sha256((folder / line.filename).read_bytes()).hexdigest() for line in lines
    }


def test_relight_gets_its_planes_too_where_they_were_made(tmp_path: Path) -> None:
    source = folder_with_lp(tmp_path / "set", LIGHTS, [BUMP.lit(one) for one in LIGHTS], ".jpg")
    (source / "results" / "relight").mkdir(parents=True)
    (source / "results" / "relight" / "info.json").write_text("{}")
    (source / "results" / "relight" / "plane_0.jpg").write_bytes(b"plane")
    exported(source, tmp_path / "out", "relightlab")
    assert {"rti/info.json", "rti/plane_0.jpg", "set.lp", "image_01.jpg"} <= names(tmp_path / "out")


def test_meshroom_gets_one_pose_one_intrinsic_and_a_view_for_each_light(folder: Path, tmp_path: Path) -> None:
    exported(folder, tmp_path / "out", "meshroom")
    scene, lights = loaded(tmp_path / "out" / "cameraInit.sfm"), loaded(tmp_path / "out" / "lights.json")["lights"]
    assert len(scene["poses"]) == len(scene["intrinsics"]) == 1
    assert {view["poseId"] for view in scene["views"]} == {scene["poses"][0]["poseId"]}
    assert {view["intrinsicId"] for view in scene["views"]} == {scene["intrinsics"][0]["intrinsicId"]}
    assert [view["viewId"] for view in scene["views"]] == [light["viewId"] for light in lights]
    for view, light, direction in zip(scene["views"], lights, LIGHTS, strict=True):
        with Image.open(tmp_path / "out" / view["path"]) as image:
            assert image.size == (int(view["width"]), int(view["height"]))
        # The camera looks along z, and y points down.
        assert np.allclose([float(part) for part in light["direction"]], direction * (1, -1, -1), atol=1e-6)


def test_universal_methods_get_images_that_begin_with_l_and_a_mask_of_their_size(tmp_path: Path) -> None:
    source = folder_with_lp(tmp_path / "set", LIGHTS, [BUMP.lit(one) for one in LIGHTS], ".jpg")
    exported(source, tmp_path / "white", "lino")
    (source / "results").mkdir()
    mask = np.zeros((150, 700), np.uint8)
    mask[20:50] = 255
    write_png(source / "results" / "mask.png", mask)
    exported(source, tmp_path / "out", "lino")
    inside = {name for name in names(tmp_path / "out") if name.startswith("set.data/L")}
    assert inside == {f"set.data/L{number:03d}.jpg" for number in range(1, 7)}
    assert np.asarray(Image.open(tmp_path / "white" / "set.data" / "mask.png")).min() == 255
    assert np.array_equal(np.asarray(Image.open(tmp_path / "out" / "set.data" / "mask.png")), mask)


def test_colmap_gets_a_text_model_of_one_camera(folder: Path, tmp_path: Path) -> None:
    exported(folder, tmp_path / "out", "colmap")
    model = tmp_path / "out" / "sparse" / "0"
    cameras = [line.split() for line in (model / "cameras.txt").read_text().splitlines() if line[0] != "#"]
    assert [line[:4] for line in cameras] == [["1", "SIMPLE_PINHOLE", "700", "150"]]
    lines = [line for line in (model / "images.txt").read_text().splitlines() if not line.startswith("#")]
    # Two lines for each image: its pose, and its points, of which there are none.
    assert lines[1::2] == [""] * 6
    poses = [line.split() for line in lines[::2]]
    assert {tuple(pose[1:9]) for pose in poses} == {("1", "0", "0", "0", "0", "0", "0", "1")}
    assert {pose[9] for pose in poses} == {path.name for path in (tmp_path / "out" / "images").iterdir()}


# bagit itself calls what Python 3.13 calls old.
@pytest.mark.filterwarnings("ignore:'count' is passed as positional argument:DeprecationWarning")
def test_a_bag_is_valid_and_knows_what_the_object_is(folder: Path, tmp_path: Path) -> None:
    exported(folder, tmp_path / "out", "bagit")
    bag = bagit.Bag(str(tmp_path / "out"))
    bag.validate()
    assert bag.info["External-Identifier"] == "A 100%"
    assert bag.info["Scale-Millimetres-Per-Pixel"] == "0.05"
    assert {"data/manifest.json", f"data/{NAME}.lp"} <= names(tmp_path / "out")
    (tmp_path / "out" / "data" / "image_01_light_1.jpg").chmod(0o600)
    (tmp_path / "out" / "data" / "image_01_light_1.jpg").write_bytes(b"other")
    with pytest.raises(bagit.BagValidationError):
        bagit.Bag(str(tmp_path / "out")).validate()


# IIIF


def at(base: str, address: str, place: Path) -> Path:
    """Return the file that a plain server gives for an address."""
    assert address.startswith(f"{base}/")
    return place / unquote(urlsplit(address.removeprefix(f"{base}/")).path)


def test_a_manifest_of_iiif_leads_to_its_images_and_these_to_all_their_tiles(folder: Path, tmp_path: Path) -> None:
    base = "https://museum.example/iiif/bump"
    exported(folder, tmp_path / "out", "iiif", base_url=f"{base}/")
    manifest = loaded(tmp_path / "out" / "manifest.json")
    assert (manifest["@context"], manifest["type"]) == ("http://iiif.io/api/presentation/3/context.json", "Manifest")
    assert at(base, manifest["id"], tmp_path / "out") == tmp_path / "out" / "manifest.json"
    assert [canvas["label"]["none"] for canvas in manifest["items"]] == [[f"light_{one}"] for one in range(1, 7)]
    assert {"label": {"en": ["Millimetres per pixel"]}, "value": {"none": ["0.05"]}} in manifest["metadata"]
    for canvas in manifest["items"]:
        (painting,) = canvas["items"][0]["items"]
        body = painting["body"]
        assert painting["target"] == canvas["id"]
        with Image.open(at(base, body["id"], tmp_path / "out")) as whole:
            assert whole.size == (body["width"], body["height"])
        service = at(base, body["service"][0]["id"], tmp_path / "out")
        info = loaded(service / "info.json")
        assert (info["profile"], info["id"]) == ("level0", body["service"][0]["id"])
        assert (info["width"], info["height"]) == (canvas["width"], canvas["height"])
        require_tiles(info, service)


def require_tiles(info: dict[str, Any], service: Path) -> None:
    """Ask for each tile as the Image API 3.0 says how (section "Tiles" of its implementation notes)."""
    width, height, (tiles,) = info["width"], info["height"], info["tiles"]
    for factor in tiles["scaleFactors"]:
        side = tiles["width"] * factor
        for y in range(0, height, side):
            for x in range(0, width, side):
                wide, high = min(side, width - x), min(side, height - y)
                region = "full" if (wide, high) == (width, height) else f"{x},{y},{wide},{high}"
                size = -(-wide // factor), -(-high // factor)
                with Image.open(service / region / f"{size[0]},{size[1]}" / "0" / "default.jpg") as tile:
                    assert tile.size == size
    for size in info["sizes"]:
        assert (service / "full" / f"{size['width']},{size['height']}" / "0" / "default.jpg").is_file()


def test_tiles_show_the_part_that_their_address_names(folder: Path, tmp_path: Path) -> None:
    exported(folder, tmp_path / "out", "iiif")
    service = tmp_path / "out" / "images" / "001-image_01_light_1"
    tile = np.asarray(Image.open(service / "512,0,188,150" / "188,150" / "0" / "default.jpg")).astype(int)
    whole = np.asarray(Image.open(folder / "image_01_light_1.jpg")).astype(int)
    assert np.abs(tile - whole[:, 512:]).mean() < 2


# All of them


@pytest.mark.parametrize("to", [*(form for form in FORMS if form != "textures"), "iiif"])
def test_originals_are_only_read_and_an_export_at_the_server_names_them(folder: Path, tmp_path: Path, to: str) -> None:
    before = {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()}
    exported(folder, tmp_path / "out", to, copies=False)
    assert {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()} == before
    named = loaded(tmp_path / "out" / "contents.json")["originals"]
    exported(folder, tmp_path / "whole", to)
    assert names(tmp_path / "whole") == (names(tmp_path / "out") - {"contents.json"}) | set(named)
    for name, one in named.items():
        assert (tmp_path / "whole" / name).read_bytes() == (folder / one["source"]).read_bytes()


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    source = folder_with_lp(tmp_path / "set", LIGHTS, [BUMP.lit(one) for one in LIGHTS], ".jpg")
    (source / "lights.lp").unlink()
    with pytest.raises(LightsUnknown):
        exported(source, tmp_path / "lp", "lp")
    exported(source, tmp_path / "colmap", "colmap")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ImageNotFound):
        exported(tmp_path / "empty", tmp_path / "none", "colmap")
    with pytest.raises(InvalidPayload, match="no export to 'word'"):
        exported(source, tmp_path / "word", "word")
    with pytest.raises(InvalidPayload, match="begins with http"):
        exported(source, tmp_path / "url", "iiif", base_url="javascript:1")
