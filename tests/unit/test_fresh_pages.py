"""The lines of a page are typed as a reader types them, and one that does not do what is said is told by its page."""

import os
import sys
from pathlib import Path

import pytest

from fresh_pages import DEMO, PageError, Terminal, follow
from shell_blocks import blocks
from support.patience import stretched

SERVER = """#!/bin/sh
echo "Tetherlight is at http://127.0.0.1:8731/"
echo up >"$0.state"
trap 'echo down >"$0.state"; exit 130' INT
while :; do sleep 0.02; done
"""


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """A terminal on this machine, with a server that only says so as `make`."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "make").write_text(SERVER)
    (programs / "make").chmod(0o755)
    environment = {"PATH": f"{programs}:{Path(sys.executable).parent}:{os.defpath}"}
    shell = ("bash", "-euo", "pipefail", "-c")
    return Terminal(shell, environment, str(tmp_path), Path("/"), 8731, str(tmp_path / "note"), stretched(60))


def page(folder: Path, *lines: str) -> Path:
    file = folder / "page.md"
    file.write_text("\n".join(("# A page", "```console", *lines, "```", "")))
    return file


def test_a_folder_that_was_entered_is_that_of_the_next_line(terminal: Terminal, tmp_path: Path) -> None:
    follow(page(tmp_path, "$ mkdir 'Mein Gerät' && cd 'Mein Gerät'", "$ touch here"), terminal)
    assert (tmp_path / "Mein Gerät" / "here").is_file()


def test_what_stays_runs_beside_the_lines_after_it_and_is_ended_with_the_page(
    terminal: Terminal, tmp_path: Path
) -> None:
    lines = (f"$ {DEMO}", "  Tetherlight is at http://127.0.0.1:8000/", '$ cat "$(command -v make).state" >seen')
    follow(page(tmp_path, *lines), terminal)
    assert (tmp_path / "seen").read_text() == "up\n"
    assert (tmp_path / "bin" / "make.state").read_text() == "down\n"


def test_what_stays_is_ended_before_the_next_that_stays(terminal: Terminal, tmp_path: Path) -> None:
    """Two servers in one folder are refused, and a reader ends the first one, too."""
    (tmp_path / "bin" / "tetherlight").write_text(f'test "$(cat {tmp_path}/bin/make.state)" = down && {SERVER[10:]}')
    (tmp_path / "bin" / "tetherlight").chmod(0o755)
    follow(page(tmp_path, f"$ {DEMO}", "$ tetherlight serve"), terminal)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("$ ls lost",), "lost"),
        (("$ ls lost && true",), "lost"),
        (("$ echo one light", "two lights"), "It prints:\none light"),
        (("$ echo '{\"ok\": false}'",), '"ok": false'),
        ((f"$ {DEMO}", "  Tetherlight is nowhere"), "It does not print"),
    ],
)
def test_a_line_that_does_otherwise_is_told(
    terminal: Terminal, tmp_path: Path, lines: tuple[str, ...], said: str
) -> None:
    with pytest.raises(PageError, match=r"^\$ ") as told:
        follow(page(tmp_path, *lines), terminal)
    assert said in str(told.value)


def test_what_does_not_start_is_told(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "bin" / "make").write_text("#!/bin/sh\necho The disk is full.\nexit 1\n")
    with pytest.raises(PageError, match=r"It does not start:\nThe disk is full"):
        follow(page(tmp_path, f"$ {DEMO}"), terminal)


def test_addresses_and_ports_are_those_of_the_test(terminal: Terminal) -> None:
    assert terminal.line("tetherlight --server http://rig.local:8000 info").endswith("http://127.0.0.1:8731 info")
    assert terminal.line("tetherlight serve --host 0.0.0.0") == "tetherlight serve --host 127.0.0.1 --port 8731"
    assert terminal.line("python docs/examples/capture.py").endswith(" ws://127.0.0.1:8731/ws")


def test_blocks_are_what_is_typed_and_what_is_printed(tmp_path: Path) -> None:
    (block,) = blocks(page(tmp_path, "$ one", "printed", "$ two"))
    assert block.commands == (("one", ("printed",)), ("two", ()))
