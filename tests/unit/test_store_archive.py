"""A set as a zip."""

import os
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from tetherlight.errors import StoreError
from tetherlight.protocol.manifest import FileRecord, Manifest, StepRecord
from tetherlight.protocol.sets import Files
from tetherlight.store.archive import CHUNK, moment_of, zip_of_sets
from tetherlight.store.contents import belonging, belongings, light_directions
from tetherlight.store.manifest import write_manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A set of two lights and an ambient frame in JPEG and RAW, with results, hidden files and a link."""
    made = tmp_path / "vase"
    (made / "results").mkdir(parents=True)
    (made / ".hidden_folder").mkdir()
    steps = []
    for index, light in enumerate((None, "a", "b")):
        names = [f"image_{index:02}_{light or 'ambient'}{suffix}" for suffix in (".cr2", ".jpg")]
        for name in names:
            (made / name).write_bytes(name.encode() * 1000)
        files = tuple(FileRecord(filename=name, size=1, sha256="", mimetype="") for name in names)
        direction = None if light is None else (0.6 * index, 0.0, 0.8)
        steps.append(StepRecord(index=index, light=light, direction=direction, files=files))
    write_manifest(made, Manifest(steps=tuple(steps)))
    (made / "results" / "normals.png").write_bytes(b"n")
    (made / ".image.jpg.tmp").write_bytes(b"unfinished")
    (made / ".hidden_folder" / "x.jpg").write_bytes(b"x")
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    (made / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    return made


def unpacked(folder: Path, files: Files) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(b"".join(zip_of_sets([folder], files)))) as archive:
        assert archive.testzip() is None
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


def test_a_zip_holds_all_of_a_set(folder: Path) -> None:
    """Images, manifest, light directions and results, but nothing hidden and nothing behind links."""
    found = unpacked(folder, "all")
    assert sorted(found) == [
        "vase/image_00_ambient.cr2", "vase/image_00_ambient.jpg", "vase/image_01_a.cr2", "vase/image_01_a.jpg",
        "vase/image_02_b.cr2", "vase/image_02_b.jpg", "vase/manifest.json", "vase/results/normals.png", "vase/vase.lp",
    ]  # fmt: skip
    assert found["vase/image_01_a.jpg"] == b"image_01_a.jpg" * 1000


@pytest.mark.parametrize(("files", "suffix"), [("jpeg", ".jpg"), ("raw", ".cr2")])
def test_a_zip_holds_only_the_wanted_kind(folder: Path, files: Files, suffix: str) -> None:
    """Manifest and light directions are always there; the directions name files that are in it."""
    found = unpacked(folder, files)
    assert {Path(name).suffix for name in found} == {suffix, ".json", ".lp"}
    lines = found["vase/vase.lp"].decode().splitlines()
    assert lines == [
        "2",
        f"image_01_a{suffix} 0.600000 0.000000 0.800000",
        f"image_02_b{suffix} 1.200000 0.000000 0.800000",
    ]
    assert all(f"vase/{line.split()[0]}" in found for line in lines[1:])


@pytest.mark.parametrize("files", ["all", "jpeg", "raw"])
def test_the_list_and_the_single_files_are_what_the_zip_has(folder: Path, files: Files) -> None:
    """Names and bytes, in the same order."""
    found = unpacked(folder, files)
    listed = belongings(folder, files)
    assert [f"vase/{one.name}" for one in listed] == list(found)
    for one in listed:
        single = belonging(folder, one.name, files)
        assert single == one
        with one.open() as file:
            assert file.read() == found[f"vase/{one.name}"]
    for name in ("link.jpg", ".image.jpg.tmp", ".hidden_folder/x.jpg", "results", "", ".", "/", "a/../manifest.json"):
        assert belonging(folder, name, files) is None
    if files != "all":
        assert belonging(folder, "results/normals.png", files) is None


def test_directions_name_no_file_of_another_kind(folder: Path) -> None:
    """A step that gave only a RAW file has none among the JPEGs."""
    file = FileRecord(filename="image_01_a.cr2", size=1, sha256="", mimetype="")
    write_manifest(folder, Manifest(steps=(StepRecord(index=1, light="a", direction=(0, 0, 1), files=(file,)),)))
    assert light_directions(folder, "jpeg") is None
    assert (
        light_directions(folder, "raw") == light_directions(folder) == "1\nimage_01_a.cr2 0.000000 0.000000 1.000000\n"
    )


def test_a_set_without_directions_has_no_lp_file(folder: Path) -> None:
    """Neither has one whose manifest is broken or missing."""
    write_manifest(folder, Manifest(steps=(StepRecord(index=1, light="a"),)))
    assert light_directions(folder) is None
    (folder / "manifest.json").write_text("{")
    assert light_directions(folder) is None
    assert "vase/manifest.json" in unpacked(folder, "all")
    (folder / "manifest.json").unlink()
    assert "vase/vase.lp" not in unpacked(folder, "jpeg")


def test_the_sets_own_lp_file_is_kept(folder: Path) -> None:
    """Somebody calibrated the lights better than the rig file did."""
    (folder / "vase.lp").write_text("1\nx.jpg 0 0 1\n")
    assert unpacked(folder, "all")["vase/vase.lp"] == b"1\nx.jpg 0 0 1\n"


def test_a_zip_comes_in_pieces_of_bounded_size(folder: Path) -> None:
    """No piece is much larger than what was read at once, however large the file."""
    with (folder / "image_01_a.cr2").open("wb") as file:
        file.truncate(20 * CHUNK)
    pieces = [len(piece) for piece in zip_of_sets([folder])]
    assert max(pieces) < 2 * CHUNK
    assert len(pieces) > 20


def test_a_file_that_vanishes_tears_the_zip(folder: Path) -> None:
    """An incomplete zip must not look like a complete one."""
    pieces = zip_of_sets([folder])
    next(pieces)
    (folder / "image_02_b.jpg").unlink()
    with pytest.raises(StoreError, match=r"image_02_b\.jpg"):
        list(pieces)


@pytest.mark.parametrize("when", [0, -1e10, -1e18, 1e11, 1e18, 4e9])
def test_times_that_a_zip_cannot_hold_are_no_error(folder: Path, when: float) -> None:
    """A computer without a clock dates files 1970; a broken one beyond all years."""
    assert (1980, 1, 1) <= moment_of(when)[:3] <= (2107, 12, 31)
    os.utime(folder / "image_01_a.jpg", (max(-1e9, min(when, 1e10)),) * 2)
    assert "vase/image_01_a.jpg" in unpacked(folder, "all")
