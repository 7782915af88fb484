"""Turn the command line into docs/reference/cli.md."""

from collections.abc import Iterator
from typing import Any

import typer

from reference import NOTE, table
from tetherlight.cli.lazy import LazyGroup
from tetherlight.cli.main import app

BUILT_IN = {"help", "install_completion", "show_completion"}
HEAD = """# Command line

`tetherlight` starts the server, and asks a running one. Every command explains itself with `--help`.

Results go to standard output, everything else to standard error. `--server`, `--token` and `--json` may stand
anywhere on the line.

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | it failed; the sentence says why |
| 2 | wrong usage |
| 3 | no server answers |
| 4 | the server refuses the token, or wants one |
| 130 | interrupted with Ctrl-C; a set goes on at the server |
"""


def cli_page() -> str:
    """Write every command with its arguments and options."""
    return "\n".join([NOTE, HEAD, *_commands(typer.main.get_command(app), "tetherlight")])


# Typer brings its own copy of Click's classes, which have no public name: hence Any.
def _commands(command: Any, name: str) -> Iterator[str]:
    rows = list(_rows(command))
    yield f"## {name}\n\n{_help(command)}\n\n```console\n$ {_usage(command, name)}\n```\n"
    if rows:
        yield table(("argument or option", "default", "meaning"), rows)
    for part, child in command.loaded() if isinstance(command, LazyGroup) else getattr(command, "commands", {}).items():
        yield from _commands(child, f"{name} {part}")


def _help(command: Any) -> str:
    return " ".join((command.help or "").split())


def _usage(command: Any, name: str) -> str:
    words = command.collect_usage_pieces(typer.Context(command, info_name=name))
    return " ".join([name, *(word for word in words if word)])


def _rows(command: Any) -> Iterator[tuple[str, str, str]]:
    for parameter in command.params:
        if getattr(parameter, "hidden", False) or parameter.name in BUILT_IN:
            continue
        if parameter.param_type_name == "argument":
            names = f"`{(parameter.metavar or parameter.name).upper()}`"
        else:
            names = ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])
        yield names, _default(parameter.default), getattr(parameter, "help", None) or ""


def _default(value: Any) -> str:
    plain = isinstance(value, str | int | float) and not isinstance(value, bool)
    return f"`{value}`" if plain and value != "" else ""
