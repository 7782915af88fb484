"""The bend of a camera's files, found from a set itself."""

import numpy as np
import pytest
from numpy.typing import NDArray

from support import surfaces
from tetherlight.photometric.normals import solve
from tetherlight.photometric.radiometric import Bent, unbent
from tetherlight.pixels.response import linear_to_srgb, srgb_to_linear

Floats = NDArray[np.float64]
LIGHTS = surfaces.dome(12)
RENDERED = surfaces.render(surfaces.relief(48), LIGHTS)


def shoulder(light: Floats, start: float = 0.3, white: float = 2.5) -> Floats:
    """Return light as a camera shows it that keeps the highlights."""
    room = 1 - start
    bent = start + room * -np.expm1(-(light - start) / room) / -np.expm1(-(white - start) / room)
    return np.where(light <= start, light, bent)


@pytest.fixture(scope="module", params=[2.5, 1.0], ids=["bent", "straight"])
def taken(request: pytest.FixtureRequest) -> tuple[float, Floats]:
    """Give the light at white, and the values of 8 bits of a relief that is exposed up to it."""
    white: float = request.param
    values = RENDERED.values
    light = np.clip(values / np.quantile(values.max(axis=0), 0.98) * 0.9 * white, 0, white)
    shown = shoulder(light, white=white) if white > 1 else light
    return white, np.round(linear_to_srgb(shown) * 255) / 255


def test_a_bend_is_found_where_there_is_one_and_none_where_there_is_none(taken: tuple[float, Floats]) -> None:
    white, values = taken
    usable = (values < 0.995) & (values > 0.02)
    found = unbent(Bent(values, usable, np.ones((len(values), 1))), LIGHTS)
    assert found is not None
    as_srgb, by_curve = (
        surfaces.angles(solve(light, LIGHTS, usable=usable).normals, RENDERED.normals).mean()
        for light in (srgb_to_linear(values), np.interp(values, found.levels, found.shown).astype(np.float32))
    )
    if white == 1:
        assert found.bend(0.9) == pytest.approx(1, abs=0.1)
        assert by_curve == pytest.approx(as_srgb, abs=0.1)
    else:
        assert by_curve < as_srgb / 2


def test_ambient_light_and_the_strengths_of_the_lamps_do_not_count_as_a_bend() -> None:
    values = RENDERED.values
    values = 0.6 * values / values.max()
    dark = np.full(values.shape[1], 0.05)
    scales = np.linspace(0.6, 1.2, len(LIGHTS))[:, None]
    coded = np.round(linear_to_srgb(values * scales + dark) * 255) / 255
    bent = Bent(coded, coded < 0.995, scales, linear_to_srgb(dark), np.ones(len(LIGHTS)))
    found = unbent(bent, LIGHTS)
    assert found is not None
    assert found.bend(0.8) == pytest.approx(1, abs=0.05)


def test_a_set_that_is_lit_by_few_lights_tells_no_curve() -> None:
    values = np.full((4, 50), 0.5)
    assert unbent(Bent(values, values > 0, np.ones((4, 1))), LIGHTS[:4]) is None
