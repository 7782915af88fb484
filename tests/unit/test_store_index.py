"""The index of sets: what other programs do on the disk is in the next list, and nothing else is read for it."""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.store_world import all_sets
from tetherlight.protocol.manifest import MANIFEST, Manifest
from tetherlight.protocol.models import ImageSet, JobState
from tetherlight.protocol.sets import AnnotateSet
from tetherlight.settings import Settings
from tetherlight.store import index
from tetherlight.store.store import Store

SETS = Path("captures/photometric_sets")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.chdir(tmp_path)
    made = Store(Settings(min_free_bytes=0))
    made.prepare()
    for name in ("vase", "coin", "tile"):
        folder = SETS / name
        folder.mkdir()
        (folder / "image_01_a.jpg").write_bytes(b"a" * 10)
        (folder / MANIFEST).write_text(Manifest(status=JobState.COMPLETED, started_at=LONG_AGO).model_dump_json())
        # Whatever changes now has another time, however fast the test is.
        for path in (folder / MANIFEST, folder):
            os.utime(path, (LONG_AGO.timestamp(),) * 2)
    yield made
    made.close()


@pytest.fixture
def rested(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The store with an index that believes everything that it has read, as after a rest."""
    monkeypatch.setattr(index, "REST_NS", -1)
    all_sets(store)
    return store


@pytest.fixture
def read(rested: Store, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the sets that are read, as they are read."""
    names: list[str] = []
    reading = rested.sets._index._read

    def noted(folder: Path) -> tuple[ImageSet, int]:
        names.append(folder.name)
        return reading(folder)

    monkeypatch.setattr(rested.sets._index, "_read", noted)
    return names


def listed(store: Store) -> dict[str, ImageSet]:
    return {one.name: one for one in all_sets(store)}


def edit(name: str, **fields: object) -> None:
    """Change a manifest in place, as an editor does that keeps the file."""
    path = SETS / name / MANIFEST
    with path.open("r+") as file:
        content = json.dumps(json.load(file) | fields)
        file.seek(0)
        file.truncate()
        file.write(content)


def file_in_its_place() -> None:
    shutil.rmtree(SETS / "vase")
    (SETS / "vase").write_text("x")


CHANGES: dict[str, tuple[Callable[[], object], Callable[[dict[str, ImageSet]], bool]]] = {
    "a folder is copied": (
        lambda: shutil.copytree(SETS / "vase", SETS / "copy"), lambda found: "copy" in found,
    ),
    "a folder is renamed": (
        lambda: (SETS / "vase").rename(SETS / "urn"), lambda found: "urn" in found and "vase" not in found,
    ),
    "a folder is deleted": (lambda: shutil.rmtree(SETS / "vase"), lambda found: "vase" not in found),
    "a folder is moved in with its times": (
        lambda: shutil.copytree(SETS / "vase", SETS / "old", copy_function=shutil.copy2), lambda found: "old" in found,
    ),
    "a manifest is edited in place": (lambda: edit("vase", rating=4), lambda found: found["vase"].rating == 4),
    "a manifest is removed": (
        (SETS / "vase" / MANIFEST).unlink, lambda found: found["vase"].status is None,
    ),
    "an image is put in": (
        lambda: (SETS / "vase" / "b.jpg").write_bytes(b"b" * 5), lambda found: found["vase"].size == 15,
    ),
    "an image is removed": (
        (SETS / "vase" / "image_01_a.jpg").unlink, lambda found: found["vase"].cover is None,
    ),
    "a folder becomes a file": (file_in_its_place, lambda found: "vase" not in found),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_what_other_programs_do_is_in_the_next_list(rested: Store, read: list[str], what: str) -> None:
    """And only the set that changed is read for it."""
    change, seen = CHANGES[what]
    assert not seen(listed(rested))
    assert read == []
    change()
    assert seen(listed(rested))
    assert len(read) <= 1
    assert {"coin", "tile"} <= set(listed(rested))


def test_times_that_are_put_back_hide_nothing(rested: Store) -> None:
    """A program that copies with times gives folder and manifest the ones that they had before."""
    folder, manifest = SETS / "vase", SETS / "vase" / MANIFEST
    before = [(path, path.stat()) for path in (manifest, folder)]
    text = manifest.read_text()
    while manifest.stat().st_ctime_ns == before[0][1].st_ctime_ns:  # until the kernel's clock has made a step
        manifest.write_text(text.replace('"rating":null', '"rating":3   '))
    for path, status in before:
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert manifest.stat().st_size == before[0][1].st_size
    assert listed(rested)["vase"].rating == 3


def test_what_changed_a_moment_ago_is_read_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second change within one step of the file system's clock has the same stamp; only rest makes it believed."""
    stamp = store.sets._index._stamp("vase")
    monkeypatch.setattr(store.sets._index, "_stamp", lambda name: stamp if name == "vase" else None)
    assert listed(store)["vase"].rating is None
    edit("vase", rating=5)
    assert listed(store)["vase"].rating == 5


def test_a_set_from_the_future_comes_to_rest(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the clock stands wrong, what looks the same for long enough has rested as well."""
    later = (datetime.now(UTC) + timedelta(days=400)).timestamp()
    for name in ("vase", "coin", "tile"):
        os.utime(SETS / name, (later, later))
    all_sets(store)
    assert not any(entry.rested for entry in store.sets.entries())
    now = time.monotonic_ns()
    monkeypatch.setattr(time, "monotonic_ns", lambda: now + 2 * index.REST_NS)
    assert all(entry.rested for entry in store.sets.entries())


def test_an_image_that_still_grows_keeps_its_set_from_rest(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow copy writes into a file whose name, and with it the folder, has not changed for long."""
    image = SETS / "vase" / "image_01_a.jpg"
    status = time.time_ns() + 3 * index.REST_NS
    monkeypatch.setattr(time, "time_ns", lambda: status)
    later = (time.time_ns() - index.REST_NS // 2) // 1_000_000_000
    with image.open("ab") as file:
        file.write(b"more")
    os.utime(image, (later, later))
    found = {entry.summary.name: entry.rested for entry in store.sets.entries()}
    assert found == {"vase": False, "coin": True, "tile": True}


def test_an_image_that_was_overwritten_in_place_is_noticed_when_the_set_is_opened(rested: Store) -> None:
    """That changes neither folder nor manifest; a list has the new size from then on."""
    (SETS / "vase" / "image_01_a.jpg").write_bytes(b"a" * 99)
    assert rested.sets.details("vase").set.size == 99
    assert listed(rested)["vase"].size == 99


def test_what_the_store_does_itself_is_in_the_next_list(rested: Store) -> None:
    """Annotating, renaming, deleting and restoring go by the same way."""
    rested.sets.annotate(AnnotateSet(set_name="vase", rating=2, catalogue_number="A 7"))
    assert (listed(rested)["vase"].rating, listed(rested)["vase"].catalogue_number) == (2, "A 7")
    rested.sets.rename("vase", "urn")
    assert set(listed(rested)) == {"urn", "coin", "tile"}
    rested.sets.delete("urn")
    assert set(listed(rested)) == {"coin", "tile"}
    rested.sets.restore("urn")
    assert listed(rested)["urn"].rating == 2


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".hidden", "a/b", "../photometric_sets/vase", "none", "\udcff", "a\0b", "x" * 300]
)
def test_what_is_no_set_has_no_summary(store: Store, name: str) -> None:
    """No name leads out of the folder of sets."""
    assert store.sets.summary(name) is None


@pytest.mark.parametrize(
    "started", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-13-45T00:00:00Z", "1e999", ""]
)
def test_an_odd_date_spoils_no_list(store: Store, started: str) -> None:
    """The set is listed, in whatever place, and every order works."""
    edit("vase", started_at=started)
    assert set(listed(store)) == {"vase", "coin", "tile"}
    assert len(json.loads(store.list_sets_as_json())) == 3


def test_a_set_that_cannot_be_read_is_listed_as_broken_until_it_can(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder without permission, or on a disk that fails, hides no other one; nothing else need change to mend it."""
    scandir = os.scandir

    def failing(path: "os.PathLike[str] | str") -> object:
        if Path(path).name == "vase":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(index, "REST_NS", 0)
    with monkeypatch.context() as broken:
        broken.setattr("tetherlight.files.types.os.scandir", failing)
        assert listed(store)["vase"].fault == "The folder cannot be read: Permission denied."
        assert listed(store)["coin"].image_count == 1
    assert listed(store)["vase"].fault is None
