"""The commands without a server, and those that need none."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.patience import stretched
from tetherlight.cli.options import hoisted

TETHERLIGHT = [sys.executable, "-m", "tetherlight"]


def tetherlight(*words: str, folder: Path | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*TETHERLIGHT, *words], capture_output=True, text=True, check=False, cwd=folder, timeout=stretched(150)
    )


def test_without_a_server_the_exit_code_is_3_and_the_way_out_is_told(free_port: int) -> None:
    ended = tetherlight("cameras", "--server", f"http://127.0.0.1:{free_port}")
    assert (ended.returncode, ended.stdout) == (3, "")
    first, second = ended.stderr.splitlines()
    assert first == f"tetherlight: No server answers at http://127.0.0.1:{free_port}."
    assert second.startswith("Start one with `tetherlight serve`")


def test_without_a_server_programs_get_json(free_port: int) -> None:
    ended = tetherlight("--json", "set", "list", "--server", f"http://127.0.0.1:{free_port}")
    assert ended.returncode == 3
    assert json.loads(ended.stderr)["error_code"] == "server_unreachable"


@pytest.mark.parametrize(
    "words",
    [
        ("frobnicate",),
        ("config", "set", "iso"),
        ("cameras", "--nonsense"),
        ("--server",),
        ("serve", "--cameras", "2"),
        ("serve", "--vendor", "nikon"),
    ],
)
def test_wrong_usage_is_exit_code_2(words: tuple[str, ...]) -> None:
    assert tetherlight(*words).returncode == 2


def test_help_and_version_load_nothing_that_takes_long() -> None:
    """What is imported decides how long --help takes; a clock would only measure the machine."""
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "tetherlight", "--help"], capture_output=True, text=True, check=True
    )
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in ended.stderr.splitlines()}
    assert not {"pydantic", "websockets", "httpx", "rich", "fastapi", "uvicorn", "numpy", "asyncio"} & loaded
    assert "--server" in ended.stdout
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*\n", tetherlight("--version").stdout)


def test_the_doctor_examines_this_machine(tmp_path: Path) -> None:
    ended = tetherlight("doctor", "--json", folder=tmp_path)
    findings = json.loads(ended.stdout)
    assert {"check", "level", "message", "remedy"} == set(findings[0])
    assert ended.returncode == any(finding["level"] == "error" for finding in findings)
    shown = tetherlight("doctor", folder=tmp_path).stdout
    assert re.search(r"^ok\s+python\s+Python 3", shown, re.MULTILINE)


def test_the_doctor_fails_where_something_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "rig.toml").write_text("lights = 3")
    ended = tetherlight("doctor", folder=tmp_path)
    assert ended.returncode == 1
    assert "rig.toml" in ended.stderr + ended.stdout


@pytest.mark.parametrize(
    ("words", "sorted_words"),
    [
        ("jobs list --json", "--json jobs list"),
        ("cameras --server x --token y", "--server x --token y cameras"),
        ("set show a --server=x", "--server=x set show a"),
        ("config set -- name --json", "config set -- name --json"),
        ("cameras --server", "--server cameras"),
    ],
)
def test_common_options_may_stand_anywhere(words: str, sorted_words: str) -> None:
    assert hoisted(words.split()) == sorted_words.split()
