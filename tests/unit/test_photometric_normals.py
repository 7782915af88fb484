import numpy as np
import pytest

from support import surfaces
from tetherlight.errors import LightsCoplanar, ShapesDiffer, TooFewLights
from tetherlight.photometric.normals import METHODS, UNKNOWN, check_lights, colour_albedo, solve

SIZE = 64


@pytest.fixture(scope="module")
def lights():
    return surfaces.dome(20)


@pytest.fixture(scope="module")
def relief(lights):
    return surfaces.render(surfaces.relief(SIZE), lights)


def _mean_error(solution, rendered):
    return surfaces.angles(solution.normals[solution.valid], rendered.normals[solution.valid]).mean()


def test_least_squares_agrees_with_the_solver_of_numpy(relief):
    solution = solve(relief.values, relief.lights, method="least-squares")
    g = np.linalg.lstsq(relief.lights.astype(float), relief.values.astype(float), rcond=None)[0].T
    np.testing.assert_allclose(solution.albedo, np.linalg.norm(g, axis=1), atol=1e-4)
    assert surfaces.angles(solution.normals, g).max() < 0.1


@pytest.mark.parametrize("method", METHODS)
def test_every_method_finds_a_matte_surface_without_shadows(lights, method):
    plain = surfaces.render(surfaces.relief(SIZE, depth=0.03), lights, noise=0.001)
    solution = solve(plain.values, plain.lights, method=method)
    assert solution.valid.all()
    assert _mean_error(solution, plain) < 0.3
    np.testing.assert_allclose(np.linalg.norm(solution.normals, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(solution.albedo, plain.albedo, atol=0.02)


def test_the_lit_solver_sees_through_hard_shadows(relief):
    assert _mean_error(solve(relief.values, relief.lights, method="least-squares"), relief) > 1
    assert _mean_error(solve(relief.values, relief.lights), relief) < 0.3


def test_clipped_samples_do_not_count_where_they_are_marked(lights):
    plain = surfaces.render(surfaces.relief(SIZE, depth=0.03), lights, noise=0.001)
    clipped = np.minimum(plain.values, 0.5)
    marked = _mean_error(solve(clipped, plain.lights, usable=clipped < 0.5), plain)
    assert marked < 0.4
    assert _mean_error(solve(clipped, plain.lights), plain) > 2 * marked


def test_a_pixel_with_too_few_usable_samples_is_invalid_and_has_zeros(relief):
    usable = np.ones(relief.values.shape, bool)
    usable[3:, :10] = False
    usable[:, 10] = False
    robust, plain = (solve(relief.values, relief.lights, usable=usable, method=m) for m in ("lit-l1", "least-squares"))
    assert not robust.valid[:11].any()
    assert robust.valid[11:].all()
    assert plain.valid[:10].all()
    assert not plain.valid[10]
    for field in (robust.normals, robust.albedo, robust.residual, robust.used):
        assert not field[:11].any()
    assert (robust.predicted_error[:11] == UNKNOWN).all()


@pytest.mark.parametrize("method", METHODS)
def test_black_white_and_broken_values_give_invalid_pixels_and_no_warning(lights, method):
    values = np.zeros((20, 6), np.float32)
    values[:, 1] = np.nan
    values[:, 2] = np.inf
    values[:, 3] = 1
    values[:, 4] = -0.01
    solution = solve(values, lights, method=method, noise=0.001)
    assert not solution.valid[[0, 1, 2, 4, 5]].any()
    for field in (solution.normals, solution.albedo, solution.residual, solution.predicted_error):
        assert np.isfinite(field).all()


def test_the_predicted_error_is_near_the_true_one_on_a_matte_surface(lights):
    plain = surfaces.render(surfaces.relief(SIZE, depth=0.03), lights, noise=0.01)
    solution = solve(plain.values, plain.lights, method="least-squares")
    true = np.sqrt((surfaces.angles(solution.normals, plain.normals) ** 2).mean())
    assert 0.8 < np.sqrt((solution.predicted_error**2).mean()) / true < 1.25


def test_parts_of_an_image_give_what_the_whole_gives(relief):
    whole = solve(relief.values, relief.lights)
    parts = [solve(relief.values[:, some], relief.lights) for some in np.split(np.arange(SIZE * SIZE), 3 + 1)]
    np.testing.assert_allclose(np.concatenate([part.normals for part in parts]), whole.normals, atol=1e-4)


def test_lights_given_for_each_pixel_give_what_the_same_distant_lights_give(relief):
    near = np.repeat(relief.lights[:, None], relief.values.shape[1], axis=1)
    for method in METHODS:
        found, known = solve(relief.values, near, method=method), solve(relief.values, relief.lights, method=method)
        assert np.median(surfaces.angles(found.normals, known.normals)) < 0.01


def test_the_colour_albedo_has_the_colours_of_the_surface(relief):
    tint = np.array([0.9, 0.6, 0.3], np.float32)
    tint *= 3 / tint.sum()
    solution = solve(relief.values, relief.lights)
    colours = colour_albedo(relief.values[..., None] * tint, relief.lights, solution)
    assert np.median(np.abs(colours - relief.albedo[:, None] * tint)) < 0.01


def test_lights_in_one_plane_and_too_few_lights_are_refused():
    around = np.linspace(0, np.pi, 8)
    arc = np.stack([np.cos(around), np.zeros(8), np.sin(around)], axis=1)
    with pytest.raises(LightsCoplanar):
        check_lights(arc)
    with pytest.raises(LightsCoplanar):
        solve(np.ones((8, 5), np.float32), arc)
    with pytest.raises(TooFewLights):
        solve(np.ones((2, 5), np.float32), arc[:2], method="least-squares")
    with pytest.raises(TooFewLights):
        solve(np.ones((3, 5), np.float32), surfaces.dome(3), method="lit-l1")
    assert 1 < check_lights(surfaces.dome(20)) < 5


def test_arrays_that_do_not_fit_together_are_refused(lights):
    values = np.ones((20, 5), np.float32)
    with pytest.raises(ShapesDiffer):
        solve(values[:19], lights)
    with pytest.raises(ShapesDiffer):
        solve(values, lights, usable=np.ones((20, 4), bool))
    with pytest.raises(ShapesDiffer):
        check_lights(np.full((20, 3), np.nan))
    with pytest.raises(ShapesDiffer):
        check_lights(np.vstack([lights, np.zeros((1, 3))]))
