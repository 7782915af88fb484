"""Sets on disk: made, listed, read, renamed, annotated, deleted and brought back."""

import json
import os
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.fakes import FakeClock
from support.store_world import all_sets
from tetherlight.errors import (
    DiskFull,
    InvalidName,
    InvalidPayload,
    ManifestNewer,
    SetBusy,
    SetExists,
    SetNotFound,
    StoreError,
    StoreFull,
)
from tetherlight.naming.rules import timestamp
from tetherlight.naming.templates import Subject
from tetherlight.protocol.manifest import CameraRecord, FileRecord, Manifest, StepRecord
from tetherlight.protocol.models import JobState
from tetherlight.protocol.sets import AnnotateSet
from tetherlight.settings import Settings
from tetherlight.store import space
from tetherlight.store.store import Store

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
SETS = Path("captures/photometric_sets")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.chdir(tmp_path)
    made = Store(Settings(min_free_bytes=0))
    made.prepare()
    yield made
    made.close()


def fill(name: str, *files: str) -> Path:
    """Make a set's folder by hand, as a copy from elsewhere would be."""
    folder = SETS / name
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        (folder / file).write_bytes(file.encode())
    return folder


def test_a_set_gets_prefix_and_local_time(store: Store) -> None:
    """The folder is there, empty, readable for owner and group only."""
    made = store.create_set("my obj", NOW)
    assert made.name == f"my_obj_{timestamp(NOW)}"
    assert made.relative == f"photometric_sets/{made.name}"
    assert made.path == (SETS / made.name).absolute()
    assert made.path.stat().st_mode & 0o777 == 0o750


def test_sets_of_the_same_second_never_share_a_folder(store: Store) -> None:
    """Also when many threads make them at once."""
    with ThreadPoolExecutor(8) as threads:
        names = {made.name for made in threads.map(lambda _: store.create_set(None, NOW), range(20))}
    stem = f"photometric_set_{timestamp(NOW)}"
    assert names == {stem, *(f"{stem}-{number}" for number in range(2, 21))}


def test_a_bad_prefix_makes_nothing(store: Store) -> None:
    """A refused name leaves the disk as it was."""
    with pytest.raises(InvalidName):
        store.create_set("../x", NOW)
    assert [path.name for path in SETS.iterdir()] == [".reserve"]


def test_sets_are_listed_newest_start_first_then_by_name(store: Store) -> None:
    """The start is the manifest's, else the name's, else the folder's time; folders without a manifest count."""
    fill("by_name_20250101-000000")
    fill("b_20250601-000000")
    fill("a_20250601-000000")
    fill("by_folder", "x.jpg")
    os.utime(SETS / "by_folder", (0, 86400 * 365))
    fill("old_name_20000101-000000")
    store.sets.write_manifest("old_name_20000101-000000", Manifest(status=JobState.FAILED, started_at=NOW))
    assert [one.name for one in all_sets(store)] == [
        "old_name_20000101-000000", "a_20250601-000000", "b_20250601-000000", "by_name_20250101-000000", "by_folder",
    ]  # fmt: skip


def test_a_list_tells_what_cards_show(store: Store) -> None:
    """Status, camera, number, bytes and a cover, the JPEG before the RAW."""
    fill("vase", "image_01_a.cr2", "image_01_a.jpg", "notes.txt")
    camera = CameraRecord(model="Canon EOS 1300D", camera_id="c-1")
    store.sets.write_manifest("vase", Manifest(status=JobState.COMPLETED, started_at=NOW, camera=camera))
    (one,) = all_sets(store)
    assert (one.name, one.created_at, one.status, one.image_count, one.size, one.camera, one.cover) == (
        "vase", NOW, JobState.COMPLETED, 2, 28, "Canon EOS 1300D", "captures/photometric_sets/vase/image_01_a.jpg",
    )  # fmt: skip


def test_a_missing_folder_has_no_sets_and_leaves_the_room_known(store: Store) -> None:
    """Somebody removed all sets; that is an empty list and no error. Without a captures folder the room is told."""
    shutil.rmtree(SETS)
    assert all_sets(store) == []
    shutil.rmtree(SETS.parent)
    assert store.space.storage().free_bytes > 0


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", '{"status": 5, "camera": "x", "started_at": "soon"}', "\0\0"]
)
def test_a_set_with_a_broken_manifest_is_listed_and_shown(store: Store, content: str) -> None:
    """A torn or foreign manifest hides nothing of the images."""
    (fill("vase", "a.jpg") / "manifest.json").write_text(content)
    (one,) = all_sets(store)
    assert (one.name, one.status, one.image_count) == ("vase", None, 1)
    assert [image.filename for image in store.sets.details("vase").images] == ["a.jpg"]
    assert len(store.sets.contents("vase")) == 1


def test_files_and_links_among_the_sets_are_no_sets(store: Store, tmp_path: Path) -> None:
    """Only real, visible folders count."""
    (SETS / "file").write_text("x")
    (SETS / ".hidden").mkdir()
    (SETS / "link").symlink_to(tmp_path)
    assert all_sets(store) == []


def test_contents_are_images_by_filename(store: Store) -> None:
    """No manifest, nothing from results, nothing hidden, no links; paths begin with CAPTURES_BASE_DIR."""
    folder = fill("vase", "b.JPG", "a.cr2", "c.png", "manifest.json", "vase.lp", ".c.jpg.1.tmp", "d.txt")
    (folder / "results").mkdir()
    (folder / "results" / "normals.png").write_bytes(b"n")
    (folder / "e.jpg").symlink_to(folder / "b.JPG")
    found = store.sets.contents("vase")
    assert [image.filename for image in found] == ["a.cr2", "b.JPG", "c.png"]
    assert [image.mimetype for image in found] == ["image/x-canon-cr2", "image/jpeg", "image/png"]
    assert found[1].path == "captures/photometric_sets/vase/b.JPG"
    assert found[1].url == "/images/photometric_sets/vase/b.JPG"
    assert found[1].size == 5


def test_contents_carry_the_recorded_hash_of_unchanged_files(store: Store) -> None:
    """A file whose size is another one than recorded has lost its hash."""
    fill("vase", "a.jpg", "b.jpg")
    files = tuple(
        FileRecord(filename=name, size=size, sha256="f" * 64, mimetype="image/jpeg")
        for name, size in (("a.jpg", 5), ("b.jpg", 6))
    )
    store.sets.write_manifest("vase", Manifest(steps=(StepRecord(index=1, light="l", files=files),)))
    assert [image.sha256 for image in store.sets.contents("vase")] == ["f" * 64, None]


@pytest.mark.parametrize("name", ["nothing", "empty", ""])
def test_a_missing_or_empty_set_has_one_sentence(store: Store, name: str) -> None:
    """The sentence is the one that clients know."""
    fill("empty", "notes.txt")
    with pytest.raises(SetNotFound) as caught:
        store.sets.contents(name)
    assert caught.value.message == f"Set '{name}' not found or empty."


def test_a_deleted_set_is_gone_and_can_be_restored_whole(store: Store) -> None:
    """Deleting is one rename into the trash; restoring is the way back."""
    fill("vase", "a.jpg")
    store.sets.delete("vase")
    assert all_sets(store) == []
    with pytest.raises(SetNotFound):
        store.sets.delete("vase")
    store.sets.restore("vase")
    assert [image.filename for image in store.sets.contents("vase")] == ["a.jpg"]
    assert list((SETS / ".trash").iterdir()) == []


def test_an_empty_set_can_be_deleted(store: Store) -> None:
    """Even though it has no contents to show."""
    fill("empty")
    store.sets.delete("empty")
    assert all_sets(store) == []


def test_the_last_deleted_set_of_a_name_comes_back(store: Store) -> None:
    """The one before stays in the trash until its turn."""
    for content in ("first.jpg", "second.jpg"):
        fill("vase", content)
        store.sets.delete("vase")
    store.sets.restore("vase")
    assert [image.filename for image in store.sets.contents("vase")] == ["second.jpg"]
    with pytest.raises(SetExists):
        store.sets.restore("vase")
    store.sets.rename("vase", "other")
    store.sets.restore("vase")
    assert [image.filename for image in store.sets.contents("vase")] == ["first.jpg"]


def test_restoring_what_was_never_deleted_says_so(store: Store) -> None:
    """The trash has no such set."""
    with pytest.raises(SetNotFound, match="not in the trash"):
        store.sets.restore("vase")


def test_a_set_is_renamed_with_all_that_is_in_it(store: Store) -> None:
    """The new name obeys the rule of names and may not be taken, not even by an empty folder."""
    fill("vase", "a.jpg")
    fill("taken")
    assert store.sets.rename("vase", "my vase") == "my_vase"
    assert [image.filename for image in store.sets.contents("my_vase")] == ["a.jpg"]
    with pytest.raises(SetExists):
        store.sets.rename("my_vase", "taken")
    with pytest.raises(InvalidName):
        store.sets.rename("my_vase", "../x")
    with pytest.raises(SetNotFound):
        store.sets.rename("vase", "new")
    assert store.sets.rename("my_vase", "my_vase") == "my_vase"


def test_a_set_under_capture_is_not_touched(store: Store) -> None:
    """Deleting, renaming, annotating and capturing into it again are refused until it is let go."""
    fill("vase", "a.jpg")
    with store.sets.hold("vase", "job-1"):
        with pytest.raises(SetBusy):
            store.sets.delete("vase")
        with pytest.raises(SetBusy):
            store.sets.rename("vase", "new")
        with pytest.raises(SetBusy):
            store.sets.annotate(AnnotateSet(set_name="vase", rating=1))
        with pytest.raises(SetBusy), store.sets.hold("vase", "job-1"):
            pass
    store.sets.delete("vase")


def test_annotations_change_only_what_is_given(store: Store) -> None:
    """A set without a manifest gets one; unknown fields of a newer version stay."""
    fill("vase", "a.jpg", "b.jpg")
    store.sets.annotate(AnnotateSet(set_name="vase", notes="cracked", ratings={"a.jpg": 5}))
    path = SETS / "vase" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"from_the_future": [1]}))
    store.sets.annotate(AnnotateSet(set_name="vase", rating=3, ratings={"b.jpg": -1}))
    raw = json.loads(path.read_text())
    assert (raw["notes"], raw["rating"], raw["ratings"]) == ("cracked", 3, {"a.jpg": 5, "b.jpg": -1})
    assert raw["from_the_future"] == [1]
    assert raw["status"] is None


def test_a_job_that_goes_on_does_not_undo_notes(store: Store) -> None:
    """A paused job writes the manifest that it remembers; notes and ratings made meanwhile stay."""
    fill("vase", "a.jpg")
    remembered = Manifest(status=JobState.PAUSED, started_at=NOW, notes="at the start")
    store.sets.write_manifest("vase", remembered)
    store.sets.annotate(AnnotateSet(set_name="vase", notes="better light", rating=2, ratings={"a.jpg": 1}))
    store.sets.write_manifest("vase", remembered.model_copy(update={"status": JobState.COMPLETED}))
    found = store.sets.manifest("vase")
    assert (found.status, found.notes, found.rating, found.ratings) == (
        JobState.COMPLETED, "better light", 2, {"a.jpg": 1},
    )  # fmt: skip


@pytest.mark.parametrize("ratings", [{"c.jpg": 1}, {"a.jpg": 6}, {"a.jpg": -2}, {"../vase/a.jpg": 1}])
def test_ratings_of_nothing_or_out_of_range_are_refused(store: Store, ratings: dict[str, int]) -> None:
    """Nothing is written then."""
    fill("vase", "a.jpg")
    with pytest.raises(InvalidPayload):
        store.sets.annotate(AnnotateSet(set_name="vase", ratings=ratings))
    assert not (SETS / "vase" / "manifest.json").exists()


def test_a_broken_manifest_is_not_overwritten_by_a_note(store: Store) -> None:
    """What could still be mended by hand is kept."""
    (fill("vase", "a.jpg") / "manifest.json").write_text("{")
    with pytest.raises(StoreError, match="broken"):
        store.sets.annotate(AnnotateSet(set_name="vase", rating=1))
    assert (SETS / "vase" / "manifest.json").read_text() == "{"


def test_old_trash_goes_and_young_trash_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TRASH_DAYS decides; a start looks after it, and removes nothing by itself."""
    monkeypatch.chdir(tmp_path)
    clock = FakeClock()
    store = Store(Settings(trash_days=1), clock=clock)
    store.prepare()
    list(store.tidy())
    for name in ("old", "young"):
        fill(name, "a.jpg")
        store.sets.delete(name)
        clock.wait(hours=20)
    store.close()
    store = Store(Settings(trash_days=1), clock=clock)
    store.prepare()
    list(store.tidy())
    assert len(list((SETS / ".trash").iterdir())) == 2
    clock.wait(minutes=10)
    assert store.purge_trash() == 1
    store.sets.restore("young")
    with pytest.raises(SetNotFound):
        store.sets.restore("old")
    store.close()


def test_the_trash_is_emptied_when_room_is_needed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest deleted set first, and no more of them than necessary; then the disk is said to be full."""
    clock = FakeClock()
    store.close()
    store = Store(Settings(min_free_bytes=0), clock=clock)
    store.prepare()
    for name in ("first", "second", "third"):
        fill(name, "a.jpg")
        store.sets.delete(name)
        clock.wait(minutes=1)
    usage = shutil.disk_usage(".")

    def free_after_deletions(_: Path) -> object:
        left = len(list((SETS / ".trash").iterdir()))
        return usage._replace(free=1000 - 200 * left)

    monkeypatch.setattr("tetherlight.store.space.shutil.disk_usage", free_after_deletions)
    for pause in (timedelta(hours=23), timedelta(hours=2)):
        clock.wait(seconds=pause.total_seconds())
        with pytest.raises(StoreFull, match="400 bytes free") as full:
            store.space.require(700)
        assert "EMPTY_TRASH" in (full.value.hint or "")
    clock.wait(minutes=10)
    told: list[tuple[str, str]] = []
    store.sets.trash.removed = lambda one, why: told.append((one.name, why))
    store.space.require(700)
    assert told == [("first", "room"), ("second", "room")]
    store.sets.restore("third")
    with pytest.raises(SetNotFound):
        store.sets.restore("second")
    with pytest.raises(StoreFull, match="1 KB free"):
        store.space.require(10_000)


def test_free_room_counts_what_must_stay_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MIN_FREE_BYTES is never used up, and a disk that comes near it is low."""
    monkeypatch.chdir(tmp_path)
    store = Store(Settings(min_free_bytes=10**18))
    with pytest.raises(DiskFull) as caught:
        store.space.require(0)
    assert caught.value.hint is not None
    assert store.space.storage().low
    assert store.space.storage().path == "captures"


def test_an_exposure_is_estimated_from_the_last_ones(store: Store) -> None:
    """RAW and JPEG of one exposure count together; nothing captured yet means a careful guess."""
    assert store.space.estimate_exposure() == space.UNKNOWN_EXPOSURE_BYTES
    Path("captures/image_1.jpg").write_bytes(b"x" * 100)
    Path("captures/image_1.cr2").write_bytes(b"x" * 1000)
    Path("captures/image_2.jpg").write_bytes(b"x" * 300)
    assert store.space.estimate_exposure() == 1100
    store.require_room(3)
    with pytest.raises(DiskFull):
        store.require_room(10**15)


def test_captures_are_listed_newest_first(store: Store) -> None:
    """Only images, not those of sets, and no more than wanted."""
    for number, name in enumerate(("b.jpg", "a.jpg", "c.cr2", "x.txt")):
        path = Path("captures") / name
        path.write_bytes(b"x")
        os.utime(path, (1000 + number, 1000 + number))
    fill("vase", "in_set.jpg")
    assert [image.path for image in store.captures.newest(2)] == ["captures/c.cr2", "captures/a.jpg"]
    assert len(store.captures.newest()) == 3


def test_an_image_stem_names_model_and_time(store: Store, tmp_path: Path) -> None:
    """The extension is the camera's."""
    assert store.image_stem(Subject(model="Canon EOS Rebel T6"), NOW) == (
        tmp_path / "captures",
        f"image_Canon_EOS_Rebel_T6_{timestamp(NOW)}",
    )


def test_every_path_form_that_is_given_is_taken_back(store: Store, tmp_path: Path) -> None:
    """Relative to the working folder, which wins, and relative to the captures."""
    fill("vase", "a.jpg")
    expected = (tmp_path / SETS / "vase" / "a.jpg").resolve()
    (image,) = store.sets.contents("vase")
    assert store.places.resolve_image(image.path) == expected
    assert store.places.resolve_image("photometric_sets/vase/a.jpg") == expected
    inner = Path("captures/captures")
    inner.mkdir()
    (inner / "x.jpg").write_bytes(b"inner")
    assert store.read_image("captures/x.jpg")[1] == b"inner"
    Path("captures/x.jpg").write_bytes(b"outer")
    assert store.read_image("captures/x.jpg") == ("x.jpg", b"outer", "image/jpeg")


@pytest.mark.parametrize(
    "form", ["captures", "./captures", "../{cwd}/captures", "{absolute}/captures", ".data/captures", "."]
)
def test_paths_begin_with_the_setting_as_configured(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However CAPTURES_BASE_DIR is written, what the server gives it takes back."""
    monkeypatch.chdir(tmp_path)
    base = Path(form.format(cwd=tmp_path.name, absolute=tmp_path))
    store = Store(Settings(captures_base_dir=base))
    store.prepare()
    made = store.create_set("vase", NOW)
    (made.path / "a.jpg").write_bytes(b"a")
    (image,) = store.sets.contents(made.name)
    assert image.path == str(base / made.relative / "a.jpg")
    assert store.read_image(image.path)[1] == b"a"
    assert store.read_image(f"{made.relative}/a.jpg")[1] == b"a"
    from_working = os.path.relpath(made.path / "a.jpg", tmp_path)
    if not from_working.startswith("."):
        assert store.read_image(from_working)[1] == b"a"
    store.close()


def test_a_linked_captures_folder_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole folder may lie on another disk behind a link."""
    monkeypatch.chdir(tmp_path)
    Path("disk").mkdir()
    Path("captures").symlink_to("disk")
    store = Store(Settings())
    store.prepare()
    made = store.create_set("vase", NOW)
    (made.path / "a.jpg").write_bytes(b"a")
    assert store.read_image(f"captures/{made.relative}/a.jpg")[1] == b"a"
    assert store.image_file(made.path / "a.jpg").path == f"captures/{made.relative}/a.jpg"
    assert store.image_file((made.path / "a.jpg").resolve()).path == f"captures/{made.relative}/a.jpg"
    store.close()


def test_another_sets_folder_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PHOTOMETRIC_SETS_BASE_DIR may lie deeper inside the captures, also when it is written absolutely."""
    monkeypatch.chdir(tmp_path)
    store = Store(Settings(photometric_sets_base_dir=tmp_path / "captures" / "rig" / "sets"))
    store.prepare()
    made = store.create_set("vase", NOW)
    assert made.relative == f"rig/sets/{made.name}"
    (made.path / "a.jpg").write_bytes(b"a")
    assert store.sets.contents(made.name)[0].path == f"captures/rig/sets/{made.name}/a.jpg"
    store.close()


def test_readers_never_see_half_of_a_change(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """While sets are made, annotated, renamed and deleted, every list and every manifest read is whole."""
    stop = threading.Event()
    problems: list[BaseException] = []

    def read() -> None:
        while not stop.is_set():
            try:
                for one in all_sets(store):
                    with suppress(SetNotFound):
                        manifest = store.sets.details(one.name).manifest
                        assert manifest is None or manifest.status == "running"
            except BaseException as error:  # noqa: BLE001 - shown by the test
                problems.append(error)
                return

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(30):
        name = store.create_set("busy", NOW).name
        store.sets.write_manifest(name, Manifest(status=JobState.RUNNING, started_at=NOW))
        store.sets.annotate(AnnotateSet(set_name=name, notes="x" * 1000))
        store.sets.rename(name, f"renamed_{number}")
        store.sets.delete(f"renamed_{number}")
    stop.set()
    for reader in readers:
        reader.join()
    assert problems == []
    assert "without its manifest" not in caplog.text


def test_a_set_of_a_newer_version_is_shown_renamed_and_deleted_but_never_changed(store: Store) -> None:
    """Nothing writes its manifest: no note, no job, and no start that finds it under way."""
    name = store.create_set("vase", NOW).name
    path = store.places.set_folder(name) / "manifest.json"
    path.write_text('{"schema_version": 9, "status": "running", "steps": [], "new": 1}')
    details = store.sets.details(name)
    assert details.manifest is not None
    assert (details.manifest.schema_version, details.set.status) == (9, JobState.RUNNING)
    for write in (
        lambda: store.sets.annotate(AnnotateSet(set_name=name, rating=3)),
        lambda: store.sets.write_manifest(name, Manifest(status=JobState.FAILED)),
    ):
        with pytest.raises(ManifestNewer, match=name):
            write()
    store.prepare()
    assert store.sets.rename(name, "other") == "other"
    assert json.loads((store.places.set_folder("other") / "manifest.json").read_text())["new"] == 1
    store.sets.delete("other")


def test_a_manifest_that_cannot_be_understood_is_told_with_the_set(store: Store) -> None:
    """The images are shown all the same."""
    name = store.create_set("vase", NOW).name
    (store.places.set_folder(name) / "manifest.json").write_text('{"steps": [{"index": "x"}]}')
    details = store.sets.details(name)
    assert details.manifest is None
    assert "steps.0.index" in str(details.set.fault)
