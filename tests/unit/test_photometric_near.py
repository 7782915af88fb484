import numpy as np
import pytest

from support import surfaces
from tetherlight.errors import ShapesDiffer, TooFewLights
from tetherlight.photometric.near import NearLights, solve_near, vector_field

SIZE = 64


def _scene():
    """A relief under lamps at two image widths."""
    lamps = surfaces.dome(16, lowest=35) * 2
    rendered, height = surfaces.near_relief(SIZE, lamps=lamps)
    return height, NearLights(lamps), rendered.values, rendered.normals


def test_near_lights_are_solved_on_a_plane_and_again_on_the_height():
    height, lamps, values, normals = _scene()
    shape = (SIZE, SIZE)
    plane, _ = solve_near(values, lamps, shape, lambda _n, _m: height, rounds=0)
    again, field = solve_near(values, lamps, shape, lambda _n, _m: height)
    first, second = (float(surfaces.angles(s.normals, normals).mean()) for s in (plane, again))
    assert second < 0.3 < first < 3
    assert field.shape == shape
    np.testing.assert_allclose(np.median(again.albedo), 0.4, atol=0.02)


def test_the_height_is_integrated_from_the_normals_inside_the_mask():
    _, lamps, values, _ = _scene()
    mask = np.zeros((SIZE, SIZE), bool)
    mask[8:-8, 8:-8] = True
    seen = []

    def integrate(normals, known):
        seen.append((normals.shape, known.copy()))
        return np.where(known, 0.0, np.nan)

    solve_near(values, lamps, (SIZE, SIZE), integrate, mask=mask, rounds=2)
    assert len(seen) == 2
    assert seen[0][0] == (SIZE, SIZE, 3)
    assert (seen[0][1] == mask).all()


def test_vectors_between_the_places_of_the_grid_are_interpolated():
    lamps = NearLights(surfaces.dome(5) * 3)
    field = vector_field(lamps, (50, 70))
    y, x = np.mgrid[:50, :70].astype(np.float64)
    points = np.stack([(x - 34.5) / 70, (24.5 - y) / 70, np.zeros(x.shape)], axis=-1).reshape(-1, 3)
    exact = lamps.vectors(points)
    np.testing.assert_allclose(field.rows(0, 50), exact, atol=2e-3)
    np.testing.assert_allclose(field.rows(13, 17), exact.reshape(5, 50, 70, 3)[:, 13:17].reshape(5, -1, 3), atol=2e-3)


def test_a_small_height_map_serves_a_larger_image():
    lamps = NearLights(surfaces.dome(5) * 3)
    small, large = np.full((16, 16), 4.0), np.full((64, 64), 16.0)
    small[:, :2], large[:, :8] = np.nan, np.nan
    small[:, 10:] += 2
    large[:, 40:] += 8
    pair = [vector_field(lamps, (64, 64), height).rows(0, 64) for height in (small, large)]
    np.testing.assert_allclose(pair[0], pair[1], atol=1e-6)


def test_a_led_shines_less_to_its_side():
    position = np.array([[0.0, 0.0, 2.0]])
    points = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    alike = NearLights(position).vectors(points)
    led = NearLights(position, pointing=np.array([[0.0, 0.0, -1.0]]), mu=1.0).vectors(points)
    np.testing.assert_allclose(led[0, 0], alike[0, 0])
    np.testing.assert_allclose(led[0, 1], alike[0, 1] * 2 / np.sqrt(5), rtol=1e-6)


def test_what_does_not_fit_is_refused():
    lamps = NearLights(surfaces.dome(5) * 3)
    with pytest.raises(ShapesDiffer):
        solve_near(np.ones((4, 9), np.float32), lamps, (3, 3), lambda n, _m: n[..., 0])
    with pytest.raises(TooFewLights):
        solve_near(np.ones((2, 9), np.float32), NearLights(lamps.positions[:2]), (3, 3), lambda n, _m: n[..., 0])
    with pytest.raises(ShapesDiffer):
        NearLights(np.zeros((1, 3))).vectors(np.zeros((1, 3)))
