"""One line of the result, and the table in Markdown."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """What a ratio shall be."""

    limit: float
    at_least: bool = False
    unit: str = ""

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}{self.unit}"

    def reached(self, value: float) -> bool:
        """Say whether a value is good enough, as precisely as it is shown."""
        shown = round(value, 2)
        return shown >= self.limit if self.at_least else shown <= self.limit


def at_least(limit: float, unit: str = "") -> Goal:
    """Make a goal for something that shall be large."""
    return Goal(limit, at_least=True, unit=unit)


def at_most(limit: float, unit: str = "") -> Goal:
    """Make a goal for something that shall be small."""
    return Goal(limit, unit=unit)


@dataclass(frozen=True)
class Row:
    """What was compared: `value` is a ratio unless the goal has a unit."""

    what: str
    ours: str
    comparator: str
    value: float
    goal: Goal | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        """The row as the table shows it."""
        unit = self.goal.unit if self.goal else ""
        verdict = "" if self.goal is None else ("yes" if self.goal.reached(self.value) else "**no**")
        shown = f"{self.value:.3g}{unit}" if unit else f"{self.value:.2f}"
        return self.what, self.ours, self.comparator, shown, str(self.goal or ""), verdict


HEADINGS = ("what", "Tetherlight", "comparator", "ratio or value", "goal", "reached")


def markdown(rows: Iterable[Row]) -> str:
    """Return the rows as one table."""
    lines = [HEADINGS, tuple("---" for _ in HEADINGS), *(row.cells for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


@dataclass(frozen=True)
class Plan:
    """How much is measured: rounds of the paired comparisons, and the seconds of one window."""

    rounds: int
    seconds: float
    say: Callable[[str], None]
    quick: bool = False
