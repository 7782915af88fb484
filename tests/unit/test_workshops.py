"""A folder appears whole in its place or not at all, and what its maker left is removed."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tetherlight.files.workshops import is_workshop, put, sweep, workshop


def test_a_folder_is_made_out_of_sight_and_put_in_its_place(tmp_path: Path) -> None:
    with workshop(tmp_path / "results") as made:
        assert made.parent == tmp_path
        assert is_workshop(made.name)
        (made / "a").write_text("new")
        put(made, tmp_path / "results")
    assert [path.name for path in tmp_path.iterdir()] == ["results"]
    assert (tmp_path / "results" / "a").read_text() == "new"


def test_an_older_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "old").write_text("old")
    with workshop(tmp_path / "results") as made:
        (made / "a").write_text("new")
        put(made, tmp_path / "results")
    assert [path.name for path in tmp_path.rglob("*")] == ["results", "a"]


def test_what_failed_leaves_the_older_folder_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "old").write_text("old")

    def fail() -> None:
        with workshop(tmp_path / "results") as made:
            (made / "half").write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert [path.name for path in tmp_path.rglob("*")] == ["results", "old"]


def test_what_a_killed_maker_left_is_swept_away_and_what_is_being_made_is_not(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib, os, signal; from tetherlight.files.workshops import workshop\n"
        "with workshop(pathlib.Path(sys.argv[1])) as made: (made / 'x').write_text('x'); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(tmp_path / "results")], check=False)
    assert killed.returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    with workshop(tmp_path / "other") as made:
        assert not left.exists()
        sweep(tmp_path)
        assert made.exists()
    assert not list(tmp_path.iterdir())
