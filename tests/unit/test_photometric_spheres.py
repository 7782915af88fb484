"""Mirror balls are found by themselves, exactly, and other round things are not taken for them."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support.rendered_balls import Balls, render, ring_of_lights
from tetherlight.errors import SphereTooSmall
from tetherlight.photometric.circles import Circle
from tetherlight.photometric.highlights import highlight, highlights
from tetherlight.photometric.spheres import Sphere, directions, error_degrees, find_spheres, refine

DATA = Path(os.environ.get("TETHERLIGHT_REFERENCE_DATA", "/nonexistent"))
LIGHTS = np.concatenate((ring_of_lights(4, 50), ring_of_lights(2, 20)))


def off(found, truth):
    """Give the angles between two sets of unit vectors, in degrees."""
    return np.degrees(np.arccos(np.clip(np.sum(found * truth, axis=1), -1, 1)))


@pytest.fixture(scope="module")
def stack():
    """A mirror and a matte ball on a table."""
    return render(Balls(mirrors=((70.3, 71.6, 50.0),), mattes=((175.0, 72.0, 42.0),), shape=(144, 230)), LIGHTS)


@pytest.fixture(scope="module")
def sphere(stack) -> Sphere:
    """The only one that is found there, refined."""
    [found] = find_spheres(stack)
    circle = refine(stack, found.circle)
    return Sphere(circle, tuple(highlights(stack, circle)))


def test_the_mirror_is_found_and_the_matte_ball_is_not(sphere) -> None:
    circle = sphere.circle
    assert (circle.x, circle.y, circle.r) == pytest.approx((70.3, 71.6, 50.0), abs=0.5)
    assert sphere.is_mirror
    assert sphere.confidence > 0.5


def test_the_directions_are_those_of_the_lights(sphere) -> None:
    assert off(directions(sphere.circle, sphere.highlights), LIGHTS).max() < 1.5
    assert off(directions(Circle(70.3, 71.6, 50.0), sphere.highlights), LIGHTS).max() < 0.8


def test_a_pixel_is_worth_more_on_a_small_ball(sphere) -> None:
    figures = error_degrees(sphere.circle, sphere.highlights)
    assert figures.shape == (6,)
    assert np.all((figures > 2.2) & (figures < 2.7))
    assert error_degrees(Circle(0, 0, 300), [sphere.highlights[0]])[0] < 0.5


def test_nothing_is_found_where_no_mirror_is() -> None:
    assert find_spheres(render(Balls(mattes=((80.0, 70.0, 50.0),), shape=(140, 180)), LIGHTS)) == []
    assert find_spheres(np.zeros((4, 100, 120), np.float32)) == []
    assert find_spheres(np.ones((4, 100, 120), np.float32)) == []


def test_a_lamp_that_is_in_all_images_is_no_highlight(stack) -> None:
    """Its reflection is the brightest one, and does not move."""
    lit = stack.copy()
    lit[:, 52:57, 86:91] = 1.0
    circle = Circle(70.3, 71.6, 50.0)
    assert off(directions(circle, highlights(lit, circle)), LIGHTS).max() < 0.8


def test_a_bright_reflection_of_the_table_is_no_highlight(stack) -> None:
    """It is larger than a lamp, and brighter than one that is weak."""
    lit = stack.copy() * np.float32(0.3)
    rows, columns = np.mgrid[:144, :230]
    lit[:, (np.hypot(columns - 70, rows - 71) < 35) & (rows > 94)] = 0.6
    circle = Circle(70.3, 71.6, 50.0)
    for index in (0, 1, 2):
        found = highlight(lit[index], circle)
        assert found is not None
        assert off(directions(circle, [found]), LIGHTS[index : index + 1])[0] < 1


def test_a_dark_frame_has_no_highlight() -> None:
    circle = Circle(50, 50, 45)
    assert highlight(np.zeros((100, 100), np.float32), circle) is None
    assert np.isnan(directions(circle, [None])).all()
    assert np.isnan(error_degrees(circle, [None])).all()


def test_a_small_sphere_is_refused() -> None:
    with pytest.raises(SphereTooSmall, match=r"^The sphere at \(9, 8\) has a radius of 21 pixels; directions need 40,"):
        directions(Circle(9, 8, 21), [])


def test_two_spheres_are_found() -> None:
    balls = Balls(mirrors=((60.0, 60.0, 43.0), (170.0, 70.0, 46.0)), shape=(130, 230))
    found = find_spheres(render(balls, ring_of_lights(5)))
    places = sorted((one.circle.x, one.circle.y) for one in found)
    assert len(places) == 2
    assert places[0] == pytest.approx((60, 60), abs=1.5)
    assert places[1] == pytest.approx((170, 70), abs=1.5)


@pytest.mark.skipif(not DATA.is_dir(), reason="TETHERLIGHT_REFERENCE_DATA names no folder of reference data")
def test_real_photographs_agree_with_their_author() -> None:
    """Twelve lights on a ball of 422 pixels: at most 0.8 degrees in the mean, 2 at most."""
    images = [Image.open(DATA / "probe" / f"Image_{number:02}.JPG").convert("L") for number in range(1, 13)]
    stack = np.stack([np.asarray(image) for image in images]) / np.float32(255)
    linear = np.where(stack <= 0.04045, stack / 12.92, ((stack + 0.055) / 1.055) ** 2.4).astype(np.float32)
    found, *others = find_spheres(linear.reshape(12, 250, 4, 275, 4).mean(axis=(2, 4)))
    assert others == []
    circle = refine(linear, found.circle.scaled(4))
    truth = np.loadtxt(DATA / "probe" / "light_directions.txt").T
    wrong = off(directions(circle, highlights(linear, circle)), truth)
    assert (wrong.mean(), wrong.max()) <= (0.8, 2)
    assert wrong.max() <= 2


@pytest.mark.skipif(not DATA.is_dir(), reason="TETHERLIGHT_REFERENCE_DATA names no folder of reference data")
def test_a_chrome_ball_in_the_dark_is_found_where_its_mask_says() -> None:
    """Most of its outline is as dark as what is behind it."""
    images = [Image.open(DATA / "uw" / "chrome" / f"chrome.{number}.png").convert("L") for number in range(12)]
    stack = np.stack([np.asarray(image) for image in images]) / np.float32(255)
    found, *others = find_spheres(stack.reshape(12, 170, 2, 256, 2).mean(axis=(2, 4)))
    assert [one for one in others if one.circle.r > 20] == []
    circle = refine(stack, found.circle.scaled(2))
    mask = np.asarray(Image.open(DATA / "uw" / "chrome" / "chrome.mask.png").convert("L")) > 128
    rows, columns = np.nonzero(mask)
    truth = (columns.mean(), rows.mean(), np.sqrt(mask.sum() / np.pi))
    assert (circle.x, circle.y, circle.r) == pytest.approx(truth, abs=2)
