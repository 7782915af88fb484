"""`tetherlight calibrate` works on a folder of images, without a server."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support.patience import stretched
from support.rendered_balls import Balls, render, ring_of_lights
from tetherlight.files.lp import read_lp

LIGHTS = ring_of_lights(5, 42)


def calibrate(*words: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tetherlight", "calibrate", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, timeout=stretched(150))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder beside the result: five images of a mirror sphere."""
    made = tmp_path / "my set"
    made.mkdir()
    stack = render(Balls(mirrors=((95.0, 95.0, 70.0),), shape=(190, 220)), LIGHTS)
    for number, image in enumerate(stack):
        Image.fromarray((image**0.4545 * 255).round().astype(np.uint8)).save(made / f"image {number}.png")
    return made


def test_it_finds_the_sphere_and_writes_the_light_file(folder: Path) -> None:
    ended = calibrate("my set", folder=folder.parent)
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert lines[0].split() == ["image", "x", "y", "z", "error"]
    assert lines[1].startswith("image 0.png")
    assert lines[6].startswith("Sphere at 9")
    assert lines[-1] == f"The light file is {folder / 'lights.lp'}."
    found = read_lp(folder / "lights.lp")
    assert [one.filename for one in found] == [f"image {number}.png" for number in range(5)]
    cosines = np.sum(np.array([one.vector for one in found]) * LIGHTS, axis=1)
    assert np.degrees(np.arccos(cosines)).max() < 1.5


def test_programs_get_json_and_choose_where_the_light_file_goes(folder: Path) -> None:
    ended = calibrate("my set", "--sphere", "95,95,70", "--out", "x.lp", "--json", folder=folder.parent)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert told["file"] == str(folder.parent / "x.lp")
    assert told["spheres"][0]["given"] is True
    assert len(read_lp(folder.parent / "x.lp")) == len(told["lights"]) == 5
    assert not (folder / "lights.lp").exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("nowhere",), 1, "There is no folder"),
        (("my set", "--sphere", "1,2"), 2, "--sphere: '1,2' is no circle."),
        (("my set", "--sphere", "95,95,30"), 1, "has a radius of 30 pixels; directions need 40"),
        (("my set", "--sphere", "95,95,70", "--near"), 2, "No light has a position that could be written."),
        (("my set", "--sphere", "95,95,70", "--out", "none/x.lp"), 1, "x.lp could not be written"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_written(folder: Path, words, code: int, said: str) -> None:
    ended = calibrate(*words, folder=folder.parent)
    assert (ended.returncode, ended.stdout) == (code, "")
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not list(folder.parent.rglob("*.lp"))
