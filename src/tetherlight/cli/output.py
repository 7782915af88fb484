"""How results are shown: as tables for people, as JSON for programs."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import typer

from tetherlight.cli.lazy import Later
from tetherlight.cli.options import options_of

if TYPE_CHECKING:
    import pydantic

    from tetherlight.cli import terminal
else:
    pydantic = Later("pydantic")
    terminal = Later("tetherlight.cli.terminal")


HERE, THERE = "on this computer", "on the server"
"""Whose the path before it is."""


def show(
    context: typer.Context, result: Any, columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str
) -> None:
    """Print a result as JSON if that is wanted, else as a table, or a sentence where there is nothing to list."""
    if options_of(context).json:
        show_json(result)
        return
    found = [[_cell(value) for value in row] for row in rows]
    if found:
        print_table(columns, found)
    else:
        typer.echo(empty)


def say(context: typer.Context, result: Any, sentence: str) -> None:
    """Print a result as JSON if that is wanted, else as a sentence."""
    if options_of(context).json:
        show_json(result)
    else:
        typer.echo(sentence)


def show_json(result: Any, *, indent: int | None = 2) -> None:
    """Print a result as JSON, streams with one value in each line."""
    typer.echo(json.dumps(plain(result), indent=indent, ensure_ascii=False))


def plain(value: Any) -> Any:
    """Turn models into what JSON has."""
    if isinstance(value, pydantic.BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: folded to the terminal's width, or, into a pipe, with every row in one line."""
    head = [tuple(columns)] if any(columns) else []
    if sys.stdout.isatty():
        terminal.print_folded(head, rows)
        return
    widths = [max(map(len, column)) for column in zip(*head, *rows, strict=True)]
    for row in [*head, *rows]:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _cell(value: object) -> str:
    match value:
        case None:
            return "-"
        case True:
            return "yes"
        case False:
            return "no"
        case _:
            return str(value)


def bytes_text(count: int) -> str:
    """Write a number of bytes for people."""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
