"""The image: what its builder is sent, and how the script that builds it tries it. `make image` does it for real."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from support.build_context import is_sent
from support.patience import stretched

ROOT = Path(__file__).parents[2]
RULES = (ROOT / ".dockerignore").read_text()
PRIVATE = (
    "captures/image_1.jpg", "captures/photometric_sets/vase/manifest.json", "my pictures/image_1.jpg", "rig.toml",
    "state/token", ".env", ".venv/bin/python", ".venv-3.13/pyvenv.cfg", "venv/bin/python", ".git/config",
    ".cache/fresh/trixie.tar", "dist/a.whl", "build/site/index.html", "test-results/coverage",
    "web/node_modules/next/package.json", "web/out/index.html", "web/.next/a.js", "src/tetherlight/web/index.html",
    "src/tetherlight/__pycache__/errors.cpython-311.pyc", "src/tetherlight/.web-new.tmp/index.html",
)  # fmt: skip
"""What lies in a checkout that has been used."""
NEEDED = (
    "LICENSE", "README.md", "hatch_build.py", "pyproject.toml", "scripts/web.py", "src/tetherlight/__init__.py",
    "src/tetherlight/reconstruct/viewer.html", "deploy/60-tetherlight.rules", "deploy/tetherlight.service",
    "web/package-lock.json", "web/package.json",
)  # fmt: skip
TOOL = """#!/bin/sh
echo "${0##*/} $*" >>"$CALLS"
case "$1 $BROKEN" in
    "info "*) [ "$BROKEN" != info ] ;;
    "run run") exit 1 ;;
    "run "*) cat >>"$CALLS" ;;
esac
"""
"""Stands for podman, docker or buildah: writes down what it is asked, and what the container would be told."""


@pytest.mark.parametrize("path", PRIVATE)
def test_what_is_private_or_made_never_reaches_a_layer(path: str) -> None:
    assert not is_sent(path, RULES)


@pytest.mark.parametrize("path", NEEDED)
def test_what_the_image_is_built_from_is_sent(path: str) -> None:
    assert (ROOT / path).is_file()
    assert is_sent(path, RULES)


def test_what_the_containerfile_names_is_sent() -> None:
    named = re.findall(r"requirements/\w+\.txt", (ROOT / "deploy" / "Containerfile").read_text())
    assert named
    assert all((ROOT / path).is_file() and is_sent(path, RULES) for path in named)


@pytest.mark.parametrize(
    ("rules", "path", "sent"),
    [
        ("captures", "captures/a/b.jpg", False),
        ("captures", "docs/captures/b.jpg", True),
        ("*", "a/b", False),
        ("*\n!a\na/*.tmp", "a/b", True),
        ("*\n!a\na/*.tmp", "a/b.tmp", False),
        ("*\n!a\na/*.tmp", "a/c/b.tmp", True),
        ("**/b", "a/c/b", False),
        ("**/b", "b", False),
        ("# a\n\n", "a", True),
    ],
)
def test_the_rules_are_read_as_builders_read_them(rules: str, path: str, *, sent: bool) -> None:
    assert is_sent(path, rules) is sent


def image(tmp_path: Path, *tools: str, broken: str = "") -> "tuple[subprocess.CompletedProcess[str], list[str]]":
    """Run the script where these tools are; return how it ended and what they were asked."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "cat", "dirname"):
        (programs / name).symlink_to(shutil.which(name) or name)
    for name in tools:
        (programs / name).write_text(TOOL)
        (programs / name).chmod(0o755)
    calls = tmp_path / "calls"
    calls.touch()
    environment = {"PATH": str(programs), "CALLS": str(calls), "BROKEN": broken}
    ended = subprocess.run(
        [ROOT / "scripts" / "image.sh", "rig"], env=environment, capture_output=True, text=True, check=False,
        timeout=stretched(60),
    )  # fmt: skip
    return ended, calls.read_text().splitlines()


def test_without_a_builder_there_is_one_sentence(tmp_path: Path) -> None:
    ended, _ = image(tmp_path)
    assert (ended.returncode, ended.stdout) == (3, "")
    assert ended.stderr == "No image is built: neither podman nor docker nor buildah can be used here.\n"


def test_a_builder_that_cannot_run_is_none(tmp_path: Path) -> None:
    """A docker without its daemon."""
    ended, calls = image(tmp_path, "docker", broken="info")
    assert (ended.returncode, calls) == (3, ["docker info"])


def test_the_image_is_built_and_tried_with_as_few_rights_as_in_the_compose_file(tmp_path: Path) -> None:
    ended, calls = image(tmp_path, "docker", "buildah")
    assert ended.returncode == 0, ended.stderr
    assert calls[:4] == [
        "docker info", "docker build --file deploy/Containerfile --tag rig .", "docker compose version",
        "docker compose --file deploy/compose.yml config --quiet",
    ]  # fmt: skip
    assert calls[4].endswith("--entrypoint sh rig -eu -s")
    assert "tetherlight --server http://127.0.0.1:8731 capture </dev/null" in calls
    service = yaml.safe_load((ROOT / "deploy" / "compose.yml").read_text())["services"]["tetherlight"]
    assert (service["read_only"], service["tmpfs"], service["cap_drop"]) == (True, ["/tmp"], ["ALL"])
    assert "--read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges" in calls[4]
    built = service["build"]
    assert (ROOT / "deploy" / built["context"] / built["dockerfile"]).samefile(ROOT / "deploy" / "Containerfile")


def test_an_image_that_does_not_serve_fails(tmp_path: Path) -> None:
    ended, _ = image(tmp_path, "podman", broken="run")
    assert ended.returncode == 1
    assert "serves a simulated rig" not in ended.stdout
