"""Single captures on the disk: sidecars beside them, their trash, and what a crash in between leaves."""

import errno
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from support.fakes import FakeClock
from support.store_world import all_sets, jpeg, small
from tetherlight.camera.worker import saving
from tetherlight.errors import ImageNotFound, InvalidPayload, SetBusy, StoreError, StoreFull
from tetherlight.protocol.sets import AnnotateSet
from tetherlight.settings import Settings
from tetherlight.store.store import Store

CAPTURES = Path("captures")
TRASH = CAPTURES / ".trash_captures"
SET = CAPTURES / "photometric_sets" / "vase"
OTHERS = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description/></rdf:RDF>'


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.chdir(tmp_path)
    made = Store(Settings(min_free_bytes=0))
    made.prepare()
    for name in ("a.jpg", "a.cr2", "b.jpg", "a-2.jpg", "a.b.jpg"):
        (CAPTURES / name).write_bytes(jpeg())
    SET.mkdir()
    (SET / "image_01_left.jpg").write_bytes(jpeg())
    return made


def names() -> set[str]:
    return {path.name for path in CAPTURES.iterdir() if path.is_file() and not path.name.startswith(".")}


ALL = {"a.jpg", "a.cr2", "b.jpg", "a-2.jpg", "a.b.jpg"}


def test_a_rating_is_the_exposures(store: Store) -> None:
    """It lies in one sidecar, and every file of the exposure has it, in lists too."""
    noted = store.annotate_image("captures/a.cr2", 4, "über <alles>\r\n")
    assert [(one.filename, one.rating, one.notes) for one in noted.images] == [
        ("a.cr2", 4, "über <alles>\r\n"),
        ("a.jpg", 4, "über <alles>\r\n"),
    ]
    assert names() == ALL | {"a.xmp"}
    assert (CAPTURES / "a.xmp").stat().st_mode & 0o777 == 0o640
    listed = {one.filename: (one.rating, one.notes) for one in store.captures.newest()}
    assert listed == dict.fromkeys(ALL, (None, None)) | dict.fromkeys(("a.jpg", "a.cr2"), (4, "über <alles>\r\n"))
    store.annotate_image("a.jpg", None, "")
    assert store.captures.newest()[0].notes is None
    assert [one.rating for one in store.annotate_image("a.jpg", None, None).images] == [4, 4]
    store.annotate_image("a.jpg", 0, None)
    assert names() == ALL


def test_what_is_asked_and_not_changed_is_not_written(store: Store) -> None:
    """A rating of 0 makes no sidecar, and the same rating again leaves the file alone."""
    store.annotate_image("a.jpg", 0, "")
    assert names() == ALL
    store.annotate_image("a.jpg", 3, None)
    before = (CAPTURES / "a.xmp").stat().st_ino
    store.annotate_image("a.jpg", 3, None)
    assert (CAPTURES / "a.xmp").stat().st_ino == before


@pytest.mark.parametrize("content", [b"", b"<broken", b"\xff\xfe", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"])
def test_a_sidecar_that_cannot_be_understood_is_never_written(store: Store, content: bytes) -> None:
    """The list shows the image without it, and annotating says which file is left as it is."""
    (CAPTURES / "a.xmp").write_bytes(content)
    with pytest.raises(StoreError, match=r"^The sidecar 'a\.xmp' is left as it is: .*\.$"):
        store.annotate_image("a.jpg", 3, None)
    assert (CAPTURES / "a.xmp").read_bytes() == content
    assert {one.rating for one in store.captures.newest()} == {None}


def test_a_link_as_sidecar_is_not_followed(store: Store) -> None:
    """Neither to be read nor to be written."""
    outside = Path("outside.xmp")
    outside.write_text(OTHERS.replace("<rdf:Description/>", ""))
    (CAPTURES / "a.xmp").symlink_to(outside.absolute())
    before = outside.read_bytes()
    with pytest.raises(StoreError):
        store.annotate_image("a.jpg", 3, None)
    assert outside.read_bytes() == before
    assert (CAPTURES / "a.xmp").is_symlink()
    assert {one.rating for one in store.captures.newest()} == {None}


def test_a_sidecar_in_capitals_is_the_sidecar(store: Store) -> None:
    """No second one is made beside it."""
    (CAPTURES / "a.XMP").write_text(OTHERS)
    assert [one.rating for one in store.annotate_image("a.jpg", 2, None).images] == [2, 2]
    assert names() == ALL | {"a.XMP"}


def test_a_sidecar_is_no_image(store: Store) -> None:
    """It is in no list, and no spelling of its name reads, rates or deletes it."""
    store.annotate_image("a.jpg", 4, None)
    assert {one.filename for one in store.captures.newest()} == ALL
    for text in ("a.xmp", "captures/a.xmp", "./a.xmp", "a.XMP", str((CAPTURES / "a.xmp").absolute())):
        with pytest.raises(ImageNotFound):
            store.read_image(text)
        with pytest.raises(ImageNotFound):
            store.annotate_image(text, 1, None)
        with pytest.raises(ImageNotFound):
            store.delete_image(text)
    assert names() == ALL | {"a.xmp"}


def test_notes_that_xmp_cannot_carry_are_refused(store: Store) -> None:
    """Before anything is written."""
    with pytest.raises(InvalidPayload):
        store.annotate_image("a.jpg", 3, "a\0b")
    assert names() == ALL


def test_a_failed_write_leaves_the_old_sidecar(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no other file."""
    store.annotate_image("a.jpg", 3, "kept")

    def fail(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr("tetherlight.files.durable.os.fsync", fail)
        with pytest.raises(StoreError):
            store.annotate_image("a.jpg", 4, None)
    assert next((one.rating, one.notes) for one in store.captures.newest() if one.filename == "a.jpg") == (3, "kept")
    assert not list(CAPTURES.glob(".*.tmp"))


def test_an_exposure_goes_and_comes_back_whole(store: Store) -> None:
    """JPEG, RAW, its sidecar, and the sidecars that other programs name after a file; its neighbours stay."""
    store.annotate_image("a.jpg", 5, "best")
    (CAPTURES / "a.cr2.xmp").write_text(OTHERS)
    deleted = store.delete_image("captures/a.cr2")
    assert [(one.filename, one.rating) for one in deleted] == [("a.cr2", 5), ("a.jpg", 5)]
    assert names() == {"b.jpg", "a-2.jpg", "a.b.jpg"}
    assert [path.name for path in TRASH.iterdir() if path.name.startswith(".")] == []
    for text in ("captures/a.jpg", "captures/.trash_captures/a.jpg"):
        with pytest.raises(ImageNotFound):
            store.places.resolve_image(text)
        with pytest.raises(ImageNotFound):
            store.delete_image(text)
    restored = store.captures.restore("captures/a.jpg")
    assert [(one.filename, one.rating, one.notes) for one in restored] == [("a.jpg", 5, "best"), ("a.cr2", 5, "best")]
    assert names() == ALL | {"a.xmp", "a.cr2.xmp"}
    assert list(TRASH.iterdir()) == []
    with pytest.raises(ImageNotFound, match="not in the trash"):
        store.captures.restore("captures/a.jpg")


def test_restoring_overwrites_nothing(store: Store) -> None:
    """A newer file of one of the names keeps it, and the deleted exposure stays in the trash as a whole."""
    store.delete_image("a.jpg")
    (CAPTURES / "a.cr2").write_bytes(b"newer")
    with pytest.raises(StoreError, match=r"There is already a file 'a\.cr2'"):
        store.captures.restore("a.jpg")
    assert (CAPTURES / "a.cr2").read_bytes() == b"newer"
    assert not (CAPTURES / "a.jpg").exists()
    (CAPTURES / "a.cr2").unlink()
    assert len(store.captures.restore("a.jpg")) == 2


def test_the_newest_of_a_name_comes_back_first(store: Store) -> None:
    """Then the one before it, when the name is free again."""
    for content in (b"first", b"second"):
        (CAPTURES / "b.jpg").write_bytes(content)
        store.delete_image("b.jpg")
    store.captures.restore("b.jpg")
    assert (CAPTURES / "b.jpg").read_bytes() == b"second"
    (CAPTURES / "b.jpg").unlink()
    store.captures.restore("b.jpg")
    assert (CAPTURES / "b.jpg").read_bytes() == b"first"


def test_of_several_deletions_at_once_one_succeeds(store: Store) -> None:
    """The others find no image."""

    def delete() -> bool:
        try:
            store.delete_image("a.jpg")
        except ImageNotFound:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        outcomes = [future.result() for future in [pool.submit(delete) for _ in range(8)]]
    assert outcomes.count(True) == 1


def test_an_image_of_a_set_is_rated_in_its_manifest(store: Store) -> None:
    """No sidecar is made; notes belong to the whole set."""
    path = "captures/photometric_sets/vase/image_01_left.jpg"
    noted = store.annotate_image(path, -1, None)
    assert (noted.set_name, noted.images[0].rating) == ("vase", -1)
    assert store.sets.manifest("vase").ratings == {"image_01_left.jpg": -1}
    assert [one.rating for one in store.sets.contents("vase")] == [-1]
    assert [one.rating for one in store.sets.details("vase").images] == [-1]
    with pytest.raises(InvalidPayload) as caught:
        store.annotate_image(path, None, "text")
    assert caught.value.hint is not None
    assert "ANNOTATE_IMAGE_SET" in caught.value.hint
    store.annotate_image(path, 0, None)
    assert [one.rating for one in store.sets.contents("vase")] == [None]
    assert not list(SET.glob("*.xmp"))
    with store.sets.hold("vase", "job-1"), pytest.raises(SetBusy):
        store.annotate_image(path, 1, None)


def test_an_image_of_a_set_is_not_deleted_alone(store: Store) -> None:
    """The hint says what deletes the set."""
    with pytest.raises(ImageNotFound, match="belongs to set 'vase'") as caught:
        store.delete_image("captures/photometric_sets/vase/image_01_left.jpg")
    assert caught.value.hint is not None
    assert "DELETE_IMAGE_SET" in caught.value.hint
    assert (SET / "image_01_left.jpg").exists()


def test_images_elsewhere_and_links_are_no_single_captures(store: Store) -> None:
    """Their sentence is the one for images that do not exist."""
    other = CAPTURES / "other"
    other.mkdir()
    (other / "x.jpg").write_bytes(b"x")
    (CAPTURES / "link.jpg").symlink_to("b.jpg")
    for text in ("captures/other/x.jpg", "captures/link.jpg", "captures/none.jpg"):
        for act in (lambda text=text: store.delete_image(text), lambda text=text: store.annotate_image(text, 1, None)):
            with pytest.raises(ImageNotFound, match=f"^Image not found or access denied: {text}$"):
                act()
    assert (CAPTURES / "b.jpg").exists()


@pytest.mark.parametrize("moved", [[], ["a.jpg"], ["a.jpg", "a.cr2"]])
def test_a_move_that_a_crash_cut_short_is_undone(store: Store, moved: list[str]) -> None:
    """Whether it was on its way to the trash or from it, the exposure is whole again."""
    moving = TRASH / ".moving-12ab" / "a"
    moving.mkdir(parents=True)
    for name in moved:
        (CAPTURES / name).rename(moving / name)
    store.close()
    again = Store(Settings(min_free_bytes=0))
    again.prepare()
    assert names() == ALL
    assert list(TRASH.iterdir()) == []
    again.close()


def test_a_move_that_cannot_be_undone_ends_in_the_trash(store: Store) -> None:
    """Nothing is overwritten and nothing is lost."""
    moving = TRASH / ".moving-12ab" / "a"
    moving.mkdir(parents=True)
    (moving / "a.jpg").write_bytes(b"older")
    store.close()
    again = Store(Settings(min_free_bytes=0))
    again.prepare()
    assert (CAPTURES / "a.jpg").read_bytes() != b"older"
    for newer in CAPTURES.glob("a.[jc]*"):
        newer.unlink()
    again.captures.restore("a.jpg")
    assert (CAPTURES / "a.jpg").read_bytes() == b"older"
    again.close()


def test_a_deletion_that_fails_in_the_middle_moves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that had moved are back, and the trash is as it was."""
    rename = Path.rename

    def fail(self: Path, target: Path) -> Path:
        if self.name == "a":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", fail)
        with pytest.raises(StoreError):
            store.delete_image("a.jpg")
    assert names() == ALL
    assert list(TRASH.iterdir()) == []


def test_the_trash_is_emptied_by_age_and_for_room(store: Store) -> None:
    """Captures and sets together, what was deleted first goes first, and nothing that is younger than a day."""
    store.close()
    old = FakeClock()
    store = Store(Settings(min_free_bytes=0), clock=old)
    store.prepare()
    for delete in (
        partial(store.delete_image, "b.jpg"),
        partial(store.sets.delete, "vase"),
        partial(store.delete_image, "a.jpg"),
    ):
        delete()
        old.wait(minutes=1)
    full = store.space.storage().free_bytes
    for hours in (23, 2):
        old.wait(hours=hours)
        with pytest.raises(StoreFull):
            store.space.require(full * 2)
    assert {one.name for trash in store.trashes for one in trash} == {"a", "b", "vase"}
    old.wait(minutes=10)
    with pytest.raises(StoreFull):
        store.space.require(full * 2)
    for path in ("a.jpg", "b.jpg"):
        with pytest.raises(ImageNotFound):
            store.captures.restore(path)
    store.delete_image("a-2.jpg")
    assert store.purge_trash() == 0
    clock = FakeClock(old.now)
    another = Store(Settings(min_free_bytes=0), clock=clock)
    for days, removed in ((1, 0), (7, 0), (1, 1), (1, 0)):
        clock.wait(days=days)
        assert another.purge_trash() == removed
    assert list(TRASH.iterdir()) == []


def test_a_deleted_thumbnail_is_not_served(store: Store) -> None:
    """The picture that was drawn of it stays in the cache, but nothing leads to it."""
    small(store.thumbnails, store.places.resolve_image("b.jpg"))
    store.delete_image("b.jpg")
    with pytest.raises(ImageNotFound):
        store.places.resolve_image("b.jpg")


def test_what_people_note_about_a_set_is_changed_by_them_alone(store: Store) -> None:
    """The empty text and 0 remove; a job that still holds the old manifest does not bring anything back."""
    store.sets.annotate(AnnotateSet(set_name="vase", catalogue_number="A 12", scale_mm_per_pixel=0.05, rating=4))
    held = store.sets.manifest("vase")
    assert (held.catalogue_number, held.scale_mm_per_pixel) == ("A 12", 0.05)
    (listed,) = all_sets(store)
    assert (listed.catalogue_number, listed.rating) == ("A 12", 4)
    store.sets.annotate(AnnotateSet(set_name="vase", rating=0))
    assert store.sets.manifest("vase").catalogue_number == "A 12"
    store.sets.annotate(AnnotateSet(set_name="vase", catalogue_number="", scale_mm_per_pixel=0))
    store.sets.write_manifest("vase", held)
    now = store.sets.manifest("vase")
    assert (now.catalogue_number, now.scale_mm_per_pixel) == (None, None)
    (listed,) = all_sets(store)
    assert (listed.catalogue_number, listed.rating) == (None, None)


def test_a_name_in_the_trash_is_not_given_again(store: Store) -> None:
    """Its deletion could not be undone otherwise; numbers behind the name are looked at too."""
    for name in ("p", "p-2"):
        (CAPTURES / f"{name}.jpg").write_bytes(b"x")
        store.delete_image(f"{name}.jpg")
    (CAPTURES / "p-3.cr2").write_bytes(b"x")
    assert arrive("p") == ["p-4.jpg"]
    store.captures.restore("p.jpg")
    assert arrive("p") == ["p-5.jpg"]


def arrive(stem: str, *extensions: str) -> list[str]:
    """Put the files of a new exposure into the captures' folder as a worker does; return their names."""
    drafts = [saving.write_draft(CAPTURES, f"IMG{extension}", b"x") for extension in extensions or (".jpg",)]
    return [path.name for path in saving.publish(drafts, CAPTURES, stem)]


def test_an_exposure_does_not_come_back_to_anothers_stem(store: Store) -> None:
    """A file of another type would become a part of it; what no exposure is made of does not matter."""
    store.delete_image("b.jpg")
    (CAPTURES / "B.CR2").write_bytes(b"another's")
    with pytest.raises(StoreError, match=r"There is already a file 'B\.CR2'"):
        store.captures.restore("b.jpg")
    (CAPTURES / "B.CR2").rename(CAPTURES / "b.pp3")
    store.captures.restore("b.jpg")


KILLED = """
import itertools, random
from pathlib import Path
from tetherlight.settings import Settings
from tetherlight.store.store import Store
store = Store(Settings(min_free_bytes=0))
store.prepare()
for number in range(20):
    for suffix in ("jpg", "cr2"):
        Path(f"captures/{number}.{suffix}").write_text(str(number))
    store.annotate_image(f"{number}.jpg", 1, "x" * 4000)
print("ready", flush=True)
for number in itertools.cycle(range(20)):
    store.delete_image(f"{number}.cr2")
    store.annotate_image(f"{(number + 1) % 20}.jpg", random.randrange(1, 6), None)
    store.captures.restore(f"{number}.jpg")
    print("restored", flush=True)
"""


@pytest.mark.parametrize("rounds", [0, 1, 3, 7, 15])
def test_after_a_kill_every_exposure_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rounds: int) -> None:
    """Killed at any moment, an exposure lies with all its files in one place, its notes as they were or as asked."""
    monkeypatch.chdir(tmp_path)
    with subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(1 + rounds):
            assert process.stdout.readline()
        process.kill()
    again = Store(Settings(min_free_bytes=0))
    again.prepare()
    for number in range(20):
        found = {path.suffix for path in CAPTURES.glob(f"{number}.*")}
        deleted = {path.suffix for path in TRASH.glob(f"*/{number}/{number}.*")}
        assert sorted([found, deleted], key=len) == [set(), {".jpg", ".cr2", ".xmp"}]
        if deleted:
            again.captures.restore(f"{number}.jpg")
    assert all(one.rating and one.notes == "x" * 4000 for one in again.captures.newest())
    for _ in again.tidy():
        pass
    assert list(TRASH.glob("*")) == []
    assert not list(CAPTURES.glob(".*.tmp"))
    again.close()
