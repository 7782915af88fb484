"""The wheel carries all that is needed: it serves, and its types are there for programs that use it."""

import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest

from smoke import serves, tells_version
from support.patience import stretched

ROOT = Path(__file__).parents[2]
FOR_THE_BUILD = (
    "pyproject.toml", "README.md", "LICENSE", "hatch_build.py", "scripts/web.py",
    "deploy/60-tetherlight.rules", "deploy/tetherlight.service",
)  # fmt: skip

RIGHT = """\
import asyncio
from typing import assert_type

from tetherlight import Client, SyncClient
from tetherlight.errors import CameraNotFound
from tetherlight.protocol.models import CameraInfo, ConfigEntry


async def models() -> list[str]:
    async with Client("http://127.0.0.1:8000") as rig:
        cameras = assert_type(await rig.cameras(), list[CameraInfo])
        async for frame in rig.liveview(max_fps=10):
            assert_type(frame.jpeg, bytes)
        async for event in rig.events("lights"):
            assert_type(event.name, str)
        return [camera.model for camera in cameras]


def iso() -> ConfigEntry | None:
    with SyncClient(token="secret") as rig:
        try:
            return assert_type(rig.set_config("iso", "200"), ConfigEntry)
        except CameraNotFound as error:
            print(error.hint)
            return None


print(asyncio.run(models()), iso())
"""

WRONG = """\
from tetherlight import Cilent
from tetherlight import SyncClient
with SyncClient(tokn="secret") as rig:
    rig.set_config(200, "iso")
    rig.cameras()[0].colour
    rig.autofocus("middle")
"""

Checker = Callable[[Path, Path], "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment in which the built wheel is installed, and the libraries that it needs."""
    folder = tmp_path_factory.mktemp("installed")
    wheel = build_wheel(folder / "checkout")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv")
    python = folder / "venv" / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python, "install", "--quiet")
    run(*pip, "--no-deps", "--no-index", "--no-compile", wheel)
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    # What the package needs is in this environment already; that ours is linked to a checkout here is not passed on.
    (site / "libraries.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return python


def build_wheel(checkout: Path) -> Path:
    """Build the wheel from a copy of the sources, without network, without the web application."""
    ignored = shutil.ignore_patterns("__pycache__", "web")
    shutil.copytree(ROOT / "src" / "tetherlight", checkout / "src" / "tetherlight", ignore=ignored)
    for name in FOR_THE_BUILD:
        (checkout / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, checkout / name)
    run("env", "TETHERLIGHT_WEB=0", sys.executable, "-m", "hatchling", "build", "-t", "wheel", folder=checkout)
    (wheel,) = (checkout / "dist").iterdir()
    return wheel


def run(*words: object, folder: Path | None = None, check: bool = True) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        list(map(str, words)), cwd=folder, capture_output=True, text=True, check=check, timeout=stretched(120)
    )


def mypy(python: Path, program: Path) -> "subprocess.CompletedProcess[str]":
    words = ("--strict", "--config-file=", "--python-executable", python, program.name)
    return run(sys.executable, "-m", "mypy", *words, folder=program.parent, check=False)


def pyright(python: Path, program: Path) -> "subprocess.CompletedProcess[str]":
    if find_spec("pyright") is None:
        pytest.skip("pyright runs where Node.js comes as a package: on Linux, x86-64 or aarch64")
    (program.parent / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}')
    words = ("--pythonpath", python, program.name)
    return run(sys.executable, "-m", "pyright", *words, folder=program.parent, check=False)


def test_the_installed_program_serves_a_simulated_rig(installed: Path, tmp_path: Path) -> None:
    """Without pages here; `make packages` looks for them, too."""
    program = installed.with_name("tetherlight")
    tells_version(program, version("tetherlight"))
    serves(program, version("tetherlight"), tmp_path, pages=False)


both = pytest.mark.parametrize("check", [mypy, pyright])


@both
def test_a_program_that_is_right_passes_the_strictest_check(installed: Path, tmp_path: Path, check: Checker) -> None:
    (tmp_path / "program.py").write_text(RIGHT)
    ended = check(installed, tmp_path / "program.py")
    assert ended.returncode == 0, ended.stdout + ended.stderr


@both
def test_each_mistake_of_a_program_is_found(installed: Path, tmp_path: Path, check: Checker) -> None:
    (tmp_path / "program.py").write_text(WRONG)
    ended = check(installed, tmp_path / "program.py")
    found = {int(line) for line in re.findall(r"program\.py:(\d+):(?:\d+ -)? error", ended.stdout)}
    assert found == {1, 3, 4, 5, 6}, ended.stdout + ended.stderr


@both
def test_without_its_marker_the_package_would_have_no_types(installed: Path, tmp_path: Path, check: Checker) -> None:
    """This is what the other tests would not notice if the checkers read the sources in some other way."""
    (marker,) = installed.parents[1].glob("lib/*/site-packages/tetherlight/py.typed")
    (tmp_path / "program.py").write_text(RIGHT)
    marker.rename(marker.with_name("py.untyped"))
    try:
        ended = check(installed, tmp_path / "program.py")
    finally:
        marker.with_name("py.untyped").rename(marker)
    assert ended.returncode == 1
    assert 'error: Skipping analyzing "tetherlight"' in ended.stdout or 'not found for "tetherlight"' in ended.stdout
