"""The work of a day as a table that spreadsheets open. Pure: from a report to text."""

import csv
import io

from tetherlight.protocol.objects import ObjectReport

COLUMNS = (
    "day", "catalogue_number", "name", "state", "sets", "frames", "retakes", "minutes", "began_at", "ended_at",
)  # fmt: skip
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would compute."""


def csv_of(report: ObjectReport) -> str:
    """Return a report as CSV that spreadsheets open: no cell is computed, times are local."""
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for one in report.objects:
        moments = [when.astimezone().strftime("%Y-%m-%d %H:%M:%S") for when in (one.began_at, one.ended_at)]
        told = [one.catalogue_number, one.name or ""]
        figures = [one.state, one.sets, one.frames, one.retakes, one.minutes, *moments]
        rows.writerow([report.day.isoformat(), *map(_harmless, told), *figures])
    return text.getvalue()


def _harmless(cell: str) -> str:
    """Return a text as a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULAS) else cell
