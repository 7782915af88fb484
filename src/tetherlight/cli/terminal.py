"""Tables on a terminal: what gives way where there is little room, and that no name ever does."""

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

TEXTS = frozenset({"", "MODEL", "VALUE", "OPTIONS", "NOTES", "ERROR", "FAULT", "FINDING", "EXAMPLE", "MEANING"})
"""Columns that are folded, between words, where there is little room; all others stay whole: names, ids, numbers."""
LONGEST_WORD = 40
"""A longer word is broken when the column is folded; ids and names are shorter."""
GAP = 2


def print_folded(head: Sequence[Sequence[str]], rows: Sequence[Sequence[str]]) -> None:
    """Print a table that is folded to the terminal's width, or, where its names need more, each row as a list."""
    console = Console(highlight=False)
    # The first column of a table without titles holds the titles.
    texts = [title in TEXTS for title in head[0]] if head else [number > 0 for number in range(len(rows[0]))]
    columns = list(zip(*head, *rows, strict=True))
    least = [max(map(_longest_word if text else cell_len, column)) for text, column in zip(texts, columns, strict=True)]
    if sum(least) + GAP * (len(least) - 1) > console.width:
        _print_lists(console, head, rows)
        return
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold", show_header=bool(head))
    for title, text, width in zip(head[0] if head else rows[0], texts, least, strict=True):
        table.add_column(title, overflow="fold", no_wrap=not text, min_width=width)
    for row in rows:
        # Names and values come from cameras and people: square brackets in them are no markup.
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def _longest_word(text: str) -> int:
    return min(max(map(cell_len, text.split()), default=0), LONGEST_WORD)


def _print_lists(console: Console, head: Sequence[Sequence[str]], rows: Sequence[Sequence[str]]) -> None:
    for number, row in enumerate(rows):
        if number and head:
            console.print()
        for line in _lines(head[0], row) if head else (f"{row[0]}: {'  '.join(row[1:])}",):
            # Where the terminal breaks such a line, what is copied from it is whole.
            console.print(Text(line), soft_wrap=True)


def _lines(head: Sequence[str], row: Sequence[str]) -> Iterator[str]:
    for title, cell in zip(head, row, strict=True):
        yield f"{title.lower()}: {cell}" if title else cell
