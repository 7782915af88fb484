"""How much room a surface takes while it is made is known before its images are decoded."""

import shutil
from pathlib import Path

import pytest

from support.image_sets import Bump, dome, folder_with_lp, folder_with_manifest
from tetherlight.reconstruct.options import Options
from tetherlight.reconstruct.room import BESIDES, OF_THE_MESH, needed_bytes
from tetherlight.reconstruct.surface import reconstruct

LIGHTS = dome(4)
BUMP = Bump((150, 200))
PICTURES = [BUMP.lit(light) for light in LIGHTS]


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_what_is_made_takes_less_than_was_said(tmp_path: Path, suffix: str) -> None:
    """The images that are spread out and the files of the result, at the end of the work together."""
    folder = folder_with_lp(tmp_path / "set", LIGHTS, PICTURES, suffix)
    out = tmp_path / "out"
    out.mkdir()
    most = []

    def measure(done: float, total: float, activity: str | None = None) -> None:  # noqa: ARG001 - it looks meanwhile
        most.append(sum(path.stat().st_size for path in out.iterdir()))

    reconstruct(measure, folder=str(folder), into=str(out), options=Options(method="l1").as_dict())
    said = needed_bytes(folder, tmp_path, preview=False) - BESIDES
    assert 0.2 * said < max(most) < said


def test_a_preview_takes_less(tmp_path: Path) -> None:
    folder = folder_with_manifest(tmp_path / "set", LIGHTS, PICTURES)
    whole, small = (needed_bytes(folder, tmp_path, preview=preview) - BESIDES for preview in (False, True))
    assert small == (whole - BUMP.height.size * OF_THE_MESH) // 16


def test_what_cannot_be_read_says_nothing(tmp_path: Path) -> None:
    folder = folder_with_lp(tmp_path / "set", LIGHTS, PICTURES)
    for path in folder.glob("*.png"):
        path.write_bytes(b"broken")
    assert needed_bytes(folder, tmp_path, preview=False) == BESIDES
    shutil.rmtree(folder)
    assert needed_bytes(folder, tmp_path, preview=False) == 0
