"""`tetherlight integrate` as people and programs use it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from support.patience import stretched
from tetherlight.pixels.decode import decode

PUBLISHED = {"bear": 0.33, "cat": 0.07, "cow": 0.06, "pot1": 0.64, "pot2": 0.22, "reading": 0.26}
"""Mean absolute depth errors in mm of the method's authors."""


def tetherlight(*words: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tetherlight", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=stretched(150),
    )


def depth_error(found: NDArray[np.float32], truth: NDArray[np.float32]) -> float:
    """Return the mean absolute error after the best factor, the median of all ratios."""
    both = np.isfinite(found) & np.isfinite(truth)
    factor = np.median(truth[both] / found[both])
    return float(np.abs(found[both] * factor - truth[both]).mean())


def test_a_normal_map_becomes_a_height_map(tmp_path: Path) -> None:
    tilted = np.full((20, 30, 3), np.round((np.array([0.6, 0, 0.8]) + 1) / 2 * 65535), np.uint16)
    tifffile.imwrite(tmp_path / "normals.tiff", tilted, photometric="rgb")

    ended = tetherlight("integrate", tmp_path / "normals.tiff", "--out", tmp_path / "height.tiff")

    assert ended.returncode == 0, ended.stderr
    first, second = ended.stdout.splitlines()
    assert first.startswith(f"{tmp_path / 'height.tiff'}: 30 x 20 pixels, heights from -10.")
    assert second == "Method: poisson. The surface fills the frame, so it is taken for one without jumps."
    assert np.diff(tifffile.imread(tmp_path / "height.tiff"), axis=1) == pytest.approx(-0.75, abs=1e-3)


def test_an_error_is_a_sentence_for_people_and_a_code_for_programs(tmp_path: Path) -> None:
    for_people = tetherlight("integrate", tmp_path / "nowhere.png", "--out", tmp_path / "height.tiff")
    for_programs = tetherlight("integrate", tmp_path / "nowhere.png", "--out", tmp_path / "height.tiff", "--json")

    assert (for_people.returncode, for_people.stdout) == (1, "")
    assert for_people.stderr == "tetherlight: nowhere.png cannot be read: no such file or directory.\n"
    assert json.loads(for_programs.stderr)["error_code"] == "image_unreadable"
    assert tetherlight("integrate", "a.png").returncode == 2
    assert tetherlight("integrate", "a.png", "--out", tmp_path / "height.png").returncode == 2


@pytest.mark.parametrize("name", ["cat", "cow"])
def test_depths_of_real_objects_are_as_good_as_published(reference_data: Path, tmp_path: Path, name: str) -> None:
    folder = reference_data / "integration" / name
    out = tmp_path / "depth.tiff"

    ended = tetherlight(
        "integrate", folder / "normal_map.png", "--mask", folder / "mask.png", "--camera", folder / "K.txt",
        "--out", out, "--json",
    )  # fmt: skip

    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["method"] == "bilateral"
    found = tifffile.imread(out)
    assert np.array_equal(np.isfinite(found), decode(folder / "mask.png", gray=True) > 127)
    assert depth_error(found, np.load(folder / "depth_gt.npz")["depth_gt"]) <= 1.1 * PUBLISHED[name]
