"""Light position files."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tetherlight.errors import InvalidPayload
from tetherlight.lights.lp import LightLine, parse_lp, write_lp


def test_names_may_hold_spaces_and_vectors_any_length() -> None:
    found = parse_lp("2\r\nmy photo 01.jpg 0 0 2\r\n\r\n  b\t3 0 4\n")
    assert found == [LightLine("my photo 01.jpg", (0, 0, 1)), LightLine("b", (0.6, 0, 0.8))]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The light position file does not begin with the number of its lights."),
        ("a 0 0 1", "The light position file does not begin with the number of its lights."),
        ("2\na 0 0 1", "The light position file promises 2 lights but has 1."),
        ("1\na 0 0", "Line 2 of the light position file is no name with a vector: 'a 0 0'."),
        ("1\n0 0 1", "Line 2 of the light position file is no name with a vector: '0 0 1'."),
        ("1\na 0 0 0", "Line 2 of the light position file is no name with a vector: 'a 0 0 0'."),
        ("1\na nan 0 1", "Line 2 of the light position file is no name with a vector: 'a nan 0 1'."),
        ("1\na inf 0 1", "Line 2 of the light position file is no name with a vector: 'a inf 0 1'."),
    ],
)
def test_a_mistake_is_told_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InvalidPayload) as caught:
        parse_lp(text)
    assert str(caught.value) == sentence


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text whatever makes it fail in another way."""
    with contextlib.suppress(InvalidPayload):
        parse_lp(text)


@given(st.lists(st.tuples(st.from_regex(r"[A-Za-z0-9._-]{1,12}", fullmatch=True), st.tuples(*[st.floats(0.1, 1)] * 3))))
def test_what_is_written_reads_the_same(lights: list[tuple[str, tuple[float, float, float]]]) -> None:
    found = parse_lp(write_lp(lights))
    assert [line.name for line in found] == [name for name, _ in lights]
    for line, (_, (x, y, _z)) in zip(found, lights, strict=True):
        assert line.direction[0] * y == pytest.approx(line.direction[1] * x, abs=1e-5)
