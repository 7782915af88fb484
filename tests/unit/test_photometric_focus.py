"""One sharp image of several that are sharp at different depths, against the image that is sharp everywhere."""

import numpy as np
import pytest
from scipy import ndimage

from tetherlight.errors import ShapesDiffer
from tetherlight.photometric.focus import HALO, Floats, Noise, blended, by_bands, detail, merged, shares, sharpest

PLACES = 6


def stack(size: int = 160) -> tuple[Floats, Floats, Floats]:
    """Return images (F, H, W) of a tilted textured plane, the sharp one, and the true place of each pixel."""
    random = np.random.default_rng(4)
    sharp = ndimage.gaussian_filter(random.uniform(0, 1, (size, size)), 0.7) * 0.8
    truth = np.tile(np.linspace(0, PLACES - 1, size), (size, 1))
    levels = [ndimage.gaussian_filter(sharp, sigma) for sigma in np.arange(0, 6, 0.25)]
    images = np.empty((PLACES, size, size))
    for place in range(PLACES):
        blur = np.clip(np.rint(np.abs(truth - place) * 1.1 / 0.25).astype(int), 0, len(levels) - 1)
        images[place] = np.choose(blur, levels)
    noise = random.normal(0, 0.3 / 255, images.shape)
    return (images + noise).astype(np.float32), sharp.astype(np.float32), truth.astype(np.float32)


IMAGES, SHARP, TRUTH = stack()


def test_the_merged_image_is_twelve_decibels_nearer_than_the_best_single_one() -> None:
    places = sharpest(np.stack([detail(one) for one in IMAGES]))
    error = float(((merged(IMAGES, places) - SHARP) ** 2).mean())
    best = min(float(((one - SHARP) ** 2).mean()) for one in IMAGES)
    assert 10 * np.log10(best / error) >= 12
    assert float(np.abs(places - TRUTH).mean()) < 0.15


def test_where_there_is_no_detail_the_map_follows_what_is_around() -> None:
    flat = IMAGES.copy()
    flat[:, 78:82, 78:82] = 0.4
    places = sharpest(np.stack([detail(one) for one in flat]))
    assert float(np.abs(places - TRUTH)[78:82, 78:82].max()) < 0.6


def test_bands_give_what_the_whole_image_gives() -> None:
    whole = sharpest(np.stack([detail(one) for one in IMAGES]))
    details, found = np.empty_like(IMAGES), np.empty_like(whole)

    def look(around: slice, rows: slice, inner: slice) -> None:
        details[:, rows] = np.stack([detail(one[around])[inner] for one in IMAGES])

    def decide(around: slice, rows: slice, inner: slice) -> None:
        found[rows] = sharpest(details[:, around])[inner]

    by_bands(len(whole), 50, look)
    by_bands(len(whole), 50, decide)
    assert HALO >= 14
    assert np.allclose(found, whole, atol=1e-3)


def test_images_that_agree_are_averaged_and_those_that_are_blurred_are_not() -> None:
    places = sharpest(np.stack([detail(one) for one in IMAGES]))
    parts = shares(IMAGES, places, Noise.between(IMAGES))
    assert np.allclose(parts.sum(axis=0), 1, atol=1e-5)
    error = float(((blended(IMAGES, parts) - SHARP) ** 2).mean())
    assert error < float(((merged(IMAGES, places) - SHARP) ** 2).mean())
    far = np.abs(TRUTH - 0) > 3
    assert float(parts[0][far].mean()) < 0.02


def test_where_nothing_differs_all_images_have_the_same_share() -> None:
    random = np.random.default_rng(2)
    flat = (0.5 + random.normal(0, 0.01, (4, 80, 80))).astype(np.float32)
    parts = shares(flat, np.zeros((80, 80), np.float32), Noise.between(flat))
    assert float(blended(flat, parts).std()) < 0.0065


def test_colours_are_merged_as_gray_is() -> None:
    colours = np.repeat(IMAGES[..., None], 3, axis=3).clip(0, 255).astype(np.uint8)
    places = np.full(SHARP.shape, 1.375, np.float32)
    found = merged(colours, places)
    assert found.shape == (*SHARP.shape, 3)
    expected = 0.75 * colours[1].astype(float) + 0.25 * colours[2]
    assert np.allclose(found, expected, atol=1e-3)


def test_one_image_is_no_stack() -> None:
    with pytest.raises(ShapesDiffer):
        sharpest(np.stack([detail(IMAGES[0])]))
