"""The height of a normal map: files in, a file out, and what is told of those that are none."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from support.odd_files import ODD
from tetherlight.errors import (
    CameraMatrixInvalid,
    ImageUnreadable,
    InvalidPayload,
    NormalsInvalid,
    ShapesDiffer,
    StoreError,
    TetherlightError,
)
from tetherlight.pixels.png import write_png
from tetherlight.reconstruct.integrate import integrate

Array = NDArray[np.float32]
SIZE = 48


def bowl() -> tuple[Array, NDArray[np.bool_]]:
    """Return the normals of a bowl and its mask."""
    y, x = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    z = np.sqrt((SIZE * 0.7) ** 2 - x**2 - y**2)
    normals = np.stack([-x / z, y / z, np.ones_like(z)], axis=-1).astype(np.float32)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    return normals, np.hypot(x, y) < SIZE * 0.4


def coded(normals: Array, most: int = 65535) -> NDArray[Any]:
    return np.round((normals + 1) / 2 * most).astype(np.uint16 if most > 255 else np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    normals, inside = bowl()
    write_png(tmp_path / "normals.png", coded(normals))
    write_png(tmp_path / "mask.png", inside.astype(np.uint8) * np.uint8(255))
    return tmp_path


def heights(folder: Path, normals: str = "normals.png", **more: Any) -> tuple[dict[str, Any], Array]:
    """Integrate files of a folder; return what was told, and the heights that were written."""
    shares: list[float] = []

    def progress(done: float, total: float, activity: str | None = None) -> None:
        assert activity
        shares.append(done / total)

    given = {name: str(folder / value) for name, value in more.items()}
    told = integrate(progress, str(folder / normals), **{"out": str(folder / "height.tiff")} | given)
    assert shares == sorted(shares)
    return told, tifffile.imread(told["file"])


def test_heights_lie_in_a_float_tiff_with_nan_outside_the_mask(folder: Path) -> None:
    told, found = heights(folder, mask="mask.png")

    assert found.dtype == np.float32
    assert np.array_equal(np.isfinite(found), bowl()[1])
    assert told["method"] == "bilateral"
    assert (told["width"], told["height"], told["unit"]) == (SIZE, SIZE, "pixels")
    assert (told["low"], told["high"]) == (pytest.approx(np.nanmin(found)), pytest.approx(np.nanmax(found)))


def test_y_points_up_in_the_normals(folder: Path) -> None:
    slope = np.broadcast_to(np.array([0, 0.6, 0.8], np.float32), (SIZE, SIZE, 3))
    write_png(folder / "slope.png", coded(slope))

    _, found = heights(folder, "slope.png")

    # A surface that shows upwards lies lower at the top: 0.75 pixels per pixel.
    assert np.diff(found, axis=0) == pytest.approx(0.75, abs=1e-3)


def test_eight_and_sixteen_bits_png_and_tiff_give_the_same_surface(folder: Path) -> None:
    normals, _ = bowl()
    _, expected = heights(folder)
    write_png(folder / "eight.png", coded(normals, 255))
    tifffile.imwrite(folder / "deep.tiff", coded(normals), photometric="rgb")
    tifffile.imwrite(folder / "float.tiff", normals, photometric="rgb")

    for name, near in (("eight.png", 0.2), ("deep.tiff", 1e-3), ("float.tiff", 1e-2)):
        assert np.abs(heights(folder, name)[1] - expected).max() < near


@pytest.mark.parametrize("background", [0, 32768, 65535])
def test_a_background_without_normals_is_left_out_without_a_mask(folder: Path, background: int) -> None:
    normals, inside = bowl()
    pixels = coded(normals)
    pixels[~inside] = background
    write_png(folder / "cut.png", pixels)

    told, found = heights(folder, "cut.png")

    assert told["method"] == "bilateral"
    assert np.array_equal(np.isfinite(found), inside)


def test_a_camera_gives_a_depth_with_an_open_factor(folder: Path) -> None:
    (folder / "K.txt").write_text("300 0 23.5\n0 300 23.5\n0 0 1\n")

    told, found = heights(folder, mask="mask.png", camera="K.txt")

    assert told["unit"] == "depth up to one factor"
    assert np.nanmin(found) > 0
    # The middle of the bowl is farther away than its edge.
    assert found[24, 24] > found[24, 8]


def test_matrices_of_other_programs_are_read_too(folder: Path) -> None:
    (folder / "plain.txt").write_text("300 0 23.5\n0 300 23.5\n0 0 1")
    (folder / "numpy.txt").write_text("3.00e+02 0.0e+00 2.35e+01\n0.0 3.00e+02 2.35e+01\n0 0 1\n")
    (folder / "commas.txt").write_text("\ufeff300, 0, 23.5\r\n0, 300, 23.5\r\n0, 0, 1\r\n", encoding="utf-8")

    found = [heights(folder, camera=name)[1] for name in ("plain.txt", "numpy.txt", "commas.txt")]

    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])


BROKEN = {
    "missing": (None, "cannot be read: No such file"),
    "words": ("a b c", "something other than numbers"),
    "short": ("1 0 0 1", "4 numbers"),
    "endless": ("1 0 5\n0 inf 5\n0 0 1", "nine"),
    "turned": ("0 300 20\n300 0 20\n0 0 1", "no camera matrix"),
    "skew": ("300 40 20\n0 300 20\n0 0 1", "no camera matrix"),
    "bytes": ("\ud800", "something other than numbers"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_camera_matrix_is_told(folder: Path, kind: str) -> None:
    text, sentence = BROKEN[kind]
    if text is not None:
        (folder / "K.txt").write_bytes(text.encode("utf-8", "surrogatepass"))

    with pytest.raises(CameraMatrixInvalid, match=sentence):
        heights(folder, camera="K.txt")
    assert not (folder / "height.tiff").exists()


def gray(folder: Path) -> str:
    write_png(folder / "gray.png", coded(bowl()[0])[..., 0])
    return "gray.png"


def photograph(folder: Path) -> str:
    random = np.random.default_rng(1)
    write_png(folder / "photo.png", random.integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8))
    return "photo.png"


def black(folder: Path) -> str:
    Image.new("RGB", (SIZE, SIZE)).save(folder / "black.png")
    return "black.png"


def text(folder: Path) -> str:
    (folder / "text.png").write_text("no picture")
    return "text.png"


def truncated(folder: Path) -> str:
    (folder / "cut.png").write_bytes((folder / "normals.png").read_bytes()[:3000])
    return "cut.png"


@pytest.mark.parametrize(
    ("made", "error"),
    [
        (gray, NormalsInvalid),
        (photograph, NormalsInvalid),
        (black, NormalsInvalid),
        (text, ImageUnreadable),
        (truncated, ImageUnreadable),
        (lambda _: "nowhere.png", ImageUnreadable),
    ],
)
def test_what_is_no_normal_map_is_told(
    folder: Path, made: Callable[[Path], str], error: type[TetherlightError]
) -> None:
    name = made(folder)

    with pytest.raises(error) as raised:
        heights(folder, name)

    assert name in raised.value.message or error is NormalsInvalid
    assert not (folder / "height.tiff").exists()


@pytest.mark.parametrize("kind", [name for name in ODD if name != "link"])
def test_odd_things_in_place_of_a_map_or_a_mask_are_refused(folder: Path, kind: str) -> None:
    ODD[kind](folder / "odd.png")

    with pytest.raises(ImageUnreadable):
        heights(folder, "odd.png")
    with pytest.raises(ImageUnreadable):
        heights(folder, mask="odd.png")


def test_a_mask_of_another_size_is_told_with_both_sizes(folder: Path) -> None:
    Image.new("L", (SIZE, SIZE + 1), 255).save(folder / "tall.png")

    with pytest.raises(ShapesDiffer, match=r"tall\.png has 48 x 49 pixels and normals\.png 48 x 48"):
        heights(folder, mask="tall.png")


def test_an_empty_mask_is_told(folder: Path) -> None:
    Image.new("L", (SIZE, SIZE)).save(folder / "empty.png")

    with pytest.raises(NormalsInvalid, match="leaves no pixel"):
        heights(folder, mask="empty.png")


def test_nothing_but_a_tiff_is_written_and_no_file_that_is_read(folder: Path) -> None:
    tifffile.imwrite(folder / "map.tiff", coded(bowl()[0]), photometric="rgb")
    before = (folder / "map.tiff").read_bytes()

    with pytest.raises(InvalidPayload, match=r"out\.png is no name of a TIFF"):
        heights(folder, out="out.png")
    with pytest.raises(InvalidPayload, match="one of the files that are read"):
        heights(folder, "map.tiff", out="map.tiff")
    with pytest.raises(StoreError, match="cannot be written"):
        heights(folder, out="nowhere/height.tiff")

    assert (folder / "map.tiff").read_bytes() == before
