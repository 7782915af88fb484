"""What a start does about the end of the run before, and what a failing disk leaves behind."""

import errno
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.store_world import all_sets
from tetherlight.errors import DiskFull, SetNotFound, StartFailed, StoreError
from tetherlight.files.durable import write_atomically
from tetherlight.protocol.manifest import MANIFEST, Manifest, StepRecord
from tetherlight.protocol.models import JobState, StepState
from tetherlight.settings import Settings
from tetherlight.store.manifest import read_manifest, write_manifest
from tetherlight.store.store import Store

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
SETS = Path("captures/photometric_sets")


@pytest.fixture(autouse=True)
def working(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def started(**settings: object) -> Store:
    store = Store(Settings.model_validate(settings))
    store.prepare()
    list(store.tidy())
    return store


@pytest.mark.parametrize("status", [JobState.RUNNING, JobState.PAUSED])
def test_a_sequence_that_was_cut_short_is_marked_interrupted(status: JobState) -> None:
    """What was under way is to do again; what was done stays done, images are not touched."""
    store = started()
    made = store.create_set("vase", NOW)
    (made.path / "image_01_a.jpg").write_bytes(b"a")
    (made.path / "image_02_b.jpg").write_bytes(b"not in the manifest yet")
    steps = tuple(
        StepRecord(index=index, light=light, state=state)
        for index, light, state in (
            (1, "a", StepState.DONE),
            (2, "b", StepState.RUNNING),
            (3, "c", StepState.FAILED),
            (4, "d", StepState.PENDING),
        )
    )
    store.sets.write_manifest(made.name, Manifest(status=status, started_at=NOW, steps=steps))
    store.close()
    again = started()
    manifest = again.sets.manifest(made.name)
    assert manifest.status is JobState.INTERRUPTED
    assert [step.state for step in manifest.steps] == ["done", "pending", "failed", "pending"]
    assert manifest.error is not None
    assert {path.name for path in made.path.glob("*.jpg")} == {"image_01_a.jpg", "image_02_b.jpg"}
    again.close()


@pytest.mark.parametrize(
    "status", [JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED, JobState.INTERRUPTED, None]
)
def test_a_sequence_that_ended_keeps_its_status(status: JobState | None) -> None:
    """Its manifest is not even written again."""
    store = started()
    made = store.create_set("vase", NOW)
    store.sets.write_manifest(made.name, Manifest(status=status, started_at=NOW))
    before = (made.path / MANIFEST).stat()
    store.close()
    started().close()
    assert (made.path / MANIFEST).stat().st_ino == before.st_ino


def test_a_broken_manifest_does_not_stop_the_start() -> None:
    """Neither does one that says running and is otherwise nonsense."""
    odd = '{"status": "running", "started_at": "0001-01-01T00:00:00+23:59"}'
    for name, content in (("a", "{"), ("b", '{"status": "running", "steps": 5}'), ("c", odd)):
        (SETS / name).mkdir(parents=True)
        (SETS / name / MANIFEST).write_text(content)
    store = started()
    assert {one.name for one in all_sets(store)} == {"a", "b", "c"}
    store.close()
    assert (SETS / "b" / MANIFEST).read_text() == '{"status": "running", "steps": 5}'


def test_unfinished_files_go_and_everything_else_stays() -> None:
    """Only names that we give to unfinished files, wherever they may lie."""
    folder = SETS / "vase" / "results"
    folder.mkdir(parents=True)
    gone = [Path("captures/.image.jpg.1f.tmp"), SETS / "vase" / ".image_01_a.cr2.part", folder / ".n.png.2.tmp"]
    stay = [Path("captures/.note"), Path("captures/a.tmp"), SETS / "vase" / "a.jpg", SETS / "vase" / ".b.jpg"]
    for path in [*gone, *stay]:
        path.write_bytes(b"x")
        os.utime(path, (time.time() - 10,) * 2)
    young = SETS / "vase" / ".young.jpg.tmp"
    young.write_bytes(b"x")
    os.utime(young, (time.time() + 60,) * 2)
    started().close()
    assert not any(path.exists() for path in gone)
    assert all(path.exists() for path in [*stay, young])


def test_a_second_server_does_not_start_in_the_folder_of_the_first(working: Path) -> None:
    """It touches nothing: a sequence still runs and its file is still being written. After the first it may start."""
    first = started()
    made = first.create_set("vase", NOW)
    first.sets.write_manifest(made.name, Manifest(status=JobState.RUNNING, started_at=NOW))
    unfinished = made.path / ".image.jpg.tmp"
    unfinished.write_bytes(b"x")
    os.utime(unfinished, (0, 0))
    with pytest.raises(StartFailed, match=f"Another server works in the folder {working}/captures,") as refusal:
        started()
    assert "CAPTURES_BASE_DIR" in (refusal.value.hint or "")
    assert unfinished.exists()
    assert first.sets.manifest(made.name).status is JobState.RUNNING
    first.close()
    third = started()
    assert not unfinished.exists()
    assert third.sets.manifest(made.name).status is JobState.INTERRUPTED
    third.close()


def test_a_store_that_is_forgotten_lets_go_of_the_folder() -> None:
    """Nobody needs to close it for the next one to clean up; preparing twice is harmless."""
    store = started()
    store.prepare()
    del store
    Path("captures/.x.tmp").write_bytes(b"x")
    os.utime("captures/.x.tmp", (0, 0))
    started().close()
    assert not Path("captures/.x.tmp").exists()


def test_half_moves_to_the_trash_are_finished() -> None:
    """An empty place is dropped, a removal that was cut short goes on, a whole deleted set stays."""
    store = started()
    made = store.create_set("vase", NOW)
    store.sets.delete(made.name)
    trash = SETS / ".trash"
    (trash / "20260101T000000.000000Z").mkdir()
    (trash / ".purging-20260101T000000.000000Z" / "half").mkdir(parents=True)
    (trash / ".purging-20260101T000000.000000Z" / "half" / "a.jpg").write_bytes(b"a")
    store.close()
    again = started()
    assert len(list(trash.iterdir())) == 1
    again.sets.restore(made.name)
    with pytest.raises(SetNotFound):
        again.sets.restore("half")
    again.close()


def test_a_folder_that_cannot_be_made_is_one_sentence() -> None:
    """The start is refused with the folder's name."""
    Path("captures").write_text("a file")
    with pytest.raises(StoreError, match=r"^The folder captures cannot be used: .*\.$"):
        started()


@pytest.mark.parametrize("kind", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_write_that_fails_leaves_the_old_file_and_no_other(kind: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk has its own error; the manifest before is still whole."""
    folder = Path("captures")
    folder.mkdir()
    write_manifest(folder, Manifest(notes="before"))

    def fail(_: int) -> None:
        raise OSError(kind, os.strerror(kind))

    with monkeypatch.context() as patch:
        patch.setattr("tetherlight.files.durable.os.fsync", fail)
        with pytest.raises(StoreError) as caught:
            write_manifest(folder, Manifest(notes="after"))
    assert isinstance(caught.value, DiskFull) is (kind != errno.EIO)
    assert [path.name for path in folder.iterdir()] == [MANIFEST]
    assert read_manifest(folder).notes == "before"


def test_files_are_readable_for_owner_and_group_only() -> None:
    """Whatever the umask allows beyond that."""
    before = os.umask(0)
    try:
        store = started()
        made = store.create_set("vase", NOW)
        store.sets.write_manifest(made.name, Manifest())
        store.sets.delete(store.create_set("gone", NOW).name)
    finally:
        os.umask(before)
    store.close()
    for path in Path("captures").rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o750 if path.is_dir() else 0o640), path
    assert Path("captures").stat().st_mode & 0o777 == 0o750


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from tetherlight.protocol.models import JobState
from tetherlight.settings import Settings
from tetherlight.protocol.manifest import Manifest
from tetherlight.store.store import Store
store = Store(Settings())
store.prepare()
print("ready", flush=True)
number = 0
while True:
    made = store.create_set("vase", datetime.now(UTC))
    for count in range(5):
        store.sets.write_manifest(made.name, Manifest(status=JobState.RUNNING, notes="x" * 50_000, rating=count))
        print("written", flush=True)
    number += 1
    if number % 2:
        store.sets.delete(made.name)
"""


@pytest.mark.parametrize("written", [0, 7, 30])
def test_after_a_kill_every_manifest_is_whole(written: int) -> None:
    """Killed at any moment, the disk holds old or new manifests, and the next start finds nothing torn."""
    with subprocess.Popen([sys.executable, "-c", WRITER], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(written + 1):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    store = started()
    for one in all_sets(store):
        manifest = store.sets.details(one.name).manifest
        assert manifest is None or manifest.notes == "x" * 50_000
        assert one.status in {JobState.INTERRUPTED, None}
    assert not list(Path("captures").rglob(".*.tmp"))
    store.close()


def test_an_atomic_write_keeps_names_short_enough(tmp_path: Path) -> None:
    """The temporary name of the longest possible name is still a name."""
    path = tmp_path / ("x" * 251 + ".jpg")
    write_atomically(path, b"x")
    assert path.read_bytes() == b"x"
