"""On sets that others made: the goals that hold for them."""

import os
from pathlib import Path

import numpy as np
import pytest

from support import surfaces
from support.reference_sets import bunny, figure, gray_sphere
from tetherlight.photometric.choice import choose
from tetherlight.photometric.intensities import estimate
from tetherlight.photometric.leaveout import leave_one_out
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


@pytest.mark.parametrize("name", ["buddha", "cat"])
def test_the_photographs_of_clay_figures_are_predicted_no_worse_than_by_least_squares(name: str) -> None:
    values, lights = figure(DATA, name)
    values = values[:, :: values.shape[1] // 600]
    usable = values < 0.995
    choice = choose(values, lights, usable=usable)
    chosen = leave_one_out(values, lights, method=choice.method, curve=choice.curve, usable=usable)
    plain = leave_one_out(values, lights, method="least-squares", usable=usable)
    assert np.median(chosen.residual) <= np.median(plain.residual) * 1.05
