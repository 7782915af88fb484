"""Whoever changes a set does so alone: threads, processes and other programs lose nothing of each other."""

import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.patience import stretched
from tetherlight.errors import SetBusy, SetNotFound
from tetherlight.protocol.manifest import Manifest, ResultRecord
from tetherlight.protocol.sets import AnnotateSet
from tetherlight.settings import Settings
from tetherlight.store.manifest import change_manifest, read_manifest, set_kept
from tetherlight.store.store import Store

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
CHANGES = 10
WRITER = """
import sys
from pathlib import Path
from tetherlight.protocol.manifest import ResultRecord
from tetherlight.store.manifest import change_manifest
folder, name = Path(sys.argv[1]), sys.argv[2]
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    change_manifest(folder, lambda old: old.model_copy(
        update={"results": (*old.results, ResultRecord.model_validate({"made": f"{name}{number}"}))}
    ))
"""


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.chdir(tmp_path)
    made = Store(Settings(min_free_bytes=0))
    made.prepare()
    return made


def made_by(manifest: Manifest) -> list[str]:
    return [str((one.model_extra or {})["made"]) for one in manifest.results]


def test_no_change_of_several_programs_is_lost(store: Store) -> None:
    """Each reads, changes and writes under the lock of the set; the server's own changes are among them."""
    made = store.create_set("vase", NOW)
    for number in range(CHANGES):
        (made.path / f"{number}.jpg").write_bytes(b"x")
    job = Manifest(job_id="of a job that read it long ago")
    names = ("a", "b", "c")
    processes = [
        subprocess.Popen([sys.executable, "-c", WRITER, made.path, name, str(CHANGES)], stdin=subprocess.PIPE)
        for name in names
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.close()
    for number in range(CHANGES):
        store.sets.annotate(AnnotateSet(set_name=made.name, ratings={f"{number}.jpg": 3}))
        store.sets.write_manifest(made.name, job)
    for process in processes:
        assert process.wait(stretched(60)) == 0
    manifest = read_manifest(made.path)
    assert sorted(made_by(manifest)) == sorted(f"{name}{number}" for name in names for number in range(CHANGES))
    assert manifest.ratings == {f"{number}.jpg": 3 for number in range(CHANGES)}
    assert manifest.job_id == job.job_id
    store.close()


def test_a_set_that_another_program_keeps_is_waited_for(store: Store) -> None:
    """A change that the other makes meanwhile is there when the wait ends."""
    made = store.create_set("vase", NOW)
    begun = threading.Event()

    def rate() -> None:
        begun.set()
        store.sets.annotate(AnnotateSet(set_name=made.name, rating=4))

    rating = threading.Thread(target=rate)
    with set_kept(made.path):
        rating.start()
        begun.wait()
        assert not (made.path / "manifest.json").exists()
    rating.join()
    assert read_manifest(made.path).rating == 4
    store.close()


def test_a_set_that_nobody_gives_back_is_busy(tmp_path: Path) -> None:
    """The wait has an end; another set is not concerned."""
    for name in ("vase", "coin"):
        (tmp_path / name).mkdir()
    kept = "kept set 'vase' locked"
    with set_kept(tmp_path / "vase"), pytest.raises(SetBusy, match=kept), set_kept(tmp_path / "vase", 0.01):
        pass
    with set_kept(tmp_path / "vase"), set_kept(tmp_path / "coin", 0.01):
        pass
    with set_kept(tmp_path / "vase", 0.01):
        pass


def test_a_set_that_was_deleted_while_somebody_waited_is_not_found(tmp_path: Path) -> None:
    """Also where another one has its name by then: the lock is that of the folder, and goes with it."""
    vase, elsewhere = tmp_path / "vase", tmp_path / "elsewhere"
    vase.mkdir()
    begun, found = threading.Event(), []

    def change() -> None:
        begun.set()
        try:
            change_manifest(vase, lambda old: old.model_copy(update={"results": (ResultRecord(),)}))
        except SetNotFound as error:
            found.append(error)

    changing = threading.Thread(target=change)
    with set_kept(vase):
        changing.start()
        begun.wait()
        vase.rename(elsewhere)
    changing.join()
    assert len(found) == 1
    assert list(elsewhere.iterdir()) == []
