"""Further files of an exposure share its stem, whatever else has it."""

from pathlib import Path

import pytest

from tetherlight.camera.worker.saving import publish, write_draft
from tetherlight.files.names import names_beside


@pytest.mark.parametrize(
    ("there", "extensions", "names"),
    [
        (["a.cr2"], [".jpg"], ["a.jpg"]),
        (["a.cr2", "a.xmp", "a.cr2.xmp"], [".jpg"], ["a.jpg"]),
        (["a.jpg"], [".jpg"], ["a_2.jpg"]),
        (["A.JPG", "a_2.jpg"], [".jpg", ".jpg"], ["a_3.jpg", "a_4.jpg"]),
    ],
)
def test_a_further_file_gets_the_stem_and_takes_nobody_s_name(
    tmp_path: Path, there: list[str], extensions: list[str], names: list[str]
) -> None:
    for name in there:
        (tmp_path / name).touch()
    assert names_beside(tmp_path, "a", extensions) == names


def test_a_late_file_is_published_beside_its_exposure(tmp_path: Path) -> None:
    (tmp_path / "a.cr2").write_bytes(b"raw")
    assert publish([write_draft(tmp_path, "IMG_1.JPG", b"jpeg")], tmp_path, "a", joins=True) == [tmp_path / "a.jpg"]
    assert publish([write_draft(tmp_path, "IMG_2.JPG", b"jpeg")], tmp_path, "a") == [tmp_path / "a-2.jpg"]
    assert (tmp_path / "a.cr2").read_bytes() == b"raw"
