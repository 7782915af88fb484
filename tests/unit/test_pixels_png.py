import struct
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tetherlight.errors import StoreError
from tetherlight.pixels.png import deep_png, png_rows, write_png

GRAY, RGB, GRAY_ALPHA, RGBA = 0, 2, 4, 6
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png_of(pixels: NDArray[Any], colour: int, *, interlaced: bool) -> bytes:
    """Return a PNG of 16 bits as another program could have written it."""
    deep = pixels.astype(">u2")
    parts = [deep[y::dy, x::dx] for x, y, dx, dy in PASSES] if interlaced else [deep]
    content = b"".join(b"\0" + row.tobytes() for part in parts if part.size for row in part)
    head = struct.pack(">IIBBBBB", deep.shape[1], deep.shape[0], 16, colour, 0, 0, interlaced)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(content)) + chunk(b"IEND", b"")


def noise(*shape: int, seed: int = 1) -> NDArray[np.uint16]:
    return np.random.default_rng(seed).integers(0, 1 << 16, shape, dtype=np.uint16)


def read(path: Path) -> NDArray[np.uint16]:
    with path.open("rb") as file:
        found = deep_png(file)
    assert found is not None
    return found


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(("colour", "channels"), [(GRAY, 1), (GRAY_ALPHA, 2), (RGB, 3), (RGBA, 4)])
def test_all_16_bits_of_every_kind_of_png_are_read(
    tmp_path: Path, colour: int, channels: int, interlaced: bool
) -> None:
    pixels = noise(37, 53, channels)
    (tmp_path / "deep.png").write_bytes(png_of(pixels, colour, interlaced=interlaced))

    expected = pixels[:, :, :3] if channels >= 3 else pixels[:, :, 0]
    assert np.array_equal(read(tmp_path / "deep.png"), expected)


def test_a_png_of_eight_bits_is_not_taken_for_a_deep_one(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4), (1, 2, 3)).save(tmp_path / "plain.png")

    with (tmp_path / "plain.png").open("rb") as file:
        assert deep_png(file) is None


def test_a_damaged_png_raises_what_pillow_raises(tmp_path: Path) -> None:
    (tmp_path / "cut.png").write_bytes(png_of(noise(64, 64, 3), RGB, interlaced=False)[:9000])

    with pytest.raises(OSError, match="truncated"):
        read(tmp_path / "cut.png")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 3), (700, 300), (300, 700, 3)])
def test_what_was_written_is_read_again_whether_it_packs_or_not(
    tmp_path: Path, shape: tuple[int, ...], dtype: type[np.uint8 | np.uint16]
) -> None:
    loud: NDArray[Any] = noise(*shape).astype(dtype)
    smooth = np.zeros_like(loud)
    smooth.T[...] = np.arange(shape[0])
    for pixels in (loud, smooth, np.concatenate([smooth, loud, smooth])):
        write_png(tmp_path / "written.png", pixels)

        if dtype == np.uint16:
            assert np.array_equal(read(tmp_path / "written.png"), pixels)
        else:
            with Image.open(tmp_path / "written.png") as image:
                assert np.array_equal(np.asarray(image), pixels)


def test_what_packs_well_becomes_small_and_noise_hardly_grows(tmp_path: Path) -> None:
    write_png(tmp_path / "even.png", np.full((600, 400, 3), 0x8000, np.uint16))
    write_png(tmp_path / "noise.png", noise(600, 400, 3))

    assert (tmp_path / "even.png").stat().st_size < 0.02 * 600 * 400 * 6
    assert (tmp_path / "noise.png").stat().st_size < 1.001 * 600 * 400 * 6


def test_rows_in_any_portions_give_the_same_picture(tmp_path: Path) -> None:
    pixels = np.cumsum(noise(90, 41, 3), axis=0, dtype=np.uint16)
    with png_rows(tmp_path / "rows.png", 41, 90) as png:
        for start, end in ((0, 1), (1, 1), (1, 50), (50, 90)):
            png.write(pixels[start:end])

    assert np.array_equal(read(tmp_path / "rows.png"), pixels)


def test_a_large_picture_takes_no_memory_of_its_size(tmp_path: Path) -> None:
    rows = noise(100, 2000, 3)
    tracemalloc.start()
    try:
        with png_rows(tmp_path / "tall.png", 2000, 2000) as png:
            for _ in range(20):
                png.write(rows)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert most < 0.25 * 2000 * 2000 * 6


def test_a_picture_that_was_not_finished_leaves_the_earlier_one(tmp_path: Path) -> None:
    write_png(tmp_path / "kept.png", np.full((4, 4), 7, np.uint16))
    before = (tmp_path / "kept.png").read_bytes()

    with pytest.raises(ValueError, match="3 rows are missing"), png_rows(tmp_path / "kept.png", 4, 4) as png:
        png.write(noise(1, 4, 3))

    assert (tmp_path / "kept.png").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["kept.png"]


def test_rows_of_another_width_type_or_too_many_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="do not fit"), png_rows(tmp_path / "a.png", 4, 4) as png:
        png.write(noise(4, 5, 3))
    with pytest.raises(ValueError, match="do not fit"), png_rows(tmp_path / "a.png", 4, 4) as png:
        png.write(noise(4, 4, 3).astype(np.uint8))
    with pytest.raises(ValueError, match="do not fit"), png_rows(tmp_path / "a.png", 4, 4) as png:
        png.write(noise(5, 4, 3))

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"out\.png cannot be written: No such file or directory"):
        write_png(tmp_path / "nowhere" / "out.png", noise(2, 2, 3))
