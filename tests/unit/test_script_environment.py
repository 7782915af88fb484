"""`make` looks at its environment each time, and makes it anew where it does not work.

Here with a pip that fetches nothing.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.patience import stretched

ROOT = Path(__file__).parents[2]
PYTHON = """#!/bin/sh
# A Python whose environments have a pip that fetches nothing.
if [ "$1 $2" = "-m venv" ]; then
    shift 2
    "{real}" -m venv --without-pip "$@" || exit 1
    for folder; do :; done
    for place in "$folder"/lib/python*/site-packages; do cp "{pip}" "$place/pip.py"; done
else
    exec "{real}" "$@"
fi
"""
PIP = """
import os, pathlib, sys
here, folder = pathlib.Path.cwd(), pathlib.Path(sys.prefix)
with (here / "pip.log").open("a") as log:
    log.write(" ".join(sys.argv[1:]) + chr(10))
if "FAILURE" in os.environ:
    print(os.environ["FAILURE"], file=sys.stderr)
    sys.exit(1)
packages = pathlib.Path(__file__).parent
for name in sys.argv:
    if name.endswith(".txt"):
        for line in (here / name).read_text().splitlines():
            (packages / (line.replace("==", "-") + ".dist-info")).mkdir(exist_ok=True)
if "--editable" in sys.argv:
    (packages / "tetherlight.pth").write_text(str(here / "src"))
    (folder / "bin" / "tetherlight").write_text("#!" + sys.executable)
    (folder / "bin" / "tetherlight").chmod(0o755)
"""
MADE_ANEW = "The environment .venv does not fit this folder and its Python any more: it is made anew."
NO_NETWORK = (
    "The packages could not be fetched: the package index cannot be reached. "
    "Try again when this machine is on the network."
)
SERVER, TOOLS = "Installing the server into .venv ...", "Installing the tools for checks and tests ..."


class Checkout:
    """A folder with our scripts and a server that does nothing."""

    def __init__(self, folder: Path, python: Path) -> None:
        self.folder = folder
        self.python = python

    def bootstrap(self, part: str = "runtime", python: str | None = None, **environment: str) -> tuple[int, list[str]]:
        """Run the script; return its exit status and the lines that it printed."""
        done = subprocess.run(
            [self.folder / "scripts" / "bootstrap.sh", ".venv", part, python or self.python],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=stretched(60),
            env=os.environ | environment,
        )  # fmt: skip
        return done.returncode, done.stdout.splitlines()

    def works(self) -> bool:
        """Say whether the environment has this folder's server."""
        python, asked = str(self.folder / ".venv" / "bin" / "python"), "import tetherlight; print(tetherlight.__file__)"
        done = subprocess.run(
            [python, "-I", "-c", asked], capture_output=True, text=True, check=False, timeout=stretched(60)
        )
        return done.stdout.strip() == str(self.folder / "src" / "tetherlight" / "__init__.py")

    def packages(self) -> Path:
        """Return where packages are installed."""
        (found,) = (self.folder / ".venv" / "lib").glob("python*/site-packages")
        return found


def make_checkout(place: Path) -> Checkout:
    """Make a checkout without an environment."""
    python, pip, folder = place / "python", place / "pip.py", place / "checkout"
    pip.write_text(PIP)
    python.write_text(PYTHON.format(real=sys.executable, pip=pip))
    python.chmod(0o755)
    for name in ("bootstrap.sh", "environment.py"):
        (folder / "scripts").mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "scripts" / name, folder / "scripts" / name)
    (folder / "requirements").mkdir()
    for name, text in {"runtime": "numpy==2.4\n", "build": "hatchling==1.2\n", "dev": "ruff==1.0\n"}.items():
        (folder / "requirements" / f"{name}.txt").write_text(text)
    (folder / "src" / "tetherlight").mkdir(parents=True)
    for name in ("pyproject.toml", "hatch_build.py", "src/tetherlight/__init__.py"):
        (folder / name).touch()
    return Checkout(folder, python)


@pytest.fixture
def fresh(tmp_path: Path) -> Checkout:
    """A checkout without an environment."""
    return make_checkout(tmp_path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """One checkout with a whole environment, which each test leaves whole."""
    made = make_checkout(tmp_path_factory.mktemp("whole"))
    assert made.bootstrap("dev") == (0, [SERVER, TOOLS])
    return made


def test_an_environment_is_made_once(fresh: Checkout) -> None:
    """And the tools for tests are added where they are wanted."""
    assert fresh.bootstrap() == (0, [SERVER])
    assert fresh.works()
    assert fresh.bootstrap() == (0, [])
    assert fresh.bootstrap("dev") == (0, [TOOLS])
    assert fresh.bootstrap("dev") == (0, [])


def test_only_a_changed_requirement_is_installed(whole: Checkout) -> None:
    """A new time of the same content is no change."""
    for path in whole.folder.rglob("requirements/*"):
        os.utime(path)
    assert whole.bootstrap("dev") == (0, [])
    (whole.folder / "requirements" / "dev.txt").write_text("ruff==1.0\nmypy==1.0\n")
    assert whole.bootstrap("dev") == (0, [TOOLS])


@pytest.mark.parametrize("copied", [False, True], ids=["moved", "copied"])
def test_a_folder_that_was_moved_or_copied_gets_its_own(whole: Checkout, tmp_path: Path, *, copied: bool) -> None:
    """A copy's environment would still run the server of the folder that it was copied from."""
    other = tmp_path / "elsewhere"
    shutil.copytree(whole.folder, other, symlinks=True)
    away = whole.folder if copied else whole.folder.rename(tmp_path / "away")
    try:
        there = Checkout(other, whole.python)
        assert not there.works()
        assert there.bootstrap("dev") == (0, [MADE_ANEW, SERVER, TOOLS])
        assert there.works()
    finally:
        away.rename(whole.folder)


def break_interpreter(whole: Checkout) -> None:
    """Let its interpreter be removed from the machine."""
    for link in (whole.folder / ".venv" / "bin").glob("python*"):
        link.unlink()
        link.symlink_to("/nowhere/python3")


def exchange_interpreter(whole: Checkout) -> None:
    """Let its interpreter be another one than it was made with."""
    notes = whole.folder / ".venv" / ".made-from.json"
    notes.write_text(json.dumps(json.loads(notes.read_text()) | {"python": "/usr cpython-310 x86_64"}))


def crash_interpreter(whole: Checkout) -> None:
    """Let its interpreter be of another machine."""
    python = whole.folder / ".venv" / "bin" / "python"
    python.unlink()
    python.write_bytes(b"\x7fELF no program of this machine")
    python.chmod(0o755)


def take_pip(whole: Checkout) -> None:
    """Take away what installs packages."""
    (whole.packages() / "pip.py").unlink()


def forget(whole: Checkout) -> None:
    """Let it be one that somebody else has made, or a version that took no notes."""
    (whole.folder / ".venv" / ".made-from.json").unlink()


@pytest.mark.parametrize("spoil", [break_interpreter, exchange_interpreter, crash_interpreter, take_pip, forget])
def test_an_environment_that_does_not_work_is_made_anew(whole: Checkout, spoil: object) -> None:
    assert callable(spoil)
    spoil(whole)
    assert whole.bootstrap("dev") == (0, [MADE_ANEW, SERVER, TOOLS])
    assert whole.works()
    assert whole.bootstrap("dev") == (0, [])


@pytest.mark.parametrize(
    ("lost", "said"),
    [("numpy-2.4.dist-info", SERVER), ("tetherlight.pth", SERVER), ("ruff-1.0.dist-info", TOOLS)],
)
def test_what_is_missing_is_installed_again(whole: Checkout, lost: str, said: str) -> None:
    """Also the server itself, which a stamp would not miss."""
    path = whole.packages() / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert whole.bootstrap("dev") == (0, [said])
    assert whole.works()
    assert whole.bootstrap("dev") == (0, [])


def test_without_a_network_there_is_one_sentence(fresh: Checkout) -> None:
    """And none of pip's pages; when there is one again the work goes on."""
    page = "WARNING: Retrying ... [Errno -3] Temporary failure in name resolution\n" * 5
    code, lines = fresh.bootstrap(FAILURE=page)
    assert (code, lines) == (1, [SERVER, NO_NETWORK])
    assert fresh.bootstrap() == (0, [SERVER])


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "ERROR: Could not install: [Errno 28] No space left on device",
            "the disk is full. Make room, some 2 GB, and try",
        ),
        (
            "OSError: [Errno 13] Permission denied: '/there/x.py'\nCheck",
            "you may not write to /there/x.py. Whose",
        ),
        ("ERROR: [Errno 30] Read-only file system: '/there'", "you may not write to /there. Whose"),
    ],
)
def test_what_the_system_refuses_is_one_sentence(fresh: Checkout, said: str, told: str) -> None:
    """And where it refuses no more the work goes on."""
    code, lines = fresh.bootstrap(FAILURE=f"Collecting numpy\n{said}\n")
    assert (code, lines[0], len(lines)) == (1, SERVER, 2)
    assert told in lines[1]
    assert fresh.bootstrap() == (0, [SERVER])


@pytest.mark.parametrize(
    ("said", "free", "told"),
    [
        ("Error: [Errno 13] Permission denied: '.venv'", 9999999, "you may not write to {here}. Whose folder is it?"),
        ("Error: ensurepip ended with 1.", 1000, "the disk is full. Make room, some 2 GB, and try again."),
    ],
)
def test_an_environment_that_cannot_be_made_is_one_sentence(
    fresh: Checkout, tmp_path: Path, said: str, free: int, told: str
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "df").write_text(f"#!/bin/sh\necho Filesystem; echo tmpfs 0 0 {free} 0%\n")
    (programs / "python").write_text(
        f'#!/bin/sh\n[ "$1 $2" != "-m venv" ] || {{ echo "{said}"; exit 1; }}\nexec {fresh.python} "$@"\n'
    )
    for name in ("df", "python"):
        (programs / name).chmod(0o755)
    sentence = f"The environment .venv could not be made: {told.format(here=fresh.folder)}"
    path = f"{programs}:{os.environ['PATH']}"
    assert fresh.bootstrap(python=str(programs / "python"), PATH=path) == (1, [sentence])
    assert fresh.bootstrap() == (0, [SERVER])


def pretending(folder: Path, python: Path, name: str, version: tuple[int, int]) -> None:
    """Put a Python there that says that it is of a version."""
    folder.mkdir(exist_ok=True)
    said = f"import sys; sys.version_info = ({version[0]}, {version[1]}, 0, 'final', 0)"
    (folder / name).write_text(
        f'#!/bin/sh\nif [ "$2" = -c ]; then exec {python} -I -c "{said}; $3"; fi\n'
        f'[ "$1" != --version ] || {{ echo "Python {version[0]}.{version[1]}.0"; exit 0; }}\nexec {python} "$@"\n'
    )
    (folder / name).chmod(0o755)


def test_an_older_interpreter_is_refused_in_one_sentence(fresh: Checkout, tmp_path: Path) -> None:
    pretending(tmp_path / "bin", fresh.python, "old", (3, 10))
    told = f"Python 3.11 or newer is needed; {tmp_path / 'bin' / 'old'} is Python 3.10.0."
    assert fresh.bootstrap(python=str(tmp_path / "bin" / "old")) == (1, [told])
    assert not (fresh.folder / ".venv").exists()


def test_a_newer_interpreter_is_taken_where_there_is_no_other(fresh: Checkout, tmp_path: Path) -> None:
    """A system's python3 may be one for which there are no packages yet, beside one for which there are."""
    programs = tmp_path / "bin"
    pretending(programs, fresh.python, "python3", (3, 15))
    for name in ("dirname", "sh", "cp", "uname"):
        (programs / name).symlink_to(shutil.which(name) or name)
    only = {"PATH": str(programs)}
    assert fresh.bootstrap(python="", **only) == (0, [SERVER])
    shutil.rmtree(fresh.folder / ".venv")
    pretending(programs, fresh.python, "python3.13", (3, 13))
    broken = programs / "python3"
    broken.write_text(broken.read_text().replace("exec", 'case "$*" in *venv*--clear*) exit 9 ;; esac; exec'))
    assert fresh.bootstrap(python="", **only) == (0, [SERVER])


def test_the_newest_interpreter_is_the_one_of_the_classifiers() -> None:
    """Three places say which Pythons there are packages for."""
    named = re.findall(r"Python :: 3\.(\d+)", (ROOT / "pyproject.toml").read_text())
    newest = max(int(minor) for minor in named)
    assert f"NEWEST = (3, {newest})" in (ROOT / "scripts" / "environment.py").read_text()
    assert f"sys.version_info >= (3, {newest + 1})" in (ROOT / "scripts" / "bootstrap.sh").read_text()


def test_any_other_failure_is_shown(fresh: Checkout) -> None:
    """Who has to mend it needs what pip said."""
    code, lines = fresh.bootstrap(FAILURE="ERROR: no compiler")
    assert code == 1
    assert lines[1:] == ["ERROR: no compiler", "The packages could not be installed; the lines above say why."]


def test_another_interpreter_is_used_where_it_is_asked_for(whole: Checkout, tmp_path: Path) -> None:
    """And one that is not there, or is there and does not run, is told in one sentence; the environment stays."""
    shim = tmp_path / "shim"
    shim.write_text("#!/bin/sh\necho 'pyenv: python3.14: command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    assert whole.bootstrap(python="python3.99") == (1, ["There is no python3.99 here."])
    told = f"{shim} is there and does not run: pyenv: python3.14: command not found"
    assert whole.bootstrap(python=str(shim)) == (1, [told])
    other = tmp_path / "other"
    named = "case $* in *--identity*) echo /other cpython-314 x86_64 ;;"
    other.write_text(f'#!/bin/sh\n{named} *) exec {whole.python} "$@" ;; esac\n')
    other.chmod(0o755)
    assert whole.bootstrap("dev", str(other)) == (0, [MADE_ANEW, SERVER, TOOLS])


def test_a_system_of_32_bits_is_told_before_anything_is_tried(fresh: Checkout, tmp_path: Path) -> None:
    """There are no packages for it, and building them takes hours before it fails."""
    narrow = tmp_path / "narrow"
    narrow.write_text(f'#!/bin/sh\ncase $* in *maxsize*) exit 1 ;; *) exec {fresh.python} "$@" ;; esac\n')
    narrow.chmod(0o755)
    told = "This system is one of 32 bits, for which there are no packages: install the 64-bit one for this machine."
    assert fresh.bootstrap(python=str(narrow)) == (1, [told])
    assert not (fresh.folder / ".venv").exists()
