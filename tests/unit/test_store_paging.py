"""Pages of the list of sets: what is on them, in what order, and that a cursor stays where it was."""

import base64
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tetherlight.errors import InvalidPayload
from tetherlight.protocol.manifest import Manifest
from tetherlight.protocol.models import ImageSet, JobState
from tetherlight.protocol.set_lists import LIST_IMAGE_SETS, ListSets, SetOrder
from tetherlight.settings import Settings
from tetherlight.store.facets import facets_of
from tetherlight.store.index import Entry, Stamp
from tetherlight.store.paging import ORDERS, matching, object_of, page_of
from tetherlight.store.store import Store

ORDER_NAMES: list[SetOrder] = list(ORDERS)
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
STATES = (None, *JobState)


def entry(name: str, *, hour: int | None = 0, size: int = 0, rating: int | None = None, **facts: object) -> Entry:
    summary = ImageSet.model_validate({"name": name, "size": size, "rating": rating, **facts})
    words = f"{name} {summary.camera or ''} {summary.catalogue_number or ''}".casefold()
    when = 0 if hour is None else hour * 3_600_000_000
    return Entry(summary, b"{}", when, words, Stamp(0, ()), 0, 0, rested=True)


def names(entries: Sequence[Entry]) -> list[str]:
    return [one.summary.name for one in entries]


SHELF = [
    entry("vase_b", hour=2, size=30, rating=5, status="completed", camera="Canon EOS", catalogue_number="A 7"),
    entry("Vase_a", hour=2, size=10, rating=None, status="failed", camera="Nikon"),
    entry("coin", hour=1, size=20, rating=3, status=None),
    entry("tile", hour=None, size=20, rating=5, status="running"),
]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("newest", ["Vase_a", "vase_b", "coin", "tile"]),
        ("oldest", ["tile", "coin", "Vase_a", "vase_b"]),
        ("name", ["coin", "tile", "Vase_a", "vase_b"]),
        ("size", ["vase_b", "coin", "tile", "Vase_a"]),
        ("rating", ["vase_b", "tile", "coin", "Vase_a"]),
    ],
)
def test_each_order_has_its_ties_by_beginning_and_name(order: SetOrder, expected: list[str]) -> None:
    """Names go without regard to capitals; what has no beginning is the oldest."""
    assert names(matching(SHELF, ListSets(order=order))) == expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, {"vase_b", "Vase_a", "coin", "tile"}),
        ({"search": "VASE canon"}, {"vase_b"}),
        ({"search": " a  7 "}, {"vase_b"}),
        ({"search": "urn"}, set()),
        ({"search": "  "}, {"vase_b", "Vase_a", "coin", "tile"}),
        ({"complete": True}, {"vase_b", "coin"}),
        ({"complete": False}, {"Vase_a", "tile"}),
        ({"min_rating": 3}, {"vase_b", "coin", "tile"}),
        ({"min_rating": 5, "complete": True}, {"vase_b"}),
        ({"max_rating": 0}, {"Vase_a"}),
        ({"min_rating": 1, "max_rating": 4}, {"coin"}),
    ],
)
def test_search_and_filters_go_together(wanted: dict[str, object], expected: set[str]) -> None:
    """Every word must stand in name, camera or catalogue number; no rating counts as 0."""
    assert set(names(matching(SHELF, ListSets.model_validate(wanted)))) == expected


@pytest.mark.parametrize("cursor", ["", "x", "%%%", "é", base64.urlsafe_b64encode(b"[1]").decode(), "A" * 2000])
def test_a_cursor_that_is_none_is_refused(cursor: str) -> None:
    """With a sentence that names the field, whatever its bytes are."""
    with pytest.raises(InvalidPayload, match="'cursor' of LIST_IMAGE_SETS"):
        page_of(SHELF, ListSets(cursor=cursor), 2)


@pytest.mark.parametrize(
    "place", [["name", "a", "b"], ["newest", "1", "a"], ["newest", 1, 2], ["newest", True, "a"], ["newest"], {"a": 1}]
)
def test_a_cursor_of_another_order_or_shape_is_refused(place: object) -> None:
    """Nothing of it is compared with a set's place."""
    cursor = base64.urlsafe_b64encode(json.dumps(place).encode()).decode()
    with pytest.raises(InvalidPayload):
        page_of(SHELF, ListSets(cursor=cursor, order="newest"), 2)


@pytest.mark.parametrize(
    "payload", [{"limit": 0}, {"limit": 1001}, {"order": "colour"}, {"min_rating": 6}, {"page": 2}]
)
def test_what_a_list_does_not_know_is_refused(payload: dict[str, object]) -> None:
    """By the name of the field."""
    with pytest.raises(InvalidPayload, match=f"'{next(iter(payload))}'"):
        LIST_IMAGE_SETS.parse(payload)


sets = st.builds(
    entry,
    name=st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=6),
    hour=st.none() | st.integers(-5, 5),
    size=st.integers(0, 3),
    rating=st.none() | st.integers(-1, 5),
    status=st.sampled_from(STATES),
)
shelves = st.lists(sets, max_size=30, unique_by=lambda one: one.summary.name)


def all_pages(entries: Sequence[Entry], order: SetOrder, limit: int) -> Iterator[list[str]]:
    cursor = None
    while True:
        page = page_of(entries, ListSets(order=order, cursor=cursor), limit)
        assert page.total == len(entries)
        yield names(page.entries)
        cursor = page.cursor
        if cursor is None:
            return


@given(shelves, st.sampled_from(ORDER_NAMES), st.integers(1, 7))
def test_the_pages_together_are_the_whole_list(entries: list[Entry], order: SetOrder, limit: int) -> None:
    """In its order, each set once, full pages but the last."""
    pages = list(all_pages(entries, order, limit))
    assert [name for page in pages for name in page] == names(matching(entries, ListSets(order=order)))
    assert all(len(page) == limit for page in pages[:-1])


@given(shelves, shelves, st.sampled_from(ORDER_NAMES), st.integers(1, 5), st.data())
def test_sets_that_come_and_go_move_no_other_one(
    entries: list[Entry], others: list[Entry], order: SetOrder, limit: int, data: st.DataObject
) -> None:
    """Of the sets that stay each one is on exactly one page, also where the last one of a page is gone."""
    first = page_of(entries, ListSets(order=order), limit)
    if first.cursor is None:
        return
    gone = data.draw(st.sets(st.sampled_from(names(entries))))
    stay = [one for one in entries if one.summary.name not in gone]
    fresh = [one for one in others if one.summary.name not in set(names(entries))]
    rest = page_of([*fresh, *stay], ListSets(order=order, cursor=first.cursor), 1000)
    told = [*names(first.entries), *names(rest.entries)]
    assert len(told) == len(set(told))
    assert set(names(stay)) <= set(told)


def test_the_beginning_of_a_set_is_told_to_the_microsecond(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that sets of one second keep their order over the pages of a real store."""
    monkeypatch.chdir(tmp_path)
    store = Store(Settings())
    store.prepare()
    for number in (3, 1, 2):
        made = store.create_set(f"set{number}", FIRST)
        store.sets.write_manifest(made.name, Manifest(started_at=FIRST + timedelta(microseconds=number)))
    told, cursor = [], None
    for _ in range(3):
        page = store.page_of_sets(ListSets(limit=1, cursor=cursor), 7)
        told += [one.name[:4] for one in page.sets]
        cursor = page.cursor
        assert (page.total, page.seq) == (3, 7)
    assert told == ["set3", "set2", "set1"]
    assert cursor is None
    store.close()


def test_sets_are_narrowed_down_by_what_they_have_in_common() -> None:
    """A number names the object, else the name without its time; days are those of this machine's clock."""
    began = datetime(2026, 3, 5, 12, tzinfo=UTC)
    shelf = [
        entry("vase_20260305-120000", created_at=began, camera="Canon EOS", status="completed"),
        entry("vase_20260306-120000", created_at=began + timedelta(days=1), camera="Canon EOS", status="failed"),
        entry("anything", created_at=began, catalogue_number="A 7"),
    ]
    facets = facets_of(shelf, ListSets())
    assert [(one.value, one.count) for one in facets.days] == [("2026-03-06", 1), ("2026-03-05", 2)]
    assert [(one.value, one.count) for one in facets.objects] == [("vase", 2), ("A 7", 1)]
    assert [(one.value, one.count) for one in facets.cameras] == [("Canon EOS", 2)]
    assert (facets.complete, facets.partial) == (2, 1)
    assert names(matching(shelf, ListSets(day=began.date(), object="vase"))) == ["vase_20260305-120000"]
    assert names(matching(shelf, ListSets(object="A 7"))) == ["anything"]
    assert facets_of(shelf, ListSets(camera="Nikon")).complete == 0


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("vase_20260305-120000", "vase"),
        ("Roman coin_20260305-120000-2", "Roman coin"),
        ("20260305-120000", "20260305-120000"),
        ("by_hand", "by_hand"),
    ],
)
def test_a_set_without_a_number_shows_what_its_name_says(name: str, shown: str) -> None:
    assert object_of(ImageSet(name=name)) == shown
