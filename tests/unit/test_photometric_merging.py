"""Several exposures of one light, merged in linear light."""

import numpy as np
import pytest

from tetherlight.errors import ShapesDiffer
from tetherlight.photometric.merging import merged


def light(channels: int | None = None) -> np.ndarray:
    """A scene of 12 stops from left to right, 1 is white at the first exposure."""
    ramp = np.exp2(np.linspace(-9, 3, 240))[None].repeat(60, axis=0)
    return ramp if channels is None else ramp[..., None] * np.linspace(0.4, 1.0, channels)


def shot(scene: np.ndarray, exposure: float, dice: np.random.Generator | None = None) -> np.ndarray:
    seen = scene * exposure
    if dice is not None:
        seen = seen + dice.normal(0, np.sqrt(0.002**2 + 0.0004 * np.clip(seen, 0, None)))
    return np.clip(seen, 0, 1).astype(np.float32)


@pytest.mark.parametrize("channels", [None, 3])
def test_three_exposures_give_a_scene_that_none_of_them_holds(channels: int | None) -> None:
    scene, exposures = light(channels), (1.0, 0.125, 8.0)
    result = merged([shot(scene, one) for one in exposures], exposures)
    assert not result.clipped[:, :-1].any()
    held = ~result.clipped
    assert np.allclose(result.values[held], scene[held], rtol=1e-4)


def test_what_is_clipped_is_left_out_and_what_no_frame_holds_is_told() -> None:
    scene = light()
    result = merged([shot(scene, 1.0), shot(scene, 0.25)], (1.0, 0.25))
    assert result.clipped.any()
    assert (result.clipped == (scene * 0.25 >= 0.98)).all()
    assert (result.values[result.clipped] >= 0.98 * 4).all()
    assert np.isinf(result.sigma[result.clipped]).all()


def test_the_colour_of_a_pixel_that_is_clipped_in_one_channel_stays() -> None:
    scene = np.full((2, 2, 3), (1.6, 0.8, 0.4))
    result = merged([shot(scene, 1.0), shot(scene, 0.5)], (1.0, 0.5))
    assert np.allclose(result.values / result.values[..., :1], (1.0, 0.5, 0.25), rtol=1e-5)


def test_merging_is_better_than_every_frame_of_it() -> None:
    """The error in the dark is that of the long exposure; what is expected of it is what it is."""
    dice, scene, exposures = np.random.default_rng(5), light(), (1.0, 0.125, 8.0)
    frames = [shot(scene, one, dice) for one in exposures]
    result = merged(frames, exposures)
    held = (~result.clipped) & (scene < 7)

    def off(values: np.ndarray, where: np.ndarray) -> float:
        return float(np.sqrt((((values - scene) / scene)[where] ** 2).mean()))

    dark = held & (scene < 0.1)
    alone = [off(frame / one, dark) for frame, one in zip(frames, exposures, strict=True)]
    assert off(result.values, dark) < min(alone) * 1.01
    middle = held & (scene > 0.02) & (scene < 0.11)
    measured = float(np.std(((result.values - scene) / result.sigma)[middle]))
    assert measured == pytest.approx(1.0, abs=0.1)


def test_what_is_not_trusted_is_taken_of_the_shortest_exposure() -> None:
    """As where a camera bends the light towards white."""
    scene, exposures = light(), (0.125, 1.0, 8.0)
    bent = [np.where(one > 0.4, 0.4 + 0.5 * (one - 0.4), one) for one in (shot(scene, each) for each in exposures)]
    held = scene < 0.4 / 0.125
    result = merged(bent, exposures, trusted=0.4)
    assert np.allclose(result.values[held], 0.125 * scene[held], rtol=1e-4)
    assert not np.allclose(merged(bent, exposures).values[held], 0.125 * scene[held], rtol=0.05)


def test_the_first_exposure_is_the_reference() -> None:
    scene = np.full((4, 4), 0.02)
    values = merged([shot(scene, 4.0), shot(scene, 1.0)], (4.0, 1.0)).values
    assert np.allclose(values, 0.08, rtol=1e-5)


def test_frames_and_exposures_that_do_not_belong_together_are_refused() -> None:
    frame = np.zeros((4, 4), np.float32)
    for frames, exposures in (([], []), ([frame], [1.0, 2.0]), ([frame, frame[:2]], [1.0, 2.0])):
        with pytest.raises(ShapesDiffer):
            merged(frames, exposures)
    for wrong in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="greater than 0"):
            merged([frame], [wrong])
