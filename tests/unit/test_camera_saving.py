"""A final name always means a whole, durable file."""

import hashlib
import mmap
import os
import stat
from pathlib import Path

import pytest

from tetherlight.camera import saving
from tetherlight.errors import DiskFull, StoreError


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
    saving.publish([saving.write_draft(tmp_path, "A.JPG", b"new")], tmp_path, "p", replace=True)
    assert (tmp_path / "p.jpg").read_bytes() == b"new"
    assert names(tmp_path) == ["p.jpg"]


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
