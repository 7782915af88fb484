"""The web application is built again when its sources are others, and installed and served from what is there."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.patience import stretched

ROOT = Path(__file__).parents[2]
NODE = """#!/bin/sh
# A Node.js whose npm fetches nothing: "node npm-cli ARGUMENTS" installs and builds.
[ "$1" != --version ] || { echo "${NODE_VERSION:-v24.0.0}"; exit 0; }
shift
echo "$1 $2" >>npm.log
[ -z "${FAILURE:-}" ] || { echo "$FAILURE" >&2; exit 1; }
case "$1" in
ci)
    rm -rf node_modules && mkdir -p node_modules/next && echo '{}' >node_modules/next/package.json
    echo '{"packages": {"node_modules/next": {}}}' >node_modules/.package-lock.json ;;
run)
    rm -rf out .next && mkdir out .next && ls app >out/index.html ;;
esac
"""
NO_NETWORK = (
    "The packages of the web application could not be fetched: the registry cannot be reached. "
    "Try again when this machine is on the network."
)
INSTALLED, BUILT = "ci --prefer-offline", "run --silent"


class Checkout:
    """A folder with our script, two pages, and a Node.js that builds them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.web = folder / "web"
        self.served = folder / "src" / "tetherlight" / "web"

    def run(self, what: str = "build", **environment: str) -> tuple[int, str]:
        """Run the script without what this environment has installed; return its exit status and what it said."""
        done = subprocess.run(
            [sys.executable, "-I", "-S", self.folder / "scripts" / "web.py", what, "--optional"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=stretched(60),
            env=os.environ | {"PATH": f"{self.folder / 'bin'}:/usr/bin:/bin"} | environment,
        )  # fmt: skip
        return done.returncode, done.stdout

    def did(self, **environment: str) -> list[str]:
        """Build, insist on success and return what npm was asked for."""
        (self.web / "npm.log").unlink(missing_ok=True)
        assert self.run(**environment) == (0, "")
        log = self.web / "npm.log"
        asked = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return asked


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout with nothing built."""
    for name in ("scripts", "bin", "src/tetherlight", "web/app"):
        (tmp_path / name).mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "web.py", tmp_path / "scripts" / "web.py")
    for name in ("package.json", "package-lock.json", "app/first.tsx", "app/second.tsx"):
        (tmp_path / "web" / name).write_text("{}")
    for name in ("node", "npm"):
        (tmp_path / "bin" / name).write_text(NODE)
        (tmp_path / "bin" / name).chmod(0o755)
    return Checkout(tmp_path)


@pytest.fixture
def built(checkout: Checkout) -> Checkout:
    """A checkout with a built and served application."""
    assert checkout.did() == [INSTALLED, BUILT]
    return checkout


def test_what_is_built_is_not_built_again(built: Checkout) -> None:
    """A new time of the same content is no change."""
    assert built.served.joinpath("index.html").read_text() == "first.tsx\nsecond.tsx\n"
    assert built.did() == []
    os.utime(built.web / "app" / "first.tsx")
    assert built.did() == []


def test_a_deleted_source_is_a_change(built: Checkout) -> None:
    (built.web / "app" / "second.tsx").unlink()
    assert built.did() == [BUILT]
    assert built.served.joinpath("index.html").read_text() == "first.tsx\n"


def test_a_source_that_is_older_than_the_export_is_a_change(built: Checkout) -> None:
    """Such as one that was copied from elsewhere with its time."""
    (built.web / "app" / "second.tsx").write_text("other")
    os.utime(built.web / "app" / "second.tsx", (0, 0))
    assert built.did() == [BUILT]


def test_a_spoiled_export_is_built_again(built: Checkout) -> None:
    (built.web / "out" / "index.html").write_text("half")
    assert built.did() == [BUILT]
    assert built.served.joinpath("index.html").read_text() == "first.tsx\nsecond.tsx\n"


def test_what_is_served_is_looked_at_too(built: Checkout) -> None:
    """It is put there again without a build; and left alone where it is right, for a server may be reading it."""
    page = built.served / "index.html"
    before = page.stat().st_ino
    assert built.did() == []
    assert page.stat().st_ino == before
    page.unlink()
    assert built.did() == []
    assert page.exists()


def test_packages_that_are_missing_are_installed_again(built: Checkout) -> None:
    shutil.rmtree(built.web / "node_modules" / "next")
    (built.web / "app" / "second.tsx").unlink()
    assert built.did() == [INSTALLED, BUILT]


def test_packages_are_those_of_the_lock(built: Checkout) -> None:
    (built.web / "package-lock.json").write_text(json.dumps({"other": True}))
    os.utime(built.web / "package-lock.json", (0, 0))
    assert built.did() == [INSTALLED, BUILT]


def test_without_a_network_there_is_one_sentence(checkout: Checkout) -> None:
    """And none of npm's pages."""
    code, said = checkout.run(FAILURE="npm error code EAI_AGAIN\nnpm error network request failed")
    assert (code, said.splitlines()) == (1, [NO_NETWORK])
    assert checkout.did() == [INSTALLED, BUILT]


@pytest.mark.parametrize(
    ("said", "told"),
    [("npm error code ENOSPC", "the disk is full"), ("npm error code EACCES", "you may not write")],
)
def test_what_the_system_refuses_is_one_sentence(checkout: Checkout, said: str, told: str) -> None:
    code, printed = checkout.run(FAILURE=f"{said}\nnpm error a log of this run is in ...")
    assert (code, len(printed.splitlines())) == (1, 1)
    assert f"could not be built: {told}" in printed
    assert checkout.did() == [INSTALLED, BUILT]


def test_any_other_failure_is_shown(checkout: Checkout) -> None:
    code, said = checkout.run(FAILURE="npm error no such package")
    assert code == 1
    assert said.splitlines() == [
        "npm error no such package",
        "The web application could not be worked on: npm ended with status 1.",
    ]


@pytest.mark.parametrize("version", ["v20.1.0", "nonsense"])
def test_a_node_that_is_too_old_or_does_not_run_is_none(checkout: Checkout, version: str) -> None:
    code, said = checkout.run(NODE_VERSION=version)
    assert code == 0
    assert said.startswith("Node.js 22 or newer is missing")
    assert not checkout.served.exists()


def test_a_node_of_another_machine_is_none(checkout: Checkout) -> None:
    (checkout.folder / "bin" / "node").write_bytes(b"\x7fELF no program of this machine")
    code, said = checkout.run()
    assert (code, said.startswith("Node.js 22 or newer is missing")) == (0, True)
