import numpy as np
import pytest

from support import surfaces
from tetherlight.photometric.intensities import estimate
from tetherlight.photometric.leaveout import PERFECT, leave_one_out
from tetherlight.photometric.normals import solve

LIGHTS = surfaces.dome(20)


@pytest.fixture(scope="module")
def relief():
    return surfaces.render(surfaces.relief(64), LIGHTS)


def _error(solution, rendered):
    return float(surfaces.angles(solution.normals[solution.valid], rendered.normals[solution.valid]).mean())


def test_lights_of_unequal_strength_are_found_and_divided_out(relief):
    uneven, strengths = surfaces.scattered(relief, 0.1)
    found = estimate(uneven.values, uneven.lights)
    assert found.useful
    assert "so they are used" in found.why
    np.testing.assert_allclose(found.strengths, strengths, rtol=0.01)
    even = (uneven.values / found.strengths[:, None]).astype(np.float32)
    assert _error(solve(even, uneven.lights), uneven) < 0.4 < _error(solve(uneven.values, uneven.lights), uneven)


def test_lights_of_equal_strength_are_left_alone(relief):
    found = estimate(relief.values, relief.lights)
    assert not found.useful
    np.testing.assert_allclose(found.strengths, 1, atol=0.01)


def test_wrong_directions_are_not_taken_for_unequal_strength(relief):
    random = np.random.default_rng(3)
    wrong = relief.lights + random.normal(0, 0.03, relief.lights.shape).astype(np.float32)
    wrong /= np.linalg.norm(wrong, axis=1, keepdims=True)
    assert not estimate(relief.values, wrong).useful


def test_a_light_that_shows_nothing_keeps_strength_one(relief):
    values = relief.values.copy()
    values[7] = 0
    found = estimate(values, relief.lights)
    others = np.delete(found.strengths, 7)
    np.testing.assert_allclose(others / found.strengths[7], 1, atol=0.02)


def test_too_few_lights_tell_nothing_of_strength():
    rendered = surfaces.render(surfaces.relief(32), surfaces.dome(5))
    found = estimate(rendered.values, rendered.lights)
    assert not found.useful
    assert (found.strengths == 1).all()


def test_left_out_lights_are_predicted_and_the_one_that_is_wrong_stands_out(relief):
    values = relief.values.copy()
    values[4] *= 1.3
    told = leave_one_out(values, relief.lights, method="lit-huber")
    assert told.residual.argmax() == 4
    assert told.psnr.argmin() == 4
    assert told.residual[4] > 5 * np.median(told.residual)
    assert 20 < told.mean_psnr < 60
    assert (told.samples > 1000).all()


def test_what_cannot_be_left_out_is_told_by_zero_samples():
    rendered = surfaces.render(surfaces.relief(32), surfaces.dome(3))
    told = leave_one_out(rendered.values, rendered.lights, method="least-squares")
    assert not told.samples.any()
    assert told.mean_psnr == 0
    four = surfaces.dome(4)
    exact = np.tile(0.5 * four @ np.array([0, 0, 1.0]), (9, 1)).T.astype(np.float32)
    assert leave_one_out(exact, four, method="least-squares").mean_psnr == pytest.approx(PERFECT)
