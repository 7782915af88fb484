"""A captures folder whose disk was taken away is an error, and no empty archive."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.store_world import all_sets, jpeg
from tetherlight.errors import StoreError
from tetherlight.naming.templates import Subject
from tetherlight.protocol.sets import AnnotateSet
from tetherlight.settings import Settings
from tetherlight.store.store import Store

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.chdir(tmp_path)
    made = Store(Settings(min_free_bytes=0))
    made.prepare()
    folder = made.create_set("vase", NOW).path
    (folder / "a.jpg").write_bytes(jpeg())
    Path("captures/b.jpg").write_bytes(jpeg())
    return made


REQUESTS: dict[str, Callable[[Store, str], object]] = {
    "list of sets": lambda store, _: store.list_sets_as_json(),
    "list of captures": lambda store, _: store.captures.newest(),
    "contents": lambda store, name: store.sets.contents(name),
    "details": lambda store, name: store.sets.details(name),
    "zip": lambda store, name: store.zip_set(name),
    "image": lambda store, _: store.read_image("b.jpg"),
    "deletion of an image": lambda store, _: store.delete_image("b.jpg"),
    "restoration of an image": lambda store, _: store.captures.restore("b.jpg"),
    "deletion of a set": lambda store, name: store.sets.delete(name),
    "restoration of a set": lambda store, name: store.sets.restore(name),
    "notes": lambda store, name: store.sets.annotate(AnnotateSet(set_name=name, notes="x")),
    "new set": lambda store, _: store.create_set("coin", NOW),
    "new capture": lambda store, _: store.image_stem(Subject(), NOW),
    "room": lambda store, _: store.require_room(),
}


@pytest.mark.parametrize("left", ["an empty folder", "nothing"])
@pytest.mark.parametrize("asked", REQUESTS)
def test_whoever_asks_is_told_that_the_disk_is_gone(store: Store, asked: str, left: str) -> None:
    """Nothing is written beside the disk, and all is there when it comes back."""
    (name,) = (one.name for one in all_sets(store))
    Path("captures").rename("disk")
    if left == "an empty folder":
        Path("captures").mkdir()
    with pytest.raises(StoreError, match=r"captures is not the one any more .* unmounted") as told:
        REQUESTS[asked](store, name)
    assert type(told.value) is StoreError
    assert "Mount the disk again" in (told.value.hint or "")
    if left == "an empty folder":
        assert list(Path("captures").iterdir()) == []
        Path("captures").rmdir()
    assert not Path("captures").exists()
    Path("disk").rename("captures")
    assert [one.name for one in all_sets(store)] == [name]
    assert [one.filename for one in store.captures.newest()] == ["b.jpg"]
    store.close()


def test_the_folder_of_the_sets_may_be_deleted_and_made_anew(store: Store) -> None:
    """On the captures' own disk that is somebody's wish: there are no sets then."""
    Path("captures/photometric_sets").rename("away")
    assert all_sets(store) == []
    assert store.create_set("coin", NOW).path.is_dir()
    store.close()
