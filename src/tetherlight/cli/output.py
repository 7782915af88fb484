"""How results are shown: as tables for people, as JSON for programs."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import typer
from pydantic import BaseModel

from tetherlight.cli.options import options_of


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
    if isinstance(value, BaseModel):
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
        _print_folded(head, rows)
        return
    widths = [max(map(len, column)) for column in zip(*head, *rows, strict=True)]
    for row in [*head, *rows]:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _print_folded(head: Sequence[Sequence[str]], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console  # noqa: PLC0415 - needed on a terminal only
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="bold", show_header=bool(head))
    for column in head[0] if head else rows[0]:
        table.add_column(column, overflow="fold")
    for row in rows:
        # Names and values come from cameras and people: square brackets in them are no markup.
        table.add_row(*(Text(cell) for cell in row))
    Console(highlight=False).print(table)


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
