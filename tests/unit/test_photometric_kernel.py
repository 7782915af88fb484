import numpy as np
import pytest

from support import surfaces
from tetherlight.photometric import kernel
from tetherlight.photometric.normals import FAST, UNKNOWN, colour_albedo, solve

pytestmark = pytest.mark.skipif(not kernel.available(), reason="numba is not installed, so nothing is compiled")


@pytest.fixture(scope="module")
def relief():
    return surfaces.render(surfaces.relief(56), surfaces.dome(13), noise=0.004)


@pytest.mark.parametrize("noise", [0.0, 0.01])
@pytest.mark.parametrize("method", FAST)
def test_compiled_and_plain_solvers_agree(relief, method, noise):
    random = np.random.default_rng(0)
    values = relief.values.copy()
    values[random.random(values.shape) < 0.01] = np.nan
    usable = random.random(values.shape) > 0.15
    usable[4:, :9] = False
    usable[:, 9] = False
    values[:, 10] = 0
    plain = solve(values, relief.lights, method=method, usable=usable, noise=noise, fast=False)
    quick = solve(values, relief.lights, method=method, usable=usable, noise=noise, fast=True)
    assert (plain.valid == quick.valid).all()
    assert plain.valid.sum() > 3000
    assert not plain.valid[[9, 10]].any()
    good = plain.valid
    off = surfaces.angles(plain.normals[good], quick.normals[good])
    # Compiled, pixels at rest move on with their neighbours for a step or two.
    assert off.mean() < 0.02
    assert np.quantile(off, 0.999) < 0.3
    assert (plain.used == quick.used).mean() > 0.995
    np.testing.assert_allclose(quick.albedo, plain.albedo, atol=3e-3)
    for field in ("residual", "predicted_error"):
        one, other = getattr(plain, field)[good], getattr(quick, field)[good]
        assert np.median(np.abs(one - other)) <= 1e-4 * max(1.0, float(np.median(one)))
    assert not quick.normals[~good].any()
    assert (quick.predicted_error[~good] == UNKNOWN).all()


def test_compiled_and_plain_colours_agree(relief):
    random = np.random.default_rng(1)
    tint = np.array([1.3, 1.0, 0.7], np.float32)
    colours = relief.values[..., None] * tint
    colours[2] += 0.4
    usable = random.random(relief.values.shape) > 0.15
    usable[2:, :5] = False
    solution = solve(relief.values, relief.lights, usable=usable, fast=False)
    plain = colour_albedo(colours, relief.lights, solution, usable=usable, fast=False)
    quick = colour_albedo(colours, relief.lights, solution, usable=usable, fast=True)
    np.testing.assert_allclose(quick, plain, atol=2e-4)
    assert plain[solution.valid].min() > 0
    assert not plain[:5].any()


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 8, 13, 20, 33, 50])
def test_the_comparisons_order_any_number_of_rows(count):
    rows = np.random.default_rng(count).random((count, 40))
    network = kernel.comparisons(count)
    expected = np.sort(rows, axis=0)
    for low, high in network:
        rows[low], rows[high] = np.minimum(rows[low], rows[high]), np.maximum(rows[low], rows[high])
    assert (rows == expected).all()
    assert network.max(initial=0) < count


def test_few_lights_and_few_pixels_are_solved_too():
    lights = surfaces.dome(4)
    normal = np.array([0.1, -0.2, 0.9])
    normal /= np.linalg.norm(normal)
    values = (0.7 * lights @ normal)[:, None].astype(np.float32)
    for method in FAST:
        found = solve(values, lights, method=method, fast=True)
        np.testing.assert_allclose(found.normals[0], normal, atol=1e-5)
        assert found.albedo[0] == pytest.approx(0.7, abs=1e-5)
        assert found.used[0] == 4


def test_many_samples_are_solved_by_what_is_compiled(relief, monkeypatch):
    taken = []
    monkeypatch.setattr(kernel, "LARGE", relief.values.size)
    whole = kernel.solve_fast

    def counted(*given, **named):
        taken.append(given[0].size)
        return whole(*given, **named)

    monkeypatch.setattr(kernel, "solve_fast", counted)
    solve(relief.values, relief.lights)
    solve(relief.values[:, 1:], relief.lights)
    assert taken == [relief.values.size]
