"""The commands without a server, and those that need none."""

import json
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.patience import stretched
from tetherlight.cli.main import PLACES
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


TAKES_LONG = {"asyncio", "fastapi", "httpx", "numpy", "pydantic", "rich", "ssl", "uvicorn", "websockets"}


def test_help_and_version_load_nothing_that_takes_long_and_no_command() -> None:
    """What is imported decides how long --help takes; a clock would only measure the machine."""
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "tetherlight", "--help"], capture_output=True, text=True, check=True
    )
    loaded = {line.rpartition("|")[2].strip() for line in ended.stderr.splitlines()}
    assert not TAKES_LONG & {name.partition(".")[0] for name in loaded}
    ours = {name for name in loaded if name.startswith("tetherlight.")}
    assert ours == {
        "tetherlight.cli",
        "tetherlight.cli.lazy",
        "tetherlight.cli.main",
        "tetherlight.cli.options",
        "tetherlight.errors",
    }
    assert "--server" in ended.stdout
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*\n", tetherlight("--version").stdout)


def test_no_command_loads_anything_that_takes_long_before_it_works() -> None:
    """So the help and the completion of each are as quick as those of the program."""
    script = (
        "import json, sys, typer; from tetherlight.cli.main import app\n"
        "print(json.dumps([len(dict(typer.main.get_command(app).loaded())), *sys.modules]))"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    count, *loaded = json.loads(ended.stdout)
    assert count == len(PLACES)
    assert not TAKES_LONG & {name.partition(".")[0] for name in loaded}


def test_the_list_of_commands_says_what_each_says_of_itself() -> None:
    for name, place in PLACES.items():
        command = place.load(name)
        assert (command.name, command.get_short_help_str(1000)) == (name, place.text)


def test_a_name_that_is_mistyped_is_guessed() -> None:
    ended = tetherlight("camera")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "No such command 'camera'. Did you mean 'cameras'" in " ".join(ended.stderr.split())


@pytest.mark.parametrize(
    ("words", "offered"),
    [("tetherlight do", "doctor"), ("tetherlight set an", "annotate"), ("tetherlight serve --tls-k", "--tls-key")],
)
def test_the_shell_is_offered_commands_and_options(words: str, offered: str) -> None:
    environment = {
        "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1), "_TETHERLIGHT_COMPLETE": "complete_bash",
        "PATH": "/usr/bin",
    }  # fmt: skip
    program = str(Path(sys.executable).with_name("tetherlight"))
    ended = subprocess.run([program], env=environment, capture_output=True, text=True, check=True)
    assert ended.stdout.split() == [offered]


def test_the_doctor_examines_this_machine(tmp_path: Path) -> None:
    ended = tetherlight("doctor", "--json", folder=tmp_path)
    findings = json.loads(ended.stdout)
    assert {"check", "level", "message", "remedy"} == set(findings[0])
    assert ended.returncode == any(finding["level"] == "error" for finding in findings)
    shown = tetherlight("doctor", folder=tmp_path).stdout
    assert shown.startswith(f"This machine, {platform.node()}:\n")
    assert re.search(r"^ok\s+python\s+Python 3", shown, re.MULTILINE)


def test_the_doctor_does_not_look_here_for_what_is_there(free_port: int, tmp_path: Path) -> None:
    """A server that was named and cannot be asked is no reason to describe another machine."""
    server = f"http://127.0.0.1:{free_port}"
    ended = tetherlight("doctor", "--server", server, folder=tmp_path)
    assert (ended.returncode, ended.stdout) == (3, "")
    assert ended.stderr.splitlines()[1] == "`tetherlight doctor --local` looks at this machine."
    assert tetherlight("doctor", "--local", "--server", server, folder=tmp_path).stdout.startswith("This machine")


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
