"""Tables on a terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text


def print_folded(head: Sequence[Sequence[str]], rows: Sequence[Sequence[str]]) -> None:
    """Print a table that is folded to the terminal's width."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_header=bool(head))
    for column in head[0] if head else rows[0]:
        table.add_column(column, overflow="fold")
    for row in rows:
        # Names and values come from cameras and people: square brackets in them are no markup.
        table.add_row(*(Text(cell) for cell in row))
    Console(highlight=False).print(table)
