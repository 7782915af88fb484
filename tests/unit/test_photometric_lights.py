"""Positions, turned domes and strengths of lights come out as they were put in."""

import numpy as np
import pytest

from support.rendered_balls import Balls, place_of_highlight, render, ring_of_lights
from tetherlight.errors import CalibrationError
from tetherlight.photometric.circles import Circle
from tetherlight.photometric.flat import of_flat_field, of_matte_ball
from tetherlight.photometric.highlights import Highlight
from tetherlight.photometric.positions import meeting_points, moved, sphere_rays, turned_into_place


def seen_on(circle: Circle, light) -> Highlight:
    """Give the highlight of a near light on a ball that lies on z = 0."""
    return Highlight(*place_of_highlight((circle.x, circle.y, circle.r), light), 1, 1, 1)


def test_two_spheres_tell_where_near_lights_stand() -> None:
    circles = [Circle(100, 400, 90), Circle(900, 420, 80)]
    lights = np.array([[500.0, -300, 900], [-200, -500, 1200], [1300, -100, 700]])
    rays = [sphere_rays(circle, [seen_on(circle, light) for light in lights]) for circle in circles]
    found = meeting_points(np.stack([point for point, _ in rays]), np.stack([ray for _, ray in rays]))
    assert np.abs(found.places - lights).max() < 1
    assert found.residuals.max() < 0.1
    assert found.angles.min() > 10


def test_rays_that_are_parallel_tell_no_position() -> None:
    points = np.array([[[0.0, 0, 0], [0, 0, 0]], [[9.0, 0, 0], [9, 0, 0]]])
    rays = np.array([[[0.0, 0, 1], [0.6, 0, 0.8]], [[0, 0, 1], [np.nan, 0, 0.8]]])
    found = meeting_points(points, rays)
    assert np.isnan(found.places).all()
    assert found.angles[0] == pytest.approx(0)
    with pytest.raises(CalibrationError, match="two spheres"):
        meeting_points(points[:1], rays[:1])


def test_a_dome_is_turned_into_place_and_tells_what_is_left() -> None:
    known = 300 * np.concatenate((ring_of_lights(5, 60), ring_of_lights(4, 25)))
    angle = np.radians(35)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    seen = known @ turn.T / 300
    seen[3] = np.nan
    found = turned_into_place(known, seen)
    assert found.rotation == pytest.approx(turn)
    assert np.nanmax(found.residuals) < 1e-4
    assert np.isnan(found.residuals[3])
    assert np.linalg.det(found.rotation) == pytest.approx(1)


def test_one_light_does_not_tell_how_a_dome_is_turned() -> None:
    seen = np.full((3, 3), np.nan)
    seen[0] = (0, 0, 1)
    with pytest.raises(CalibrationError, match="do not tell how the dome is turned"):
        turned_into_place(ring_of_lights(3), seen)


def test_the_largest_angle_tells_that_a_rig_has_moved() -> None:
    lights = ring_of_lights(6)
    assert moved(lights, 5 * lights) == pytest.approx(0, abs=1e-4)
    now = lights.copy()
    now[2] = ring_of_lights(6, 48)[2]
    now[4] = np.nan
    assert moved(now, lights) == pytest.approx(3)
    assert np.isnan(moved(np.full((2, 3), np.nan), lights[:2]))


def test_a_matte_ball_tells_how_strong_lights_are() -> None:
    lights = ring_of_lights(5, 40)
    strengths = np.array([1.0, 0.8, 1.2, 0.9, 1.3])
    stack = render(Balls(mattes=((90.0, 80.0, 60.0),), shape=(160, 180)), lights, strengths=strengths)
    found = of_matte_ball(stack, Circle(90, 80, 60), lights)
    expected = strengths / np.exp(np.log(strengths).mean())
    assert found.intensities == pytest.approx(expected, rel=0.01)
    assert found.spread.max() < 0.03
    assert found.off_degrees is not None
    assert found.off_degrees.max() < 1


def test_a_matte_ball_tells_that_a_direction_is_wrong() -> None:
    stack = render(Balls(mattes=((90.0, 80.0, 60.0),), shape=(160, 180)), ring_of_lights(3, 40))
    found = of_matte_ball(stack, Circle(90, 80, 60), ring_of_lights(3, 55))
    assert found.off_degrees == pytest.approx([15, 15, 15], abs=1.5)


def test_a_clipped_matte_ball_is_refused() -> None:
    with pytest.raises(CalibrationError, match="too few pixels of the matte sphere"):
        of_matte_ball(np.ones((3, 100, 100)), Circle(50, 50, 45), ring_of_lights(3))


def test_a_flat_field_tells_how_strong_lights_are() -> None:
    lights = np.concatenate((ring_of_lights(3, 60), ring_of_lights(3, 20)))
    strengths = np.array([1.0, 0.7, 1.1, 1.2, 0.9, 1.15])
    stack = np.broadcast_to((0.4 * strengths * lights[:, 2])[:, None, None], (6, 30, 40))
    expected = strengths / np.exp(np.log(strengths).mean())
    assert of_flat_field(stack, lights).intensities == pytest.approx(expected)
    with pytest.raises(CalibrationError, match=r"^Light 1 leaves the flat field black or clipped\.$"):
        of_flat_field(np.ones((3, 30, 30)))
