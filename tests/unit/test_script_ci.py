"""Continuous integration runs everything on the default Python, and what is quick on the newest other one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.patience import stretched

ROOT = Path(__file__).parents[2]
DEFAULT = f"3.{sys.version_info.minor}"
MAKE = '#!/bin/sh\necho "make $*" && exit "${MAKE_STATUS:-0}"\n'
NONE = f"All tests ran on Python {DEFAULT}, and no other supported Python is here to try beside it."


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with its environment, on a machine that has no other Python."""
    for name in (".ci/run", "scripts/newest-python.sh"):
        (tmp_path / name).parent.mkdir()
        shutil.copy(ROOT / name, tmp_path / name)
    for name in (".venv/bin", "bin", "pyenv/versions"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    write(tmp_path / "bin" / "make", MAKE)
    for tool in ("bash", "sh", "dirname", "sort", "tail", "grep"):
        found = shutil.which(tool)
        assert found is not None
        (tmp_path / "bin" / tool).symlink_to(found)
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def python(version: str) -> str:
    """Return a program that says that it is this Python."""
    return f'#!/bin/sh\necho "{version} $0"\n'


def ran(checkout: Path, **environment: str) -> tuple[int, list[str]]:
    """Run what continuous integration runs; return its exit status and what it printed."""
    places = {"PATH": str(checkout / "bin"), "HOME": str(checkout), "PYENV_ROOT": str(checkout / "pyenv")}
    done = subprocess.run(
        [checkout / ".ci" / "run"], env=os.environ | places | environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=stretched(60),
    )  # fmt: skip
    return done.returncode, done.stdout.splitlines()


def test_without_another_python_it_says_so(checkout: Path) -> None:
    """A shim that is there and runs nothing is none, nor is one that is too new or too old."""
    for name in ("python3.14", "python3.13", "python3.12", "python3.11"):
        write(checkout / "bin" / name, "#!/bin/sh\necho 'pyenv: command not found' >&2\nexit 127\n")
    for version in ("3.10.13", "3.15.0"):
        write(checkout / "pyenv" / "versions" / version / "bin" / "python3", python(version))
    assert ran(checkout) == (0, ["make test", NONE])


def test_checks_and_unit_tests_run_on_the_newest_other_python_too(checkout: Path) -> None:
    """Whether it is on PATH or pyenv has it; without the web's checks, which no Python changes."""
    others = [f"3.{minor}" for minor in (14, 13, 12, 11) if f"3.{minor}" != DEFAULT]
    newest, older = others[:2]
    write(checkout / "bin" / f"python{older}", python(f"{older}.9"))
    for patch in ("2", "10"):
        write(checkout / "pyenv" / "versions" / f"{newest}.{patch}" / "bin" / "python3", python(f"{newest}.{patch}"))
    chosen = checkout / "pyenv" / "versions" / f"{newest}.10" / "bin" / "python3"
    code, lines = ran(checkout)
    assert (code, lines) == (0, [
        "make test",
        f"The checks and unit tests run on Python {newest}.10 ({chosen}) as well; all tests ran on {DEFAULT}.",
        f"make check unit WEB=0 VENV=.venv-{newest} PYTHON={chosen}",
    ])  # fmt: skip


def test_a_test_that_fails_ends_it(checkout: Path) -> None:
    assert ran(checkout, MAKE_STATUS="2") == (2, ["make test"])
