"""What was deleted goes for good by its age alone, and no clock that was set makes it older."""

import os
import shutil
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from support.fakes import FakeClock
from support.patience import stretched
from tetherlight.errors import StoreError
from tetherlight.files.durable import sync_folder
from tetherlight.settings import Settings
from tetherlight.store.store import Store
from tetherlight.store.trash import Trash

WEEK = timedelta(days=7)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def trash(tmp_path: Path, clock: FakeClock) -> Trash:
    return Trash(tmp_path / ".trash", "Set", clock)


def throw(trash: Trash, tmp_path: Path, clock: FakeClock, name: str) -> Path:
    """Delete a folder that was made at the moment of the clock; return where it lies."""
    folder = tmp_path / name
    folder.mkdir()
    (folder / "a.jpg").write_bytes(b"x")
    os.utime(folder / "a.jpg", (clock.now.timestamp(),) * 2)
    trash.throw(folder)
    return next(one.path for one in trash if one.name == name)


def names(trash: Trash) -> set[str]:
    return {one.name for one in trash}


def test_two_looks_ten_minutes_apart_must_agree(trash: Trash, tmp_path: Path, clock: FakeClock) -> None:
    """The first one never removes anything, so a start does not either."""
    throw(trash, tmp_path, clock, "old")
    clock.wait(days=8)
    throw(trash, tmp_path, clock, "young")
    for pause, removed in ((0, 0), (599, 0), (1, 1), (600, 0)):
        clock.wait(seconds=pause)
        assert trash.purge(older_than=WEEK) == removed
    assert names(trash) == {"young"}


def test_while_old_folders_are_removed_others_go_on(
    trash: Trash, tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Removing takes long where much was deleted; names are given and folders thrown away meanwhile."""
    throw(trash, tmp_path, clock, "old")
    clock.wait(days=8)
    assert trash.purge(older_than=WEEK) == 0
    clock.wait(seconds=600)
    seen = []

    def slow(path: Path, *, ignore_errors: bool) -> None:
        other = threading.Thread(target=lambda: seen.append(throw(trash, tmp_path, clock, "young")), daemon=True)
        other.start()
        other.join(stretched(5))
        rmtree(path, ignore_errors=ignore_errors)

    rmtree = shutil.rmtree
    monkeypatch.setattr(shutil, "rmtree", slow)
    assert trash.purge(older_than=WEEK) == 1
    assert len(seen) == 1
    assert names(trash) == {"young"}


def test_a_clock_that_is_set_right_makes_no_fresh_deletion_old(trash: Trash, tmp_path: Path, clock: FakeClock) -> None:
    """Neither for this server, nor for the next one, which knows only the names that the trash has."""
    throw(trash, tmp_path, clock, "fresh")
    clock.set_by(days=300)
    for _ in range(3):
        assert trash.purge(older_than=WEEK) == 0
        clock.wait(minutes=11)
    (kept,) = trash
    assert abs(kept.deleted_at - clock.now) < timedelta(hours=1)
    again = Trash(tmp_path / ".trash", "Set", clock)
    for _ in range(3):
        assert again.purge(older_than=WEEK) == 0
        clock.wait(minutes=11)
    clock.wait(days=7)
    assert again.purge(older_than=WEEK) == 0
    clock.wait(minutes=11)
    assert again.purge(older_than=WEEK) == 1


@pytest.mark.parametrize("jump", [61, -61, 86400 * 365])
def test_looks_before_a_jump_count_no_more(trash: Trash, tmp_path: Path, clock: FakeClock, jump: float) -> None:
    """Time servers correct a clock by small steps all the time; those do not matter."""
    throw(trash, tmp_path, clock, "old")
    clock.wait(days=30)
    later = Trash(tmp_path / ".trash", "Set", clock)
    assert later.purge(older_than=WEEK) == 0
    clock.wait(minutes=20)
    clock.set_by(seconds=jump)
    assert later.purge(older_than=WEEK) == 0
    clock.wait(minutes=20)
    clock.set_by(seconds=20)
    assert later.purge(older_than=WEEK) == 1


def test_what_becomes_young_again_is_looked_at_anew(trash: Trash, tmp_path: Path, clock: FakeClock) -> None:
    """A clock that went ahead for a while makes nothing due that is not."""
    throw(trash, tmp_path, clock, "fresh")
    later = Trash(tmp_path / ".trash", "Set", clock)
    clock.set_by(days=30)
    assert later.purge(older_than=WEEK) == 0
    clock.set_by(days=-30)
    clock.wait(minutes=11)
    assert later.purge(older_than=WEEK) == 0
    clock.wait(minutes=11)
    assert later.purge(older_than=WEEK) == 0


def test_what_was_deleted_in_the_future_is_kept(trash: Trash, tmp_path: Path, clock: FakeClock) -> None:
    """Until its time is over by the clock that is right."""
    throw(trash, tmp_path, clock, "fresh")
    clock.set_by(days=-400)
    later = Trash(tmp_path / ".trash", "Set", clock)
    for _ in range(3):
        clock.wait(minutes=11)
        assert later.purge(older_than=WEEK) == 0
    assert names(later) == {"fresh"}


def test_what_was_changed_after_its_deletion_was_deleted_later(tmp_path: Path, clock: FakeClock) -> None:
    """A computer that starts in the past dates deletions so; the pictures tell that it cannot be true."""
    taken = clock.now
    folder = tmp_path / "fresh"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(b"x")
    os.utime(folder / "a.jpg", (taken.timestamp(),) * 2)
    clock.set_by(days=-300)
    Trash(tmp_path / ".trash", "Set", clock).throw(folder)
    clock.set_by(days=301)
    next_start = Trash(tmp_path / ".trash", "Set", clock)
    for _ in range(3):
        clock.wait(minutes=11)
        assert next_start.purge(older_than=WEEK) == 0


def test_the_order_of_deletions_survives_a_jump(trash: Trash, tmp_path: Path, clock: FakeClock) -> None:
    """Where room is needed the one that was deleted first goes, whatever the clock said then."""
    throw(trash, tmp_path, clock, "first")
    clock.set_by(days=-300)
    clock.wait(hours=1)
    throw(trash, tmp_path, clock, "second")
    assert min(trash, key=lambda one: one.deleted_at).name == "first"


def test_nothing_is_restored_over_an_empty_folder(trash: Trash, tmp_path: Path, clock: FakeClock) -> None:
    """A rename alone would replace it."""
    throw(trash, tmp_path, clock, "vase")
    (tmp_path / "vase").mkdir()
    (deleted,) = trash
    with pytest.raises(StoreError, match="could not be restored"):
        trash.take_back(deleted, tmp_path / "vase")
    assert names(trash) == {"vase"}


def test_a_name_is_gone_only_when_its_new_place_is_on_the_disk(
    trash: Trash, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On disks without a journal each folder on the way must be safe before anything moves into it."""
    (tmp_path / "vase").mkdir()
    steps: list[str] = []

    def told(call: Callable[..., object], what: str) -> Callable[..., object]:
        def tell(path: Path, *rest: object) -> object:
            steps.append(f"{what} {path.name if path.parent.name != '.trash' else 'place'}")
            return call(path, *rest)

        return tell

    for module in ("tetherlight.store.trash", "tetherlight.files.durable"):
        monkeypatch.setattr(f"{module}.sync_folder", told(sync_folder, "sync"))
    monkeypatch.setattr(Path, "rename", told(Path.rename, "rename"))
    trash.throw(tmp_path / "vase")
    parent = tmp_path.name
    assert steps == [f"sync {parent}", "sync .trash", "rename vase", "sync place", f"sync {parent}"]


def test_odd_things_in_the_trash_do_no_harm(trash: Trash, tmp_path: Path, clock: FakeClock) -> None:
    """What is not ours stays, and nothing of it ends a start."""
    place = throw(trash, tmp_path, clock, "vase").parent
    folder = tmp_path / ".trash"
    (folder / "notes.txt").write_text("x")
    (folder / "somebody's").mkdir()
    (folder / "somebody's" / "thing").write_text("x")
    os.mkfifo(folder / "20260101T000000.000000Z")
    (folder / "20260102T000000.000000Z").symlink_to(tmp_path)
    os.mkfifo(place / "pipe")
    trash.clean()
    assert trash.purge(older_than=WEEK) == 0
    assert names(trash) == {"vase", "pipe"}
    assert len(list(folder.iterdir())) == 5


def test_the_names_in_the_trash_are_those_that_lie_there_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what another server deletes or brings back is seen at once."""
    monkeypatch.chdir(tmp_path)
    one, other = Store(Settings()), Store(Settings())
    one.prepare()
    assert one.sets.trash.names() == frozenset()
    for name in ("vase", "coin"):
        Path("captures/photometric_sets", name).mkdir()
        other.sets.delete(name)
        assert name in one.sets.trash.names()
    other.sets.restore("vase")
    assert one.sets.trash.names() == {"coin"}
    one.close()


def test_cleaning_leaves_alone_what_is_being_thrown_away(trash: Trash, tmp_path: Path, clock: FakeClock) -> None:
    """The folders behind a start are tidied while clients delete: a place that was just made is empty, too."""
    names_thrown = [f"set{number}" for number in range(30)]
    thrown = threading.Event()

    def clean() -> None:
        while not thrown.is_set():
            trash.clean()

    cleaner = threading.Thread(target=clean)
    cleaner.start()
    try:
        for name in names_thrown:
            throw(trash, tmp_path, clock, name)
    finally:
        thrown.set()
        cleaner.join()
    assert names(trash) == set(names_thrown)
