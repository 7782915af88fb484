"""Recipes on the disk: durable, by name, and none in the way of the others."""

import json
from pathlib import Path
from typing import Any

import pytest

from tetherlight.errors import InvalidPayload, RecipeExists, RecipeNotFound, StoreError
from tetherlight.protocol.recipes import SAVE_RECIPE, CaptureRecipe, Recipe, set_of
from tetherlight.protocol.sets import CapturePhotometricSet, CaptureSet
from tetherlight.recipes import RecipeBook, file_name, parsed, written


@pytest.fixture
def book(tmp_path: Path) -> RecipeBook:
    """The recipes of a state folder that is not there yet."""
    return RecipeBook(tmp_path / "state")


def recipe(name: str, **fields: Any) -> Recipe:
    return Recipe(name=name, **(fields or {"settings": {"iso": "100"}}))


def names(book: RecipeBook) -> list[str]:
    return [one.name for one in book.all().recipes]


def test_a_recipe_is_kept_under_any_name_and_comes_back_whole(book: RecipeBook, tmp_path: Path) -> None:
    coins = recipe(
        "Coins, f/8",
        settings={"aperture": "8", "/main/other/x": 3, "flash": False},
        light_sequence=["a", "b"],
        levels={"a": 0.4},
        ambient=True,
        exposure=[-1.0, {"iso": "200"}],
        retakes=0,
    )
    for one in (coins, recipe("../../etc/passwd"), recipe("…"), recipe("Münzen")):
        assert not book.save(one, replace=False)
    assert names(book) == ["../../etc/passwd", "Coins, f/8", "Münzen", "…"]
    assert RecipeBook(tmp_path / "state").find("Coins, f/8") == coins
    assert list(coins.settings) == list(book.find("coins, F/8").settings)
    assert {path.parent for path in tmp_path.rglob("*.json")} == {book.folder}


def test_a_name_is_meant_in_any_case_and_by_its_beginning_where_no_other_fits(book: RecipeBook) -> None:
    for name in ("Coins, f/8", "Coins, f/11", "Co"):
        book.save(recipe(name), replace=False)
    assert book.find("CO").name == "Co"
    assert book.find("coins, f/1").name == "Coins, f/11"
    with pytest.raises(RecipeNotFound, match="'coins' fits 2 recipes: 'Coins, f/11', 'Coins, f/8'"):
        book.find("coins")
    with pytest.raises(RecipeNotFound, match="There is no recipe 'vase'"):
        book.find("vase")


def test_another_recipe_of_the_name_is_replaced_only_where_that_is_wished(book: RecipeBook) -> None:
    book.save(recipe("Coins"), replace=False)
    with pytest.raises(RecipeExists):
        book.save(recipe("COINS", settings={"iso": "200"}), replace=False)
    assert book.find("coins").settings == {"iso": "100"}
    assert book.save(recipe("COINS", settings={"iso": "200"}), replace=True)
    assert [(one.name, one.settings) for one in book.all().recipes] == [("COINS", {"iso": "200"})]


def test_what_was_deleted_is_given_back_and_a_part_of_a_name_deletes_nothing(book: RecipeBook) -> None:
    with pytest.raises(RecipeNotFound):
        book.delete("Coins")
    coins = recipe("Coins")
    book.save(coins, replace=False)
    with pytest.raises(RecipeNotFound):
        book.delete("Coi")
    assert book.delete("coins") == coins
    assert names(book) == []


def test_files_that_are_no_recipe_are_told_and_stand_in_nobodys_way(book: RecipeBook) -> None:
    book.save(recipe("Coins"), replace=False)
    twin = written([recipe("coins", settings={"iso": "3200"})])
    broken = {
        "a.json": b"{", "b.json": b"", "c.json": b'{"tetherlight_recipes": 2, "recipes": []}', "e.json": b"\xff\xfe",
        "d.json": written([recipe("x"), recipe("y")]), "zz.json": twin, "f.json": b"[" * 100_000,
        "g.json": b" " * 400_000,
    }  # fmt: skip
    for name, content in broken.items():
        (book.folder / name).write_bytes(content)
    (book.folder / "link.json").symlink_to("/etc/hostname")
    (book.folder / "folder.json").mkdir()
    (book.folder / "notes.txt").write_text("not ours")
    found = book.all()
    assert [one.settings for one in found.recipes] == [{"iso": "100"}]
    assert {one.file for one in found.faults} == {*broken, "link.json", "folder.json"}
    assert all(one.message.endswith(".") for one in found.faults)
    assert "It has 2 recipes" in next(one.message for one in found.faults if one.file == "d.json")
    book.save(recipe("Vase"), replace=False)
    assert names(book) == ["Coins", "Vase"]


def test_a_folder_that_cannot_be_made_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    book = RecipeBook(tmp_path / "state")
    assert names(book) == []
    with pytest.raises(StoreError, match="Recipe 'Coins' could not be kept"):
        book.save(recipe("Coins"), replace=False)


def test_an_export_is_short_and_is_read_as_it_was_written() -> None:
    recipes = [recipe("Coins", light_sequence=["a"]), recipe("Preset")]
    content = written(recipes)
    assert parsed(content) == recipes
    assert json.loads(content)["recipes"][0] == {"name": "Coins", "light_sequence": ["a"]}
    with pytest.raises(ValueError, match="recipes"):
        parsed(b'{"tetherlight_recipes": 1}')


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"name": "a"}, "it needs settings, light_sequence or axes"),
        ({"name": "a", "light_sequence": ["a"], "axes": [{"axis": "repeat", "count": 2}]}, "either light_sequence"),
        ({"name": "a", "settings": {"iso": "1"}, "ambient": True}, "'ambient' needs light_sequence"),
        ({"name": " a", "settings": {"iso": "1"}}, "a space at an end"),
        ({"name": "a\n", "settings": {"iso": "1"}}, "cannot be seen"),
        ({"name": "a", "settings": {"iso": "1"}, "lamps": 3}, "has no field"),
        ({"name": "a", "light_sequence": ["a"], "levels": {"a": 0}}, "levels"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_one_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidPayload, match=sentence):
        SAVE_RECIPE.parse({"recipe": given})


def test_what_is_said_of_the_object_counts_instead_of_what_the_recipe_says() -> None:
    lit = recipe("Coins", light_sequence=["a"], levels={"a": 0.5}, set_name_prefix="coin", notes="dry", retakes=3)
    asked = CaptureRecipe(recipe="coins", set_name_prefix="ric", catalogue_number="RIC 207", camera_id="c")
    made = set_of(lit, asked)
    assert isinstance(made, CapturePhotometricSet)
    assert (made.set_name_prefix, made.notes, made.catalogue_number) == ("ric", "dry", "RIC 207")
    assert (made.light_sequence, made.levels, made.retakes, made.camera_id) == (["a"], {"a": 0.5}, 3, "c")
    assert set_of(recipe("Preset"), asked) is None
    grid = SAVE_RECIPE.parse(
        {"recipe": {"name": "g", "axes": [{"axis": "light", "values": [None, "a"], "levels": {"b": 1}}]}}
    )
    assert isinstance(set_of(grid.recipe, asked), CaptureSet)
    assert grid.recipe.lights == {"a": None, "b": 1.0}


def test_the_name_of_a_file_tells_its_recipe_and_no_two_have_the_same() -> None:
    assert file_name("Coins, f/8").startswith("coins-f-8-")
    assert file_name("Coins, f/8") == file_name("COINS, F/8")
    assert len({file_name(name) for name in ("a/b", "a b", "a-b", "", "ä", "ö")}) == 6
