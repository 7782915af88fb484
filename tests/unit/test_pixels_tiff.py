import errno
import os
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from tetherlight.errors import DiskFull, StoreError
from tetherlight.pixels.tiff import tiff_rows, write_tiff


@pytest.mark.parametrize("shape", [(1, 1), (37, 53), (5000, 30), (300, 700, 3), (1, 70_000)])
def test_what_was_written_is_read_again_by_others(tmp_path: Path, shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    pixels[0, 0] = np.nan
    write_tiff(tmp_path / "out.tiff", pixels)

    assert np.array_equal(tifffile.imread(tmp_path / "out.tiff"), pixels, equal_nan=True)
    if len(shape) == 2:
        with Image.open(tmp_path / "out.tiff") as image:
            assert np.array_equal(np.asarray(image), pixels, equal_nan=True)


def test_the_description_tells_what_the_values_are(tmp_path: Path) -> None:
    write_tiff(tmp_path / "out.tiff", np.zeros((3, 2), np.float32), description="height in pixels")

    with tifffile.TiffFile(tmp_path / "out.tiff") as tiff:
        assert tiff.pages.first.description == "height in pixels"


def test_rows_in_any_portions_give_the_same_picture(tmp_path: Path) -> None:
    pixels = np.random.default_rng(2).normal(size=(90, 41)).astype(np.float32)
    with tiff_rows(tmp_path / "rows.tiff", 41, 90) as tiff:
        for start, end in ((0, 1), (1, 1), (1, 50), (50, 90)):
            tiff.write(pixels[start:end])

    assert np.array_equal(tifffile.imread(tmp_path / "rows.tiff"), pixels)


def test_a_picture_that_was_not_finished_leaves_the_earlier_one(tmp_path: Path) -> None:
    write_tiff(tmp_path / "kept.tiff", np.zeros((4, 4), np.float32))
    before = (tmp_path / "kept.tiff").read_bytes()

    with pytest.raises(ValueError, match="3 rows are missing"), tiff_rows(tmp_path / "kept.tiff", 4, 4) as tiff:
        tiff.write(np.ones((1, 4), np.float32))

    assert (tmp_path / "kept.tiff").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["kept.tiff"]


def test_rows_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    for shape in ((1, 5), (5, 4), (1, 4, 3)):
        with pytest.raises(ValueError, match="do not fit"), tiff_rows(tmp_path / "a.tiff", 4, 4) as tiff:
            tiff.write(np.ones(shape, np.float32))

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"out\.tiff cannot be written: No such file or directory"):
        write_tiff(tmp_path / "nowhere" / "out.tiff", np.zeros((2, 2), np.float32))


def test_a_full_disk_is_told_and_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(_descriptor: int, _content: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", no_room)
    with pytest.raises(DiskFull, match=r"out\.tiff cannot be written: the disk is full"):
        write_tiff(tmp_path / "out.tiff", np.ones((4, 4), np.float32))

    assert list(tmp_path.iterdir()) == []
