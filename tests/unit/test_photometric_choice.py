import numpy as np
import pytest

from support import surfaces
from tetherlight.errors import LightsCoplanar, TooFewLights
from tetherlight.photometric.choice import choose
from tetherlight.photometric.normals import METHODS, solve
from tetherlight.photometric.shading import LAMBERT, Curve, fit_curve

LIGHTS = surfaces.dome(20)


def _error(solution, rendered):
    return float(surfaces.angles(solution.normals[solution.valid], rendered.normals[solution.valid]).mean())


def _chosen_and_plain(rendered):
    choice = choose(rendered.values, rendered.lights)
    chosen = solve(rendered.values, rendered.lights, method=choice.method, curve=choice.curve)
    return (
        choice,
        _error(chosen, rendered),
        _error(solve(rendered.values, rendered.lights, method=METHODS[0]), rendered),
    )


def test_hard_shadows_take_a_robust_method():
    choice, chosen, plain = _chosen_and_plain(surfaces.render(surfaces.relief(96), LIGHTS))
    assert choice.method == "lit-huber"
    assert choice.nearly_lambertian
    assert chosen < 0.5 < plain
    assert choice.method in choice.why
    assert set(choice.figures) <= set(METHODS)


def test_a_surface_without_shadows_takes_the_simplest_method():
    choice, _, _ = _chosen_and_plain(surfaces.render(surfaces.relief(64, depth=0.02), LIGHTS))
    assert choice.method == "least-squares"


def test_metal_is_said_to_be_no_matte_surface():
    choice, chosen, plain = _chosen_and_plain(surfaces.glossy(LIGHTS, rough=0.45, diffuse=0, shine=0.7))
    assert choice.nearly_lambertian is False
    assert "not nearly matte" in choice.why
    assert chosen <= plain + 0.1


def test_few_lights_take_least_squares_and_say_so():
    rendered = surfaces.render(surfaces.relief(32), surfaces.dome(4))
    choice = choose(rendered.values, rendered.lights)
    assert choice.method == "least-squares"
    assert "4 lights" in choice.why


def test_lights_that_can_tell_no_surface_are_refused():
    flat = LIGHTS.copy()
    flat[:, 1] = 0
    with pytest.raises(LightsCoplanar):
        choose(np.ones((20, 10), np.float32), flat)
    with pytest.raises(TooFewLights):
        choose(np.ones((2, 10), np.float32), LIGHTS[:2])


def test_black_images_can_be_given_without_harm():
    choice = choose(np.zeros((20, 50), np.float32), LIGHTS)
    assert choice.nearly_lambertian is False


def test_a_shading_curve_is_found_and_undone():
    random = np.random.default_rng(0)
    curve = Curve(0.12, -0.2)
    cosines = random.uniform(0.15, 1, 5000)
    found = fit_curve(cosines, curve.of(cosines) * 0.97 + random.normal(0, 0.01, 5000))
    assert abs(found.a - curve.a) < 0.03
    assert abs(found.b - curve.b) < 0.05
    np.testing.assert_allclose(curve.undo(curve.of(cosines)), cosines, atol=1e-9)
    assert fit_curve(cosines[:20], cosines[:20]) == LAMBERT
    assert fit_curve(cosines, 1 - cosines).at_limit


def test_plastic_takes_a_shading_curve_and_rough_clay_takes_none():
    choice, chosen, plain = _chosen_and_plain(surfaces.plastic(LIGHTS))
    assert choice.method.endswith("curve")
    assert choice.curve.applies
    assert chosen < 1 < plain
    choice, chosen, plain = _chosen_and_plain(surfaces.glossy(LIGHTS, rough=0.5, diffuse=0.6, shine=0.04))
    assert not choice.method.endswith("curve")
    assert chosen <= plain + 0.1


def test_near_lights_take_no_shading_curve():
    rendered = surfaces.plastic(LIGHTS)
    near = np.repeat(rendered.lights[:, None], rendered.values.shape[1], axis=1)
    assert choose(rendered.values, near, pixels=200).curve.lambert


SETS = {
    "jumps": lambda: surfaces.render(surfaces.steps(64)[0], LIGHTS, normals=surfaces.steps(64)[1]),
    "noise": lambda: surfaces.render(surfaces.relief(64, depth=0.04), LIGHTS[::2], noise=0.02),
    "unequal lights": lambda: surfaces.scattered(surfaces.render(surfaces.relief(64), LIGHTS), 0.05)[0],
    "dark plastic": lambda: surfaces.plastic(LIGHTS, diffuse=0.1),
    "lacquered metal": lambda: surfaces.glossy(LIGHTS, rough=0.4, diffuse=0.05, shine=0.3),
}


@pytest.mark.parametrize("name", SETS)
def test_the_chosen_method_is_never_worse_than_least_squares(name):
    _, chosen, plain = _chosen_and_plain(SETS[name]())
    assert chosen <= plain + 0.1
