"""Normals that are known to be wrong do not bend what lies beside them."""

import numpy as np
import pytest

from support.image_sets import Bump
from tetherlight.photometric import trust
from tetherlight.photometric.height import surface

BUMP = Bump((80, 120))
FULL = np.ones((80, 120), bool)


def height_with_a_mirror() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return height, normals and predicted errors of a bump with a patch of false normals at one side."""
    normals = BUMP.normals.astype(np.float32)
    error = np.full(FULL.shape, 0.5, np.float32)
    normals[20:50, 95:110] = (0.8, 0, 0.6)
    error[20:50, 95:110] = 30
    return surface(normals, FULL, method="poisson").height, normals, error


def off(height: np.ndarray) -> float:
    """Return how much the left part of a height deviates, as a share of the bump's."""
    lacks = (height - BUMP.height)[:, :85]
    return float(lacks.std() / np.ptp(BUMP.height))


@pytest.mark.parametrize("pixels", [100_000, 1100])
def test_a_patch_of_false_normals_no_longer_tilts_the_rest(monkeypatch: pytest.MonkeyPatch, pixels: int) -> None:
    monkeypatch.setattr(trust, "PIXELS", pixels)
    height, normals, error = height_with_a_mirror()
    lacks = trust.correction(height, normals, error)
    assert lacks.step == (1 if pixels > 9600 else 3)
    corrected = height + np.concatenate([lacks.rows(0, 30, 120), lacks.rows(30, 80, 120)])
    assert off(height) > 0.02
    assert off(corrected) < 0.2 * off(height)


def test_where_all_normals_are_right_nothing_is_lacking() -> None:
    height = surface(BUMP.normals.astype(np.float32), FULL, method="poisson").height
    lacks = trust.correction(height, BUMP.normals, np.full(FULL.shape, 0.5, np.float32))
    assert np.abs(lacks.grid).max() < 0.01 * np.ptp(BUMP.height)


def test_a_large_image_is_corrected_by_rows_as_a_whole() -> None:
    grid = np.arange(12, dtype=np.float32).reshape(3, 4)
    lacks = trust.Correction(grid, 5)
    whole = lacks.rows(0, 14, 19)
    np.testing.assert_array_equal(np.concatenate([lacks.rows(0, 3, 19), lacks.rows(3, 14, 19)]), whole)
    assert whole[2, 2] == 0
    assert whole[7, 12] == pytest.approx(grid[1, 2])
