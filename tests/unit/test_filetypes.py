"""Which files are images, and which one stands for several."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tetherlight
from tetherlight.files.types import FILE_TYPES, FileType, cover_of, is_image, kind_of, mimetype_of, standing_for
from tetherlight.protocol.schema import protocol_schema
from tetherlight.protocol.sets import Files

SOURCES = Path(tetherlight.__file__).parent
NAMES = st.lists(st.sampled_from(["a.jpg", "b.JPG", "c.cr2", "d.png", "e.NEF"]))


@pytest.mark.parametrize("row", FILE_TYPES, ids=lambda row: row.suffix)
def test_an_image_is_known_by_its_extension_in_any_case(row: FileType) -> None:
    """All that is in its row."""
    for name in (f"a{row.suffix}", Path(f"folder.x/A{row.suffix.upper()}")):
        assert (is_image(name), mimetype_of(name), kind_of(name)) == (True, row.mimetype, row.kind)


@pytest.mark.parametrize("name", ["manifest.json", "jpg", ".jpg", "a.jpg.xmp", "a.", ""])
def test_what_is_no_image_has_no_kind(name: str) -> None:
    """A name alone is no extension."""
    assert (is_image(name), mimetype_of(name), kind_of(name)) == (False, "application/octet-stream", None)


def test_no_extension_stands_twice() -> None:
    """And each is spelt as it is compared."""
    suffixes = [row.suffix for row in FILE_TYPES]
    assert len(suffixes) == len(set(suffixes))
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in suffixes)


@given(NAMES)
def test_the_first_jpeg_stands_for_an_exposure_else_the_first_file(names: list[str]) -> None:
    """In the order that is given, whatever it is."""
    jpegs = [name for name in names if kind_of(name) == "jpeg"]
    assert standing_for(names) == next(iter(jpegs or names), None)
    assert standing_for(enumerate(names), lambda one: one[1]) in [None, *enumerate(names)]


def test_a_lit_jpeg_stands_for_a_set() -> None:
    """The ambient frame is black, and a RAW has no picture at hand."""
    folder = [Path(name) for name in ("image_02_b.jpg", "image_00_ambient.jpg", "image_01_a.cr2", "image_01_a.jpg")]
    assert cover_of(folder) == Path("image_01_a.jpg")
    assert cover_of(folder[1:3]) == Path("image_00_ambient.jpg")
    assert cover_of([]) is None


def test_sets_are_chosen_by_kinds_of_the_table() -> None:
    """`files` of a zip and of a download knows no other ones."""
    assert set(Files.__args__) - {"all"} <= {row.kind for row in FILE_TYPES}  # type: ignore[attr-defined]


def test_the_schema_has_the_whole_table() -> None:
    """So has what is made from it."""
    types = protocol_schema()["definitions"]["ImageType"]["x-types"]
    assert types == {row.suffix: {"mimetype": row.mimetype, "kind": row.kind} for row in FILE_TYPES}


def test_no_second_table_of_images_stands_beside_it() -> None:
    """Nobody but the table pairs extensions with types."""
    suffixes = {row.suffix for row in FILE_TYPES} | {row.suffix[1:] for row in FILE_TYPES}
    found = [
        (path.name, key.value)
        for path in SOURCES.rglob("*.py")
        if not {"simulator", "web"} & set(path.relative_to(SOURCES).parts)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Dict)
        for key in node.keys
        if isinstance(key, ast.Constant) and key.value in suffixes
    ]
    assert found == []
