"""Light files of other programs are read as they are, and what is wrong is told with its line."""

import math
from pathlib import Path

import pytest

from tetherlight.errors import LightsFileInvalid
from tetherlight.files.lp import LightLine, lp_text, parse_lp, read_lp


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.lp"
    path.write_text(lp_text([("image 01.jpg", (0.6, 0.0, 0.8)), ("ä  b.tif", (0.0, -1.0, 0.0))]))
    assert path.read_text() == "2\nimage 01.jpg 0.600000 0.000000 0.800000\nä  b.tif 0.000000 -1.000000 0.000000\n"
    assert read_lp(path) == (LightLine("image 01.jpg", (0.6, 0.0, 0.8)), LightLine("ä  b.tif", (0.0, -1.0, 0.0)))


def test_the_last_three_words_are_the_vector() -> None:
    [light] = parse_lp("1\nmy 2 vases 1 2 3.jpg 0 0 2\n", "a.lp")
    assert light == LightLine("my 2 vases 1 2 3.jpg", (0.0, 0.0, 1.0))


def test_vectors_are_made_unit_vectors_and_positions_are_not() -> None:
    text = "1\na.jpg 3 0 4\n"
    assert parse_lp(text, "a.lp")[0].vector == pytest.approx((0.6, 0, 0.8))
    assert parse_lp(text, "a.lp", positions=True)[0].vector == (3, 0, 4)


@pytest.mark.parametrize(
    "text", ["\ufeff1\r\na.jpg\t0\t0\t1\r\n\r\n", "1\n\n  a.jpg   0 0 1e0  ", "1\na.jpg +0. -0 1."]
)
def test_other_systems_ends_of_lines_and_blanks_do_not_matter(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.lp"
    path.write_bytes(text.encode())
    assert read_lp(path) == (LightLine("a.jpg", (0.0, 0.0, 1.0)),)


@pytest.mark.parametrize("written", ["C:\\scans\\vase\\a 1.jpg", "/home/x/a 1.jpg", "./a 1.jpg", "a 1.jpg"])
def test_a_path_of_another_computer_has_the_name_of_its_file(written: str) -> None:
    [light] = parse_lp(f"1\n{written} 0 0 1", "a.lp")
    assert (light.filename, light.basename) == (written, "a 1.jpg")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a.lp is empty."),
        (" \n\n", "a.lp is empty."),
        ("a.jpg 0 0 1\n", "a.lp, line 1: 'a.jpg 0 0 1' is no number of lights."),
        ("-1\n", "a.lp, line 1: '-1' is no number of lights."),
        ("2\na.jpg 0 0 1\n", "a.lp, line 1: the count is 2, but the lines below are 1."),
        ("\n1\na.jpg 0 0 1\nb.jpg 0 0 1\n", "a.lp, line 2: the count is 1, but the lines below are 2."),
        ("1\na.jpg 0 1\n", "a.lp, line 2: 'a.jpg 0 1' is no name with three numbers."),
        ("1\n0.1 0 1\n", "a.lp, line 2: '0.1 0 1' is no name with three numbers."),
        ("1\na.jpg 0 x 1\n", "a.lp, line 2: 'a.jpg 0 x 1' is no name with three numbers."),
        ("1\na.jpg 0,1 0,2 0,9\n", "a.lp, line 2: 'a.jpg 0,1 0,2 0,9' is no name with three numbers."),
        ("1\na.jpg 0 0 0\n", "a.lp, line 2: (0, 0, 0) points nowhere."),
        ("1\na.jpg nan 0 1\n", "a.lp, line 2: (nan, 0, 1) points nowhere."),
        ("1\na.jpg 1e999 0 1\n", "a.lp, line 2: (inf, 0, 1) points nowhere."),
        ("2\na.jpg 0 0 1\na.jpg 1 0 1\n", "a.lp, line 3: 'a.jpg' is there twice, first on line 2."),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, said: str) -> None:
    with pytest.raises(LightsFileInvalid) as caught:
        parse_lp(text, "a.lp")
    assert caught.value.message == said


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(LightsFileInvalid, match=r"^a\.lp cannot be read: No such file or directory\.$"):
        read_lp(tmp_path / "a.lp")
    (tmp_path / "a.lp").write_bytes(b"1\n\xff.jpg 0 0 1\n")
    with pytest.raises(LightsFileInvalid, match=r"^a\.lp is no UTF-8 text\.$"):
        read_lp(tmp_path / "a.lp")


@pytest.mark.parametrize("name", ["a\nb.jpg", "", " a.jpg", "a.jpg\u2028"])
def test_a_name_that_no_line_can_hold_is_refused(name: str) -> None:
    with pytest.raises(LightsFileInvalid, match="cannot stand in a light file"):
        lp_text([(name, (0, 0, 1))])


def test_the_length_of_tiny_vectors_is_one() -> None:
    [light] = parse_lp("1\na.jpg 1e-9 0 0\n", "a.lp")
    assert math.hypot(*light.vector) == pytest.approx(1)
