"""Repeated images become one of less noise, and what passed through one of them is not in it."""

import numpy as np
import pytest

from tetherlight.errors import ShapesDiffer
from tetherlight.photometric.averaging import averaged, noise_of
from tetherlight.photometric.focus import Floats

SIGMA = 3.0
SIZE = (60, 80)


def repeated(count: int) -> Floats:
    """Return images (R, H, W) of one slope with noise, rounded to whole numbers."""
    random = np.random.default_rng(11)
    slope = np.linspace(40, 200, SIZE[1])
    return np.rint(slope + random.normal(0, SIGMA, (count, *SIZE))).astype(np.float32)


def test_the_noise_falls_with_the_root_of_the_count_and_is_told() -> None:
    images = repeated(8)
    noise = noise_of(images)
    assert float(np.sqrt(np.median(noise.variance))) == pytest.approx(SIGMA, rel=0.15)
    found = averaged(images, noise)
    error = found.values - np.linspace(40, 200, SIZE[1])
    assert float(error.std()) == pytest.approx(SIGMA / np.sqrt(8), rel=0.15)
    assert found.left_out < images.size / 1000


def test_what_is_odd_in_one_image_is_left_out_in_all_channels() -> None:
    images = repeated(5)
    colours = np.repeat(images[..., None], 3, axis=3)
    colours[2, 10:20, 10:20, 1] = 255
    found = averaged(colours, noise_of(images))
    assert 100 <= found.left_out < 110
    expected = np.delete(images, 2, axis=0)[:, 10:20, 10:20].mean(axis=0)
    assert np.allclose(found.values[10:20, 10:20, 0], expected, atol=0.01)


def test_of_two_images_nobody_can_say_which_is_odd() -> None:
    images = repeated(2)
    found = averaged(images, noise_of(images))
    assert found.left_out == 0
    assert np.allclose(found.values, images.mean(axis=0))


def test_the_mean_of_no_image_is_refused() -> None:
    with pytest.raises(ShapesDiffer):
        averaged(np.zeros((0, 4, 4), np.float32), noise_of(repeated(2)))
