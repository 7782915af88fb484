"""What pydantic finds wrong with a value, as one sentence for people."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

PREFIX = "Value error, "
"""Stands before what our own validators say."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where, of what kind, and why."""

    place: tuple[int | str, ...]
    """The names and numbers that lead to the value; empty where it is about the whole."""
    kind: str
    """Pydantic's word for it, such as `missing` or `extra_forbidden`."""
    message: str
    value: Any = None

    @property
    def field(self) -> str:
        """The place in one word, such as `lights.0.pin`."""
        return ".".join(str(part) for part in self.place)

    @property
    def sentence(self) -> str:
        """Why, to stand alone; without a full stop."""
        return self.message.removeprefix(PREFIX)

    @property
    def reason(self) -> str:
        """Why, to stand behind a colon."""
        return f"{self.sentence[:1].lower()}{self.sentence[1:]}"


def faults_of(error: ValidationError) -> list[Fault]:
    """Return everything that is wrong, in the order of the fields."""
    return [
        Fault(tuple(one["loc"]), str(one["type"]), str(one["msg"]), one["input"])
        for one in error.errors(include_url=False, include_context=False)
    ]


def first_fault(error: ValidationError) -> Fault:
    """Return what is told: the first thing that is wrong."""
    return faults_of(error)[0]
