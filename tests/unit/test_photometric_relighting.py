"""Pictures that can be lit anew: what each basis predicts of lights that it has not seen, and how it is coded."""

import numpy as np
import pytest

from support.image_sets import Bump
from support.surfaces import dome
from tetherlight.errors import TooFewLights
from tetherlight.photometric.light_terms import harmonic_terms, node_weights, nodes, polynomial_terms
from tetherlight.photometric.relighting import KINDS, Coding, Kind, maker, worth
from tetherlight.pixels.response import linear_to_srgb

LIGHTS = np.asarray(dome(20), np.float64)
BUMP = Bump((24, 32))
VALUES = np.stack([linear_to_srgb(BUMP.lit(light)).reshape(-1, 3) for light in LIGHTS])


@pytest.mark.parametrize("kind", KINDS)
def test_a_basis_predicts_the_image_of_a_light_that_it_has_not_seen(kind: Kind) -> None:
    assert worth(kind, VALUES, LIGHTS) > 33


def test_components_between_the_lights_predict_better_than_a_polynomial_of_twice_as_many_planes() -> None:
    assert worth("rbf", VALUES, LIGHTS, 9) > worth("ptm", VALUES, LIGHTS) + 2


@pytest.mark.parametrize("kind", KINDS)
def test_eight_bits_of_each_coefficient_lose_little(kind: Kind) -> None:
    basis = maker(kind, VALUES, LIGHTS)(VALUES, LIGHTS)
    planes = basis.planes(VALUES)
    coding = Coding.of(planes)
    exact, coded = (basis.relit(one, LIGHTS) for one in (planes, coding.decoded(coding.coded(planes))))
    assert float(np.sqrt(((exact - coded) ** 2).mean())) < 0.008


def test_planes_of_a_part_are_those_of_the_whole() -> None:
    for kind in KINDS:
        basis = maker(kind, VALUES, LIGHTS)(VALUES, LIGHTS)
        assert np.allclose(basis.planes(VALUES[:, 100:200]), basis.planes(VALUES)[:, 100:200], atol=1e-5)


def test_terms_are_those_of_the_literature() -> None:
    assert polynomial_terms(np.array([[0.5, -0.2, 0.84]])).tolist() == [pytest.approx([1, 0.5, -0.2, 0.25, -0.1, 0.04])]
    # Over the hemisphere the harmonics are orthonormal; Monte Carlo says so within its error.
    random = np.random.default_rng(1)
    height, turn = random.uniform(np.sin(0.15), 1, 200_000), random.uniform(-np.pi, np.pi, 200_000)
    ring = np.sqrt(1 - height**2)
    terms = harmonic_terms(np.stack([ring * np.cos(turn), ring * np.sin(turn), height], axis=1), 9)
    products = terms.T @ terms / len(terms) * 2 * np.pi * (1 - np.sin(0.15))
    assert np.allclose(np.diag(products), 1, atol=0.45)
    assert products[0, 0] == pytest.approx(1 - np.sin(0.15))


def test_a_light_at_a_node_is_that_node_alone() -> None:
    found = nodes(np.array([[0.999, 0.0, 0.05], [0, 0, 1.0]]), 9)
    inner = np.abs(found[:, :2]).sum(axis=1) < 0.6
    weights = node_weights(found[inner], 9)
    assert np.allclose(weights[np.arange(inner.sum()), np.flatnonzero(inner)], 1)
    assert np.allclose(weights.sum(axis=1), 1)


def test_too_few_lights_are_refused_with_how_many_are_needed() -> None:
    with pytest.raises(TooFewLights, match="5 usable lights; relighting by ptm needs at least 6"):
        maker("ptm", VALUES[:5], LIGHTS[:5])
