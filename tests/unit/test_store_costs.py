"""What one event asks of the disk: the same for ten sets as for a thousand, and for ten single captures as for many."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.file_operations import Operations, counted
from support.store_world import all_sets, jpeg, small
from tetherlight.naming.templates import DEFAULT_TEMPLATES, Subject
from tetherlight.protocol.manifest import MANIFEST, Manifest
from tetherlight.protocol.models import JobState
from tetherlight.protocol.set_lists import ListSets
from tetherlight.protocol.sets import AnnotateSet
from tetherlight.settings import Settings
from tetherlight.store import index
from tetherlight.store.store import FIRST_LOOK, LATER_LOOK, Store

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
FEW, MANY = 10, 1000
FIRST = 9
"""An archive in which each event happens first: modules are loaded then."""
SUBJECT = Subject(model="Canon EOS 1300D")
COUNTING = DEFAULT_TEMPLATES.changed("{model}_{number}", "{prefix}_{number}")


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Folders of captures with few and with many sets, single captures and thumbnails."""
    manifest = Manifest(status=JobState.COMPLETED, started_at=NOW).model_dump_json()
    found = {}
    for count in (FIRST, FEW, MANY):
        folder = found[count] = tmp_path_factory.mktemp(f"archive{count}") / "captures"
        for number in range(count):
            place = folder / "photometric_sets" / f"set_{number:04d}"
            place.mkdir(parents=True)
            (place / "image_01_a.jpg").write_bytes(b"a")
            (place / MANIFEST).write_text(manifest)
            (folder / f"single_{number:04d}.jpg").write_bytes(b"b")
        for trash in (folder / ".trash_captures", folder / "photometric_sets" / ".trash"):
            for number in range(count // 10):
                (trash / f"20261122T1200{number // 60:02d}.{number:06d}Z" / f"gone_{number}").mkdir(parents=True)
        thumbnails = folder / ".thumbnails" / "earlier"
        thumbnails.mkdir(parents=True)
        for number in range(count):
            (thumbnails / f"{number:04d}.jpg").write_bytes(b"t")
    return found


@contextmanager
def running(folder: Path) -> Iterator[Store]:
    """A store of a server that has been up for a while: everything was listed, a picture was taken."""
    store = Store(Settings(captures_base_dir=folder, min_free_bytes=0, trash_days=3650))
    store.prepare()
    list(store.tidy())
    all_sets(store)
    store.require_room()
    store.example_names(COUNTING, SUBJECT, NOW)
    try:
        yield store
    finally:
        store.close()


def frame(store: Store, folder: Path) -> None:
    """Do what a set does with each of its frames."""
    (folder / "photometric_sets" / "set_0003" / "image_02_b.jpg").write_bytes(b"c")
    store.sets.write_manifest("set_0003", Manifest(status=JobState.RUNNING, started_at=NOW))
    store.space.taken(1)
    told = store.sets.summary("set_0003")
    assert told is not None
    assert (told.status, told.image_count) == (JobState.RUNNING, 2)


def thumbnail(store: Store, folder: Path) -> None:
    """Draw the first thumbnail of an image."""
    image = folder / "single_0001.jpg"
    image.write_bytes(jpeg())
    small(store.thumbnails, image)


def deletion(store: Store, _: Path) -> None:
    """Delete a set and look what there is of it."""
    store.sets.delete("set_0005")
    assert store.sets.summary("set_0005") is None


EVENTS: dict[str, Callable[[Store, Path], object]] = {
    "a frame of a set arrives": frame,
    "a set is annotated": lambda store, _: store.sets.annotate(AnnotateSet(set_name="set_0002", rating=3)),
    "a set is opened": lambda store, _: store.sets.details("set_0001"),
    "a set is begun": lambda store, _: store.create_set("new", NOW),
    "a set is deleted and told of": deletion,
    "a set is renamed": lambda store, _: store.sets.rename("set_0006", "urn"),
    "room for a capture is looked for": lambda store, _: store.require_room(),
    "a capture gets its name": lambda store, _: store.stems.give_back(store.image_stem(SUBJECT, NOW)[1]),
    "the next names are told": lambda store, _: store.example_names(DEFAULT_TEMPLATES, SUBJECT, NOW),
    "the next numbers are told": lambda store, _: store.example_names(COUNTING, SUBJECT, NOW),
    "a single capture is rated": lambda store, _: store.annotate_image("single_0002.jpg", 4, None),
    "the room on the disk is told": lambda store, _: store.space.storage(),
    "a first thumbnail is kept": thumbnail,
}


@pytest.fixture(autouse=True)
def all_at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that were made for a test count as old."""
    monkeypatch.setattr(index, "REST_NS", -1)


@pytest.mark.parametrize("what", EVENTS)
def test_what_one_event_costs_does_not_grow_with_the_archive(archives: dict[int, Path], what: str) -> None:
    """Files opened, folders read and files looked at are as many."""
    costs: dict[int, Operations] = {}
    for count, folder in archives.items():
        with running(folder) as store, counted() as costs[count]:
            EVENTS[what](store, folder)
    assert costs[MANY] == costs[FEW]
    assert costs[FEW].all < 100


@pytest.mark.parametrize("wanted", [ListSets(), ListSets(limit=20), ListSets(search="set 7", order="name", limit=5)])
def test_a_list_reads_one_folder_and_looks_at_each_set(archives: dict[int, Path], wanted: ListSets) -> None:
    """Nothing is opened where nothing changed; a page costs no more than the whole list.

    Each list looks once at the captures' folder itself.
    """
    with running(archives[MANY]) as store, counted() as cost:
        page = store.page_of_sets(wanted, 0)
        assert page.total > 0
        told = len(all_sets(store))
    assert (cost.opened, cost.folders) == (0, 2)
    assert cost.looked == 2 * (2 * told + 1)


def test_a_start_reads_the_sets_that_changed_last_and_no_others(archives: dict[int, Path]) -> None:
    """The many are looked at once; they are read behind the start."""
    costs: dict[int, Operations] = {}
    for count, folder in archives.items():
        store = Store(Settings(captures_base_dir=folder, min_free_bytes=0))
        with counted() as costs[count]:
            looked = store.prepare()
        assert len(looked) == min(FIRST_LOOK, len(all_sets(store)))
        store.close()
    more_sets = FIRST_LOOK - FEW
    assert costs[MANY].opened - costs[FEW].opened <= 3 * more_sets
    assert costs[MANY].folders - costs[FEW].folders <= 3 * more_sets


def test_what_a_start_leaves_for_later_is_done_in_small_pieces(archives: dict[int, Path]) -> None:
    """No piece reads more than a few sets, and together they leave nothing for the first list to read."""
    store = Store(Settings(captures_base_dir=archives[MANY], min_free_bytes=0))
    looked = len(store.prepare())
    pieces = store.tidy()
    while True:
        with counted() as cost:
            piece = next(pieces, None)
        if piece is None:
            break
        looked += len(piece)
        assert cost.opened <= 3 * LATER_LOOK
    with counted() as cost:
        assert len(all_sets(store)) == looked
    assert cost.opened == 0
    store.close()


def test_a_sidecar_is_read_again_only_when_it_changed(archives: dict[int, Path]) -> None:
    """A list of rated captures opens nothing where nobody rated meanwhile."""
    with running(archives[FEW]) as store:
        for number in range(5):
            store.annotate_image(f"single_{number:04d}.jpg", 3, None)
        assert [one.rating for one in store.captures.newest(100)].count(3) == 5
        with counted() as cost:
            assert [one.rating for one in store.captures.newest(100)].count(3) == 5
        assert cost.opened == 0
        store.annotate_image("single_0000.jpg", 5, None)
        sidecar = archives[FEW] / "single_0001.xmp"
        sidecar.write_bytes(sidecar.read_bytes().replace(b">3<", b">2<").replace(b'"3"', b'"2"'))
        os.utime(sidecar, (1, 1))
        ratings = {one.filename: one.rating for one in store.captures.newest(100)}
        assert (ratings["single_0000.jpg"], ratings["single_0001.jpg"]) == (5, 2)
