"""One call to a child process: what it shall do, how long it may take, and how its answer is read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


def never(_answer: Any) -> bool:
    """Say of no answer that it proves something."""
    return False


def nothing(_told: Any) -> None:
    """Do nothing with what a child tells."""


def always(_answer: Any) -> bool:
    """Say of every answer that it proves something."""
    return True


@dataclass(frozen=True)
class Call(Generic[T]):
    """One call: a verb of the program in the child, its arguments, and how its answer is read."""

    name: str
    arguments: dict[str, Any]
    deadline: float
    read: Callable[[Any, bytes], T]
    proves: Callable[[T], bool] = never
    """Whether this answer came from the device behind the program, and from no cache."""
    told: Callable[[Any], None] = nothing
    """Called with what the child tells before its answer; must not raise."""
