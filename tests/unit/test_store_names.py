"""Names of sets and captures."""

from datetime import UTC, datetime

import pytest

from tetherlight.errors import InvalidName
from tetherlight.naming.rules import checked_name, is_visible, model_in_name, set_prefix, shown, timestamp, timestamp_in


@pytest.mark.parametrize("prefix", [None, ""])
def test_no_prefix_means_the_default_one(prefix: str | None) -> None:
    """Clients send null, the empty text or nothing at all."""
    assert set_prefix(prefix) == "photometric_set"


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("vase", "vase"),
        ("my obj 2", "my_obj_2"),
        ("A-1.b_c", "A-1.b_c"),
        (" ", "_"),
        ("a" * 100,) * 2,
        ("größe",) * 2,
        ("日本語",) * 2,
        ("u\u0308ber", "über"),
        ("٣",) * 2,
        ("हिन्दी",) * 2,
        ("COM",) * 2,
        ("console.1",) * 2,
    ],
)
def test_a_space_becomes_an_underscore_and_the_rest_stays(given: str, name: str) -> None:
    """Letters, digits, '-', '_' and '.' are kept as they are."""
    assert set_prefix(given) == name


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "a/b",
        "a\\b",
        ".x",
        "..",
        "a\0",
        "a\n",
        "a:b",
        "x" * 101,
        "a\u200b",
        "\u0308a",
        "語" * 67,
        "a½",
        "-rf",
        "vase.",
        "CON",
        "nul.jpg",
        "Com1",
        "\ud800",
    ],
)
def test_other_names_are_refused_with_a_sentence_that_names_the_field(name: str) -> None:
    """Nothing is silently changed into something else."""
    with pytest.raises(InvalidName, match=r"(?s)^The new name .*\.$"):
        checked_name(name, "new name")


def test_an_empty_new_name_is_refused() -> None:
    """Only a prefix has a default."""
    with pytest.raises(InvalidName, match="is empty"):
        checked_name("", "new name")


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("Canon EOS Rebel T6", "Canon_EOS_Rebel_T6"),
        ("a/../b\0", "a_.._b_"),
        ("", "camera"),
        ("X-T4.1", "X-T4.1"),
        ("写真機 IV", "写真機_IV"),
    ],
)
def test_a_model_is_made_fit_for_file_names(model: str, name: str) -> None:
    """Everything but letters, digits, '.' and '-' becomes '_'."""
    assert model_in_name(model) == name


def test_a_timestamp_is_local_time_and_can_be_read_back() -> None:
    """Also with the number of a second set of the same second behind it."""
    when = datetime(2026, 11, 22, 13, 14, 15, tzinfo=UTC)
    assert timestamp(when) == when.astimezone().strftime("%Y%m%d-%H%M%S")
    assert timestamp_in(f"vase_{timestamp(when)}") == when
    assert timestamp_in(f"vase_{timestamp(when)}-2") == when


@pytest.mark.parametrize(
    "name", ["vase", "vase_20261399-101010", "vase_20261122-10101", "20261122-101010", "x_00010101-000000"]
)
def test_a_name_without_a_moment_has_none(name: str) -> None:
    """Nonsense in a folder's name does not break a list."""
    found = timestamp_in(name)
    assert found is None or found.year == 1


def test_names_that_no_message_could_carry_are_not_shown() -> None:
    """Hidden names and bytes that are not UTF-8 stay unseen."""
    assert is_visible("a.jpg")
    assert not is_visible(".a.jpg")
    assert not is_visible("\udcff.jpg")


def test_an_echo_is_cut_and_clean() -> None:
    """At most 200 characters, and no lone surrogates."""
    assert len(shown("x" * 1000)) == 200
    assert shown("a\ud800b") == "a?b"
