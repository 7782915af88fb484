"""Deleting works where the disk is full: that is what people are told to do then."""

import errno
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.store_world import all_sets, jpeg, small
from tetherlight.errors import StoreFull
from tetherlight.settings import Settings
from tetherlight.store.reserve import COUNT
from tetherlight.store.store import Store
from tetherlight.store.trash_list import emptied

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.chdir(tmp_path)
    made = Store(Settings(min_free_bytes=0))
    made.prepare()
    for number in range(COUNT + 1):
        folder = made.create_set(f"vase{number}", NOW).path
        (folder / "a.jpg").write_bytes(jpeg())
    for name in ("one.jpg", "one.cr2", "two.jpg"):
        (Path("captures") / name).write_bytes(jpeg())
    return made


@pytest.fixture
def full(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """From now on no folder can be made and nothing be written, as on a disk without a free block."""

    def no_room(path: object, *_: object, **__: object) -> None:
        if os.path.lexists(str(path)):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)

    monkeypatch.setattr(os, "mkdir", no_room)
    return store


def test_a_set_is_deleted_and_brought_back_on_a_full_disk(full: Store) -> None:
    """Also the first one ever: the trash itself is not there yet."""
    names = full.sets.names()
    full.sets.delete(names[0])
    assert sorted(one.name for one in all_sets(full)) == sorted(names[1:])
    full.sets.restore(names[0])
    assert sorted(one.name for one in all_sets(full)) == sorted(names)
    full.close()


def test_a_capture_is_deleted_with_all_its_files_on_a_full_disk(full: Store) -> None:
    full.delete_image("one.jpg")
    assert [one.filename for one in full.captures.newest()] == ["two.jpg"]
    assert not Path("captures/one.cr2").exists()
    full.close()


def test_when_the_reserve_is_used_up_the_trash_must_be_emptied_first(full: Store) -> None:
    """The refusal says so, touches nothing, and afterwards deleting goes on."""
    names = full.sets.names()
    deleted = 0
    hint = None
    while hint is None:
        try:
            full.sets.delete(names[deleted])
            deleted += 1
        except StoreFull as refused:
            hint = refused.hint
    assert deleted >= COUNT - 1
    assert "EMPTY_TRASH" in hint
    assert len(all_sets(full)) == len(names) - deleted
    assert emptied(full, "set").count == deleted
    assert list(full.sets.trash) == []
    full.close()


def test_the_reserve_is_filled_again_when_there_is_room(store: Store) -> None:
    """The next full disk finds it whole."""
    reserve = store.places.sets_dir / ".reserve"
    assert len(list(reserve.iterdir())) == COUNT
    (reserve / "0").rmdir()
    store.sets.delete(store.sets.names()[0])
    assert len(list(reserve.iterdir())) == COUNT
    store.close()


def test_thumbnails_go_before_anything_that_was_deleted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """They can be drawn again."""
    small(store.thumbnails, store.places.resolve_image("one.jpg"))
    thumbnails = store.places.thumbnails_dir
    free = {True: 100, False: 1000}

    def usage(_: Path) -> object:
        left = any(thumbnails.rglob("*.jpg"))
        return type("Usage", (), {"free": free[left], "total": 2000})()

    monkeypatch.setattr("tetherlight.store.space.shutil.disk_usage", usage)
    store.space.require(500)
    assert not list(thumbnails.rglob("*.jpg"))
    small(store.thumbnails, store.places.resolve_image("one.jpg"))
    store.close()
