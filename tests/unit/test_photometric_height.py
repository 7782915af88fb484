"""Heights of surfaces that are known by formula."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tetherlight.errors import NormalsInvalid, ShapesDiffer
from tetherlight.photometric import levels
from tetherlight.photometric.height import height, surface
from tetherlight.photometric.levels import integrated
from tetherlight.photometric.poisson import poisson
from tetherlight.photometric.slopes import Camera

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]


def grid(rows: int, columns: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    down, right = np.mgrid[:rows, :columns].astype(np.float64)
    return down, right


def normals(right: NDArray[np.float64], down: NDArray[np.float64]) -> Array:
    """Return the normals of slopes to the right and down; y points up."""
    made = np.stack([-right, down, np.ones_like(right)], axis=-1).astype(np.float32)
    made /= np.linalg.norm(made, axis=-1, keepdims=True)
    return made


def smooth(rows: int, columns: int) -> tuple[Array, NDArray[np.float64]]:
    """Return normals and heights of a surface that does not begin again where it ends."""
    y, x = grid(rows, columns)
    a, b = 1 / columns, 1 / rows
    bump = 30 * np.exp(-((x * a - 0.4) ** 2 + (y * b - 0.6) ** 2) / 0.06)
    wave = 4 * np.sin(5 * x * a + 2 * y * b)
    right = bump * -2 * (x * a - 0.4) * a / 0.06 + 20 * a * np.cos(5 * x * a + 2 * y * b) + 0.1
    down = bump * -2 * (y * b - 0.6) * b / 0.06 + 8 * b * np.cos(5 * x * a + 2 * y * b) - 0.2
    return normals(right, down), bump + wave + 0.1 * x - 0.2 * y


def cap(size: int) -> tuple[Array, NDArray[np.float64], Mask]:
    """Return normals, heights and mask of the upper part of a sphere."""
    y, x = grid(size, size)
    middle, radius = (size - 1) / 2, size * 0.6
    x, y = x - middle, y - middle
    inside = np.hypot(x, y) < size * 0.45
    z = np.sqrt(np.maximum(radius**2 - x**2 - y**2, 1))
    return normals(-x / z, -y / z), z, inside


def off(found: Array, truth: NDArray[np.float64], mask: Mask) -> float:
    """Return the largest deviation as a share of the range, means taken off."""
    a, b = found[mask].astype(np.float64), truth[mask]
    return float(np.abs((a - a.mean()) - (b - b.mean())).max() / np.ptp(b))


def test_a_plane_is_found_as_a_full_frame_and_in_a_mask() -> None:
    y, x = grid(40, 60)
    plane = 0.5 * x - 0.25 * y
    tilted = normals(np.full_like(x, 0.5), np.full_like(x, -0.25))
    inside = np.hypot(x - 30, y - 20) < 18

    assert off(height(tilted), plane, np.ones_like(inside)) < 1e-6
    assert off(height(tilted, inside), plane, inside) < 1e-3


@pytest.mark.parametrize("size", [(200, 256), (251, 347), (61, 300)])
def test_a_full_frame_is_off_by_less_than_a_hundred_thousandth_of_its_range(size: tuple[int, int]) -> None:
    slopes, truth = smooth(*size)

    found = surface(slopes)

    assert found.method == "poisson"
    assert off(found.height, truth, np.ones(size, bool)) < 1e-5


def test_a_full_frame_can_lie_in_a_file(tmp_path: Path) -> None:
    """Then it takes no memory of its own, and nothing else is made of that size."""
    slopes, _ = smooth(30, 47)
    places: list[NDArray[np.float32]] = []

    def room(shape: tuple[int, int]) -> NDArray[np.float32]:
        places.append(np.memmap(tmp_path / "height", np.float32, "w+", shape=shape).view(np.ndarray))
        return places[-1]

    found = surface(slopes, room=room).height
    assert np.shares_memory(found, places[0])
    assert found == pytest.approx(height(slopes), abs=1e-5)


def test_heights_rise_towards_the_camera_and_have_the_mean_0() -> None:
    slopes, _, inside = cap(64)

    for found in (height(slopes), height(slopes, inside)):
        assert found[32, 32] > found[32, 20]
        assert abs(np.nanmean(found)) < 1e-3


def test_a_sphere_in_a_mask_is_found() -> None:
    slopes, truth, inside = cap(96)

    found = surface(slopes, inside)

    assert found.method == "bilateral"
    assert found.height.dtype == np.float32
    assert off(found.height, truth, inside) < 0.01


def test_outside_the_mask_is_nan_and_inside_is_none() -> None:
    slopes, _, inside = cap(48)
    slopes[~inside] = np.nan

    for mask in (inside, np.ones_like(inside)):
        assert np.array_equal(np.isfinite(height(slopes, mask)), mask)


def test_a_hole_in_the_mask_does_not_bend_what_is_around_it() -> None:
    slopes, truth, inside = cap(64)
    inside[25:40, 30:45] = False

    assert off(height(slopes, inside), truth, inside) < 0.01


def test_two_islands_stand_for_themselves() -> None:
    slopes, truth, inside = cap(64)
    inside[:, 30:34] = False
    found = height(slopes, inside)

    for part in (inside & (np.arange(64) < 30), inside & (np.arange(64) >= 34)):
        assert off(found, truth, part) < 0.01
        assert abs(found[part].mean()) < 1e-3


def test_a_cliff_stays_a_cliff_where_poisson_bends_the_surface() -> None:
    # A ridge that rises to the right and breaks off, lower and lower towards both of its ends.
    y, x = grid(64, 64)
    across, along = np.clip(x / 38.4, 0, 1), np.clip((y - 9.6) / 44.8, 0, 1)
    ridge = 25 * np.sin(np.pi * along) ** 2
    fall = np.where((along > 0) & (along < 1), 25 * np.pi / 44.8 * np.sin(2 * np.pi * along), 0)
    left = x < 38.4
    truth = np.where(left, ridge * across**2, 0)
    slopes = normals(np.where(left, ridge * 2 * across / 38.4, 0), np.where(left, fall * across**2, 0))
    inside = np.ones_like(left)
    inside[0] = inside[:, -1] = False

    def mean_error(found: Array) -> float:
        error = (found - truth)[inside]
        return float(np.abs(error - np.median(error)).mean())

    assert mean_error(height(slopes, inside)) < 0.3
    assert mean_error(poisson(slopes, inside)) > 3


def test_normals_that_say_nothing_are_bridged_without_a_warning() -> None:
    slopes, truth, inside = cap(64)
    damaged = slopes.copy()
    damaged[30, 30] = np.nan
    damaged[31, 31] = 0
    damaged[28, 35] = (0.6, 0, -0.8)
    damaged[35, 28] = (1, 0, 0)
    damaged[36, 28] = (np.inf, 0, 1)

    assert off(height(damaged, inside), truth, inside) < 0.02
    assert np.isfinite(height(damaged)).all()


def test_what_is_given_stays_as_it_was() -> None:
    slopes, _, inside = cap(32)
    slopes[3, 3] = (0.6, 0, -0.8)
    planes = np.moveaxis(np.moveaxis(slopes, -1, 0).copy(), 0, -1)
    for given in (slopes, planes, slopes[:1, :1]):
        before = given.copy()
        height(given)
        height(given, inside[: len(given), : given.shape[1]] | (given[..., 2] > 0))
        assert np.array_equal(given, before)


def test_a_depth_map_has_the_factor_that_the_camera_leaves_open() -> None:
    camera = Camera(fx=400, fy=380, cx=70, cy=20)
    y, x = grid(80, 100)
    # The plane 0.3 X + 0.2 Y + Z = 5, Y down: its normal to the camera is (-0.3, 0.2, 1) with y up.
    depth = 5 / (0.3 * (x - 70) / 400 + 0.2 * (y - 20) / 380 + 1)
    slopes = np.broadcast_to(np.array([-0.3, 0.2, 1], np.float32) / np.sqrt(np.float32(1.13)), (80, 100, 3))

    found = surface(slopes, camera=camera)

    factor = np.median(depth / found.height)
    assert found.method == "bilateral"
    assert np.abs(found.height * factor / depth - 1).max() < 1e-3


def test_tiles_join_to_what_one_piece_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(levels, "TILE", 96)
    monkeypatch.setattr(levels, "OVERLAP", 16)
    slopes, truth, inside = cap(240)
    shares: list[float] = []

    found, factor = integrated(slopes, inside, None, tell=shares.append, at_once=5000)

    assert factor == 4
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert off(found, truth, inside) < 0.01
    assert np.abs(np.diff(found - truth, axis=1)[inside[:, 1:] & inside[:, :-1]]).max() < 0.15


def test_a_large_surface_in_perspective_joins_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(levels, "AT_ONCE", 5000)
    monkeypatch.setattr(levels, "TILE", 64)
    monkeypatch.setattr(levels, "OVERLAP", 16)
    y, x = grid(120, 150)
    depth = 5 / (0.3 * (x - 70) / 400 + 0.2 * (y - 20) / 380 + 1)
    slopes = np.broadcast_to(np.array([-0.3, 0.2, 1], np.float32) / np.sqrt(np.float32(1.13)), (120, 150, 3))

    found, factor = integrated(
        slopes, np.ones((120, 150), bool), Camera(400, 380, 70, 20), tell=lambda _: None, at_once=5000
    )
    ratio = depth * np.exp(found / 400)

    assert factor == 2
    assert np.ptp(ratio) / ratio.mean() < 2e-3


def test_a_mask_without_a_pixel_or_of_another_size_is_refused() -> None:
    slopes, _, inside = cap(16)

    with pytest.raises(NormalsInvalid, match="leaves no pixel"):
        height(slopes, np.zeros_like(inside))
    with pytest.raises(ShapesDiffer, match="16 x 16"):
        height(slopes, inside[:, :8])
    with pytest.raises(ShapesDiffer, match="three numbers"):
        height(slopes[..., 0])


def test_normals_that_all_show_away_are_refused() -> None:
    slopes, _, inside = cap(16)

    with pytest.raises(NormalsInvalid, match="points to the camera"):
        height(-slopes, inside)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 1), (2, 2)])
def test_the_smallest_frames_have_a_height(size: tuple[int, int]) -> None:
    flat = np.zeros((*size, 3), np.float32)
    flat[..., 2] = 1

    assert np.abs(height(flat)).max() < 1e-6
    assert np.abs(surface(flat, camera=Camera(100, 100, 0, 0)).height - 1).max() < 0.2
