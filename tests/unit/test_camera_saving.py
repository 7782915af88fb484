"""A final name always means a whole, durable file."""

import contextlib
import ctypes
import errno
import fcntl
import hashlib
import mmap
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tetherlight.camera.worker import saving
from tetherlight.errors import DiskFull, StoreError
from tetherlight.files.durable import rename_new
from tetherlight.files.names import names_kept


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_draft_is_hidden_until_it_is_published(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    data = os.urandom(3 << 20)
    draft = saving.write_draft(folder, "IMG_0001.JPG", data)
    assert [name[0] for name in names(folder)] == ["."]
    assert (draft.size, draft.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert (draft.extension, draft.mimetype) == (".jpg", "image/jpeg")
    (path,) = saving.publish([draft], folder, "picture")
    assert path.read_bytes() == data
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert names(folder) == ["picture.jpg"]


def test_all_files_of_an_exposure_share_a_free_stem(tmp_path: Path) -> None:
    (tmp_path / "picture.cr2").write_bytes(b"somebody else's")
    drafts = [saving.write_draft(tmp_path, name, b"x") for name in ("A.JPG", "A.CR2")]
    assert [path.name for path in saving.publish(drafts, tmp_path, "picture")] == ["picture-2.jpg", "picture-2.cr2"]
    assert names(tmp_path) == ["picture-2.cr2", "picture-2.jpg", "picture.cr2"]
    assert (tmp_path / "picture.cr2").read_bytes() == b"somebody else's"


def test_two_files_of_one_type_get_two_names(tmp_path: Path) -> None:
    drafts = [saving.write_draft(tmp_path, name, b"x") for name in ("A.JPG", "B.JPG", "C")]
    assert [path.name for path in saving.publish(drafts, tmp_path, "p")] == ["p.jpg", "p_2.jpg", "p"]


def test_a_file_is_replaced_only_on_request(tmp_path: Path) -> None:
    (tmp_path / "p.jpg").write_bytes(b"old")
    saving.publish([saving.write_draft(tmp_path, "A.JPG", b"new")], tmp_path, "p", replace=["p.jpg"])
    assert (tmp_path / "p.jpg").read_bytes() == b"new"
    assert names(tmp_path) == ["p.jpg"]


def test_a_retake_takes_the_place_of_its_own_files_alone(tmp_path: Path) -> None:
    """A file that it has no more goes; a foreign one of its stem stays and lets it move aside."""
    drafts = [saving.write_draft(tmp_path, name, b"old") for name in ("A.JPG", "A.CR2", "B.JPG")]
    old = [path.name for path in saving.publish(drafts, tmp_path, "p")]
    assert old == ["p.jpg", "p.cr2", "p_2.jpg"]
    new = saving.publish([saving.write_draft(tmp_path, "A.JPG", b"new")], tmp_path, "p", replace=old)
    assert names(tmp_path) == ["p.jpg"] == [path.name for path in new]
    (tmp_path / "p.nef").write_bytes(b"foreign")
    moved = saving.publish([saving.write_draft(tmp_path, "A.JPG", b"newer")], tmp_path, "p", replace=["p.jpg"])
    assert [path.name for path in moved] == ["p-2.jpg"]
    assert names(tmp_path) == ["p-2.jpg", "p.nef"]
    again = saving.publish([saving.write_draft(tmp_path, "A.JPG", b"x")], tmp_path, "p", replace=["p-2.jpg", "../p"])
    assert [path.name for path in again] == ["p-2.jpg"]


@pytest.mark.parametrize(
    "taken", ["p.CR2", "P.jpg", "p.xmp", "p.XMP", "p.jpg.xmp", "p.txt", "p", "p_2.cr2", ".trash_captures/1/p/p.jpg",
              ".trash_captures/.moving-1/p/p.nef", ".trash_captures/1/p_2/p_2.nef"],
)  # fmt: skip
def test_a_stem_is_free_when_nothing_has_it(tmp_path: Path, taken: str) -> None:
    """No file of any type, no sidecar in either spelling, nothing that could be restored, none of its second files."""
    path = tmp_path / taken
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"somebody's")
    drafts = [saving.write_draft(tmp_path, name, b"x") for name in ("A.JPG", "B.JPG")]
    assert [path.name for path in saving.publish(drafts, tmp_path, "p")] == ["p-2.jpg", "p-2_2.jpg"]
    assert path.read_bytes() == b"somebody's"


@pytest.mark.parametrize("free", ["p-2.jpg", "pp.jpg", "p.a.jpg", "p_2.jpg", ".p.jpg.1f.tmp"])
def test_a_stem_is_not_taken_by_one_that_is_like_it(tmp_path: Path, free: str) -> None:
    (tmp_path / free).write_bytes(b"x")
    drafts = [saving.write_draft(tmp_path, "A.JPG", b"x")]
    assert [path.name for path in saving.publish(drafts, tmp_path, "p")] == ["p.jpg"]


def test_many_at_once_get_a_stem_each(tmp_path: Path) -> None:
    """Threads here, as workers elsewhere: one locks out the others for the moment in which names are given."""

    def arrive(number: int) -> set[str]:
        drafts = [saving.write_draft(tmp_path, f"A.{extension}", b"x") for extension in ("JPG", "CR2", "NEF")[:number]]
        return {path.stem for path in saving.publish(drafts, tmp_path, "p")}

    with ThreadPoolExecutor(8) as pool:
        found = [stem for stems in pool.map(arrive, [1, 2, 3] * 8) for stem in stems]
    assert sorted(found) == sorted(["p", *(f"p-{number}" for number in range(2, 25))])
    assert len(names(tmp_path)) == 48


PUBLISH = """
import sys
from pathlib import Path
from tetherlight.camera.worker import saving
folder = Path(sys.argv[1])
for extension in sys.argv[2:]:
    for _ in range(30):
        (path,) = saving.publish([saving.write_draft(folder, "A" + extension, b"x")], folder, "p")
        print(path.stem)
"""


def test_two_processes_share_no_stem(tmp_path: Path) -> None:
    """Two bodies have a worker each."""
    with contextlib.ExitStack() as stack:
        workers = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", PUBLISH, str(tmp_path), extension], stdout=subprocess.PIPE, text=True
                )
            )
            for extension in (".JPG", ".CR2")
        ]
        stems = [line for worker in workers for line in worker.communicate(timeout=120)[0].split()]
    assert len(stems) == len(set(stems)) == 60


def test_a_lock_that_nobody_gives_back_is_an_error(tmp_path: Path) -> None:
    """A wait has an end; the kernel gives back what a dead process held."""
    with names_kept(tmp_path), pytest.raises(StoreError, match="kept the names"), names_kept(tmp_path, 0.01):
        pass
    with names_kept(tmp_path, 0.01):
        pass


def test_a_disk_that_locks_no_folders_has_a_file_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Network file systems lock only what is open for writing."""
    flock = fcntl.flock

    def only_files(descriptor: int, operation: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", only_files)
    with names_kept(tmp_path), pytest.raises(StoreError), names_kept(tmp_path, 0.01):
        pass
    (path,) = saving.publish([saving.write_draft(tmp_path, "A.JPG", b"x")], tmp_path, "p")
    assert path.name == "p.jpg"


@pytest.mark.parametrize("links", [True, False])
def test_a_disk_without_the_careful_rename_overwrites_nothing_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, links: bool
) -> None:
    """By a hard link, else by looking first."""

    class OldKernel:
        """A C library whose kernel knows no flags of a rename."""

        def renameat2(self, *_: object) -> int:
            """Refuse."""
            ctypes.set_errno(errno.EINVAL)
            return -1

    def refused(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: OldKernel())
    if not links:
        monkeypatch.setattr(Path, "hardlink_to", refused)
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    with pytest.raises(FileExistsError):
        rename_new(tmp_path / "a", tmp_path / "b")
    rename_new(tmp_path / "a", tmp_path / "c")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"b": "b", "c": "a"}


def test_what_was_not_published_can_be_discarded(tmp_path: Path) -> None:
    drafts = [saving.write_draft(tmp_path, "A.JPG", b"x")]
    saving.discard(drafts)
    saving.discard(drafts)
    assert names(tmp_path) == []


def test_a_folder_that_is_none_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError):
        saving.write_draft(tmp_path / "file", "A.JPG", b"x")


def test_a_full_disk_is_told_at_once_and_keeps_nothing() -> None:
    """More than a file system in memory can ever hold is asked of it; nothing is really written."""
    memory = Path("/dev/shm")
    if not os.path.ismount(memory):
        pytest.skip("needs a file system in memory")
    folder = memory / f"tetherlight-test-{os.getpid()}"
    folder.mkdir()
    statistics = os.statvfs(memory)
    size = statistics.f_blocks * statistics.f_frsize + (1 << 20)
    try:
        with (folder / "sparse").open("w+b") as sparse:
            os.truncate(sparse.fileno(), size)
            with (
                mmap.mmap(sparse.fileno(), size, access=mmap.ACCESS_READ) as huge,
                memoryview(huge) as view,
                pytest.raises(DiskFull),
            ):
                saving.write_draft(folder, "A.JPG", view)
        assert names(folder) == ["sparse"]
    finally:
        (folder / "sparse").unlink()
        folder.rmdir()
