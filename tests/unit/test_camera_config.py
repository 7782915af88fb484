"""The config cache: names, aliases, changes, and what the camera's status is read from."""

from typing import Any

import pytest
from pydantic_core import from_json

from tetherlight.camera.config import ConfigCache
from tetherlight.errors import ConfigNotFound
from tetherlight.protocol.models import ConfigEntry, ConfigType


def entry(name: str, value: Any = "1", section: str = "settings", **fields: Any) -> ConfigEntry:
    path = f"/main/{section}/{name}"
    return ConfigEntry(
        **{
            "name": name,
            "label": name.upper(),
            "value": value,
            "type": ConfigType.TEXT,
            "readonly": False,
            "path": path,
        }
        | fields
    )


def filled(*found: ConfigEntry) -> ConfigCache:
    cache = ConfigCache()
    cache.fill(found)
    return cache


def test_an_entry_is_found_by_name_path_and_alias() -> None:
    cache = filled(entry("f-number", "f/8"), entry("iso"))
    for name in ("f-number", "aperture", "/main/settings/f-number"):
        assert cache.find(name).value == "f/8"
    assert cache.find("aperture").alias == "aperture"
    assert cache.find("iso").alias == "iso"


def test_the_common_name_wins_over_what_makers_call_it() -> None:
    cache = filled(entry("f-number"), entry("aperture", "5.6"))
    assert cache.find("aperture").value == "5.6"
    assert cache.find("f-number").alias is None


def test_of_two_entries_with_one_name_the_first_is_meant() -> None:
    cache = filled(entry("iso", "100"), entry("iso", "200", section="other"))
    assert cache.find("iso").value == "100"
    assert cache.find("/main/other/iso").value == "200"


def test_an_unknown_name_is_reported_and_not_repeated_whole() -> None:
    with pytest.raises(ConfigNotFound, match=r"^Config 'nonsense' not found\.$"):
        filled(entry("iso")).find("nonsense")
    with pytest.raises(ConfigNotFound) as caught:
        filled().find("x" * 1000)
    assert len(caught.value.message) < 250


def test_only_what_changed_is_told() -> None:
    cache = filled(entry("iso"), entry("artist"))
    assert cache.fill([entry("iso"), entry("artist")]) == []
    assert [each.name for each in cache.fill([entry("iso", "2"), entry("artist")])] == ["iso"]
    assert cache.update(entry("iso", "2", section="other")) == (cache.find("iso"), False)
    kept, changed = cache.update(entry("iso", "3", section="other"))
    assert (kept.path, kept.alias, changed) == ("/main/settings/iso", "iso", True)


def test_an_event_may_name_an_entry_by_its_label() -> None:
    cache = filled(entry("viewfinder", label="Live View Status"))
    assert cache.name_of("Live View Status") == "viewfinder"
    assert cache.name_of("viewfinder") == "viewfinder"
    assert cache.name_of("d11c") is None


@pytest.mark.parametrize(
    ("text", "percent"), [("50%", 50), ("100", 100), ("Low", 10), ("Full", 100), ("unknown", None), ("", None)]
)
def test_the_battery_is_read_from_numbers_and_words(text: str, percent: int | None) -> None:
    assert filled(entry("batterylevel", text)).status().battery_percent == percent


@pytest.mark.parametrize(
    ("fields", "percent"),
    [
        ({"value": "3", "type": "menu", "options": ["0", "1", "2", "3", "4"]}, 75),
        ({"value": 50.0, "type": "range", "min": 0.0, "max": 200.0}, 25),
        ({"value": "80"}, 80),
        ({"value": "x", "type": "menu", "options": ["0", "1"]}, None),
        ({"value": "1", "type": "menu", "options": ["1"]}, 1),
    ],
)
def test_a_body_may_count_its_charge_in_steps_of_its_own(fields: dict[str, Any], percent: int | None) -> None:
    assert filled(entry("5001", **fields)).status().battery_percent == percent


def test_a_scale_that_is_told_wins_over_a_guessed_one() -> None:
    """libgphoto2 calls the fourth of four steps 4 %."""
    steps = entry("5001", "4", type=ConfigType.MENU, options=["0", "1", "2", "3", "4"])
    assert filled(entry("batterylevel", "4%"), steps).status().battery_percent == 100


def test_what_a_camera_does_not_say_is_unknown() -> None:
    cache = filled(entry("iso"))
    assert cache.status() == (None, None, None)
    assert filled(entry("availableshots", "42")).status().shots_left == 42


def test_what_a_camera_says_of_itself_is_as_new_as_its_entries() -> None:
    cache = filled(entry("batterylevel", "50%"), entry("availableshots", "42"), entry("lensname", "50mm"))
    assert cache.status() == ("50mm", 50, 42)
    for name, value, status in (
        ("iso", "200", ("50mm", 50, 42)),
        ("batterylevel", "49%", ("50mm", 49, 42)),
        ("availableshots", "41", ("50mm", 49, 41)),
        ("lensname", "85mm", ("85mm", 49, 41)),
    ):
        cache.update(entry(name, value))
        assert cache.status() == status
    cache.fill([entry("batterylevel", "Low")])
    assert cache.status() == (None, 10, None)


def test_the_encoded_form_follows_every_change() -> None:
    """What is kept encoded never outlives the entry that it stands for."""
    cache = filled(entry("iso", "100"), entry("f-number", "f/8"))
    for change in (
        lambda: cache.update(entry("iso", "200")),
        lambda: cache.update(entry("iso", "200")),
        lambda: cache.fill([entry("iso", "400"), entry("f-number", "f/4")]),
        lambda: cache.update(entry("new")),
    ):
        cache.encoded(None), cache.encoded("iso"), cache.encoded("aperture")
        change()
        assert from_json(cache.encoded("iso")) == cache.find("iso").model_dump(mode="json")
        assert from_json(cache.encoded("aperture")) == cache.find("aperture").model_dump(mode="json")
        assert from_json(cache.encoded(None)) == [one.model_dump(mode="json") for one in cache.all()]
    with pytest.raises(ConfigNotFound):
        cache.encoded("nothing")


@pytest.mark.parametrize(("left", "many"), [(20, False), (17, False), (16, True), (0, True)])
def test_a_tree_that_lost_more_than_a_turn_of_the_dial_explains_is_doubted(left: int, many: bool) -> None:
    entries = [entry(f"e{number}") for number in range(20)]
    assert filled(*entries).loses_many(entries[:left]) is many
    assert not filled().loses_many(entries)
