"""Values of files become values proportional to light."""

import numpy as np
import pytest

from tetherlight.errors import InvalidSetting
from tetherlight.pixels.response import LINEAR, SRGB, linear_to_srgb, response_of_file, srgb_to_linear


def test_srgb_is_undone_in_every_depth():
    assert SRGB.linear(np.array([0, 10, 128, 255], np.uint8)) == pytest.approx([0, 0.003035, 0.215861, 1], abs=1e-5)
    assert SRGB.linear(np.array([32896], np.uint16)) == pytest.approx([0.215861], abs=1e-5)
    assert SRGB.linear(np.array([0.5], np.float32)) == pytest.approx([0.214041], abs=1e-5)


def test_what_is_coded_and_decoded_is_the_same():
    light = np.linspace(0, 1, 100, dtype=np.float32)
    np.testing.assert_allclose(srgb_to_linear(linear_to_srgb(light)), light, atol=1e-5)


def test_linear_values_are_only_scaled():
    assert LINEAR.linear(np.array([51, 255], np.uint8)) == pytest.approx([0.2, 1])
    assert LINEAR.linear(np.array([2.5], np.float32)) == pytest.approx([2.5])


def test_a_measured_curve_is_used_between_its_levels(tmp_path):
    curve = tmp_path / "curve.txt"
    curve.write_text("# level light\n0 0\n128, 5\n255 20\n")
    response = response_of_file(curve)
    assert response.linear(np.array([0, 64, 128, 255], np.uint8)) == pytest.approx([0, 0.125, 0.25, 1])


def test_a_curve_may_differ_by_colour(tmp_path):
    curve = tmp_path / "curve.txt"
    curve.write_text("0 0 0 0\n0.5 0.1 0.2 0.3\n1 1 1 1\n")
    pixel = np.full((1, 1, 3), 0.5, np.float32)
    assert response_of_file(curve).linear(pixel)[0, 0] == pytest.approx([0.1, 0.2, 0.3])
    words = np.full((1, 1, 3), 32768, np.uint16)
    assert response_of_file(curve).linear(words)[0, 0] == pytest.approx([0.1, 0.2, 0.3], abs=1e-3)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "two lines"),
        ("a b\n", "no table"),
        ("0 0\n1 0\n", "rise"),
        ("1 1\n0 2\n", "rise"),
        ("0 nan\n1 1\n", "lines"),
    ],
)
def test_what_is_no_curve_is_refused_with_its_form(tmp_path, text, why):
    (tmp_path / "c.txt").write_text(text)
    with pytest.raises(InvalidSetting, match=why) as refused:
        response_of_file(tmp_path / "c.txt")
    assert "level" in (refused.value.hint or "")


def test_a_curve_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InvalidSetting, match=r"c\.txt cannot be read"):
        response_of_file(tmp_path / "c.txt")
