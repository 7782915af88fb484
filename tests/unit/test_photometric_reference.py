"""On sets that others made: the goals that hold for them."""

import os
from pathlib import Path

import pytest

from support import surfaces
from support.reference_sets import bunny, gray_sphere
from tetherlight.photometric.choice import choose
from tetherlight.photometric.intensities import estimate
from tetherlight.photometric.normals import solve

DATA = Path(os.environ.get("TETHERLIGHT_REFERENCE_DATA", "/nonexistent"))
pytestmark = pytest.mark.skipif(
    not (DATA / "bunny").is_dir(), reason="TETHERLIGHT_REFERENCE_DATA names no folder of reference data"
)


def _errors(rendered):
    choice = choose(rendered.values, rendered.lights)
    chosen = solve(rendered.values, rendered.lights, method=choice.method, curve=choice.curve)
    plain = solve(rendered.values, rendered.lights, method="least-squares")
    return choice, *(float(surfaces.angles(one.normals, rendered.normals).mean()) for one in (chosen, plain))


def test_the_bunny_is_solved_with_a_shading_curve():
    rendered = bunny(DATA)
    choice, chosen, plain = _errors(rendered)
    assert choice.method.endswith("curve")
    assert chosen <= 1.3
    assert plain == pytest.approx(4.16, abs=0.05)
    assert not estimate(rendered.values, rendered.lights).useful


def test_the_gray_sphere_is_solved_better_than_by_least_squares():
    rendered = gray_sphere(DATA)
    _, chosen, plain = _errors(rendered)
    assert chosen <= 4.3
    assert plain == pytest.approx(5.09, abs=0.05)
    assert not estimate(rendered.values, rendered.lights).useful
