"""How lamps behave, told from the brightness of pictures."""

import io
import math

import pytest
from PIL import Image

from tetherlight.capture.brightness import brightness, gray, lit_part
from tetherlight.errors import PreviewFailed
from tetherlight.photometric.lamps import Seen, curve, rests, settled
from tetherlight.rigfile.lights import RigLight

FPS = 20


def seen(light: "list[float]") -> list[Seen]:
    return [Seen(number / FPS, value) for number, value in enumerate(light)]


def test_a_light_has_settled_at_the_first_picture_from_which_it_stays() -> None:
    ramp = [min(1.0, max(0.0, (number / FPS - 0.2) / 0.3)) for number in range(40)]
    assert settled(seen(ramp)).seconds == pytest.approx(0.5)
    assert settled(seen(ramp)).frame_s == pytest.approx(1 / FPS)
    assert settled(seen([1.0] * 40)).seconds == 0


def test_a_light_that_still_moves_or_is_not_there_yet_does_not_rest() -> None:
    assert not rests([], 0, 0)
    assert not rests(seen([number / 40 for number in range(40)]), 0, 0)
    assert not rests(seen([0.0] * 40), 0.1, 0)
    assert not rests(seen([1.0] * 20), 0.1, 0)  # not for long enough
    assert rests(seen([0.0] * 10 + [1.0] * 30), 0.1, 0)


def test_few_pictures_a_second_take_longer_to_tell_and_are_no_obstacle() -> None:
    slow = [Seen(float(number), 1.0) for number in range(12)]
    assert not rests(slow[:8], 0.1, 0)
    assert rests(slow, 0.1, 0)


def test_flicker_is_told_and_does_not_hide_that_a_light_has_settled() -> None:
    light = [0.0] * 6 + [1 + 0.1 * math.sin(2 * math.pi * 3 * number / FPS) for number in range(60)]
    assert rests(seen(light), 0.1, 0)
    found = settled(seen(light))
    assert found.seconds == pytest.approx(6 / FPS)
    assert found.flicker == pytest.approx(0.1, abs=0.01)


def test_a_curve_grows_whatever_the_noise_and_the_rig_file_takes_it() -> None:
    pairs = [(0.75, 0.6), (0.25, 0.2), (0.5, 0.19), (0.9, 1.1), (0.1, -0.1), (1.0, 1.0)]
    found = curve(pairs, 1.0)
    assert found == ((0.25, 0.2), (0.75, 0.6))
    light = RigLight(name="a", curve=found)
    assert light.light(light.signal(0.4)) == pytest.approx(0.4)
    assert RigLight(name="a", gamma=2.0).light(0.5) == pytest.approx(0.25)
    assert RigLight(name="a").light(1.0) == 1.0


def picture(level: int) -> Image.Image:
    """Give a gray picture whose right half has a level."""
    image = Image.new("L", (64, 64), 20)
    image.paste(level, (32, 0, 64, 64))
    return image


def test_only_pixels_that_show_the_lamp_and_are_not_too_bright_count() -> None:
    mask, bright = lit_part(picture(20), picture(100))
    assert mask is not None
    assert bright == 0
    assert brightness(picture(100), mask) == pytest.approx(0.1274, abs=0.0005)  # sRGB 100
    assert brightness(picture(0), mask) == 0
    assert lit_part(picture(20), picture(250)) == (None, 0.5)
    assert lit_part(picture(20), picture(21)) == (None, 0)
    assert lit_part(Image.new("L", (8, 8)), picture(100)) == (None, 0)


def test_a_preview_that_is_no_picture_is_an_error_of_ours() -> None:
    file = io.BytesIO()
    picture(100).save(file, "JPEG")
    assert gray(file.getvalue()).size == (16, 16)
    for broken in (b"", b"none", file.getvalue()[:100]):
        with pytest.raises(PreviewFailed):
            gray(broken)
